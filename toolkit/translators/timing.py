"""What ``toolkit bench`` runs in a process of its own: one engine, its weights loaded from disk,
the first sentence, then a workload of given lengths."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from toolkit.translators.checkpoint import WEIGHTS

if TYPE_CHECKING:
    from toolkit.translators.kernels import Precision

END = 2
# Decodes rows to the given lengths; returns how many pieces were written.
Run = Callable[[list[list[int]], Sequence[tuple[int, int]]], int]


@dataclass(frozen=True, slots=True)
class Work:
    """One engine to time. ``engine`` is ``torch`` (our loop), ``ctranslate2`` or
    ``transformers``. ``batch`` is rows, for torch times beams. ``folder`` is as ``prepare``
    leaves it and ``kept`` the pieces of a cut decoder. ``lengths`` are (source, output) pieces
    of each row. ``started`` is ``time.time()`` when the process was asked for."""

    engine: str
    precision: str
    beam: int
    batch: int
    folder: Path
    kept: tuple[int, ...] | None
    lengths: tuple[tuple[int, int], ...]
    threads: int
    started: float
    language: int = 5


@dataclass(frozen=True, slots=True)
class Timing:
    """``seconds`` for the workload, the first sentence since the process started, the process's
    largest resident memory, and the pieces written."""

    seconds: float
    first_sentence: float
    peak_mb: float
    pieces: int


def measure(work: Work) -> Timing:
    """Run ``work`` in this process."""
    # Waiting threads that spin take the processor from those that compute; on a machine that
    # does anything else besides, this costs every engine most of its speed.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    make = {"torch": _torch, "ctranslate2": _ctranslate2}.get(work.engine, _transformers)
    run = make(work)
    rows = make_rows(work)
    run(rows[:1], work.lengths[:1])
    first = time.time() - work.started
    start = time.perf_counter()
    pieces = run(rows, work.lengths)
    return Timing(time.perf_counter() - start, first, _peak_mb(), pieces)


def prepare(folder: Path, kept: Sequence[int]) -> None:
    """Make a checkpoint of NLLB-600M's sizes with random weights, and what the engines make of
    it, in ``folder``; what is there already is kept."""
    from toolkit.translators.ct2_nllb import convert
    from toolkit.translators.fused import make_network
    from toolkit.translators.weights import Weights

    checkpoint = folder / "checkpoint"
    if not (checkpoint / WEIGHTS).is_file():
        _random_checkpoint(checkpoint)
    weights = Weights(checkpoint, prepared=folder / "int8")
    make_network(weights, "int8", kept=kept)
    for name, pieces in (("whole", None), ("cut", kept)):
        if not (folder / name).is_dir():
            convert(weights, folder / name, kept=pieces)


def make_rows(work: Work) -> list[list[int]]:
    """Rows of random pieces, the same for every engine. A row's vocabulary is a few thousand
    pieces, as that of a run over articles in one language is."""
    chance = random.Random(0)
    pieces = chance.sample(range(4, 200_000), 4000)
    return [[work.language, *chance.choices(pieces, k=n - 2), END] for n, _ in work.lengths]


def by_output(lengths: Sequence[tuple[int, int]], batch: int) -> list[list[int]]:
    """Batches of rows with the same output length: no row outlives its batch, which is the best
    case of engines that decode a batch until its last row ends."""
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i][1], -lengths[i][0]))
    batches: list[list[int]] = []
    for i in order:
        full = not batches or len(batches[-1]) == batch
        if full or lengths[batches[-1][0]][1] != lengths[i][1]:
            batches.append([])
        batches[-1].append(i)
    return batches


def _torch(work: Work) -> Run:
    import torch

    from toolkit.translators.decoding import Decoder, Limits
    from toolkit.translators.fused import make_network
    from toolkit.translators.weights import Weights

    torch.set_num_threads(work.threads)
    weights = Weights(work.folder / "checkpoint", prepared=work.folder / "int8")
    with torch.inference_mode():
        network = make_network(weights, cast("Precision", work.precision), kept=work.kept)
    decoder, limits = Decoder(network, kept=work.kept), Limits(rows=work.batch)

    def run(rows: list[list[int]], lengths: Sequence[tuple[int, int]]) -> int:
        caps = [count for _, count in lengths]
        out = decoder.decode(rows, work.language, caps, beams=work.beam, limits=limits, stops=False)
        return sum(len(row.tokens) for row in out)

    return run


def _ctranslate2(work: Work) -> Run:
    from toolkit.translators.ct2_nllb import Ct2Decoder

    folder = work.folder / ("whole" if work.kept is None else "cut")
    decoder = Ct2Decoder(
        folder, precision=work.precision, threads=work.threads, token_budget=1 << 30
    )

    def run(rows: list[list[int]], lengths: Sequence[tuple[int, int]]) -> int:
        pieces = 0
        for batch in by_output(lengths, work.batch):
            caps = [lengths[i][1] for i in batch]
            chosen = [rows[i] for i in batch]
            out = decoder.decode(chosen, work.language, caps, beams=work.beam, stops=False)
            pieces += sum(len(row.tokens) for row in out)
        return pieces

    return run


def _transformers(work: Work) -> Run:
    import torch
    from transformers import GenerationConfig, M2M100ForConditionalGeneration

    torch.set_num_threads(work.threads)
    dtype = getattr(torch, work.precision)
    model = M2M100ForConditionalGeneration.from_pretrained(work.folder / "checkpoint", dtype=dtype)
    model.eval().generation_config = GenerationConfig()

    def run(rows: list[list[int]], lengths: Sequence[tuple[int, int]]) -> int:
        pieces = 0
        for batch in by_output(lengths, work.batch):
            count, longest = lengths[batch[0]][1], max(len(rows[i]) for i in batch)
            ids = torch.tensor([rows[i] + [1] * (longest - len(rows[i])) for i in batch])
            options = GenerationConfig(
                num_beams=work.beam, max_new_tokens=count + 1, min_new_tokens=count + 1,
                forced_bos_token_id=work.language, decoder_start_token_id=END, eos_token_id=END,
                pad_token_id=1, do_sample=False,
            )  # fmt: skip
            out = model.generate(input_ids=ids, attention_mask=ids != 1, generation_config=options)
            pieces += len(batch) * (out.shape[1] - 2)
        return pieces

    return run


def _random_checkpoint(folder: Path) -> None:
    import torch
    from safetensors.torch import save_file
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    config = M2M100Config(vocab_size=256_206, d_model=1024, encoder_ffn_dim=4096,
                          decoder_ffn_dim=4096, scale_embedding=True)  # fmt: skip
    with torch.device("meta"):
        names = M2M100ForConditionalGeneration(config).state_dict()
    chance = torch.Generator().manual_seed(0)
    tensors = {}
    for name, like in names.items():
        if name != "model.shared.weight" and tuple(like.shape) == (config.vocab_size, 1024):
            continue  # tied to it
        fill = 1.0 if name.endswith("norm.weight") else 0.0
        tensors[name] = torch.full(like.shape, fill)
        if like.dim() == 2:
            tensors[name].normal_(0, 0.02, generator=chance)
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    save_file(tensors, folder / "partial", metadata={"format": "pt"})
    (folder / "partial").replace(folder / WEIGHTS)


def _peak_mb() -> float:
    """Largest resident memory. The kernel's per-process figure where there is one: the other
    counts what a parent had in memory when it started this process."""
    try:
        text = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return int(text.partition("VmHWM:")[2].split()[0]) / 1024
