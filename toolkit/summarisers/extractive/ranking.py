"""Ranks the texts of an article by how much they say, each thing once.

A text's score is the reciprocal of its place in the article (the first say most in news) and its
cosine to the article's centroid (Radev et al. 2004), less its doubt and its length beyond 30 words.
Texts are then taken one by one, each next one with what it repeats taken off (maximal marginal
relevance, Carbonell and Goldstein 1998). Names, figures, quotations, headings and likeness to the
first sentences were measured too and added nothing that held on articles left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.summarisers.extractive.units import LEANING, MAX_WORDS, NEVER, Unit
from toolkit.text.similarity import dot, terms, unit_length

SAME = 0.7
RESTATED = 0.75
SHORTLIST = 100


@dataclass(frozen=True, slots=True)
class Weights:
    """What is taken off the score of a text: for its doubt, for each word over 30, and for its
    cosine to a text that was taken before. Chosen by ``tools/score_summaries.py --leave-out``."""

    doubt: float = 0.5
    excess: float = 0.06
    redundancy: float = 0.3


class Ranking:
    """Scores and chooses among the texts of one article."""

    def __init__(self, units: Sequence[Unit], weights: Weights | None = None) -> None:
        self._units = units
        self._weights = weights or Weights()
        self._terms = [Counter(terms(u.text)) for u in units]
        self._vectors = [unit_length(counts) for counts in self._terms]
        self._scores = self._score()

    def choose(self, count: int, headline: str = "", cites: Sequence[int] = ()) -> list[Unit]:
        """Return at most ``count`` texts, in document order, no two with a sentence in common.

        Those that ``headline``, made from the segments ``cites``, already says and those of
        doubt 1 or more are left out, unless nothing else is there: then one is taken. A flagged
        text gives way to one without a flag that says the same.
        """
        order = self._order()
        said = frozenset(terms(headline))
        sound = [i for i in order if self._units[i].doubt < 1]
        unflagged = [i for i in sound[:SHORTLIST] if not self._units[i].flagged]
        fresh = [i for i in sound if not self._restates(i, said, cites)]
        chosen = self._take(
            [i for i in fresh[:SHORTLIST] if not self._said_better(i, unflagged)], count
        )
        chosen = chosen or (sound or order)[: min(count, 1)]
        return sorted((self._units[i] for i in chosen), key=lambda u: u.cites)

    def lead(self) -> Unit | None:
        """Return the sentence a headline is best made from: the first of the three best, or the
        best of all that have no flag, where there is one."""
        first = min(self.choose(3), key=lambda unit: unit.flagged, default=None)
        if first is not None and first.flagged:
            first = min(
                (u for i in self._order() if not (u := self._units[i]).flagged and u.doubt < NEVER),
                key=lambda unit: unit.doubt >= LEANING,
                default=first,
            )
        if first is None or len(first.cites) == 1:
            return first
        own = [unit for unit in self._units if unit.cites == first.cites[:1]]
        others = (self._units[i] for i in self._order())
        # The sentence that announces a list is no headline without it.
        singles = (u for u in (*own, *others) if len(u.cites) == 1 and u.doubt < NEVER)
        return next(singles, first)

    def _order(self) -> list[int]:
        """Return the places of the texts, those that say most first."""
        return sorted(range(len(self._units)), key=lambda i: (-self._scores[i], i))

    def _score(self) -> list[float]:
        spread: Counter[str] = Counter()
        unsure = all(u.flagged for u in self._units)
        for candidate, counts in zip(self._units, self._terms, strict=True):
            if len(candidate.cites) == 1 and (unsure or not candidate.flagged):
                spread.update(counts.keys())
        centre = unit_length(spread)
        return [
            dot(vector, centre)
            + 1 / (1 + u.place)
            - self._weights.doubt * u.doubt
            - self._weights.excess * max(0, len(u.text.split()) - MAX_WORDS)
            for u, vector in zip(self._units, self._vectors, strict=True)
        ]

    def _restates(self, i: int, said: frozenset[str], cites: Sequence[int]) -> bool:
        """Say whether the headline says a text already. One that was cut from the text does not
        count: bullets are whole without the headline."""
        counts = self._terms[i]
        if not counts or set(cites) & set(self._units[i].cites):
            return False
        return sum(t in said for t in counts) / len(counts) >= RESTATED

    def _said_better(self, i: int, unflagged: Sequence[int]) -> bool:
        if not self._units[i].flagged:
            return False
        return any(dot(self._vectors[i], self._vectors[j]) >= SAME for j in unflagged)

    def _take(self, order: list[int], count: int) -> list[int]:
        repeats = dict.fromkeys(order, 0.0)
        chosen: list[int] = []
        while repeats and len(chosen) < count:
            best = max(
                repeats, key=lambda i: self._scores[i] - self._weights.redundancy * repeats[i]
            )
            chosen.append(best)
            cited = set(self._units[best].cites)
            likeness = {i: dot(self._vectors[i], self._vectors[best]) for i in repeats}
            repeats = {
                i: max(repeat, likeness[i])
                for i, repeat in repeats.items()
                if likeness[i] < SAME and not cited & set(self._units[i].cites)
            }
        return chosen
