"""Tell the article from the page around it, on any site and in any language.

Signals, in the order in which they are believed: the title if it is known; bylines; what one line
says of itself (``lines.py``); what repeats; where the prose begins and ends; the script
that the prose is in. When they leave a doubt the line is kept: a menu in a digest is a blemish, a
sentence that is missing is a lie.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from toolkit.data import CleanText, Dropped, Paragraph, ParagraphKind
from toolkit.languages import script_of, scripts
from toolkit.text import boilerplate
from toolkit.text.lines import Line

_LINE_BREAK = re.compile(r"\r\n|\r|\n|\u2028|\u2029|\x85|[\v\f\x1c-\x1e]")
_SPACES = (
    " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
)
# Shorter lines may rightly occur twice: "Yes." in an interview, a refrain.
_REPEAT_CHARACTERS = 20
_MENU_LINES, _MENU_WORDS = 4, 3
_TIMELINE_DATES = 2
_BYLINE_WORDS = 4
_TITLE_WORDS, _TITLE_CHARACTERS = 40, 250
_CAPTION_WORDS = 30
# A page whose lines are cut at the width of a screen.
_WRAP_LINES, _WRAP_LEAST, _WRAP_MOST, _WRAP_FULL, _WRAP_CUT = 3, 45, 100, 0.6, 0.5


@dataclass(slots=True)
class _Entry:
    """A line of the page, and what has been decided about it: the ``reason`` to drop it, or its
    ``kind``; ``repeated`` where a later line that says the same was dropped."""

    number: int
    line: Line
    indented: bool
    kind: ParagraphKind | None = None
    reason: str | None = None
    repeated: bool = False

    @property
    def open(self) -> bool:
        """Whether it is kept, as far as has been decided."""
        return self.reason is None


def clean(text: str, *, title: str | None = None, language: str | None = None) -> CleanText:
    """Return which lines of ``text``, a page with a paragraph a line, are the article.

    ``title`` is the headline where it is known from elsewhere; it then stands first, with line
    0 if the page does not repeat it. ``language``, a FLORES-200 code, tells the script of the
    article; without it the script of the prose counts. Every line that is not blank is in
    ``paragraphs`` or in ``dropped`` (lines wrapped at a fixed width are joined first).

    >>> page = "Home | News | Sport | War\\nBridge opens\\nThe bridge over the river opened today."
    >>> [(p.kind, p.text) for p in clean(page).paragraphs]
    [('title', 'Bridge opens'), ('text', 'The bridge over the river opened today.')]
    >>> clean(page).dropped
    (Dropped(line=1, text='Home | News | Sport | War', reason='menu'),)
    """
    entries = _entries(text)
    heading = Line(title).key if title else ""
    for entry in entries:
        if entry.line.key != heading or not heading:
            entry.reason = entry.line.reason
    script = _script(entries, language)
    _settle_title(entries, heading, _body(entries, script)[0], script)
    _drop_repeats(entries)
    first, last = _body(entries, script)
    _keep_timeline(entries, first, last)
    _drop_tail(entries, last)
    author = _settle_byline(entries, first, last)
    _drop_other_script(entries, script, first, last)
    _drop_menus(entries, first, last)
    _name_kinds(entries, first)
    kept = [Paragraph(e.number, e.line.text, e.kind or "text") for e in entries if e.open]
    if title and heading and not any(p.kind == "title" for p in kept):
        kept.insert(0, Paragraph(0, title.strip(_SPACES), "title"))
    kept.sort(key=lambda p: p.kind != "title")
    dropped = tuple(
        Dropped(e.number, e.line.text, e.reason) for e in entries if e.reason is not None
    )
    return CleanText(tuple(kept), dropped, author)


def _entries(text: str) -> list[_Entry]:
    """Return the lines that are not blank, joined where they were wrapped at a fixed width."""
    found: list[_Entry] = []
    after_blank: list[bool] = []
    blank = True
    for number, raw in enumerate(_LINE_BREAK.split(text), 1):
        stripped = raw.strip(_SPACES)
        if stripped:
            found.append(_Entry(number, Line(stripped), indented=raw[:1] in (" ", "\t")))
            after_blank.append(blank)
        blank = not stripped
    # With blank lines between paragraphs, or between all lines.
    for starts in (after_blank, [False] * len(found)):
        if (width := _wrapped_at(found, starts)) is not None:
            return _joined(found, starts, width)
    return found


def _joined(entries: Sequence[_Entry], after_blank: Sequence[bool], width: int) -> list[_Entry]:
    """Return paragraphs of the lines that were cut at ``width``."""
    groups: list[list[_Entry]] = []
    for entry, starts in zip(entries, after_blank, strict=True):
        before = groups[-1][-1].line if groups else None
        ended = before is None or not _fills(before, entry.line, width)
        if starts or ended or entry.line.list_item:
            groups.append([entry])
        else:
            groups[-1].append(entry)
    return [replace(group[0], line=_join([e.line.text for e in group])) for group in groups]


def _join(texts: Sequence[str]) -> Line:
    parts = [texts[0]]
    for before, text in pairwise(texts):
        parts += ["" if boilerplate.is_unspaced(before[-1] + text[0]) else " ", text]
    return Line("".join(parts))


def _wrapped_at(entries: Sequence[_Entry], after_blank: Sequence[bool]) -> int | None:
    """Return the width at which lines were cut: nearly all that another one follows at once had no
    room for its first word, and half of them end in mid-sentence. None where they were not."""
    width = max((len(entry.line.text) for entry in entries), default=0)
    inner = [
        (entry.line, below.line)
        for entry, below, blank in zip(entries, entries[1:], after_blank[1:], strict=False)
        if not blank
    ]
    if len(inner) < _WRAP_LINES or not _WRAP_LEAST <= width <= _WRAP_MOST:
        return None
    full = sum(_fills(line, below, width) for line, below in inner)
    cut = sum(not line.ends_sentence and not below.text[0].isupper() for line, below in inner)
    return width if full >= _WRAP_FULL * len(inner) and cut >= _WRAP_CUT * len(inner) else None


def _fills(line: Line, following: Line, width: int) -> bool:
    """Return whether a line has no room for the first word of what follows."""
    unspaced = boilerplate.is_unspaced(following.text[0])
    word = 2 if unspaced else len(following.text.split(maxsplit=1)[0]) + 1
    return len(line.text) + word >= width


def _script(entries: Sequence[_Entry], language: str | None) -> str | None:
    """Return the script of the article: of its language if that is known, else of most of its
    prose."""
    prose = {e.line.key: e.line.text for e in entries if e.line.prose and e.open}
    counted = scripts.count(
        " ".join(prose.values()) or " ".join(entry.line.text for entry in entries)
    )
    found = max(counted, key=lambda s: counted[s]) if counted else None
    if language is None:
        return found
    wanted = script_of(language)
    # Chinese, Japanese and Korean have scripts that are made of several.
    return wanted if wanted in {s for entry in entries for s in entry.line.scripts} else found


def _body(entries: Sequence[_Entry], script: str | None) -> tuple[int, int]:
    """Return the positions of the first and the last line of prose in ``script``; where there is
    none, of the first and the last line that may be the article's."""
    ours = [i for i, entry in enumerate(entries) if entry.open and entry.kind is None]
    prose = [i for i in ours if entries[i].line.prose and script in entries[i].line.scripts]
    inside = prose or ours or [0]
    return inside[0], inside[-1]


