"""Which English sentences can stand on their own, away from the ones around them."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

from toolkit.similarity import WORD


@cache
def _openings() -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]:
    source = files("toolkit.summarisers").joinpath("data/english.json")
    data = json.loads(source.read_text(encoding="utf-8"))
    pronouns = frozenset(data["pronoun_openings"].split())
    return pronouns, _phrases(data["additive_openings"]), _phrases(data["bound_openings"])


def _phrases(packed: str) -> tuple[str, ...]:
    words, *phrases = packed.split("|")
    return tuple(sorted([*words.split(), *phrases], key=len, reverse=True))


def stand_alone(sentence: str) -> str | None:
    """The sentence without a connective at its start, or None where it starts in mid-air,
    asks, or holds half a quotation."""
    pronouns, additive, bound = _openings()
    text = _strip_opening(sentence, additive)
    words = [word.lower() for word in WORD.findall(text)]
    if len(words) < 4 or text.endswith(("?", ":")) or words[0] in pronouns:
        return None
    if any(text.lower().startswith(phrase + " ") for phrase in bound):
        return None
    if text.count('"') % 2 or text.count("“") != text.count("”"):
        return None
    return text


def _strip_opening(sentence: str, additive: tuple[str, ...]) -> str:
    lowered = sentence.lower()
    for phrase in additive:
        if lowered.startswith(phrase) and re.match(r"[, ]", sentence[len(phrase) :]):
            rest = sentence[len(phrase) :].lstrip(", ")
            return _strip_opening(rest[:1].upper() + rest[1:], additive)
    return sentence
