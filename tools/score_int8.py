"""The error of 8-bit arithmetic against float32, with each set of instructions of this processor.

    python tools/score_int8.py

Small random networks of the shapes that the tests use score given pieces. The error is the root of
the mean square of what their log-probabilities are off by, as a part of the spread of the exact
ones.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import torch

from toolkit import machine
from toolkit.translators import ctranslate2
from toolkit.translators.engine import linear, native_kernels
from toolkit.translators.engine.fused import FusedNetwork
from toolkit.translators.engine.network import Network
from toolkit.translators.engine.torch_network import TorchNetwork
from toolkit.translators.engine.weights import Weights

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "translators" / "engine"))
from test_native import HELD, SIZES, checkpoint, sequences_of  # type: ignore[import-not-found]

LENGTHS = [2, 3, 16, 17, 40, 40, 300]
STEPS = 40
START = 2


def main() -> None:
    torch.set_num_threads(1)
    print(f"torch's int8 is exact here: {linear.int8_is_exact()}")
    print(f"CTranslate2's int8 is exact here: {ctranslate2.int8_is_exact()}")
    sizes = ["x".join(map(str, size)) for size in SIZES]
    print(f"\n{'width x heads x inner x pieces':32}", *(f"{size:>15}" for size in sizes))
    errors: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, size in enumerate(SIZES):
            weights = checkpoint(Path(folder, str(number)), *size)
            for name, error in _errors(weights, size[3], Path(folder, f"{number}-ct2")):
                errors.setdefault(name, []).append(error)
    for name, row in errors.items():
        print(f"{name:32}", *(f"{error:15.4f}" for error in row))


def _errors(weights: Weights, pieces: int, folder: Path) -> Iterator[tuple[str, float]]:
    rows = sequences_of(LENGTHS, pieces)
    chance = random.Random(2)
    written = [chance.choices(range(3, pieces), k=STEPS) for _ in rows]
    exact = _ours(TorchNetwork(weights, "float32"), rows, written)
    for kind, held in HELD.items():
        with mock.patch.dict(os.environ, {"ONEDNN_MAX_CPU_ISA": held}):
            found = native_kernels.load() if machine.vectors() == kind else None
        if found is not None:
            name = f"C kernels, {kind}"
            yield name, _error(_ours(FusedNetwork(weights, found), rows, written), exact)
    for name, whole in (("torch, sums of whole numbers", False), ("torch, its own int8", True)):
        with _int8_is_exact(whole):
            yield name, _error(_ours(TorchNetwork(weights, "int8"), rows, written), exact)
    for precision in ("float32", "int8"):
        theirs = _ct2(weights, folder, precision, rows, written)
        yield f"CTranslate2, {precision}", _error(theirs, exact)


@contextmanager
def _int8_is_exact(value: bool) -> Iterator[None]:
    """Have torch's own layers taken, or not, whatever they are worth."""
    with mock.patch.object(linear, "int8_is_exact", return_value=value):
        yield


def _ours(network: Network, rows: list[list[int]], written: list[list[int]]) -> torch.Tensor:
    with torch.inference_mode():
        cache = network.begin(rows, 1, STEPS)
        fed, found = torch.full((len(rows),), START), []
        for step in range(STEPS):
            cache.advance(None)
            scores, pieces = network.step(fed, [cache], network.target_size, -1)
            fed = torch.tensor([row[step] for row in written])
            found.append(scores[pieces == fed[:, None]])
    return torch.stack(found, 1).flatten()


def _ct2(
    weights: Weights, folder: Path, precision: str, rows: list[list[int]], written: list[list[int]]
) -> torch.Tensor:
    import ctranslate2 as engine

    made = folder / precision
    made.parent.mkdir(exist_ok=True)
    ctranslate2.convert(weights, made, quantization=precision)
    loaded = engine.Translator(str(made), compute_type=precision, intra_threads=1)
    texts = [[[str(i) for i in row] for row in some] for some in (rows, written)]
    found = loaded.score_batch(*texts, max_input_length=0)
    return torch.tensor([score for row in found for score in row.log_probs[:STEPS]])


def _error(found: torch.Tensor, exact: torch.Tensor) -> float:
    return float((found - exact).square().mean().sqrt() / exact.std())


if __name__ == "__main__":
    main()
