"""Which writing systems a text uses, as ISO 15924 codes.

Only letters count: digits, punctuation and marks are shared between scripts. Chinese
characters are ``Hani`` whatever language they write, so Japanese is ``Hani`` with ``Hira`` and
``Kana``. Ranges are those of the Unicode blocks of each script that NLLB's languages use, and
of its larger neighbours; a letter of any other script is ``Zzzz``.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Literal

UNKNOWN = "Zzzz"
# Writing systems of several scripts.
_WRITTEN_WITH = {
    "Hang": frozenset({"Hang", "Hani"}),
    "Hans": frozenset({"Hani"}),
    "Hant": frozenset({"Hani"}),
    "Jpan": frozenset({"Hani", "Hira", "Kana"}),
}
# Chinese may quote its neighbours; their own prose is never without a tenth of their letters.
_LEAST_NATIVE = 0.1
# Scripts that write each sound, or each consonant, with a letter.
_ALPHABETS = frozenset({"Arab", "Armn", "Cyrl", "Geor", "Grek", "Hebr", "Latn", "Nkoo", "Tfng"})
# How many letters one of an expected writing system counts for.
_EXPECTED_WEIGHT = 3
_CAPITALISED = re.compile(r"\b[a-zß-öø-ÿ]*[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ÖØ-öø-ÿ]*")

_RANGES = (
    (0x0041, 0x02B8, "Latn"),
    (0x0370, 0x03FF, "Grek"),
    (0x0400, 0x052F, "Cyrl"),
    (0x0531, 0x058F, "Armn"),
    (0x0591, 0x05FF, "Hebr"),
    (0x0600, 0x06FF, "Arab"),
    (0x0700, 0x074F, "Syrc"),
    (0x0750, 0x077F, "Arab"),
    (0x0780, 0x07BF, "Thaa"),
    (0x07C0, 0x07FF, "Nkoo"),
    (0x0870, 0x08FF, "Arab"),
    (0x0900, 0x097F, "Deva"),
    (0x0980, 0x09FF, "Beng"),
    (0x0A00, 0x0A7F, "Guru"),
    (0x0A80, 0x0AFF, "Gujr"),
    (0x0B00, 0x0B7F, "Orya"),
    (0x0B80, 0x0BFF, "Taml"),
    (0x0C00, 0x0C7F, "Telu"),
    (0x0C80, 0x0CFF, "Knda"),
    (0x0D00, 0x0D7F, "Mlym"),
    (0x0D80, 0x0DFF, "Sinh"),
    (0x0E00, 0x0E7F, "Thai"),
    (0x0E80, 0x0EFF, "Laoo"),
    (0x0F00, 0x0FFF, "Tibt"),
    (0x1000, 0x109F, "Mymr"),
    (0x10A0, 0x10FF, "Geor"),
    (0x1100, 0x11FF, "Hang"),
    (0x1200, 0x139F, "Ethi"),
    (0x13A0, 0x13FF, "Cher"),
    (0x1780, 0x17FF, "Khmr"),
    (0x1800, 0x18AF, "Mong"),
    (0x1C50, 0x1C7F, "Olck"),
    (0x1C80, 0x1C8F, "Cyrl"),
    (0x1C90, 0x1CBF, "Geor"),
    (0x1D00, 0x1DBF, "Latn"),
    (0x1E00, 0x1EFF, "Latn"),
    (0x1F00, 0x1FFF, "Grek"),
    (0x2C60, 0x2C7F, "Latn"),
    (0x2D00, 0x2D2F, "Geor"),
    (0x2D30, 0x2D7F, "Tfng"),
    (0x2D80, 0x2DDF, "Ethi"),
    (0x2DE0, 0x2DFF, "Cyrl"),
    (0x3005, 0x3007, "Hani"),
    (0x3041, 0x309F, "Hira"),
    (0x30A0, 0x30FF, "Kana"),
    (0x3131, 0x318E, "Hang"),
    (0x31F0, 0x31FF, "Kana"),
    (0x3400, 0x4DBF, "Hani"),
    (0x4E00, 0x9FFF, "Hani"),
    (0xA640, 0xA69F, "Cyrl"),
    (0xA720, 0xA7FF, "Latn"),
    (0xA9E0, 0xA9FF, "Mymr"),
    (0xAA60, 0xAA7F, "Mymr"),
    (0xAAE0, 0xAAFF, "Mtei"),
    (0xAB00, 0xAB2F, "Ethi"),
    (0xAB30, 0xAB6F, "Latn"),
    (0xABC0, 0xABFF, "Mtei"),
    (0xAC00, 0xD7FF, "Hang"),
    (0xF900, 0xFAFF, "Hani"),
    (0xFB00, 0xFB06, "Latn"),
    (0xFB13, 0xFB17, "Armn"),
    (0xFB1D, 0xFB4F, "Hebr"),
    (0xFB50, 0xFDFF, "Arab"),
    (0xFE70, 0xFEFC, "Arab"),
    (0xFF21, 0xFF5A, "Latn"),
    (0xFF66, 0xFF9D, "Kana"),
    (0xFFA0, 0xFFDC, "Hang"),
    (0x20000, 0x3FFFF, "Hani"),
)
_STARTS = tuple(start for start, _, _ in _RANGES)
# Characters whose script is remembered: more than a day of most languages has.
_REMEMBERED = 8192
# Marks on one letter, from UAX #15's Stream-Safe Text Format: no language has more than seven.
_MOST_MARKS = 30
# Marks are among these characters.
_MARKS = re.compile(rf"[^\w\s\x00-\u02ff]{{{_MOST_MARKS}}}")
# U+034F, which is not seen and ends a run of marks.
_JOINER = "\u034f"


@lru_cache(maxsize=_REMEMBERED)
def letter_script(letter: str) -> str | None:
    """Return the script of one character, None if it is no letter (a digit, mark or sign)."""
    if not letter.isalpha():
        return None
    start, end, script = _RANGES[max(bisect_right(_STARTS, ord(letter)) - 1, 0)]
    return script if start <= ord(letter) <= end else UNKNOWN


def written_with(writing: str) -> frozenset[str]:
    """Return the scripts that a writing system uses: ``Jpan`` is Chinese characters and kana."""
    return _WRITTEN_WITH.get(writing, frozenset({writing}))


def characters_of(writings: Iterable[str]) -> str:
    """Return the inside of a regular expression's ``[...]`` for the blocks of these systems."""
    used = frozenset().union(*map(written_with, writings))
    return "".join(f"{chr(start)}-{chr(end)}" for start, end, script in _RANGES if script in used)


