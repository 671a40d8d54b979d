"""Files one at a time: what ``toolkit translate`` and ``toolkit summarise`` do with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from toolkit.config import Config
from toolkit.data import Article, Brief, Failure, PreparedArticle, TranslatedArticle, Translation
from toolkit.errors import InputError, OutputError, ToolkitError
from toolkit.languages import ENGLISH, codes
from toolkit.progress import Progress
from toolkit.readers.collection import load
from toolkit.readers.formats import read_stream
from toolkit.readers.paths import STDIN
from toolkit.runs import stages
from toolkit.runs.cache import Cache
from toolkit.storage import write_whole
from toolkit.summarisers.base import Summariser
from toolkit.translators.build import load_translator


def read(names: Sequence[str], stdin: bytes) -> tuple[list[Article], list[Failure]]:
    """The articles in ``names``, files or folders and ``-`` for ``stdin``, in order, and what
    failed. Each article and each failure comes once, where it comes first."""
    articles: dict[str, Article] = {}
    failures: dict[Failure, None] = {}
    for name in names:
        for item in _read_one(name, stdin):
            if isinstance(item, Failure):
                failures[item] = None
            else:
                articles.setdefault(item.id, item)
    return list(articles.values()), list(failures)


def _read_one(name: str, stdin: bytes) -> list[Article | Failure]:
    if name == "-":
        return read_stream(stdin, "stdin")
    path = Path(name)
    try:
        loaded = load([path.absolute() if path == STDIN else path])
    except InputError as error:
        reason = str(error).removeprefix(f"{path}: ")
        return [Failure(name, "read", reason, error.remedy)]
    return [*loaded.articles, *loaded.failures]


class TranslateJob:
    """Translate articles between two languages, through the cache.

    The languages are settled on construction, so that a typing error costs no loading.
    """

    def __init__(self, config: Config, *, source: str | None, target: str) -> None:
        self.config = config
        self.source = codes.resolve(source).code if source else None
        self.target = codes.resolve(target).code
        self.notice = ""

    def run(
        self, articles: Sequence[Article], progress: Progress, say: Callable[[str], None]
    ) -> tuple[list[TranslatedArticle], list[Failure]]:
        """Each article in the target language, in order, and what failed. ``say`` is told of a
        download, and of a cache that cannot be used."""
        config = self.config
        prepared, failures = _prepare(articles, self.source)
        progress.begin("load model", 0)
        translator = load_translator(
            config.model,
            engine=config.engine,
            device=config.device,
            beam=config.beam,
            say=say,
            progress=progress,
        )
        self.notice = translator.notice
        progress.begin("translate", sum(len(p.segments) for p in prepared))
        cache = Cache(config.cache, say=say)
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
            name = codes.get(article.language).name
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
    """Write ``text`` to the file that the user named: whole, or not at all. A link stays one;
    into what is no file, such as a pipe, the text is written as it is."""
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8", errors="replace")
        else:
            write_whole(target, [text])
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error})",
            remedy="Name another file with -o.",
        ) from None
