"""Decides the order of stories in a digest, and of articles within a story."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from toolkit.data import Brief

# Headlines with more words than this are long.
_LONG_HEADLINE = 16
_RELATIVE_DAY = re.compile(r"\b(?:today|tomorrow|yesterday|tonight)\b", re.I)


@dataclass(frozen=True, slots=True)
class Member:
    """An article as a story needs it: its brief, the number of its sentences, the indices of those
    whose translation failed a check, and when it was published, as its source writes it."""

    brief: Brief
    sentences: int
    flagged: frozenset[int]
    published: str = ""

    @property
    def headline_is_doubtful(self) -> bool:
        """Whether the headline rests on a sentence whose translation failed a check."""
        return not self.flagged.isdisjoint(self.brief.headline_cites)


def by_importance(events: Iterable[list[int]]) -> list[list[int]]:
    """Return groups of articles in the order of their stories: those of most articles first, and
    those of equally many in the order given."""
    return sorted(events, key=lambda places: -len(places))


def lead_first(members: Iterable[Member]) -> list[Member]:
    """Return the articles of one story, the one whose headline serves it best first, and equally
    good ones in the order given."""
    return sorted(members, key=_faults)


def _faults(member: Member) -> tuple[bool, bool, bool, bool, float]:
    """Return the faults of an article as the lead of its story, the gravest first."""
    brief = member.brief
    shortened = brief.headline.endswith("…")
    true_on_one_day = _RELATIVE_DAY.search(brief.headline) is not None
    flagged = len(member.flagged) / member.sentences if member.sentences else 0.0
    return (
        not brief.bullets,
        member.headline_is_doubtful,
        shortened or true_on_one_day,
        len(brief.headline.split()) > _LONG_HEADLINE,
        round(flagged, 1),
    )
