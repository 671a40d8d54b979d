"""The functions for notebooks and other programs: ``import toolkit``.

They do what the command line does, by the same stages, and show their results in a notebook.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from toolkit.config import Config
from toolkit.data import (
    Article,
    Brief,
    CleanText,
    PreparedArticle,
    RunResult,
    TranslatedArticle,
    Translation,
)
from toolkit.digest import views
from toolkit.errors import InputError
from toolkit.languages import ENGLISH, codes
from toolkit.progress import Progress
from toolkit.readers import collection
from toolkit.readers.base import article_id
from toolkit.runs import stages, translation
from toolkit.text import cleaning, segmentation
from toolkit.translators.checks.retry import Checked

views.register()


def load_articles(*paths: str | Path) -> list[Article]:
    """The articles in files and folders, in order, with the titles and authors that their pages
    show.

    Raises ``InputError`` for a path that does not exist, or when no file could be read, with
    the first reason. Files that cannot be read are left out; ``run`` reports each of them.
    """
    loaded = collection.load([Path(path) for path in paths])
    if not loaded.articles and loaded.failures:
        first = loaded.failures[0]
        raise InputError(f"{first.source}: {first.reason}", remedy=first.remedy)
    return [_titled(article) for article in loaded.articles]


def _titled(article: Article) -> Article:
    if article.title is not None:
        return article
    page = cleaning.clean(article.text)
    return replace(article, title=page.title, author=article.author or page.author)


def detect_language(text: str) -> str:
    """The FLORES-200 code of the language that ``text`` is in, ``guj_Gujr`` say."""
    from toolkit.languages import detection

    return detection.detect_language(text)


def clean(text: str, *, title: str | None = None) -> CleanText:
    """What a reader would call the article, and what was dropped, with reasons. ``title`` is the
    headline, if it is known."""
    return cleaning.clean(text, title=title)


def segment(text: str, language: str) -> list[str]:
    """Sentences of ``text``; joined, they are ``text`` again. ``language`` by any of its names."""
    return segmentation.segment(text, codes.resolve(language).code)


def prepare(article: Article, *, language: str | None = None) -> PreparedArticle:
    """Clean ``article``, detect its language unless it is given, and cut it into segments."""
    code = codes.resolve(language).code if language else None
    return stages.prepare(article, language=code)


def translator(
    model: str = "600M", *, engine: str = "auto", device: str = "auto", beam: int = 4
) -> Checked:
    """A translator with its weights loaded; the same arguments give the same one again."""
    return _translator(model, engine, device, beam)


@lru_cache(maxsize=2)
def _translator(model: str, engine: str, device: str, beam: int) -> Checked:
    from toolkit.translators.build import load_translator

    return load_translator(model, engine=engine, device=device, beam=beam)


def translate(
    texts: Sequence[str], *, source: str, target: str = "en", model: str = "600M"
) -> list[str]:
    """Translate each of ``texts`` by itself; languages by any of their names.

    A text should be one sentence. Raises ``UnknownLanguageError`` and ``ModelError``.
    """
    if isinstance(texts, str):
        raise InputError("texts is one string", remedy="Give a list of sentences.")
    hypotheses = translator(model).translate(
        texts, source=codes.resolve(source).code, target=codes.resolve(target).code
    )
    return [h.text for h in hypotheses]


def translate_article(
    article: Article | PreparedArticle, *, target: str = "en", model: str = "600M"
) -> TranslatedArticle:
    """Translate one article, sentence by sentence, with the flags of the checks."""
    prepared = article if isinstance(article, PreparedArticle) else stages.prepare(article)
    result = translation.translate([prepared], translator(model), target=codes.resolve(target).code)
    if result.failures:
        failure = result.failures[0]
        raise InputError(f"{failure.source}: {failure.reason}", remedy=failure.remedy)
    return result.articles[0]


def brief(article: TranslatedArticle, *, bullets: int = 4) -> Brief:
    """A headline and at most ``bullets`` bullets of ``article``, each citing its segments."""
    from toolkit.summarisers.extractive.summariser import Extractive

    return Extractive().summarise(article, bullets=bullets)


def summarise(english_text: str, *, bullets: int = 3) -> list[str]:
    """At most ``bullets`` bullets of a plain English text."""
    return [bullet.text for bullet in brief(english_article(english_text), bullets=bullets).bullets]


def english_article(text: str, source: str = "text") -> TranslatedArticle:
    """An English text as an article that needs no translation."""
    article = Article(id=article_id(None, text), source=source, text=text)
    if text.strip():
        prepared = stages.prepare(article, language=ENGLISH)
    else:
        prepared = PreparedArticle(article, ENGLISH, ())
    rows = tuple(Translation(s, s.text) for s in prepared.segments)
    return TranslatedArticle(prepared, rows)


def run(config: Config | None = None, *, progress: Progress | None = None) -> RunResult:
    """Make the digest of a day: ``config`` or the defaults, the environment and toolkit.toml."""
    from toolkit import pipeline
    from toolkit.config import load

    return pipeline.run(config or load(), progress=progress)
