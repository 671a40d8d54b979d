"""How alike two English texts are: terms, weights and cosines, in plain Python.

A *term* is a lower-case word cut to a rough stem; a *vector* maps terms to weights.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache, lru_cache

from toolkit.text import english

WORD = re.compile(r"[^\W_]+(?:[-'’.,][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s?$")
_VOWEL = re.compile(r"[aeiouy]")
_NUMBER = re.compile(r"\d")

Vector = dict[str, float]


@cache
def stop_words() -> frozenset[str]:
    """Return the words that carry no topic."""
    return english.words("function_words") | english.words("topicless_words")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return a lower-case word without its commonest English endings (after Porter's first
    step)."""
    word = _POSSESSIVE.sub("", word)
    if len(word) <= 3 or _NUMBER.search(word):
        return word.replace(",", "")
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        root = word[: -len(ending)]
        if word.endswith(ending) and len(root) > 2 and _VOWEL.search(root):
            word = root[:-1] if root[-1] == root[-2] and root[-1] not in "lsz" else root
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def content_words(text: str) -> list[str]:
    """Return the lower-case words of ``text`` that carry a topic, in order, with repeats. Initials
    do, though they may look like a word that does not ("US", "WHO")."""
    stop = stop_words()
    shouted = text.isupper()
    return [
        lowered
        for word in WORD.findall(text)
        if (lowered := word.lower()) not in stop
        or (word.isupper() and len(word) > 1 and not shouted)
    ]


def terms(text: str) -> list[str]:
    """Return the stems of ``content_words``."""
    return [stem(word) for word in content_words(text)]


def cosine(left: Mapping[str, float], right: Mapping[str, float]) -> float:
    """Return the cosine of the angle between two vectors; 0 where one is empty."""
    product = dot(left, right)
    return product / (norm(left) * norm(right)) if product else 0.0


def dot(left: Mapping[str, float], right: Mapping[str, float]) -> float:
    """Return the scalar product of two vectors."""
    if len(left) > len(right):
        left, right = right, left
    return sum(weight * right[term] for term, weight in left.items() if term in right)


def norm(vector: Mapping[str, float]) -> float:
    """Return the Euclidean length of a vector."""
    return math.sqrt(sum(weight * weight for weight in vector.values()))


def unit_length(counts: Mapping[str, float]) -> Vector:
    """Return ``counts`` scaled to length 1, so that ``dot`` is the cosine. Empty stays empty."""
    length = norm(counts)
    return {term: weight / length for term, weight in counts.items()} if length else {}
