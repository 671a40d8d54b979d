"""Measures how far texts name the same people, places, days and figures.

Reports of two earthquakes share their words, not their places. What recurs under the same names,
as market reports do, is told apart by its day and its figures.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from toolkit.stories.facts import Facts
from toolkit.stories.profiles import FactColumns, weight_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The measure is a logistic regression on pairs of texts that are alike in their words, from
# tests/cases/events.jsonl and halves of news articles, rounded. It sums up: the greater of the
# shares of one text's leading names that stand in the other; the logarithm of the surprise of the
# names in common; the days between, after the first.
_OF_LEAD, _OF_SHARED, _OF_DAYS = 3.3, 1.1, -1.0
# The leads are about other places.
_ELSEWHERE = -1.5
# These must add up to so much,
_AT_LEAST = 2.5
# and have this scale, which is that of the other measures.
_SCALE = 0.05
# A lead with few names tells little: this surprise more, of which a half is taken as shared.
_TAKEN_FOR_NAMES, _TAKEN_AS_SHARED = 3.0, 0.5
# Days that an event is reported at least.
_LASTS = 1
# The margin of two reports of something that recurs.
_RECURRING = -0.2
# So many decimals in each, and none in common, tell such reports apart.
_DECIMALS = 2


class Naming:
    """Compares what the texts of a finished collection name."""

    def __init__(self, facts: FactColumns) -> None:
        import numpy as np

        self._facts = facts
        self._starts = view(facts.starts).astype(np.int64)
        self._name = view(facts.name)
        # Of each name of each text: that it is there, whether it is in the lead, and a place there.
        flags = (np.ones(len(self._name)), view(facts.in_lead), view(facts.is_place))
        self._flags = np.stack(flags)
        self._weight = view(facts.weights)
        self._day = view(facts.day)
        # For each text, the surprise of its leading names, and the number of their places.
        owner = np.repeat(np.arange(len(self._day)), np.diff(self._starts))
        leading = self._weight[self._name] * self._flags[1]
        self._lead_weight = np.bincount(owner, leading, len(self._day))
        self._places = np.bincount(owner, self._flags[2], len(self._day))
        # The same of the text that is being compared, for each name that there is.
        self._of_text = np.zeros((3, len(facts.numbers)))

    def margins(self, number: int, others: NDArray[Any], copies: NDArray[Any]) -> NDArray[Any]:
        """Return by how much the text ``number`` and each of ``others`` pass or fail. ``copies``
        tells which have nearly the same words: these pass where no lead names anything."""
        import numpy as np

        own = slice(self._starts[number], self._starts[number + 1])
        lead, places = self._lead_weight[number], self._places[number]
        measure = self._measure(self._name[own], self._flags[:, own], lead, places, others)
        days = self._days(number, others)
        measure += _OF_DAYS * np.maximum(0, days - _LASTS)
        measure[copies & (self._lead_weight[others] == 0) & (lead == 0)] = _OF_LEAD
        pairs = zip(others.tolist(), days.tolist(), strict=True)
        recurring = [self._recurs(number, text, gap) for text, gap in pairs]
        return np.where(recurring, _RECURRING, _SCALE * measure)

    def margins_with(self, facts: Facts, others: NDArray[Any]) -> NDArray[Any]:
        """Return by how much a text with ``facts``, from an earlier day, and each of ``others``
        pass or fail."""
        import numpy as np

        known = [name for name in facts.names if name in self._facts.numbers]
        names = np.array([self._facts.numbers[name] for name in known], dtype=np.int64)
        flags = np.array([(1, name in facts.lead, name in facts.places) for name in known])
        lead = sum(weight_of(name, facts.names[name]) for name in facts.lead)
        measure = self._measure(
            names, flags.reshape(-1, 3).T.astype(float), lead, len(facts.places), others
        )
        if not lead:
            measure[self._lead_weight[others] == 0] = _OF_LEAD  # The words alone must tell.
        return _SCALE * measure

    def _measure(
        self,
        names: NDArray[Any],
        flags: NDArray[Any],
        lead: float,
        places: int,
        others: NDArray[Any],
    ) -> NDArray[Any]:
        """Return the measure of a text and each of ``others``, less its threshold: the text has
        ``names`` with ``flags``, its leading names weigh ``lead``, and ``places`` are its own."""
        import numpy as np

        self._of_text[:, names] = flags
        sizes = self._starts[others + 1] - self._starts[others]
        entries = ranges(self._starts[others], sizes)
        other = np.repeat(np.arange(len(others)), sizes)
        named, led, place = self._of_text[:, self._name[entries]]
        self._of_text[:, names] = 0

        def summed(values: NDArray[Any]) -> NDArray[Any]:
            return np.bincount(other, values, len(others))

        weights = self._weight[self._name[entries]] * named
        mine = _share(summed(weights * led), lead)
        theirs = _share(summed(weights * self._flags[1, entries]), self._lead_weight[others])
        placed = (places > 0) & (self._places[others] > 0)
        elsewhere = placed & (summed(place + named * self._flags[2, entries]) == 0)
        measure: NDArray[Any] = _OF_LEAD * np.maximum(mine, theirs)
        measure += _OF_SHARED * np.log1p(summed(weights)) + _ELSEWHERE * elsewhere - _AT_LEAST
        return measure

    def _days(self, number: int, others: NDArray[Any]) -> NDArray[Any]:
        """Return the days between the text ``number`` and each of ``others``, 0 if unknown."""
        import numpy as np

        known = (self._day[others] > 0) & (self._day[number] > 0)
        days: NDArray[Any] = np.where(known, np.abs(self._day[others] - self._day[number]), 0)
        return days

    def _in_other_turns(self, one: int, other: int) -> bool:
        """Return whether two leads tell of other quarters, legs or scores."""
        mine, theirs = self._facts.turns[one], self._facts.turns[other]
        kinds = {kind for kind, _ in mine} & {kind for kind, _ in theirs}
        own, its = ({turn for turn in turns if turn[0] in kinds} for turns in (mine, theirs))
        return bool(kinds) and own.isdisjoint(its)

    def _recurs(self, one: int, other: int, days: int) -> bool:
        """Return whether two texts report something that recurs, each with figures of its own."""
        if self._in_other_turns(one, other):
            return True
        mine, theirs = self._facts.decimals[one], self._facts.decimals[other]
        fewest = min(len(mine), len(theirs))
        if not fewest or not mine.isdisjoint(theirs):
            return False
        weekdays = self._facts.weekdays[one], self._facts.weekdays[other]
        other_days = all(weekdays) and weekdays[0].isdisjoint(weekdays[1])
        return other_days or (days > 0 and fewest >= _DECIMALS)


def _share(found: NDArray[Any], weight: Any) -> NDArray[Any]:
    """Return the share ``found`` of the ``weight`` of leading names."""
    share: NDArray[Any] = (found + _TAKEN_AS_SHARED * _TAKEN_FOR_NAMES) / (
        weight + _TAKEN_FOR_NAMES
    )
    return share


def view(column: array[int] | array[float]) -> NDArray[Any]:
    """Return a column as an array that shares its memory."""
    import numpy as np

    return np.frombuffer(column, dtype=column.typecode) if column else np.zeros(0, np.int32)


def ranges(starts: NDArray[Any], sizes: NDArray[Any]) -> NDArray[Any]:
    """Return the whole numbers of several ranges, one range after the other."""
    import numpy as np

    ends = np.cumsum(sizes)
    return np.repeat(starts - ends + sizes, sizes) + np.arange(ends[-1] if len(ends) else 0)
