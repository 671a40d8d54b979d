"""Finds the sentences that say something only together: a list with the sentence that announces it,
a question of an interview with its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise, takewhile

from toolkit.data import Translation
from toolkit.summarisers.extractive.quotations import balanced
from toolkit.summarisers.extractive.shorten import has_verb

# Words of such a text, and sentences or items that are looked at for it.
_MOST_WORDS, _MOST_PARTS = 50, 12
# Questions that make an interview of a text that does not show otherwise that it is one.
_QUESTIONS = 2
# Words of a question: a paragraph that ends in one is longer.
_QUESTION_WORDS = 30

# Words of a sentence that announces a list: "Related:" is none.
_LEAST_WORDS = 4

_MARKER = re.compile(r"^(?:[-–—•▪●◦*·]|\(?\w{1,2}[.)])\s+")
_LABEL = re.compile(r"^(?:q(?:uestion)?|a(?:nswer)?) ?\d{0,2} ?[:.)]\s*", re.IGNORECASE)
_ASKED = re.compile(r"^(?:q(?:uestion)?) ?\d{0,2} ?[:.)]|^[\"“«„]", re.IGNORECASE)
_QUOTES = re.compile('["“”„«»]')

# A text and the translations that it is made of.
Group = tuple[str, list[Translation]]


def groups(spoken: Sequence[Translation]) -> Iterator[Group]:
    """Yield the lists and the answers among the translations of an article."""
    for at, opening in enumerate(spoken):
        if _announces(opening):
            following = spoken[at + 1 : at + 1 + _MOST_PARTS]
            yield from _list(opening, following)
    yield from _answers(spoken)


def _announces(opening: Translation) -> bool:
    text = _plain(opening)
    return text.endswith(":") and len(text.split()) >= _LEAST_WORDS and has_verb(text)


def _list(opening: Translation, following: Sequence[Translation]) -> Iterator[Group]:
    """Yield the sentence that announces a list with as many items as there is room for."""
    listed = list(takewhile(lambda t: t.segment.kind == "list", following))
    items = listed or _paragraphs_of_one(following)
    said = [_MARKER.sub("", _plain(item)).rstrip(".;, ") for item in items]
    fitting = _fitting([_plain(opening), *said]) - 1
    if fitting > 0:
        whole = fitting == len(said) and len(said) < _MOST_PARTS
        text = f"{_plain(opening)} {'; '.join(said[:fitting])}"
        yield text + ("." if whole else " …"), [opening, *items[:fitting]]


def _paragraphs_of_one(following: Sequence[Translation]) -> list[Translation]:
    """Return the first of ``following`` that are a paragraph each, if they are several."""
    found: list[Translation] = []
    for _, paragraph in groupby(following, key=lambda t: t.segment.paragraph):
        first, *rest = paragraph
        if rest or first.segment.kind != "text" or _plain(first).endswith((":", "?")):
            break
        found.append(first)
    return found if len(found) > 1 else []


def _answers(spoken: Sequence[Translation]) -> Iterator[Group]:
    """Yield each question of an interview with the beginning of its answer."""
    paragraphs = [list(p) for _, p in groupby(spoken, key=lambda t: t.segment.paragraph)]
    pairs = [
        (asked, answer)
        for asked, answer in pairwise(paragraphs)
        if _asks(asked) and answer[0].segment.kind == "text" and not _asks(answer)
    ]
    sure = any(_ASKED.match(_plain(asked[0])) for asked, _ in pairs)
    if len(pairs) < _QUESTIONS and not sure:
        return
    for asked, answer in pairs:
        said = [_LABEL.sub("", _plain(t)) for t in answer[:_MOST_PARTS]]
        question = _LABEL.sub("", " ".join(map(_plain, asked)))
        fitting = _fitting([question, *said]) - 1
        if fitting > 0:
            text = " ".join(said[:fitting])
            text = text if balanced(text) else _QUOTES.sub("", text)
            yield f"{question} – {text}", [*asked, *answer[:fitting]]


def _asks(paragraph: Sequence[Translation]) -> bool:
    """Say whether a paragraph is a question and hardly more."""
    text = _plain(paragraph[-1]).rstrip('"”’»* ')
    short = sum(len(_plain(t).split()) for t in paragraph) <= _QUESTION_WORDS
    return text.endswith(("?", "؟", "？")) and short and paragraph[0].segment.kind != "title"


def _fitting(parts: Sequence[str]) -> int:
    """Return how many of ``parts``, from the first on, have room in one text."""
    total, count = 0, 0
    for part in parts:
        total += len(part.split())
        if total > _MOST_WORDS:
            break
        count += 1
    return count


def _plain(translation: Translation) -> str:
    # Of a text without full stops no more than the beginning is read.
    return " ".join(translation.english[:1000].split())
