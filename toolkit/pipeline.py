"""A run: the articles of a day are read, cleaned, translated, summarised, grouped and written.

``run`` tells it from top to bottom. Reading and cleaning go on in the background before
translating, and summarising after it: see ``toolkit.runs.streaming``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import chain
from pathlib import Path

from toolkit.config import DEFAULT_INPUTS, Config
from toolkit.data import Digest, PreparedArticle, RunResult, Spelling, Story, TranslatedArticle
from toolkit.digest import json_format, render
from toolkit.errors import InputError, OutputError, ToolkitError
from toolkit.executors.base import Executor
from toolkit.executors.local import Local
from toolkit.executors.ray_cluster import RayCluster
from toolkit.languages import ENGLISH
from toolkit.progress import Counted, Progress, Silent
from toolkit.readers.collection import Duplicate
from toolkit.readers.samples import samples
from toolkit.runs import archive, delivery, translation
from toolkit.runs.cache import Cache
from toolkit.runs.monitors import watched
from toolkit.runs.news import News
from toolkit.runs.outputs import Draft, RunFolder
from toolkit.runs.records import write_parquet
from toolkit.runs.report import Report, clock, log_to, record
from toolkit.runs.retention import prune_unlocked
from toolkit.runs.streaming import Incoming, Outgoing
from toolkit.storage import Spill
from toolkit.stories.spellings import Spellings
from toolkit.summarisers.base import Summariser
from toolkit.summarisers.build import Writers, load_writers
from toolkit.terminology.terms import Terms, load_terms
from toolkit.translators.base import Translator
from toolkit.translators.build import load_configured
from toolkit.translators.checks.meaning import load_meaning
from toolkit.translators.checks.retry import Checked, checked
from toolkit.version import VERSION

log = logging.getLogger(__name__)

# The record of a run that left the digest of an earlier one in its place.
FRUITLESS = "run-without-digest.json"
# Unknown languages that a notice lists.
_LISTED = 5
# The files of a digest, and what ``RunResult.paths`` calls them.
_KINDS = {
    "articles.jsonl": "articles",
    "digest.json": "json",
    "digest.md": "markdown",
    "digest.html": "html",
}


def run(
    config: Config,
    *,
    progress: Progress | None = None,
    translator: Translator | None = None,
    summariser: Summariser | None = None,
    say: Callable[[str], None] | None = None,
) -> RunResult:
    """Make the digest of one day and write its folder.

    ``say`` is told what people should know at once. ``translator`` and ``summariser`` replace those
    of ``config``. Raises ``InputError`` without any input, ``ModelError`` without the model, and
    ``LockedError`` where another run holds the outputs; what else goes wrong is in ``failures``.
    """
    now, report = dt.datetime.now(), Report(progress or Silent(), say)
    try:
        with watched(config, now, report.tell) as done:
            result = _made(config, now, report, translator, summariser)
            done(result)
            return result
    except ToolkitError:
        with contextlib.suppress(ToolkitError):
            delivery.deliver_waiting(config, report.tell)
        raise


def _made(
    config: Config,
    now: dt.datetime,
    report: Report,
    translator: Translator | None,
    summariser: Summariser | None,
) -> RunResult:
    """Make and deliver the digest of ``run``."""
    date, time_is_up = config.date or now.date(), clock(config.deadline)
    config = _with_samples(config, report)
    terms = load_terms(config, target=ENGLISH)
    with (
        RunFolder.open(config.outputs, date) as folder,
        log_to(folder.path / "run.log"),
        folder.draft() as draft,
        closing(News(config, date)) as news,
    ):
        render.check_templates(config.templates)
        with ExitStack() as background:
            incoming = Incoming(config, _executor(config), folder.path, news, time_is_up)
            background.callback(incoming.stop)
            windows = _windows(incoming, config, report)
            with report.stage("load model"):
                engine = _translator(translator, config, report)
                writers = _writers(summariser, config)
            outgoing = Outgoing(
                draft, writers.summariser, config, folder.path, time_is_up=time_is_up
            )
            background.callback(outgoing.stop)
            kept = Cache(config.cache, say=report.tell, limit=config.cache_size)
            with report.stage("translate"), kept as cache:
                segments = translation.SegmentTranslator(
                    engine, cache, target=ENGLISH, terms=terms, time_is_up=time_is_up
                )
                for window in _translated(windows, segments, incoming, report):
                    outgoing.put(window)
            with report.stage("summarise"):
                outgoing.finish()
        with report.stage("group"):
            stories, apart, spelt = _group(outgoing, folder, writers, time_is_up, config, terms)
            digest = Digest(
                date=date,
                signature=f"{engine.signature} | {writers.signature} | toolkit {VERSION}",
                articles=outgoing.articles,
                stories=stories,
                spellings=spelt,
                failures=(*incoming.failures, *outgoing.failures),
                notices=tuple(_notices(engine, cache, terms, writers, outgoing, apart, news)),
                before=folder.day_before,
                after=folder.day_after,
            )
        with report.stage("write"):
            paths = _publish(digest, folder, draft, config.templates)
        report.finish({**incoming.timings, "summarise": outgoing.seconds})
        counts = _counts(incoming, outgoing, digest, engine, terms) | news.counts()
        result = _recorded(digest, config, counts, report, paths, incoming.duplicates, news, folder)
        delivery.deliver(digest if "html" in paths else None, config, report.tell)
        return result


def _with_samples(config: Config, report: Report) -> Config:
    """Return ``config`` with the packaged samples as inputs where the demo is tried and nothing
    named; they are shown whenever they are asked for."""
    unnamed = config.sources == DEFAULT_INPUTS and not DEFAULT_INPUTS[0].exists()
    if config.model != "demo" or not unnamed:
        return config
    report.tell("No articles are named: taking the five samples that come with the toolkit.")
    return replace(config, inputs=samples(), all=True)


def _executor(config: Config) -> Executor:
    return RayCluster() if config.executor == "ray" else Local()


def _translator(given: Translator | None, config: Config, report: Report) -> Checked:
    """Return the translator that is given, or else the one that ``config`` names, with every
    hypothesis checked; it counts anew, as it may have served an earlier run."""
    translator = given or load_configured(config, say=report.tell, progress=report.progress)
    opinion = (
        load_meaning(config.meaning, device=config.device) if given and config.meaning else None
    )
    engine = checked(translator, opinion)
    engine.begin()
    return engine


def _writers(given: Summariser | None, config: Config) -> Writers:
    """Return the writer that is given, or else those that ``config`` names; they count anew."""
    writers = Writers(given) if given else load_writers(config)
    writers.begin()
    return writers


def _windows(incoming: Incoming, config: Config, report: Report) -> Iterator[list[PreparedArticle]]:
    """Return the articles by windows, of which the first is here when this returns."""
    report.progress.begin("clean", 0)
    first_is_here = False

    def count() -> None:
        if not first_is_here:
            report.progress.advance()

    windows = translation.windows(incoming.articles(count), hurry=config.deadline is not None)
    first = next(windows, [])
    first_is_here = True
    if not incoming.found and not incoming.unread:
        names = ", ".join(str(path) for path in config.sources)
        raise InputError(f"{names}: no article here", remedy="Name files or a folder of them.")
    return chain([first], windows)


def _translated(
    windows: Iterable[list[PreparedArticle]],
    segments: translation.SegmentTranslator,
    incoming: Incoming,
    report: Report,
) -> Iterator[translation.Translated]:
    """Yield what became of the articles of each window, one after the other."""
    progress = segments.progress = Counted(
        report.progress, "translate", lambda: incoming.segments if incoming.finished else 0
    )
    for articles in windows:
        progress.advance(0)
        translated = segments.translate(articles)
        del articles  # They would stay until the next window is whole.
        yield translated


def _group(
    outgoing: Outgoing,
    folder: RunFolder,
    writers: Writers,
    time_is_up: Callable[[], bool],
    config: Config,
    terms: Terms,
) -> tuple[Sequence[Story], int, tuple[Spelling, ...]]:
    """Return the stories of the day, their bullets merged by a language model where there is one;
    how many of several sources were not, because time was up; and the names that are now spelt one
    way."""
    stories: Spill[Story] = Spill(folder.path)
    articles, apart, merger = outgoing.articles, 0, writers.merger
    places = {article.id: place for place, article in enumerate(articles)} if merger else {}
    for story in outgoing.day.stories(folder.earlier_stories(), config.sections):
        if merger is not None and not time_is_up():
            stories.append(merger.merge(story, [articles[places[i]] for i in story.articles]))
            continue
        apart += merger is not None and len(story.articles) > 1
        stories.append(story)
    one_way, spelt = _one_spelling(stories, articles, terms, folder)
    return one_way, apart, spelt


def _one_spelling(
    stories: Sequence[Story],
    articles: Sequence[TranslatedArticle],
    terms: Terms,
    folder: RunFolder,
) -> tuple[Sequence[Story], tuple[Spelling, ...]]:
    """Return ``stories`` with each name spelt one way, and the names that were not."""
    names = Spellings(terms.preferred)
    places = {article.id: place for place, article in enumerate(articles)}
    for story in stories:
        names.add(story, (articles[places[i]] for i in story.articles))
    found = names.settle()
    if not found:
        return stories, ()
    respelt: Spill[Story] = Spill(folder.path)
    for story in stories:
        respelt.append(names.respelt(story))
    return respelt, found


def _notices(
    translator: Checked,
    cache: Cache,
    terms: Terms,
    writers: Writers,
    outgoing: Outgoing,
    apart: int,
    news: News,
) -> Iterator[str]:
    """Yield the sentences that readers must see above the stories."""
    counts, articles, left = outgoing.counts, len(outgoing.articles), len(outgoing.left_over)
    if news.passed_over and not articles and not left:
        yield "Nothing new: earlier digests had all other articles, or they are too old."
    yield from news.notices()
    if translator.notice and articles:
        yield translator.notice
    yield from (*cache.warnings, *terms.warnings, *writers.notices)
    if counts["doubted"]:
        yield (
            f"{counts['doubted']} of {articles} articles may be in another language than they were "
            "taken for; the notes on their stories say which."
        )
    if unknown := list(outgoing.unknown_languages)[:_LISTED]:
        named = ", ".join(map(repr, unknown))
        yield f"Sources declare languages by names that nobody knows, and were not heeded: {named}."
    if counts["flagged"]:
        yield (
            f"{counts['flagged']} of {counts['segments']} sentences failed a check of their "
            "translation; bullets that rest on them say so."
        )
    if left:
        are = "is" if left == 1 else "are"
        yield f"Written at the deadline: {left} of the articles {are} not translated yet."
    if outgoing.hurried:
        yield (
            f"The deadline came before {outgoing.hurried} of {articles} articles were summarised: "
            "their briefs are made of their first sentences."
        )
    if apart:
        yield (
            "The deadline came before all bullets of several sources were merged: "
            f"{apart} of the stories show those of each source."
        )


def _publish(
    digest: Digest, folder: RunFolder, draft: Draft, templates: Path | None
) -> dict[str, Path]:
    """Write the digest's files and return where each is; none where nothing could be done and an
    earlier run of the day has left its digest, which stays."""
    if not digest.articles and (folder.path / "digest.html").exists():
        return {}
    draft.write("articles.jsonl", [])
    draft.write("digest.json", json_format.json_parts(digest))
    draft.write("digest.md", render.markdown_parts(digest, templates=templates))
    draft.write("digest.html", render.html_parts(digest, templates=templates))
    paths = {_KINDS[name]: path for name, path in draft.publish().items()}
    if digest.before:
        folder.link_from(digest.before)
    return paths


def _counts(
    incoming: Incoming, outgoing: Outgoing, digest: Digest, translator: Checked, terms: Terms
) -> dict[str, int]:
    return {
        "articles": len(digest.articles),
        "stories": len(digest.stories),
        **outgoing.counts,
        "failed": len(digest.failures),
        "left_over": len(outgoing.left_over),
        "duplicates": len(incoming.duplicates),
        "retried": translator.retried,
        "rescued": translator.rescued,
        "terms_applied": terms.applied,
        "terms_missed": terms.missed,
    }


def _recorded(
    digest: Digest,
    config: Config,
    counts: dict[str, int],
    report: Report,
    paths: dict[str, Path],
    duplicates: Sequence[Duplicate],
    news: News,
    folder: RunFolder,
) -> RunResult:
    """Write the record of the run, let ``latest`` point to it, and return its result."""
    timings = report.timings
    written = record(digest, config, counts, timings, duplicates, news.passed_over)
    # The record of a digest that stays, stays too.
    if paths:
        paths |= _tables(paths["articles"], config, report)
    paths["run"] = folder.write_json("run.json" if paths else FRUITLESS, written)
    if paths.keys() - {"run"}:
        folder.point_latest(dt.date.today())
        _prune(config, report)
        archive.publish(config.outputs)
    log.info("done: %s", counts)
    return RunResult(digest=digest, paths=paths, timings=timings, counts=counts)


def _tables(articles: Path, config: Config, report: Report) -> dict[str, Path]:
    """Write the articles as Parquet where that is asked for, else remove an earlier run's; a run
    that cannot do so is a good run."""
    table = articles.with_suffix(".parquet")
    try:
        if config.parquet:
            write_parquet(articles, table)
            return {"parquet": table}
        table.unlink(missing_ok=True)
    except OSError as error:
        report.tell(f"{table}: not written ({error.strerror or error}).")
    return {}


def _prune(config: Config, report: Report) -> None:
    """Remove the digests that are not to be kept; a run that cannot do so is a good run."""
    if config.keep is None:
        return
    try:
        prune_unlocked(config.outputs, config.keep, dt.date.today())
    except OutputError as error:
        report.tell(f"{error}. {error.remedy}")
