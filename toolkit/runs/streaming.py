"""What comes before the model and after it, each in a thread of its own.

While the model translates one window of articles, the next ones are read and cleaned and the
last one is summarised and written. What waits is on disk, so a run of any size takes the same
memory, but for what each says it keeps.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

from toolkit.data import Article, Failure, PreparedArticle, TranslatedArticle
from toolkit.executors.base import Executor, Failed
from toolkit.readers import collection
from toolkit.readers.collection import Duplicate
from toolkit.readers.paths import STDIN, read_stdin
from toolkit.runs import outputs, stages
from toolkit.runs.background import Background
from toolkit.runs.translation import Translated
from toolkit.storage import Spill
from toolkit.stories.day import Day
from toolkit.stories.order import Member
from toolkit.summarisers.base import Summariser
from toolkit.summarisers.extractive.summariser import Extractive

# What is waited for when a run is stopped: a request to a language model may take minutes.
_PATIENCE = 5.0

NOT_BEGUN = "not translated: the deadline came first"


class Incoming:
    """Reads and prepares all articles, as fast as it can, and hands them on in order.

    In memory stay the failures, the duplicates, and the id and source of every article. Iterating
    raises what reading raised.
    """

    def __init__(self, inputs: tuple[Path, ...], executor: Executor, folder: Path) -> None:
        self.found = 0
        self.segments = 0
        self.unread: list[Failure] = []
        self.unclean: list[Failure] = []
        self.duplicates: list[Duplicate] = []
        self.timings = {"read": 0.0, "clean": 0.0}
        self.finished = False
        self._inputs = inputs
        self._executor = executor
        self._waiting: Spill[PreparedArticle] = Spill(folder)
        # True for an article that can be had, False for one that failed, None at the end.
        self._ready: SimpleQueue[bool | None] = SimpleQueue()
        self._stopping = threading.Event()
        # In this thread: one that is left waiting for stdin would abort Python at its end.
        self._stdin = read_stdin() if STDIN in inputs else None
        self._thread = Background(self._work)

    def articles(self, told: Callable[[], None]) -> Iterator[PreparedArticle]:
        """Each article when it is prepared; ``told`` hears of each, failed ones too."""
        place = 0
        while (good := self._ready.get()) is not None:
            if self._thread.error is not None:  # Hours of work on the others would come to nothing.
                break
            told()
            if good:
                yield self._waiting[place]
                place += 1
        self._thread.result()

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What could not be read, then what could not be cleaned."""
        return (*self.unread, *self.unclean)

    def stop(self) -> None:
        """Read no further, wait a little for the end of it, and give up what waits."""
        self._stopping.set()
        self._thread.join(_PATIENCE)
        if self.finished:
            self._waiting.close()

    def _work(self) -> None:
        try:
            self._prepare()
        finally:
            self.finished = True
            self._ready.put(None)

    def _prepare(self) -> None:
        sources: deque[str] = deque()
        began = time.monotonic()
        for outcome in self._executor.map(stages.prepare, self._read(sources)):
            source = sources.popleft()
            if isinstance(outcome, Failed):
                stages.log_trace(outcome.error)
                reason = str(outcome.error).removeprefix(f"{source}: ")
                self.unclean.append(Failure(source, "clean", reason, outcome.error.remedy))
            else:
                self._waiting.append(outcome)
                self.segments += len(outcome.segments)
            self._ready.put(not isinstance(outcome, Failed))
            if self._stopping.is_set():
                break
        self.timings["clean"] = time.monotonic() - began - self.timings["read"]

    def _read(self, sources: deque[str]) -> Iterator[Article]:
        items = collection.scan(self._inputs, stdin=self._stdin)
        while True:
            began = time.monotonic()
            item = next(items, None)
            self.timings["read"] += time.monotonic() - began
            if item is None or self._stopping.is_set():
                return
            if isinstance(item, Article):
                self.found += 1
                sources.append(item.source)
                yield item
            elif isinstance(item, Failure):
                self.unread.append(item)
            else:
                self.duplicates.append(item)


class Outgoing:
    """Summarises what is translated and appends it to ``articles.jsonl``, one window behind. Once
    ``time_is_up`` no model is asked: ``hurried`` briefs are sentences of their articles.

    In memory stay the failures, and what ``day`` keeps.
    """

    def __init__(
        self,
        draft: outputs.Draft,
        summariser: Summariser,
        *,
        bullets: int,
        folder: Path,
        time_is_up: Callable[[], bool],
    ) -> None:
        self.articles: Spill[TranslatedArticle] = Spill(folder)
        members: Spill[Member] = Spill(folder)
        self.day = Day(members)
        self.untranslated: list[Failure] = []
        self.left_over: list[Failure] = []
        self.unsummarised: list[Failure] = []
        self.counts = dict.fromkeys(
            ("segments", "from_model", "from_cache", "flagged", "dropped", "doubted"), 0
        )
        self.hurried = 0
        self.seconds = 0.0
        self._draft = draft
        self._summariser = summariser
        self._bullets = bullets
        self._time_is_up = time_is_up
        self._stopping = threading.Event()
        self._late = False
        self._error: BaseException | None = None
        self._windows: SimpleQueue[Translated | None] = SimpleQueue()
        # One window is worked on while the model makes the next.
        self._room = threading.Semaphore(1)
        self._thread = Background(self._work)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What could not be translated, was left over, could not be summarised, in this order."""
        return (*self.untranslated, *self.left_over, *self.unsummarised)

    def put(self, window: Translated) -> None:
        """Hand on a window when the last one is done. Raises what went wrong with an earlier
        one."""
        self._room.acquire()
        if self._error is not None:
            raise self._error
        self._windows.put(window)

    def finish(self) -> None:
        """Wait until all is done; raises what went wrong."""
        self._windows.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Begin no other article, and wait a little for the one that is under way."""
        self._stopping.set()
        self._windows.put(None)
        self._thread.join(_PATIENCE)

    def _work(self) -> None:
        while (window := self._windows.get()) is not None:
            began = time.monotonic()
            try:
                self._take(window)
            except BaseException as error:
                self._error = error
                self._stopping.set()
            self.seconds += time.monotonic() - began
            self._room.release()

    def _take(self, window: Translated) -> None:
        self.untranslated += window.failures
        self.left_over += map(_left_over, window.left_over)
        self.counts["from_model"] += window.from_model
        self.counts["from_cache"] += window.from_cache
        for article in window.articles:
            if not isinstance(self._summariser, Extractive) and self._time_is_up():
                self._summariser = Extractive()
                self._late = True
            self.hurried += self._late
            briefs, failed = stages.summarise([article], self._summariser, bullets=self._bullets)
            if self._stopping.is_set():
                return
            self.unsummarised += failed
            for brief in briefs:
                self.day.add(brief, article)
            self.articles.append(article)
            self._draft.write(
                "articles.jsonl", [outputs.json_line(outputs.article_record(article))]
            )
            self.counts["segments"] += len(article.translations)
            self.counts["flagged"] += sum(bool(t.flags) for t in article.translations)
            self.counts["dropped"] += len(article.prepared.dropped)
            self.counts["doubted"] += bool(article.prepared.language_doubt)


def _left_over(article: PreparedArticle) -> Failure:
    return Failure(
        article.article.source,
        "translate",
        NOT_BEGUN,
        "Run again: what the cache holds is not translated again.",
    )
