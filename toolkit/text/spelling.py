"""Whether two words may be spellings of one name, in Latin letters or across scripts.

Spellings differ by system: what German writes "Selenskyj" is "Zelenskyy" in English. Two systems
are bridged by ``variants``; that two people have nearly the same name is likelier than any other
difference in Latin letters, so it needs other evidence.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

from toolkit.text.places import plain

# Spellings of one consonant, the longer ones first; ``C`` stands for "ch" until the end.
_CONSONANTS = (
    *(("tsch|tch|tsh|ch|cz", "C"), ("sch|sh|sz|zh", "s"), ("ph", "f"), ("x", "ks")),
    *(("ck|kh|q", "k"), ("gh", "g"), ("dj", "j"), ("c(?=[eiy])", "s"), ("c", "k")),
    *(("C", "c"), ("w", "v"), ("z", "s"), ("[yj]", "i"), ("(?<=.)h(?![aeiou])", "")),
    ("(.)\\1+", "\\1"),
)
_NO_VOWELS = (("^[aeiou]", "A"), ("[aeiou]", ""))
# Spellings of one vowel. The "h" of "dh" and "kh" is no sound of its own.
_VOWELS = (("ou|oo", "u"), ("ee", "i"), ("(?<=[dtkgb])h", ""), ("(?<!t)sch", "s"))
_SOUNDS = tuple((re.compile(spelt), sound) for spelt, sound in (*_CONSONANTS, *_NO_VOWELS))
_SPELT = tuple((re.compile(spelt), sound) for spelt, sound in (*_VOWELS, *_CONSONANTS))
# Letters of a name from which on its spellings are told from other names.
_LONG_ENOUGH = 5
# From this likeness of consonants on, a word of another script may be the source of a name.
_ALIKE = 0.7


@lru_cache(maxsize=65536)
def key(name: str) -> str:
    """Return what the spellings of a name in plain letters share.

    >>> key("klitschko") == key("klichko"), key("mohammed") == key("muhammad"), key("kast")
    (True, True, 'kst')
    """
    if not (name.isascii() and name.isalpha()):
        return name
    sound = name
    for pattern, replacement in _SOUNDS:
        sound = pattern.sub(replacement, sound)
    return sound if len(sound) > 2 else name


def variants(one: str, other: str) -> bool:
    """Return whether two words in Latin letters are one name in two systems of spelling, and not
    two names that are nearly the same.

    >>> variants("Zelenskyy", "Selenskyj"), variants("Hansen", "Hanson"), variants("Li", "Le")
    (True, False, False)
    """
    if plain(one) == plain(other):
        return True
    short = min(len(one), len(other)) < _LONG_ENOUGH
    return not short and spelt(one) == spelt(other)


@lru_cache(maxsize=65536)
def spelt(word: str) -> str:
    """Return the letters of a word in one system of spelling.

    >>> spelt("Zelenskyy"), spelt("Netanjahu")
    ('selenski', 'netaniahu')
    """
    found = plain(word)
    for pattern, replacement in _SPELT:
        found = pattern.sub(replacement, found)
    return found


@lru_cache(maxsize=65536)
def romanised(text: str) -> str:
    """Return ``text`` of any script in small Latin letters.

    >>> romanised("Зеленский"), romanised("કિર્ગિસ્તાન"), romanised("محمد")
    ('zelenskiy', 'kirgistan', 'mhmd')
    """
    from anyascii import anyascii

    found = anyascii(unicodedata.normalize("NFC", text)).lower()
    return "".join(c for c in found if c.isalpha())


def likeness(name: str, word: str) -> float:
    """Return how far a ``word`` of any script sounds like a ``name`` in Latin letters, 0 to 1; 0
    where either has too few consonants to tell."""
    one, other = key(plain(name)), key(romanised(word).replace("jh", "z"))
    shared = sum(sound in other for sound in one)
    if min(len(one), len(other)) < 3 or 2 * shared < _ALIKE * (len(one) + len(other)):
        return 0.0
    found = SequenceMatcher(None, one, other, autojunk=False).ratio()
    return found if found >= _ALIKE else 0.0
