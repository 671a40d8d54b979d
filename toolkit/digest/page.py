"""Arranges a digest as a page: the values that templates are given.

Every text is safe to show (see ``safe_text.py``) but not escaped: the template's environment does
that. Numbers that people read count from 1. Users' templates know the names of these fields.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from toolkit.data import Digest, Story, StoryBullet, TranslatedArticle, Translation
from toolkit.digest.safe_text import clean
from toolkit.digest.wording import published, source_link, source_name
from toolkit.errors import UnknownLanguageError
from toolkit.languages import codes
from toolkit.storage import Drawn
from toolkit.translators.checks.rules import EXPLANATIONS

# Adults read non-fiction in English at 238 words a minute (median; Brysbaert, "How many words do
# we read per minute?", 2019). News with unfamiliar names takes a little longer.
WORDS_PER_MINUTE = 230

_UNTITLED = "Untitled"
_RELATIVE_DAY = re.compile(
    r"\b(?:to(?:day|night|morrow)|yesterday|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|(?:this|last|next) (?:week|weekend|month|year|morning|afternoon|evening|night))\b",
    re.IGNORECASE,
)
_PLACES = {"title": "headline", "heading": "heading", "caption": "caption"}


@dataclass(frozen=True, slots=True)
class LanguageLabel:
    """The name of a language, its BCP-47 ``tag`` and its ``direction`` (``ltr``, ``rtl``, or
    ``auto`` where it is unknown)."""

    name: str
    tag: str
    direction: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A segment and its English, which is empty where the original is English. ``warnings`` are
    the findings of its checks in words."""

    anchor: str
    place: str
    number: int
    kind: str
    original: str
    english: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """An article. ``link`` is empty unless it has a web address; ``publisher``, ``author`` and
    ``published`` are empty where they are unknown."""

    number: int
    name: str
    path: str
    link: str
    language: LanguageLabel
    title: str
    original_title: str
    author: str
    published: str
    publisher: str
    sentences: tuple[Sentence, ...]


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
    the bullet mentions a relative day such as "tomorrow"."""

    text: str
    reported: str
    alone: bool
    originals: str
    dated: str
    evidence: tuple[Evidence, ...]
    marks: tuple[int, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A story."""

    number: int
    headline: str
    points: tuple[Point, ...]
    sources: tuple[Source, ...]
    languages: str
    continues: dt.date | None
    notes: tuple[str, ...]
    evidence: tuple[tuple[int, Source, Sentence], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A story in the table of contents."""

    number: int
    headline: str
    languages: str


@dataclass(frozen=True, slots=True)
class Missed:
    """A failure."""

    source: str
    stage: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole briefing: ``items`` are its stories, ``unused`` the articles in no story, and
    ``missed`` the failures. The members of ``contents``, ``items`` and ``unused`` are made anew at
    each access, so that a page of any size fits in memory."""

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
        for story in digest.stories:
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
        return _source(place + 1, self._digest.articles[place])

    def entry(self, number: int) -> Entry:
        story = self._digest.stories[number]
        names = _listed(self.names[place] for place in self._places_of(story))
        return Entry(number + 1, clean(story.headline) or _UNTITLED, names)

    def item(self, number: int) -> Item:
        story = self._digest.stories[number]
        cited = [c.article_id for b in story.bullets for c in b.cites]
        known = dict.fromkeys(i for i in (*story.articles, *cited) if i in self.places)
        sources = {i: self.source(self.places[i]) for i in known}
        own = tuple(sources[i] for i in story.articles if i in sources)
        marks = _Marks(self._marks[number])
        points = tuple(_point(b, own, sources, marks) for b in story.bullets)
        shown = {m: (e.source, s) for p in points for e in p.evidence for m, s in e.sentences}
        return Item(
            number=number + 1,
            headline=clean(story.headline) or _UNTITLED,
            points=points,
            sources=own,
            languages=_listed(s.language.name for s in own),
            continues=story.continues,
            notes=_cleaned(story.notes),
            evidence=tuple((mark, *shown[mark]) for mark in sorted(shown)),
        )


class _Marks(dict[str, int]):
    """The marks of sentences by their anchors; an anchor that is new gets the next number."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self._first = first

    def __missing__(self, anchor: str) -> int:
        return self.setdefault(anchor, self._first + len(self))


@lru_cache(maxsize=512)
def language_label(name: str | None) -> LanguageLabel:
    """Return the label of the language that goes by ``name``, a code or a name."""
    try:
        language = codes.resolve(name or "")
    except UnknownLanguageError:
        return LanguageLabel(clean(name or "") or "unknown language", "und", "auto")
    # The table has Modern Standard Arabic and Western Persian, readers say Arabic and Persian. A
    # two-letter tag tells that the plain name means this variety.
    plain = (a for a in language.aliases if language.name.endswith(f" {a}"))
    shown = next(plain, language.name) if len(language.bcp47) == 2 else language.name
    return LanguageLabel(shown, language.bcp47, language.direction)


def _source(number: int, article: TranslatedArticle) -> Source:
    prepared = article.prepared
    original = clean(article.original_title or "")
    title = clean(article.title or "")
    return Source(
        number=number,
        name=source_name(article.source, prepared.article.publisher),
        path=clean(article.source),
        link=source_link(article.source),
        language=language_label(article.language),
        title="" if title == original else title,
        original_title=original,
        author=clean(prepared.author or ""),
        published=published(prepared.article.published or ""),
        publisher=clean(prepared.article.publisher or ""),
        sentences=tuple(_segment(number, t) for t in article.translations),
    )


def _segment(article: int, translation: Translation) -> Sentence:
    segment = translation.segment
    original, english = clean(segment.text), clean(translation.english)
    number = segment.index + 1
    return Sentence(
        anchor=f"a{article}s{number}",
        place=_PLACES.get(segment.kind, f"sentence {number}"),
        number=number,
        kind=segment.kind,
        original=original,
        english="" if english == original else english,
        warnings=tuple(explain(flag) for flag in translation.flags),
    )


def explain(flag: str) -> str:
    """Return the finding of a check in words."""
    return EXPLANATIONS.get(flag, clean(flag))


def _point(
    bullet: StoryBullet,
    own: Sequence[Source],
    sources: dict[str, Source],
    marks: _Marks,
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
    cited = {e.source.number: e.source for e in evidence}
    return Point(
        text=clean(bullet.text),
        reported=_reported(list(cited.values()), own),
        alone=len(own) > 1 and len(cited) == 1,
        originals=_originals(evidence),
        dated=_dated(evidence) if _RELATIVE_DAY.search(bullet.text) else "",
        evidence=tuple(evidence),
        marks=tuple(sorted({m for e in evidence for m, _ in e.sentences})),
        warnings=tuple(dict.fromkeys(w for s in shown for w in s.warnings)),
    )


def _reported(cited: Sequence[Source], sources: Sequence[Source]) -> str:
    """Return which of a story's sources have a bullet; empty where there is one source."""
    if len(sources) < 2 or not cited:
        return ""
    if len(cited) == len(sources):
        return "In both sources" if len(sources) == 2 else f"In all {len(sources)} sources"
    if len(cited) > 1:
        return f"In {len(cited)} of {len(sources)} sources"
    only = cited[0]
    ambiguous = sum(source.name == only.name for source in sources) > 1
    return f"Only in {only.name}" + (f" (article {only.number})" if ambiguous else "")


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
