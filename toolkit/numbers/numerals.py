"""Numerals, and numeric words that stand together, as values.

A numeral has every value that it may have: "1.234" is 1234 or 1.234, and "8:30" may be told as
8 and 30. ``combine`` makes one number of "two hundred and five", "साढ़े तीन लाख" or "3.5 million".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from typing import Literal

from toolkit.numbers.words import Sense

Readings = frozenset[float]
NumberKind = Literal["digits", "words", "hint"]

_VULGAR = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3, "⅛": 0.125, "⅕": 0.2}
# Fractions that are told apart from the whole: "four and a half".
_TOLD = (0.25, 0.5, 0.75)
NUMERAL = (
    r"\d{1,2}:\d{2}(?::\d{2})?(?!\d)"
    r"|\d{1,3}(?:[ ']\d{3})+(?:[.,]\d+)?(?![.,]?\d)"
    rf"|\d+(?:[.,]\d+)*[{''.join(_VULGAR)}]?|[{''.join(_VULGAR)}]"
    "|[፩-፼]+"
)
_HAN_SCALES = {"十": 10.0, "百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8, "兆": 1e12}
_HAN_SCALES |= {"萬": 1e4, "億": 1e8}
_HANGUL_SCALES = {"십": 10.0, "백": 1e2, "천": 1e3, "만": 1e4, "억": 1e8, "조": 1e12}
COUNTING = {**_HAN_SCALES, **_HANGUL_SCALES}
_HAN_VALUES = (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 2)
_HAN_DIGITS = dict(zip("〇零一二三四五六七八九两兩", _HAN_VALUES, strict=True))
HAN = "".join(_HAN_DIGITS)
_FROM_HANGUL = str.maketrans("영공일이삼사오육칠팔구", "零零一二三四五六七八九")
_FIGURE = r"\d+(?:,\d{3})*(?:\.\d+)?"
# In digits and units, or in three syllables or more; of two, many are other words.
_HANGUL_DIGITS = "일이삼사오육칠팔구"
_SPELT = f"(?:[{_HANGUL_DIGITS}]?[{''.join(_HANGUL_SCALES)}])"
HANGUL_NUMERAL = (
    rf"(?:{_FIGURE} ?[{''.join(_HANGUL_SCALES)}]+ ?)+(?:{_FIGURE})?"
    rf"|(?<![가-힣])(?=[가-힣]{{2}}){_SPELT}+ ?{_SPELT}*[{_HANGUL_DIGITS}]?"
    rf"(?![가-힣])|만 {_SPELT}+[{_HANGUL_DIGITS}]?(?![가-힣])"
)
# "More than", inside a number: "3000多万".
_MORE = "多余餘"
_HAN_SCALE = f"[{''.join(_HAN_SCALES)}]"
HAN_NUMERAL = (
    rf"(?:(?:{_FIGURE}|[{HAN}]+)?[{_MORE}]? ?{_HAN_SCALE}+)+(?:{_FIGURE}|[{HAN}]+)?|[{HAN}]+"
)
_HAN_PIECE = re.compile(rf"{_FIGURE}|[{HAN}]+|\S")
_MARK = re.compile(r"[.,' ]")


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a text. ``start`` and ``end`` count characters of the folded text.

    ``values`` are its readings; ``parts``, where it has any, are what it may be told as piece
    by piece. ``mantissa`` is what stands before a unit ("5" of "5 million"). ``kind`` is
    ``digits``, ``words`` for counting words, and ``hint`` for words that only suggest a value
    ("first", "half", "thousands"). ``name`` tells that it is part of a name ("G20").
    """

    start: int
    end: int
    values: Readings
    parts: tuple[Readings, ...] = ()
    mantissa: Readings = frozenset()
    kind: NumberKind = "digits"
    name: bool = False
    scale: float = 1.0

    def found_in(self, pool: frozenset[float]) -> bool:
        """Return whether a reading of this number, or each of its parts, is in ``pool``."""
        if not self.values.isdisjoint(pool):
            return True
        return bool(self.parts) and all(not p.isdisjoint(pool) for p in self.parts)


