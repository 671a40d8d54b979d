"""Train the weights by which ``readers/html_body.py`` tells an article from its page.

    python tools/train_html.py pages.jsonl.gz [--write]

Prints how good they are on pages of sites that they were not trained on (ten folds, no site in
two), for several strengths of regularisation and thresholds. ``--write`` trains on all pages and
writes ``toolkit/readers/html_weights.json``.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pages import agreement, grams, read, site, tokens

from toolkit.readers import html, html_metadata
from toolkit.readers.html_blocks import Block, blocks
from toolkit.readers.html_body import dialogues, extracted_text
from toolkit.readers.html_facts import read_facts
from toolkit.readers.html_features import features
from toolkit.readers.html_tree import parse

Array = NDArray[np.float64]
WEIGHTS = Path(html.__file__).with_name("html_weights.json")
FOLDS, STEPS = 10, 12
STRENGTHS, THRESHOLDS = (40.0, 80.0, 150.0, 300.0), (0.3, 0.35, 0.4, 0.45, 0.5)
CHOSEN_STRENGTH, CHOSEN_THRESHOLD = 150.0, 0.45
# A block's weight grows with its tokens, since runs of tokens are what is scored, and a page's
# weight does not grow with its length.
MOST_TOKENS, POWER, PAGE_WEIGHT, MOST_WEIGHT = 60, 0.7, 20.0, 3.0


@dataclass
class Page:
    site: str
    gold: str
    blocks: list[Block]
    rows: list[dict[str, float]]
    wanted: Array
    weight: Array


def load(row: dict[str, Any]) -> Page:
    """The blocks of one page, what is known of them, and which of them are the article's."""
    root = parse(row["html"])
    facts, found = read_facts(root), list(blocks(root))
    title = html_metadata.title(root, facts)
    evidence = html.evidence(found, facts, title, extracted_text(root, dialogues(root)))
    rows = features(found, evidence)
    wanted = np.array(_wanted(found, row["gold"]), float)
    sizes = np.array([min(MOST_TOKENS, max(1, len(tokens(b.text)))) for b in found], float)
    weight = sizes**POWER
    total = float((weight * wanted).sum())
    weight = np.minimum(MOST_WEIGHT, weight * PAGE_WEIGHT / total) if total else weight * 0
    return Page(site(row), row["gold"], found, rows, wanted, weight)


def _wanted(found: list[Block], gold: str) -> list[bool]:
    """Whether most of each block stands in the gold text; of equal ones, which is likely it."""
    known = set(grams(gold))
    lines = {tuple(tokens(line)) for line in gold.splitlines()}
    wanted = []
    for block in found:
        own = grams(block.text)
        share = sum(n for gram, n in own.items() if gram in known) / max(1, own.total())
        wanted.append(share > 0.5 if own.total() > 1 else tuple(tokens(block.text)) in lines)
    places: dict[str, list[int]] = defaultdict(list)
    for at, (block, yes) in enumerate(zip(found, wanted, strict=True)):
        if yes:
            places[block.text].append(at)
    single = [found_at[0] for found_at in places.values() if len(found_at) == 1] or [0]
    for found_at in places.values():
        best = min(found_at, key=lambda i: min(abs(i - other) for other in single))
        for at in found_at:
            wanted[at] = at == best
    return wanted


def matrix(rows: list[dict[str, float]], names: dict[str, int]) -> Array:
    values = np.zeros((len(rows), len(names)))
    for at, row in enumerate(rows):
        for name, value in row.items():
            if name in names:
                values[at, names[name]] = value
    return values


def train(pages: list[Page], names: dict[str, int], strength: float) -> Array:
    """Weights of a logistic regression: Newton's method, L2 on standardised features."""
    x = np.vstack([matrix(page.rows, names) for page in pages])
    y = np.concatenate([page.wanted for page in pages])
    w = np.concatenate([page.weight for page in pages])
    bias = names["bias"]
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
        found -= np.linalg.solve(curve, slope)
    weights: Array = found / spread
    weights[bias] = found[bias] - (found * mean / spread).sum()
    return weights


def chosen(page: Page, names: dict[str, int], weights: Array, threshold: float) -> str:
    score = 1 / (1 + np.exp(-np.clip(matrix(page.rows, names) @ weights, -30, 30)))
    kept = dict.fromkeys(
        block.text
        for block, row, value in zip(page.blocks, page.rows, score, strict=True)
        if value > threshold and not row["title"]
    )
    return "\n".join(kept)


def validate(pages: list[Page], names: dict[str, int]) -> None:
    sites = sorted({page.site for page in pages})
    random.Random(0).shuffle(sites)
    fold = {name: at % FOLDS for at, name in enumerate(sites)}
    for strength in STRENGTHS:
        scores = defaultdict(list)
        for number in range(FOLDS):
            weights = train([p for p in pages if fold[p.site] != number], names, strength)
            for page in pages:
                if fold[page.site] == number:
                    for threshold in THRESHOLDS:
                        text = chosen(page, names, weights, threshold)
                        scores[threshold].append(agreement(text, page.gold))
        for threshold, found in scores.items():
            mean = [statistics.mean(score[i] for score in found) for i in range(3)]
            print(
                f"strength {strength:.0f} threshold {threshold} P R F1", *(f"{m:.4f}" for m in mean)
            )


def main() -> None:
    pages = [load(row) for row in read(Path(sys.argv[1]))]
    names = sorted({name for page in pages for row in page.rows for name in row})
    index = {name: at for at, name in enumerate(names)}
    validate(pages, index)
    if "--write" in sys.argv:
        weights = train(pages, index, CHOSEN_STRENGTH)
        held = {name: round(float(weights[at]), 3) for name, at in index.items()}
        text = json.dumps({"threshold": CHOSEN_THRESHOLD, "weights": held}, indent=1)
        WEIGHTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
