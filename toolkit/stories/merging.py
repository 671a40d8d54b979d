"""Decides which bullets a story has: each fact that its articles report, once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from toolkit.data import Brief, Citation, StoryBullet
from toolkit.languages import ENGLISH
from toolkit.numbers.parsing import read
from toolkit.stories.profiles import profile, surprises
from toolkit.text.english import words as english_words
from toolkit.text.similarity import WORD

# Two bullets state one fact if they share these parts of the surprise (see ``profiles.py``) of
# the less and of the more detailed one.
SHARED_OF_LESS = 0.7
SHARED_OF_MORE = 0.5
# The part of a bullet's surprise that is in a headline which says the same.
SAID_BY_HEADLINE = 0.7
# Briefs whose bullets are read: each bullet is compared with all facts before it.
MOST_SOURCES = 40

# The length in words that bullets are taken to have.
_BULLET_WORDS = 30


@dataclass(slots=True)
class _Fact:
    """A fact that one or more articles report. ``weights`` are the surprises of its terms, and
    ``figures`` its numbers, months and weekdays, each with its kind; ``doubtful`` means that it
    rests on a sentence whose translation failed a check."""

    text: str
    weights: Mapping[str, float]
    figures: frozenset[tuple[str, float]]
    negated: bool
    cites: dict[str, tuple[int, ...]] = field(default_factory=dict)
    doubtful: bool = False

    @property
    def weight(self) -> float:
        return sum(self.weights.values())

    def same_as(self, other: _Fact) -> bool:
        """Whether both state one fact: they share enough, the more detailed one has every figure
        of the other, whose text is kept, and both or neither are negated."""
        lighter, heavier = (other, self) if other.weight < self.weight else (self, other)
        if self.negated != other.negated or not lighter.figures <= heavier.figures:
            return False
        less, more = sorted((self.weight, other.weight))
        shared = self.shared_with(other)
        # A rare name can outweigh all else, so the terms are counted too.
        terms = len(self.weights.keys() & other.weights.keys())
        fewer = min(len(self.weights), len(other.weights))
        enough = max(SHARED_OF_LESS * less, SHARED_OF_MORE * more)
        return 0 < enough <= shared and terms >= SHARED_OF_LESS * fewer

    def shared_with(self, other: _Fact) -> float:
        """The weight of the terms that ``other`` has, too."""
        return sum(weight for term, weight in self.weights.items() if term in other.weights)

    def is_in(self, headline: _Fact) -> bool:
        """Whether ``headline`` says this fact."""
        return (
            self.shared_with(headline) >= SAID_BY_HEADLINE * self.weight
            and self.figures <= headline.figures
            and self.negated == headline.negated
        )

    def absorb(self, other: _Fact) -> None:
        """Take in the citations of ``other``, and its text if that is less detailed: every
        source that is cited supports it."""
        if other.weight < self.weight:
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
    """Return at most ``limit`` bullets of ``briefs``, the first of which is the lead.

    A fact that several articles report is one bullet with a citation for each. These are kept
    first when room is short, then one bullet of each article in turn. A bullet that ``headline``
    already says is left out where others remain. The bullets of more than 40 briefs are not read.

    ``doubtful`` are segments, as article id and index, whose translations failed a check. A
    bullet that rests on one is no second source of any fact, and gives way to one that does not.
    """
    facts: list[_Fact] = []
    for fact in _in_turn(briefs[:MOST_SOURCES], doubtful):
        place = next((n for n, f in enumerate(facts) if f.same_as(fact)), None)
        if place is None:
            facts.append(fact)
        elif facts[place].doubtful:
            facts[place] = min(facts[place], fact, key=lambda f: f.doubtful)
        elif not fact.doubtful:
            facts[place].absorb(fact)
    said = _fact(headline, {})
    facts = [f for f in facts if not f.is_in(said)] or facts[:1]
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


def _in_turn(briefs: Sequence[Brief], doubtful: Collection[tuple[str, int]]) -> Iterator[_Fact]:
    """Yield the first bullet of each brief, then the second of each, and so on."""
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
        _figures(text),
        any(word in english_words("negators") or word.endswith(("n't", "n’t")) for word in words),
        cites,
    )


def _figures(text: str) -> frozenset[tuple[str, float]]:
    """Return the numbers, in digits or words, the months and the weekdays of ``text``."""
    reading = read(text, ENGLISH)
    return frozenset(
        [
            *(("number", max(number.values)) for number in reading.numbers if number.values),
            *(("month", month) for month in reading.months),
            *(("weekday", day) for day in reading.weekdays),
        ]
    )
