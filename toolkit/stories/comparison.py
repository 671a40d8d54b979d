"""Measures how alike the English texts of a day are.

Two texts report one event if three measures agree. One is the share of their surprise (see
``profiles.py``) that lies in terms of both: it needs no other texts, so it works for two articles
as for ten thousand, and it tells two visits of one president to one country apart, which share
only what is common about them. Another is the cosine of their TF-IDF vectors, which takes the
rest of the day's news into account. The third is whom and what they name (``naming.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from toolkit.stories.facts import Facts
from toolkit.stories.naming import Naming, ranges, view
from toolkit.stories.profiles import Profile, Texts, rounded, surprise

if TYPE_CHECKING:
    from numpy.typing import NDArray

# These were chosen with tools/score_stories.py and the five seeds, among which two visits to one
# country must stay apart.
# The share of their surprise that long texts about one event have in common.
SHARED = 0.27
# The length of a long text, in words. Shorter ones share less, roughly by the square of length.
LONG = 330
# The share that short texts have in common at least.
SHARED_AT_LEAST = 0.05
# The share from which on texts whose leads name nobody and nothing are taken for one report.
COPY = 0.7
# So many words beside names texts about one event have in common at least,
TOLD = 1
# and the margin of a pair that has fewer: two things that happened to the same people.
_NOTHING_TOLD = -0.02
# The cosine of texts about one event.
COSINE = 0.1
# Pairs with a lower cosine are not measured further.
_WORTH_MEASURING = COSINE / 4
# A term that is in more texts than this brings no pair together: to compare all texts that share
# a common word would take hours where there are thousands.
COMMON = 300


class Comparison:
    """Compares the texts of a finished collection with one another and with others.

    An entry is one term of one text; arrays named after a property hold it for each entry, those
    in ``_text_...`` for each text.
    """

    def __init__(self, texts: Texts) -> None:
        import numpy as np

        self._size = len(texts)
        self._terms = texts.terms
        # Views, not copies: the columns take most of the memory.
        self._starts = np.frombuffer(texts.starts, dtype=np.uint64).astype(np.int64)
        self._term = view(texts.term)
        self._frequency = view(texts.frequency)
        self._is_name = view(texts.is_name)
        self._text_words = view(texts.words)
        self._text_length = view(texts.length)
        self._text = np.repeat(np.arange(self._size, dtype=np.int32), np.diff(self._starts))
        # In how many texts each term is.
        self._spread = np.bincount(self._term, minlength=len(texts.terms))
        self._weight = self._tf_idf(view(texts.count))
        # The entries sorted by term, and within a term by text; and where each term's start.
        self._by_term = np.argsort(self._term, kind="stable").astype(np.int32)
        self._term_starts = np.concatenate(([0], np.cumsum(self._spread)))
        self._frequencies = list(texts.frequencies)
        self._lengths = list(texts.lengths)
        # (lengths, frequencies)
        self._surprises = np.array([self._surprises_at(length) for length in self._lengths])
        self._surprises = self._surprises.reshape(len(self._lengths), len(self._frequencies))
        # For each term, its entry in the text that is being compared, or -1.
        self._entry_of = np.full(len(self._spread), -1, dtype=np.int32)
        self._totals: dict[int, NDArray[Any]] = {}
        self._naming = Naming(texts.named)

    def _tf_idf(self, counts: NDArray[Any]) -> NDArray[Any]:
        """Return TF-IDF weights, each text scaled to length 1: sums of products are cosines."""
        import numpy as np

        weight: NDArray[Any] = np.log(counts)
        weight += 1
        weight *= np.log(1 + self._size / self._spread)[self._term]
        weight /= np.sqrt(np.bincount(self._text, weight * weight, self._size))[self._text]
        return weight

    def _surprises_at(self, length: int) -> list[float]:
        return [surprise(frequency, length) for frequency in self._frequencies]

    def margins(self) -> Iterator[tuple[int, NDArray[Any], NDArray[Any]]]:
        """Yield, for each text, the numbers of earlier texts and its margins with them: by how
        much the pair passes (above 0) or fails all measures. A pair that is left out has a
        cosine of next to nothing."""
        import numpy as np

        telling = (self._spread > 1) & (self._spread <= COMMON)
        # Of each term's entries, how many are in earlier texts.
        earlier = np.zeros(len(self._spread), dtype=np.int64)
        for number in range(self._size):
            own = slice(self._starts[number], self._starts[number + 1])
            here = telling[self._term[own]]
            terms, weights = self._term[own][here], self._weight[own][here]
            entries = self._by_term[ranges(self._term_starts[terms], earlier[terms])]
            products = self._weight[entries] * np.repeat(weights, earlier[terms])
            earlier[terms] += 1
            cosines = np.bincount(self._text[entries], products)
            others = np.nonzero(cosines > _WORTH_MEASURING)[0]
            if len(others):
                yield number, others, self._margins(number, others)

    def _margins(self, number: int, others: NDArray[Any]) -> NDArray[Any]:
        """Return the margins of the text ``number`` with each of ``others``: the least of the
        measures, less its threshold. Names are not asked about a pair that fails already."""
        import numpy as np

        own = slice(self._starts[number], self._starts[number + 1])
        sizes = self._starts[others + 1] - self._starts[others]
        entries = ranges(self._starts[others], sizes)
        other = np.repeat(np.arange(len(others)), sizes)
        self._entry_of[self._term[own]] = np.arange(own.start, own.stop)
        same = self._entry_of[self._term[entries]]
        self._entry_of[self._term[own]] = -1
        both = same >= 0
        mine, theirs, shared_with = same[both], entries[both], other[both]

        def summed(values: NDArray[Any], by: NDArray[Any]) -> NDArray[Any]:
            return np.bincount(by, values, minlength=len(others))

        cosine = summed(self._weight[mine] * self._weight[theirs], shared_with) - COSINE
        here, there = self._surprises[self._text_length[number]], self._text_length[others]
        # Both ways: the terms of the one in a text of the other's length, and the reverse.
        shared = summed(
            self._surprises[there[shared_with], self._frequency[mine]]
            + here[self._frequency[theirs]],
            shared_with,
        )
        total = self._surprises[:, self._frequency[own]].sum(axis=1)[there]
        total += summed(here[self._frequency[entries]], other)
        length = np.minimum(self._text_words[others], self._text_words[number])
        enough = SHARED * np.minimum(1.0, length / LONG) ** 2
        part = shared / total
        surprising = part - np.maximum(enough, SHARED_AT_LEAST)
        margins: NDArray[Any] = np.where(cosine > 0, np.minimum(cosine, surprising), cosine)
        told = summed(1 - (self._is_name[mine] | self._is_name[theirs]), shared_with)
        margins[told < TOLD] = np.minimum(margins[told < TOLD], _NOTHING_TOLD)
        if (passing := margins > 0).any():
            by_name = self._naming.margins(number, others[passing], part[passing] >= COPY)
            margins[passing] = np.minimum(margins[passing], by_name)
        return margins

    def named_alike(self, facts: Facts, numbers: NDArray[Any]) -> NDArray[Any]:
        """Return for which of the texts ``numbers`` a text of an earlier day with ``facts`` names
        enough of the same people and places."""
        alike: NDArray[Any] = self._naming.margins_with(facts, numbers) > 0
        return alike

    def shared_surprise(self, text: Profile) -> NDArray[Any]:
        """Return, for each text of the collection, the share (0 to 1) of its surprise and that
        of ``text`` that lies in terms of both."""
        import numpy as np

        length = rounded(text.length)
        known = {self._terms[t]: f for t, f in text.frequency.items() if t in self._terms}
        if not known:
            return np.zeros(self._size)
        terms = np.array(list(known))
        entries = self._by_term[ranges(self._term_starts[terms], self._spread[terms])]
        owners = self._text[entries]
        # (terms of the text, lengths)
        theirs = np.array([[surprise(f, n) for n in self._lengths] for f in known.values()])
        term = np.repeat(np.arange(len(terms)), self._spread[terms])
        values = np.array(self._surprises_at(length))[self._frequency[entries]]
        values = values + theirs[term, self._text_length[owners]]
        shared = np.bincount(owners, values, minlength=self._size)
        total = np.array(
            [sum(surprise(f, n) for f in text.frequency.values()) for n in self._lengths]
        )[self._text_length] + self._total(length)
        share: NDArray[Any] = np.divide(shared, total, out=np.zeros(self._size), where=shared > 0)
        return share

    def _total(self, length: int) -> NDArray[Any]:
        """Return the surprise of all terms of each text, compared with one of ``length``."""
        import numpy as np

        if length not in self._totals:
            values = np.array(self._surprises_at(length))[self._frequency]
            self._totals[length] = np.bincount(self._text, values, minlength=self._size)
        return self._totals[length]
