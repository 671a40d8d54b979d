"""Tells services of notification, and webhooks, that a digest is there: through apprise."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from toolkit.digest.safe_text import clean_line
from toolkit.runs.mail import UndeliveredError

if TYPE_CHECKING:
    import apprise

# Headlines that a notification has.
MOST_HEADLINES = 7


def text_of(headlines: Iterable[str]) -> str:
    """Return the text of a notification: the first headlines, and how many more there are."""
    every = iter(headlines)
    lines = [f"- {clean_line(headline)}" for headline in islice(every, MOST_HEADLINES)]
    more = sum(1 for _ in every)
    return "\n".join([*lines, f"and {more} more"] if more else lines) or "No stories."


def label(address: str) -> str:
    """Return a name for a service without its secrets, which stand anywhere in its address."""
    known = hashlib.sha256(address.encode()).hexdigest()[:8]
    return f"{address.partition(':')[0]} {known}"


def service(address: str) -> apprise.Apprise:
    """Return what sends to ``address``. Raises ``UndeliveredError``."""
    try:
        import apprise
    except ImportError:
        raise UndeliveredError(
            f"{label(address)}: apprise is not installed", remedy="pip install apprise"
        ) from None
    found = apprise.Apprise()
    if not found.add(address):
        raise UndeliveredError(
            f"{label(address)}: not an address that apprise knows",
            remedy="Correct notify; apprise's documentation lists its addresses.",
        )
    return found


def notify(address: str, title: str, text: str) -> None:
    """Send a notification. Raises ``UndeliveredError``."""
    found = service(address)
    import apprise

    captured = apprise.LogCapture(level=logging.WARNING)  # type: ignore[no-untyped-call]
    with captured as said:
        if found.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT):
            return
        reason = next(iter(said.getvalue().splitlines()), "refused")
    raise UndeliveredError(
        f"{label(address)}: {clean_line(reason.rpartition(' - ')[2])}",
        remedy="Check the service and its address.",
        passing=True,
    )
