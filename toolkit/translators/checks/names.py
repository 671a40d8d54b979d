"""Finds a translation that has another country, currency or unit than its source.

``names.json.gz`` has the names of countries with the nationalities that CLDR knows, of capitals,
currencies and units in each language (``tools/build_names.py``). A name counts as changed only
where the source has one more often than the English, and the English one that nothing in the source
looks like: words that are not known, or told another way ("the Kremlin"), are no evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from toolkit.languages import ENGLISH, UNSPACED, script_of
from toolkit.numbers.words import fold, vocabulary
from toolkit.translators.checks.english_names import KINDS, english_mentions, name_table, signs_of

# Letters that a word may add to a stem: endings of cases and of adjectives.
_LONGEST_ENDING = 6
# Letters that words for one thing share at least; a Korean one is a syllable.
_LIKE = 4
_LIKE_IN_KOREAN = 2
_ALPHABETS = frozenset({"Latn", "Cyrl", "Grek", "Geor", "Armn"})
# Letters of the shortest stem that takes endings, in alphabets, in other scripts and in Korean.
_SHORTEST = 4
_SHORTEST_IN_SYLLABLES = 3
_SHORTEST_IN_KOREAN = 2
_TOKEN = re.compile(r"[^\s\d!-/:-@\[-`{-~¡-©«-´¶-¹»-¿×÷‐-⁯、-〿।॥،؛؟۔։።-፼⁄]+")
_DIGIT = re.compile(r"\d")
_SIGN = re.compile("[$€£₹₽₴₩₺₦₪฿₫¥]")
# In an abbreviation: "यू.एस."
_INNER_STOP = re.compile(r"(?<=[^\s\d])\.(?=[^\s\d])")
_CLITICS = {"Arab": re.compile("[وف]?[بلك]?(?:ال|لل)?"), "Hebr": re.compile("[וש]?[הבלמכ]?")}
# The letters that may follow the stem of a name: "تركي" is Turkish, "تركيز" a focus.
_ENDINGS = {
    "Arab": re.compile("[اةىيهونتمك]*"),
    "Hebr": re.compile("[אהוימןת]*"),
}
# Letters and signs for vowels, by which spellings of one name differ: "قيرغيزستان", "قرغيزستان".
_VOWELS = re.compile("[اأإآىيوةئؤء\u064b-\u0652]")
# Consonants from which on a name is known by them alone.
_CONSONANTS = 4
# Forms of writing in which one character may be a word.
_IDEOGRAPHS = ("Hani", "Hira", "Kana")

Entry = tuple[str, tuple[str, ...], str]


@dataclass
class _Index:
    """The names of one language, by their first letters; and the words that were looked up."""

    language: str
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    exact: dict[str, set[str]] = field(default_factory=dict)
    likes: dict[str, set[str]] = field(default_factory=dict)
    spelt: dict[str, set[str]] = field(default_factory=dict)  # by consonants
    known: dict[str, tuple[tuple[Entry, ...], frozenset[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        script = script_of(self.language)
        self.senses = vocabulary(self.language).senses
        self.syllables = script not in _ALPHABETS
        self.clitics = _CLITICS.get(script)
        self.endings = _ENDINGS.get(script)
        self.like = _LIKE_IN_KOREAN if script == "Hang" else _LIKE
        self.shortest = _SHORTEST_IN_SYLLABLES if self.syllables else _SHORTEST
        if script == "Hang":
            self.shortest = _SHORTEST_IN_KOREAN

    def add(self, name: str, kind: str) -> None:
        """Take in a name of one or more words."""
        words = _TOKEN.findall(fold(name).lower())
        if not words:
            return
        if self.clitics and words[0].startswith("ال"):
            words[0] = words[0][2:]
        self.exact.setdefault(words[0], set()).add(kind)
        first, *rest = [self.stem(word) for word in words]
        if len(first) >= self.shortest or rest:
            self.entries.setdefault(first[:2], []).append((first, tuple(rest), kind))
            self.likes.setdefault(first[: self.like], set()).add(kind)
        if self.clitics and len(consonants := _VOWELS.sub("", words[0])) >= _CONSONANTS:
            self.spelt.setdefault(consonants, set()).add(kind)

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
        matches = list(_TOKEN.finditer(folded))
        words = [match[0] for match in matches]
        digits = _DIGIT.search(folded)
        found: list[frozenset[str]] = []
        like: set[str] = set()
        for place, word in enumerate(words):
            entries, likes = self._look_up(word)
            if digits and not entries and (short := self._unit(folded, matches[place])):
                found.append(short)
                like |= short
            like |= likes
            rest = words[place + 1 :] if entries else []
            if fits := [e for e in entries if not e[1] or self._follow(e[1], rest)]:
                longest = max((len(e[1]), len(e[0])) for e in fits)
                kinds = frozenset(e[2] for e in fits if (len(e[1]), len(e[0])) == longest)
                like |= kinds
                if not any(kind[0] == "u" for kind in kinds) or self._counted(
                    folded, matches, place
                ):
                    found.append(kinds)
        return found, frozenset(like)

    def _counted(self, text: str, matches: list[re.Match[str]], place: int) -> bool:
        """Return whether a number stands before or after a unit."""
        start, end = matches[place].span()
        around = text[max(start - 2, 0) : start], text[end : end + 2]
        if any(c.isdigit() for part in around for c in part):
            return True
        neighbours = matches[max(place - 1, 0) : place + 2]
        return any(self.senses[match[0]] for match in neighbours if match.start() != start)

    def _unit(self, text: str, match: re.Match[str]) -> frozenset[str]:
        """Return what a short word is that follows a number: "5 км", "20초"."""
        before = text[max(match.start() - 2, 0) : match.start()].strip(" -")
        if not before or not before[-1].isdigit():
            return frozenset()
        particles = 2 if self.shortest == _SHORTEST_IN_KOREAN else 0
        for end in range(len(match[0]), max(len(match[0]) - particles - 1, 0), -1):
            if kinds := self.exact.get(match[0][:end]):
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
            bare = word
            if self.clitics and (match := self.clitics.match(word)):
                bare = word[match.end() :]
            fits: dict[Entry, None] = {}
            like: set[str] = set()
            for form in {word, bare}:
                like |= self.likes.get(form[: self.like], set()) | self.exact.get(form, set())
                if self.clitics:
                    like |= self.spelt.get(_VOWELS.sub("", form), set())
                for entry in self.entries.get(form[:2], ()):
                    if form.startswith(entry[0]) and self._ends(form[len(entry[0]) :]):
                        fits[entry] = None
            self.known[word] = tuple(fits), frozenset(like)
        return self.known[word]

    def _ends(self, ending: str) -> bool:
        """Return whether ``ending`` may follow a stem."""
        right = self.endings is None or self.endings.fullmatch(ending)
        return bool(right) and len(ending) <= _LONGEST_ENDING


@dataclass
class _Unspaced:
    """The names of a language that puts no space between words."""

    kinds: dict[str, set[str]]

    def __post_init__(self) -> None:
        longest_first = sorted(self.kinds, key=len, reverse=True)
        names = (
            rf"(?<=[\d百千万億亿兆]){e}" if len(e) == 1 else e
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
        any(_times(kinds, ours) > _times(kinds, named) for kinds in _of(family, ours))
        and any(kinds.isdisjoint(like) for kinds in _of(family, certain))
        for family in (("c:",), ("m:", "u:"))
    )
    return places, amounts


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
