"""The words by which two bullets can differ, kept as data: markers, opposites, kinds of things."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from toolkit.summarisers.grounding.lexicon import key, opposite
from toolkit.text.places import country_name, places
from toolkit.text.places import plain as place_form

_NEGATING = frozenset({"un", "in", "im", "il", "ir", "dis", "non", "mis", "de"})
# The letters of a word that a prefix can negate: "form" is not what "inform" negates.
_NEGATED = 5
_NAME_WORD = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)*")


@cache
def _tables() -> Mapping[str, Any]:
    source = files("toolkit.stories").joinpath("differences.json")
    tables: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return tables


@cache
def entries(name: str) -> frozenset[str]:
    """Return a plain list: ``one_sided`` has the kinds of markers that make a difference where the
    other text has none, ``loose`` and ``empty`` small words in which texts that say the same may
    differ."""
    return frozenset(_tables()[name])


@cache
def _phrases(table: str) -> Mapping[str, tuple[tuple[str, str, tuple[str, ...]], ...]]:
    """Return the phrases of markers, or those of bounds, by their first token: kind, meaning and
    tokens, the longest first."""
    lists: dict[str, list[str]] = (
        _tables()[table] if table == "markers" else {table: _tables()[table]}
    )
    found: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {}
    for kind, lines in lists.items():
        for line in lines:
            meaning, *phrases = line.split("|")
            for tokens in (tuple(phrase.split()) for phrase in phrases):
                found.setdefault(tokens[0], []).append((kind, meaning, tokens))
    return {first: tuple(sorted(f, key=lambda p: -len(p[2]))) for first, f in found.items()}


@lru_cache(maxsize=512)
def markers(tokens: tuple[str, ...], table: str = "markers") -> tuple[tuple[str, str, range], ...]:
    """Return the kind, the meaning and the positions of each marker among lower-case tokens; where
    one phrase begins another, the longer one."""
    return tuple(_markers(tokens, table))


def _markers(tokens: tuple[str, ...], table: str) -> Iterator[tuple[str, str, range]]:
    end = 0
    for at, token in enumerate(tokens):
        for kind, meaning, phrase in _phrases(table).get(token, ()):
            if at >= end and tokens[at : at + len(phrase)] == phrase:
                end = at + len(phrase)
                yield kind, meaning, range(at, end)
                break


@cache
def _pairs() -> frozenset[tuple[str, str]]:
    pairs = (pair.split() for pair in _tables()["opposites"])
    return frozenset((key(one.lower()), key(other.lower())) for one, other in pairs)


@cache
def _kinds() -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, line in enumerate(_tables()["kinds"]):
        for word in line.lower().split():
            found.setdefault(key(word), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


@lru_cache(maxsize=65536)
def contrary(left: str, right: str) -> bool:
    """Say whether two keys cannot both be true of one thing."""
    if left == right:
        return False
    both = [
        (a, b)
        for mine, theirs in zip(_bases(left), _bases(right), strict=True)
        for a in mine
        for b in theirs
    ]
    plain = {*both, *((b, a) for a, b in both)}
    if not plain.isdisjoint(_pairs()) or any(_is_negated(*pair) for pair in plain):
        return True
    return opposite(left, right)


@lru_cache(maxsize=2048)
def _bases(word: str) -> tuple[set[str], ...]:
    return tuple(_base(word, ending) for ending in ("", "er", "est"))


def _base(word: str, ending: str) -> set[str]:
    """Return the words of which ``word`` may be made with an ending: "warm", "large", "hot"."""
    root = word.removesuffix(ending)
    if not word.endswith(ending) or len(root) < 3 or not ending:
        return set() if ending else {word}
    return {key(root), root, root[:-1] if root[-2] == root[-1] else root, key(root + "e")}


def _is_negated(word: str, other: str) -> bool:
    """Say whether a word is another with a prefix that negates it ("insufficient")."""
    return len(other) >= _NEGATED and word.endswith(other) and word.removesuffix(other) in _NEGATING


def of_one_kind(left: str, right: str) -> bool:
    """Say whether two keys name different things of one kind ("dog", "horse")."""
    return left != right and bool(
        _kinds().get(left, frozenset()) & _kinds().get(right, frozenset())
    )


@cache
def _measures() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(line.split()) for line in _tables()["measures"])


def measure_alike(unit: str, other: str) -> bool:
    """Say whether two units may measure the same: "mile" and "kilometre", not "day"."""
    return unit == other or any({unit, other} <= units for units in _measures())


def with_places(text: str) -> str:
    """Return ``text`` with the usual name of a country or a city in the place of its other names,
    and of what the people of a country are called.

    >>> with_places("The Norwegian king met two Poles in the United States.")
    'The Norway king met two Poland in the United States.'
    >>> with_places("The mayor of Kiev.")
    'The mayor of Kyiv.'
    """
    found = list(_NAME_WORD.finditer(text))
    parts, done = [], 0
    for start, end, place in places([place_form(word.group()) for word in found]):
        first, last = found[start].start(), found[end - 1].end()
        written = " ".join(place_form(word.group()) for word in found[start:end])
        if text[first].isupper() and place.name != written:
            country = place.name.startswith("@")
            usual = country_name(place.country) if country else place.name.title()
            parts += [text[done:first], usual]
            done = last
    return "".join([*parts, text[done:]])