@dataclass(frozen=True, slots=True)
class Item:
    """A numeral or a word with a sense, at a place in the folded text."""

    start: int
    end: int
    values: Readings = frozenset()
    parts: tuple[Readings, ...] = ()
    sense: Sense | None = None
    kind: NumberKind = "digits"
    day: int | None = None


@lru_cache(maxsize=8192)
def readings(
    numeral: str, decimal: str = "", *, strict: bool = False
) -> tuple[Readings, tuple[Readings, ...]]:
    """Return the values and the parts of a numeral in ASCII digits: "8.30" is 8.3, or 8 and 30.

    ``decimal`` are the marks that the language writes before decimals. It is followed to the
    letter where ``strict``; else "4.000" is 4,000 in any language.
    """
    if numeral[0] >= "፩":
        return frozenset({_ethiopic(numeral)}), ()
    if ":" in numeral:
        hour, minute = (int(n) for n in numeral.split(":")[:2])
        hours = frozenset({float(hour), float(hour - 12)} if 12 < hour < 24 else {float(hour)})
        values = frozenset(tidy(h + minute / 60) for h in hours)
        return (values | hours if minute == 0 else values), (hours, frozenset({float(minute)}))
    extra = _VULGAR.get(numeral[-1])
    if extra is not None:
        numeral = numeral[:-1]
        whole = float(numeral) if numeral.isdigit() else 0.0
        return frozenset({tidy(whole + extra)}), (frozenset({whole}), frozenset({tidy(extra)}))
    groups = _MARK.split(numeral)
    marks = [c for c in numeral if not c.isdigit()]
    if not marks:
        return frozenset({float(numeral)}), ()
    values = _grouped(groups, marks, decimal, strict=strict)
    clock = len(groups) == 2 and len(groups[1]) == 2 and float(groups[0]) < 24
    parts: tuple[Readings, ...] = ()
    if len(values) == 0 or marks[0] == " " or (clock and float(groups[1]) < 60):
        parts = tuple(frozenset({float(g)}) for g in groups)
    if len(groups) == 2 and (rest := next((v % 1 for v in values if v % 1 in _TOLD), 0.0)):
        parts = (frozenset({float(groups[0])}), frozenset({rest}))
    # Of a date or a version only the parts count, but every numeral has a value.
    return frozenset(tidy(v) for v in values or [float("".join(groups))]), parts


def _grouped(
    groups: list[str], marks: list[str], decimal_marks: str, *, strict: bool
) -> frozenset[float]:
    """Return the values of digits with marks between them: thousands, decimals, or either."""
    whole = float("".join(groups))
    inner = all(len(g) in (2, 3) for g in groups[1:])
    thousands = inner and len(groups[0]) <= 3 and len(groups[-1]) == 3
    decimal = float("".join(groups[:-1]) + "." + groups[-1])
    if len(set(marks)) > 1:
        return frozenset({decimal}) if all(len(g) in (2, 3) for g in groups[1:-1]) else frozenset()
    if marks[0] in "' ":
        return frozenset({whole})
    if len(marks) > 1:
        return frozenset({whole}) if thousands else frozenset()
    if not thousands or groups[0] == "0":
        # "2,5" is no English number.
        return frozenset() if strict and marks[0] not in decimal_marks else frozenset({decimal})
    if decimal_marks and marks[0] not in decimal_marks:
        return frozenset({whole})
    if strict:
        return frozenset({decimal})
    if groups[1] == "000":
        return frozenset({whole})
    return frozenset({decimal} if len(decimal_marks) == 1 else {decimal, whole})


def tidy(value: float) -> float:
    """Return ``value`` rounded, so that values that differ by rounding only are equal."""
    return float(f"{value:.9g}")


def _ethiopic(numeral: str) -> float:
    """Return the value of "፳፻፲፯": units and tens add up, a hundred and a myriad multiply them."""
    total = current = 0
    for char in numeral:
        value = "፩፪፫፬፭፮፯፰፱".find(char) + 1 or 10 * ("፲፳፴፵፶፷፸፹፺".find(char) + 1)
        if value:
            current += value
        else:
            total += (current or 1) * (100 if char == "፻" else 10_000)
            current = 0
    return float(total + current)


