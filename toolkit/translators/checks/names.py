"""Finds a translation that has another country, currency or unit than its source.

``names.json.gz`` has the names of countries with the nationalities that CLDR knows, of capitals,
currencies and units in each language (``tools/build_names.py``). A name counts as changed only
where the source has one more often than the English, and the English one that nothing in the source
looks like: words that are not known, or told another way ("the Kremlin"), are no evidence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from toolkit.languages import ENGLISH, UNSPACED, iso639_3_of, script_of
from toolkit.numbers.compounds import compound
from toolkit.numbers.words import fold, vocabulary
from toolkit.translators.checks.english_names import KINDS, english_mentions, name_table, signs_of

# Letters that a word may add to a stem: endings of cases and of adjectives ("ruots-alaisessa").
_LONGEST_ENDING = 9
# Letters that a word of a unit may have after a stem of three ("yıl-dır", "hét-ig").
_LONGEST_OF_UNIT = 4
# Letters up to which a word in an alphabet is nothing but itself: "l" is a litre, and "l'avion".
_FEW_LETTERS = 2
# Signs of units that any language may use.
_SYMBOLS = {
    "km": "kilometre", "m": "metre", "cm": "centimetre", "mm": "millimetre", "kg": "kilogram",
    "g": "gram", "t": "tonne", "l": "litre", "ha": "hectare",
}  # fmt: skip
# Letters that words for one thing share at least; a Korean one is a syllable.
_LIKE = 4
_LIKE_IN_KOREAN = 2
_ALPHABETS = frozenset({"Latn", "Cyrl", "Grek", "Geor", "Armn"})
# Letters of the shortest stem that takes endings, in alphabets, in other scripts and in Korean.
_SHORTEST = 4
_SHORTEST_IN_SYLLABLES = 3
_SHORTEST_IN_KOREAN = 2
_TOKEN = re.compile(r"[^\s\d!-/:-@\[-`{-~¡-©«-´¶-¹»-¿×÷‐-⁯、-〿।॥،؛؟۔։።-፼⁄]+")
# Units of large numbers that may stand between digits and a unit, in Korean.
_SCALES = frozenset("백천만억조")
# Languages in which an apostrophe is a letter.
_WITH_APOSTROPHES = frozenset({"bel", "ukr", "uzn"})
_JOINED = re.compile(rf"{_TOKEN.pattern}(?:'{_TOKEN.pattern})*")
_SIGN = re.compile("[$€£₹₽₴₩₺₦₪฿₫¥]")
# In an abbreviation: "यू.एस."
_INNER_STOP = re.compile(r"(?<=[^\s\d])\.(?=[^\s\d])")
_CLITICS = {
    "Arab": re.compile("(?P<before>[وف]?[بلك]?)(?:ال|لل)?"),
    "Hebr": re.compile("(?P<before>[וש]?)[הבלמכ]?"),
}
# The letters that may follow the stem of a name: "تركي" is Turkish, "تركيز" a focus.
_ENDINGS = {
    "Arab": re.compile("[اةىيهونتمك]*"),
    "Hebr": re.compile("[אהוימןת]*"),
}
# Letters and signs for vowels, by which spellings of one name differ: "قيرغيزستان", "قرغيزستان".
_VOWELS = re.compile("[اأإآىيوةئؤء\u064b-\u0652]")
# Consonants from which on a name is known by them alone.
_CONSONANTS = 4
_ACCENTS = frozenset("\u0300\u0301\u0302")
# Forms of writing in which one character may be a word.
_IDEOGRAPHS = ("Hani", "Hira", "Kana")


class _Bases(dict[int, str]):
    """Each letter without its accent: grave, acute or circumflex, but "å" and "ö" are letters."""

    def __missing__(self, code: int) -> str:
        split = unicodedata.normalize("NFD", chr(code))
        self[code] = base = split[0] if set(split[1:]) <= _ACCENTS else chr(code)
        return base


_BASES = _Bases()

Entry = tuple[str, tuple[str, ...], str]


@dataclass
class _Index:
    """The names of one language, by their first letters; and the words that were looked up."""

    language: str
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    exact: dict[str, set[str]] = field(default_factory=dict)
    likes: dict[str, set[str]] = field(default_factory=dict)
    openings: dict[str, set[str]] = field(default_factory=dict)  # of names of several words
    spelt: dict[str, set[str]] = field(default_factory=dict)  # by consonants
    known: dict[str, tuple[tuple[Entry, ...], frozenset[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        script = script_of(self.language)
        self.senses = vocabulary(self.language).senses
        joined = iso639_3_of(self.language) in _WITH_APOSTROPHES
        self.token = _JOINED if joined else _TOKEN
        self.syllables = script not in _ALPHABETS
        self.accents = script not in ("Latn", "Grek") or self.language == "vie_Latn"
        self.clitics = _CLITICS.get(script)
        self.endings = _ENDINGS.get(script)
        self.like = _LIKE_IN_KOREAN if script == "Hang" else _LIKE
        self.shortest = _SHORTEST_IN_SYLLABLES if self.syllables else _SHORTEST
        if script == "Hang":
            self.shortest = _SHORTEST_IN_KOREAN

    def add(self, name: str, kind: str) -> None:
        """Take in a name of one or more words."""
        words = self.token.findall(self.plain(fold(name).lower()))
        if not words:
            return
        if self.clitics and name.startswith("ال"):  # and not "ألمانيا"
            words[0] = words[0][2:]
        if len(words) == 1:
            self.exact.setdefault(words[0], set()).add(kind)
        first, *rest = [self.stem(word) for word in words]
        if len(first) >= self.shortest or rest:
            self.entries.setdefault(first[:2], []).append((first, tuple(rest), kind))
            likes = self.openings if rest else self.likes
            likes.setdefault(first[: self.like], set()).add(kind)
        if self.clitics and len(consonants := _VOWELS.sub("", words[0])) >= _CONSONANTS:
            self.spelt.setdefault(consonants, set()).add(kind)

    def plain(self, folded: str) -> str:
        """Return a folded text without the accents that move or go with an ending ("Τούρκος" of
        "Τουρκία", "alemanes" of "alemán"); every character stays at its place."""
        return folded if self.accents or folded.isascii() else folded.translate(_BASES)

    def stem(self, word: str) -> str:
        """Return a word without what changes at its end."""
        if self.clitics and len(word) > 3:
            return word.removesuffix("ة")
        if self.syllables:
            return word[:-1] if len(word) > 5 and not word[-1].isalnum() else word
        return word[: len(word) - (0 if len(word) < 5 else 1 if len(word) < 7 else 2)]

    def find(self, text: str) -> tuple[list[frozenset[str]], frozenset[str]]:
        """Return what each name in ``text`` may stand for, and all that its words are like."""
        folded = fold(text).lower()
        if self.syllables and "." in folded:
            folded = _INNER_STOP.sub("", folded)
        matches = list(self.token.finditer(folded))
        words = [self.plain(match[0]) for match in matches]
        found: list[frozenset[str]] = []
        like: set[str] = set()
        for place, word in enumerate(words):
            entries, likes = self._look_up(word)
            like |= likes
            rest = words[place + 1 :] if entries else []
            kinds = _longest([e for e in entries if not e[1] or self._follow(e[1], rest)])
            if not kinds or any(kind[0] != "c" for kind in kinds):
                before, after = self._counted(folded, matches, place)
                if before and not kinds:
                    kinds = self._unit(word)
                if before or after:  # "200 franchi" are no Frenchmen
                    kinds = frozenset(k for k in kinds if k[0] != "c") or kinds
                elif any(kind[0] == "u" for kind in kinds):
                    like |= kinds
                    continue
            if kinds:
                found.append(kinds)
                like |= kinds
        return found, frozenset(like)

    def _counted(self, text: str, matches: list[re.Match[str]], place: int) -> tuple[bool, bool]:
        """Return whether a number stands before, and whether one stands after a word."""
        start, end = matches[place].span()
        before = text[max(start - 2, 0) : start].strip(" -")[-1:]
        after = text[end : end + 2].strip(" -")[:1]
        return (
            before.isdigit() or before in _SCALES or self._is_number(matches, place - 1),
            after.isdigit() or self._is_number(matches, place + 1),
        )

    def _is_number(self, matches: list[re.Match[str]], place: int) -> bool:
        """Return whether a word is a number."""
        if not 0 <= place < len(matches):
            return False
        word = matches[place][0]
        return self.senses[word] is not None or compound(word, self.language) is not None

    def _unit(self, word: str) -> frozenset[str]:
        """Return what a short word stands for that follows a number: "5 км", "sekiz yıl"."""
        if kinds := self.exact.get(word):
            return frozenset(kinds)
        if word in _SYMBOLS:
            return frozenset({f"u:{_SYMBOLS[word]}"})
        longest = _LONGEST_OF_UNIT if self.shortest > _SHORTEST_IN_KOREAN else _SHORTEST_IN_KOREAN
        least = 1 if self.shortest == _SHORTEST_IN_KOREAN else _SHORTEST_IN_SYLLABLES
        least -= self.clitics is not None
        for end in range(len(word) - 1, max(len(word) - longest, least) - 1, -1):
            if (kinds := self.exact.get(word[:end])) and self._ends(word[end:]):
                return frozenset(kinds)
        return frozenset()

    @staticmethod
    def _follow(stems: tuple[str, ...], words: list[str]) -> bool:
        return len(words) >= len(stems) and all(
            word.startswith(stem) for stem, word in zip(stems, words, strict=False)
        )

    def _look_up(self, word: str) -> tuple[tuple[Entry, ...], frozenset[str]]:
        if word not in self.known:
            if len(self.known) > 50_000:
                self.known.clear()
            forms = {word}
            if self.clitics and (match := self.clitics.match(word)):
                forms |= {word[match.end() :], word[match.end("before") :]}
            fits: dict[Entry, None] = {}
            like: set[str] = set()
            for form in forms:
                like |= self.likes.get(form[: self.like], set())
                like |= self._alone(form)
                if self.clitics:
                    like |= self.spelt.get(_VOWELS.sub("", form), set())
                for entry in self.entries.get(form[:2], ()):
                    if form.startswith(entry[0]) and self._ends(form[len(entry[0]) :]):
                        fits[entry] = None
            self.known[word] = tuple(fits), frozenset(like)
        return self.known[word]

    def _alone(self, form: str) -> set[str]:
        """Return what a word stands for as it is; one of few letters no unit or money."""
        kinds = self.exact.get(form, set())
        opens = self.openings.get(form[: self.like], set())
        if len(opens) == 1:  # "Cidade" is the beginning of many
            kinds = kinds | opens
        if not self.syllables and len(form) <= _FEW_LETTERS:
            return {kind for kind in kinds if kind[0] == "c"}
        return kinds

    def _ends(self, ending: str) -> bool:
        """Return whether ``ending`` may follow a stem."""
        right = self.endings is None or self.endings.fullmatch(ending)
        return bool(right) and len(ending) <= _LONGEST_ENDING


def _longest(entries: list[Entry]) -> frozenset[str]:
    """Return what the longest names stand for."""
    longest = max(((len(e[1]), len(e[0])) for e in entries), default=None)
    return frozenset(e[2] for e in entries if (len(e[1]), len(e[0])) == longest)


@dataclass
class _Unspaced:
    """The names of a language that puts no space between words."""

    kinds: dict[str, set[str]]

    def __post_init__(self) -> None:
        longest_first = sorted(self.kinds, key=len, reverse=True)
        names = (
            rf"(?:(?<=[\d百千万億亿兆])|(?<=\d ))(?:{e})" if len(e) == 1 else e
            for e in map(re.escape, longest_first)
        )
        self.pattern = re.compile("|".join(names) or "(?!)")

    def find(self, text: str) -> tuple[list[frozenset[str]], frozenset[str]]:
        """Return what each name in ``text`` stands for, and all that it names."""
        found = [frozenset(self.kinds[m[0]]) for m in self.pattern.finditer(fold(text).lower())]
        return found, frozenset().union(*found)


def names_differ(source: str, output: str, *, source_language: str) -> tuple[bool, bool]:
    """Return whether a country differs in ``output``, which is English, and whether a currency or
    a unit does.

    >>> names_differ("Er lebt in Frankreich.", "He lives in Spain.", source_language="deu_Latn")
    (True, False)
    """
    named, certain = english_mentions(output)
    index = _index(source_language) if certain else None
    if index is None:
        return False, False
    ours, like = index.find(source)
    signs = [signs_of(char) for char in _SIGN.findall(source)]
    ours, like = [*ours, *signs], like.union(*signs)
    places, amounts = (
        any(_times(kinds, ours) > _times(kinds, theirs) for kinds in _of(family, ours))
        and any(kinds.isdisjoint(like) for kinds in _of(family, certain))
        for family, theirs in ((("c:",), named), (("m:", "u:"), certain))
    )
    return places, amounts


def countries_shared(source: str, output: str, *, source_language: str) -> bool:
    """Return whether a text and its English name the same country."""
    named = english_mentions(output)[0]
    index = _index(source_language) if any(_of(("c:",), named)) else None
    if index is None:
        return False
    ours = _of(("c:",), index.find(source)[0])
    return any(_times(kinds, ours) > 0 for kinds in _of(("c:",), named))


def _times(kinds: frozenset[str], mentions: Iterable[frozenset[str]]) -> int:
    """Return how many mentions may stand for one of ``kinds``."""
    return sum(not kinds.isdisjoint(mention) for mention in mentions)


def _of(family: tuple[str, ...], mentions: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Return the mentions of one family: "c:" countries; "m:" money and "u:" units."""
    found = (frozenset(k for k in kinds if k.startswith(family)) for kinds in mentions)
    return [kinds for kinds in found if kinds]


@lru_cache(maxsize=256)
def _index(language: str) -> _Index | _Unspaced | None:
    """Return the names that a language has; None where CLDR does not have it."""
    table = name_table()
    entry = table["languages"].get(language)
    if language == ENGLISH or entry is None:
        return None
    script = script_of(language)
    pairs = [
        (form, f"{family}{kind}")
        for family, column in zip(KINDS, ("countries", "currencies", "units"), strict=True)
        for kind, forms in entry[column].items()
        for form in forms
    ]
    scripts = _IDEOGRAPHS if script in ("Hans", "Hant", "Jpan") else (script,)
    for country, names in table["capitals"].items():
        pairs += [(name, f"c:{country}") for s in scripts for name in names.get(s, ())]
    if script not in UNSPACED:
        index = _Index(language)
        for form, kind in pairs:
            index.add(form, kind)
        return index
    kinds: dict[str, set[str]] = {}
    for form, kind in pairs:
        kinds.setdefault(fold(form).lower(), set()).add(kind)
    return _Unspaced(kinds)
