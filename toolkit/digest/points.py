"""Arranges the bullets of a story, each with its evidence and the sources that have it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from toolkit.data import Dispute, Story, StoryBullet, StorySource
from toolkit.digest.safe_text import clean
from toolkit.digest.sources import Part, Sentence, Source

_WORD = re.compile(r"\w+")
# Words in a row from which on a sentence's words are marked as those of a bullet.
_RUN = 2
# The part of a sentence's words from which on all are cited, and none marked.
_ALL = 0.9
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
    that this was reported last, ``new`` that the story it carries on did not say it."""

    text: str
    reported: str
    alone: bool
    originals: str
    dated: str
    evidence: tuple[Evidence, ...]
    marks: tuple[int, ...]
    warnings: tuple[str, ...]
    later: bool = False
    new: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A bullet, or the versions of one on which sources differ: then ``differ`` says in what."""

    points: tuple[Point, ...]
    differ: str = ""


@dataclass(frozen=True, slots=True)
class Reporter:
    """An independent source of a story, and the numbers of its articles; ``folded`` means that they
    are of several publishers."""

    name: str
    articles: frozenset[int]
    folded: bool = False


class Marks(dict[str, int]):
    """The marks of sentences by their anchors; an anchor that is new gets the next number."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self._first = first

    def __missing__(self, anchor: str) -> int:
        return self.setdefault(anchor, self._first + len(self))


def arrange_blocks(
    story: Story, reporters: Sequence[Reporter], sources: dict[str, Source], marks: Marks
) -> tuple[Block, ...]:
    """Return the bullets of a story; ``sources`` are its articles by their ids."""
    new = [story.bullets[place] for place in story.new if place < len(story.bullets)]
    return tuple(
        Block(
            tuple(_point(b, reporters, sources, marks, dispute, b in new) for b in bullets),
            listed(map(clean, dispute.about)) if dispute else "",
        )
        for bullets, dispute in _together(story)
    )


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
    marks: Marks,
    dispute: Dispute | None,
    new: bool,
) -> Point:
    evidence: list[Evidence] = []
    for cite in bullet.cites:
        if (source := sources.get(cite.article_id)) is None:
            continue
        wanted = set(cite.segments)
        found = [s for s in source.sentences if s.number - 1 in wanted]
        if found:
            marked = tuple((marks[s.anchor], _cited(s, bullet.text)) for s in found)
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
        new=new,
    )


def _cited(sentence: Sentence, text: str) -> Sentence:
    """Return a sentence with its English in parts, those that a bullet's ``text`` has marked."""
    english = sentence.english or sentence.original
    words = list(_WORD.finditer(english))
    said = [word.group().lower() for word in _WORD.finditer(text)]
    known = [word.group().lower() for word in words]
    blocks = SequenceMatcher(None, known, said, autojunk=False).get_matching_blocks()
    if sum(block.size for block in blocks) > _ALL * len(words):
        return replace(sentence, parts=(Part(english),))
    parts, end = [], 0
    for place, _, size in blocks:
        if size < _RUN:
            continue
        first, last = words[place].start(), words[place + size - 1].end()
        parts += [Part(english[end:first]), Part(english[first:last], cited=True)]
        end = last
    parts.append(Part(english[end:]))
    return replace(sentence, parts=tuple(part for part in parts if part.text))


def arrange_reporters(story: Story, sources: dict[str, Source]) -> list[Reporter]:
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
        return f"In {listed(reporter.name for reporter in citing)}"
    if len(citing) == len(reporters):
        return "In both sources" if len(citing) == 2 else f"In all {len(citing)} sources"
    if len(citing) > 1:
        return f"In {len(citing)} of {len(reporters)} sources"
    only = citing[0]
    ambiguous = sum(reporter.name == only.name for reporter in reporters) > 1
    return f"Only in {only.name}" + (f" (article {min(cited)})" if ambiguous else "")


def _dated(evidence: Sequence[Evidence]) -> str:
    when = listed(e.source.published or "no known date" for e in evidence)
    return f"of {when}" if when else ""


def _originals(evidence: Sequence[Evidence]) -> str:
    names = listed(e.source.language.name for e in evidence)
    count = sum(len(e.sentences) for e in evidence)
    many = len({e.source.language.name for e in evidence}) > 1
    return f"{names} original{'s' * many}" + (f", {count} sentences" if count > 1 else "")


def listed(names: Iterable[str]) -> str:
    """Return names as a sentence lists them, each once, in the order given."""
    once = list(dict.fromkeys(names))
    return " and ".join(filter(None, [", ".join(once[:-1]), *once[-1:]]))
