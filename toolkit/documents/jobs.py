"""The articles of a file: how ``toolkit translate`` and ``toolkit summarise`` process them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from toolkit.config import Config
from toolkit.data import Article, Brief, Failure, PreparedArticle, TranslatedArticle, Translation
from toolkit.documents import files
from toolkit.documents.base import Task
from toolkit.documents.targets import Wanted, plan
from toolkit.documents.translation import FileTranslator, Outcome
from toolkit.documents.translation import detect as detect_document
from toolkit.errors import ConfigError, ToolkitError
from toolkit.languages import ENGLISH, codes, detection
from toolkit.languages.detection import Detection
from toolkit.progress import Progress
from toolkit.runs import stages, translation
from toolkit.runs.cache import Cache
from toolkit.summarisers.base import Summariser
from toolkit.terminology.terms import load_terms
from toolkit.translators.build import load_configured


class TranslateJob:
    """Translates articles from one language into another, through the cache.

    The constructor raises ``UnknownLanguageError``: a mistyped language costs no loading.
    """

    def __init__(self, config: Config, *, source: str | None, target: str) -> None:
        self.config = config
        self.source = codes.resolve(source).code if source else None
        self.target = codes.resolve(target).code
        self.notice = ""

    def run(
        self, articles: Sequence[Article], progress: Progress, say: Callable[[str], None]
    ) -> tuple[list[TranslatedArticle], list[Failure]]:
        """Each article in the target language, in order, and the failures. ``say`` is called
        with messages for the user: of a download, of a cache that cannot be used."""
        prepared, failures = _prepare(articles, self.source)
        with self.translator(progress, say) as segments:
            progress.begin("translate", sum(len(p.segments) for p in prepared))
            result = translation.Translated()
            for window in translation.windows(prepared):
                result.add(segments.translate(window))
        return result.articles, [*failures, *result.failures]

    def run_files(
        self,
        tasks: Sequence[Task],
        progress: Progress,
        say: Callable[[str], None],
        *,
        write: bool,
    ) -> Iterator[Outcome]:
        """Yield the outcome of each file, which keeps its form; unless they are to be written,
        with its sentences."""
        with self.translator(progress, say) as segments:
            progress.begin("translate", 0)
            translator = FileTranslator(
                segments,
                source=self.source,
                target=self.target,
                write=write,
                keep_rows=not write,
            )
            yield from translator.run(tasks)

    @contextmanager
    def translator(
        self, progress: Progress, say: Callable[[str], None]
    ) -> Iterator[translation.SegmentTranslator]:
        """Yield a translator of segments with the user's cache and terms."""
        config = self.config
        terms = load_terms(config, target=self.target)
        progress.begin("load model", 0)
        translator = load_configured(config, say=say, progress=progress)
        self.notice = translator.notice
        cache = Cache(config.cache, say=say, limit=config.cache_size)
        try:
            yield translation.SegmentTranslator(
                translator, cache, target=self.target, progress=progress, terms=terms
            )
        finally:
            cache.close()
        for warning in terms.warnings:
            say(warning)


def detect(
    names: Sequence[str], stdin: bytes, *, allow_private: bool
) -> tuple[list[tuple[str, Detection]], list[Failure]]:
    """The language of each article and document that ``names`` stand for, and the failures."""
    found: list[tuple[str, Detection]] = []
    failures: list[Failure] = []
    made = plan(names, Wanted(force=True))
    for path in dict.fromkeys(task.source for task in made.tasks):
        try:
            found.append((str(path), detect_document(path)))
        except ToolkitError as error:
            failures.append(_failure(str(path), error))
    articles, unread = files.read(made.rest, stdin, allow_private=allow_private)
    for article in articles:
        try:
            found.append(
                (article.source, detection.detect(article.text, declared=article.language))
            )
        except ToolkitError as error:
            failures.append(_failure(article.source, error))
    return found, [*made.failures, *failures, *unread]


def _failure(source: str, error: ToolkitError) -> Failure:
    reason = str(error).removeprefix(f"{source}: ")
    return Failure(source, "detect", reason, error.remedy)


def summarise(
    articles: Sequence[Article], summariser: Summariser, *, bullets: int
) -> tuple[list[Brief], list[Failure]]:
    """A brief of each English article, and the failures; an article in another language is one."""
    prepared, failures = _prepare(articles, None)
    english: list[TranslatedArticle] = []
    for article in prepared:
        if article.language == ENGLISH:
            unchanged = tuple(Translation(s, s.text) for s in article.segments)
            english.append(TranslatedArticle(article, unchanged))
        else:
            reason = f"the text is not English but {codes.get(article.language).name}"
            remedy = "Translate it first: toolkit translate FILE | toolkit summarise -"
            failures.append(Failure(article.article.source, "summarise", reason, remedy))
    briefs, failed = stages.summarise(english, summariser, bullets=bullets)
    return briefs, [*failures, *failed]


def _prepare(
    articles: Sequence[Article], language: str | None
) -> tuple[list[PreparedArticle], list[Failure]]:
    """The articles cleaned and segmented, in ``language`` or the one detected, and the failures."""
    prepared: list[PreparedArticle] = []
    failures: list[Failure] = []
    for article in articles:
        try:
            prepared.append(stages.prepare(article, language=language))
        except ConfigError:
            raise
        except ToolkitError as error:
            reason = str(error).removeprefix(f"{article.source}: ")
            failures.append(Failure(article.source, "clean", reason, error.remedy))
    return prepared, failures
