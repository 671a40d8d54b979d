"""Read and prepare before the model, summarise and write after it, each in a thread of its own.

While the model translates one window of articles, the next ones are read and prepared, and the last
one is summarised and written. Articles wait on disk, so memory grows only by what each class says
it keeps.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from pathlib import Path, PurePath
from queue import SimpleQueue

from toolkit.config import Config
from toolkit.data import Article, Failure, PreparedArticle, TranslatedArticle, Translation
from toolkit.executors.base import Executor, Failed
from toolkit.languages import ENGLISH, detection
from toolkit.readers import collection
from toolkit.readers.collection import Duplicate
from toolkit.readers.paths import STDIN, read_stdin
from toolkit.runs import outputs, stages
from toolkit.runs.background import Background
from toolkit.runs.news import News
from toolkit.runs.records import article_record, json_line
from toolkit.runs.translation import Translated
from toolkit.storage import Spill
from toolkit.stories.day import Day
from toolkit.stories.order import Member
from toolkit.stories.publishers import publisher_key
from toolkit.stories.watching import Watch
from toolkit.summarisers.base import Summariser
from toolkit.summarisers.extractive.summariser import Extractive

# Seconds to wait for a thread when a run is stopped: a language model may take minutes to answer.
_PATIENCE = 5.0
# Characters of a declared language that are shown.
_SHOWN = 30
# Sentences that are looked at of an article that is summarised after the deadline.
_READ_LATE = 20

NOT_BEGUN = "not translated: the deadline came first"


class Incoming:
    """Reads and prepares all articles as fast as it can, and hands them on in order.

    Where there is a deadline the order is that of importance among those that wait: what the reader
    watches, then the first article of each publisher, then the second of each. Once ``time_is_up``
    nothing is fetched. In memory are kept the failures, the duplicates, and the id and source of
    every article. Iterating raises what reading raised.
    """

    def __init__(
        self,
        config: Config,
        executor: Executor,
        folder: Path,
        news: News,
        time_is_up: Callable[[], bool],
    ) -> None:
        self.found = 0
        self.segments = 0
        self.unread: list[Failure] = []
        self.unclean: list[Failure] = []
        self.duplicates: list[Duplicate] = []
        self.timings = {"read": 0.0, "clean": 0.0}
        self.finished = False
        self._config = config
        self._executor = executor
        self._news = news
        self._time_is_up = time_is_up
        self._waiting: Spill[PreparedArticle] = Spill(folder)
        self._ranks = _Ranks(config.watch) if config.deadline else None
        # The rank of an article that is prepared, -1 for one that is not, None at the end.
        self._ready: SimpleQueue[int | None] = SimpleQueue()
        self._stopping = threading.Event()
        # Read in this thread: another that still waits for stdin would abort Python at its end.
        self._stdin = read_stdin() if STDIN in config.sources else None
        self._thread = Background(self._work)

    def articles(self, advance: Callable[[], None]) -> Iterator[PreparedArticle]:
        """Yield each article when it is prepared. ``advance`` is called for failed ones, too."""
        place, more = 0, True
        waiting: list[tuple[int, int]] = []
        while more or waiting:
            while more and not (waiting and self._ready.empty()):
                rank = self._ready.get()
                # If it failed hours of work on what is here would come to nothing.
                if more := rank is not None and self._thread.error is None:
                    advance()
                if more and rank is not None and rank >= 0:
                    heappush(waiting, (rank, place))
                    place += 1
            if self._thread.error is not None:
                break
            if waiting:
                yield self._waiting[heappop(waiting)[1]]
        self._thread.result()

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Return the articles that could not be read, then those that could not be cleaned."""
        return (*self.unread, *self.unclean)

    def stop(self) -> None:
        """Read no further, wait a little for the thread's end, and give up the articles that
        wait."""
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
                self._hand_on(None)
            else:
                self._hand_on(self._news.checked(outcome))
            if self._stopping.is_set():
                return
        # Where nothing could be read the digest of an earlier run stays as it is.
        for article in self._news.standing() if self.found else ():
            self._hand_on(article)
        self.timings["clean"] = time.monotonic() - began - self.timings["read"]

    def _hand_on(self, article: PreparedArticle | None) -> None:
        if article is None:
            self._ready.put(-1)
            return
        self._waiting.append(article)
        self.segments += len(article.segments)
        self._ready.put(self._ranks.rank(article) if self._ranks else 0)

    def _read(self, sources: deque[str]) -> Iterator[Article]:
        items = collection.scan(
            self._config.sources,
            stdin=self._stdin,
            columns=self._config.columns,
            allow_private=self._config.allow_private,
            oldest=self._news.oldest,
            time_is_up=self._time_is_up,
        )
        while True:
            began = time.monotonic()
            item = next(items, None)
            self.timings["read"] += time.monotonic() - began
            if item is None or self._stopping.is_set():
                return
            if isinstance(item, Article):
                self.found += 1
                if self._news.wants(item):
                    sources.append(item.source)
                    yield item
            elif isinstance(item, Failure):
                self.unread.append(item)
            else:
                self.duplicates.append(item)


