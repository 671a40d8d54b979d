"""Tell the article from the page around it, on any site and in any language.

Signals, in the order in which they are believed: the title if it is known; bylines; what one line
says of itself (``lines.py``); what repeats; where the prose begins and ends; the script
that the prose is in. When they leave a doubt the line is kept: a menu in a digest is a blemish, a
sentence that is missing is a lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from toolkit.data import CleanText, Dropped, Paragraph
from toolkit.languages import script_of, scripts
from toolkit.text import article, boilerplate, bylines, layout
from toolkit.text.headline import Entry, settle_title
from toolkit.text.layout import Row
from toolkit.text.lines import Line

# Shorter lines may rightly occur twice: "Yes." in an interview, a refrain.
_REPEAT_CHARACTERS = 20
_MENU_LINES, _MENU_WORDS = 4, 3
_TIMELINE_DATES = 2
_CAPTION_WORDS = 30
# Paragraphs above and below the beginning of a saved page's body, and below its end, where its
# byline is sought.
_ABOVE, _BELOW, _AFTER = 15, 3, 8
# The same for a name with a date or a time in its line; captions may stand between.
_BELOW_DATED = 6


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
    page = layout.rows(text)
    choice = article.choose(page)
    if choice is None and any(row.joint is not None for row in page):
        page = layout.rows(text, parts=False)
    entries = [Entry(row) for row in page]
    heading = Line(title).key if title else ""
    if choice is None:
        author = _clean_text(entries, heading, language)
    else:
        author = _clean_page(entries, heading, choice)
    kept = _paragraphs(entries)
    if title and heading and not any(p.kind == "title" for p in kept):
        kept.insert(0, Paragraph(0, layout.strip(title), "title"))
    kept.sort(key=lambda p: p.kind != "title")
    dropped = tuple(
        Dropped(e.number, e.line.text, e.reason) for e in entries if e.reason is not None
    )
    return CleanText(tuple(kept), dropped, author)


def _clean_page(entries: Sequence[Entry], heading: str, choice: article.Choice) -> str | None:
    """Settle what is the article of a saved page, by its weights; return the author."""
    for entry, kept in zip(entries, choice.kept, strict=True):
        entry.reason = entry.line.reason or (None if kept else _outside(entry.row))
    prose = [i for i, kept in enumerate(choice.kept) if kept and entries[i].line.prose] or [0]
    first, last = prose[0], prose[-1]
    title = choice.title
    if heading:
        same = [i for i, entry in enumerate(entries) if entry.line.key == heading]
        title = min(same, key=lambda i: abs(i - first), default=None)
    if title is not None:
        entries[title].kind, entries[title].reason = "title", None
    for entry in entries[: first if title is None else min(first, title)]:
        if entry.open and not entry.line.prose:
            entry.reason = "above the headline"
    _keep_timeline(entries, first, last)
    _drop_repeats(entries)
    author = _byline_of_page(entries, title, first, last)
    _drop_tail(entries, last)
    _name_kinds(entries, first)
    return author


def _outside(row: Row) -> str:
    """Return why a paragraph of a saved page is not the article's, as well as can be told."""
    if row.links > 0.8:
        return "link to another page"
    return "menu" if row.line.words <= _MENU_WORDS else "outside the article"


def _byline_of_page(
    entries: Sequence[Entry], title: int | None, first: int, last: int
) -> str | None:
    """Return the author in a byline near the headline or an end of the body, or, where none says
    that it is one, in a line of names alone; it is dropped."""
    if title is not None and title > first:
        # Prose above the headline is a teaser.
        below = range(title + 1, last + 1)
        first = next((i for i in below if entries[i].open and entries[i].line.prose), first)
    top = min(first, first if title is None else title)
    names: list[str] = []
    at = -1
    for place in _short(entries, max(0, top - _ABOVE), first + _BELOW, last, last + _AFTER):
        if found := entries[place].line.author_below_headline:
            entries[place].reason = "byline"
            if not names or (place - at <= 2 and found not in names):
                names.append(found)
                at = place
    if names:
        return ", ".join(names)
    top = max(0, first - _BELOW) if title is None or title > first else title
    return _bare_byline(entries, top, first, last)


def _bare_byline(entries: Sequence[Entry], top: int, first: int, last: int) -> str | None:
    """Return the author in a line of names alone, one with a date or a time sooner than others; it
    is dropped."""
    small = bylines.small_words([entry.line.text for entry in entries])
    dated = [i for i in _short(entries, top, first + _BELOW_DATED) if entries[i].line.numbered]
    for place in (*dated, *_short(entries, top, first + _BELOW, last + 1, last + _BELOW)):
        line = entries[place].line
        if line.reason is None and (found := bylines.bare_name(line.bare, small)):
            entries[place].reason = "byline"
            return found
    return None


def _short(entries: Sequence[Entry], *bounds: int) -> list[int]:
    """Return the positions in one or two stretches of what is neither the title nor prose."""
    found = [*range(*bounds[:2]), *(range(*bounds[2:]) if bounds[2:] else ())]
    return [
        i
        for i in found
        if i < len(entries) and entries[i].kind != "title" and not entries[i].line.prose
    ]


