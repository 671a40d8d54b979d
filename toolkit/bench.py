"""Measure the engines on this machine, side by side, on the same rows.

Every measurement is a process of its own that loads its weights, translates a first sentence and
a short warm-up, and then the workload, which alone is counted; the engines take turns, round by
round, so that a busy minute hits them all. CTranslate2 as it comes and transformers are given the
batch size that is the best of several on this workload; ours have the limits they ship with.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import ParamSpec, TypeVar

from toolkit.errors import ModelError
from toolkit.progress import Progress, Silent
from toolkit.subjects import random_subject
from toolkit.translators import choice
from toolkit.translators.choice import CTRANSLATE2, TORCH
from toolkit.translators.timing import Subject, Timing, Work, measure, prepare, sweep
from toolkit.version import VERSION

STOCK = "ctranslate2-stock"
# The rows that ``--engine`` stands for.
_PRODUCT = {"torch-english": TORCH, "ctranslate2-english": CTRANSLATE2}
_FEWEST = 8  # rows, for engines that are very slow: one of each length
_MINUTES = 15.0  # that a run may take where nobody says how many sentences
_LOADING = 8.0  # seconds, about
_UNKNOWN = 100.0  # pieces per second of an engine that nothing is known about
# How fast engines are that have no sweep, about, by the speed of the stock one.
_GUESSES = {"transformers-single": 0.03, "ctranslate2-english": 1.5, "torch-english": 1.5}
_SENTENCES = {"cpu": (512, 256), "cuda": (16_384, 8192, 4096, 2048)}
# Environment variables that change the figures.
_TELLING = ("OMP_", "ONEDNN_", "MKL_", "CT2_", "KMP_", "GOMP_", "TOOLKIT_")
# Batch sizes to try, greedy and with beams.
_STOCK = {"cpu": ((16, 32, 64, 128), (4, 8, 16, 32)), "cuda": ((64, 128, 256, 512, 1024),) * 2}
_NAIVE = {"cpu": ((16, 32, 64), (4, 8, 16)), "cuda": ((64, 128, 256, 512, 1024),) * 2}
_OURS = {"cpu": (), "cuda": (1024, 2048, 4096, 8192)}
Tried = list[tuple[int, float]]
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One engine's figures. ``ratio`` is to the row ``ctranslate2-stock`` with the same beam, or
    None where that was not measured. ``batch`` None is the engine's own limit; ``tried`` are
    pairs of a batch size and its pieces per second, on the middle quarter of the rows;
    ``rounds`` are the pieces per second of each round. ``device_mb`` is the GPU's memory. An
    engine that ``failed`` for want of memory has no figures."""

    name: str
    engine: str
    precision: str
    beam: int
    batch: int | None
    tokens_per_second: float
    sentences_per_second: float
    peak_mb: float
    first_sentence_s: float
    ratio: float | None = None
    sentences: int = 0
    device_mb: float | None = None
    rounds: tuple[float, ...] = ()
    tried: tuple[tuple[int, float], ...] = ()
    failed: bool = False


@dataclass(frozen=True, slots=True)
class BenchReport:
    """What was measured, and on what."""

    machine: str
    threads: int
    workload: str
    rows: tuple[BenchRow, ...]
    device: str = "cpu"
    versions: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """An engine to measure. ``batches`` are tried and the best is taken; none leaves the engine
    its own limit. ``share`` is the part of the workload that it runs, 0 eight rows: slow
    engines get less of it, and once."""

    name: str
    engine: str
    precision: str
    beam: int
    batches: tuple[int, ...] = ()
    cut: bool = False
    share: float = 1.0


