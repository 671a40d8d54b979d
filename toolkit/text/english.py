"""English words: lists by purpose, frequencies, and a large vocabulary.

The lists stand in ``english.json``; the words and their frequencies come from wordfreq, by
``tools/build_english_words.py`` (CC BY-SA 4.0, see ``NOTICE``).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

_FREQUENCIES, _RARER = "english_frequencies.txt.gz", "english_words.txt.gz"


@cache
def lists() -> Mapping[str, tuple[str, ...]]:
    """Return every list by its name; the entries are lower-case words or phrases, in order."""
    source = files("toolkit.text").joinpath("english.json")
    data: dict[str, str | list[str]] = json.loads(source.read_text(encoding="utf-8"))
    return {
        name: tuple(entries.split() if isinstance(entries, str) else entries)
        for name, entries in data.items()
    }


@cache
def words(name: str) -> frozenset[str]:
    """Return the entries of one list.

    >>> "after" in words("prepositions")
    True
    """
    return frozenset(lists()[name])


@cache
def phrases(name: str) -> tuple[str, ...]:
    """Return the entries of one list, the longest first."""
    return tuple(sorted(words(name), key=lambda phrase: (-len(phrase), phrase)))


@cache
def frequencies() -> Mapping[str, float]:
    """Return the share of all words in English text that each of 29,000 common words makes up.

    >>> frequencies()["the"] > 0.05 > frequencies()["minister"] > 0.00005
    True
    """
    return {
        word: 10 ** (-number / 100)
        for number, line in enumerate(_lines(_FREQUENCIES))
        for word in line.split()
    }


def all_words() -> Iterator[str]:
    """Yield about 320,000 English words and names, in lower case and no particular order."""
    for line in _lines(_FREQUENCIES):
        yield from line.split()
    yield from _lines(_RARER)


def _lines(name: str) -> list[str]:
    packed = files("toolkit.text").joinpath(name).read_bytes()
    return gzip.decompress(packed).decode("utf-8").split("\n")[:-1]
