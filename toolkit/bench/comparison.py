"""Measure the engines on this machine, side by side, on the same sentences.

Every measurement is a process of its own that loads its weights, translates a first sentence and
a short warm-up, and then the workload, which alone is counted; the engines take turns, round by
round, so that a busy minute hits them all. CTranslate2 and transformers are each given the batch
size that is the best of several, on as few lengths of sentences as fill it: so ratios are to the
best batch. Ours have the limits they ship with.
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
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import ParamSpec, TypeVar

from toolkit import machine
from toolkit.bench.report import STOCK, BenchReport, BenchRow, with_ratios
from toolkit.bench.subjects import random_subject
from toolkit.bench.timing import Subject, Timing, Work, measure, prepare, sweep
from toolkit.errors import ModelError
from toolkit.progress import Progress, Silent
from toolkit.translators import choice
from toolkit.translators.choice import CTRANSLATE2, TORCH
from toolkit.version import VERSION

# Sentences for engines that are very slow: one of each length.
_FEWEST = 8
# Minutes that a run may take where no number of sentences is given.
_MINUTES = 15.0
# Seconds to load an engine, about.
_LOADING = 8.0
# Tokens per second of an engine that nothing is known about.
_UNKNOWN = 100.0
# The speed of engines whose batch sizes are not tried, relative to the stock one, about.
_GUESSES = {"transformers-single": 0.03, "ctranslate2-english": 1.5, "torch-english": 1.5}
_SENTENCES = {"cpu": (512, 256), "cuda": (16_384, 8192, 4096, 2048)}
# How the names of environment variables begin that change the figures.
_RELEVANT = ("OMP_", "ONEDNN_", "MKL_", "CT2_", "KMP_", "GOMP_", "TOOLKIT_")
# Batch sizes to try, greedy and with beams.
_STOCK = {"cpu": ((16, 32, 64, 128), (4, 8, 16, 32)), "cuda": ((64, 128, 256, 512, 1024),) * 2}
_NAIVE = {"cpu": ((16, 32, 64), (4, 8, 16)), "cuda": ((64, 128, 256, 512, 1024),) * 2}
_OURS = {"cpu": (), "cuda": (1024, 2048, 4096, 8192)}
Tried = list[tuple[int, float]]
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """An engine to measure. The best of ``batches`` is taken; without any it has its own limit.
    ``cut`` reduces its vocabulary to English. ``share`` is the part of the workload that it runs;
    0 is eight sentences."""

    name: str
    engine: str
    precision: str
    beam: int
    batches: tuple[int, ...] = ()
    cut: bool = False
    share: float = 1.0


def entries(beam: int, device: str = "cpu") -> list[Entry]:
    """List the engines worth comparing with ``beam``."""
    wide, on_gpu = beam > 1, device == "cuda"
    half = "bfloat16" if on_gpu or machine.multiplies_bfloat16() else "float32"
    stock, best = ("float16", "bfloat16") if on_gpu else ("int8", "int8")
    right = stock if on_gpu or choice.ctranslate2_int8() else "float32"
    return [
        Entry("transformers-single", "transformers", "float32", beam, (1,), share=0),
        Entry("transformers-batched", "transformers", half, beam, _NAIVE[device][wide], share=0.5),
        Entry(STOCK, CTRANSLATE2, stock, beam, _STOCK[device][wide]),
        Entry("ctranslate2-english", CTRANSLATE2, right, beam, _STOCK[device][wide], cut=True),
        Entry("torch-english", TORCH, best, beam, _OURS[device], cut=True),
    ]


@dataclass(frozen=True, slots=True)
class _Series:
    """The engines of one comparison, and the settings that their measurements share."""

    subject: Subject
    entries: list[Entry]
    device: str
    threads: int
    rounds: int

    def works(self, sentences: int, tried: Sequence[Tried] = ()) -> list[Work]:
        """Return the work of each engine: for those with one beam on the same lengths, as few as
        fill the best of CTranslate2's batches that were ``tried``."""
        best = {entry.beam: 1 for entry in self.entries}
        for entry, found in zip(self.entries, tried or [[]] * len(self.entries), strict=True):
            if entry.engine == CTRANSLATE2 and found:
                size = max(found, key=lambda one: one[1])[0]
                best[entry.beam] = max(best[entry.beam], size)
        return [self._work(entry, sentences, best[entry.beam]) for entry in self.entries]

    def seconds(self, sentences: int, tried: Sequence[Tried]) -> float:
        """Estimate the seconds of all rounds from the batch sizes that were ``tried``."""
        best = {
            (e.name, e.beam): max(speed for _, speed in found)
            for e, found in zip(self.entries, tried, strict=True)
            if found
        }
        total = 0.0
        for entry, work in zip(self.entries, self.works(sentences, tried), strict=True):
            guess = best.get((STOCK, entry.beam), _UNKNOWN) * _GUESSES.get(entry.name, 1)
            speed = best.get((entry.name, entry.beam), guess)
            tokens = sum(n if self.subject.sources else cap for n, cap in work.lengths)
            total += (tokens / speed + _LOADING) * (self.rounds if _again(entry) else 1)
        return total

    def sweeps(self, works: Sequence[Work], progress: Progress) -> list[Tried]:
        """Try each engine's batch sizes, on as many sentences of middle length as the largest of
        them holds."""
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

    def _work(self, entry: Entry, sentences: int, filled: int) -> Work:
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
        available = len(self.subject.lengths)
        groups = max(1, min(available, round(sentences / entry.beam) // filled))
        if self.subject.sources or groups == available:
            return self._of(work, _picked(available, count))
        chosen = [(2 * i + 1) * available // (2 * groups) for i in range(groups)]
        return self._of(work, [chosen[i] for i in _picked(groups, count)])

    def _of(self, work: Work, picked: Sequence[int]) -> Work:
        lengths, sources = self.subject.lengths, self.subject.sources
        return replace(
            work,
            lengths=tuple(lengths[i] for i in picked),
            sources=tuple(sources[i] for i in picked) if sources else (),
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
    short: bool = False,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> BenchReport:
    """Measure each engine with each of ``beams`` on ``sentences``, ``rounds`` times in turn.

    Without a ``subject`` it is ``random_subject(folder)``. With beams there are fewer sentences,
    by as many times. ``sentences`` None takes as many as 15 minutes allow, 256 at the least (2048
    on a GPU). An engine that has not the memory is recorded as failed. ``names``
    limits the engines to those named. ``short`` is one round of the fewest sentences, without
    transformers, and tries two batch sizes. ``threads`` is ``machine.cores()`` if None.
    Gigabytes of prepared weights are kept for the next time; ``say`` is called with their place.
    """
    began = time.monotonic()
    progress = progress or Silent()
    subject = subject or random_subject(folder)
    chosen = [e for b in beams for e in entries(b, device) if not names or e.name in names]
    if short:
        chosen = [replace(e, batches=e.batches[-2:]) for e in chosen if _again(e)]
        rounds, sentences = 1, sentences or _SENTENCES[device][-1]
    threads = threads or machine.cores()
    series = _Series(subject, chosen, device, threads, rounds)
    works = series.works(sentences or _SENTENCES[device][0])
    progress.begin("prepare", 0)
    say(f"Measuring {subject.name}. Prepared weights are kept in {subject.files.prepared}.")
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
        replace(work, batch=_batch(entry, work, found) or work.batch)
        for entry, work, found in zip(chosen, series.works(sentences, tried), tried, strict=True)
    ]
    timings = _rounds(chosen, works, rounds, progress)
    return BenchReport(
        machine=machine.processor(),
        threads=threads,
        workload=f"{sentences} sentences, fewer with beams by as many times; {subject.name}",
        rows=tuple(with_ratios(list(map(_row, chosen, works, timings, tried)))),
        device=_device_name() if device == "cuda" else "cpu",
        versions=_versions(),
        environment={k: v for k, v in os.environ.items() if k.startswith(_RELEVANT)},
        seconds=time.monotonic() - began,
    )


def _prepare(subject: Subject, works: Sequence[Work]) -> None:
    try:
        _in_process(prepare, subject.files, works)
    except BrokenProcessPool:
        raise ModelError(
            "the weights cannot be prepared: the system ended the process that does it",
            remedy="Free memory: for CTranslate2 it takes about 6 GB with the 600M.",
        ) from None


def _rounds(
    chosen: Sequence[Entry], works: Sequence[Work], rounds: int, progress: Progress
) -> list[list[Timing]]:
    """Measure every engine in turn, and again; slow ones once."""
    found: list[list[Timing]] = [[] for _ in works]
    progress.begin("measure", sum(rounds if _again(entry) else 1 for entry in chosen))
    for number in range(rounds):
        for entry, timings, work in zip(chosen, found, works, strict=True):
            if number == 0 or (timings and _again(entry)):
                timing = _attempt(measure, replace(work, started=time.time()))
                timings += [timing] if timing else []
                progress.advance()
    return found


def _picked(available: int, count: int) -> list[int]:
    """Pick ``count`` of ``available`` indices in order, spread evenly, several times if need be."""
    return [i * available // count for i in range(count)]


def _again(entry: Entry) -> bool:
    return entry.engine != "transformers"


def _batch(entry: Entry, work: Work, found: Tried) -> int | None:
    """Return the fastest of the batch sizes that were tried for an engine, if any were. Where
    lengths are made up, sentences of one length must fill a batch of an engine that decodes it
    until its last sequence ends."""
    mixed = work.sources or entry.engine == TORCH
    most = 1 << 30 if mixed else min(Counter(work.lengths).values())
    filled = [one for one in found if one[0] <= most] or found[:1]
    return max(filled, key=lambda one: one[1])[0] if filled else None


def _row(entry: Entry, work: Work, timings: Sequence[Timing], tried: Tried) -> BenchRow:
    seconds = sum(t.seconds for t in timings)
    taken = [t.device_mb for t in timings if t.device_mb is not None]
    about = (entry.name, entry.engine, entry.precision, entry.beam, work.batch)
    if not timings:
        return BenchRow(*about, 0.0, 0.0, 0.0, 0.0, sentences=len(work.lengths), failed=True)
    return BenchRow(
        *about,
        tokens_per_second=sum(t.tokens for t in timings) / seconds,
        sentences_per_second=len(work.lengths) * len(timings) / seconds,
        peak_mb=max(t.peak_mb for t in timings),
        first_sentence_s=statistics.median(t.first_sentence for t in timings),
        sentences=len(work.lengths),
        device_mb=max(taken, default=None),
        rounds=tuple(t.tokens / t.seconds for t in timings),
        tried=tuple(tried),
    )


def _in_process(call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Call in a fresh process: memory and threads of one engine never meet another's."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(call, *args, **options).result()


def _attempt(call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T | None:
    """Call in a fresh process; None where memory did not suffice, or the system killed it."""
    from toolkit.translators.nllb import out_of_memory

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
