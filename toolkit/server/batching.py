"""Translate what many requests ask for in common batches, in one thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from toolkit.config import Config
from toolkit.data import PreparedArticle, TranslatedArticle
from toolkit.errors import ToolkitError, described
from toolkit.runs.translation import CALL_SEGMENTS, SegmentCache, SegmentTranslator
from toolkit.terminology.terms import load_terms
from toolkit.translators.checks.retry import Checked

# Segments that may wait; with more, a request is turned away rather than kept for minutes.
MOST_WAITING = 16 * CALL_SEGMENTS
# Seconds without a further request after which a batch is begun: clients that wait for an answer
# send their next text some milliseconds after it, and together they make one batch.
_LINGER = 0.004


class BusyError(ToolkitError):
    """More waits for the model than it should."""


@dataclass(frozen=True, slots=True)
class _Job:
    """The texts of one request."""

    texts: Sequence[PreparedArticle]
    target: str
    done: Future[list[TranslatedArticle]] = field(default_factory=Future)

    @property
    def segments(self) -> int:
        return sum(len(text.segments) for text in self.texts)


@dataclass(slots=True)
class Counts:
    """How much was translated since the start."""

    batches: int = 0
    segments: int = 0
    from_cache: int = 0
    flagged: int = 0


class Batcher:
    """Translates texts for several callers at once, through the checks, the cache and the user's
    wording. Everything that waits for one target language goes to the model together, up to
    ``CALL_SEGMENTS`` segments or what the translator wants at once. ``close`` ends the thread."""

    def __init__(
        self,
        translator: Checked,
        config: Config,
        cache: SegmentCache | None = None,
    ) -> None:
        self.counts = Counts()
        self._translator = translator
        self._config = config
        self._cache = cache
        self._most = max(CALL_SEGMENTS, translator.at_once)
        self._by_target: dict[str, SegmentTranslator] = {}
        self._waiting: list[_Job] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="translate", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Return the number of segments that wait."""
        with self._changed:
            return sum(job.segments for job in self._waiting)

    def submit(
        self, texts: Sequence[PreparedArticle], *, target: str
    ) -> Future[list[TranslatedArticle]]:
        """Return the future of ``texts`` in the language ``target``, in order; their article ids
        must differ. It raises the ``ToolkitError`` of a text that cannot be translated. Raises
        ``BusyError`` where too much waits."""
        job = _Job(texts, target)
        with self._changed:
            if self._waiting and sum(j.segments for j in [*self._waiting, job]) > MOST_WAITING:
                raise BusyError("too much waits to be translated", remedy="Try again later.")
            self._waiting.append(job)
            self._changed.notify()
        return job.done

    def close(self) -> None:
        """End the thread when what waits is translated."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while jobs := self._next():
            try:
                self._translate(jobs)
            except BaseException as error:  # Nobody else would tell those who wait.
                failure = error if isinstance(error, ToolkitError) else _unforeseen(error)
                for job in jobs:
                    if not job.done.done():
                        job.done.set_exception(failure)

    def _next(self) -> list[_Job]:
        """Return the jobs of the next batch: the one that waits longest, and others of its target;
        none once it is closed and nothing waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            while not self._closed and self._changed.wait(_LINGER):
                if sum(job.segments for job in self._waiting) >= self._most:
                    break
            taken: list[_Job] = []
            left: list[_Job] = []
            room = self._most
            for job in self._waiting:
                fits = not taken or (job.target == taken[0].target and job.segments <= room)
                (taken if fits else left).append(job)
                room -= job.segments if fits else 0
            self._waiting = left
            return taken

    def _translate(self, jobs: Sequence[_Job]) -> None:
        target = jobs[0].target
        translator = self._by_target.get(target)
        if translator is None:
            terms = load_terms(self._config, target=target)
            translator = SegmentTranslator(
                self._translator, self._cache, target=target, terms=terms
            )
            self._by_target[target] = translator
        found = translator.translate([text for job in jobs for text in job.texts])
        self.counts.batches += 1
        self.counts.segments += found.from_model
        self.counts.from_cache += found.from_cache
        done = {text.prepared.article.id: text for text in found.articles}
        errors = {
            failure.source: ToolkitError(failure.reason, remedy=failure.remedy)
            for failure in found.failures
        }
        for job in jobs:
            ids = [text.article.id for text in job.texts]
            failed = [errors[name] for name in ids if name in errors]
            if failed:
                job.done.set_exception(failed[0])
            else:
                job.done.set_result([done[name] for name in ids])
        flags = (row.flags for text in found.articles for row in text.translations)
        self.counts.flagged += sum(map(bool, flags))


def _unforeseen(error: BaseException) -> ToolkitError:
    return ToolkitError(f"unforeseen error ({described(error)})")
