"""Decides the order of stories in a digest, and of articles within a story.

How important a story is, is a sum. What it adds and takes away is on one scale: 1 is worth twice
as many sources.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from statistics import median_high

from toolkit.data import Brief, Citation, StorySource, Watched
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


# Where the reader's terms open an article, and where they are only mentioned.
_WATCHED, _MENTIONED = 3.0, 1.5
# Muted stories come after all others.
_MUTED = -100.0
# Sentences in which a term opens an article, the title among them.
_OPENING = 3
# Terms that are named as a reason.
_NAMED = 3
_LISTS = attrgetter("watched"), attrgetter("muted")


@dataclass(frozen=True, slots=True)
class Member:
    """An article as a story needs it: its brief, the number of its sentences, the indices of those
    whose translation failed a check, when it was published, as its source writes it, where it
    comes from, its language, how grave it is, whether it is a report, where it happens, and where
    it has terms that the reader watches or mutes."""

    brief: Brief
    sentences: int
    flagged: frozenset[int]
    published: str
    origin: Origin
    language: str
    gravity: Gravity
    kind: Kind
    scene: Scene
    watched: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    muted: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    # The findings of checks, in words, on the sentences that the headline rests on.
    warnings: tuple[str, ...] = ()

    @property
    def headline_is_doubtful(self) -> bool:
        """Whether the headline rests on a sentence whose translation failed a check."""
        return not self.flagged.isdisjoint(self.brief.headline_cites)


@dataclass(frozen=True, slots=True)
class Standing:
    """How important a story is, and why, in a few words; the terms that it has of those that the
    reader watches, and those for which it stands last."""

    importance: float
    why: tuple[str, ...]
    watched: tuple[Watched, ...] = ()
    muted: tuple[Watched, ...] = ()


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
    watched, muted = (_terms({m.brief.article_id: f(m) for m in members}) for f in _LISTS)
    importance += _watched_lift(members) if watched else 0.0
    why = [f"watched: {_named(watched)}"] if watched else []
    why.append(_counted(publishers, "publisher"))
    if len(independent) < publishers:
        why.append(_counted(len(independent), "source"))
    if languages > 1:
        why.append(_counted(languages, "language"))
    reasons = [m.gravity.reason for m in members if m.gravity.level >= max(level, _GRAVE)]
    why += filter(None, reasons[:1])
    if watched or not _is_muted(members):
        return Standing(importance, tuple(why), watched)
    if level >= _GRAVE:
        return Standing(importance, (*why, f"not muted ({_named(muted)})"))
    return Standing(importance + _MUTED, (f"muted: {_named(muted)}", *why), muted=muted)


def _watched_lift(members: Iterable[Member]) -> float:
    """Return by how much the terms that the reader watches lift a story."""
    opens = any(_opens(member.watched) for member in members)
    return _WATCHED if opens else _MENTIONED


def _is_muted(members: Sequence[Member]) -> bool:
    """Return whether at least half of the articles open with a term that the reader mutes: one that
    is only mentioned hides nothing."""
    return 2 * sum(_opens(member.muted) for member in members) >= len(members)


def _opens(places: Mapping[str, tuple[int, ...]]) -> bool:
    return any(indices and indices[0] < _OPENING for indices in places.values())


def _terms(found: Mapping[str, Mapping[str, tuple[int, ...]]]) -> tuple[Watched, ...]:
    """Return the terms that articles, by their ids, have, and where."""
    terms = dict.fromkeys(term for places in found.values() for term in places)
    return tuple(
        Watched(
            term,
            tuple(Citation(key, places[term]) for key, places in found.items() if term in places),
        )
        for term in terms
    )


def _named(terms: Sequence[Watched]) -> str:
    more = [f"{len(terms) - _NAMED} more"] if len(terms) > _NAMED else []
    return ", ".join([*(found.term for found in terms[:_NAMED]), *more])


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
