"""Bullets of several articles about one event, each fact said once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from toolkit.data import Brief, Citation, StoryBullet
from toolkit.stories.events import profile, surprises
from toolkit.text.similarity import WORD

# Two bullets say one thing if they share this much of what the less detailed one says, and this
# much of the other; the less detailed one is shown, because every source cited supports it.
SHARED_OF_LESS, SHARED_OF_MORE = 0.7, 0.5
SAID_BY_HEADLINE = 0.7
MOST_SOURCES = 40

_BULLET_WORDS = 30
_DENIALS = frozenset({"not", "no", "never", "neither", "nor", "none", "without", "cannot"})


@dataclass(slots=True)
class _Fact:
    """Something that one or more articles report; ``doubtful`` where it rests on a sentence whose
    translation failed a check."""

    text: str
    weights: Mapping[str, float]
    figures: frozenset[str]
    denies: bool
    cites: dict[str, tuple[int, ...]] = field(default_factory=dict)
    doubtful: bool = False

    def same_as(self, other: _Fact) -> bool:
        """Whether both say one thing: no figure contradicts the other's and both or neither
        deny."""
        agree = self.figures <= other.figures or other.figures <= self.figures
        if self.denies != other.denies or not agree:
            return False
        less, more = sorted((sum(self.weights.values()), sum(other.weights.values())))
        shared = self.shared_with(other)
        # A rare name can outweigh all else, so the terms are counted too.
        terms = len(self.weights.keys() & other.weights.keys())
        fewer = min(len(self.weights), len(other.weights))
        enough = max(SHARED_OF_LESS * less, SHARED_OF_MORE * more)
        return 0 < enough <= shared and terms >= SHARED_OF_LESS * fewer

    def shared_with(self, other: _Fact) -> float:
        return sum(weight for term, weight in self.weights.items() if term in other.weights)

    def absorb(self, other: _Fact) -> None:
        if sum(other.weights.values()) < sum(self.weights.values()):
            self.text, self.weights, self.figures = other.text, other.weights, other.figures
        for article, segments in other.cites.items():
            known = self.cites.get(article, ())
            self.cites[article] = tuple(sorted({*known, *segments}))


def merge(
    briefs: Sequence[Brief],
    headline: str,
    limit: int,
    *,
    doubtful: Collection[tuple[str, int]] = (),
) -> tuple[StoryBullet, ...]:
    """At most ``limit`` bullets of ``briefs``, whose first is the lead.

    A fact that several articles report is one bullet with a citation for each. These come
    first when room is short, then each article's own by turns. A bullet that ``headline``
    already says is left out where others remain. Bullets of more than 40 briefs are not read.

    ``doubtful`` are segments, as article id and index, whose translations failed a check. What
    rests on one is no second source for anything, and gives way to a sound bullet that says it.
    """
    facts: list[_Fact] = []
    for fact in _by_turns(briefs[:MOST_SOURCES], doubtful):
        place = next((n for n, f in enumerate(facts) if f.same_as(fact)), None)
        if place is None:
            facts.append(fact)
        elif facts[place].doubtful:
            facts[place] = min(facts[place], fact, key=lambda f: f.doubtful)
        elif not fact.doubtful:
            facts[place].absorb(fact)
    said = _fact(headline, {})
    facts = [f for f in facts if not _says(said, f)] or facts[:1]
    kept = sorted(facts, key=lambda f: -len(f.cites))[:limit]
    places = {brief.article_id: place for place, brief in enumerate(briefs)}
    kept.sort(key=lambda f: (min(places[a] for a in f.cites), facts.index(f)))
    return tuple(
        StoryBullet(
            f.text,
            tuple(Citation(a, f.cites[a]) for a in sorted(f.cites, key=lambda a: places[a])),
        )
        for f in kept
    )


def _by_turns(briefs: Sequence[Brief], doubtful: Collection[tuple[str, int]]) -> Iterator[_Fact]:
    for rank in range(max((len(brief.bullets) for brief in briefs), default=0)):
        for brief in briefs:
            if rank < len(brief.bullets):
                bullet = brief.bullets[rank]
                fact = _fact(bullet.text, {brief.article_id: bullet.cites})
                fact.doubtful = any((brief.article_id, i) in doubtful for i in bullet.cites)
                yield fact


def _fact(text: str, cites: dict[str, tuple[int, ...]]) -> _Fact:
    words = [word.lower() for word in WORD.findall(text)]
    return _Fact(
        text,
        surprises(profile(text), _BULLET_WORDS),
        frozenset(word for word in words if word[0].isdigit()),
        any(word in _DENIALS or word.endswith(("n't", "n’t")) for word in words),
        cites,
    )


def _says(headline: _Fact, fact: _Fact) -> bool:
    whole = sum(fact.weights.values())
    return (
        fact.shared_with(headline) >= SAID_BY_HEADLINE * whole
        and fact.figures <= headline.figures
        and fact.denies == headline.denies
    )
