"""A digest arranged as it is read: what a template needs, and nothing to work out in it.

Every text here is plain and fit to be shown (see ``toolkit.display``); escaping is left to the
template's environment. Numbers that people read count from 1.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote, urlsplit

from toolkit import languages
from toolkit.data import Digest, StoryBullet, TranslatedArticle, Translation
from toolkit.display import clean
from toolkit.errors import UnknownLanguageError
from toolkit.translators.checks import EXPLANATIONS

# The median of adults reading non-fiction in English is 238 words a minute (Brysbaert, "How
# many words do we read per minute?", 2019); a little less suits names one has not met before.
WORDS_PER_MINUTE = 230

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_PLACES = {"title": "headline", "heading": "heading", "caption": "caption"}


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language as a page names it. ``tag`` is BCP-47; ``direction`` may be ``auto``."""

    name: str
    tag: str
    direction: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A segment beside its English. ``warnings`` say in words what its checks found;
    ``english`` is empty where the article is in English, and there is one text to show."""

    anchor: str
    place: str
    number: int
    kind: str
    original: str
    english: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """One article as a story's source. ``link`` is empty unless ``source`` is a web address."""

    number: int
    name: str
    path: str
    link: str
    language: Tongue
    title: str
    original_title: str
    author: str
    published: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sentences of one source that a bullet rests on, each with its mark."""

    source: Source
    sentences: tuple[tuple[int, Sentence], ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A bullet. ``reported`` says which of several sources have it, ``alone`` that only one
    does; ``marks`` are the numbers under which Markdown lists its evidence."""

    text: str
    reported: str
    alone: bool
    originals: str
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
class Missed:
    """What could not be processed."""

    source: str
    stage: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole briefing. ``unused`` are articles that no story rests on."""

    date: dt.date
    notices: tuple[str, ...]
    counts: tuple[tuple[int, str], ...]
    languages: str
    minutes: int
    items: tuple[Item, ...]
    unused: tuple[Source, ...]
    missed: tuple[Missed, ...]
    signature: str


def arrange(digest: Digest) -> Page:
    """Arrange ``digest`` for reading. It never fails: a citation of a segment that is not there
    is left out, a language that nobody knows goes by its code."""
    sources = {a.id: _source(n, a) for n, a in enumerate(digest.articles, 1)}
    items: list[Item] = []
    marks: dict[str, int] = {}
    for number, story in enumerate(digest.stories, 1):
        own = tuple(sources[i] for i in story.articles if i in sources)
        points = tuple(_point(b, own, sources, marks) for b in story.bullets)
        cited = {m: (e.source, s) for p in points for e in p.evidence for m, s in e.sentences}
        items.append(
            Item(
                number=number,
                headline=clean(story.headline) or "Untitled",
                points=points,
                sources=own,
                languages=_listed(s.language.name for s in own),
                continues=story.continues,
                notes=_cleaned(story.notes),
                evidence=tuple((mark, *cited[mark]) for mark in sorted(cited)),
            )
        )
    used = {i for story in digest.stories for i in story.articles}
    names = [s.language.name for s in sources.values()]
    failures = digest.failures
    return Page(
        date=digest.date,
        notices=_cleaned(digest.notices),
        counts=(
            _counted(len(sources), "article", "articles"),
            _counted(len(set(names)), "language", "languages"),
            _counted(len(items), "story", "stories"),
        ),
        languages=_listed(names),
        minutes=reading_minutes(digest),
        items=tuple(items),
        unused=tuple(s for i, s in sources.items() if i not in used),
        missed=tuple(
            Missed(clean(f.source), f.stage, _sentence(f.reason), clean(f.remedy)) for f in failures
        ),
        signature=clean(digest.signature),
    )


def reading_minutes(digest: Digest) -> int:
    """Whole minutes that the headlines and bullets take to read, rounded up, at least 1."""
    texts = [s.headline for s in digest.stories]
    texts += [b.text for s in digest.stories for b in s.bullets]
    return max(1, math.ceil(sum(len(t.split()) for t in texts) / WORDS_PER_MINUTE))


def tongue(name: str | None) -> Tongue:
    """How a page names the language that goes by ``name``, and marks text in it."""
    try:
        language = languages.resolve(name or "")
    except UnknownLanguageError:
        return Tongue(clean(name or "") or "unknown language", "und", "auto")
    # Readers say Arabic and Persian where the table has Modern Standard Arabic and Western
    # Persian; a two-letter tag tells that this is the variety that the plain name means.
    plain = (a for a in language.aliases if language.name.endswith(f" {a}"))
    shown = next(plain, language.name) if len(language.bcp47) == 2 else language.name
    return Tongue(shown, language.bcp47, language.direction)


def source_name(source: str) -> str:
    """A short name of where an article came from: the host of a web address, else the last
    part of the path."""
    if link := source_link(source):
        return (urlsplit(link).hostname or link).removeprefix("www.")
    return PurePosixPath(clean(source).replace("\\", "/")).name or clean(source)


def source_link(source: str) -> str:
    """``source`` as an address that is safe to link to, or nothing unless it is http(s)."""
    source = clean(source)
    try:
        parts = urlsplit(source)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        return ""
    # What no address holds unquoted would be read differently by every reader.
    return quote(source, safe="/:?#[]@!$&'()*+,;=%~-._") if usable else ""


def _source(number: int, article: TranslatedArticle) -> Source:
    prepared = article.prepared
    original = clean(article.original_title or "")
    title = clean(article.title or "")
    return Source(
        number=number,
        name=source_name(article.source),
        path=clean(article.source),
        link=source_link(article.source),
        language=tongue(article.language),
        title="" if title == original else title,
        original_title=original,
        author=clean(prepared.author or ""),
        published=_published(prepared.article.published or ""),
        sentences=tuple(_segment(number, t) for t in article.translations),
    )


def _published(text: str) -> str:
    """The day of an ISO 8601 date or time in words; what is neither, as it came."""
    try:
        date = dt.date.fromisoformat(text[:10])
    except ValueError:
        return clean(text)
    return day(date)


def day(date: dt.date) -> str:
    """``21 November 2026``, whatever the machine's locale."""
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def weekday(date: dt.date) -> str:
    """``Saturday 21 November 2026``."""
    return f"{_DAYS[date.weekday()]} {day(date)}"


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
    """What a check found, in words."""
    return EXPLANATIONS.get(flag, clean(flag))