def _settle_title(entries: Sequence[_Entry], heading: str, first: int, script: str | None) -> None:
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
    long = [entry for entry in candidates if entry.line.words >= _MENU_WORDS + 1]
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


def _headlines(entries: Sequence[_Entry]) -> list[_Entry]:
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
    short = line.author_below_headline is not None and line.words <= _BYLINE_WORDS
    return short or line.author is not None


def _keep_timeline(entries: Sequence[_Entry], first: int, last: int) -> None:
    """Several dates with prose below each, within the prose, are headings of a chronicle."""
    dates = [
        entry
        for at, entry in enumerate(entries[first:last], first + 1)
        if entry.reason == "date line" and entry.line.date
        if next(below for below in entries[at:] if below.open).line.prose
    ]
    if len(dates) >= _TIMELINE_DATES:
        for entry in dates:
            entry.reason, entry.kind = None, "heading"


def _settle_byline(entries: Sequence[_Entry], first: int, last: int) -> str | None:
    """Return the author, from a byline above the prose, or from one that says so right below its
    first line or after it ("By Night" may be a heading there); bylines are dropped."""
    author: str | None = None
    inside = False
    has_prose = bool(entries) and entries[first].line.prose
    for position, entry in enumerate(entries):
        if not entry.open or entry.kind == "title":
            continue
        found = None
        if not entry.line.prose and (not inside or position > last or not has_prose):
            above = position <= first if has_prose else not inside
            found = entry.line.author_below_headline if above else entry.line.author
        if found:
            entry.reason = "byline"
            author = author or found
        elif position > first or not has_prose:
            inside = True
    return author


