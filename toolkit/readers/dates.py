"""Read the moments that records give, however they write them."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
import time
from contextlib import suppress

# Seconds since 1970 of the years 1973 to 2128, which may be given in smaller units as well.
_EPOCH = re.compile(r"([1-4]?\d{9})(?:\d{3}|\d{6}|\d{9})?(?:\.\d+)?")
_DAY_FIRST = re.compile(r"\d{1,2}\.\s?\d{1,2}\.\s?\d{4}\b")
# Day and month in an order that depends on the country.
_EITHER_ORDER = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-]\d{2,4}\b")
_MONTHS = 12
# Two days that differ in all: a date that comes out the same from both is given in full.
_DEFAULTS = (dt.datetime(2000, 1, 1), dt.datetime(2001, 2, 2))
# Characters of a date; longer texts are none.
_MOST = 60


def moment(value: object) -> str | None:
    """Return a date, with its time and zone where given, in ISO 8601; None if it is none, or one
    whose day and month could be exchanged.

    >>> moment("Sat, 21 Nov 2026 06:30:00 +0530"), moment(1795219200000), moment("gestern")
    ('2026-11-21T06:30:00+05:30', '2026-11-21T00:00:00+00:00', None)
    """
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, time.struct_time | list | tuple):  # as feedparser gives it, in UTC
        with suppress(TypeError, ValueError):
            year, month, day, hour, minute, second = [*value, 0][:6]
            return dt.datetime(year, month, day, hour, minute, second, 0, dt.UTC).isoformat()
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    if isinstance(value, float):
        text = f"{value:.3f}"
    return _written(text) if len(text) <= _MOST else None


def _written(text: str) -> str | None:
    if found := _EPOCH.fullmatch(text):
        return dt.datetime.fromtimestamp(int(found[1]), dt.UTC).isoformat()
    with suppress(ValueError):
        if len(text) <= len("2026-11-21"):
            return dt.date.fromisoformat(text).isoformat()
        return dt.datetime.fromisoformat(text.replace(" UTC", "Z")).isoformat()
    with suppress(ValueError, TypeError, IndexError):
        return email.utils.parsedate_to_datetime(text).isoformat()
    either = _EITHER_ORDER.match(text)
    if either and int(either[1]) <= _MONTHS and int(either[2]) <= _MONTHS:
        return None
    return _loose(text)


def _loose(text: str) -> str | None:
    """Return a date that is written in words or with points."""
    from dateutil import parser

    first = _DAY_FIRST.match(text) is not None
    try:
        found: dt.datetime
        again: dt.datetime
        found, again = (parser.parse(text, dayfirst=first, default=day) for day in _DEFAULTS)
    except (ValueError, OverflowError, TypeError):
        return None
    if found.date() != again.date():
        return None
    return found.isoformat() if re.search(r"\d:\d\d", text) else found.date().isoformat()
