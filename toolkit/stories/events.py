"""Which articles report one event, told from their English words.

Two measures must both say so. One asks how much of what is surprising in two articles they share,
a word being as surprising as it is unlikely to stand in any text of the other's length; general
English tells how likely that is, so it works for two articles as for ten thousand, and it
separates two visits of one president to one country, which share all that is common about them.
The other is the cosine of TF-IDF vectors, which knows what the rest of the day's news is about.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from toolkit.text.similarity import Vector, content_words, stem

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


class Texts:
    """The profiles of many texts, in columns: about ten bytes a term, a tenth of a ``Profile``.

    Texts have places, counted from 0 in the order of ``add``. Texts with the same words the same
    number of times are kept once.
    """

    def __init__(self) -> None:
        self._terms: dict[str, int] = {}
        self._frequencies: dict[float, int] = {}
        self._lengths: dict[int, int] = {}
        self._seen: dict[bytes, int] = {}
        # For each place, which of the texts that differ it holds.
        self.kept_as = array("I")
        # For each of these, its words, the length it is compared by, and where its terms begin.
        self._words, self._length, self._starts = array("I"), array("H"), array("Q", [0])
        # For each term of each, its number, how often it comes, and how frequent it is.
        self._term, self._count, self._frequency = array("I"), array("I"), array("H")

    def add(self, text: Profile) -> None:
        """Take in the text for the next place."""
        terms = [self._terms.setdefault(term, len(self._terms)) for term in text.counts]
        both = sorted(zip(terms, text.counts.values(), strict=True))
        name = hashlib.blake2b(repr(both).encode(), digest_size=16).digest()
        # Texts of no words are nothing alike.
        if not both or self._seen.setdefault(name, len(self._words)) == len(self._words):
            self._starts.append(self._starts[-1] + len(terms))
            self._term.extend(terms)
            self._count.extend(text.counts.values())
            self._frequency.extend(
                self._frequencies.setdefault(text.frequency[t], len(self._frequencies))
                for t in text.counts
            )
            self._words.append(text.length)
            length = _rounded(text.length)
            self._length.append(self._lengths.setdefault(length, len(self._lengths)))
            self.kept_as.append(len(self._words) - 1)
        else:
            self.kept_as.append(self._seen[name])

    def __len__(self) -> int:
        """How many texts differ."""
        return len(self._words)


def _rounded(length: int) -> int:
    """Lengths within a tenth of each other give nearly the same figures."""
    return round(1.1 ** round(math.log(length + 1, 1.1)))


class Comparison:
    """Compares the texts of a finished collection with one another and with others."""

    def __init__(self, texts: Texts) -> None:
        import numpy as np

        self._size = len(texts)
        self._numbers = texts._terms
        # Views, not copies: the columns are what takes the memory.
        self._starts = np.frombuffer(texts._starts, dtype=np.uint64).astype(np.int64)
        self._term = _view(texts._term)
        self._frequency = _view(texts._frequency)
        self._words = _view(texts._words)
        self._length = _view(texts._length)
        self._text = np.repeat(np.arange(self._size, dtype=np.int32), np.diff(self._starts))
        self._spread = np.bincount(self._term, minlength=len(texts._terms))
        self._weight = self._weighted(_view(texts._count))
        # The same entries by term, and within it by text.
        self._by_term = np.argsort(self._term, kind="stable").astype(np.int32)
        self._from = np.concatenate(([0], np.cumsum(self._spread)))
        self._frequencies = list(texts._frequencies)
        self._lengths = list(texts._lengths)
        self._surprises = np.array([self._surprise_at(length) for length in self._lengths])
        self._surprises = self._surprises.reshape(len(self._lengths), len(self._frequencies))
        self._slot = np.full(len(self._spread), -1, dtype=np.int32)
        self._totals: dict[int, NDArray[Any]] = {}

    def _weighted(self, counts: NDArray[Any]) -> NDArray[Any]:
        """TF-IDF, each text scaled to length 1, so that products are cosines."""
        import numpy as np

        weight: NDArray[Any] = np.log(counts)
        weight += 1
        weight *= np.log(1 + self._size / self._spread)[self._term]
        weight /= np.sqrt(np.bincount(self._text, weight * weight, self._size))[self._text]
        return weight

    def _surprise_at(self, length: int) -> list[float]:
        return [_surprise(frequency, length) for frequency in self._frequencies]

    def links(self) -> Iterator[tuple[int, NDArray[Any], NDArray[Any]]]:
        """For each text, places of earlier ones and by how much they pass (above 0) or fail both
        measures with it; those that are left out have a cosine of next to nothing."""
        import numpy as np

        telling = (self._spread > 1) & (self._spread <= COMMON)
        passed = np.zeros(len(self._spread), dtype=np.int64)
        for place in range(self._size):
            own = slice(self._starts[place], self._starts[place + 1])
            here = telling[self._term[own]]
            terms, weights = self._term[own][here], self._weight[own][here]
            entries = self._by_term[_ranges(self._from[terms], passed[terms])]
            products = self._weight[entries] * np.repeat(weights, passed[terms])
            passed[terms] += 1
            others = np.nonzero(np.bincount(self._text[entries], products) > COSINE / 4)[0]
            if len(others):
                yield place, others, self._excess(place, others)

    def _excess(self, place: int, others: NDArray[Any]) -> NDArray[Any]:
        """By how much the lesser of both measures exceeds what one event takes."""
        import numpy as np

        own = slice(self._starts[place], self._starts[place + 1])
        sizes = self._starts[others + 1] - self._starts[others]
        entries = _ranges(self._starts[others], sizes)
        other = np.repeat(np.arange(len(others)), sizes)
        self._slot[self._term[own]] = np.arange(own.stop - own.start)
        slots = self._slot[self._term[entries]]
        self._slot[self._term[own]] = -1
        both = slots >= 0
        mine, theirs, shared_by = own.start + slots[both], entries[both], other[both]

        def summed(values: NDArray[Any], by: NDArray[Any]) -> NDArray[Any]:
            return np.bincount(by, values, minlength=len(others))

        excess = summed(self._weight[mine] * self._weight[theirs], shared_by) - COSINE
        here, there = self._surprises[self._length[place]], self._length[others]
        shared = summed(
            self._surprises[there[shared_by], self._frequency[mine]]
            + here[self._frequency[theirs]],
            shared_by,
        )
        total = self._surprises[:, self._frequency[own]].sum(axis=1)[there]
        total += summed(here[self._frequency[entries]], other)
        length = np.minimum(self._words[others], self._words[place])
        enough = SHARED * np.minimum(1.0, length / FULL_LENGTH) ** 2
        margin = shared / total - np.maximum(enough, SHARED_AT_LEAST)
        return np.where(excess > 0, np.minimum(excess, margin), excess)

    def resemblances(self, text: Profile) -> NDArray[Any]:
        """The share of the surprise of ``text`` and of each text that both hold, 0 to 1."""
        import numpy as np

        length = _rounded(text.length)
        known = {self._numbers[t]: f for t, f in text.frequency.items() if t in self._numbers}
        if not known:
            return np.zeros(self._size)
        terms = np.array(list(known))
        entries = self._by_term[_ranges(self._from[terms], self._spread[terms])]
        owners = self._text[entries]
        theirs = np.array([[_surprise(f, n) for n in self._lengths] for f in known.values()])
        number = np.repeat(np.arange(len(terms)), self._spread[terms])
        values = np.array(self._surprise_at(length))[self._frequency[entries]]
        values = values + theirs[number, self._length[owners]]
        shared = np.bincount(owners, values, minlength=self._size)
        total = np.array(
            [sum(_surprise(f, n) for f in text.frequency.values()) for n in self._lengths]
        )[self._length] + self._total(length)
        share: NDArray[Any] = np.divide(shared, total, out=np.zeros(self._size), where=shared > 0)
        return share

    def _total(self, length: int) -> NDArray[Any]:
        """The whole surprise of each text when it is compared with one of ``length``."""
        import numpy as np

        if length not in self._totals:
            values = np.array(self._surprise_at(length))[self._frequency]
            self._totals[length] = np.bincount(self._text, values, minlength=self._size)
        return self._totals[length]


def _view(column: array[int]) -> NDArray[Any]:
    import numpy as np

    return np.frombuffer(column, dtype=column.typecode) if column else np.zeros(0, np.int32)


def _ranges(starts: NDArray[Any], sizes: NDArray[Any]) -> NDArray[Any]:
    """The whole numbers of several ranges, one after the other."""
    import numpy as np

    ends = np.cumsum(sizes)
    return np.repeat(starts - ends + sizes, sizes) + np.arange(ends[-1] if len(ends) else 0)


def clusters(texts: Texts, comparison: Comparison) -> list[list[int]]:
    """The places of ``texts``, grouped by event: average-link clustering of those that differ.
    Each group is in ascending order, and the groups are in the order of their first member. Texts
    of no words are nothing alike."""
    places: list[list[int]] = [[] for _ in range(len(texts))]
    for place, kept in enumerate(texts.kept_as):
        places[kept].append(place)
    groups = [
        [members[i] for i in group]
        for members, scores in _components(len(texts), comparison)
        for group in _average_link(len(members), scores)
    ]
    return sorted(sorted(place for i in group for place in places[i]) for group in groups)


def _components(
    size: int, comparison: Comparison
) -> Iterator[tuple[list[int], list[tuple[int, int, float]]]]:
    """Texts that a chain of passing pairs connects, with the scores of all pairs among them:
    others can change no group, since the mean of scores that all fail fails."""
    left, right, score = array("I"), array("I"), array("d")
    root = list(range(size))

    def find(place: int) -> int:
        while root[place] != place:
            root[place] = place = root[root[place]]
        return place

    for place, others, excess in comparison.links():
        left.extend([place] * len(others))
        right.extend(others.tolist())
        score.extend(excess.tolist())
        for other in others[excess > 0].tolist():
            root[find(place)] = find(other)
    members: dict[int, list[int]] = defaultdict(list)
    for place in range(size):
        root[place] = find(place)
        members[root[place]].append(place)
    within: dict[int, list[int]] = defaultdict(list)
    for pair, (one, other) in enumerate(zip(left, right, strict=True)):
        if root[one] == root[other]:
            within[root[one]].append(pair)
    for top, inside in members.items():
        number = {place: n for n, place in enumerate(inside)}
        yield inside, [(number[left[i]], number[right[i]], score[i]) for i in within.get(top, ())]


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
