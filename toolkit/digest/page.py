"""Arranges a digest as a page: the values that templates are given.

Every text is safe to show (see ``safe_text.py``) but not escaped: the template's environment does
that. Numbers that people read count from 1. Users' templates know the names of these fields.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from toolkit.data import Digest, Dispute, Story, StoryBullet, StorySource
from toolkit.digest.safe_text import clean
from toolkit.digest.sources import Sentence, Source, arrange_source, language_label
from toolkit.storage import Drawn
from toolkit.stories.day import DOUBTFUL_HEADLINE

# Adults read non-fiction in English at 238 words a minute (median; Brysbaert, "How many words do
# we read per minute?", 2019). News with unfamiliar names takes a little longer.
WORDS_PER_MINUTE = 230

_UNTITLED = "Untitled"
_RELATIVE_DAY = re.compile(
    r"\b(?:to(?:day|night|morrow)|yesterday|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|(?:this|last|next) (?:week|weekend|month|year|morning|afternoon|evening|night))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sentences of one source that a bullet cites, each with its mark: the number under which
    Markdown lists it."""

    source: Source
    sentences: tuple[tuple[int, Sentence], ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A bullet. ``reported`` names the sources that have it, of several; ``alone`` means that only
    one does. ``originals`` names the languages of its evidence, and ``dated`` the day of it, if
    the bullet mentions a relative day such as "tomorrow". ``later`` means that sources differ and
    that this was reported last."""

    text: str
    reported: str
    alone: bool
    originals: str
    dated: str
    evidence: tuple[Evidence, ...]
    marks: tuple[int, ...]
    warnings: tuple[str, ...]
    later: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A bullet, or the versions of one on which sources differ: then ``differ`` says in what."""

    points: tuple[Point, ...]
    differ: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A story. ``points`` are all its bullets, ``blocks`` the same with versions together; ``why``
    says why it stands where it does, and ``folded`` names the sources that several publishers
    carry ("AFP, in 5 outlets"); ``watched`` are the reader's terms that it has, and ``muted`` says
    that it stands last for one."""

    number: int
    headline: str
    points: tuple[Point, ...]
    blocks: tuple[Block, ...]
    sources: tuple[Source, ...]
    languages: str
    continues: dt.date | None
    notes: tuple[str, ...]
    evidence: tuple[tuple[int, Source, Sentence], ...]
    why: str = ""
    folded: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Reporter:
    """An independent source of a story, and the numbers of its articles; ``folded`` means that they
    are of several publishers."""

    name: str
    articles: frozenset[int]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A story in the table of contents; ``doubtful`` means that the translation of its headline
    failed a check."""

    number: int
    headline: str
    languages: str
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Missed:
    """A failure."""

    source: str
    stage: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole briefing: ``items`` are its stories, of which the last ``muted`` ones are muted;
    ``unused`` are the articles in no story, and ``missed`` the failures. The members of
    ``contents``, ``items`` and ``unused`` are made anew at each access, so that a page of any size
    fits in memory."""

    date: dt.date
    notices: tuple[str, ...]
    counts: tuple[tuple[int, str], ...]
    languages: str
    minutes: int
    contents: Sequence[Entry]
    items: Sequence[Item]
    unused: Sequence[Source]
    missed: tuple[Missed, ...]
    signature: str
    muted: int = 0


def arrange(digest: Digest) -> Page:
    """Return ``digest`` arranged for reading. A citation of a missing segment is left out, and an
    unknown language goes by its code."""
    briefing = _Briefing(digest)
    names, unused = briefing.names, briefing.unused
    return Page(
        date=digest.date,
        notices=_cleaned(digest.notices),
        counts=(
            _counted(len(briefing.places), "article", "articles"),
            _counted(len(set(names)), "language", "languages"),
            _counted(len(digest.stories), "story", "stories"),
        ),
        languages=_listed(names),
        minutes=max(1, math.ceil(briefing.words / WORDS_PER_MINUTE)),
        contents=Drawn(briefing.entry, len(digest.stories)),
        items=Drawn(briefing.item, len(digest.stories)),
        unused=Drawn(lambda n: briefing.source(unused[n]), len(unused)),
        missed=tuple(
            Missed(clean(f.source), f.stage, _sentence(f.reason), clean(f.remedy))
            for f in digest.failures
        ),
        signature=clean(digest.signature),
        muted=briefing.muted,
    )


class _Briefing:
    """A digest, with the figures of the whole that each part of its page needs."""

    def __init__(self, digest: Digest) -> None:
        self._digest = digest
        self.places: dict[str, int] = {}
        self.names: list[str] = []
        for place, article in enumerate(digest.articles):
            self.places[article.id] = place
            self.names.append(language_label(article.language).name)
        # The mark of each story's first sentence of evidence.
        self._marks = array("Q", [1])
        # Words of headlines and bullets.
        self.words = 0
        used = bytearray(len(self.names))
        self.muted = 0
        for story in digest.stories:
            self.muted += bool(story.muted)
            texts = [story.headline, *(bullet.text for bullet in story.bullets)]
            self.words += sum(len(text.split()) for text in texts)
            cites = [c for b in story.bullets for c in b.cites if c.article_id in self.places]
            cited = {(c.article_id, segment) for c in cites for segment in c.segments}
            self._marks.append(self._marks[-1] + len(cited))
            for place in self._places_of(story):
                used[place] = 1
        self.unused = array("Q", [place for place in self.places.values() if not used[place]])

    def _places_of(self, story: Story) -> list[int]:
        return [self.places[i] for i in story.articles if i in self.places]

    def source(self, place: int) -> Source:
        return arrange_source(place + 1, self._digest.articles[place])

    def entry(self, number: int) -> Entry:
        story = self._digest.stories[number]
        names = _listed(self.names[place] for place in self._places_of(story))
        doubtful = any(note.startswith(DOUBTFUL_HEADLINE) for note in story.notes)
        return Entry(number + 1, clean(story.headline) or _UNTITLED, names, doubtful)

    def item(self, number: int) -> Item:
        story = self._digest.stories[number]
        cited = [c.article_id for b in story.bullets for c in b.cites]
        known = dict.fromkeys(i for i in (*story.articles, *cited) if i in self.places)
        sources = {i: self.source(self.places[i]) for i in known}
        own = tuple(sources[i] for i in story.articles if i in sources)
        marks = _Marks(self._marks[number])
        reporters = _reporters(story, sources)
        blocks = tuple(
            Block(
                tuple(_point(b, reporters, sources, marks, dispute) for b in bullets),
                _listed(map(clean, dispute.about)) if dispute else "",
            )
            for bullets, dispute in _together(story)
        )
        points = tuple(point for block in blocks for point in block.points)
        shown = {m: (e.source, s) for p in points for e in p.evidence for m, s in e.sentences}
        return Item(
            number=number + 1,
            headline=clean(story.headline) or _UNTITLED,
            points=points,
            blocks=blocks,
            sources=own,
            languages=_listed(s.language.name for s in own),
            continues=story.continues,
            notes=_cleaned(story.notes),
            evidence=tuple((mark, *shown[mark]) for mark in sorted(shown)),
            why=", ".join(map(clean, story.why)),
            watched=_cleaned(found.term for found in story.watched),
            muted=bool(story.muted),
            folded=tuple(reporter.name for reporter in reporters if reporter.folded),
        )


class _Marks(dict[str, int]):
    """The marks of sentences by their anchors; an anchor that is new gets the next number."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self._first = first

    def __missing__(self, anchor: str) -> int:
        return self.setdefault(anchor, self._first + len(self))


def _together(story: Story) -> Iterator[tuple[list[StoryBullet], Dispute | None]]:
    """Yield the bullets of a story, with each disputed one the other versions."""
    waiting = list(story.bullets)
    while waiting:
        dispute = next((d for d in story.disputed if waiting[0] in d.versions), None)
        versions = dispute.versions if dispute else waiting[:1]
        yield [b for b in waiting if b in versions], dispute
        waiting = [b for b in waiting if b not in versions]


def _point(
    bullet: StoryBullet,
    reporters: Sequence[Reporter],
    sources: dict[str, Source],
    marks: _Marks,
    dispute: Dispute | None,
) -> Point:
    evidence: list[Evidence] = []
    for cite in bullet.cites:
        if (source := sources.get(cite.article_id)) is None:
            continue
        wanted = set(cite.segments)
        found = [s for s in source.sentences if s.number - 1 in wanted]
        if found:
            marked = tuple((marks[s.anchor], s) for s in found)
            evidence.append(Evidence(source, marked))
    shown = [s for e in evidence for _, s in e.sentences]
    cited = {e.source.number for e in evidence}
    return Point(
        text=clean(bullet.text),
        reported=_reported(cited, reporters, named=dispute is not None),
        alone=len(reporters) > 1 and len(_citing(reporters, cited)) == 1,
        originals=_originals(evidence),
        dated=_dated(evidence) if _RELATIVE_DAY.search(bullet.text) else "",
        evidence=tuple(evidence),
        marks=tuple(sorted({m for e in evidence for m, _ in e.sentences})),
        warnings=tuple(dict.fromkeys(w for s in shown if not s.corrected for w in s.warnings)),
        later=dispute is not None
        and dispute.latest is not None
        and dispute.versions[dispute.latest] == bullet,
    )


def _reporters(story: Story, sources: dict[str, Source]) -> list[Reporter]:
    """Return the independent sources of a story; each of its articles, if it does not say."""
    groups = story.sources or tuple(StorySource((i,)) for i in story.articles)
    found = []
    for group in groups:
        own = [sources[i] for i in group.articles if i in sources]
        if not own:
            continue
        name = own[0].name
        if folded := group.publishers > 1:
            name = f"{clean(group.agency) or name}, in {group.publishers} outlets"
        found.append(Reporter(name, frozenset(s.number for s in own), folded))
    return found


def _citing(reporters: Sequence[Reporter], cited: Set[int]) -> list[Reporter]:
    return [reporter for reporter in reporters if reporter.articles & cited]


def _reported(cited: Set[int], reporters: Sequence[Reporter], *, named: bool) -> str:
    """Return which of a story's sources have a bullet, all of them ``named`` or counted; empty
    where there is one source. ``cited`` are numbers of articles."""
    citing = _citing(reporters, cited)
    if len(reporters) < 2 or not citing:
        return ""
    if named and len(citing) > 1:
        return f"In {_listed(reporter.name for reporter in citing)}"
    if len(citing) == len(reporters):
        return "In both sources" if len(citing) == 2 else f"In all {len(citing)} sources"
    if len(citing) > 1:
        return f"In {len(citing)} of {len(reporters)} sources"
    only = citing[0]
    ambiguous = sum(reporter.name == only.name for reporter in reporters) > 1
    return f"Only in {only.name}" + (f" (article {min(cited)})" if ambiguous else "")


def _dated(evidence: Sequence[Evidence]) -> str:
    when = _listed(e.source.published or "no known date" for e in evidence)
    return f"of {when}" if when else ""


def _originals(evidence: Sequence[Evidence]) -> str:
    names = _listed(e.source.language.name for e in evidence)
    count = sum(len(e.sentences) for e in evidence)
    many = len({e.source.language.name for e in evidence}) > 1
    return f"{names} original{'s' * many}" + (f", {count} sentences" if count > 1 else "")


def _counted(count: int, one: str, many: str) -> tuple[int, str]:
    return count, one if count == 1 else many


def _listed(names: Iterable[str]) -> str:
    """Return names as a sentence lists them, each once, in the order given."""
    once = list(dict.fromkeys(names))
    return " and ".join(filter(None, [", ".join(once[:-1]), *once[-1:]]))


def _cleaned(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, map(clean, texts)))


def _sentence(text: str) -> str:
    text = clean(text)
    stop = "" if text.endswith((".", "!", "?", ":")) or not text else "."
    return text[:1].upper() + text[1:] + stop
