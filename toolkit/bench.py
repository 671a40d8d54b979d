"""Measure the engines on this machine, side by side, on the same rows.

Every measurement is a process of its own that loads its weights, translates a first sentence and
then the workload; the engines take turns, round by round, so that a busy minute hits them all.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ParamSpec, TypeVar

from toolkit.config import cache_home
from toolkit.progress import Progress, Silent
from toolkit.translators.timing import Timing, Work, measure, prepare

# Source and output pieces of sentences, headings and list items of news articles: the middles
# of eight equal parts of the five sample articles', by the pieces of NLLB's tokenizer that their
# characters and English words come to.
LENGTHS = ((7, 6), (10, 10), (13, 12), (17, 16), (22, 21), (29, 26), (35, 32), (56, 54))
STOCK = "ctranslate2-stock"
P = ParamSpec("P")
T = TypeVar("T")
_KEPT = 48_000  # pieces that English needs of NLLB's 256,206


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One engine's figures. ``ratio`` is to the row ``ctranslate2-stock`` with the same beam, or
    None where that was not measured."""

    name: str
    engine: str
    precision: str
    beam: int
    batch: int
    tokens_per_second: float
    sentences_per_second: float
    peak_mb: float
    first_sentence_s: float
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class BenchReport:
    """What was measured, and on what."""

    machine: str
    threads: int
    workload: str
    rows: tuple[BenchRow, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """An engine to measure. ``batches`` are tried on a part of the workload and the best is
    taken; ``share`` is the part of the workload that it runs (slow engines get less)."""

    name: str
    engine: str
    precision: str
    beam: int
    batches: tuple[int, ...]
    cut: bool
    share: float = 1.0


def entries(beam: int) -> list[Entry]:
    """The engines worth comparing with ``beam``."""
    fast = "bfloat16" if _multiplies_bfloat16() else "float32"
    ours, theirs = (192,), (32, 64) if beam == 1 else (8, 16)
    return [
        Entry("transformers-single", "transformers", "float32", beam, (1,), False, 1 / 64),
        Entry("transformers-batched", "transformers", fast, beam, theirs, False, 1 / 4),
        Entry(STOCK, "ctranslate2", "int8", beam, theirs, False),
        Entry("ctranslate2-english", "ctranslate2", "int8", beam, theirs, True),
        Entry("torch-english", "torch", "int8", beam, ours, True),
        Entry(f"torch-english-{fast}", "torch", fast, beam, ours, True),
    ]


def run(
    *,
    beams: Sequence[int] = (1, 4),
    sentences: int = 512,
    rounds: int = 2,
    names: Sequence[str] = (),
    folder: Path | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> BenchReport:
    """Measure each engine with each of ``beams`` on ``sentences`` rows, ``rounds`` times in turn.

    ``names`` limits the engines to those named. ``folder`` (the cache, if None) keeps the random
    checkpoint of NLLB-600M's sizes and what is made of it, about 5 GB, for the next time.
    ``threads`` is the machine's processors if None.
    """
    progress = progress or Silent()
    folder = folder or cache_home() / "bench"
    kept = tuple(range(_KEPT))
    threads = threads or len(os.sched_getaffinity(0))
    chosen = [e for b in beams for e in entries(b) if not names or e.name in names]
    _in_process(prepare, folder, kept)
    progress.begin("measure", len(chosen) * (rounds + 1))
    works = []
    for entry in chosen:
        works.append(_best_batch(entry, _work(entry, folder, kept, threads, sentences)))
        progress.advance()
    timings: list[list[Timing]] = [[] for _ in works]
    for _ in range(rounds):
        for found, work in zip(timings, works, strict=True):
            found.append(_time(work))
            progress.advance()
    mean = statistics.fmean(count for _, count in LENGTHS)
    rows = [_row(e, w, t, mean) for e, w, t in zip(chosen, works, timings, strict=True)]
    return BenchReport(
        machine=_machine(),
        threads=threads,
        workload=f"{sentences} sentences, {mean:.0f} pieces out on average, NLLB-600M's sizes",
        rows=tuple(with_ratios(rows)),
    )


def as_text(report: BenchReport) -> str:
    """A table for people, and which engine to use."""
    head = ("engine", "precision", "beam", "batch", "tokens/s", "sentences/s", "peak MB",
            "first s", "ratio")  # fmt: skip
    lines = [head]
    for row in report.rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        lines.append(
            (row.name, row.precision, str(row.beam), str(row.batch), f"{row.tokens_per_second:.0f}",
             f"{row.sentences_per_second:.1f}", f"{row.peak_mb:.0f}", f"{row.first_sentence_s:.1f}",
             ratio)
        )  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = [
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    about = f"{report.machine}, {report.threads} threads. {report.workload}."
    return "\n".join([about, "", *table, "", *_advice(report.rows)])


def _advice(rows: Sequence[BenchRow]) -> list[str]:
    """The fastest engine for each beam."""
    lines = []
    for beam in dict.fromkeys(row.beam for row in rows):
        best = max((r for r in rows if r.beam == beam), key=lambda r: r.tokens_per_second)
        lines.append(f"Fastest with beam {beam}: {best.name} ({best.engine}, {best.precision}).")
    return lines


def with_ratios(rows: Sequence[BenchRow]) -> list[BenchRow]:
    """Each row with its speed relative to ``ctranslate2-stock`` at the same beam."""
    stock = {row.beam: row.tokens_per_second for row in rows if row.name == STOCK}
    return [
        replace(row, ratio=row.tokens_per_second / stock[row.beam] if row.beam in stock else None)
        for row in rows
    ]


def workload(sentences: int, share: float) -> tuple[tuple[int, int], ...]:
    """(source, output) pieces of each row: every length as often as the others, and ``share`` of
    them all, at least one row of each length."""
    count = max(1, round(sentences * share / len(LENGTHS)))
    return tuple(length for length in LENGTHS for _ in range(count))


def _work(entry: Entry, folder: Path, kept: tuple[int, ...], threads: int, sentences: int) -> Work:
    # A search over several beams takes longer by as many times: it gets fewer sentences.
    lengths = workload(sentences, entry.share / entry.beam)
    return Work(
        engine=entry.engine,
        precision=entry.precision,
        beam=entry.beam,
        batch=entry.batches[0],
        folder=folder,
        kept=kept if entry.cut else None,
        lengths=lengths,
        threads=threads,
        started=0.0,
    )


def _best_batch(entry: Entry, work: Work) -> Work:
    """``work`` with the fastest of the entry's batch sizes, tried on the middle lengths."""
    if len(entry.batches) == 1:
        return work
    sample = tuple(
        length for length in work.lengths if length in LENGTHS[len(LENGTHS) // 2 - 1 :][:2]
    )
    tried = [replace(work, batch=batch, lengths=sample) for batch in entry.batches]
    return replace(work, batch=min(tried, key=lambda w: _time(w).seconds).batch)


def _time(work: Work) -> Timing:
    return _in_process(measure, replace(work, started=time.time()))


def _in_process(call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Call in a fresh process: memory and threads of one engine never meet another's."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(call, *args, **options).result()


def _row(entry: Entry, work: Work, timings: Sequence[Timing], mean: float) -> BenchRow:
    speed = sum(t.pieces for t in timings) / sum(t.seconds for t in timings)
    return BenchRow(
        name=entry.name,
        engine=entry.engine,
        precision=entry.precision,
        beam=entry.beam,
        batch=work.batch,
        tokens_per_second=speed,
        sentences_per_second=speed / mean,
        peak_mb=max(t.peak_mb for t in timings),
        first_sentence_s=statistics.median(t.first_sentence for t in timings),
    )


def _flags() -> set[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return set()
    return set(text.partition("flags")[2].partition("\n")[0].split())


def _multiplies_bfloat16() -> bool:
    held = os.environ.get("ONEDNN_MAX_CPU_ISA", "")
    return bool(_flags() & {"amx_bf16", "avx512_bf16"}) and not held.startswith("AVX2")


def _machine() -> str:
    flags = _flags()
    best = next((f for f in ("amx_int8", "avx512_vnni", "avx512f", "avx2") if f in flags), "")
    held = os.environ.get("ONEDNN_MAX_CPU_ISA")
    parts = [platform.machine(), best, f"held to {held}" if held else ""]
    return " ".join(part for part in parts if part)
