"""Arranges the articles of a digest and their sentences for a page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from toolkit.data import TranslatedArticle, Translation
from toolkit.digest.safe_text import clean
from toolkit.digest.wording import published, source_link, source_name, time_of
from toolkit.errors import UnknownLanguageError
from toolkit.languages import codes
from toolkit.terminology.terms import EXPLANATION, MISSING
from toolkit.translators.checks.rules import EXPLANATIONS

_PLACES = {"title": "headline", "heading": "heading", "caption": "caption"}


@dataclass(frozen=True, slots=True)
class LanguageLabel:
    """The name of a language, its BCP-47 ``tag`` and its ``direction`` (``ltr``, ``rtl``, or
    ``auto`` where it is unknown)."""

    name: str
    tag: str
    direction: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a sentence's English; ``cited`` if a bullet has these words."""

    text: str
    cited: bool = False


@dataclass(frozen=True, slots=True)
class Sentence:
    """A segment and its English, which is empty where the original is English. ``warnings`` are
    the findings of its checks in words; ``corrected`` tells that a reader wrote the English.
    ``parts`` are its English, or its original if that is English, beside a bullet."""

    anchor: str
    place: str
    number: int
    kind: str
    original: str
    english: str
    warnings: tuple[str, ...]
    corrected: bool = False
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """An article. ``link`` is empty unless it has a web address; ``publisher``, ``author`` and
    ``published`` are empty where they are unknown; ``moment`` is when it was published."""

    number: int
    name: str
    path: str
    link: str
    language: LanguageLabel
    title: str
    original_title: str
    author: str
    published: str
    publisher: str
    sentences: tuple[Sentence, ...]
    moment: tuple[dt.datetime, bool] | None = None


@lru_cache(maxsize=512)
def language_label(name: str | None) -> LanguageLabel:
    """Return the label of the language that goes by ``name``, a code or a name."""
    try:
        language = codes.resolve(name or "")
    except UnknownLanguageError:
        return LanguageLabel(clean(name or "") or "unknown language", "und", "auto")
    # The table has Modern Standard Arabic and Western Persian, readers say Arabic and Persian. A
    # two-letter tag tells that the plain name means this variety.
    plain = (a for a in language.aliases if language.name.endswith(f" {a}"))
    shown = next(plain, language.name) if len(language.bcp47) == 2 else language.name
    return LanguageLabel(shown, language.bcp47, language.direction)


def arrange_source(number: int, article: TranslatedArticle) -> Source:
    prepared = article.prepared
    original = clean(article.original_title or "")
    title = clean(article.title or "")
    return Source(
        number=number,
        name=source_name(article.source, prepared.article.publisher),
        path=clean(article.source),
        link=source_link(article.source),
        language=language_label(article.language),
        title="" if title == original else title,
        original_title=original,
        author=clean(prepared.author or ""),
        published=published(prepared.article.published or ""),
        publisher=clean(prepared.article.publisher or ""),
        moment=time_of(prepared.article.published or ""),
        sentences=tuple(_segment(number, t) for t in article.translations),
    )


def _segment(article: int, translation: Translation) -> Sentence:
    segment = translation.segment
    original, english = clean(segment.text), clean(translation.english)
    number = segment.index + 1
    return Sentence(
        anchor=f"a{article}s{number}",
        place=_PLACES.get(segment.kind, f"sentence {number}"),
        number=number,
        kind=segment.kind,
        original=original,
        english="" if english == original else english,
        warnings=tuple(explain(flag) for flag in translation.flags),
        corrected=translation.corrected,
    )


def explain(flag: str) -> str:
    """Return the finding of a check in words."""
    return EXPLANATION if flag == MISSING else EXPLANATIONS.get(flag, clean(flag))
