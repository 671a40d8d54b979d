"""The words of English texts, and how surprising each is.

A term is a word's stem. A term is as surprising in a text as it is unlikely to stand in any text
of that length; general English tells how likely that is.
"""

from __future__ import annotations

import hashlib
import math
import re
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from toolkit.stories.facts import NOTHING, Facts, is_country
from toolkit.text.english import frequencies
from toolkit.text.similarity import WORD, Vector, content_words, stem

# A text repeats its subject's words: any word in it is met this many times as often as in
# general English.
_BURSTINESS = 20.0
# The frequency, as a share of all words, of a word that the word list lacks.
_RAREST = 3e-7
# A chance below this is counted as this, so that its logarithm is finite.
_LEAST_CHANCE = 1e-9
# The length of the text, in words, in which the surprise of a name is measured.
_NAMED_IN = 330
# How much a country counts, beside another name: many events have it in common.
_OF_COUNTRIES = 0.6
# Texts whose lengths differ by less than this factor are compared as equally long.
_LENGTH_STEP = 1.1
# A word with a capital behind another word of its sentence.
_WITHIN = re.compile(r"(?<=[^\W\d_] )[A-Z][^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Profile:
    """The words of one text: ``counts`` of each term, ``frequency`` of each term in general
    English (a share of all words), ``length``, the number of all words, and ``names``, the terms
    that are written with a capital within sentences, and never without."""

    counts: Mapping[str, int]
    frequency: Mapping[str, float]
    length: int
    names: frozenset[str] = frozenset()


def profile(text: str) -> Profile:
    """Return the profile of an English text."""
    known = frequencies()
    counts: Counter[str] = Counter()
    frequency: dict[str, float] = {}
    for word in content_words(text.replace("-", " ")):
        term = stem(word)
        counts[term] += 1
        common = known.get(word.removesuffix("'s").removesuffix("’s"), _RAREST)
        frequency[term] = max(frequency.get(term, _RAREST), common)
    small = {stem(word) for word in WORD.findall(text) if word.islower()}
    capitals = {stem(word.lower()) for word in _WITHIN.findall(text)}
    return Profile(counts, frequency, len(text.split()), frozenset(capitals - small))


def surprises(text: Profile, length: int) -> Vector:
    """Return the surprise of each term of ``text`` in a text of ``length`` words."""
    return {term: surprise(frequency, length) for term, frequency in text.frequency.items()}


@lru_cache(maxsize=1 << 17)
def surprise(frequency: float, length: int) -> float:
    """Return minus the logarithm of the chance that a term of ``frequency`` stands in a text of
    ``length`` words."""
    chance = 1.0 - math.exp(-_BURSTINESS * frequency * length)
    return -math.log(max(chance, _LEAST_CHANCE))


def rounded(length: int) -> int:
    """Return the length that a text of ``length`` words is compared with, so that there are few
    different ones."""
    return round(_LENGTH_STEP ** round(math.log(length + 1, _LENGTH_STEP)))


_NO_DECIMALS: frozenset[str] = frozenset()
_NO_WEEKDAYS: frozenset[int] = frozenset()
_NO_TURNS: frozenset[tuple[str, str]] = frozenset()


def weight_of(name: str, frequency: float) -> float:
    """Return the surprise of a name, which is less for a country's."""
    return (_OF_COUNTRIES if is_country(name) else 1.0) * surprise(frequency, _NAMED_IN)


class FactColumns:
    """The facts of many texts, in columns: about five bytes a name."""

    def __init__(self) -> None:
        # The numbers that names go by, and the surprise of each.
        self.numbers: dict[str, int] = {}
        self.weights = array("f")
        # For each text, where its names start, and the rest of its facts.
        self.starts = array("Q", [0])
        self.decimals: list[frozenset[str]] = []
        self.weekdays: list[frozenset[int]] = []
        self.turns: list[frozenset[tuple[str, str]]] = []
        self.day = array("i")
        # For each name of each text: its number, and whether it stands in the lead and is one of
        # the lead's places.
        self.name = array("I")
        self.in_lead = array("B")
        self.is_place = array("B")

    def append(self, facts: Facts) -> None:
        for name, frequency in facts.names.items():
            if name not in self.numbers:
                self.weights.append(weight_of(name, frequency))
            self.name.append(self.numbers.setdefault(name, len(self.numbers)))
            self.in_lead.append(name in facts.lead)
            self.is_place.append(name in facts.places)
        self.starts.append(len(self.name))
        # One empty set for all texts: each of its own would take 216 bytes.
        self.decimals.append(facts.decimals or _NO_DECIMALS)
        self.weekdays.append(facts.weekdays or _NO_WEEKDAYS)
        self.turns.append(facts.turns or _NO_TURNS)
        self.day.append(facts.day)


class Texts:
    """The profiles of many texts, in columns: about ten bytes a term, a tenth of a ``Profile``;
    and what they name.

    Texts with the same terms the same number of times are kept once: ``distinct[place]`` is the
    number of the distinct text that stands at ``place``, counted from 0 in the order of ``add``.
    Texts without words are all distinct, since they have nothing in common.
    """

    def __init__(self) -> None:
        self.distinct = array("I")
        # The numbers that terms, frequencies and lengths go by in the columns.
        self.terms: dict[str, int] = {}
        self.frequencies: dict[float, int] = {}
        self.lengths: dict[int, int] = {}
        # For each distinct text: its words, the number of its length, where its entries start.
        self.words = array("I")
        self.length = array("H")
        self.starts = array("Q", [0])
        # For each entry, which is one term of one text: the term's number, how often it stands
        # there, and the number of its frequency.
        self.term = array("I")
        self.count = array("I")
        self.is_name = array("B")
        self.frequency = array("H")
        # What each distinct text names.
        self.named = FactColumns()
        self._numbers: dict[bytes, int] = {}

    def add(self, text: Profile, facts: Facts = NOTHING) -> None:
        """Append a text. Of texts with the same terms the first one's facts count."""
        terms = [self.terms.setdefault(term, len(self.terms)) for term in text.counts]
        entries = sorted(zip(terms, text.counts.values(), strict=True))
        key = hashlib.blake2b(repr(entries).encode(), digest_size=16).digest()
        number = len(self) if not entries else self._numbers.setdefault(key, len(self))
        if number == len(self):
            self._append(text, terms)
            self.named.append(facts)
        self.distinct.append(number)

    def _append(self, text: Profile, terms: list[int]) -> None:
        self.starts.append(self.starts[-1] + len(terms))
        self.term.extend(terms)
        self.count.extend(text.counts.values())
        self.is_name.extend(term in text.names for term in text.counts)
        self.frequency.extend(
            self.frequencies.setdefault(text.frequency[t], len(self.frequencies))
            for t in text.counts
        )
        self.words.append(text.length)
        length = rounded(text.length)
        self.length.append(self.lengths.setdefault(length, len(self.lengths)))

    def __len__(self) -> int:
        """Return the number of distinct texts."""
        return len(self.words)