def han_value(text: str) -> float:
    """Return the value of "3万5000", "二十三", "二〇二五" or "1조 2000억"."""
    text = text.translate(_FROM_HANGUL)
    total = section = 0.0
    current: float | None = None
    for piece in _HAN_PIECE.findall(text):
        if scale := COUNTING.get(piece):
            if scale < 1e4:
                section += (1.0 if current is None else current) * scale
            elif section or current is not None:
                total += (section + (current or 0.0)) * scale
                section = 0.0
            else:
                total = (total or 1.0) * scale
            current = None
        elif piece in _MORE:
            continue
        elif piece[0] in _HAN_DIGITS:
            current = float("".join(str(_HAN_DIGITS[c]) for c in piece))
        else:
            current = float(piece.replace(",", ""))
    return tidy(total + section + (current or 0.0))


@dataclass(slots=True)
class _Run:
    """Numeric items that stand next to each other, put together into numbers."""

    scale_first: bool
    ten_last: bool
    ten_and_unit: bool
    out: list[Number] = field(default_factory=list)
    terms: list[Readings] = field(default_factory=list)
    current: Item | None = None
    first: float = 0.0
    before: float = 0.0
    last: float = float("inf")
    digits: bool = False
    hint: bool = True
    joined: bool = False
    mantissa: Readings = frozenset()
    start: int = -1
    end: int = -1

    def add(self, item: Item) -> None:
        """Take the next item, which follows the one before it closely or begins a run."""
        kind = item.sense.kind if item.sense else "value"
        if kind == "joiner":
            self.joined = True
            return
        if item.sense and item.sense.joined:
            self.joined = True
        if kind == "before":
            self.finish()
            self.before = next(iter(item.values))
        elif kind == "scale" and item.sense:
            self._scale(item, item.sense)
        elif kind == "after":
            self._half(item, next(iter(item.values)))
        else:
            self._value(item, fixed=kind == "fixed")
        self.start = item.start if self.start < 0 else self.start
        self.end = item.end
        self.joined = False

    def _half(self, item: Item, amount: float) -> None:
        if self.current:
            self.current = replace(
                self.current, values=frozenset(tidy(v + amount) for v in self.current.values)
            )
        elif self.terms:
            self.terms[-1] = frozenset(tidy(v * (1 + amount)) for v in self.terms[-1])
        else:
            self._value(item, fixed=True)

    def _value(self, item: Item, *, fixed: bool) -> None:
        amount = next(iter(item.values))
        if amount in _TOLD and fixed and self.joined and (self.current or self.terms):
            self._half(item, amount)
            return
        if (self.joined and item.kind == "digits") or (
            self.terms and self.digits and item.kind != "digits"
        ):
            self.finish()
        if self.current and self.hint:
            self.hint = fixed or item.kind == "hint"
        if self.current:
            merged = self._merge(self.current, item, amount)
            if merged is None:
                self.finish()
            else:
                self.current = merged
                return
        if self.before:
            item = replace(item, values=frozenset(tidy(v + self.before) for v in item.values))
            self.before = 0.0
        self.digits |= item.kind == "digits"
        self.hint &= fixed or item.kind == "hint"
        if self.first and self.joined:  # a hundred and fifty
            self.terms.append(frozenset({self.first}))
            self.last, self.first, self.current = self.first, 0.0, item
        elif self.first:
            self.terms.append(frozenset(tidy(v * self.first) for v in item.values))
            self.mantissa, self.last, self.first = item.values, self.first, 0.0
        else:
            self.current = item

    def _merge(self, current: Item, item: Item, amount: float) -> Item | None:
        """ "two hundred" and "five" make 205, "fünf" "und" "zwanzig" 25; digits merge with
        nothing."""
        have = next(iter(current.values))
        if item.kind == "digits" or self.digits or amount <= 0:
            return None
        if self.joined and have in range(100, 1000, 100) and 1000 <= amount < 100_000:
            # Danish: "tohundrede og femtusind"
            return replace(current, values=frozenset({have * 1000 + amount}))
        fits = (
            (have >= 100 and have % 100 == 0 and amount < 100)
            or (have >= 1000 and have % 1000 == 0 and amount < 1000)
            or (have % 100 >= 20 and have % 10 == 0 and amount < 10)
            or (self.ten_and_unit and have % 100 == 10 and amount < 10)
            or (self.joined and have % 100 < 10 and 20 <= amount < 100 and amount % 10 == 0)
            or (self.joined and self.ten_last and have % 100 < 20 and amount in (20, 40, 60, 80))
            or (have % 100 in (60, 80) and 10 <= amount < 20)  # "soixante-quinze"
            or (have % 100 in (20, 40) and self.joined and 10 <= amount < 20)  # Basque
            or (self.ten_last and 0 < have % 100 < 10 and amount in (10, 15))
        )
        return replace(current, values=frozenset({have + amount})) if fits else None

    def _scale(self, item: Item, sense: Sense) -> None:
        scale = sense.amount
        if not sense.firm and not (self.current and self.digits):
            self.finish()  # a letter by itself
            return
        if self.scale_first and self.joined:
            self.finish()
        if self.current is None and not self.terms and self.scale_first and not self.before:
            self.first = (self.first or 1.0) * scale
            return
        if self.current is None and self.terms and scale >= self.last:
            self.terms[-1] = frozenset(tidy(v * scale) for v in self.terms[-1])
            return
        if self.current is None:
            self.current = Item(item.start, item.end, frozenset({1.0 + self.before}), kind="hint")
            self.hint &= not self.before
            self.before = 0.0
        elif scale >= 1000:
            self.hint = False  # "half a million"
        scaled = frozenset(_times(v, scale) for v in self.current.values)
        if not sense.firm:
            scaled |= self.current.values
        if scale <= 100:
            self.current = replace(self.current, values=scaled)
            return
        if scale >= self.last:
            current, self.current = self.current, None
            self.finish()
            self.current = current
            self.digits, self.hint = current.kind == "digits", current.kind == "hint"
        self.terms.append(scaled)
        self.mantissa, self.last, self.current = self.current.values, scale, None

    def finish(self) -> None:
        """Put what was gathered into ``out`` and begin anew."""
        if self.before and not self.current:
            self._value(Item(self.start, self.end, frozenset({1.0}), kind="hint"), fixed=True)
        if self.first and not self.terms:
            self.terms.append(frozenset({self.first}))
        pieces = [*self.terms, *([self.current.values] if self.current else [])]
        if pieces:
            sums = frozenset(tidy(sum(choice)) for choice in product(*pieces))
            parts = self.current.parts if self.current and not self.terms else ()
            if len(pieces) > 1:
                parts = tuple(pieces)
            kind: NumberKind = "digits" if self.digits else "hint" if self.hint else "words"
            scale = self.last if self.terms and len(pieces) == 1 else 1.0
            self.out.append(
                Number(self.start, self.end, sums, parts, self.mantissa, kind, scale=scale)
            )
        self.terms, self.current, self.first, self.before = [], None, 0.0, 0.0
        self.last, self.digits, self.hint = float("inf"), False, True
        self.mantissa, self.start, self.joined = frozenset(), -1, False


def _times(value: float, scale: float) -> float:
    """Return ``value`` with its last part multiplied: 102 "tens" are a hundred and twenty."""
    if scale <= 100 and value >= 10 * scale:
        last = value % scale
        return tidy(value - last + (last or 1.0) * scale)
    return tidy(value * scale)


def combine(
    items: Iterable[Item | None],
    *,
    scale_first: bool = False,
    ten_last: bool = False,
    ten_and_unit: bool = False,
) -> list[Number]:
    """Return the numbers that ``items`` make; None stands where two items are not neighbours.

    ``scale_first`` is for languages that write the unit before the number ("milioni 5"),
    ``ten_last`` for those that say "three ten" for 13, ``ten_and_unit`` for those that say "ten
    three".
    """
    run = _Run(scale_first, ten_last, ten_and_unit)
    for item in items:
        if item is None:
            run.finish()
        else:
            run.add(item)
    run.finish()
    return run.out
