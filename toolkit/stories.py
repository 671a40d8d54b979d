"""Briefs that report one event become one story, whatever languages they came from."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from toolkit.data import Brief, EarlierStory, Story, TranslatedArticle
from toolkit.events import Comparison, Profile, clusters, profile
from toolkit.merging import merge

MAX_BULLETS = 6
CARRIES_ON = 0.24

_RELATIVE_DAY = re.compile(r"\b(?:today|tomorrow|yesterday|tonight)\b", re.I)
_LONG_HEADLINE = 16
_DOUBTFUL_HEADLINE = "The headline rests on a sentence whose translation failed a check."


def group(
    briefs: Sequence[Brief],
    articles: Sequence[TranslatedArticle],
    *,
    earlier: Sequence[EarlierStory] = (),
) -> tuple[Story, ...]:
    """The stories of a day: those of most articles first, then in the order of ``briefs``.

    Every brief is in exactly one story. ``articles`` holds at least the briefs' articles.
    A story like one of ``earlier`` is marked with the latest date of those it carries on.
    Sentences whose translation failed a check bring no articles together, and what rests on one
    does not count as a second source.
    """
    by_id = {article.id: article for article in articles}
    profiles = [profile(_text(brief, by_id.get(brief.article_id))) for brief in briefs]
    past = [(story.date, profile(f"{story.headline} {story.text}")) for story in earlier]
    groups = sorted(clusters(profiles), key=lambda places: -len(places))
    return tuple(
        _story(
            [(briefs[i], by_id.get(briefs[i].article_id)) for i in places],
            _continues([profiles[i] for i in places], past),
        )
        for places in groups
    )


def _text(brief: Brief, article: TranslatedArticle | None) -> str:
    if article is None:
        return " ".join([brief.headline, *(bullet.text for bullet in brief.bullets)])
    return " ".join(t.english for t in article.translations if not t.flags)


def _story(
    members: Sequence[tuple[Brief, TranslatedArticle | None]], continues: dt.date | None
) -> Story:
    ordered = sorted(members, key=lambda pair: _faults(*pair))
    ranked = [brief for brief, _ in ordered]
    headline = ranked[0].headline
    doubts = (_DOUBTFUL_HEADLINE,) if _headline_is_doubtful(*ordered[0]) else ()
    doubtful = {
        (article.id, t.segment.index)
        for _, article in members
        if article is not None
        for t in article.translations
        if t.flags
    }
    return Story(
        headline=headline,
        # A doubtful headline makes no bullet superfluous.
        bullets=merge(ranked, "" if doubts else headline, MAX_BULLETS, doubtful=doubtful),
        articles=tuple(brief.article_id for brief in ranked),
        continues=continues,
        notes=(*doubts, *dict.fromkeys(note for brief in ranked for note in brief.notes)),
    )


def _headline_is_doubtful(brief: Brief, article: TranslatedArticle | None) -> bool:
    """Whether a sentence that the headline rests on failed a check of its translation."""
    rows = article.translations if article else ()
    return any(t.flags for t in rows if t.segment.index in brief.headline_cites)


def _faults(
    brief: Brief, article: TranslatedArticle | None
) -> tuple[bool, bool, bool, bool, float]:
    """What speaks against an article as the lead of its story, the gravest first: nothing to
    show, a headline in doubtful English, one that is clipped or true on one day only, a long one,
    doubtful English elsewhere."""
    rows = article.translations if article else ()
    flagged = sum(bool(t.flags) for t in rows) / len(rows) if rows else 0.0
    return (
        not brief.bullets,
        _headline_is_doubtful(brief, article),
        brief.headline.endswith("…") or _RELATIVE_DAY.search(brief.headline) is not None,
        len(brief.headline.split()) > _LONG_HEADLINE,
        round(flagged, 1),
    )


def _continues(
    profiles: Sequence[Profile], past: Sequence[tuple[dt.date, Profile]]
) -> dt.date | None:
    comparison = Comparison([*profiles, *(before for _, before in past)])
    now = range(len(profiles))
    dates = (
        date
        for place, (date, _) in enumerate(past, start=len(profiles))
        if any(comparison.resemblance(i, place) >= CARRIES_ON for i in now)
    )
    return max(dates, default=None)
