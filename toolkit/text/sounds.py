"""Compares names by how they sound, across scripts: "Lavrov", "Лаврова", "لافروف", "ラブロフ".

A word is written in Latin letters by ``anyascii``, then in sounds, one character each. Two words
are compared by the edits that turn one into the other: vowels cost little, as many scripts leave
them out, and so do consonants that scripts confuse.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import accumulate

from toolkit.languages.scripts import letter_script

# Letters that are read otherwise than one by one, in their own script.
_OWN = {
    "Latn": (("ğ", "h"), ("[čćçĉ]", "ch"), ("[šşș]", "sh"), ("ž", "zh")),
    "Grek": (
        *(("μπ", "b"), ("(?<![α-ω])ντ|(?<=[ρλ])ντ", "d"), ("γκ|γγ", "g"), ("τζ", "j")),
        *(("χ", "kh"), ("ου", "u")),
    ),
    "Cyrl": (("[ъь]", ""), ("ћ", "ч"), ("(?<=[аеиоуыэюя])е", "ye")),
    "Arab": (("ة", ""), ("(?<=.)ه$", "")),
    "Hebr": (("וו", "v"), ("(?<=.)ו", "w"), ("צ['׳]", "ch"), ("(?<=.)ה$", "")),
    "Deva": (("[ंँ]", "n"), ("[चछ]", "ch")),
    "Gujr": (("[ંઁ]", "n"), ("[ચછ]", "ch")),
    "Guru": (("[ਂੰ]", "n"), ("[ਚਛ]", "ch")),
    "Orya": (("[ଂଁ]", "n"), ("[ଚଛ]", "ch")),
    "Telu": (("ం", "n"), ("[చఛ]", "ch")),
    "Knda": (("ಂ", "n"), ("[ಚಛ]", "ch")),
    "Mlym": (("ം", "m"), ("[ചഛ]", "ch")),
    "Armn": (("ու", "u"),),
    "Beng": (("[ংঁ]", "n"), ("[চছ]", "ch"), ("ভ", "v"), ("য়", "y")),
    # Vowels that are written before the consonant, and letters that are not heard.
    "Thai": (("([เแโใไ])(.)", "\\2\\1"), ("[ก-ฮ]์", ""), ("(?<!^)อ|ห(?=[นมรลวยง])", "")),
    "Laoo": (("([ເແໂໃໄ])(.)", "\\2\\1"),),
}
# Spellings of one sound in Latin letters, the longer ones first. S is "sh", C "ch", X "kh", T "ts".
_SPELLINGS = tuple(
    (re.compile(spelt), sound)
    for spelt, sound in (
        *(("shch|tsch|tch|tsh|cz", "C"), ("sch|sh|sz", "S"), ("ch'?", "C"), ("zh", "z")),
        *(
            ("kh", "X"),
            ("ph|bh|ff", "f"),
            ("th|dh", "t"),
            ("gh", "g"),
            ("ts|tz", "T"),
            ("dz|dj|jh", "j"),
        ),
        *(
            ("^x", "S"),
            ("ck|qu|q|c(?=[aou'])|c(?=[^aeiouy])", "k"),
            ("x", "ks"),
            ("ng(?![aeiouy])", "n"),
        ),
        *(("[zj](?=[sS])|h$", ""), ("[^a-zCSXT]", ""), ("(.)\\1+", "\\1")),
    )
)
_VOWELS = frozenset("aeiouyw")
# Sounds that languages write for one another, and what it costs to take one for the other.
_ALIKE = (
    (0.05, ("ouw", "eiy")),
    (0.1, ("bp", "fvw", "bv", "td", "kgXh", "zsS", "TscC", "zjC", "aeo")),
    (0.2, ("aeiouyw", "bpfvw", "jy", "zsSTcCj", "tTC", "mn", "ckX", "CX")),
)
# The same of scripts that do not tell these sounds apart.
_CONFUSED = {
    **dict.fromkeys(
        ("Hira", "Kana", "Hang", "Hani"), ("lr", "hf", "hb", "ts", "bm", "tS", "bv", "pfv")
    ),
    **dict.fromkeys(("Taml", "Thai", "Laoo", "Khmr", "Mymr"), ("kg", "ks", "sj", "lr", "gX", "pb")),
    **dict.fromkeys(("Arab", "Hebr"), ("bp", "fvw", "gj", "kg", "bv", "pf")),
}
_CONFUSING = 0.05
# What it costs to leave out a vowel, a breath or another consonant, or to add it; to take another
# sound for one.
_VOWEL, _BREATH, _CONSONANT, _OTHER = 0.15, 0.3, 1.0, 2.0
# Sounds that cost little to leave out or to add, by script: those that it does not write, or must
# write between consonants.
_CHEAP = {
    **dict.fromkeys(("Hira", "Kana", "Hang", "Hani"), ("aeiouyw", 0.05)),
    **dict.fromkeys(("Arab", "Hebr"), ("aeiouyw", 0.1)),
    **dict.fromkeys(("Deva", "Gujr", "Beng", "Guru", "Orya", "Thai", "Laoo"), ("aeo", 0.08)),
}
# What may stand before and between the consonants of a name, and for its "h".
_BETWEEN, _BREATHED = "[aeiouywhj]{0,4}", "[hXgkf]?"
_NO_CONSONANT = _VOWELS - {"w"}
_WEAK = re.compile("h|y(?=[aeou])")
# An ending: its price a sound, and that of a vowel that it takes the place of.
ENDING, _REPLACED = 0.02, 0.05
# The distance of words that are not alike.
FAR = 9.0


@lru_cache(maxsize=65536)
def sounds(word: str) -> str:
    """Return the sounds of a word in any script, an empty string if it has no letters.

    >>> sounds("Лавров"), sounds("Ławrow"), sounds("ラブロフ")
    ('lavrov', 'lawrow', 'raburofu')
    """
    from anyascii import anyascii

    text = unicodedata.normalize("NFC", word).lower()
    script = script_of_word(text)
    if script == "Grek":
        text = "".join(c for c in unicodedata.normalize("NFD", text) if c.isalpha())
    for spelt, sound in _own(script):
        text = spelt.sub(sound, text)
    text = anyascii(text).lower()
    for spelt, sound in _SPELLINGS:
        text = spelt.sub(sound, text)
    return text


@lru_cache(maxsize=65536)
def script_of_word(word: str) -> str:
    """Return the script of the first letter of a word, an empty string if it has none."""
    return next((script for c in word if (script := letter_script(c))), "")


@dataclass(frozen=True)
class Name:
    """A word of a name that is looked for in texts."""

    text: str

    @cached_property
    def script(self) -> str:
        return script_of_word(self.text)

    @cached_property
    def sounds(self) -> str:
        return sounds(self.text)

    @cached_property
    def weight(self) -> float:
        """How many consonants the name has; one that scripts leave out, h or y, is a half."""
        return len(_firm(self.sounds)) + len(_WEAK.findall(self.sounds)) / 2

    def distance(self, word: str, script: str, *, ending: int = 0, price: float = ENDING) -> float:
        """Return what it costs to turn the name into a ``word``, given in sounds and written in
        ``script``; ``FAR`` where they have other consonants. Up to so many sounds may be an
        ``ending``, each at a ``price``.

        >>> Name("Lavrov").distance(sounds("Лаврова"), "Cyrl", ending=3)
        0.02
        """
        if not self.sounds or not _candidate(self.sounds, self.script, script).match(word):
            return FAR
        row, shorter = _row(self.sounds, word, *_costs(self.script, script))
        found = row[-1]
        for cut in range(1, min(ending, len(word) - 1) + 1):
            found = min(found, row[-1 - cut] + price * cut)
            if self.sounds[-1] in _VOWELS:
                found = min(found, shorter[-1 - cut] + _REPLACED + price * cut)
        return found


def _row(
    name: str, word: str, costs: Mapping[tuple[str, str], float], dropping: Mapping[str, float]
) -> tuple[list[float], list[float]]:
    """Return what it costs to turn ``name``, and ``name`` without its last sound, into each
    beginning of ``word``."""
    adding = [dropping.get(sound, _CONSONANT) for sound in word]
    row = list(accumulate(adding, initial=0.0))
    previous = row
    for sound in name:
        leave = dropping.get(sound, _CONSONANT)
        previous, row = row, [row[0] + leave]
        for column, other in enumerate(word):
            change = 0.0 if sound == other else costs.get((sound, other), _OTHER)
            row.append(
                min(
                    previous[column] + change,
                    previous[column + 1] + leave,
                    row[column] + adding[column],
                )
            )
    return row, previous


@cache
def _candidate(name: str, one: str, other: str) -> re.Pattern[str]:
    costs, _ = _costs(one, other)
    like: dict[str, set[str]] = {}
    for a, b in costs:
        like.setdefault(a, {a}).add(b)
    parts = (
        _BREATHED if s == "h" else "[" + "".join(sorted(like.get(s, {s}) - _NO_CONSONANT)) + "]"
        for s in name
        if s not in _VOWELS
    )
    return re.compile(_BETWEEN + _BETWEEN.join(parts))


def _firm(name: str) -> str:
    return "".join(s for s in name if s not in _VOWELS and s != "h")


@cache
def _costs(one: str, other: str) -> tuple[dict[tuple[str, str], float], dict[str, float]]:
    """Return what each substitution costs between two scripts, and each sound more or less."""
    costs: dict[tuple[str, str], float] = {}
    confused = {group for script in (one, other) for group in _CONFUSED.get(script, ())}
    for price, groups in (*reversed(_ALIKE), (_CONFUSING, confused)):
        for group in groups:
            costs.update({(a, b): price for a in group for b in group if a != b})
    dropping = {**dict.fromkeys(_VOWELS, _VOWEL), "h": _BREATH}
    for script in (one, other):
        cheap, price = _CHEAP.get(script, ("", 0.0))
        dropping.update(dict.fromkeys(cheap, price))
    return costs, dropping


@cache
def _own(script: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(spelt), sound) for spelt, sound in _OWN.get(script, ()))
