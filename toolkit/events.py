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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from toolkit.similarity import Vector, content_words, dot, stem, unit_length

# Articles of this length or more that report one event share at least this much of their
# surprise; shorter ones share less, roughly with the square of their length.
FULL_LENGTH = 330
SHARED = 0.27
SHARED_AT_LEAST = 0.05
COSINE = 0.1

# News repeats its subject's words: a word that has come up is this much likelier to come again.
_BURSTINESS = 20.0
_RAREST = 3e-7
# Terms in more texts than this bring no pair together: with thousands of texts, comparing all
# that share a common word would take hours.
COMMON = 300


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


def surprises(text: Profile, length: int) -> Vector:
    """How surprising it is to meet each term of ``text`` in any text of ``length`` words."""
    return {term: _surprise(frequency, length) for term, frequency in text.frequency.items()}


@lru_cache(maxsize=1 << 17)
def _surprise(frequency: float, length: int) -> float:
    chance = 1.0 - math.exp(-_BURSTINESS * frequency * length)
    return -math.log(max(chance, 1e-9))


class Comparison:
    """Compares the texts of one collection, and keeps what several comparisons need."""

    def __init__(self, profiles: Sequence[Profile]) -> None:
        self._profiles = profiles
        # Lengths within a tenth of each other give nearly the same figures.
        self._lengths = [round(1.1 ** round(math.log(p.length + 1, 1.1))) for p in profiles]
        self._totals: dict[tuple[int, int], float] = {}

    def resemblance(self, left: int, right: int) -> float:
        """The share of the two texts' surprise that both hold, 0 to 1."""
        one, other = self._profiles[left].frequency, self._profiles[right].frequency
        shared = sum(
            _surprise(one[term], self._lengths[right]) + _surprise(other[term], self._lengths[left])
            for term in one.keys() & other.keys()
        )
        return shared / (self._total(left, right) + self._total(right, left)) if shared else 0.0

    def margin(self, left: int, right: int) -> float:
        """By how much the resemblance of two texts exceeds what one event takes."""
        length = min(self._profiles[left].length, self._profiles[right].length)
        enough = SHARED * min(1.0, length / FULL_LENGTH) ** 2
        return self.resemblance(left, right) - max(enough, SHARED_AT_LEAST)

    def _total(self, place: int, other: int) -> float:
        key = place, self._lengths[other]
        if key not in self._totals:
            self._totals[key] = sum(surprises(self._profiles[place], key[1]).values())
        return self._totals[key]


def links(profiles: Sequence[Profile]) -> Iterator[tuple[int, int, float]]:
    """Pairs of places with by how much they pass (above 0) or fail both measures; pairs that are
    left out have a cosine of next to nothing."""
    comparison = Comparison(profiles)
    spread = Counter(term for p in profiles for term in p.counts)
    vectors = [_weighted(p, spread, len(profiles)) for p in profiles]
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for place, vector in enumerate(vectors):
        likeness: dict[int, float] = defaultdict(float)
        for term, weight in vector.items():
            if spread[term] <= COMMON:
                for other, weight_there in postings[term]:
                    likeness[other] += weight * weight_there
                postings[term].append((place, weight))
        for other, least in likeness.items():
            if least > COSINE / 4:
                excess = dot(vector, vectors[other]) - COSINE
                if excess > 0:
                    excess = min(excess, comparison.margin(other, place))
                yield other, place, excess


def _weighted(p: Profile, spread: Mapping[str, int], texts: int) -> Vector:
    return unit_length(
        {t: (1 + math.log(n)) * math.log(1 + texts / spread[t]) for t, n in p.counts.items()}
    )


def clusters(profiles: Sequence[Profile]) -> list[list[int]]:
    """The texts' places, grouped by event: average-link clustering of the texts that differ.
    Each group is in ascending order, and the groups are in the order of their first member. Texts
    of no words are nothing alike."""
    copies: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for place, p in enumerate(profiles):
        copies[tuple(sorted(p.counts.items())) or (place,)].append(place)
    places = list(copies.values())
    groups = _average_link(len(places), links([profiles[same[0]] for same in places]))
    return sorted(sorted(place for i in group for place in places[i]) for group in groups)


def _average_link(size: int, scores: Iterable[tuple[int, int, float]]) -> list[list[int]]:
    """Agglomerative clustering by nearest-neighbour chains (Murtagh 1983); groups whose mean
    score is not above 0 stay apart. A pair without a score counts as ``-COSINE``."""
    groups = {place: [place] for place in range(size)}
    total: dict[int, dict[int, float]] = {place: {} for place in groups}
    for left, right, score in scores:
        total[left][right] = total[right][left] = score + COSINE
    done: list[list[int]] = []
    chain: list[int] = []
    while groups:
        chain = chain or [next(iter(groups))]
        last = chain[-1]
        before = chain[-2] if len(chain) > 1 else None
        means = {g: t / (len(groups[last]) * len(groups[g])) for g, t in total[last].items()}
        best = max(means, key=lambda g: (means[g], g == before), default=None)
        if best is None or means[best] <= COSINE:
            done.append(groups.pop(last))
            for other in total.pop(last):
                del total[other][last]
            chain.pop()
        elif best == before:
            groups[last] += groups.pop(best)
            for other, extra in total.pop(best).items():
                del total[other][best]
                if other != last:
                    total[last][other] = total[last].get(other, 0.0) + extra
                    total[other][last] = total[last][other]
            chain = chain[:-2]
        else:
            chain.append(best)
    return done
