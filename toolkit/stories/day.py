"""Makes the stories of a day: briefs that report one event become one story, whatever languages
they came from.

``grouping.py`` decides which briefs report one event, ``order.py`` what comes first, and
``merging.py`` which bullets a story has.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from toolkit.data import (
    Brief,
    EarlierStory,
    Story,
    StoryBullet,
    TranslatedArticle,
    Translation,
)
from toolkit.stories.claims import Relation, compare, may_be_alike, word_starts
from toolkit.stories.comparison import Comparison
from toolkit.stories.facts import facts
from toolkit.stories.gravity import gravity, kind
from toolkit.stories.grouping import events
from toolkit.stories.merging import merge
from toolkit.stories.order import (
    Member,
    Standing,
    current,
    lead_first,
    sources_of,
    standing,
)
from toolkit.stories.profiles import Texts, profile
from toolkit.stories.publishers import Origin, origin
from toolkit.stories.sections import place_of, scene, section
from toolkit.stories.watching import Watch
from toolkit.text.moments import day_of, moment_of
from toolkit.translators.checks.rules import EXPLANATIONS

# Bullets of a story.
MAX_BULLETS = 6
# The share of their surprise that a story has in common with the earlier one that it continues.
# Lower than ``comparison.SHARED``: of the earlier story only headline and bullets are known.
CONTINUES = 0.24

DOUBTFUL_HEADLINE = "The headline rests on a sentence whose translation failed a check."
_LATER_VERSION = "Of an article that was changed at its address, only the last version is told."


class Members(Protocol):
    """A sequence that keeps members until their stories are made: a list, or one on disk."""

    def append(self, value: Member, /) -> None: ...
    def __getitem__(self, place: int, /) -> Member: ...


class Day:
    """Takes in the articles of a day one by one, then makes their stories.

    About three kilobytes stay in memory for each article: its words. ``members`` keeps the rest.
    Sentences whose translation failed a check count for nothing: they bring no articles together
    and are no second source. An article whose language is in doubt is a story of its own.
    Stories with names and phrases in ``watch`` are lifted, those with names in ``mute`` come last.
    """

    def __init__(
        self,
        members: Members | None = None,
        *,
        watch: Sequence[str] = (),
        mute: Sequence[str] = (),
    ) -> None:
        self._members: Members = [] if members is None else members
        self._watch, self._mute = Watch(watch), Watch(mute)
        self._texts = Texts()
        self._newest: dt.datetime | None = None

    def add(self, brief: Brief, article: TranslatedArticle | None) -> None:
        """Take in a brief and its article, or None where that is not at hand."""
        translations = article.translations if article else ()
        flagged = frozenset(t.segment.index for t in translations if t.doubtful)
        sentences = _sentences(brief, article)
        published = article.prepared.article.published if article else None
        self._newest = max(filter(None, (self._newest, moment_of(published or ""))), default=None)
        self._members.append(
            Member(
                brief,
                len(translations),
                flagged,
                published or "",
                origin(article) if article else Origin(brief.article_id),
                article.language if article else "",
                gravity(sentences or [brief.headline]),
                kind(brief.headline, article.source if article else ""),
                scene(sentences or [brief.headline], article.source if article else ""),
                self._watch.find(article) if article else {},
                self._mute.find(article) if article else {},
                _warnings(brief, translations),
            )
        )
        self._texts.add(profile(" ".join(sentences)), facts(sentences, _day(article)))

    def stories(
        self,
        earlier: Iterable[EarlierStory] = (),
        sections: Mapping[str, Sequence[str]] | None = None,
    ) -> Iterator[Story]:
        """Yield the stories in order; every brief is in exactly one. A story that continues some
        of ``earlier`` has the latest of their dates. ``sections`` are the user's own: the name of
        each, and its places and words."""
        comparison = Comparison(self._texts)
        before = self._continued(comparison, earlier)
        found = []
        for places in events(self._texts, comparison):
            known = [story for i in places if (story := before.get(self._texts.distinct[i]))]
            continues = max(known, key=lambda story: story.date, default=None)
            stands = standing(self._at(places), self._newest, is_new=continues is None)
            found.append((stands, places, continues))
        # Equally important ones stay in the order given.
        for stands, places, continues in sorted(found, key=lambda event: -event[0].importance):
            members = self._at(places)
            yield _placed(_story(members, continues, stands), members, sections or {})

    def _at(self, places: Iterable[int]) -> list[Member]:
        return [self._members[place] for place in places]

    def _continued(
        self, comparison: Comparison, earlier: Iterable[EarlierStory]
    ) -> dict[int, EarlierStory]:
        """Return, for each distinct text that continues an earlier story, the latest of these, and
        of a day's the one that it shares most with."""
        latest: dict[int, tuple[dt.date, float, EarlierStory]] = {}
        for story in earlier:
            shares = comparison.shared_surprise(profile(f"{story.headline} {story.text}"))
            alike = (shares >= CONTINUES).nonzero()[0]
            if not len(alike):
                continue
            # Its bullets are no lead: any of them may be of another article.
            told = facts([story.headline, "", story.text])
            for text in alike[comparison.named_alike(told, alike)].tolist():
                known = (story.date, float(shares[text]), story)
                latest[text] = max(known, latest.get(text, known), key=lambda found: found[:2])
        return {text: story for text, (_, _, story) in latest.items()}


