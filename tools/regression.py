"""Logistic regression, for the weights that tell an article from its page."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
STEPS = 12


def matrix(rows: Sequence[dict[str, float]], names: dict[str, int]) -> Array:
    """The features by name as a table, rows by names."""
    values = np.zeros((len(rows), len(names)))
    for at, row in enumerate(rows):
        for name, value in row.items():
            if name in names:
                values[at, names[name]] = value
    return values


def train(x: Array, y: Array, w: Array, bias: int, strength: float) -> Array:
    """Weights of a logistic regression: Newton's method, L2 on standardised features."""
    mean, spread = x.mean(0), x.std(0) + 1e-9
    mean[bias], spread[bias] = 0.0, 1.0
    z = (x - mean) / spread
    penalty = np.full(z.shape[1], strength)
    penalty[bias] = 1e-6
    found = np.zeros(z.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(z @ found, -30, 30)))
        slope = z.T @ (w * (p - y)) + penalty * found
        curve = (z * (w * p * (1 - p) + 1e-9)[:, None]).T @ z + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        found -= step
        if np.abs(step).max() < 1e-4:
            break
    weights: Array = found / spread
    weights[bias] = found[bias] - (found * mean / spread).sum()
    return weights


def folds(groups: set[str], number: int) -> dict[str, int]:
    """Which of ``number`` folds each group is in."""
    ordered = sorted(groups)
    random.Random(0).shuffle(ordered)
    return {name: at % number for at, name in enumerate(ordered)}
