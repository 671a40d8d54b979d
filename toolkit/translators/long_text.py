"""Splits a text that is too long for the model where it hurts least."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

# From the best place for a cut to the worst: after the end of a sentence, after a clause, after
# a comma or beside a dash, at any space. A mark inside a number or a time is not one of these,
# because a space has to follow it; marks of scripts that write no spaces need none.
_CUTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"[.!?…]+[\"'”’»)\]]*\s+|[।॥؟۔።။။][\"'”’»)\]]*\s*|[。！？｡][」』”’）]*\s*",
        r"[;:]\s+|[؛；：፤]\s*",
        r",\s+|[،、，፣､]\s*|\s+[-–—]\s+|—",
        r"\s+",
    )
)


def split_long(text: str, length: Callable[[str], int], limit: int) -> list[str]:
    """Return ``text`` in parts for which ``length`` (in tokens) is at most ``limit``.

    The parts join to the text exactly. Cuts are made at the best mark near the middle, and again
    in each half. A text without marks or spaces is cut between two characters, never between a
    letter and its combining marks; a single such cluster is returned whatever its length.
    """
    if length(text) <= limit:
        return [text]
    cut = _cut(text)
    if cut is None:
        return [text]
    return [*split_long(text[:cut], length, limit), *split_long(text[cut:], length, limit)]


def _cut(text: str) -> int | None:
    """Return the offset at which to halve ``text``, or None where it cannot be halved."""
    middle = len(text) / 2
    for pattern in _CUTS:
        ends = [match.end() for match in pattern.finditer(text)]
        # A cut in the outer eighths would leave a stump that no model translates well.
        inner = [end for end in ends if len(text) / 8 <= end <= len(text) * 7 / 8]
        if inner:
            return min(inner, key=lambda end: abs(end - middle))
    clusters = [i for i in range(1, len(text)) if not _joined(text[i - 1], text[i])]
    return min(clusters, key=lambda i: abs(i - middle), default=None)


def _joined(before: str, after: str) -> bool:
    """Return whether two characters belong to one letter: a combining mark, a joiner, a variant."""
    joiners = "\u200c\u200d"
    return after in joiners or before in joiners or unicodedata.category(after).startswith("M")
