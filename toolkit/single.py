"""Files one at a time: what ``toolkit translate`` and ``toolkit summarise`` do with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toolkit import languages, stages
from toolkit.cache import Cache
from toolkit.config import ENGLISH, Config
from toolkit.data import (
    Article,
    Brief,
    Failure,
    PreparedArticle,
    TranslatedArticle,
    Translation,
)
from toolkit.errors import InputError, OutputError, ToolkitError
from toolkit.progress import Progress
from toolkit.readers.formats import read as read_bytes
from toolkit.store import load
from toolkit.summarisers.base import Summariser
from toolkit.translators.build import load_translator


def read(names: Sequence[str], stdin: bytes) -> tuple[list[Article], list[Failure]]:
    """The articles in the files ``names``, ``-`` standing for ``stdin``, and what failed."""
    articles: list[Article] = []
    failures: list[Failure] = []
    for name in names:
        if name == "-":
            items = read_bytes(stdin, "stdin")
        else:
            try:
                loaded = load([Path(name)])
            except InputError as error:
                reason = str(error).removeprefix(f"{name}: ")
                failures.append(Failure(name, "read", reason, error.remedy))
                continue
            items = [*loaded.articles, *loaded.failures]
        for item in items:
            if isinstance(item, Failure):
                failures.append(item)
            else:
                articles.append(item)
    return articles, failures


class TranslateJob:
    """Translate articles between two languages, through the cache.

    The languages are settled on construction, so that a typing error costs no loading.
    """

    def __init__(self, config: Config, *, source: str | None, target: str) -> None:
        self.config = config
        self.source = languages.resolve(source).code if source else None
        self.target = languages.resolve(target).code
        self.notice = ""

    def run(
        self, articles: Sequence[Article], progress: Progress
    ) -> tuple[list[TranslatedArticle], list[Failure]]:
        """Each article in the target language, in order, and what failed."""
        config = self.config
        prepared, failures = _prepare(articles, self.source)
        progress.begin("load model", 0)
        translator = load_translator(
            config.model, engine=config.engine, device=config.device, beam=config.beam
        )
        self.notice = translator.notice
        progress.begin("translate", sum(len(p.segments) for p in prepared))
        cache = Cache(config.cache)
        try:
            result = stages.translate(
                prepared, translator, cache, target=self.target, progress=progress
            )
        finally:
            cache.close()
        return result.articles, [*failures, *result.failures]


def _prepare(
    articles: Sequence[Article], language: str | None
) -> tuple[list[PreparedArticle], list[Failure]]:
    prepared: list[PreparedArticle] = []
    failures: list[Failure] = []
    for article in articles:
        try:
            prepared.append(stages.prepare(article, language=language))
        except ToolkitError as error:
            reason = str(error).removeprefix(f"{article.source}: ")
            failures.append(Failure(article.source, "clean", reason, error.remedy))
    return prepared, failures


def summarise(
    articles: Sequence[Article], summariser: Summariser, *, bullets: int
) -> tuple[list[Brief], list[Failure]]:
    """A brief of each English article; one in another language is a failure."""
    prepared, failures = _prepare(articles, None)
    english: list[TranslatedArticle] = []
    for article in prepared:
        if article.language != ENGLISH:
            name = languages.get(article.language).name
            failures.append(
                Failure(
                    article.article.source,
                    "summarise",
                    f"the text is not English but {name}",
                    "Translate it first: toolkit translate FILE | toolkit summarise -",
                )
            )
            continue
        rows = tuple(Translation(s, s.text) for s in article.segments)
        english.append(TranslatedArticle(article, rows))
    briefs, failed = stages.summarise(english, summariser, bullets=bullets)
    return briefs, [*failures, *failed]


def write(path: Path, text: str) -> None:
    """Write ``text`` to the file that the user named."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error})",
            remedy="Name another file with -o.",
        ) from None