def count(text: str) -> Counter[str]:
    """Return how many letters of ``text`` are written in each script."""
    total: Counter[str] = Counter()
    for character, times in Counter(text).items():
        if script := letter_script(character):
            total[script] += times
    return total


def of(text: str) -> frozenset[str]:
    """Return the scripts of the letters of ``text``; empty where it has none."""
    return frozenset(count(text))


def writing_system(text: str, *, expected: Collection[str] = ()) -> str | None:
    """Return the writing system that ``text`` is mainly in, None where it has no letter.

    Scripts that are written together count together: Japanese is ``Jpan``, Korean ``Hang``,
    and Chinese ``Hans`` or ``Hant`` by the forms of its characters. Latin letters count half, and
    a quarter in words with a capital: names, acronyms and boilerplate in them stand in text of
    every other script, while the reverse is rare. The ``expected`` systems count thrice.
    """
    weight: dict[str, float] = dict(count(text))
    kana = weight.pop("Hira", 0) + weight.pop("Kana", 0)
    han = weight.pop("Hani", 0)
    if kana > _LEAST_NATIVE * (han + kana):
        weight["Jpan"] = han + kana
    elif weight.get("Hang", 0) > _LEAST_NATIVE * han:
        weight["Hang"] += han
    elif han:
        weight[_han_forms(text)] = han
    if "Latn" in weight and len(weight) > 1:
        named = sum(len(word) for word in _CAPITALISED.findall(text))
        weight["Latn"] = (weight["Latn"] - named / 2) / 2
    for system in weight:
        weight[system] *= 1 if system in _ALPHABETS else 2
        weight[system] *= _EXPECTED_WEIGHT if system in expected else 1
    return max(weight, key=lambda script: weight[script]) if weight else None


def fits(text: str, writing: str) -> bool:
    """Return whether a text may be in the writing system ``writing``: it is mainly in it, has a
    tenth of its letters from it, or has no letters.

    >>> fits("जल", "Deva"), fits("जल", "Gujr"), fits("2026", "Gujr")
    (True, False, True)
    """
    letters = count(text)
    own = sum(letters[script] for script in written_with(writing))
    return own >= _LEAST_NATIVE * letters.total() or (
        writing_system(text, expected={writing}) == writing
    )


def only(text: str, writing: str) -> str:
    """Return ``text`` with the letters of scripts that ``writing`` does not use blanked out."""
    kept = written_with(writing) | {writing}
    foreign = (c for c in set(text) if (letter_script(c) or writing) not in kept)
    return text.translate(dict.fromkeys(map(ord, foreign), " "))


def _han_forms(text: str) -> str:
    """Return ``Hans`` or ``Hant``: the national standards of 1980 and 1984 list the characters of
    either form; those in only one of them decide. Forms that are in both tell nothing."""
    simplified = traditional = 0
    for character, times in Counter(text).items():
        if letter_script(character) == "Hani":
            in_gb, in_big5 = _encodes(character, "gb2312"), _encodes(character, "big5")
            simplified += times * (in_gb and not in_big5)
            traditional += times * (in_big5 and not in_gb)
    return "Hant" if traditional > simplified else "Hans"


def _encodes(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def normal(form: Literal["NFC", "NFKC"], text: str) -> str:
    """Return ``text`` in a normal form of Unicode. Python sorts the marks on a letter in time that
    grows as the square of their number, so a run longer than 30 is parted by U+034F."""
    parted = _MARKS.sub(lambda run: run[0] + _JOINER, text)
    if len(parted) > len(text):
        return unicodedata.normalize(form, parted).replace(_JOINER, "")
    return unicodedata.normalize(form, text)
