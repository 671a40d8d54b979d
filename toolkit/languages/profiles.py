"""Character n-gram profiles of languages, and how well a text fits each.

A multinomial naive Bayes model over the n-grams of one to four letters of each word, boundaries
included (Cavnar and Trenkle, 1994, with probabilities in place of ranks, as in Lui and Baldwin,
2012). ``profiles.npz`` beside this module is written by ``tools/build_profiles.py`` and holds

=========  =========  =====================================================================
``codes``  (L,)       FLORES-200 codes
``floor``  (L,)       log-probability of an n-gram that the language's profile lacks
``keys``   (K,)       hashes of all n-grams of all profiles, ascending
``ends``   (K,)       where the entries of each key end
``owner``  (E,)       index into ``codes`` of each entry
``gain``   (E,)       what the n-gram has over ``floor``, in steps of 1 / ``GAIN_STEPS``
=========  =========  =====================================================================
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.languages import scripts

GAIN_STEPS = 20
_LONGEST = 4
_SPACE = ord(" ")
# Odd 64-bit constants, one for each place in an n-gram (from the fraction of the golden ratio
# and its kin): equal letters in different places must not cancel out.
_PLACES = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64
)
_SHIFT = np.uint64(29)


@dataclass(frozen=True, slots=True)
class Fit:
    """``scores``: code -> mean log-probability of an n-gram, natural logarithm.
    ``ngrams``: how many n-grams that is the mean of."""

    scores: dict[str, float]
    ngrams: int


def fit(text: str) -> Fit:
    """Return how well ``text`` fits the profile of each language that has one."""
    model = _load()
    keys, times = ngrams(text)
    places = np.minimum(np.searchsorted(model["keys"], keys), len(model["keys"]) - 1)
    known = model["keys"][places] == keys
    places, weights = places[known], times[known]
    ends = model["ends"][places].astype(np.int64)
    starts = np.where(places > 0, model["ends"][places - 1], 0).astype(np.int64)
    lengths = ends - starts
    # Entries of each key lie side by side: spell out every position of every range.
    offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    entries = np.repeat(starts, lengths) + offsets
    gains = model["gain"][entries] / GAIN_STEPS * np.repeat(weights, lengths)
    totals = np.bincount(model["owner"][entries], weights=gains, minlength=len(model["codes"]))
    count = int(times.sum())
    means = totals / max(count, 1) + model["floor"]
    return Fit(dict(zip(model["codes"].tolist(), means.tolist(), strict=True)), count)


def ngrams(text: str) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Return the hashes of the n-grams of ``text``, ascending, and how often each occurs."""
    letters = np.frombuffer(f" {words(text)} ".encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    space = letters == _SPACE
    found = []
    for length in range(1, min(_LONGEST, len(letters)) + 1):
        size = len(letters) - length + 1
        hashes = np.zeros(size, np.uint64)
        for place in range(length):
            hashes = (hashes + letters[place : place + size]) * _PLACES[place]
            hashes ^= hashes >> _SHIFT
        # A word's boundary belongs to the n-gram, a neighbouring word does not.
        inner = range(1, length - 1) if length > 1 else range(1)
        across = np.zeros(size, bool)
        for place in inner:
            across |= space[place : place + size]
        found.append((hashes[~across] >> np.uint64(32)).astype(np.uint32))
    keys, times = np.unique(np.concatenate(found), return_counts=True)
    return keys, times.astype(np.int64)


def words(text: str) -> str:
    """Return the words of ``text`` in lower case with one space between them: letters and the marks
    that belong to them, nothing else."""
    return " ".join(scripts.normal("NFC", text).translate(_Letters()).split())


class _Letters(dict[int, str]):
    """A translation table that keeps letters and marks, made as characters turn up."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        kept = unicodedata.category(character)[0] in "LM"
        self[point] = character.lower() if kept else " "
        return self[point]


@lru_cache(maxsize=1)
def _load() -> dict[str, npt.NDArray[Any]]:
    path = resources.files("toolkit.languages").joinpath("profiles.npz")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
