"""Keeps the page of all days, ``outputs/index.html``, their feed, ``outputs/digests.atom``, and the
description of the folder, ``outputs/README.md``."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from toolkit.digest.archive import PastDay, PastStory, feed, index_parts
from toolkit.runs.outputs import stories
from toolkit.runs.records import card
from toolkit.storage import write_whole

log = logging.getLogger(__name__)

INDEX, FEED, CARD = "index.html", "digests.atom", "README.md"
# Days whose headlines the page lists, and days in the feed. Reading them takes some 10 ms a day.
_LISTED, _FED = 100, 14


def publish(outputs: Path) -> None:
    """Write the page and the feed of the digests in ``outputs``, and its description if there is
    none. A run that cannot do so is a good run: the log says why."""
    try:
        days = list(past_days(outputs))
        before = ""
        with contextlib.suppress(OSError, UnicodeDecodeError):
            before = (outputs / FEED).read_text(encoding="utf-8")
        write_whole(outputs / INDEX, index_parts(days))
        write_whole(outputs / FEED, feed(days[:_FED], before))
        if not (outputs / CARD).exists():
            write_whole(outputs / CARD, card())
    except OSError as error:
        log.warning("%s: not written (%s)", error.filename or outputs, error.strerror or error)


def past_days(outputs: Path) -> Iterator[PastDay]:
    """Yield the days that have a digest, the latest first, the first of them with their stories."""
    pages = sorted(outputs.glob("????-??-??/digest.html"), reverse=True)
    for number, page in enumerate(pages):
        with contextlib.suppress(ValueError, OSError):
            date = dt.date.fromisoformat(page.parent.name)
            written = dt.datetime.fromtimestamp(int(page.stat().st_mtime), dt.UTC)
            told = tuple(_told(page.with_name("digest.json"))) if number < _LISTED else None
            yield PastDay(date, written, told)


def _told(path: Path) -> Iterator[PastStory]:
    """Yield the stories of a digest as far as they can be read."""
    try:
        for number, story in enumerate(stories(path), 1):
            yield PastStory(number, str(story["headline"]), _first(story))
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s: cannot be read (%s)", path, error)


def _first(story: dict[str, Any]) -> str:
    return next((str(bullet["text"]) for bullet in islice(story["bullets"], 1)), "")
