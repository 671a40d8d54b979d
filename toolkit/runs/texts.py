"""Translates texts by themselves, as the sentences of articles are translated."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from toolkit.data import (
    Article,
    PreparedArticle,
    Segment,
    TranslatedArticle,
    TranslatedText,
    Translation,
)
from toolkit.errors import InputError
from toolkit.languages import ENGLISH, detection
from toolkit.progress import Progress
from toolkit.readers.base import article_id
from toolkit.runs import stages, translation
from toolkit.terminology.terms import Terms
from toolkit.text.segmentation import segment
from toolkit.translators.base import Translator


def translate_texts(
    texts: Sequence[str | None],
    name: Callable[[int], str],
    load: Callable[[], Translator],
    *,
    source: str | None,
    terms: Terms,
    progress: Progress,
) -> list[TranslatedText | None]:
    """Return the translation of each of ``texts``, None of those that are None, into the language
    of ``terms``.

    Without a ``source`` the language of each is detected, from itself alone: so a text
    comes out the same whatever stands beside it. ``load`` is called for the translator once the
    texts are known to be good. Raises ``InputError``, which calls row n ``name(n)``.
    """
    there = [(number, text) for number, text in enumerate(texts) if text is not None]
    languages = [source or _language(text, name, number) for number, text in there]
    articles = [
        PreparedArticle(
            Article(id=str(number), source=name(number), text=text),
            # What has no letters is the same in every language.
            language or terms.target,
            (Segment(str(number), 0, 0, text),),
        )
        for (number, text), language in zip(there, languages, strict=True)
    ]
    translator = load()
    progress.begin("translate", len(articles))
    found = translation.translate(
        articles, translator, target=terms.target, progress=progress, terms=terms
    )
    if found.failures:
        failure = found.failures[0]
        raise InputError(f"{failure.source}: {failure.reason}", remedy=failure.remedy)
    results: list[TranslatedText | None] = [None] * len(texts)
    for (number, text), language, article in zip(there, languages, found.articles, strict=True):
        (row,) = article.translations
        results[number] = TranslatedText(
            text, row.english, language, row.flags, row.score, row.corrected
        )
    return results


def _language(text: str, name: Callable[[int], str], number: int) -> str | None:
    """Return the language of the text of row ``number``, None if it has no letters."""
    if not any(map(str.isalpha, text)):
        return None
    try:
        return detection.detect_language(text)
    except InputError as error:
        raise InputError(f"{name(number)}: {error}", remedy=error.remedy) from None


def plain_article(text: str, language: str) -> PreparedArticle:
    """Return the sentences of ``text`` as an article of which nothing is left out, a line a
    paragraph."""
    article = Article(article_id(None, text), "text", text, language=language)
    lines = [line for line in text.splitlines() if line.strip()]
    found = ((n, s.strip()) for n, line in enumerate(lines) for s in segment(line, language))
    rows = enumerate((n, sentence) for n, sentence in found if sentence)
    segments = tuple(Segment(article.id, index, n, s, n + 1) for index, (n, s) in rows)
    return PreparedArticle(article, language, segments)


def english_article(text: str) -> TranslatedArticle:
    """Return an English text as an article that needs no translation."""
    article = Article(id=article_id(None, text), source="text", text=text)
    if text.strip():
        prepared = stages.prepare(article, language=ENGLISH)
    else:
        prepared = PreparedArticle(article, ENGLISH, ())
    rows = tuple(Translation(s, s.text) for s in prepared.segments)
    return TranslatedArticle(prepared, rows)
