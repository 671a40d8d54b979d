"""The numbers, units and dates of an English sentence that was cut into tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.languages import ENGLISH
from toolkit.numbers.parsing import Placed, numbers_of
from toolkit.numbers.words import vocabulary
from toolkit.summarisers.grounding.lexicon import calendar, key, scales, units, words

_CURRENCY = frozenset("$€£¥₹")
_POWERS = frozenset({"square", "cubic"})
# Units that a second word makes others.
_REFINED = {
    ("percent", "point"): "percentage-point",
    ("degree", "celsius"): "celsius",
    ("degree", "c"): "celsius",
    ("degree", "fahrenheit"): "fahrenheit",
    ("degree", "f"): "fahrenheit",
}
_ORDINAL_ENDINGS = ("", "st", "nd", "rd", "th")
# Months that are other words or names too: they need a capital and a day, year or "in".
_WORDY_MONTHS = frozenset({"may", "march", "mar", "dec", "sep", "jan", "jun", "jul"})


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit ("" where none is named) and its place among the tokens.

    ``lead`` is ``from`` or ``to`` where one of them stands before it, ``about`` tells of "nearly"
    or "more than", ``capped`` of "up to".
    """

    value: float
    unit: str
    start: int
    end: int
    lead: str = ""
    about: bool = False
    capped: bool = False


def dates(raw: Sequence[str]) -> tuple[frozenset[tuple[int, int]], frozenset[int]]:
    """Return the dates of a sentence as pairs of month and day (0 where none is named), and the
    places of the tokens that they take up. ``raw`` are tokens with their capitals."""
    found: set[tuple[int, int]] = set()
    places: set[int] = set()
    for at, token in enumerate(raw):
        month = calendar("month").get(token.lower())
        if month is None or (token.lower() in _WORDY_MONTHS and not token[0].isupper()):
            continue
        near = [i for i in (at - 1, at + 1) if 0 <= i < len(raw) and _day(raw[i])]
        if not near and token.lower() in _WORDY_MONTHS and not _in_time(raw, at):
            continue
        day = _day(raw[near[0]]) if near else 0
        found.add((month, day))
        places.update({at, *near[:1]})
    return frozenset(found), frozenset(places)


def _in_time(raw: Sequence[str], at: int) -> bool:
    """Say whether a word that may be a month stands where months do: "in May", "May 2024"."""
    year = at + 1 < len(raw) and raw[at + 1].isdecimal()
    before = raw[at - 1].lower() if at else ""
    full = raw[at].lower() not in vocabulary(ENGLISH).abbreviations
    return year or (full and before in words("before_months"))


def _day(token: str) -> int:
    bare = re.sub(r"(?:st|nd|rd|th)$", "", token)
    return int(bare) if bare.isdecimal() and len(bare) <= 2 and 1 <= int(bare) <= 31 else 0


def amounts(tokens: Sequence[str], taken: frozenset[int]) -> tuple[Amount, ...]:
    """Return the amounts among lower-case ``tokens``; the places in ``taken`` are left out."""
    found = (_amount(tokens, placed, taken) for placed in numbers_of(tokens, ENGLISH))
    return tuple(amount for amount in found if amount is not None)


def _amount(tokens: Sequence[str], placed: Placed, taken: frozenset[int]) -> Amount | None:
    """Return a number as an amount; None where it counts nothing: the day of a date, a part of a
    name or a score, "first" and "half", "one" that is a pronoun."""
    start = placed.start
    if placed.before or placed.after not in _ORDINAL_ENDINGS or start in taken:
        return None
    if placed.number.kind == "hint":
        if not _has_article(tokens, start):
            return None
        start -= 1
    before = start - 1
    unit = ""
    if before >= 0 and tokens[before] in _CURRENCY:
        unit, before = units()[tokens[before]], before - 1
    value, end = _value(tokens, placed, money=bool(unit))
    unit_at = end + (end < len(tokens) and tokens[end] in ("us", "american"))
    if not unit and unit_at < len(tokens):
        unit, unit_end = _unit(tokens, unit_at)
        end = unit_end if unit else end
    if list(tokens[start:end]) == ["one"]:
        return None
    lead = list(tokens[max(0, before - 2) : before + 1])
    return Amount(
        value,
        unit,
        start,
        end,
        lead=next((t for t in reversed(lead) if t in ("from", "to")), ""),
        about=any(t in words("approximators") for t in lead),
        capped=lead[-2:] == ["up", "to"] or lead[-2:] == ["many", "as"],
    )


def _value(tokens: Sequence[str], placed: Placed, *, money: bool) -> tuple[float, int]:
    """Return the English reading of a number, and the place after it: a comma parts thousands, and
    "m" is a million after a currency only."""
    readings, end = placed.number.values, placed.end
    scale = tokens[end - 1] if end - placed.start > 1 else ""
    if len(scale) == 1 and scale in scales() and not money:
        return min(readings), end - 1
    abbreviated = not scales().get(scale, True)
    return (max if abbreviated or "," in tokens[placed.start] else min)(readings), end


def _has_article(tokens: Sequence[str], at: int) -> bool:
    """Say whether "a" stands before a word such as "million" or "dozen"."""
    large = tokens[at] == "dozen" or tokens[at] in scales()
    return large and len(tokens[at]) > 2 and at > 0 and tokens[at - 1] in ("a", "an")


def _unit(tokens: Sequence[str], at: int) -> tuple[str, int]:
    """Return the unit that begins at a place ("" without one), and the place after it: "square
    mile" and "percentage point" are units of their own."""
    token, following = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else ""
    if token in _POWERS and (unit := _simple_unit(following)):
        return f"{token}-{unit}", at + 2
    unit = _simple_unit(token)
    if refined := _REFINED.get((unit, key(following))):
        return refined, at + 2
    return unit, at + 1


def _simple_unit(token: str) -> str:
    return units().get(token) or units().get(key(token)) or units().get(token.rstrip("s"), "")
