"""The numbers, units and dates of an English sentence that was cut into tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from toolkit.summarisers.grounding.lexicon import SCALES, key, listed, number_words, units, words

_CURRENCY = frozenset("$€£¥₹")
_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*(?:st|nd|rd|th)?$")
# Months that are other words or names too: they need a capital and a day, year or "in".
_WORDY_MONTHS = frozenset({"may", "march", "mar", "dec", "sep", "jan", "jun", "jul"})


@cache
def _months() -> dict[str, int]:
    full = {name: number for number, name in enumerate(listed("months"), start=1)}
    return full | {name[:3]: number for name, number in full.items()} | {"sept": 9}


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
    """The dates of a sentence as pairs of month and day (0 where none is named), and the places
    of the tokens that they take up. ``raw`` are tokens with their capitals."""
    found: set[tuple[int, int]] = set()
    places: set[int] = set()
    for at, token in enumerate(raw):
        month = _months().get(token.lower())
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
    """Whether a word that may be a month stands where months do: "in May", "May 2024"."""
    year = at + 1 < len(raw) and raw[at + 1].isdecimal()
    before = raw[at - 1].lower() if at else ""
    full = raw[at].lower() in listed("months")
    return year or (full and before in words("before_months"))


def _day(token: str) -> int:
    bare = re.sub(r"(?:st|nd|rd|th)$", "", token)
    return int(bare) if bare.isdecimal() and len(bare) <= 2 and 1 <= int(bare) <= 31 else 0


def amounts(tokens: Sequence[str], taken: frozenset[int]) -> tuple[Amount, ...]:
    """The amounts among lower-case ``tokens``; the places in ``taken`` are left out."""
    found: list[Amount] = []
    at = 0
    while at < len(tokens):
        value, end = (None, at) if at in taken else _number(tokens, at)
        if value is None:
            at += 1
            continue
        before = at - 1
        unit = ""
        if before >= 0 and tokens[before] in _CURRENCY:
            unit, before = units()[tokens[before]], before - 1
        unit_at = end + (end < len(tokens) and tokens[end] in ("us", "american"))
        if not unit and unit_at < len(tokens):
            unit = _unit(tokens[unit_at])
            end = unit_at + 1 if unit else end
        lead = list(tokens[max(0, before - 2) : before + 1])
        found.append(
            Amount(
                value,
                unit,
                at,
                end,
                lead=next((t for t in reversed(lead) if t in ("from", "to")), ""),
                about=any(t in words("approximators") for t in lead),
                capped=lead[-2:] == ["up", "to"] or lead[-2:] == ["many", "as"],
            )
        )
        at = end
    return tuple(found)


def _unit(token: str) -> str:
    return units().get(token) or units().get(key(token)) or units().get(token.rstrip("s"), "")


def _number(tokens: Sequence[str], at: int) -> tuple[float | None, int]:
    """The number that begins at ``at`` and the place after it; None where none begins."""
    total, current = 0.0, None
    start = at
    if tokens[at] in ("a", "an") and at + 1 < len(tokens) and tokens[at + 1] in SCALES:
        current, at = 1.0, at + 1
        if len(tokens[at]) < 3:
            return None, start
    while at < len(tokens):
        token = tokens[at]
        if _DIGITS.match(token) and current is None:
            current = _figure(token)
        elif token in number_words() and (current is None or _continues(tokens, at, current)):
            current = (current or 0) + number_words()[token]
        elif token in SCALES and current is not None and _scales(tokens, start, at):
            current *= SCALES[token]
            if SCALES[token] >= 1e3:
                total, current = total + current, 0.0
        elif not (token == "and" and current and _more(tokens, at) and current % 100 == 0):
            break
        at += 1
    alone = tokens[start] == "one" and at == start + 1 and not _measures(tokens, at)
    if current is None or alone:
        return None, start
    return total + current, at


def _figure(token: str) -> float:
    bare = re.sub(r"(?:st|nd|rd|th)$", "", token).replace(",", "").replace(":", ".")
    whole, _, rest = bare.partition(".")
    return float(f"{whole}.{rest.replace('.', '') or 0}")


def _continues(tokens: Sequence[str], at: int, current: float) -> bool:
    """ "twenty" + "three", "hundred" + "five"; never "nine" + "four"."""
    value = number_words()[tokens[at]]
    if _DIGITS.match(tokens[at - 1]):
        return False
    return (current % 100 == 0 and current > 0) or (20 <= current % 100 <= 90 and 0 < value < 10)


def _scales(tokens: Sequence[str], start: int, at: int) -> bool:
    return len(tokens[at]) > 1 or (start > 0 and tokens[start - 1] in _CURRENCY)


def _more(tokens: Sequence[str], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at - 1] == "hundred" and tokens[at + 1] in number_words()


def _measures(tokens: Sequence[str], at: int) -> bool:
    return at < len(tokens) and bool(_unit(tokens[at]))
