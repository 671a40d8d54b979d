"""Tells what lies inside brackets and short quotations, or within a date, where no sentence ends,
and whether a quotation is carried on."""

from __future__ import annotations

import re
from collections.abc import Set

OPENERS = frozenset("\"'`“‘”’„‚‟«»‹›([{「『（【《〈〔［｛¿¡*_•·-–—")
# Inside brackets, and inside a quotation this short (characters), there is no split.
_MAX_BRACKETED = 250
_MAX_QUOTED = 60
_BRACKETS = {"(": ")", "[": "]", "{": "}", "（": "）", "【": "】", "〔": "〕", "［": "］"}
_QUOTES = {"「": "」", "『": "』", "《": "》", "〈": "〉"}
_CLOSERS = frozenset({*_BRACKETS.values(), *_QUOTES.values()})
# "2024. 5. 3." (Korean, Hungarian) and "3. 5. 2024" up to the year.
_DATE = re.compile(
    r"(?<![\d.])(?:[12]\d{3}\. ?\d{1,2}\. ?\d{1,2}\.|\d{1,2}\. ?\d{1,2}\. ?(?=[12]\d{3}(?!\d)))"
)
# A clause up to its mark, and its words.
_CLAUSE = re.compile(r"[^.!?:;।۔؟።。！？]{1,60}")
_SPOKEN = re.compile(r"[^\s,，،、]+")
# Words, and characters without spaces, of the longest clause that only tells who said a quotation.
_FEW_WORDS = 5
_SHORT_CLAUSE = 8
# Marks that open in one language and close in another, by what pairs with them.
_PAIRS = {
    **dict.fromkeys('"“”„‟', '"'),
    **dict.fromkeys("'‘’‚", "'"),
    **dict.fromkeys("«»", "«"),
    **dict.fromkeys("‹›", "‹"),
}


def enclosed(block: str) -> bytearray:
    """Return 1 for each character that lies inside brackets, a short quotation or a
    date."""
    quiet = bytearray(len(block))
    opened: list[tuple[str, int]] = []
    for at, char in enumerate(block):
        closer = _BRACKETS.get(char) or _QUOTES.get(char)
        if closer is not None:
            opened.append((closer, at))
        elif (family := _PAIRS.get(char)) is not None:
            if _opens_quotation(block, at):
                opened.append((family, at))
            elif _closes_quotation(block, at):
                _close(opened, family, at, quiet)
        elif opened and char in _CLOSERS:
            _close(opened, char, at, quiet)
    for date in _DATE.finditer(block):
        quiet[date.start() : date.end()] = b"\x01" * (date.end() - date.start())
    return quiet


def _close(opened: list[tuple[str, int]], closer: str, at: int, quiet: bytearray) -> None:
    """Pair ``closer`` with the nearest opening of its kind and mark what is between, if short."""
    for depth in range(len(opened) - 1, max(-1, len(opened) - 5), -1):
        kind, begin = opened[depth]
        if kind == closer:
            limit = _MAX_BRACKETED if closer in _BRACKETS.values() else _MAX_QUOTED
            if at - begin <= limit:
                quiet[begin:at] = b"\x01" * (at - begin)
            del opened[depth:]
            return


def _opens_quotation(block: str, at: int) -> bool:
    """Return whether the mark ``at`` opens a quotation; « does with a space after it (French)."""
    before, after = block[at - 1 : at], block[at + 1 : at + 2]
    return (not before.strip() or before in OPENERS) and (bool(after.strip()) or block[at] in "«‹")


def _closes_quotation(block: str, at: int) -> bool:
    after = block[at + 1 : at + 2]
    return (bool(block[at - 1 : at].strip()) or block[at] in "»›") and not (
        after.isalnum() and _PAIRS[block[at]] == "'"
    )


def is_said(block: str, at: int, said: Set[str]) -> bool:
    """Return whether a quotation is carried on, ``at``, by who says it: by a verb of ``said``, or
    by a few words with one ("?" उसने पूछा।)."""
    clause = _CLAUSE.match(block, at) if said else None
    if clause is None or block[clause.end() : clause.end() + 1] == ":":  # the next quotation
        return False
    words = _SPOKEN.findall(clause.group())
    if not words or words[0] in said:
        return bool(words)
    if len(words) == 1:  # of a language without spaces
        return len(words[0]) <= _SHORT_CLAUSE and not said.isdisjoint(words[0][-2:])
    return len(words) <= _FEW_WORDS and not said.isdisjoint(words)
