"""What grounding knows of English words: tables kept as data, and the comparison of two words."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib.resources import files

from toolkit.languages import ENGLISH
from toolkit.numbers.words import SenseKind, vocabulary
from toolkit.text import english
from toolkit.text.similarity import stem

# A shorter stem is too likely to begin another word by chance.
_MIN_STEM = 4
_LONG_STEM = 6


@cache
def _tables() -> dict[str, list[str]]:
    source = files("toolkit.summarisers.grounding").joinpath("claims.json")
    tables: dict[str, list[str]] = json.loads(source.read_text(encoding="utf-8"))
    return tables


@cache
def listed(name: str) -> tuple[str, ...]:
    """Return the words of a list in their order; ``toolkit.text.english`` has the general ones."""
    if name in _tables():
        return tuple(" ".join(_tables()[name]).split())
    return english.lists()[name]


@cache
def number_words() -> frozenset[str]:
    """Return the words for the numbers below a hundred."""
    return frozenset(w for w, s in vocabulary(ENGLISH).figures.items() if s.kind == "value")


@cache
def scales() -> dict[str, bool]:
    """Return the words that multiply a number, and whether each is written out ("million")."""
    figures = vocabulary(ENGLISH).figures.items()
    return {word: sense.firm for word, sense in figures if sense.kind == "scale"}


@cache
def calendar(kind: SenseKind) -> dict[str, int]:
    """Return the number of each ``month`` (1 to 12) or ``weekday`` (0 is Monday) by its name."""
    names = vocabulary(ENGLISH).calendar.items()
    return {name: int(sense.amount) for name, sense in names if sense.kind == kind}


@cache
def words(name: str) -> frozenset[str]:
    """The words of a list as they are written, lower-case."""
    return frozenset(listed(name))


@cache
def keys(name: str) -> frozenset[str]:
    """The words of a list as ``key`` writes them."""
    return frozenset(key(word) for word in words(name))


@cache
def _forms() -> dict[str, str]:
    lines = (line.split() for line in _tables()["irregular"])
    return {form: base for base, *forms in lines for form in forms}


@cache
def units() -> dict[str, str]:
    """Unit of measure as written (``km``, ``%``) -> its name."""
    lines = (line.split() for line in _tables()["units"])
    return {form: name for name, *forms in lines for form in (name, *forms)}


@cache
def conversions() -> dict[tuple[str, str], float]:
    """Two units of one measure -> by how much an amount in the first is multiplied."""
    lines = (line.split() for line in _tables()["conversions"])
    sizes = [dict(zip(line[::2], map(float, line[1::2]), strict=True)) for line in lines]
    return {(a, b): s[a] / s[b] for s in sizes for a in s for b in s if a != b}


@cache
def phrasal() -> dict[tuple[str, str], str]:
    """Verb and particle ("turn", "down") -> the key of one verb that says the same."""
    lines = (line.split() for line in _tables()["phrasal"])
    return {(key(verb), particle): key(simple) for verb, particle, simple in lines}


@cache
def _groups() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, line in enumerate(_tables()["synonyms"]):
        for word in line.split():
            found.setdefault(key(word), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


@cache
def pairs(name: str) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(key(w) for w in line.split()) for line in _tables()[name])


@lru_cache(maxsize=65536)
def key(word: str) -> str:
    """A lower-case word without its inflection: the form in which words are compared."""
    word = word.removesuffix("'s").removesuffix("'")
    if word.endswith("men") and len(word) > _LONG_STEM:
        word = f"{word[:-3]}man"
    return stem(_forms().get(word, word))


@lru_cache(maxsize=4096)
def kin(word: str) -> frozenset[str | int]:
    """Return the beginning of a key and the numbers of its groups of synonyms: two keys that are
    ``alike`` have one of these in common."""
    return frozenset((word[:_MIN_STEM], *_groups().get(word, ())))


@lru_cache(maxsize=65536)
def alike(left: str, right: str) -> bool:
    """Whether one key may stand for the other: equal, synonymous, or one made from the other
    ("resign" and "resignation", "Pakistan" and "Pakistani"; "-less" does not count)."""
    if left == right:
        return True
    groups = _groups()
    if groups.get(left, frozenset()) & groups.get(right, frozenset()):
        return True
    short, long = sorted((left, right), key=len)
    if len(short) < _MIN_STEM:
        return False
    if long[len(short) :] in words("rare_endings") and len(short) < _LONG_STEM:
        return False
    roots = [short, short + short[-1]]
    if short[-1] in "eyi" and len(short) > _MIN_STEM:
        roots.append(short[:-1])
    return any(long.startswith(root) and long[len(root) :] in words("endings") for root in roots)


@lru_cache(maxsize=65536)
def opposite(left: str, right: str) -> bool:
    """Whether two keys, or synonyms of theirs, cannot both be right of one thing."""
    return not (_sides(left)[0].isdisjoint(_sides(right)[1]) or alike(left, right))


@lru_cache(maxsize=4096)
def _sides(word: str) -> tuple[frozenset[tuple[int, int]], frozenset[tuple[int, int]]]:
    """Return the places in the pairs of opposites that a key may stand in, the number of the pair
    and the side; and the places across from them."""
    here = [
        (number, side)
        for number, pair in enumerate(_opposites())
        for side, entry in enumerate(pair)
        if alike(word, entry)
    ]
    return frozenset(here), frozenset((number, 1 - side) for number, side in here)


@cache
def _opposites() -> tuple[tuple[str, str], ...]:
    ordered = (sorted(pair) for pair in pairs("opposites"))
    return tuple((first, rest[0] if rest else first) for first, *rest in ordered)
