"""Carries the inline marks of a unit over to the English of its sentences.

A mark is put on the English words that are sure to be its own: all of them where it is on a whole
sentence, the same number, name or address, or the English of its words where the sentence has that.
Otherwise its words stand in brackets at the end of the sentence, with the mark. Text that must stay
as it is (code, placeholders) is in the English exactly as often as in the source.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any

from toolkit.data import Translation
from toolkit.documents.base import OBJECT, English, Mark, Run, Unit
from toolkit.documents.sentences import (
    MOST_MARKS,
    WORDS,
    Sentence,
    clipped,
    kept_marks,
    marks_over,
    plain,
)

_BETWEEN = r"\W+"
# Marks at the end of a sentence.
_ENDS = ".!?…,;: "
_ARTICLES = frozenset({"the", "a", "an"})
# Characters of a word that must be equal where an ending may differ, at least.
_STEM = 4


def composed(
    unit: Unit,
    found: Sequence[Sentence],
    english: Sequence[Translation],
    phrase_english: Mapping[str, str],
) -> English:
    """Return the English of a unit from that of its sentences and of their marked phrases."""
    runs: list[Run] = []
    position, moved = 0, 0
    for number, (sentence, translation) in enumerate(zip(found, english, strict=True)):
        gap = _unchanged(unit, position, sentence.start)
        runs += gap
        if number and not any(char.isspace() for run in gap for char in run.text):
            # Languages without spaces have none between sentences either.
            over = (m for m in marks_over(unit, sentence.start, sentence.end) if m.kind == "wrap")
            wraps = tuple(m for m in over if m.start < position)
            runs.append(Run(" ", wraps))
        if translation.english == sentence.text:
            runs += _unchanged(unit, sentence.start, sentence.end)
        else:
            carried = _Carried(unit, sentence, translation.english, phrase_english)
            runs += carried.runs()
            moved += carried.moved
        position = sentence.end
    runs += _unchanged(unit, position, len(unit.text))
    return English(tuple(_joined(runs)), any(row.doubtful for row in english), moved)


def _joined(runs: Sequence[Run]) -> Iterator[Run]:
    """Yield runs, those that follow one another with the same marks as one."""
    for (kept, wraps), group in groupby(runs, key=lambda run: (run.kept, run.wraps)):
        if kept is None:
            yield Run("".join(run.text for run in group), wraps)
        else:
            yield from group


def nested(runs: Sequence[Run]) -> Iterator[tuple[str, Any]]:
    """Yield what a tree of marks is written from: ("open", mark), ("close", mark), ("text", text)
    and ("kept", mark). Marks that cross are closed and opened again."""
    opened: tuple[Mark, ...] = ()
    for run in (*runs, None):
        wraps = run.wraps if run else ()
        common = 0
        while (
            opened[common : common + 1]
            and opened[common : common + 1] == (wraps[common : common + 1])
        ):
            common += 1
        yield from (("close", mark) for mark in reversed(opened[common:]))
        yield from (("open", mark) for mark in wraps[common:])
        opened = wraps
        if run:
            yield ("kept", run.kept) if run.kept else ("text", run.text)


def _unchanged(unit: Unit, start: int, end: int) -> list[Run]:
    """Return a part of a unit as it is."""
    if start >= end:
        return []
    marks = marks_over(unit, start, end)
    cuts = {start, end, *(n for m in marks for n in (m.start, m.end) if start < n < end)}
    runs = []
    for a, b in pairwise(sorted(cuts)):
        over = [m for m in marks if m.start <= a and m.end >= b]
        wraps = tuple(m for m in over if m.kind == "wrap")
        runs.append(Run(unit.text[a:b], wraps, next((m for m in over if m.kind != "wrap"), None)))
    return runs


@dataclass(slots=True)
class _Carried:
    """The English of one sentence while marks are put on it. ``places`` are where wraps are in it,
    ``fixed`` where kept text is, ``objects`` what stands before each of its characters."""

    unit: Unit
    sentence: Sentence
    text: str
    phrases: Mapping[str, str]
    moved: int = 0
    places: dict[Mark, tuple[int, int]] = field(default_factory=dict)
    fixed: list[tuple[Mark, int, int]] = field(default_factory=list)
    objects: dict[int, list[Mark]] = field(default_factory=dict)

    def runs(self) -> list[Run]:
        """Place every mark, and return the runs."""
        over = marks_over(self.unit, self.sentence.start, self.sentence.end)
        for mark in over:
            if mark.kind == "wrap":
                self._wrap(mark)
        self._keep()
        objects = [m for m in over if m.kind != "wrap" and self._is_object(m)]
        last = 0
        for number, mark in enumerate(objects):
            if mark.kind == "break":
                place = last = self._break(mark, last)
            elif number < MOST_MARKS:
                place = self._at(mark)
            else:
                place = len(self.text)
                self.moved += 1
            self.objects.setdefault(place, []).append(mark)
        return self._emitted()

    def _wrap(self, mark: Mark) -> None:
        start, end = clipped(self.unit, self.sentence, mark)
        words = plain(self.unit.text[start:end])
        if start >= end or not WORDS.search(words):
            return
        before, after = (
            self._source(self.sentence.start, start),
            self._source(end, self.sentence.end),
        )
        if len(self.places) >= MOST_MARKS:
            self.places[mark] = 0, len(self.text)
            self.moved += 1
            return
        around = [
            place
            for other, place in self.places.items()
            if other.start <= mark.start and other.end >= mark.end
        ]
        low, high = around[-1] if around else (0, len(self.text))
        if not (WORDS.search(before) or WORDS.search(after)):
            self.places[mark] = self._inner(bool(before.strip()), bool(after.strip()))
            return
        found = self._found(words, low, high, len(before) / max(1, self._length()), mark)
        if found is None:
            self.moved += 1
            found = (low, high) if around else self._appended(words)
        self.places[mark] = found

    def _is_object(self, mark: Mark) -> bool:
        return self.unit.text[mark.start : mark.end] == OBJECT

    def _inner(self, without_start: bool, without_end: bool) -> tuple[int, int]:
        """Return where all words of the English are: of "(…)." without what is around them, if a
        mark is on the words alone."""
        words = list(WORDS.finditer(self.text))
        if not words:
            return 0, len(self.text)
        start = words[0].start() if without_start else 0
        return start, words[-1].end() if without_end else len(self.text)

    def _found(
        self, words: str, low: int, high: int, share: float, mark: Mark
    ) -> tuple[int, int] | None:
        """Return where the English has the ``words`` of the source: as they are, or in English."""
        taken = [
            place
            for other, place in self.places.items()
            if not (other.start <= mark.start and other.end >= mark.end)
        ]
        for pattern in _patterns(words, self.phrases.get(words, "")):
            spans = [m.span() for m in pattern.finditer(self.text, low, high)]
            free = [(a, b) for a, b in spans if not any(a < d and c < b for c, d in taken)]
            if free:
                return min(free, key=lambda span: abs(span[0] / max(1, len(self.text)) - share))
        return None

    def _appended(self, words: str) -> tuple[int, int]:
        """Put marked words into brackets at the end, and return where they are."""
        phrase = self.phrases.get(words) or words
        start = len(self.text) + 2
        self.text += f" ({phrase})"
        return start, start + len(phrase)

    def _keep(self) -> None:
        """Find kept text in the English, and put at its end what is not there."""
        after: dict[str, int] = {}
        for mark in kept_marks(self.unit, self.sentence):
            text = self.unit.text[mark.start : mark.end]
            if text == OBJECT:
                continue
            found = _bounded(text).search(self.text, after.get(text, 0))
            if found is None:
                self.moved += 1
                self.text += f" {text}"
                start = len(self.text) - len(text)
            else:
                start = found.start()
            after[text] = start + len(text)
            if mark.key is not None:
                self.fixed.append((mark, start, start + len(text)))

    def _at(self, mark: Mark) -> int:
        """Return where an object belongs in the English."""
        for wrap in reversed(self.places):
            start, end = self.places[wrap]
            if wrap.start <= mark.start < wrap.end:
                if not WORDS.search(self._source(wrap.start, mark.start)):
                    return start
                if not WORDS.search(self._source(mark.end, wrap.end)):
                    return end
            elif wrap.end <= mark.start and not self._source(wrap.end, mark.start).strip():
                return end
            elif wrap.start >= mark.end and not self._source(mark.end, wrap.start).strip():
                return start
        before = self._source(self.sentence.start, mark.start)
        after = self._source(mark.end, self.sentence.end)
        if not WORDS.search(before):
            return 0
        if not WORDS.search(after):
            same_end = after.strip() and self.text.endswith(after.strip())
            return len(self.text) - len(after.strip()) if same_end else len(self.text.rstrip(_ENDS))
        last = before.split()[-1]
        same = list(_bounded(last).finditer(self.text))
        if len(same) == 1:
            return same[0].end()
        self.moved += 1
        return len(self.text)

    def _break(self, mark: Mark, least: int) -> int:
        """Return the word of the English, after ``least``, before which the mark divides it as it
        divides the source, or nearly: a comma before it is worth four characters."""
        share = len(self._source(self.sentence.start, mark.start)) / max(1, self._length())
        wanted = share * len(self.text)
        words = [n + 1 for n, char in enumerate(self.text) if char == " " and n >= least]
        if not words:
            return len(self.text)
        return min(words, key=lambda n: abs(n - wanted) - 4 * (self.text[n - 2] in ",;:—"))

    def _source(self, start: int, end: int) -> str:
        return self.unit.text[start:end].replace(OBJECT, "")

    def _length(self) -> int:
        return len(self.sentence.text)

    def _emitted(self) -> list[Run]:
        """Return the runs of the English, cut wherever a mark begins or ends."""
        spans = [*self.places.values(), *((a, b) for _, a, b in self.fixed)]
        cuts = {0, len(self.text), *self.objects, *(n for span in spans for n in span)}
        ends = sorted(cuts)
        runs: list[Run] = []
        for start, end in zip(ends, [*ends[1:], None], strict=True):
            for mark in self.objects.get(start, ()):
                around = marks_over(self.unit, mark.start, mark.end)
                wraps = tuple(m for m in around if m.kind == "wrap")
                runs += self._spaced(mark, Run(OBJECT, wraps, mark), start, runs)
            if end is not None:
                over = tuple(m for m, (a, b) in self.places.items() if a <= start and end <= b)
                kept = next((m for m, a, b in self.fixed if a <= start and end <= b), None)
                runs.append(Run(self.text[start:end], over, kept))
        return runs

    def _spaced(self, mark: Mark, run: Run, place: int, runs: Sequence[Run]) -> list[Run]:
        """Return the run of an object, with spaces where it has some in the source."""
        source, found = self.unit.text, [run]
        before = runs[-1].text[-1:] if runs else " "
        after = self.text[place : place + 1] or " "
        if mark.kind == "break":
            return found
        if source[mark.start - 1 : mark.start] == " " and not before.isspace():
            found.insert(0, Run(" "))
        if source[mark.end : mark.end + 1] == " " and (after.isalnum() or after == OBJECT):
            found.append(Run(" "))
        return found


def _patterns(words: str, phrase: str) -> Iterator[re.Pattern[str]]:
    """Yield patterns for the words of a mark in an English sentence, the surest first."""
    yield _bounded(words)
    digits = "".join(str(unicodedata.digit(c, c)) for c in words)
    if digits != words:
        yield _bounded(digits)
    tokens = WORDS.findall(phrase)
    if not tokens:
        return
    yield _bounded(phrase)
    yield _bounded(phrase.strip(" .,;:!?\"'()"))
    while len(tokens) > 1 and tokens[0].lower() in _ARTICLES:
        del tokens[0]
    yield re.compile(rf"(?i)\b{_BETWEEN.join(map(re.escape, tokens))}\b")
    if min(map(len, tokens)) >= _STEM:
        stems = (rf"{re.escape(t[: max(_STEM, len(t) - 2)])}\w*" for t in tokens)
        yield re.compile(rf"(?i)\b{_BETWEEN.join(stems)}")


def _bounded(text: str) -> re.Pattern[str]:
    """Return a pattern for ``text`` that is not part of a longer word."""
    before = r"(?<!\w)" if text[:1].isalnum() else ""
    after = r"(?!\w)" if text[-1:].isalnum() else ""
    return re.compile(f"{before}{re.escape(text)}{after}", re.IGNORECASE)
