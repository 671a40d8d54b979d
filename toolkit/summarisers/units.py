"""From the sentences of an article to what could be shown as a bullet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.data import ParagraphKind, TranslatedArticle, Translation
from toolkit.summarisers.quotations import mend
from toolkit.summarisers.sentences import Standing, standing, vagueness, without_connective
from toolkit.summarisers.shorten import shorten, tidy

MAX_WORDS = 30


@dataclass(frozen=True, slots=True)
class Unit:
    """A text that could be a bullet: one sentence, or one with the sentence it leans on.

    ``place`` counts the sentences of the body from 0. ``doubt`` is 0 for a text that reads
    well by itself, and 1 or more for one to be shown only where there is nothing else.
    """

    text: str
    cites: tuple[int, ...]
    place: int
    doubt: float


def units(article: TranslatedArticle) -> list[Unit]:
    """Every sentence of the body, and the pairs in which one leans on the one before it."""
    body = _body(article.translations)
    texts = [" ".join(t.english.split()) for t in body]
    mended = mend([(t.segment.paragraph, text) for t, text in zip(body, texts, strict=True)])
    found: list[Unit] = []
    before: Unit | None = None
    for place, (translation, raw, whole) in enumerate(zip(body, texts, mended, strict=True)):
        cites = (translation.segment.index,)
        flaw = 0.5 * bool(translation.flags)
        if whole is None:
            found.append(Unit(shorten(tidy(raw), MAX_WORDS), cites, place, 2.0 + flaw))
            before = None
            continue
        tidied = tidy(whole)
        text = without_connective(tidied)
        stands = standing(text)
        text = shorten(text, MAX_WORDS)
        if stands is Standing.ALONE:
            unit = Unit(text, cites, place, flaw + _doubt(text))
            found.append(unit)
            before = unit
            continue
        found.append(Unit(text, cites, place, flaw + (1.0 if stands is Standing.LEANS else 1.5)))
        if stands is Standing.LEANS and before is not None:
            pair = f"{before.text} {shorten(tidied, MAX_WORDS)}"
            if len(pair.split()) <= MAX_WORDS:
                doubt = before.doubt + flaw
                found.append(Unit(pair, before.cites + cites, before.place, doubt))
        before = None
    return found


def _doubt(text: str) -> float:
    excess = max(0, len(text.split()) - MAX_WORDS)
    return vagueness(text) * 0.5 + min(1.0, excess / 20)


def _body(translations: Sequence[Translation]) -> list[Translation]:
    spoken = [t for t in translations if t.english.strip()]
    preferred: tuple[ParagraphKind, ...] = ("text", "list", "caption", "heading", "title")
    for kind in preferred:
        of_kind = [t for t in spoken if t.segment.kind == kind]
        if of_kind:
            return of_kind
    return []
