"""The stages of a run; some go on beside the model: see ``toolkit.runs.streaming``."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import logging
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.config import Config
from toolkit.data import Digest, PreparedArticle, RunResult, Story, TranslatedArticle
from toolkit.digest import json_format, render
from toolkit.errors import InputError, OutputError, ToolkitError
from toolkit.executors.base import Executor
from toolkit.executors.local import Local
from toolkit.executors.ray_cluster import RayCluster
from toolkit.languages import ENGLISH
from toolkit.progress import Counted, Progress, Silent
from toolkit.readers.collection import Duplicate
from toolkit.runs import translation
from toolkit.runs.cache import Cache
from toolkit.runs.outputs import Draft, RunFolder
from toolkit.runs.streaming import Incoming, Outgoing
from toolkit.storage import Spill
from toolkit.summarisers.base import Summariser
from toolkit.summarisers.build import Writers, load_writers
from toolkit.translators.base import Translator
from toolkit.translators.build import load_translator
from toolkit.translators.checks.retry import Checked, checked
from toolkit.version import VERSION

if TYPE_CHECKING:
    from toolkit.summarisers.models.merge import PromptedMerge

log = logging.getLogger(__name__)

# The record of a run that left the digest of an earlier one in its place.
FRUITLESS = "run-without-digest.json"
_MEASURED = ("torch", "transformers", "tokenizers", "sentencepiece", "ctranslate2")


def run(
    config: Config,
    *,
    progress: Progress | None = None,
    translator: Translator | None = None,
    summariser: Summariser | None = None,
    say: Callable[[str], None] | None = None,
) -> RunResult:
    """Make the digest of one day and write its folder.

    ``say`` is told what people should know at once: a download, a cache that cannot be written.
    ``translator`` and ``summariser`` replace those that ``config`` names. Raises ``InputError``
    when there is no input at all, ``ModelError`` when the model cannot be had, ``LockedError``
    when another run holds the outputs; everything else that goes wrong is in ``failures``.
    """
    now = dt.datetime.now()
    date = config.date or now.date()
    until = None if config.deadline is None else deadline_after(now, config.deadline)
    with (
        RunFolder.open(config.outputs, date) as folder,
        _log_to(folder.path / "run.log"),
        folder.draft() as draft,
    ):
        run_of_day = _Run(config, date, folder, draft, progress or Silent(), until, say)
        return run_of_day.go(translator, summariser)


class _Run:
    """One run: what its stages share."""

    def __init__(
        self,
        config: Config,
        date: dt.date,
        folder: RunFolder,
        draft: Draft,
        progress: Progress,
        until: dt.datetime | None,
        say: Callable[[str], None] | None,
    ) -> None:
        self.config = config
        self.date = date
        self.folder = folder
        self.draft = draft
        self.progress = progress
        self.until = until
        self.say = say
        self.warnings: list[str] = []
        self.timings: dict[str, float] = {}

    def go(self, translator: Translator | None, summariser: Summariser | None) -> RunResult:
        started = time.monotonic()
        config = self.config
        render.check_templates(config.templates)
        executor: Executor = RayCluster() if config.executor == "ray" else Local()
        incoming = Incoming(config.inputs, executor, self.folder.path)
        try:
            windows = self._windows(incoming)
            with self._stage("load model"):
                checked_translator = checked(
                    translator
                    or load_translator(
                        config.model,
                        engine=config.engine,
                        device=config.device,
                        beam=config.beam,
                        say=self._tell,
                        progress=self.progress,
                    )
                )
                before = _retries(checked_translator)
                writers = Writers(summariser) if summariser else load_writers(config)
                writers.begin()
            outgoing = Outgoing(
                self.draft,
                writers.summariser,
                bullets=config.bullets,
                folder=self.folder.path,
                time_is_up=self._time_is_up,
            )
            try:
                with self._stage("translate"):
                    self._translate(windows, checked_translator, incoming, outgoing)
                with self._stage("summarise"):
                    outgoing.finish()
            except BaseException:
                outgoing.stop()
                raise
        finally:
            incoming.stop()
        self.timings |= incoming.timings | {"summarise": outgoing.seconds}  # in the background
        with self._stage("group"):
            digest = self._digest(incoming, outgoing, checked_translator, writers)
        counts = _counts(incoming, outgoing, digest)
        # It may have served an earlier run.
        retries = _retries(checked_translator)
        counts |= {name: number - before[name] for name, number in retries.items()}
        with self._stage("write"):
            paths = self._publish(digest)
        self.timings["total"] = time.monotonic() - started
        return self._record(digest, counts, paths, incoming.duplicates)

    @contextlib.contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        self.progress.begin(name, 0)
        began = time.monotonic()
        yield
        self.timings[name] = time.monotonic() - began
        log.info("%s: %.2f s", name, self.timings[name])

    def _windows(self, incoming: Incoming) -> Iterator[list[PreparedArticle]]:
        """The articles by windows, of which the first is here when this returns."""
        self.progress.begin("clean", 0)
        listening = True

        def told() -> None:
            if listening:
                self.progress.advance()

        windows = translation.windows(incoming.articles(told))
        first = next(windows, [])
        listening = False
        if not incoming.found and not incoming.unread:
            names = ", ".join(str(path) for path in self.config.inputs)
            raise InputError(f"{names}: no article here", remedy="Name files or a folder of them.")
        return chain([first], windows)

    def _translate(
        self,
        windows: Iterable[list[PreparedArticle]],
        translator: Checked,
        incoming: Incoming,
        outgoing: Outgoing,
    ) -> None:
        told = Counted(self.progress)
        cache = Cache(self.config.cache, say=self._tell)
        segment_translator = translation.SegmentTranslator(
            translator, cache, target=ENGLISH, progress=told, time_is_up=self._time_is_up
        )
        try:
            for articles in windows:
                if incoming.finished:
                    told.of("translate", incoming.segments)
                outgoing.put(segment_translator.translate(articles))
        finally:
            cache.close()
            self.warnings += cache.warnings

    def _tell(self, text: str) -> None:
        log.warning(text)
        if self.say is not None:
            self.say(text)

    def _time_is_up(self) -> bool:
        return self.until is not None and dt.datetime.now() >= self.until

    def _digest(
        self, incoming: Incoming, outgoing: Outgoing, translator: Checked, writers: Writers
    ) -> Digest:
        grouped: Spill[Story] = Spill(self.folder.path)
        found = outgoing.day.stories(self.folder.earlier_stories())
        apart = 0
        for story, hurried in _merged(found, outgoing.articles, writers.merger, self._time_is_up):
            grouped.append(story)
            apart += hurried
        counts, left = outgoing.counts, len(outgoing.left_over)
        notices = [translator.notice] if translator.notice and outgoing.articles else []
        notices += [*self.warnings, *writers.notices]
        if counts["doubted"]:
            notices.append(
                f"{counts['doubted']} of {len(outgoing.articles)} articles may be in another "
                "language than they were taken for; the notes on their stories say which."
            )
        if counts["flagged"]:
            notices.append(
                f"{counts['flagged']} of {counts['segments']} sentences failed a check of their "
                "translation; bullets that rest on them say so."
            )
        if left:
            notices.append(
                f"Written at the deadline: {left} of the articles {_are(left)} not translated yet."
            )
        if outgoing.hurried:
            notices.append(
                f"The deadline came before the model was asked for {outgoing.hurried} of "
                f"{len(outgoing.articles)} articles: sentences of theirs are their briefs."
            )
        if apart:
            notices.append(
                "The deadline came before all bullets of several sources were merged: "
                f"{apart} of the stories show those of each source."
            )
        signature = f"{translator.signature} | {writers.signature} | toolkit {VERSION}"
        return Digest(
            date=self.date,
            signature=signature,
            articles=outgoing.articles,
            stories=grouped,
            failures=(*incoming.failures, *outgoing.failures),
            notices=tuple(notices),
        )

    def _publish(self, digest: Digest) -> dict[str, Path]:
        # A run in which nothing could be done must not replace an earlier one's digest.
        if not digest.articles and (self.folder.path / "digest.html").exists():
            return {}
        draft, templates = self.draft, self.config.templates
        draft.write("articles.jsonl", [])
        draft.write("digest.json", json_format.json_parts(digest))
        draft.write("digest.md", render.markdown_parts(digest, templates=templates))
        draft.write("digest.html", render.html_parts(digest, templates=templates))
        paths = draft.publish()
        return {_KINDS[name]: path for name, path in paths.items()}

    def _record(
        self,
        digest: Digest,
        counts: dict[str, int],
        paths: dict[str, Path],
        duplicates: Sequence[Duplicate],
    ) -> RunResult:
        record = {
            "date": digest.date.isoformat(),
            "signature": digest.signature,
            "versions": _versions(),
            "config": _plain(dataclasses.asdict(self.config)),
            "counts": counts,
            "timings": {name: round(seconds, 3) for name, seconds in self.timings.items()},
            "failures": [dataclasses.asdict(f) for f in digest.failures],
            "duplicates": [dataclasses.asdict(d) for d in duplicates],
            "notices": list(digest.notices),
        }
        # The record of a digest that stays, stays too.
        name = "run.json" if paths else FRUITLESS
        paths["run"] = self.folder.write_json(name, record)
        if digest.articles:
            self.folder.point_latest()
        log.info("done: %s", counts)
        return RunResult(digest=digest, paths=paths, timings=self.timings, counts=counts)


_KINDS = {
    "articles.jsonl": "articles",
    "digest.json": "json",
    "digest.md": "markdown",
    "digest.html": "html",
}


def _merged(
    found: Iterable[Story],
    articles: Sequence[TranslatedArticle],
    merger: PromptedMerge | None,
    time_is_up: Callable[[], bool],
) -> Iterator[tuple[Story, bool]]:
    """Stories with their bullets merged by a language model, where there is one; and whether time
    was up for one of several sources."""
    places = {article.id: place for place, article in enumerate(articles)} if merger else {}
    for story in found:
        if merger is None or time_is_up():
            yield story, merger is not None and len(story.articles) > 1
        else:
            yield merger.merge(story, [articles[places[i]] for i in story.articles]), False


def _retries(translator: Checked) -> dict[str, int]:
    return {"retried": translator.retried, "rescued": translator.rescued}


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _counts(incoming: Incoming, outgoing: Outgoing, digest: Digest) -> dict[str, int]:
    return {
        "articles": len(digest.articles),
        "stories": len(digest.stories),
        **outgoing.counts,
        "failed": len(digest.failures),
        "left_over": len(outgoing.left_over),
        "duplicates": len(incoming.duplicates),
    }


# A run that starts so shortly after its deadline has missed it; one that starts later means the
# next such time of day.
_MISSED = dt.timedelta(hours=3)


def deadline_after(start: dt.datetime, deadline: dt.time) -> dt.datetime:
    """The moment that ``deadline`` stands for in a run begun at ``start``, both local time: the
    next such time of day, so a run begun at 23:50 may have its deadline at 05:30, unless it has
    only just passed."""
    today = dt.datetime.combine(start.date(), deadline)
    moments = [today + dt.timedelta(days=days) for days in (-1, 0, 1)]
    return next(moment for moment in moments if moment > start - _MISSED)


def _versions() -> dict[str, str]:
    found = {"toolkit": VERSION, "python": platform.python_version()}
    for name in _MEASURED:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """The configuration with its paths and times as text."""

    def text(item: Any) -> Any:
        if isinstance(item, tuple):
            return [text(part) for part in item]
        return item if item is None or isinstance(item, int | str) else str(item)

    return {name: text(item) for name, item in value.items()}


class _RunLog(logging.FileHandler):
    """A log that is silent about its own troubles: a full disk shows when results are written."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        pass


@contextlib.contextmanager
def _log_to(path: Path) -> Iterator[None]:
    """Send the toolkit's log to ``run.log`` as well, one line an event."""
    try:
        handler = _RunLog(path, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error})",
            remedy="Free space or mend the permissions.",
        ) from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("toolkit")
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    except ToolkitError as error:
        log.error("stopped: %s", error)
        raise
    except BaseException:
        log.exception("stopped")
        raise
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        handler.close()
