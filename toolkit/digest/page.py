"""Arranges a digest as a page: the values that templates are given.

Every text is safe to show (see ``safe_text.py``) but not escaped: the template's environment does
that. Numbers that people read count from 1. Users' templates know the names of these fields.
"""

from __future__ import annotations

import datetime as dt
import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

from toolkit.data import Digest, Story
from toolkit.digest.filters import Filter, Traits, arrange_filters
from toolkit.digest.points import Block, Marks, Point, arrange_blocks, arrange_reporters, listed
from toolkit.digest.safe_text import clean
from toolkit.digest.sources import Sentence, Source, arrange_source, language_label
from toolkit.digest.wording import moment, source_name
from toolkit.storage import Drawn
from toolkit.stories.day import DOUBTFUL_HEADLINE
from toolkit.stories.sections import ELSEWHERE

# Stories on the front: a lead and four others.
FRONT = 5
# Sources that are named before the others are counted.
_NAMED = 3
# Adults read non-fiction in English at 238 words a minute (median; Brysbaert, "How many words do
# we read per minute?", 2019). News with unfamiliar names takes a little longer.
WORDS_PER_MINUTE = 230

_UNTITLED = "Untitled"


@dataclass(frozen=True, slots=True)
class Item:
    """A story. ``points`` are all its bullets, ``blocks`` the same with versions together; ``why``
    says why it stands where it does, and ``folded`` names the sources that several publishers
    carry ("AFP, in 5 outlets"). ``place`` and ``when`` are those of its news, ``named`` names its
    sources in a few words, ``single`` tells that it has one; ``warned`` that a sentence that it
    rests on failed a check; ``before`` is the headline of the story that it ``continues``; and
    ``keys`` are the classes by which the page is filtered; ``watched`` are the reader's terms that
    it has, and ``muted`` says that it stands last for one."""

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
    place: str = ""
    when: str = ""
    named: str = ""
    single: bool = True
    warned: bool = False
    before: str = ""
    keys: str = ""
    watched: tuple[str, ...] = ()
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page. Its ``items`` are made anew at each access."""

    name: str
    number: int
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Entry:
    """A story in the table of contents."""

    number: int
    headline: str
    languages: str
    place: str = ""
    warned: bool = False
    keys: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """A failure."""

    source: str
    stage: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole briefing: ``items`` are its stories, of which the first are on the ``front``, the
    others in ``sections``, and ``muted`` ones last; ``unused`` are the articles in no story,
    ``missed`` the failures, ``filters`` what stories can be chosen by, and ``before`` and ``after``
    the days of the digests beside it. The members of ``contents``, ``items``, ``front`` and
    ``unused`` are made anew at each access, so that a page of any size fits in memory."""

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
    front: Sequence[Item] = ()
    sections: tuple[Section, ...] = ()
    filters: tuple[Filter, ...] = ()
    before: dt.date | None = None
    after: dt.date | None = None
    muted: Section | None = None

    @property
    def parts(self) -> tuple[Section, ...]:
        """The front, the sections and the muted stories; none of a page without stories."""
        front = (Section("Top stories", 0, self.front),) if self.front else ()
        return (*front, *self.sections, *filter(None, (self.muted,)))


def arrange(digest: Digest) -> Page:
    """Return ``digest`` arranged for reading. A citation of a missing segment is left out, and an
    unknown language goes by its code."""
    briefing = _Briefing(digest)
    names, unused, stories = briefing.names, briefing.unused, len(digest.stories)
    return Page(
        date=digest.date,
        notices=_cleaned(digest.notices),
        counts=(
            _counted(len(briefing.places), "article", "articles"),
            _counted(len(set(names)), "language", "languages"),
            _counted(stories, "story", "stories"),
        ),
        languages=listed(names),
        minutes=max(1, math.ceil(briefing.words / WORDS_PER_MINUTE)),
        contents=Drawn(briefing.entry, stories),
        items=Drawn(briefing.item, stories),
        unused=Drawn(lambda n: briefing.source(unused[n]), len(unused)),
        missed=tuple(
            Missed(clean(f.source), f.stage, _sentence(f.reason), clean(f.remedy))
            for f in digest.failures
        ),
        signature=clean(digest.signature),
        front=Drawn(briefing.item, briefing.front),
        sections=tuple(briefing.sections()),
        muted=briefing.muted(),
        filters=briefing.filters if stories > FRONT else (),
        before=digest.before,
        after=digest.after,
    )


