"""Tells how grave the news of an article is, by words (``gravity.json``), and whether the article
is a report at all.

The headline and the first sentences are read, but for what they say of an earlier event. Words of
sport and entertainment, anniversaries and drills take away what deaths and attacks give.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from toolkit.languages import ENGLISH
from toolkit.numbers.parsing import numbers_of

Kind = Literal["report", "comment", "live"]

# Sentences that are read, the headline among them.
_READ = 3
# The levels, on the scale of ``order.py``: 1 is worth twice as many sources.
_LEADER, _UPHEAVAL, _VIOLENCE, _SHOCK, _POLITICS = 4.0, 3.5, 1.0, 1.5, 0.5
# The level of one death; ten times as many add 1, up to the greatest.
_DEATH, _GREATEST = 1.5, 4.5
# Words of entertainment from which on an article is entertainment.
_ENTERTAINING = 2
_LIGHT = -0.5
# Words between a number and the word that says what it counts.
_NEAR = 4


@dataclass(frozen=True, slots=True)
class Gravity:
    """A level, 0 for news like any other, and its reason in a word or two."""

    level: float = 0.0
    reason: str = ""


def gravity(sentences: Sequence[str]) -> Gravity:
    """Return the gravity of an English article, given its headline and sentences.

    >>> gravity(["Quake in Peru", "At least 120 people were killed."])
    Gravity(level=3.6, reason='deaths')
    >>> gravity(["President of Togo shot", "He was taken to hospital."]).reason
    'head of state'
    >>> gravity(["Sensors for Sumatra", "They were promised after the 2004 tsunami."]).level
    0.0
    >>> gravity(["Striker shot wide", "The match ended without a goal."]).level
    -0.5
    """
    read = [_pattern("earlier").sub(" ", s.lower()) for s in sentences[:_READ]]
    text = "\n".join(read)
    if len(_pattern("light").findall(text)) >= _ENTERTAINING:
        return Gravity(_LIGHT)
    found = max(_reasons(read, text), key=lambda g: g.level, default=Gravity())
    if _pattern("not_now").search(text):
        return Gravity(min(found.level, _POLITICS))
    return found


def _reasons(sentences: Sequence[str], text: str) -> Iterator[Gravity]:
    if any(map(_leader_struck, sentences[:2])):
        yield Gravity(_LEADER, "head of state")
    if toll := max(map(_toll, sentences), default=0.0):
        yield Gravity(min(_GREATEST, round(_DEATH + math.log10(toll), 1)), "deaths")
    if _pattern("upheavals").search(text):
        yield Gravity(_UPHEAVAL, "upheaval")
    for name, reason in (("violence", "violence"), ("disasters", "disaster")):
        if words := len(set(_pattern(name).findall(text))):
            yield Gravity(_VIOLENCE + 0.5 * (words > 1), reason)
    if _pattern("markets").search(text) and _pattern("shocks").search(text):
        yield Gravity(_SHOCK, "markets")
    if _pattern("politics").search(text):
        yield Gravity(_POLITICS)


def _leader_struck(sentence: str) -> bool:
    """Return whether a sentence tells the fate of a head of state or government in office."""
    return any(
        not _pattern("not_in_office").search(sentence[max(0, found.start() - 12) : found.end()])
        for found in _fate().finditer(sentence)
    )


@cache
def _fate() -> re.Pattern[str]:
    words = _words()
    between = r"(?:[\s,]+[^\s,.]+){0,6}?[\s,]+"
    fated = rf"\b(?:{words['leaders']})\b{between}(?:{words['fates']})\b"
    struck = rf"\b(?:{words['strikes']})\b(?:[\s,]+[^\s,.]+){{0,2}}?\s+(?:{words['leaders']})\b"
    return re.compile(f"{fated}|{struck}")


def _toll(sentence: str) -> float:
    """Return how many people died according to a sentence, 0 if it does not say."""
    told = any(_pattern(name).search(sentence) for name in ("dead", "killing", "tolls"))
    if not told or _pattern("none_dead").search(sentence):
        return 0
    tokens = sentence.split()
    words = [token.strip(".,;:!?()'\"”“’‘") for token in tokens]
    most = 0.0
    for placed in numbers_of(tokens, ENGLISH):
        before = words[max(0, placed.start - _NEAR) : placed.start]
        after = words[placed.end : placed.end + _NEAR]
        if any(map(_pattern("dates").fullmatch, before[-1:])) or any(
            map(_pattern("counts_else").fullmatch, after[:1])
        ):
            continue
        counts = any(map(_pattern("dead").fullmatch, after))
        counts = counts or any(map(_pattern("killing").fullmatch, before))
        counts = counts or any(map(_pattern("tolls").fullmatch, words[: placed.start]))
        if counts and placed.number.values:
            most = max(most, *placed.number.values)
    return most


def kind(headline: str, address: str) -> Kind:
    """Return the kind of an article, by labels in its English headline and parts of its address.

    >>> kind("Comment: Adobe kills", ""), kind("Rates: live updates", ""), kind("Comment on it", "")
    ('comment', 'live', 'report')
    """
    label = headline.lower().strip()
    parts = re.split(r"[/_.-]", address.lower())
    for name in ("live", "comment"):
        words = f"(?:{_words()[name]})"
        labelled = re.search(rf"^\W*{words}\s*[:|–—]|[:|–—(]\s*{words}\W*$", label)
        if labelled or any(re.fullmatch(words, part) for part in parts):
            return "live" if name == "live" else "comment"
    return "report"


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_words()[name]})\b")


@cache
def _words() -> Mapping[str, str]:
    text = files("toolkit.stories").joinpath("gravity.json").read_text(encoding="utf-8")
    words: dict[str, str] = json.loads(text)
    return words