def group(
    briefs: Sequence[Brief],
    articles: Sequence[TranslatedArticle],
    *,
    earlier: Iterable[EarlierStory] = (),
    watch: Sequence[str] = (),
    mute: Sequence[str] = (),
) -> tuple[Story, ...]:
    """Return the stories that ``Day`` makes of ``briefs`` and those of their ``articles`` that
    are at hand."""
    by_id = {article.id: article for article in articles}
    day = Day(watch=watch, mute=mute)
    for brief in briefs:
        day.add(brief, by_id.get(brief.article_id))
    return tuple(day.stories(earlier))


def _sentences(brief: Brief, article: TranslatedArticle | None) -> list[str]:
    """Return the English that tells which event a brief reports, the headline first."""
    if article is None:
        return [brief.headline, *(bullet.text for bullet in brief.bullets)]
    if article.prepared.language_doubt:
        return []
    return [t.english for t in article.translations if not t.doubtful]


def _warnings(brief: Brief, translations: Sequence[Translation]) -> tuple[str, ...]:
    """Return the findings of checks, in words, on the sentences that a headline rests on."""
    resting = (t for t in translations if t.segment.index in brief.headline_cites)
    flags = dict.fromkeys(flag for t in resting for flag in t.flags)
    return tuple(EXPLANATIONS[flag] for flag in flags if flag in EXPLANATIONS)


def _day(article: TranslatedArticle | None) -> int:
    """Return the ordinal of the day of publication, 0 where it is unknown."""
    found = day_of(article.prepared.article.published or "") if article else None
    return found.toordinal() if found else 0


def _placed(
    story: Story, members: Sequence[Member], sections: Mapping[str, Sequence[str]]
) -> Story:
    """Return ``story`` with its place and its section."""
    scenes = [member.scene for member in members]
    texts = [story.headline, *(bullet.text for bullet in story.bullets)]
    return replace(story, place=place_of(scenes), section=section(scenes, texts, sections))


def _new(bullets: Sequence[StoryBullet], before: EarlierStory) -> Iterator[int]:
    """Yield the places of the bullets that say what the story ``before`` did not."""
    told = [(line, word_starts(line)) for line in (before.headline, *before.text.splitlines())]
    for place, bullet in enumerate(bullets):
        starts = word_starts(bullet.text)
        alike = (line for line, its_starts in told if may_be_alike(starts, its_starts))
        if not any(_tells(line, bullet.text) for line in alike):
            yield place


def _tells(earlier: str, text: str) -> bool:
    """Return whether a text says nothing but what an earlier one did."""
    found = compare(text, earlier)
    return found.relation is Relation.SAME and found.common[0]


def _story(members: Sequence[Member], before: EarlierStory | None, stands: Standing) -> Story:
    versions, earlier = current(members)
    ordered = lead_first(versions)
    briefs = [member.brief for member in ordered]
    headline = briefs[0].headline
    lead = ordered[0]
    notes = [" ".join((DOUBTFUL_HEADLINE, *lead.warnings))] if lead.headline_is_doubtful else []
    independent = sources_of([*ordered, *earlier])
    merged = merge(
        briefs,
        "" if notes else headline,  # a doubtful headline makes no bullet superfluous
        MAX_BULLETS,
        doubtful={(m.brief.article_id, index) for m in members for index in m.flagged},
        published={member.brief.article_id: member.published for member in members},
        source={a: n for n, source in enumerate(independent) for a in source.articles},
    )
    notes += dict.fromkeys(note for brief in briefs for note in brief.notes)
    if earlier:
        notes.append(_LATER_VERSION)
    return Story(
        headline=headline,
        bullets=merged.bullets,
        disputed=merged.disputed,
        articles=tuple(member.brief.article_id for member in (*ordered, *earlier)),
        continues=before.date if before else None,
        notes=tuple(notes),
        sources=independent,
        why=stands.why,
        watched=stands.watched,
        muted=stands.muted,
        before=before.headline if before else "",
        new=tuple(_new(merged.bullets, before)) if before else (),
    )
