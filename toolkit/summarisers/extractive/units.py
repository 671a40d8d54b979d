"""Makes of an article's sentences the texts that could be bullets."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from toolkit.data import ParagraphKind, TranslatedArticle, Translation
from toolkit.summarisers.extractive.days import Dateline, without_dateline
from toolkit.summarisers.extractive.groups import groups
from toolkit.summarisers.extractive.quotations import mend
from toolkit.summarisers.extractive.sentences import (
    Standing,
    standing,
    vagueness,
    without_connective,
)
from toolkit.summarisers.extractive.shorten import clip, shorten, tidy

# Words of a bullet: from the first number on it ranks lower, from the second it is clipped.
MAX_WORDS, LONGEST = 30, 60
# Characters of a sentence that are read: one that has more is none, but a text without full stops.
_READ = 1000

LEANING, NEVER, FLAGGED, _GROUPED = 1.0, 2.0, 0.8, 0.2
_STOPS = (".", "!", '."', '!"', ".”", "!”")


@dataclass(frozen=True, slots=True)
class Unit:
    """A text that could be a bullet: one sentence, or one with the sentence it leans on.

    ``place`` counts the sentences of the body from 0. ``doubt`` is 0 for a text that reads well by
    itself, and 1 or more for one to be shown only where there is nothing else. ``flagged`` says
    that a sentence in it failed a check of its translation. ``dateline`` is the day that stood
    before it.
    """

    text: str
    cites: tuple[int, ...]
    place: int
    doubt: float
    flagged: bool = False
    dateline: Dateline | None = None


def units(article: TranslatedArticle, most: int | None = None) -> list[Unit]:
    """Return every sentence of the body, and the pairs in which one leans on the one before it; of
    the first ``most`` sentences, if that is given.

    The body is the running text; of a page that has none, its list items, captions or headings.
    """
    spoken = [t for t in article.translations if any(map(str.isalnum, t.english))]
    body, opens = _body(spoken)
    body = body[:most]
    datelines = [
        without_dateline(" ".join(t.english[:_READ].split()), first=place == 0)
        for place, t in enumerate(body)
    ]
    texts = [text for text, _ in datelines]
    mended = mend([(t.segment.paragraph, text) for t, text in zip(body, texts, strict=True)])
    running = bool(body) and body[0].segment.kind == "text"
    found: list[Unit] = []
    before: Unit | None = None
    for place, (translation, raw, whole) in enumerate(zip(body, texts, mended, strict=True)):
        before = None if opens[place] else before
        single, stands = _single(translation, raw, whole, place, running)
        single = replace(single, dateline=datelines[place][1])
        found.append(single)
        if stands is Standing.LEANS and before is not None and whole is not None:
            found += _pair(before, single, whole)
        before = single if stands is Standing.ALONE else None
    order = [t.segment.index for t in body]
    return found + [_group(text, parts, order) for text, parts in groups(spoken[:most])]


def _group(text: str, parts: Sequence[Translation], order: Sequence[int]) -> Unit:
    """Return a list or an answer as one text; ``order`` are the indices of the body."""
    cites = tuple(t.segment.index for t in parts)
    flagged = any(t.doubtful for t in parts)
    return Unit(text, cites, bisect_left(order, cites[0]), _GROUPED, flagged=flagged)


def _pair(before: Unit, leaning: Unit, whole: str) -> list[Unit]:
    """Return the two sentences as one text, if it is short enough. The connective stays: here it
    has something to connect to."""
    text = f"{before.text} {shorten(tidy(whole), MAX_WORDS)}"
    if not before.text.endswith(_STOPS) or len(text.split()) > MAX_WORDS:
        return []
    cites, doubt = before.cites + leaning.cites, max(before.doubt, leaning.doubt - LEANING)
    flagged = before.flagged or leaning.flagged
    return [replace(before, text=text, cites=cites, doubt=doubt, flagged=flagged)]


def _single(
    translation: Translation, raw: str, whole: str | None, place: int, running: bool
) -> tuple[Unit, Standing]:
    cites = (translation.segment.index,)
    text = without_connective(tidy(whole or raw))
    stands = standing(text) if whole is not None else Standing.NEVER
    if not running and not text.endswith(("?", ":")):
        stands = Standing.ALONE
    text = clip(shorten(text, MAX_WORDS), LONGEST)
    doubt = {Standing.ALONE: 0.0, Standing.LEANS: LEANING, Standing.NEVER: NEVER}[stands]
    flagged = translation.doubtful
    doubt += FLAGGED * flagged + 0.5 * vagueness(text)
    if stands is Standing.ALONE:
        doubt = min(doubt, 0.9)
    return Unit(text, cites, place, doubt, flagged=flagged), stands


def _body(spoken: Sequence[Translation]) -> tuple[list[Translation], list[bool]]:
    """Return the translations that bullets are made of, and whether a heading stands before
    each."""
    preferred: tuple[ParagraphKind, ...] = (
        "text",
        "list",
        "caption",
        "heading",
    )
    kind = next((k for k in preferred if any(t.segment.kind == k for t in spoken)), None)
    before = [None, *(t.segment.kind for t in spoken)]
    pairs = [
        (t, kind != "heading" and last == "heading")
        for t, last in zip(spoken, before, strict=False)
        if t.segment.kind == kind
    ]
    return [t for t, _ in pairs], [opens for _, opens in pairs]
