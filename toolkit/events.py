"""Which articles report one event, told from their English words.

Two measures must both say so. One asks how much of what is surprising in two articles they share,
a word being as surprising as it is unlikely to stand in any text of the other's length; general
English tells how likely that is, so it works for two articles as for five hundred, and it
separates two visits of one president to one country, which share all that is common about them.
The other is the cosine of TF-IDF vectors, which knows what the rest of the day's news is about.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from toolkit.similarity import Vector, content_words, stem, unit_length

# Articles of this length or more that report one event share at least this much of their
# surprise; shorter ones share less, roughly with the square of their length.
FULL_LENGTH = 330
SHARED = 0.27
SHARED_AT_LEAST = 0.05
COSINE = 0.1

# News repeats its subject's words: a word that has come up is this much likelier to come again.
_BURSTINESS = 20.0
_RAREST = 3e-7

Link = dict[tuple[int, int], float]


@dataclass(frozen=True, slots=True)
class Profile:
    """The words of a text: how often each term comes, how frequent it is in general English (a
    share of all words), and how many words the text has."""

    counts: Mapping[str, int]
    frequency: Mapping[str, float]
    length: int


@cache
def _background() -> Mapping[str, float]:
    from wordfreq import get_frequency_dict

    frequencies: dict[str, float] = get_frequency_dict("en", wordlist="small")
    return frequencies


def profile(text: str) -> Profile:
    """The profile of an English text."""
    background = _background()
    counts: Counter[str] = Counter()
    frequency: dict[str, float] = {}
    for word in content_words(text.replace("-", " ")):
        term = stem(word)
        counts[term] += 1
        common = background.get(word.removesuffix("'s").removesuffix("’s"), _RAREST)
        frequency[term] = max(frequency.get(term, _RAREST), common)
    return Profile(counts, frequency, len(text.split()))


def resemblance(left: Profile, right: Profile) -> float:
    """The share of the two texts' surprise that both hold, 0 to 1."""
    there = surprises(left, right.length)
    here = surprises(right, left.length)
    total = sum(there.values()) + sum(here.values())
    shared = sum(there[term] + here[term] for term in there.keys() & here.keys())
    return shared / total if total else 0.0


def surprises(text: Profile, length: int) -> Vector:
    """How surprising it is to meet each term of ``text`` in any text of ``length`` words."""
    return {term: _surprise(frequency, length) for term, frequency in text.frequency.items()}


def _surprise(frequency: float, length: int) -> float:
    chance = 1.0 - math.exp(-_BURSTINESS * frequency * length)
    return -math.log(max(chance, 1e-9))


def margin(left: Profile, right: Profile) -> float:
    """By how much the resemblance of two texts exceeds what one event takes."""
    length = min(left.length, right.length)
    enough = SHARED * min(1.0, length / FULL_LENGTH) ** 2
    return resemblance(left, right) - max(enough, SHARED_AT_LEAST)


def cosines(profiles: Sequence[Profile]) -> Link:
    """The TF-IDF cosine of each pair that shares a term, by the pair's places."""
    spread = Counter(term for p in profiles for term in p.counts)
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for place, p in enumerate(profiles):
        for term, weight in _weighted(p, spread, len(profiles)).items():
            postings[term].append((place, weight))
    found: Link = defaultdict(float)
    for entries in postings.values():
        for at, (left, weight) in enumerate(entries):
            for right, other in entries[at + 1 :]:
                found[left, right] += weight * other
    return found


def _weighted(p: Profile, spread: Mapping[str, int], texts: int) -> Vector:
    return unit_length(
        {t: (1 + math.log(n)) * math.log(1 + texts / spread[t]) for t, n in p.counts.items()}
    )


def links(profiles: Sequence[Profile]) -> Link:
    """For each pair that shares a term, by how much it passes (above 0) or fails both measures."""
    found = cosines(profiles)
    for (left, right), cosine in found.items():
        excess = cosine - COSINE
        if excess > 0:
            excess = min(excess, margin(profiles[left], profiles[right]))
        found[left, right] = excess
    return found


def clusters(profiles: Sequence[Profile]) -> list[list[int]]:
    """The texts' places, grouped by event: average-link clustering. Each group is in ascending
    order, and the groups are in the order of their first member."""
    scores = links(profiles)
    done: list[list[int]] = []
    for component in _components(len(profiles), scores):
        done += _average_link(component, scores)
    return sorted(done)


def _components(size: int, scores: Link) -> list[list[int]]:
    """Groups between which no pair passes: no merge can cross them."""
    root = list(range(size))

    def find(place: int) -> int:
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    for (left, right), score in scores.items():
        if score > 0:
            root[find(left)] = find(right)
    groups: dict[int, list[int]] = defaultdict(list)
    for place in range(size):
        groups[find(place)].append(place)
    return list(groups.values())


def _average_link(places: Sequence[int], scores: Link) -> list[list[int]]:
    """Agglomerative clustering by the nearest-neighbour chain (Murtagh 1983), in the square of
    the number of places; groups whose mean score is not above 0 stay apart."""
    groups = {place: [place] for place in places}
    total = {a: {b: scores.get((min(a, b), max(a, b)), -COSINE) for b in places} for a in places}
    done: list[list[int]] = []
    chain: list[int] = []
    while groups:
        chain = chain or [next(iter(groups))]
        last = chain[-1]
        row, size = total[last], len(groups[last])
        before = chain[-2] if len(chain) > 1 else None
        best = max(
            (group for group in groups if group != last),
            key=lambda group: (row[group] / (size * len(groups[group])), group == before),
            default=None,
        )
        if best is None or row[best] <= 0:
            done.append(sorted(groups.pop(last)))
            chain.pop()
        elif best == before:
            groups[last] += groups.pop(best)
            for group in groups:
                total[group][last] += total[group][best]
                total[last][group] = total[group][last]
            chain = chain[:-2]
        else:
            chain.append(best)
    return done
