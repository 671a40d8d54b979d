"""Shorter sentences that say nothing else."""

from __future__ import annotations

import re

_PARENTHESES = re.compile(r"\s*\([^()]*\)")
_TAIL = re.compile(r", (?=(?:including|such as|especially|noting|adding|as well as|while) )")


def shorten(sentence: str, limit: int) -> str:
    """``sentence`` without parentheses and, where it is longer than ``limit`` words, without
    the clauses at its end that only add to it."""
    text = _PARENTHESES.sub("", sentence)
    while len(text.split()) > limit:
        cuts = [m.start() for m in _TAIL.finditer(text)]
        if not cuts or text.count('"', 0, cuts[-1]) % 2:
            break
        text = text[: cuts[-1]] + "."
    return text
