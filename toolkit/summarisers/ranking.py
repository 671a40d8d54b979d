"""Which texts of an article say most, and say it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.similarity import WORD, cosine, terms
from toolkit.summarisers.units import Unit

SHORTLIST = 200


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much."""

    place: float = 1.0
    decay: float = 0.5
    centre: float = 1.0
    redundancy: float = 1.0
    same: float = 0.8
    doubt: float = 1.0


def choose(candidates: Sequence[Unit], headline: str, count: int, weights: Weights) -> list[Unit]:
    """At most ``count`` of ``candidates``, in document order."""
    vectors = [{t: float(n) for t, n in Counter(terms(c.text)).items()} for c in candidates]
    centre: Counter[str] = Counter()
    for vector in vectors:
        centre.update(dict.fromkeys(vector, 1))
    scores = [
        weights.centre * cosine(vector, centre)
        + weights.place / (1 + c.place) ** weights.decay
        - weights.doubt * c.doubt
        for c, vector in zip(candidates, vectors, strict=True)
    ]
    order = sorted(range(len(candidates)), key=lambda i: -scores[i])[:SHORTLIST]
    said = [{t: float(n) for t, n in Counter(terms(headline)).items()}]
    used: set[int] = set()
    chosen: list[int] = []
    while order and len(chosen) < count:
        overlap = {i: max(cosine(vectors[i], known) for known in said) for i in order}
        best = max(order, key=lambda i: scores[i] - weights.redundancy * overlap[i])
        order.remove(best)
        candidate = candidates[best]
        fresh = overlap[best] < weights.same and not used & set(candidate.cites)
        if not chosen or (fresh and candidate.doubt < 1):
            chosen.append(best)
            said.append(vectors[best])
            used |= set(candidate.cites)
    return sorted((candidates[i] for i in chosen), key=lambda c: c.place)


def word_count(text: str) -> int:
    return len(WORD.findall(text))