class _Ranks:
    """Tells how important articles are before they are translated. 0 is the most important."""

    def __init__(self, watch: Sequence[str]) -> None:
        self._watch = Watch(watch) if watch else None
        self._had: Counter[str] = Counter()

    def rank(self, article: PreparedArticle) -> int:
        """Return 0 for an article with a watched name, else its place among its publisher's."""
        page = article.article
        publisher = publisher_key(page.publisher, page.source)
        if publisher == page.source:  # a file, of which its folder is all that is known
            publisher = str(PurePath(publisher).parent)
        self._had[publisher] += 1
        known = article.language == ENGLISH
        for segment in article.segments if self._watch else ():
            untranslated = Translation(segment, segment.text if known else "")
            if self._watch and any(self._watch.terms_in(untranslated, article.language)):
                return 0
        return self._had[publisher]


class Outgoing:
    """Summarises translated articles and appends them to ``articles.jsonl``, one window behind.

    Once ``time_is_up`` no model is asked and no long text ranked: briefs are then of the first
    sentences of their articles, counted in ``hurried``. In memory are kept the failures, and what
    ``day`` keeps.
    """

    def __init__(
        self,
        draft: outputs.Draft,
        summariser: Summariser,
        config: Config,
        folder: Path,
        *,
        time_is_up: Callable[[], bool],
    ) -> None:
        self.articles: Spill[TranslatedArticle] = Spill(folder)
        members: Spill[Member] = Spill(folder)
        self.day = Day(members, watch=config.watch, mute=config.mute)
        self.untranslated: list[Failure] = []
        self.left_over: list[Failure] = []
        self.unsummarised: list[Failure] = []
        self.counts = dict.fromkeys(
            ("segments", "from_model", "from_cache", "corrected", "flagged", "dropped", "doubted"),
            0,
        )
        self.hurried = 0
        self.unknown_languages: dict[str, None] = {}
        self.seconds = 0.0
        self._draft = draft
        self._summariser = summariser
        self._bullets = config.bullets
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
        """Return the articles that were not translated, left over and not summarised, in this
        order."""
        return (*self.untranslated, *self.left_over, *self.unsummarised)

    def put(self, window: Translated) -> None:
        """Hand on a window when the last one is done. Raises what an earlier one raised."""
        self._room.acquire()
        if self._error is not None:
            raise self._error
        self._windows.put(window)

    def finish(self) -> None:
        """Wait until all is done. Raises what a window raised."""
        self._windows.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Begin no other article, and wait a little for the one in progress."""
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
        self.counts["corrected"] += window.corrected
        # Each article is let go of when it is written: the window has other owners meanwhile.
        window.articles.reverse()
        while window.articles:
            article = window.articles.pop()
            if not self._late and self._time_is_up():
                self._summariser = Extractive(reads=_READ_LATE)
                self._late = True
            self.hurried += self._late
            briefs, failed = stages.summarise([article], self._summariser, bullets=self._bullets)
            if self._stopping.is_set():
                return
            self.unsummarised += failed
            for brief in briefs:
                self.day.add(brief, article)
            self.articles.append(article)
            self._draft.write("articles.jsonl", [json_line(article_record(article))])
            self.counts["segments"] += len(article.translations)
            self.counts["flagged"] += sum(t.doubtful for t in article.translations)
            self.counts["dropped"] += len(article.prepared.dropped)
            self.counts["doubted"] += bool(article.prepared.language_doubt)
            declared = (article.prepared.article.language or "").strip()
            if declared and detection.is_unknown_name(declared):
                self.unknown_languages[declared[:_SHOWN]] = None


def _left_over(article: PreparedArticle) -> Failure:
    return Failure(
        article.article.source,
        "translate",
        NOT_BEGUN,
        "Run again: what the cache holds is not translated again.",
    )
