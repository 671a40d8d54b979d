"""The English word lists that the extractive rules go by, kept as data."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files


@cache
def _lists() -> dict[str, str | list[str]]:
    source = files("toolkit.text").joinpath("english.json")
    data: dict[str, str | list[str]] = json.loads(source.read_text(encoding="utf-8"))
    return data


@cache
def words(name: str) -> frozenset[str]:
    """A list of single words, lower-case."""
    packed = _lists()[name]
    return frozenset(packed.split() if isinstance(packed, str) else packed)


@cache
def phrases(name: str) -> tuple[str, ...]:
    """A list of phrases, lower-case, the longest first."""
    return tuple(sorted(words(name), key=lambda phrase: (-len(phrase), phrase)))