def _point(
    bullet: StoryBullet,
    own: Sequence[Source],
    sources: dict[str, Source],
    marks: dict[str, int],
) -> Point:
    evidence: list[Evidence] = []
    for cite in bullet.cites:
        if (source := sources.get(cite.article_id)) is None:
            continue
        wanted = set(cite.segments)
        found = [s for s in source.sentences if s.number - 1 in wanted]
        if found:
            marked = tuple((marks.setdefault(s.anchor, len(marks) + 1), s) for s in found)
            evidence.append(Evidence(source, marked))
    shown = [s for e in evidence for _, s in e.sentences]
    having = {e.source.number: e.source for e in evidence}
    return Point(
        text=clean(bullet.text),
        reported=_reported(list(having.values()), own),
        alone=len(own) > 1 and len(having) == 1,
        originals=_originals(evidence),
        evidence=tuple(evidence),
        marks=tuple(sorted({m for e in evidence for m, _ in e.sentences})),
        warnings=tuple(dict.fromkeys(w for s in shown for w in s.warnings)),
    )


def _reported(having: Sequence[Source], of: Sequence[Source]) -> str:
    if len(of) < 2 or not having:
        return ""
    if len(having) == len(of):
        return "In both sources" if len(of) == 2 else f"In all {len(of)} sources"
    if len(having) > 1:
        return f"In {len(having)} of {len(of)} sources"
    only = having[0]
    alike = sum(source.name == only.name for source in of) > 1
    return f"Only in {only.name}" + (f" (article {only.number})" if alike else "")


def _originals(evidence: Sequence[Evidence]) -> str:
    names = _listed(e.source.language.name for e in evidence)
    count = sum(len(e.sentences) for e in evidence)
    many = len({e.source.language.name for e in evidence}) > 1
    return f"{names} original{'s' * many}" + (f", {count} sentences" if count > 1 else "")


def _counted(count: int, one: str, many: str) -> tuple[int, str]:
    return count, one if count == 1 else many


def _listed(names: Iterable[str]) -> str:
    """Names once each, in the order met, as a sentence lists them."""
    once = list(dict.fromkeys(names))
    return " and ".join(filter(None, [", ".join(once[:-1]), *once[-1:]]))


def _cleaned(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, map(clean, texts)))


def _sentence(text: str) -> str:
    text = clean(text)
    stop = "" if text.endswith((".", "!", "?", ":")) or not text else "."
    return text[:1].upper() + text[1:] + stop
