"""Decides the order of stories in a digest, and of articles within a story.

How important a story is, is a sum. What it adds and takes away is on one scale: 1 is worth twice
as many sources.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median_high

from toolkit.data import Brief, StorySource
from toolkit.stories.gravity import Gravity, Kind
from toolkit.stories.publishers import Origin, sources
from toolkit.stories.sections import Scene
from toolkit.text.moments import moment_of

# Headlines with more words than this are long.
_LONG_HEADLINE = 16
_RELATIVE_DAY = re.compile(r"\b(?:today|tomorrow|yesterday|tonight)\b", re.I)
# Twice as many languages.
_LANGUAGES = 0.5
# A day older than the newest article, and the most that age takes away.
_PER_DAY, _OLDEST = -0.5, -2.0
# A story that was not there yesterday.
_NEW = 0.3
# A story that consists of comments and live tickers.
_NO_REPORT = -1.0
# From this level on, gravity is given as a reason.
_GRAVE = 1.0


@dataclass(frozen=True, slots=True)
class Member:
    """An article as a story needs it: its brief, the number of its sentences, the indices of those
    whose translation failed a check, when it was published, as its source writes it, where it
    comes from, its language, how grave it is, whether it is a report, and where it happens."""

    brief: Brief
    sentences: int
    flagged: frozenset[int]
    published: str
    origin: Origin
    language: str
    gravity: Gravity
    kind: Kind
    scene: Scene

    @property
    def headline_is_doubtful(self) -> bool:
        """Whether the headline rests on a sentence whose translation failed a check."""
        return not self.flagged.isdisjoint(self.brief.headline_cites)


@dataclass(frozen=True, slots=True)
class Standing:
    """How important a story is, and why, in a few words."""

    importance: float
    why: tuple[str, ...]


def standing(members: Sequence[Member], newest: dt.datetime | None, *, is_new: bool) -> Standing:
    """Return the standing of a story in a digest whose newest article is of the time ``newest``."""
    independent = sources_of(members)
    publishers = len({member.origin.publisher for member in members})
    languages = len({member.language for member in members})
    level = median_high(member.gravity.level for member in members)
    importance = math.log2(len(independent)) + _LANGUAGES * math.log2(languages) + level
    importance += _age(members, newest) + _NEW * is_new
    if all(member.kind != "report" for member in members):
        importance += _NO_REPORT - max(0.0, level)
    why = [_counted(publishers, "publisher")]
    if len(independent) < publishers:
        why.append(_counted(len(independent), "source"))
    if languages > 1:
        why.append(_counted(languages, "language"))
    reasons = [m.gravity.reason for m in members if m.gravity.level >= max(level, _GRAVE)]
    return Standing(importance, (*why, *filter(None, reasons[:1])))


def sources_of(members: Iterable[Member]) -> tuple[StorySource, ...]:
    """Return who reports a story independently."""
    return sources({member.brief.article_id: member.origin for member in members})


def current(members: Sequence[Member]) -> tuple[list[Member], list[Member]]:
    """Return ``members`` without the earlier versions of an address, and these. The version that
    was published last is the current one, or the last of those whose time is not known."""
    latest: dict[str, Member] = {}
    for member in members:
        address = member.origin.address or f"article {member.brief.article_id}"
        before = latest.setdefault(address, member)
        if _moment(before) <= _moment(member):
            latest[address] = member
    kept = {member.brief.article_id for member in latest.values()}
    earlier = [member for member in members if member.brief.article_id not in kept]
    return [member for member in members if member.brief.article_id in kept], earlier


def newest(members: Iterable[Member]) -> dt.datetime | None:
    """Return the time of the article published last, None if no time is known."""
    return max((m for member in members if (m := moment_of(member.published))), default=None)


def _moment(member: Member) -> dt.datetime:
    return moment_of(member.published) or dt.datetime.min.replace(tzinfo=dt.UTC)


def _age(members: Sequence[Member], latest: dt.datetime | None) -> float:
    moment = newest(members)
    days = (latest - moment) / dt.timedelta(days=1) if latest and moment else 0.0
    return max(_OLDEST, _PER_DAY * max(0.0, days))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + "s" * (count != 1)


def lead_first(members: Iterable[Member]) -> list[Member]:
    """Return the articles of one story, the one whose headline serves it best first, and equally
    good ones in the order given."""
    return sorted(members, key=_faults)


def _faults(member: Member) -> tuple[bool, bool, bool, bool, bool, float]:
    """Return the faults of an article as the lead of its story, the gravest first."""
    brief = member.brief
    shortened = brief.headline.endswith("…")
    true_on_one_day = _RELATIVE_DAY.search(brief.headline) is not None
    flagged = len(member.flagged) / member.sentences if member.sentences else 0.0
    return (
        not brief.bullets,
        member.headline_is_doubtful,
        member.kind != "report" or brief.headline.endswith("?"),
        shortened or true_on_one_day,
        len(brief.headline.split()) > _LONG_HEADLINE,
        round(flagged, 1),
    )
