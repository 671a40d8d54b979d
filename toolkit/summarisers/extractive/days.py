"""Gives the days that an article names by the day of its writing their dates.

"Yesterday" and "on Monday" mean nothing to who reads them later: they get their date where the
day of writing is known, from ``published`` or from the dateline.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from email.utils import parsedate
from functools import cache
from typing import NamedTuple

from toolkit.data import Article, Brief
from toolkit.languages import ENGLISH
from toolkit.numbers.words import vocabulary
from toolkit.summarisers.extractive.quotations import marks
from toolkit.text.english import words
from toolkit.text.similarity import WORD

_DAY = dt.timedelta(days=1)
_WEEKDAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_PART = r"(?: (?:morning|afternoon|evening|night))?"
_RELATIVE = re.compile(
    r"\b(?:(?P<before>(?:the )?day before yesterday)|(?P<after>(?:the )?day after tomorrow)"
    rf"|(?P<yesterday>yesterday{_PART}|last (?:night|evening))"
    rf"|(?P<tomorrow>tomorrow{_PART})"
    r"|(?P<today>today|tonight|this (?:morning|afternoon|evening))"
    r"|(?P<ago>(?:\d{1,2}|two|three|four|five|six|a few|several) days ago)"
    r"|(?P<which>last|next|this|over the|at the|on the|during the) (?P<span>week(?:end)?|month)"
    rf"|(?P<last>(?:last|next|this|on|since|until|till|by|from|before|after|early|late) )?"
    rf"(?P<weekday>{_WEEKDAYS})(?:['’]s)?{_PART})\b",
    re.IGNORECASE,
)
# What makes of a weekday a name or a habit: "every Monday", "Black Friday", "the Sunday Times".
_NOT_A_DAY = re.compile(
    r"(?:\b(?:every|each|most|any|one|some|the)|\b(?!On\b|By\b)[A-Z][\w’'-]*) $"
)
# A date that stands there already.
_DATED = re.compile(
    r",? ?\(|,? (?:the )?\d{1,2}(?:st|nd|rd|th)?\b(?! (?:people|years|hours|minutes|days))"
    r"|,? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d"
)
# Words before a weekday that say that it is to come.
_TO_COME = ("until ", "till ", "next ", "this ")
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}

_MONTH = r"(?P<month>[A-Z][a-z]{2,8})\.?"
_NUMBER = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_DATE = (
    rf"(?:{_MONTH} {_NUMBER}|{_NUMBER.replace('day', 'day2')} {_MONTH.replace('month', 'month2')})"
)
_DATE += r"(?:,? ?/?(?P<year>\d{4}))?"
_CAPITALS = r"[A-ZÀ-Þ][A-ZÀ-Þ.'’/-]+(?:,? [A-ZÀ-Þ][A-ZÀ-Þ.'’/-]+){0,5}"
_WORDS = r"[A-ZÀ-Þ][\w.'’-]*(?:,? (?:[A-ZÀ-Þ][\w.'’-]*|de|la|of|al|el|do|da|es)){0,5}"
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_ANY_DATE = re.compile(rf"\b\d{{1,2}} (?:{_MONTHS})\b|\b(?:{_MONTHS}) \d{{1,2}}\b")
_AGENCY = r"(?:\([^()]{2,40}\)|\[[^\[\]]{2,40}\]|/[\w ]{2,20}/|[A-Z][A-Za-z]{1,12})"
_DASH = r"(?:--|—|–|-)"
_WEEKDAY = rf"(?:(?:{_WEEKDAYS}|Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"
# A place with a day; a place in capitals, or with an agency; an agency alone; and a dash. After a
# plain place a new sentence begins.
_DATELINES = [
    re.compile(pattern)
    for pattern in (
        rf"(?:(?:{_CAPITALS}|{_WORDS})(?: ?\([^()]{{2,40}}\))?,? )?{_WEEKDAY}{_DATE},?"
        rf"(?:,? ?{_AGENCY}\.?)? ?(?:{_DASH}|:) ",
        rf"{_CAPITALS}(?:, {_WORDS})? \([^()]{{2,40}}\) (?=[A-Z])",
        rf"{_WORDS} \([^()]{{2,40}}\) ?(?:{_DASH}|:) ",
        rf"\([A-Z][^()]{{1,30}}\) ?(?:{_DASH} )?(?=[A-Z\"“])",
        rf"{_CAPITALS}(?:, {_WORDS})?(?:,? {_AGENCY})? ?(?:{_DASH} |: )",
        rf"(?:{_WORDS}) {_DASH} (?=[A-Z\"“])(?!.* {_DASH} )",
    )
]
# Further down in an article, a place alone may be somebody who speaks.
_SURE_DATELINES = _DATELINES[:4]


class Dateline(NamedTuple):
    """The day that the opening of an article names; many name no year."""

    month: int
    day: int
    year: int | None


def without_dateline(sentence: str, *, first: bool = True) -> tuple[str, Dateline | None]:
    """Return ``sentence`` without the place, day and agency before it, and the day. ``first`` says
    that no other sentence stands before it.

    >>> without_dateline("ORSK, March 2 (Northwire) — A crane fell.")
    ('A crane fell.', Dateline(month=3, day=2, year=None))
    """
    for pattern in _DATELINES if first else _SURE_DATELINES:
        if found := pattern.match(sentence):
            day = _day(found.groupdict())
            rest = sentence[found.end() :]
            if len(rest.split()) > 1 and not ("month" in found.groupdict() and day is None):
                return rest, day
    return sentence, None


def _day(groups: dict[str, str | None]) -> Dateline | None:
    month = _months().get((groups.get("month") or groups.get("month2") or "").lower())
    number = int(groups.get("day") or groups.get("day2") or 0)
    if month is None or not 1 <= number <= 31:
        return None
    year = groups.get("year")
    return Dateline(month, number, int(year) if year else None)


@cache
def _months() -> dict[str, int]:
    names = vocabulary(ENGLISH).calendar.items()
    return {name: int(sense.amount) for name, sense in names if sense.kind == "month"}


def day_of(article: Article) -> dt.date | None:
    """Return the day on which an article was published, if that is known: from a date as in ISO
    8601 or in mail, or in English words."""
    text = (article.published or "").strip()
    try:
        if re.match(r"\d{4}[/-]", text):
            return dt.date.fromisoformat(text[:10].replace("/", "-"))
        if mailed := parsedate(text):
            return dt.date(*mailed[:3])
        spelt = re.match(_WEEKDAY + _DATE, text)
        named = _day(spelt.groupdict()) if spelt else None
        return dt.date(named.year, named.month, named.day) if named and named.year else None
    except (ValueError, TypeError):
        return None


def written_on(article: Article, dateline: Dateline | None) -> dt.date | None:
    """Return the day on which an article was written, if that is known: the one of its dateline,
    in the year before the article was published where it names none, or else that on which it was
    published."""
    published = day_of(article)
    if dateline is None or not (dateline.year or published):
        return published
    try:
        if published is None or dateline.year:
            return dt.date(dateline.year or 0, dateline.month, dateline.day)
        day = dt.date(published.year, dateline.month, dateline.day)
        return day.replace(year=day.year - 1) if day > published + 30 * _DAY else day
    except ValueError:
        return published


def dated(brief: Brief, article: Article) -> Brief:
    """Return ``brief`` with the date of each relative day in its headline and bullets."""
    day = day_of(article)
    if day is None:
        return brief
    bullets = tuple(replace(b, text=with_dates(b.text, day)) for b in brief.bullets)
    return replace(brief, headline=with_dates(brief.headline, day), bullets=bullets)


def with_day(text: str, dateline: Dateline) -> str:
    """Return a sentence with the day of its dateline, unless it has a date.

    >>> with_day("A crane fell on Monday.", Dateline(3, 2, None))
    'A crane fell on Monday (reported on 2 March).'
    """
    if _ANY_DATE.search(text):
        return text
    note = f" (reported on {dateline.day} {_MONTHS.split('|')[dateline.month - 1]})"
    return f"{text[:-1]}{note}." if text.endswith(".") else text + note


def with_dates(text: str, day: dt.date) -> str:
    """Return ``text``, written on ``day``, with the date after each relative day that has none.

    >>> with_dates("The piers open tomorrow.", dt.date(2026, 11, 27))
    'The piers open tomorrow (28 November).'
    """
    quoted = marks(text)
    said: set[str] = set()
    parts, start = [], 0
    found_days = [
        (found, [opens for at, opens in quoted if at < found.start()][-1:] == [True])
        for found in _RELATIVE.finditer(text)
    ]
    # "We open tomorrow," he said on Tuesday: the day after Tuesday.
    told_earlier = any(not inside and not found["today"] for found, inside in found_days)
    for found, inside in found_days:
        meaning = _meaning(found, text, day)
        known = meaning is None or meaning in said or _DATED.match(text, found.end())
        if known or meaning is None or (inside and told_earlier):
            continue
        said.add(meaning)
        parts += [text[start : found.end()], f" [{meaning}]" if inside else f" ({meaning})"]
        start = found.end()
    return "".join([*parts, text[start:]])


def _meaning(found: re.Match[str], text: str, day: dt.date) -> str | None:
    """Return the date of a relative day, as people write it; None where it is none."""
    if found["weekday"]:
        return _of_weekday(found, text, day)
    if found["span"]:
        return _of_span(found["which"].lower(), found["span"].lower(), text, found.start(), day)
    if found["ago"]:
        count = found["ago"].split()[0].lower()
        number = _COUNTS.get(count) or (int(count) if count.isdigit() else 0)
        return written(day - number * _DAY) if number else None
    steps = {"before": -2, "yesterday": -1, "today": 0, "tomorrow": 1, "after": 2}
    name = next(name for name in steps if found[name])
    # "today" may mean these times.
    return written(day + steps[name] * _DAY)


def _of_weekday(found: re.Match[str], text: str, day: dt.date) -> str | None:
    name = found["weekday"]
    before = text[: found.start("weekday")]
    own = (found["last"] or "").lower()
    named = _NOT_A_DAY.search(before) or text[found.end() : found.end() + 2].strip().isupper()
    if not name[0].isupper() or (named and not own):
        return None
    number = list(_WEEKDAYS.split("|")).index(name.capitalize())
    ahead = (number - day.weekday()) % 7
    if own == "next ":
        return written(day + (ahead or 7) * _DAY)
    if own == "last " or (own == "since "):
        return written(day - ((day.weekday() - number) % 7 or 7) * _DAY)
    plan = own in _TO_COME or _is_to_come(text, found.start(), found.end())
    return written(day + (ahead if plan else ahead - 7 if ahead else 0) * _DAY)


def _is_to_come(text: str, start: int, end: int) -> bool:
    """Say whether a day is to come, by the verb before it, or else by the verb after it: "will
    close on Monday", but "said on Monday that it will close"."""
    plans = words("day_plans")
    before = [word.lower() for word in WORD.findall(text[:start])]
    for at, word in reversed(list(enumerate(before))):
        if word in plans:
            return not {"was", "were", "had"} & set(before[max(0, at - 1) : at])
        if _is_finite(word):
            return word.endswith("s") and word not in ("was", "has", "says")
    after = (word.lower() for word in WORD.findall(text[end:]))
    return next((word in plans for word in after if word in plans or _is_finite(word)), False)


