"""Cuts a unit into sentences, and tells which of its marks each has."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from toolkit.documents.base import OBJECT, Mark, Unit
from toolkit.text.segmentation import segment
from toolkit.translators.checks.verbatim import kept_spans

# Placeholders beyond those that the checks know: of printf with flags and positions, of Ruby.
_PLACEHOLDER = re.compile(
    r"(?<![\d%])%(?:\d{1,2}\$)?[-+#0]{0,3}\d{0,3}(?:\.\d{1,2})?(?:hh?|ll?|[zjt])?[diouxXeEfgGcsrp@]\b"
    r"|%%|%\{\w+\}|%\w+%|\$\{[\w.]+\}|\{\{[^{}]*\}\}|\{%[^%]*%\}|\{[\w.]*(?:[:!][^{}]{1,20})?\}"
)
WORDS = re.compile(r"\w+")
_TABS = re.compile(r"(\t+)")
_SPACES = re.compile(r" {2,}")
# Marks of one sentence whose words are looked for: a page of a few kilobytes may have thousands,
# one in another. Those beyond are on all of the sentence.
MOST_MARKS = 50
# Characters of a text whose marks are found together.
_STRETCH = 256


class Sentence(NamedTuple):
    """A sentence of a unit: where it is in its text, and its text without objects."""

    start: int
    end: int
    text: str


def sentences(unit: Unit, language: str) -> list[Sentence]:
    """Return the sentences of a unit in order. None begins or ends inside of kept text."""
    at = [n for n, char in enumerate(unit.text) if char != OBJECT]
    found: list[Sentence] = []
    position = 0
    for chunk in _TABS.split(unit.text.replace(OBJECT, "")):
        for piece in segment(chunk, language):
            if text := piece.strip():
                first = position + len(piece) - len(piece.lstrip())
                _add(found, at[first], at[first + len(text) - 1] + 1, unit)
            position += len(piece)
    return found


def _add(found: list[Sentence], start: int, end: int, unit: Unit) -> None:
    """Append a sentence, joined to the last where kept text goes from one into the other."""
    before = found[-1].end if found else start
    kept = (m for m in marks_over(unit, start, end) if m.kind == "kept")
    if found and any(m.start < before for m in kept):
        start = found.pop().start
    found.append(Sentence(start, end, plain(unit.text[start:end])))


def plain(text: str) -> str:
    return _SPACES.sub(" ", text.replace(OBJECT, "")).strip()


def is_kept(unit: Unit, sentence: Sentence) -> bool:
    """Return whether a sentence has no letter outside of what stays as it is."""
    covered = {n for mark in kept_marks(unit, sentence) for n in range(mark.start, mark.end)}
    letters = (n for n in range(sentence.start, sentence.end) if unit.text[n].isalpha())
    return all(n in covered for n in letters)


def phrases(unit: Unit, sentence: Sentence) -> list[str]:
    """Return the marked words of a sentence whose English is needed to find them in its English."""
    over = marks_over(unit, sentence.start, sentence.end)
    spans = (clipped(unit, sentence, m) for m in over if m.kind == "wrap")
    parts = (plain(unit.text[a:b]) for a, b in spans if a < b)
    worded = (part for part in parts if WORDS.search(part) and part != sentence.text)
    return list(islice(worded, MOST_MARKS))


def kept_marks(unit: Unit, sentence: Sentence) -> list[Mark]:
    """Return the kept text within a sentence, placeholders and addresses included, in order."""
    marks = [
        m
        for m in marks_over(unit, sentence.start, sentence.end)
        if m.kind == "kept" and sentence.start <= m.start < m.end <= sentence.end
    ]
    text = unit.text[sentence.start : sentence.end]
    spans = [*kept_spans(text), *(m.span() for m in _PLACEHOLDER.finditer(text))]
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        start, end = start + sentence.start, end + sentence.start
        if OBJECT not in unit.text[start:end] and not any(
            start < m.end and m.start < end for m in marks
        ):
            marks.append(Mark(start, end, None, "kept"))
    return sorted(marks, key=lambda m: m.start)


def clipped(unit: Unit, sentence: Sentence, mark: Mark) -> tuple[int, int]:
    """Return the part of a mark that is within a sentence, without white space around it."""
    start, end = max(mark.start, sentence.start), min(mark.end, sentence.end)
    while start < end and unit.text[start].isspace():
        start += 1
    while start < end and unit.text[end - 1].isspace():
        end -= 1
    return start, end


@lru_cache(maxsize=4)
def _index(unit: Unit) -> dict[int, list[Mark]]:
    """Return the marks over each stretch of a unit's text, the outer ones first: a paragraph may
    have thousands of them."""
    found: dict[int, list[Mark]] = {}
    for mark in sorted(unit.marks, key=lambda m: (m.start, -m.end)):
        for stretch in range(mark.start // _STRETCH, (mark.end - 1) // _STRETCH + 1):
            found.setdefault(stretch, []).append(mark)
    return found


def marks_over(unit: Unit, start: int, end: int) -> list[Mark]:
    """Return the marks on any of the characters ``start`` to ``end``, the outer ones first."""
    index = _index(unit)
    stretches = range(start // _STRETCH, (end - 1) // _STRETCH + 1)
    near = dict.fromkeys(mark for n in stretches for mark in index.get(n, ()))
    return [m for m in near if m.start < end and m.end > start]
