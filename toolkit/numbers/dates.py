"""Months, days and years: how languages write them, and which stand together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from toolkit.languages import iso639_3_of, script_of
from toolkit.numbers.numerals import HAN, Item

_NUMBERED = rf"(?P<month>\d{{1,2}}|[{HAN}十]{{1,3}})月(?!間|间)"
_NUMBERED += rf"(?:(?P<day>\d{{1,2}}|[{HAN}十]{{1,3}})[日号號])?"
# Months that are written as a number.
MONTHS = {
    **dict.fromkeys(("Hans", "Hant", "Jpan"), _NUMBERED),
    "Hang": r"(?P<month>\d{1,2})월(?: ?(?P<day>\d{1,2})일)?",
    "vie": r"[Tt]háng (?P<month>\d{1,2})(?!\d)(?P<day>(?!))?",
    "khk": r"(?P<month>\d{1,2})(?:-?р)? сар\w*(?: (?P<day>\d{1,2}))?",
    "bod": r"ཟླ་(?:བ་)? ?(?P<month>\d{1,2})(?P<day>(?!))?",
}
# Days of the week that are written as one sign after a date: "10月3日（木）".
WEEKDAYS = {"Jpan": "月火水木金土日", "Hang": "월화수목금토일"}
# Years that are counted from elsewhere: Japan's reigns and the Republic of China, Buddhist years.
ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
BUDDHIST = frozenset({"Thai", "Laoo", "Khmr"})
# Years of the Persian, Islamic, Ethiopian, Nepali and Bengali calendars that are in the news, and
# how many years they are behind.
_CALENDARS = {
    **dict.fromkeys(("pes", "prs", "azb", "pbt", "ckb"), (range(1300, 1450), (621, 622))),
    "amh": (range(1950, 2040), (7, 8)),
    "tir": (range(1950, 2040), (7, 8)),
    "npi": (range(2000, 2100), (-57, -56)),
    "ben": (range(1380, 1450), (593, 594)),
}
# The same of the Islamic calendar, whose years are shorter: 1445 began in 2023.
_ISLAMIC = range(1400, 1460)
_TO_MONTH = re.compile(
    r"(?:-?[^\s\d!-/:-?()]{1,4}|\.)?[ -]?(?:(?:de|di|del|of|the|da|do|den|ខែ|เดือน|ወር) ?)?"
)
IN_MONTH = re.compile(
    r"\b(?:in|since|until|till|last|next|early|late|mid|during|through|every)[ -]$", re.IGNORECASE
)
_TO_DAY = re.compile(r"\.? ?-?(?:(?:the|ngày|ថ្ងៃទី|วันที่) ?)?")


def day_of(items: list[Item], index: int, text: str) -> int | None:
    """Return the day that stands before or after the month ``items[index]``."""
    month = items[index]
    if month.day:
        return month.day
    for other, link in ((index - 1, _TO_MONTH), (index + 1, _TO_DAY)):
        if not 0 <= other < len(items):
            continue
        item = items[other]
        gap = (item.end, month.start) if other < index else (month.end, item.start)
        if text[month.end : month.end + 1] == "." and other > index and month.end > month.start + 4:
            continue  # the end of a sentence, not of an abbreviation
        short = item.kind == "digits" and not item.sense and item.end - item.start <= 2
        if short and 1 <= min(item.values) <= 31 and link.fullmatch(text, *gap):
            return int(min(item.values))
    return None


def dated(items: list[Item], index: int) -> bool:
    """Return whether a year stands next to the month ``items[index]``."""
    month = items[index]
    for other in (index - 1, index + 1):
        if 0 <= other < len(items) and not items[other].sense:
            item = items[other]
            gap = month.start - item.end if other < index else item.start - month.end
            if 0 <= gap <= 4 and any(1800 <= v < 2700 for v in item.values):
                return True
    return False


def numeric_months(items: list[Item], text: str) -> Iterator[int]:
    """Yield the numbers that may be the month of "26/11", "2025-11-26" and "26.11.2025"."""
    for item, following in zip_longest(items, items[1:]):
        found = [p for part in item.parts for p in part] if len(item.parts) == 3 else []
        if following and text[item.end : following.start] in ("/", "-"):
            found += [*item.values, *following.values]
        yield from (int(v) for v in found if 1 <= v <= 12)


def other_calendars(year: int, language: str) -> set[float]:
    """Return the years that a ``year`` of a calendar of the language's countries may begin or end
    in."""
    years, offsets = _CALENDARS.get(iso639_3_of(language), (range(0), ()))
    found = {float(year + offset) for offset in offsets if year in years}
    if script_of(language) == "Arab" and year in _ISLAMIC:
        began = int(year * 0.970229 + 621.57)
        found |= {float(began), began + 1.0}
    return found
