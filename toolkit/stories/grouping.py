"""Decides which articles report one event: clusters of texts that are alike (``comparison.py``).

Clustering is by average link: two groups become one while the mean margin of their pairs is
above 0.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator

from toolkit.stories.comparison import COSINE, Comparison
from toolkit.stories.profiles import Texts

# Two texts, by their numbers within a component, and their margin.
Pair = tuple[int, int, float]


def events(texts: Texts, comparison: Comparison) -> list[list[int]]:
    """Return the places of ``texts`` grouped by event. Each group is in ascending order, and the
    groups are in the order of their first place. A text without words is a group of its own."""
    places: list[list[int]] = [[] for _ in range(len(texts))]
    for place, number in enumerate(texts.distinct):
        places[number].append(place)
    groups = [
        [members[i] for i in group]
        for members, pairs in _components(len(texts), comparison)
        for group in _average_link(len(members), pairs)
    ]
    return sorted(sorted(place for i in group for place in places[i]) for group in groups)


def _components(size: int, comparison: Comparison) -> Iterator[tuple[list[int], list[Pair]]]:
    """Yield the texts that a chain of passing pairs connects, with all pairs among them. Texts
    that are not connected are never in one group: the mean of failing margins fails."""
    left, right, margin = array("I"), array("I"), array("f")
    parent = list(range(size))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = number = parent[parent[number]]
        return number

    for number, others, margins in comparison.margins():
        left.extend([number] * len(others))
        right.extend(others.tolist())
        margin.extend(margins.tolist())
        for other in others[margins > 0].tolist():
            parent[root(number)] = root(other)
    roots = [root(number) for number in range(size)]
    members: dict[int, list[int]] = defaultdict(list)
    for number, top in enumerate(roots):
        members[top].append(number)
    pairs: dict[int, list[int]] = defaultdict(list)
    for pair, (one, other) in enumerate(zip(left, right, strict=True)):
        if roots[one] == roots[other]:
            pairs[roots[one]].append(pair)
    for top, inside in members.items():
        within = {number: n for n, number in enumerate(inside)}
        yield inside, [(within[left[i]], within[right[i]], margin[i]) for i in pairs.get(top, ())]


def _average_link(size: int, pairs: Iterable[Pair]) -> list[list[int]]:
    """Return groups of the numbers below ``size``, made by nearest-neighbour chains (Murtagh
    1983). A pair that is not among ``pairs`` has the margin ``-COSINE``."""
    groups = {number: [number] for number in range(size)}
    # For two groups, the sum over their pairs of the margin and COSINE: 0 for a missing pair.
    total: dict[int, dict[int, float]] = {number: {} for number in groups}
    for left, right, margin in pairs:
        total[left][right] = total[right][left] = margin + COSINE
    done: list[list[int]] = []
    chain: list[int] = []
    while groups:
        chain = chain or [next(iter(groups))]
        last = chain[-1]
        before = chain[-2] if len(chain) > 1 else None
        means = {g: t / (len(groups[last]) * len(groups[g])) for g, t in total[last].items()}
        nearest = max(means, key=lambda g: (means[g], g == before), default=None)
        if nearest is None or means[nearest] <= COSINE:
            done.append(groups.pop(last))
            for other in total.pop(last):
                del total[other][last]
            chain.pop()
        elif nearest == before:
            groups[last] += groups.pop(nearest)
            for other, sums in total.pop(nearest).items():
                del total[other][nearest]
                if other != last:
                    total[last][other] = total[last].get(other, 0.0) + sums
                    total[other][last] = total[last][other]
            chain = chain[:-2]
        else:
            chain.append(nearest)
    return done