def _is_finite(word: str) -> bool:
    return word in words("finite_verbs") or (word.endswith("ed") and len(word) > 3)


def _of_span(which: str, span: str, text: str, at: int, day: dt.date) -> str | None:
    step = {"last": -1, "next": 1}.get(which, 0)
    if span == "month":
        if which not in ("last", "next", "this"):
            return None
        months = day.month - 1 + step
        return _month(day.replace(day=1, month=months % 12 + 1))
    monday = day - day.weekday() * _DAY
    if span == "week":
        if which not in ("last", "next", "this"):
            return None
        first = monday + 7 * step * _DAY
        return _range(first, first + 6 * _DAY)
    saturday = monday + 5 * _DAY
    if which == "next" or (step == 0 and _is_to_come(text, at, at)):
        first = saturday + (7 * _DAY if which == "next" and day.weekday() >= 5 else 0 * _DAY)
    else:
        first = saturday if day.weekday() == 6 and which != "last" else saturday - 7 * _DAY
    return _range(first, first + _DAY)


def _range(first: dt.date, last: dt.date) -> str:
    if first.month == last.month:
        return f"{first.day}–{written(last)}"
    return f"{written(first)} – {written(last)}"


def _month(day: dt.date) -> str:
    return _MONTHS.split("|")[day.month - 1]


def written(day: dt.date) -> str:
    """Return a day as people write it: "28 November".

    >>> written(dt.date(2026, 11, 28))
    '28 November'
    """
    return f"{day.day} {_month(day)}"
