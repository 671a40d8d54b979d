"""Puts the source and the day of an article into words."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import PurePosixPath
from urllib.parse import quote, urlsplit

from toolkit.digest.safe_text import clean
from toolkit.text.moments import day_of, moment_of

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def source_name(source: str, publisher: str | None = None) -> str:
    """Return a short name of the source of an article: its publisher, the host of its address,
    or both (since a feed can claim any publisher); else the last part of its path."""
    named = clean(publisher or "")
    if link := source_link(source):
        host = (urlsplit(link).hostname or link).removeprefix("www.")
        return f"{named} ({host})" if named and named.casefold() != host else host
    if named:
        return named
    return PurePosixPath(clean(source).replace("\\", "/")).name or clean(source)


def source_link(source: str) -> str:
    """Return ``source`` as an address that is safe to link to, empty if it is not http(s)."""
    source = clean(source)
    try:
        parts = urlsplit(source)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        return ""
    # Characters that must be quoted in an address are read differently by every program.
    return quote(source, safe="/:?#[]@!$&'()*+,;=%~-._") if usable else ""


def published(text: str) -> str:
    """Return the day of a date or time in words if it is in ISO 8601, in RFC 5322 as in RSS, or in
    seconds since 1970 (UTC); any other text as it is."""
    found = day_of(text)
    return day(found) if found else clean(text)


def time_of(text: str) -> tuple[dt.datetime, bool] | None:
    """Return when an article was published, in UTC, and whether its hour is known."""
    found = moment_of(text)
    if found is None:
        return None
    timed = re.search(r"\d:\d\d", text) is not None
    return (found.astimezone(dt.UTC) if timed else found), timed


def moment(at: tuple[dt.datetime, bool] | None, today: dt.date) -> str:
    """Return ``20 November, 14:10 UTC``, without an hour that is not known, and with the year if
    it is another than today's."""
    if at is None:
        return ""
    found, timed = at
    named = day(found.date()).removesuffix(f" {today.year}")
    return f"{named}, {found:%H:%M} UTC" if timed else named


def day(date: dt.date) -> str:
    """Return ``21 November 2026``, in English in every locale."""
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def weekday(date: dt.date) -> str:
    """Return ``Saturday 21 November 2026``."""
    return f"{_DAYS[date.weekday()]} {day(date)}"
