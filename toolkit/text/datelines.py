"""Reads when an article was published from the lines around it: a date line, or a dateline."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator

from toolkit.data import CleanText
from toolkit.numbers.parsing import read

# The reason with which cleaning drops a line that says when a page was published.
DATE_LINE = "date line"
# Lines above the title that may be the article's.
_ABOVE = 6
# Characters of a line that gives a date, at most.
_LONGEST = 160
# A dateline stands within so many characters from the start of the first paragraph,
_DATELINE = 80
# and ends in a dash, with an agency or a place before it.
_ENDS = re.compile(r"\s*[-–—]\s|\)\s*[:.]")
_YEARS = range(1990, 2100)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_CLOCK = re.compile(
    r"(?<![\d.:])([01]?\d|2[0-3])[:h]([0-5]\d)(?::[0-5]\d)?(?!\d)(?:\s?([ap])\.?m\b)?", re.I
)
_YEAR_FIRST = re.compile(
    r"(?<!\d)((?:19|20)\d\d)\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})(?!\d)"
)
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2\s?((?:19|20)\d\d)(?!\d)")
_UNIVERSAL = re.compile(r"\b(?:GMT|UTC)\b(?!\s*[+-])")


def published_in(page: CleanText, language: str) -> str | None:
    """Return when ``page`` says that it was published, in ISO 8601, with the time of day where that
    stands beside it; None if nothing says so clearly.

    >>> from toolkit.data import Dropped, Paragraph
    >>> line = Dropped(2, "Stand: 26.11.2026, 18:05 Uhr", "date line")
    >>> body = Paragraph(1, "Feuer im Hafen", "title"), Paragraph(3, "Drei Boote sind zerstört.")
    >>> published_in(CleanText(body, (line,)), "deu_Latn")
    '2026-11-26T18:05'
    """
    for line in _lines(page):
        text = "".join(str(unicodedata.digit(char, char)) for char in line)
        if day := _day(_CLOCK.sub(" ", text), language):
            return day.isoformat() + _time(text)
    return None


def _lines(page: CleanText) -> Iterator[str]:
    """Yield the lines that may say it: those between the title and the article, the opening of the
    article, those a little above, a line that cleaning took for one within the article."""
    texts = [p.line for p in page.paragraphs if p.kind == "text"]
    if not texts:
        return
    title = next((p.line for p in page.paragraphs if p.kind == "title"), texts[0])
    near = [d for d in page.dropped if title - _ABOVE <= d.line and len(d.text) <= _LONGEST]
    yield from (d.text for d in near if title <= d.line < texts[0])
    first = next(p.text for p in page.paragraphs if p.kind == "text")
    if end := _ENDS.search(first[:_DATELINE]):
        yield first[: end.start()]
    yield from (d.text for d in reversed(near) if d.line < title)
    yield from (d.text for d in near if texts[0] < d.line < texts[-1] and d.reason == DATE_LINE)


def _time(text: str) -> str:
    """Return the first time of day in ``text`` as ISO 8601 writes it after a day, or nothing."""
    found = _CLOCK.search(text)
    if found is None:
        return ""
    hour, minute, half = int(found[1]), int(found[2]), (found[3] or "").lower()
    if half:
        hour = hour % 12 + 12 * half.startswith("p")
    return f"T{hour:02}:{minute:02}" + ("+00:00" if _UNIVERSAL.search(text) else "")


def _day(text: str, language: str) -> dt.date | None:
    """Return the first day that ``text`` names with its year; None if it could be two, or none."""
    if found := _YEAR_FIRST.search(text):
        return _made(*map(int, found.groups()))
    if found := _YEAR_LAST.search(text):
        one, _, other, year = found.groups()
        first, second = int(one), int(other)
        if first != second and max(first, second) <= 12 and language == "eng_Latn":
            return None  # The day may stand before the month or behind it.
        return _made(int(year), second, first) or _made(int(year), first, second)
    if found := _YEAR.search(text):
        text = text[: found.end()]
    reading = read(text, language)
    values = [int(v) for number in reading.numbers for v in number.values if v == int(v)]
    years, days = _distinct(values, _YEARS), _distinct(values, range(1, 32))
    months = set(reading.months)
    if len(months) == len(years) == len(days) == 1:
        return _made(years[0], months.pop(), days[0])
    return None


def _distinct(values: Iterable[int], within: range) -> list[int]:
    return list(dict.fromkeys(value for value in values if value in within))


def _made(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
