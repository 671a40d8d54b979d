"""Compares the numbers and the dates of a translation with those of its source."""

from __future__ import annotations

import re
from collections.abc import Set

from toolkit.numbers.numerals import Number
from toolkit.numbers.parsing import Reading, read
from toolkit.numbers.words import Vocabulary, vocabulary

_COVID = re.compile(r"covid|corona", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
# Three groups of digits or more; dates are shorter.
_PHONE = re.compile(r"\+?\d{1,4}(?:[ ./()-]{1,2}\d{2,4}){2,6}(?!\d)")
# Written in too many ways ("a", "no", "goalless") for their absence to mean much.
_OFTEN_ABSENT = frozenset({0.0, 1.0})


def differences(
    source: str, output: str, *, source_language: str, target_language: str
) -> tuple[bool, bool]:
    """Return whether numbers differ, and whether dates do.

    A number in digits must stand in the other text, in digits or words, under one of its
    readings. A number in words may be missing, since there are many ways to say it, unless the
    other text has one too that is missing in this: then it was changed.
    """
    source, output = _without_equal_phones(source, output)
    here = read(source, source_language)
    there = read(output, target_language)
    if not (here.numbers or there.numbers or here.possible_months or there.possible_months) and (
        here.weekdays == there.weekdays
    ):
        return False, False
    words, target = vocabulary(source_language), vocabulary(target_language)
    dates, days = _dates_differ(here, there, words, target)
    lost = [
        n
        for n in here.numbers
        if not _stands_in(n, there, words)
        and not (n.name and 19 in n.values and _COVID.search(output))
    ]
    added = [n for n in there.numbers if not _stands_in(n, here, words)]
    lost = [n for n in lost if days.isdisjoint(n.values)]
    added = [n for n in added if days.isdisjoint(n.values)]
    numbers = (
        any(n.kind == "digits" for n in lost)
        or any(n.kind == "digits" and not n.name and _out_of_place(n, words) for n in added)
        or (any(n.kind == "words" for n in lost) and any(n.kind != "hint" for n in added))
    )
    return numbers, dates


def _without_equal_phones(source: str, output: str) -> tuple[str, str]:
    """Return both texts without the telephone numbers that they share, however grouped."""
    ours = _PHONE.findall(source) if _DIGIT.search(source) else []
    theirs = _PHONE.findall(output) if ours else []
    shared = {_digits(phone) for phone in ours} & {_digits(phone) for phone in theirs}
    for phone in (*ours, *theirs) if shared else ():
        if _digits(phone) in shared:
            source, output = source.replace(phone, " "), output.replace(phone, " ")
    return source, output


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _stands_in(number: Number, other: Reading, words: Vocabulary) -> bool:
    """Return whether ``number`` stands in the ``other`` text."""
    values = number.values
    if values <= _OFTEN_ABSENT or number.found_in(other.pool):
        return True
    # "50 %" is translated as "half", "25 %" as "a quarter" and "half as much again" as "by 50 %".
    if any(v in (25, 50, 75) and not other.pool.isdisjoint({v / 100, 1 + v / 100}) for v in values):
        return True
    if words.has_scales:
        return False
    # The unit may be a word that is not known: compare what stands before it.
    if number.mantissa and not number.mantissa.isdisjoint(other.pool):
        return True
    return any(not values.isdisjoint(n.mantissa) for n in other.numbers)


def _out_of_place(number: Number, words: Vocabulary) -> bool:
    """Return whether a number that only the output has, in digits, cannot have been a word that
    is not known: its word would be known, or it is hardly ever written as a word."""
    value = min(number.values)
    if words.spells(value):
        return True
    digits = f"{min(number.mantissa or number.values):g}".replace(".", "").strip("0")
    return value % 1 != 0 or len(digits) > 2 or 1000 < value < 2100


def _dates_differ(
    here: Reading, there: Reading, words: Vocabulary, target: Vocabulary
) -> tuple[bool, Set[float]]:
    """Return whether a month, a day or a weekday differs, and the days that do."""
    days: set[float] = set()
    differs = False
    for one, other, known in ((here, there, target), (there, here, words)):
        if not known.has_months:
            continue
        for month, day in one.dates:
            if month not in other.possible_months:
                # The month may stand there in a form that is not known.
                differs |= other is there or bool(other.months) or float(day) not in other.pool
            elif float(day) not in other.pool:
                differs = True
                days.add(float(day))
    if words.has_months and target.has_months:
        lost = here.named_months - there.possible_months
        added = there.named_months - here.possible_months
        certain = here.months | there.months
        differs |= bool(lost and added and certain & (lost | added))
        # A month that is certain may have been said twice, or another one twice.
        differs |= bool((certain & lost and there.months) or (certain & added and here.months))
        differs |= bool(here.weekdays ^ there.weekdays and here.weekdays and there.weekdays)
    return differs, days