def _drop_repeats(entries: Sequence[_Entry]) -> None:
    seen: dict[str, _Entry] = {entry.line.key: entry for entry in entries if entry.kind == "title"}
    for entry in entries:
        if not entry.open or not entry.line.key:
            continue
        earlier = seen.setdefault(entry.line.key, entry)
        if earlier is entry or (entry.line.prose and not earlier.line.prose):
            continue
        if earlier.kind == "title" or len(entry.line.text) >= _REPEAT_CHARACTERS:
            entry.reason = f"repeats line {earlier.number}"
            earlier.repeated = True


def _drop_menus(entries: Sequence[_Entry], first: int, last: int) -> None:
    """Outside the prose, runs of very short lines are menus, and so are such words in a row."""
    for start, end in ((0, first), (last + 1, len(entries))):
        run: list[_Entry] = []
        listed = False
        for entry in [*entries[start:end], None]:
            if entry is not None:
                if entry.open and entry.kind != "title" and entry.line.menu_bar:
                    entry.reason = "menu"
                if entry.kind != "title" and _is_menu_like(entry.line):
                    run.append(entry)
                    continue
                if entry.kind == "title" or not entry.open:
                    continue
            # What a colon announces is a list; rows with numbers are a table.
            numbered = sum(item.line.numbered for item in run if item.open)
            if len(run) >= _MENU_LINES and not listed and numbered <= len(run) / 2:
                for item in run:
                    item.reason = item.reason or "menu"
            run = []
            listed = entry is not None and entry.open and entry.line.announces


def _is_menu_like(line: Line) -> bool:
    return line.words <= _MENU_WORDS and not line.punctuated and not line.list_item


def _drop_tail(entries: Sequence[_Entry], last: int) -> None:
    """Below the prose: what a comment form or a list of links opens, and headlines with dates."""
    opened = ""
    for position in range(last + 1, len(entries)):
        entry = entries[position]
        if entry.reason is not None and entry.line.opens_tail:
            opened = entry.reason
        follower = entries[position + 1] if position + 1 < len(entries) else None
        if not entry.open or entry.line.prose or entry.kind == "title":
            continue
        if opened:
            entry.reason = f"below a {opened}"
        elif follower is not None and follower.reason == "date line" and entry.indented:
            entry.reason = "link with its date"


def _drop_other_script(
    entries: Sequence[_Entry], script: str | None, first: int, last: int
) -> None:
    """Outside the prose, what is in another script than the article and is no sentence, no
    quotation and no row of a table."""
    for position, entry in enumerate(entries):
        outside = position < first or position > last
        if entry.open and outside and entry.kind != "title" and not entry.line.prose:
            used = entry.line.scripts
            foreign = bool(used) and script is not None and script not in used
            said = entry.line.punctuated or entry.line.quoted
            if foreign and not said and not entry.line.numbered:
                entry.reason = "not in the script of the article"


def _name_kinds(entries: Sequence[_Entry], first: int) -> None:
    """Name what is kept: heading, list item, caption or text."""
    kept = [(i, entry) for i, entry in enumerate(entries) if entry.open]
    in_list = False
    for at, (position, entry) in enumerate(kept):
        before = kept[at - 1][1] if at else None
        after = kept[at + 1][1] if at + 1 < len(kept) else None
        opens = before is not None and before.line.text.endswith((":", "：", "፦", "ː"))
        short = not entry.line.prose and not entry.line.ends_sentence
        in_list = short and (opens or (in_list and not _starts_section(entry.line, after)))
        if entry.kind is not None:
            continue
        if in_list or entry.line.list_item:
            entry.kind = "list"
        elif entry.repeated and entry.line.words <= _CAPTION_WORDS:
            entry.kind = "caption"
        elif not short:
            entry.kind = "text"
        elif position < first:
            entry.kind = "caption"
        else:
            entry.kind = "heading" if after is not None and after.line.prose else "text"


def _starts_section(line: Line, after: _Entry | None) -> bool:
    """Return whether a short line after a list looks like the heading of what follows: with no mark
    in a language that only spacing tells apart, the last item before prose stays an item."""
    return after is not None and after.line.prose and line.text.endswith(("?", "؟", "？"))
