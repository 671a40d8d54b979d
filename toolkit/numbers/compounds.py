"""Number words that are written together: "fünfundzwanzigtausend", "पावणेदोन", "pětadvacet"."""

from __future__ import annotations

from functools import lru_cache

from toolkit.numbers.numerals import Item, combine
from toolkit.numbers.words import Sense, vocabulary

# Letters of the shortest compound ("ორასი").
_SHORTEST = 5
# Letters of the longest compound that is looked at.
_LONGEST = 80
# Letters of the shortest part of one that is not "and".
_PART = 2


@lru_cache(maxsize=65536)
def compound(word: str, language: str) -> Sense | None:
    """Return the sense of a folded ``word`` that is made of number words, None where it is not.

    >>> compound("Fünfundzwanzigtausend", "deu_Latn").amount
    25000.0
    >>> compound("zweifellos", "deu_Latn")
    """
    if not _SHORTEST <= len(word) <= _LONGEST:
        return None
    parts, openings, longest = _parts(language)
    lowered = word.lower()
    if lowered[:_PART] not in openings:
        return None
    senses = _split(lowered, 0, parts, longest)
    if senses is None or len(senses) < 2 or senses[-1].kind in ("joiner", "before"):
        return None
    words = vocabulary(language)
    items = [Item(0, 1, frozenset({s.amount}), (), s, "words") for s in senses]
    found = combine(items, ten_last=words.ten_last, ten_and_unit=words.ten_and_unit)
    if len(found) != 1:
        return None
    value = min(found[0].values)
    return Sense("value" if value >= 1 and found[0].kind == "words" else "fixed", value)


@lru_cache(maxsize=256)
def _parts(language: str) -> tuple[dict[str, Sense], frozenset[str], int]:
    """Return the words that compounds are made of, their first letters, and the longest one's
    length."""
    parts = {
        key: sense
        for key, sense in vocabulary(language).figures.items()
        if sense.firm
        and sense.amount != 0
        and sense.kind in ("value", "scale", "before")
        and len(key) >= _PART
        and key.isalpha() | (not key.isascii())
    }
    openings = frozenset(key[:_PART] for key in parts)
    if parts:
        joiners = vocabulary(language).figures.items()
        parts |= {key: sense for key, sense in joiners if sense.kind == "joiner"}
    return parts, openings, max(map(len, parts), default=0)


def _split(word: str, start: int, parts: dict[str, Sense], longest: int) -> list[Sense] | None:
    """Return the senses of the parts of ``word`` from ``start`` on, the longest part first."""
    if start == len(word):
        return []
    for end in range(min(len(word), start + longest), start, -1):
        sense = parts.get(word[start:end])
        if sense and (rest := _split(word, end, parts, longest)) is not None:
            return [sense, *rest]
    return None
