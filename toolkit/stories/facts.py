"""Reads which people, places, figures and days an English text names: they tell its event from
others of the same kind.

A name goes by a key that its spellings share: a place by its entry in ``text/places.py`` (and the
people of a country as the country), any other name by its consonants if it has three of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from toolkit.text.english import frequencies, lists, words
from toolkit.text.places import Place, country_name, places, plain
from toolkit.text.similarity import WORD, stop_words
from toolkit.text.spelling import key

# The frequency, as a share of all words, of a name that the word list lacks.
_RAREST = 3e-7
# The headline and the first sentence, or the first two of a text without a headline.
_LEAD = 2
# From this share of capitalised words on, a line's capitals do not tell its names.
_CAPITALISED = 0.7
# Words in lower case that stand within names of places.
_WITHIN = frozenset(("of", "the", "and"))
_DECIMAL = re.compile(r"\d[\d,]*\.\d+")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
# What comes in turns: another turn is another event. A match has two halves and an election two
# rounds: these are not here.
_TURN = re.compile(
    rf"\b(?P<number>{'|'.join(_ORDINALS)}|\d+(?=st|nd|rd|th))(?:st|nd|rd|th)?"
    r"[ -](?P<kind>quarter|leg|matchday|stage|reading)\b|\bq(?P<quarter>[1-4])\b"
)
_SCORE = re.compile(r"(?<![\w.-])(\d{1,2})[-–](\d{1,2})(?![\w-])")


@dataclass(frozen=True, slots=True)
class Facts:
    """``names`` are keys with the frequency of each in general English, ``lead`` those of the
    headline and the first sentence, ``places`` its cities and regions, or else its countries;
    ``decimals`` the numbers with a decimal point, those of the lead if it has any; ``weekdays``
    those of the lead, from Monday = 0; ``day`` the ordinal of the date of publication, or 0;
    ``turns`` which of several the lead tells of, by their kind: the quarter, the leg, the
    score."""

    names: Mapping[str, float]
    lead: frozenset[str]
    places: frozenset[str]
    decimals: frozenset[str]
    weekdays: frozenset[int]
    day: int = 0
    turns: frozenset[tuple[str, str]] = frozenset()


# The facts of a text that names nothing.
NOTHING = Facts({}, frozenset(), frozenset(), frozenset(), frozenset())


def facts(sentences: Sequence[str], day: int = 0) -> Facts:
    """Return the facts of a text, whose first sentence is its headline if it has one.

    >>> found = facts(["Kiev: five dead", "The Ukrainian mayor, Klichko, spoke on Friday."])
    >>> sorted(found.names), found.weekdays
    (['@UA', 'klck', 'kyiv'], frozenset({4}))
    """
    lines = [WORD.findall(sentence) for sentence in sentences]
    cased = [line for line in lines if not all_capitalised(line)]
    inside = {plain(word) for line in cased for word in line[1:] if _upper(word)}
    names: dict[str, float] = {}
    lead: dict[str, bool] = {}
    for number, line in enumerate(lines):
        for name, frequency, is_place in _names(line, inside):
            names[name] = max(frequency, names.get(name, _RAREST))
            if number < _LEAD:
                lead[name] = is_place
    where = {name for name, is_place in lead.items() if is_place}
    opening = {word.lower() for line in lines[:_LEAD] for word in line}
    return Facts(
        names,
        frozenset(lead),
        frozenset({name for name in where if not is_country(name)} or where),
        _decimals(sentences[:_LEAD]) or _decimals(sentences),
        frozenset(n for n, weekday in enumerate(lists()["weekdays"]) if weekday in opening),
        day,
        frozenset(turn for sentence in sentences[:_LEAD] for turn in _turns(sentence)),
    )


def _turns(sentence: str) -> Iterator[tuple[str, str]]:
    for match in _TURN.finditer(sentence.lower()):
        number, kind, quarter = match.groups()
        ordinal = str(_ORDINALS.index(number) + 1) if number in _ORDINALS else number
        yield kind or "quarter", quarter or ordinal
    for match in _SCORE.finditer(sentence):
        # The side at home comes first in one language, the winner in another.
        yield "score", "-".join(sorted(match.groups(), key=int))


def _decimals(sentences: Sequence[str]) -> frozenset[str]:
    return frozenset(decimal for s in sentences for decimal in _DECIMAL.findall(s))


def _names(line: Sequence[str], inside: set[str]) -> Iterator[tuple[str, float, bool]]:
    """Yield the names of a sentence, the frequency of each, and whether it is a place.

    Its first word, and any in a headline that is capitalised throughout, is one if it is a place,
    stands in ``inside`` (what is capitalised within sentences), or is no common word.
    """
    known, shouted = frequencies(), all_capitalised(line)
    line = [word.removesuffix("'s").removesuffix("’s") for word in line]
    low = [plain(word) for word in line]
    of_places: set[int] = set()
    for start, end, place in places(_cased(line)):
        of_places.update(range(start, end))
        yield place.name, min(known.get(word, _RAREST) for word in low[start:end]), True
        yield f"@{place.country}", known.get(plain(country_name(place.country)), _RAREST), True
    for number, (word, p) in enumerate(zip(line, low, strict=True)):
        initials = word.isupper() and len(word) > 1 and not shouted
        if number in of_places or not _upper(word) or (p in no_names() and not initials):
            continue
        # "Aftershocks", "Rescuers": the list of common words lacks many plurals.
        rare = p not in known and not (number == 0 and p.endswith("s"))
        if (number and not shouted) or p in inside or rare:
            yield key(p), known.get(p, _RAREST), False


def places_named(line: Sequence[str]) -> Iterator[tuple[Sequence[str], Place]]:
    """Yield the places that a sentence names, with the words that name each."""
    line = list(map(without_possessive, line))
    for start, end, place in places_found(line):
        yield line[start:end], place


def places_found(line: Sequence[str]) -> Iterator[tuple[int, int, Place]]:
    """Yield the places that the words of a sentence name: where each begins and ends."""
    return places(_cased(list(map(without_possessive, line))))


def without_possessive(word: str) -> str:
    """Return a word without the ending of a possessive."""
    return word.removesuffix("'s").removesuffix("’s")


def _cased(line: Sequence[str]) -> list[str]:
    """Return the words of a sentence that may be part of a name, plain, and "" for the others."""
    return [
        (p if p != "us" or word == "US" else "") if _upper(word) or p in _WITHIN else ""
        for word, p in zip(line, map(plain, line), strict=True)
    ]


def is_country(name: str) -> bool:
    """Return whether a key is that of a country."""
    return name.startswith("@")


def _upper(word: str) -> bool:
    return word[0].isupper()


def all_capitalised(line: Sequence[str]) -> bool:
    """Return whether a line is capitalised throughout."""
    long = [word for word in line if len(word) > 3 and word[0].isalpha()]
    return len(long) > 2 and sum(map(_upper, long)) > _CAPITALISED * len(long)


@cache
def no_names() -> frozenset[str]:
    """Return the words that are capitalised without being names."""
    return stop_words() | words("titles") | words("weekdays") | words("months") | {"i"}