def entries(beam: int, device: str = "cpu") -> list[Entry]:
    """The engines worth comparing with ``beam``. CTranslate2 with the English vocabulary takes
    the batch size that is the best for the stock one, and a precision that is right here."""
    wide, on_gpu = beam > 1, device == "cuda"
    half = "bfloat16" if on_gpu or choice.multiplies_bfloat16(choice.cpu_flags()) else "float32"
    stock, best = ("float16", "bfloat16") if on_gpu else ("int8", "int8")
    right = stock if on_gpu or choice.ctranslate2_int8() else "float32"
    return [
        Entry("transformers-single", "transformers", "float32", beam, (1,), share=0),
        Entry("transformers-batched", "transformers", half, beam, _NAIVE[device][wide], share=0.5),
        Entry(STOCK, CTRANSLATE2, stock, beam, _STOCK[device][wide]),
        Entry("ctranslate2-english", CTRANSLATE2, right, beam, _STOCK[device][wide][2:3], cut=True),
        Entry("torch-english", TORCH, best, beam, _OURS[device], cut=True),
    ]


@dataclass(frozen=True, slots=True)
class _Series:
    """The engines of one run, and the rest that all their measurements share."""

    subject: Subject
    entries: list[Entry]
    device: str
    threads: int
    rounds: int

    def works(self, sentences: int) -> list[Work]:
        return [self._work(entry, sentences) for entry in self.entries]

    def seconds(self, sentences: int, tried: Sequence[Tried]) -> float:
        """About how long the rounds take, by what was tried."""
        best = {
            (e.name, e.beam): max(speed for _, speed in found)
            for e, found in zip(self.entries, tried, strict=True)
            if found
        }
        total = 0.0
        for entry, work in zip(self.entries, self.works(sentences), strict=True):
            guess = best.get((STOCK, entry.beam), _UNKNOWN) * _GUESSES.get(entry.name, 1)
            speed = best.get((entry.name, entry.beam), guess)
            pieces = sum(n if self.subject.rows else cap for n, cap in work.lengths)
            total += (pieces / speed + _LOADING) * (self.rounds if _again(entry) else 1)
        return total

    def sweeps(self, works: Sequence[Work], progress: Progress) -> list[Tried]:
        """Each engine's batch sizes, tried on as many rows of the middle lengths as the largest
        of them holds."""
        found: list[Tried] = []
        progress.begin("try batch sizes", len(works))
        for entry, work in zip(self.entries, works, strict=True):
            sizes = entry.batches
            if len(sizes) > 1:
                picked = _picked(len(self.subject.lengths), 4 * sizes[-1])
                middle = self._of(work, picked[3 * len(picked) // 8 : 5 * len(picked) // 8])
            found.append(_attempt(sweep, middle, sizes) or [] if len(sizes) > 1 else [])
            progress.advance()
        return found

    def _work(self, entry: Entry, sentences: int) -> Work:
        # A search over several beams takes longer by as many times: it gets fewer sentences.
        count = max(_FEWEST, round(sentences * entry.share / entry.beam))
        work = Work(
            engine=entry.engine,
            precision=entry.precision,
            beam=entry.beam,
            batch=entry.batches[0] if entry.batches else None,
            files=self.subject.files,
            kept=self.subject.kept if entry.cut else None,
            lengths=(),
            threads=self.threads,
            device=self.device,
            language=self.subject.language,
            vocabulary=self.subject.vocabulary,
        )
        return self._of(work, _picked(len(self.subject.lengths), count))

    def _of(self, work: Work, picked: Sequence[int]) -> Work:
        lengths, rows = self.subject.lengths, self.subject.rows
        return replace(
            work,
            lengths=tuple(lengths[i] for i in picked),
            rows=tuple(rows[i] for i in picked) if rows else (),
        )


def run(
    subject: Subject | None = None,
    *,
    beams: Sequence[int] = (1, 4),
    sentences: int | None = None,
    rounds: int = 2,
    names: Sequence[str] = (),
    folder: Path | None = None,
    threads: int | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> BenchReport:
    """Measure each engine with each of ``beams`` on ``sentences`` rows, ``rounds`` times in turn.

    Without a ``subject`` it is ``random_subject(folder)``. With beams there are fewer sentences,
    by as many times. ``sentences`` None takes as many as 15 minutes allow, 256 at the least (2048
    on a GPU). An engine that has not the memory is recorded as failed. ``names``
    limits the engines to those named. ``threads`` is the machine's processors if None. What is
    made of the checkpoint, gigabytes, is kept for the next time; ``say`` is told where.
    """
    began = time.monotonic()
    progress = progress or Silent()
    subject = subject or random_subject(folder)
    chosen = [e for b in beams for e in entries(b, device) if not names or e.name in names]
    threads = threads or choice.processors()
    series = _Series(subject, chosen, device, threads, rounds)
    works = series.works(sentences or _SENTENCES[device][0])
    progress.begin("prepare", 0)
    say(f"Measuring {subject.name}. What is made for it is kept in {subject.files.prepared}.")
    if device == "cpu" and not choice.ctranslate2_int8():
        say(f"CTranslate2's int8 is wrong on this processor: {STOCK} shows its speed alone.")
    _prepare(subject, works)
    tried = series.sweeps(works, progress)
    if sentences is None:
        left = _MINUTES * 60 - (time.monotonic() - began)
        fitting = (n for n in _SENTENCES[device] if series.seconds(n, tried) <= left)
        sentences = next(fitting, _SENTENCES[device][-1])
    minutes = series.seconds(sentences, tried) / 60
    say(f"{sentences} sentences; about {max(1, round(minutes))} more minutes.")
    works = [
        replace(work, batch=_batch(entry, work, chosen, tried) or work.batch)
        for entry, work in zip(chosen, series.works(sentences), strict=True)
    ]
    timings = _rounds(chosen, works, rounds, progress)
    return BenchReport(
        machine=choice.processor(),
        threads=threads,
        workload=f"{sentences} sentences, fewer with beams by as many times; {subject.name}",
        rows=tuple(with_ratios(list(map(_row, chosen, works, timings, tried)))),
        device=_device_name() if device == "cuda" else "cpu",
        versions=_versions(),
        environment={k: v for k, v in os.environ.items() if k.startswith(_TELLING)},
        seconds=time.monotonic() - began,
    )


def _prepare(subject: Subject, works: Sequence[Work]) -> None:
    try:
        _in_process(prepare, subject.files, works)
    except BrokenProcessPool:
        raise ModelError(
            "what the engines need cannot be made: the system ended the process that makes it",
            remedy="Free memory: for CTranslate2 it takes about 6 GB with the 600M.",
        ) from None


def _rounds(
    chosen: Sequence[Entry], works: Sequence[Work], rounds: int, progress: Progress
) -> list[list[Timing]]:
    """Every engine in turn, and again; those that are slow once."""
    found: list[list[Timing]] = [[] for _ in works]
    progress.begin("measure", sum(rounds if _again(entry) else 1 for entry in chosen))
    for number in range(rounds):
        for entry, timings, work in zip(chosen, found, works, strict=True):
            if number == 0 or (timings and _again(entry)):
                timing = _attempt(measure, replace(work, started=time.time()))
                timings += [timing] if timing else []
                progress.advance()
    return found


def _picked(rows: int, count: int) -> list[int]:
    """``count`` of ``rows`` indices in order, spread evenly; each several times if need be."""
    return [i * rows // count for i in range(count)]


def _again(entry: Entry) -> bool:
    return entry.engine != "transformers"


def _batch(entry: Entry, work: Work, chosen: Sequence[Entry], tried: Sequence[Tried]) -> int | None:
    """The fastest of the batch sizes that were tried for an engine, if any were, and that rows of
    one length fill, where lengths are made up."""
    most = 1 << 30 if work.rows else min(Counter(work.lengths).values())
    names = (entry.name, STOCK) if entry.engine == CTRANSLATE2 else (entry.name,)
    for other, found in zip(chosen, tried, strict=True):
        if other.name in names and other.beam == entry.beam and found:
            filled = [one for one in found if one[0] <= most] or found[:1]
            return max(filled, key=lambda one: one[1])[0]
    return None


def as_text(report: BenchReport) -> str:
    """A table for people, and which engine is the fastest."""
    head = ("engine", "precision", "beam", "batch", "rows", "tokens/s", "sentences/s", "peak MB",
            "GPU MB", "first s", "ratio")  # fmt: skip
    lines: list[tuple[str, ...]] = [head]
    for row in report.rows:
        lines.append(
            (row.name, row.precision, str(row.beam), str(row.batch or "own"), str(row.sentences),
             *(["failed", *[""] * 5] if row.failed else [
             f"{row.tokens_per_second:.0f}", f"{row.sentences_per_second:.1f}",
             f"{row.peak_mb:.0f}", "" if row.device_mb is None else f"{row.device_mb:.0f}",
             f"{row.first_sentence_s:.1f}", "" if row.ratio is None else f"{row.ratio:.2f}"]))
        )  # fmt: skip
    columns = [c for c in zip(*lines, strict=True) if any(c[1:])]
    widths = [max(map(len, column)) for column in columns]
    table = [
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in zip(*columns, strict=True)
    ]
    device = "" if report.device == "cpu" else f", {report.device}"
    about = f"{report.machine}, {report.threads} threads{device}. {report.workload}."
    return "\n".join([about, "", *table, "", *_advice(report.rows)])


def _advice(rows: Sequence[BenchRow]) -> list[str]:
    """The fastest engine for each beam."""
    rows, lines = [row for row in rows if not row.failed], []
    for beam in dict.fromkeys(row.beam for row in rows):
        best = max((r for r in rows if r.beam == beam), key=lambda r: r.tokens_per_second)
        lines.append(f"Fastest with beam {beam}: {best.name} ({best.engine}, {best.precision}).")
    return lines


def best_engine(report: BenchReport, beam: int) -> str | None:
    """What ``engine`` should be for runs with ``beam``: the fastest of those that it can name, by
    the rows with that beam or, without any, by all. None where fewer than two were measured."""
    rows = [row for row in report.rows if row.name in _PRODUCT and not row.failed]
    rows = [row for row in rows if row.beam == beam] or rows
    if len({row.name for row in rows}) < 2:
        return None
    return _PRODUCT[max(rows, key=lambda row: row.tokens_per_second).name]


def with_ratios(rows: Sequence[BenchRow]) -> list[BenchRow]:
    """Each row with its speed relative to ``ctranslate2-stock`` at the same beam."""
    stock = {r.beam: r.tokens_per_second for r in rows if r.name == STOCK and not r.failed}
    speeds = [(row, None if row.failed else stock.get(row.beam)) for row in rows]
    return [replace(row, ratio=s and row.tokens_per_second / s) for row, s in speeds]


def _row(entry: Entry, work: Work, timings: Sequence[Timing], tried: Tried) -> BenchRow:
    seconds = sum(t.seconds for t in timings)
    taken = [t.device_mb for t in timings if t.device_mb is not None]
    about = (entry.name, entry.engine, entry.precision, entry.beam, work.batch)
    if not timings:
        return BenchRow(*about, 0.0, 0.0, 0.0, 0.0, sentences=len(work.lengths), failed=True)
    return BenchRow(
        *about,
        tokens_per_second=sum(t.pieces for t in timings) / seconds,
        sentences_per_second=len(work.lengths) * len(timings) / seconds,
        peak_mb=max(t.peak_mb for t in timings),
        first_sentence_s=statistics.median(t.first_sentence for t in timings),
        sentences=len(work.lengths),
        device_mb=max(taken, default=None),
        rounds=tuple(t.pieces / t.seconds for t in timings),
        tried=tuple(tried),
    )


def _in_process(call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Call in a fresh process: memory and threads of one engine never meet another's."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(call, *args, **options).result()


def _attempt(call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T | None:
    """``_in_process``, None where memory did not suffice, or the system killed the process."""
    from toolkit.translators.torch_nllb import out_of_memory

    try:
        return _in_process(call, *args, **options)
    except Exception as error:
        if isinstance(error, BrokenProcessPool) or out_of_memory(error):
            return None
        raise


def _versions() -> dict[str, str]:
    found = {"toolkit": VERSION, "python": platform.python_version()}
    for name in ("torch", "transformers", "ctranslate2"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _device_name() -> str:
    import torch

    return torch.cuda.get_device_name()
