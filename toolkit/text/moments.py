"""When a source says that an article was published."""

from __future__ import annotations

import datetime as dt
import email.utils
import re

# Seconds since 1970, of the years 2001 to 2128.
_SECONDS = re.compile(r"[1-4]\d{9}(?:\.\d+)?")


def day_of(published: str) -> dt.date | None:
    """Return the day of a date or time in ISO 8601, in RFC 5322 as in RSS, or in seconds since
    1970 (UTC); None if ``published`` is none of these.

    >>> day_of("Sat, 21 Nov 2026 07:00:00 +0530"), day_of("yesterday")
    (datetime.date(2026, 11, 21), None)
    """
    try:
        if _SECONDS.fullmatch(published):
            return dt.datetime.fromtimestamp(float(published), dt.UTC).date()
        return dt.date.fromisoformat(published[:10])
    except ValueError:
        pass
    try:
        return email.utils.parsedate_to_datetime(published).date()
    except (ValueError, TypeError, IndexError):
        return None


def moment_of(published: str) -> dt.datetime | None:
    """Return the same with its time: midnight if there is none, in UTC if no zone is given."""
    found: dt.datetime | None = None
    for parse in (dt.datetime.fromisoformat, email.utils.parsedate_to_datetime):
        try:
            found = found or parse(published)
        except (ValueError, TypeError, IndexError):
            continue
    if found is None:
        if (day := day_of(published)) is None:
            return None
        found = dt.datetime.combine(day, dt.time())
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
