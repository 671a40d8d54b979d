"""The stages in order: read, clean, translate, summarise, group, write."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import logging
import platform
import time
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from toolkit import render, stages, stories
from toolkit.cache import Cache
from toolkit.config import ENGLISH, Config
from toolkit.data import (
    Article,
    Brief,
    Digest,
    Failure,
    PreparedArticle,
    RunResult,
    TranslatedArticle,
)
from toolkit.errors import InputError, OutputError, ToolkitError
from toolkit.executors.base import Executor, Failed
from toolkit.executors.local import Local
from toolkit.executors.ray_cluster import RayCluster
from toolkit.progress import Progress, Silent
from toolkit.store import Loaded, RunFolder, load
from toolkit.summarisers.base import Summariser
from toolkit.summarisers.build import Writers, load_writers
from toolkit.translators.base import Translator
from toolkit.translators.build import load_translator
from toolkit.translators.rescue import Checked
from toolkit.version import VERSION

log = logging.getLogger(__name__)

_MEASURED = ("torch", "transformers", "tokenizers", "sentencepiece", "ctranslate2")


def run(
    config: Config,
    *,
    progress: Progress | None = None,
    translator: Translator | None = None,
    summariser: Summariser | None = None,
) -> RunResult:
    """Make the digest of one day and write its folder.

    ``translator`` and ``summariser`` replace those that ``config`` names. Raises ``InputError``
    when there is no input at all, ``ModelError`` when the model cannot be had, ``LockedError``
    when another run holds the outputs; everything else that goes wrong is in ``failures``.
    """
    now = dt.datetime.now()
    date = config.date or now.date()
    until = None if config.deadline is None else deadline_after(now, config.deadline)
    with RunFolder.open(config.outputs, date) as folder, _log_to(folder.path / "run.log"):
        run_of_day = _Run(config, date, folder, progress or Silent(), until)
        return run_of_day.go(translator, summariser)


class _Run:
    """One run: what its stages share."""

    def __init__(
        self,
        config: Config,
        date: dt.date,
        folder: RunFolder,
        progress: Progress,
        until: dt.datetime | None,
    ) -> None:
        self.config = config
        self.date = date
        self.folder = folder
        self.progress = progress
        self.until = until
        self.warnings: list[str] = []
        self.timings: dict[str, float] = {}
        self.failures: list[Failure] = []

    def go(self, translator: Translator | None, summariser: Summariser | None) -> RunResult:
        config = self.config
        started = time.monotonic()
        with self._stage("read", 0):
            loaded = load(config.inputs)
        if not loaded.articles and not loaded.failures:
            names = ", ".join(str(path) for path in config.inputs)
            raise InputError(f"{names}: no article here", remedy="Name files or a folder of them.")
        self.failures.extend(loaded.failures)
        with self._stage("clean", len(loaded.articles)):
            prepared = self._prepare(loaded.articles)
        render.check_templates(config.templates)
        with self._stage("load model", 0):
            translator = translator or load_translator(
                config.model, engine=config.engine, device=config.device, beam=config.beam
            )
            writers = Writers(summariser) if summariser else load_writers(config)
        with self._stage("translate", sum(len(p.segments) for p in prepared)):
            translated = self._translate(prepared, translator)
        self.failures.extend(translated.failures)
        self.failures.extend(_left_over(p) for p in translated.left_over)
        with self._stage("summarise", len(translated.articles)):
            briefs, failed = stages.summarise(
                translated.articles, writers.summariser, bullets=config.bullets
            )
            self.failures.extend(failed)
        with self._stage("group", 0):
            digest = self._digest(translated.articles, briefs, translator, writers)
        self.timings["total"] = time.monotonic() - started
        counts = _counts(loaded, translated, digest)
        if isinstance(translator, Checked):
            counts |= {"retried": translator.retried, "rescued": translator.rescued}
        return self._write(digest, counts, loaded)

    @contextlib.contextmanager
    def _stage(self, name: str, total: int) -> Iterator[None]:
        self.progress.begin(name, total)
        began = time.monotonic()
        yield
        self.timings[name] = time.monotonic() - began
        log.info("%s: %.2f s", name, self.timings[name])

    def _prepare(self, articles: Sequence[Article]) -> list[PreparedArticle]:
        executor: Executor = RayCluster() if self.config.executor == "ray" else Local()
        prepared: list[PreparedArticle] = []
        outcomes = executor.map(stages.prepare, articles)
        for article, outcome in zip(articles, outcomes, strict=True):
            if isinstance(outcome, Failed):
                reason = str(outcome.error).removeprefix(f"{article.source}: ")
                self.failures.append(Failure(article.source, "clean", reason, outcome.error.remedy))
            else:
                prepared.append(outcome)
            self.progress.advance()
        return prepared

    def _translate(
        self, prepared: list[PreparedArticle], translator: Translator
    ) -> stages.Translated:
        cache = Cache(self.config.cache)
        try:
            return stages.translate(
                prepared,
                translator,
                cache,
                target=ENGLISH,
                progress=self.progress,
                time_is_up=self._time_is_up,
            )
        finally:
            cache.close()
            if cache.warning:
                log.warning(cache.warning)
                self.warnings.append(f"{cache.warning[0].upper()}{cache.warning[1:]}.")

    def _time_is_up(self) -> bool:
        return self.until is not None and dt.datetime.now() >= self.until

    def _digest(
        self,
        articles: list[TranslatedArticle],
        briefs: list[Brief],
        translator: Translator,
        writers: Writers,
    ) -> Digest:
        grouped = stories.group(briefs, articles, earlier=self.folder.earlier_stories())
        if writers.merger is not None:
            grouped = tuple(writers.merger.merge(story, articles) for story in grouped)
        notices = [translator.notice] if translator.notice and articles else []
        notices += self.warnings
        rows = [t for a in articles for t in a.translations]
        flagged = sum(bool(t.flags) for t in rows)
        if flagged:
            notices.append(
                f"{flagged} of {len(rows)} sentences failed a check of their translation; "
                "bullets that rest on them say so."
            )
        left = sum(f.reason == _NOT_BEGUN for f in self.failures)
        if left:
            notices.append(
                f"Written at the deadline: {left} of the articles {_are(left)} not translated yet."
            )
        signature = f"{translator.signature} | {writers.signature} | toolkit {VERSION}"
        return Digest(
            date=self.date,
            signature=signature,
            articles=tuple(articles),
            stories=grouped,
            failures=tuple(self.failures),
            notices=tuple(notices),
        )

    def _write(self, digest: Digest, counts: dict[str, int], loaded: Loaded) -> RunResult:
        folder, templates = self.folder, self.config.templates
        paths: dict[str, Path] = {}
        # A run in which nothing could be done must not replace an earlier one's digest.
        if digest.articles or not (folder.path / "digest.html").exists():
            # All is drawn before anything is written: the files are of one run or of the other.
            page = render.html(digest, templates=templates)
            markdown = render.markdown(digest, templates=templates)
            paths = {
                "articles": folder.write_articles(digest.articles),
                "json": folder.write_json("digest.json", render.to_json(digest)),
                "markdown": folder.write_text("digest.md", [markdown]),
                "html": folder.write_text("digest.html", [page]),
            }
        record = {
            "date": digest.date.isoformat(),
            "signature": digest.signature,
            "versions": _versions(),
            "config": _plain(dataclasses.asdict(self.config)),
            "counts": counts,
            "timings": {name: round(seconds, 3) for name, seconds in self.timings.items()},
            "failures": [dataclasses.asdict(f) for f in digest.failures],
            "duplicates": [{"source": a, "same_as": b} for a, b in loaded.duplicates],
            "notices": list(digest.notices),
        }
        paths["run"] = folder.write_json("run.json", record)
        if digest.articles:
            folder.point_latest()
        log.info("done: %s", counts)
        return RunResult(digest=digest, paths=paths, timings=self.timings, counts=counts)


_NOT_BEGUN = "not translated: the deadline came first"


def _left_over(article: PreparedArticle) -> Failure:
    return Failure(
        article.article.source,
        "translate",
        _NOT_BEGUN,
        "Run again: what is translated already is kept.",
    )


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _counts(loaded: Loaded, translated: stages.Translated, digest: Digest) -> dict[str, int]:
    rows = [t for a in digest.articles for t in a.translations]
    return {
        "articles": len(digest.articles),
        "stories": len(digest.stories),
        "segments": len(rows),
        "from_model": translated.from_model,
        "from_cache": translated.from_cache,
        "flagged": sum(bool(t.flags) for t in rows),
        "dropped": sum(len(a.prepared.dropped) for a in digest.articles),
        "failed": len(digest.failures),
        "left_over": len(translated.left_over),
        "duplicates": len(loaded.duplicates),
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