def _paragraphs(entries: Sequence[Entry]) -> list[Paragraph]:
    """Return what is kept; parts of a line that both are become one again."""
    found: list[Paragraph] = []
    before: Entry | None = None
    for entry in entries:
        if entry.open:
            kind = entry.kind or "text"
            part = entry.row.joint is not None and before is not None and kind != "title"
            whole = layout.rejoined(found[-1].text, entry.row) if part else None
            if whole is not None:
                found[-1] = replace(found[-1], text=whole)
            else:
                found.append(Paragraph(entry.number, entry.line.text, kind))
        before = entry if entry.open and entry.kind != "title" else None
    return found


def _clean_text(entries: Sequence[Entry], heading: str, language: str | None) -> str | None:
    """Settle what is the article of a text with little around it, by what its lines say; return
    the author."""
    for entry in entries:
        if entry.line.key != heading or not heading:
            entry.reason = entry.line.reason
    script = _script(entries, language)
    settle_title(entries, heading, _body(entries, script)[0], script)
    _drop_repeats(entries)
    first, last = _body(entries, script)
    if last > first and boilerplate.asks_to_subscribe(entries[last].line.folded):
        entries[last].reason = "cookie or subscription notice"
        last = _body(entries, script)[1]
    _keep_timeline(entries, first, last)
    _drop_links_inside(entries, first, last)
    _drop_tail(entries, last)
    author = _settle_byline(entries, first, last)
    _drop_other_script(entries, script, first, last)
    _drop_menus(entries, first, last)
    _name_kinds(entries, first)
    return author


def _script(entries: Sequence[Entry], language: str | None) -> str | None:
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


def _body(entries: Sequence[Entry], script: str | None) -> tuple[int, int]:
    """Return the positions of the first and the last line of prose in ``script``; where there is
    none, of the first and the last line that may be the article's."""
    ours = [i for i, entry in enumerate(entries) if entry.open and entry.kind is None]
    prose = [i for i in ours if entries[i].line.prose and script in entries[i].line.scripts]
    inside = prose or ours or [0]
    return inside[0], inside[-1]


def _keep_timeline(entries: Sequence[Entry], first: int, last: int) -> None:
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


def _settle_byline(entries: Sequence[Entry], first: int, last: int) -> str | None:
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


def _drop_repeats(entries: Sequence[Entry]) -> None:
    seen: dict[str, Entry] = {entry.line.key: entry for entry in entries if entry.kind == "title"}
    for entry in entries:
        if not entry.open or not entry.line.key:
            continue
        earlier = seen.setdefault(entry.line.key, entry)
        if earlier is entry or (entry.line.prose and not earlier.line.prose):
            continue
        if earlier.kind == "title" or len(entry.line.text) >= _REPEAT_CHARACTERS:
            entry.reason = f"repeats line {earlier.number}"
            earlier.repeated = True


def _drop_menus(entries: Sequence[Entry], first: int, last: int) -> None:
    """Outside the prose, runs of very short lines are menus, and so are such words in a row."""
    has_prose = any(entry.open and entry.line.prose for entry in entries)
    for start, end in ((0, first), (last + 1, len(entries))):
        run: list[Entry] = []
        listed = False
        for entry in [*entries[start:end], None]:
            if entry is not None:
                if entry.open and entry.kind != "title" and entry.line.menu_bar:
                    entry.reason = "menu"
                marked = entry.line.list_item and not has_prose
                if entry.kind != "title" and _is_menu_like(entry.line) and not marked:
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
    return Line(line.bare).words <= _MENU_WORDS and not line.punctuated


def _drop_tail(entries: Sequence[Entry], last: int) -> None:
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
        elif follower is not None and follower.reason == "date line" and entry.row.indent:
            entry.reason = "link with its date"


def _drop_links_inside(entries: Sequence[Entry], first: int, last: int) -> None:
    """Within the prose: the lines between what opens a list of links and the next sentence, except
    the last, which may be the heading of what follows."""
    opened = ""
    run: list[Entry] = []
    for entry in entries[first : last + 1]:
        if entry.reason is not None and entry.line.opens_tail:
            # Another opening shows that all lines before it were links.
            run.append(entry)
            opened = entry.reason
        elif entry.open and (entry.line.prose or entry.line.ends_sentence or entry.kind):
            for link in run[:-1]:
                link.reason = link.reason or f"below a {opened}"
            run = []
        elif run:
            run.append(entry)


def _drop_other_script(entries: Sequence[Entry], script: str | None, first: int, last: int) -> None:
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


def _name_kinds(entries: Sequence[Entry], first: int) -> None:
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
        elif entry.line.caption or (entry.repeated and entry.line.words <= _CAPTION_WORDS):
            entry.kind = "caption"
        elif not short:
            entry.kind = "text"
        elif position < first:
            entry.kind = "caption"
        else:
            entry.kind = "heading" if after is not None and after.line.prose else "text"


def _starts_section(line: Line, after: Entry | None) -> bool:
    """Return whether a short line after a list looks like the heading of what follows: with no mark
    in a language that only spacing tells apart, the last item before prose stays an item."""
    return after is not None and after.line.prose and line.text.endswith(("?", "؟", "？"))
