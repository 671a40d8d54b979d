"""Briefs that report one event become one story, whatever languages they came from."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from toolkit.data import Brief, EarlierStory, Story, TranslatedArticle
from toolkit.stories.events import Comparison, Texts, clusters, profile
from toolkit.stories.merging import merge

MAX_BULLETS = 6
CARRIES_ON = 0.24

_RELATIVE_DAY = re.compile(r"\b(?:today|tomorrow|yesterday|tonight)\b", re.I)
_LONG_HEADLINE = 16
_DOUBTFUL_HEADLINE = "The headline rests on a sentence whose translation failed a check."


@dataclass(frozen=True, slots=True)
class Member:
    """What a story needs of one article: its brief, how many sentences it has, and the indices of
    those whose translation failed a check."""

    brief: Brief
    sentences: int
    flagged: frozenset[int]


class Members(Protocol):
    """Where members wait for their stories: a list, or what holds them elsewhere."""

    def append(self, value: Member, /) -> None: ...
    def __getitem__(self, place: int, /) -> Member: ...


class Day:
    """The articles of a day, taken in one after the other and then grouped.

    About three kilobytes stay in memory for each: which words it has. ``members`` holds the rest.
    Sentences whose translation failed a check bring no articles together, and what rests on one
    does not count as a second source. An article whose language is in doubt stands alone.
    """

    def __init__(self, members: Members | None = None) -> None:
        self._members: Members = [] if members is None else members
        self._texts = Texts()

    def add(self, brief: Brief, article: TranslatedArticle | None) -> None:
        """Take in a brief and, where it is at hand, the article that it is of."""
        rows = article.translations if article else ()
        flagged = frozenset(t.segment.index for t in rows if t.flags)
        self._members.append(Member(brief, len(rows), flagged))
        self._texts.add(profile(_text(brief, article)))

    def stories(self, earlier: Iterable[EarlierStory] = ()) -> Iterator[Story]:
        """The stories: those of most articles first, then in the order of the briefs.

        Every brief is in exactly one story. A story like one of ``earlier`` is marked with the
        latest date of those it carries on.
        """
        comparison = Comparison(self._texts)
        groups = sorted(clusters(self._texts, comparison), key=lambda places: -len(places))
        dates = self._continued(comparison, earlier)
        for places in groups:
            known = [d for i in places if (d := dates.get(self._texts.kept_as[i]))]
            yield _story([self._members[i] for i in places], max(known, default=None))

    def _continued(
        self, comparison: Comparison, earlier: Iterable[EarlierStory]
    ) -> dict[int, dt.date]:
        """For texts that carry on an earlier story, the latest date of these."""
        dates: dict[int, dt.date] = {}
        for story in earlier:
            before = profile(f"{story.headline} {story.text}")
            for text in (comparison.resemblances(before) >= CARRIES_ON).nonzero()[0].tolist():
                dates[text] = max(story.date, dates.get(text, story.date))
        return dates


def group(
    briefs: Sequence[Brief],
    articles: Sequence[TranslatedArticle],
    *,
    earlier: Iterable[EarlierStory] = (),
) -> tuple[Story, ...]:
    """The stories that ``Day`` makes of ``briefs``; ``articles`` are at least those of them that
    are at hand."""
    by_id = {article.id: article for article in articles}
    day = Day()
    for brief in briefs:
        day.add(brief, by_id.get(brief.article_id))
    return tuple(day.stories(earlier))


def _text(brief: Brief, article: TranslatedArticle | None) -> str:
    if article is None:
        return " ".join([brief.headline, *(bullet.text for bullet in brief.bullets)])
    if article.prepared.language_doubt:
        return ""
    return " ".join(t.english for t in article.translations if not t.flags)


def _story(members: Sequence[Member], continues: dt.date | None) -> Story:
    ordered = sorted(members, key=_faults)
    ranked = [member.brief for member in ordered]
    headline = ranked[0].headline
    doubts = (_DOUBTFUL_HEADLINE,) if _headline_is_doubtful(ordered[0]) else ()
    doubtful = {(m.brief.article_id, index) for m in members for index in m.flagged}
    return Story(
        headline=headline,
        # A doubtful headline makes no bullet superfluous.
        bullets=merge(ranked, "" if doubts else headline, MAX_BULLETS, doubtful=doubtful),
        articles=tuple(brief.article_id for brief in ranked),
        continues=continues,
        notes=(*doubts, *dict.fromkeys(note for brief in ranked for note in brief.notes)),
    )


def _headline_is_doubtful(member: Member) -> bool:
    """Whether a sentence that the headline rests on failed a check of its translation."""
    return not member.flagged.isdisjoint(member.brief.headline_cites)


def _faults(member: Member) -> tuple[bool, bool, bool, bool, float]:
    """What speaks against an article as the lead of its story, the gravest first: nothing to
    show, a headline in doubtful English, one that is clipped or true on one day only, a long one,
    doubtful English elsewhere."""
    brief = member.brief
    flagged = len(member.flagged) / member.sentences if member.sentences else 0.0
    return (
        not brief.bullets,
        _headline_is_doubtful(member),
        brief.headline.endswith("…") or _RELATIVE_DAY.search(brief.headline) is not None,
        len(brief.headline.split()) > _LONG_HEADLINE,
        round(flagged, 1),
    )