class _Briefing:
    """A digest, with the figures of the whole that each part of its page needs. Stories go by the
    place at which they stand on the page, and articles by that in the digest."""

    def __init__(self, digest: Digest) -> None:
        self._digest = digest
        self.places: dict[str, int] = {}
        self.names: list[str] = []
        self._named: list[str] = []
        # The segments of each article whose translation failed a check.
        self._doubtful: dict[str, frozenset[int]] = {}
        for place, article in enumerate(digest.articles):
            self.places[article.id] = place
            self.names.append(language_label(article.language).name)
            self._named.append(source_name(article.source, article.prepared.article.publisher))
            if flagged := frozenset(t.segment.index for t in article.translations if t.doubtful):
                self._doubtful[article.id] = flagged
        # Words of headlines and bullets.
        self.words = 0
        used = bytearray(len(self.names))
        cited, traits = array("Q"), []
        for story in digest.stories:
            texts = [story.headline, *(bullet.text for bullet in story.bullets)]
            self.words += sum(len(text.split()) for text in texts)
            cites = [c for b in story.bullets for c in b.cites if c.article_id in self.places]
            cited.append(len({(c.article_id, segment) for c in cites for segment in c.segments}))
            traits.append(self._traits(story))
            for place in self._places_of(story):
                used[place] = 1
        self.unused = array("Q", [place for place in self.places.values() if not used[place]])
        # Muted stories are the last ones.
        self._muted = sum(bool(story.muted) for story in digest.stories)
        self.front = min(FRONT, len(traits) - self._muted)
        last = range(len(traits) - self._muted, len(traits))
        self._sections = _in_sections([t.section for t in traits[: last.start]])
        # The stories in the order of the page, and the mark of each one's first sentence of
        # evidence.
        self._order = array("Q", chain(range(self.front), *self._sections.values(), last))
        self._marks = array("Q", accumulate((cited[n] for n in self._order), initial=1))
        self.filters, self._keys = arrange_filters(traits, digest.before)

    def _traits(self, story: Story) -> Traits:
        own = self._places_of(story)
        return Traits(
            tuple(dict.fromkeys(self.names[place] for place in own)),
            tuple(dict.fromkeys(self._named[place] for place in own)),
            clean(story.section) or ELSEWHERE,
            story.continues is not None,
        )

    def _places_of(self, story: Story) -> list[int]:
        return [self.places[i] for i in story.articles if i in self.places]

    def _is_warned(self, story: Story) -> bool:
        cites = (c for bullet in story.bullets for c in bullet.cites)
        doubtful = (self._doubtful.get(c.article_id, frozenset()) & {*c.segments} for c in cites)
        return any(doubtful) or any(note.startswith(DOUBTFUL_HEADLINE) for note in story.notes)

    def source(self, place: int) -> Source:
        return arrange_source(place + 1, self._digest.articles[place])

    def sections(self) -> Iterator[Section]:
        """Yield the sections after the front."""
        first = self.front
        for number, (name, stories) in enumerate(self._sections.items(), start=1):
            # Bound here, as the loop goes on before the items are made.
            drawn = Drawn(lambda n, first=first: self.item(first + n), len(stories))  # type: ignore[misc]
            yield Section(name, number, drawn)
            first += len(stories)

    def muted(self) -> Section | None:
        first = len(self._order) - self._muted
        items = Drawn(lambda n: self.item(first + n), self._muted)
        return Section("Muted", len(self._sections) + 1, items) if items else None

    def entry(self, number: int) -> Entry:
        story = self._digest.stories[self._order[number]]
        return Entry(
            number + 1,
            clean(story.headline) or _UNTITLED,
            listed(self.names[place] for place in self._places_of(story)),
            clean(story.place),
            self._is_warned(story),
            self._keys[self._order[number]],
        )

    def item(self, number: int) -> Item:
        story = self._digest.stories[self._order[number]]
        cited = [c.article_id for b in story.bullets for c in b.cites]
        known = dict.fromkeys(i for i in (*story.articles, *cited) if i in self.places)
        sources = {i: self.source(self.places[i]) for i in known}
        own = tuple(sources[i] for i in story.articles if i in sources)
        reporters = arrange_reporters(story, sources)
        blocks = arrange_blocks(story, reporters, sources, Marks(self._marks[number]))
        points = tuple(point for block in blocks for point in block.points)
        shown = {m: (e.source, s) for p in points for e in p.evidence for m, s in e.sentences}
        latest = max(filter(None, (source.moment for source in own)), default=None)
        return Item(
            number=number + 1,
            headline=clean(story.headline) or _UNTITLED,
            points=points,
            blocks=blocks,
            sources=own,
            languages=listed(s.language.name for s in own),
            continues=story.continues,
            notes=_cleaned(story.notes),
            evidence=tuple((mark, *shown[mark]) for mark in sorted(shown)),
            why=", ".join(map(clean, story.why)) if story.why != ("1 publisher",) else "",
            watched=_cleaned(found.term for found in story.watched),
            muted=bool(story.muted),
            folded=tuple(reporter.name for reporter in reporters if reporter.folded),
            place=clean(story.place),
            when=moment(latest, self._digest.date),
            named=_few([reporter.name for reporter in reporters]),
            single=len(own) < 2,
            warned=self._is_warned(story),
            before=clean(story.before),
            keys=self._keys[self._order[number]],
        )


def _in_sections(names: Sequence[str]) -> dict[str, array[int]]:
    """Return the stories after the front by the names of their sections, the section with the
    most important story first, and last the one for what has no other."""
    found: dict[str, array[int]] = {}
    for number in range(FRONT, len(names)):
        found.setdefault(names[number], array("Q")).append(number)
    if ELSEWHERE in found:
        found[ELSEWHERE] = found.pop(ELSEWHERE)
    return found


def _few(names: Sequence[str]) -> str:
    once = list(dict.fromkeys(names))
    more = len(once) - _NAMED
    return listed([*once[:_NAMED], f"{more} more"] if more > 1 else once)


def _counted(count: int, one: str, many: str) -> tuple[int, str]:
    return count, one if count == 1 else many


def _cleaned(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, map(clean, texts)))


def _sentence(text: str) -> str:
    text = clean(text)
    stop = "" if text.endswith((".", "!", "?", ":")) or not text else "."
    return text[:1].upper() + text[1:] + stop
