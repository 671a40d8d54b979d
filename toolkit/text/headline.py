"""The lines of a text while it is decided what each is, and which of them is the headline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.data import ParagraphKind
from toolkit.text import boilerplate
from toolkit.text.layout import Row
from toolkit.text.lines import Line

# A headline has so many words if there is one that has, and a short byline at most so many.
_LEAST_WORDS, _BYLINE_WORDS = 4, 4
_TITLE_WORDS, _TITLE_CHARACTERS = 40, 250


@dataclass(slots=True)
class Entry:
    """A line of the page, and what has been decided about it: the ``reason`` to drop it, or its
    ``kind``; ``repeated`` where a later line that says the same was dropped."""

    row: Row
    kind: ParagraphKind | None = None
    reason: str | None = None
    repeated: bool = False

    @property
    def line(self) -> Line:
        """Its text."""
        return self.row.line

    @property
    def number(self) -> int:
        """The line of the page that it begins on."""
        return self.row.number

    @property
    def open(self) -> bool:
        """Whether it is kept, as far as has been decided."""
        return self.reason is None


def settle_title(entries: Sequence[Entry], heading: str, first: int, script: str | None) -> None:
    """Find the headline of a text and name it ``title``: ``heading``, if it is known; else a line
    above ``first``, where the prose begins."""
    if heading:
        known = next((entry for entry in entries if entry.line.key == heading), None)
        if known is not None:
            known.kind, known.reason = "title", None
        return
    # The first sentence may be a headline too, if it is a question or an exclamation.
    above = [*entries[:first], *(x for x in entries[first : first + 1] if x.line.asks)]
    # Or if it has no full stop at its end, and nothing else can be the headline.
    possible = [entry for entry in entries[first:] if entry.open and not _is_byline(entry.line)]
    candidates = _headlines(above) or _headlines(possible[:1])
    long = [entry for entry in candidates if entry.line.words >= _LEAST_WORDS]
    # A site's name and section may stand above in another script.
    long = [entry for entry in long if script in entry.line.scripts] or long
    # A headline often stands twice, in the breadcrumb or again above the text; what is repeated
    # further down is a caption.
    keys = [entry.line.key for entry in entries[:first] if entry.line.key]
    crumbs = [entry.line.key for entry in entries if entry.reason == "breadcrumb"]
    for entry in long:
        if keys.count(entry.line.key) > 1 or any(entry.line.key in crumb for crumb in crumbs):
            entry.kind = "title"
            return
    for entry in (long or candidates)[:1]:
        entry.kind = "title"


def _headlines(entries: Sequence[Entry]) -> list[Entry]:
    """Return those of ``entries`` that have the form of a headline."""
    return [
        entry
        for entry in entries
        if entry.open
        and not _is_byline(entry.line)
        and not entry.line.ends_sentence
        and not entry.line.list_item
        and not entry.line.menu_bar
        and len(entry.line.text) <= _TITLE_CHARACTERS
        and entry.line.words <= _TITLE_WORDS
        and not entry.line.announces
    ]


def _is_byline(line: Line) -> bool:
    """Return whether ``line`` is one even where no headline stands above it: "By" and a short
    name."""
    most = _BYLINE_WORDS * (2 if boilerplate.count_unspaced(line.text) else 1)
    short = line.author_below_headline is not None and line.words <= most
    return short or line.author is not None
