"""The numbers and dates of a text, in every digit system and as words.

Two texts agree on a number where a reading of it stands in both. Words are read as far as
``toolkit.numbers.words`` knows them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from toolkit.languages import ENGLISH, UNSPACED, script_of
from toolkit.numbers.dates import (
    BUDDHIST,
    ERAS,
    IN_MONTH,
    dated,
    day_of,
    numeric_months,
    other_calendars,
)
from toolkit.numbers.items import items_of
from toolkit.numbers.numerals import (
    Item,
    Number,
    combine,
    tidy,
)
from toolkit.numbers.words import Vocabulary, fold, vocabulary

# Languages that count the hours from dawn, and their word for "o'clock".
_FROM_DAWN = {"swh_Latn": "saa ", "amh_Ethi": "ሰዓት"}

_LINK = re.compile(r" ?-? ?'?")
_AFTER_THOUSANDS = re.compile(r",? ?-? ?'?")  # "one thousand, two hundred"
_RANGE = re.compile(r" ?-? ?| [^\s,،.;:]{1,6} ")
# "three millions of euros"; "millions of euros" is no number.
_COUNTED_UNITS = re.compile(
    r"(?i)((?:\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|\w+teen|\w+ty)) "
    r"(?:hundred|thousand|million|billion|trillion))s(?= of )"
)
_PM = re.compile(r" ?p\.? ?m\b", re.IGNORECASE)
_LIST_MARKER = re.compile(r"\s*\(?(\d{1,2})[.)]\s+(?=\D)")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[^\s@]{1,64}@\S+|\[\d{1,3}\]")
_ROMAN_LETTERS = re.compile(r"[IVXLC](?<!\w.)[IVXLC]*\b")
_ROMAN = re.compile(r"C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_MINUTES = {"half past": 30.0, "quarter past": 15.0, "quarter to": 45.0}
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


@dataclass(frozen=True, slots=True)
class Reading:
    """The numbers and dates of a text. Months count from 1, weekdays from Monday = 0.

    ``months`` holds the certain ones, ``named_months`` any that a word may mean, and
    ``possible_months`` those and any that a numeric date may mean. ``dates`` are pairs of month
    and day. ``pool`` has every reading of every number, part, month and day.
    """

    numbers: tuple[Number, ...] = ()
    pool: frozenset[float] = frozenset()
    months: frozenset[int] = frozenset()
    possible_months: frozenset[int] = frozenset()
    named_months: frozenset[int] = frozenset()
    dates: tuple[tuple[int, int], ...] = ()
    weekdays: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Placed:
    """A number in a text that was cut into tokens: it is written by those from ``start`` up to
    ``end``, of which ``before`` and ``after`` are the characters that do not belong to it."""

    number: Number
    start: int
    end: int
    before: str
    after: str


def _neighbours(items: list[Item], text: str) -> Iterator[Item | None]:
    """Return the items of numbers, with None where two do not stand together."""
    end, thousands = -1, False
    for item in items:
        if item.sense and item.sense.kind in ("month", "weekday"):
            yield None
            end = -1
            continue
        link = _AFTER_THOUSANDS if thousands and item.kind == "words" else _LINK
        if end >= 0 and not link.fullmatch(text, end, item.start):
            yield None
        yield item
        end = item.end
        thousands = item.kind == "words" and item.sense is not None and item.sense.amount >= 1000


def _in_place(numbers: list[Number], index: int, text: str, language: str) -> Number:
    """Return the number with the readings that come from what stands around it."""
    number = numbers[index]
    values, parts = set(number.values), number.parts
    after = text[number.end : number.end + 6]
    before = text[max(number.start - 2, 0) : number.start]
    last = before[-1:]
    value = min(values, default=0.0)
    following = numbers[index + 1] if index + 1 < len(numbers) else None
    if (
        following
        and following.scale > number.scale == 1
        and value < max(following.mantissa, default=0.0)
        and _RANGE.fullmatch(text, number.end, following.start)
    ):
        values |= {tidy(v * following.scale) for v in values}
    if index and last in ("-", "/") and value < 100 and numbers[index - 1].end == number.start - 1:
        years = [v for v in numbers[index - 1].values if 1800 <= v < 2100]
        values |= {v - v % 100 + value for v in years}
    values |= _fraction(numbers, index, text)
    if language == ENGLISH:
        values |= _decade(number, after)
        if value < 13 and _PM.match(after):
            values |= {v + 12 for v in values}
            parts = (parts[0] | {h + 12 for h in parts[0]}, *parts[1:]) if parts else ()
    if (hour := _FROM_DAWN.get(language)) and value <= 12:
        around = text[max(number.start - 5, 0) : number.end + 6]
        values |= {(v + 5) % 12 + 1 for v in values} if hour in around else set()
    if after[:1] in ("成", "割"):  # tenths
        parts = (frozenset(values), frozenset({10.0}))
        values = {v * 10 for v in values}
    if script_of(language) in BUDDHIST:
        values |= {v - 543 for v in values if 2400 < v < 2700}
    if value.is_integer() and 1300 <= value < 2100 and number.end - number.start == 4:
        values |= other_calendars(int(value), language)
    if era := ERAS.get(before):
        values |= {v + era for v in values}
    attached = last.isalpha() and script_of(language) not in UNSPACED
    name = attached or (last == "-" and before[0].isalpha()) or "A" <= after[:1] <= "Z"
    return replace(number, values=frozenset(values), parts=parts, name=name)


def _decade(number: Number, after: str) -> set[float]:
    """Return other values of "1990s", "90s" and "nineties": 90 and 1990."""
    value = min(number.values, default=0.0)
    if number.kind == "hint":
        return {v - 1900 for v in number.values if 1900 < v < 2000}
    if after[:1] != "s" or value % 10 or not (1900 <= value < 2100 or value < 100):
        return set()
    return {value % 100 if value > 100 else 1900 + value}


def _fraction(numbers: list[Number], index: int, text: str) -> set[float]:
    """Return other values of "3/4": three quarters, and a quarter of something."""
    here = numbers[index]
    for first, second in ((index - 1, index), (index, index + 1)):
        if first < 0 or second >= len(numbers):
            continue
        above, below = numbers[first], numbers[second]
        upper, lower = min(above.values), min(below.values)
        if text[above.end : below.start] == "/" and 0 < upper < lower <= 20:
            return {tidy(upper / lower), tidy(1 / lower)} if here is below else {upper / lower}
    return set()


@lru_cache(maxsize=2048)
def read(text: str, language: str) -> Reading:
    """Return the numbers, months and weekdays of ``text``, which is in a FLORES-200 ``language``.

    Addresses of the web and footnote marks are passed over; the number of a list item is a hint.

    >>> [min(number.values) for number in read("૩.૫ લાખ લોકો", "guj_Gujr").numbers]
    [350000.0]
    >>> read("Friday, the 26th of November", "eng_Latn").dates
    ((11, 26),)
    >>> two = read("two hundred and five", "eng_Latn"), read("२०५", "hin_Deva")
    >>> two[0].numbers[0].values == two[1].numbers[0].values
    True
    """
    folded = fold(text)
    if "[" in folded or "@" in folded or "://" in folded or "www." in folded:
        folded = _ADDRESS.sub(" ", folded)
    if language == ENGLISH and "s of " in folded:
        folded = _COUNTED_UNITS.sub(r"\1 ", folded)
    words = vocabulary(language)
    items = list(items_of(folded, words))
    if all(item.sense and item.sense.kind == "joiner" for item in items):
        items = []
    found = _combined(items, folded, words)
    numbers = [_in_place(found, index, folded, language) for index in range(len(found))]
    marker = _LIST_MARKER.match(folded) if numbers else None
    if marker and numbers[0].end == marker.end(1):
        dated = any(item.sense and item.start == marker.end() for item in items)
        numbers[0] = numbers[0] if dated else replace(numbers[0], kind="hint")
    return _assemble(items, tuple(numbers), folded, english=language == ENGLISH)


def _combined(items: list[Item], folded: str, words: Vocabulary) -> list[Number]:
    neighbours = _neighbours(items, folded)
    return combine(
        neighbours,
        scale_first=words.scale_first,
        ten_last=words.ten_last,
        ten_and_unit=words.ten_and_unit,
    )


def numbers_of(tokens: Sequence[str], language: str) -> list[Placed]:
    """Return the numbers of a text that was cut into ``tokens``, by the tokens that write them.

    >>> placed = numbers_of("two hundred and five people left".split(), "eng_Latn")
    >>> [(p.number.values, p.start, p.end) for p in placed]
    [(frozenset({205.0}), 0, 4)]
    """
    folded = [fold(token) for token in tokens]
    text = " ".join(folded)
    starts = [0, *accumulate(len(token) + 1 for token in folded)]
    words = vocabulary(language)
    found = []
    for number in _combined(list(items_of(text, words)), text, words):
        first = bisect_right(starts, number.start) - 1
        end = bisect_left(starts, number.end)
        before, after = text[starts[first] : number.start], text[number.end : starts[end] - 1]
        found.append(Placed(number, first, end, before, after))
    return found


def _assemble(
    items: list[Item], numbers: tuple[Number, ...], folded: str, *, english: bool
) -> Reading:
    pool: set[float] = set()
    for number in numbers:
        pool.update(number.values, *number.parts)
    months: set[int] = set()
    named: set[int] = set()
    dates: list[tuple[int, int]] = []
    weekdays = set()
    for index, item in enumerate(items):
        if item.sense is None:
            continue
        amount = int(item.sense.amount)
        if item.sense.kind == "weekday":
            weekdays.add(amount)
        elif item.sense.kind == "month":
            named.add(amount)
            pool.add(float(amount))
            if day := day_of(items, index, folded):
                dates.append((amount, day))
                pool.add(float(day))
            firm = item.sense.firm or (english and IN_MONTH.search(folded[: item.start]))
            if day or firm or dated(items, index):
                months.add(amount)
    if english:
        lowered = folded.lower()
        pool.update(minute for phrase, minute in _MINUTES.items() if phrase in lowered)
    if "I" in folded or "V" in folded or "X" in folded:
        found = filter(_ROMAN.fullmatch, _ROMAN_LETTERS.findall(folded))
        pool.update(float(_roman(text)) for text in found)
    return Reading(
        numbers,
        frozenset(pool),
        frozenset(months),
        frozenset(named.union(numeric_months(items, folded))),
        frozenset(named),
        tuple(dates),
        frozenset(weekdays),
    )


def _roman(text: str) -> int:
    values = [_ROMAN_VALUES[c] for c in text]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))
