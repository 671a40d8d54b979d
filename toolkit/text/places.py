"""Places that news names: countries with their people, regions and cities.

``countries.tsv`` is written by hand: a line is a country's code, its names, what its people are
called, its regions, and other spellings of its cities ("Kyiv=Kiev"). ``cities.tsv.gz`` holds
cities of at least 100,000 people from GeoNames, made by ``tools/build_places.py``.
"""

from __future__ import annotations

import gzip
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# Letters that Unicode does not decompose.
_STROKES = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe", "ß": "ss"})


@dataclass(frozen=True, slots=True)
class Place:
    """A place: the code of its country, and a name that all its spellings share."""

    country: str
    name: str


def plain(text: str) -> str:
    """Return ``text`` in lower case, its letters without marks.

    >>> plain("São Paulo")
    'sao paulo'
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("’", "'"))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_STROKES)


def places(words: Sequence[str]) -> Iterator[tuple[int, int, Place]]:
    """Yield the places that ``words``, which are plain, name: where each begins and ends.

    >>> [(start, end, p.country) for start, end, p in places("in the south korean port".split())]
    [(2, 4, 'KR')]
    """
    known, start = _places(), 0
    while start < len(words):
        for end in range(min(len(words), start + _longest(words[start])), start, -1):
            if found := known.get(" ".join(words[start:end])):
                yield start, end, found
                start = end
                break
        else:
            start += 1


def spellings(name: str) -> list[str]:
    """Return the plain names of the place that ``name`` names, none if it names no city or region.

    >>> spellings("Kyiv")
    ['kyiv', 'kiev']
    """
    found = _places().get(plain(name))
    if not found or found.name.startswith("@"):
        return []
    return [known for known, place in _places().items() if place == found]


def country_name(code: str) -> str:
    """Return the usual English name of a country, the code itself of a territory that is not named
    here.

    >>> country_name("CI"), country_name("AX")
    ('Ivory Coast', 'AX')
    """
    return _names().get(code, code)


def _longest(word: str) -> int:
    return _lengths().get(word, 0)


@cache
def _lengths() -> Mapping[str, int]:
    """Return the number of words of the longest name that begins with each word."""
    lengths: dict[str, int] = {}
    for name in _places():
        first, *more = name.split()
        lengths[first] = max(lengths.get(first, 0), 1 + len(more))
    return lengths


@cache
def _names() -> Mapping[str, str]:
    return {code: names.split(";")[0] for code, names, *_ in _rows()}


@cache
def _places() -> Mapping[str, Place]:
    """Return the places by their plain names. A country outranks a city of its name."""
    found: dict[str, Place] = {}
    packed = files("toolkit.text").joinpath("cities.tsv.gz").read_bytes()
    for line in gzip.decompress(packed).decode("utf-8").splitlines():
        code, cities = line.split("\t")
        found.update((plain(city), Place(code, plain(city))) for city in cities.split(";"))
    for code, names, people, regions, spellings in _rows():
        for group in filter(None, spellings.split(";")):
            first, *others = map(plain, group.split("="))
            found.update(dict.fromkeys((first, *others), Place(code, first)))
        for region in filter(None, regions.split(";")):
            found[plain(region)] = Place(code, plain(region))
        for name in filter(None, (*names.split(";"), *people.split(";"))):
            found[plain(name).rstrip(".")] = Place(code, f"@{code}")
    return found


@cache
def _rows() -> list[list[str]]:
    text = files("toolkit.text").joinpath("countries.tsv").read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines()]
