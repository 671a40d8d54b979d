"""Tell the article from the page around it, on any site and in any language.

Signals, in the order in which they are believed: the title if it is known; bylines; what one line
says of itself (``boilerplate.py``); what repeats; where the prose begins and ends; the script
that the prose is in. When they leave a doubt the line is kept: a menu in a digest is a blemish, a
sentence that is missing is a lie.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from toolkit.data import CleanText, Dropped, Paragraph, ParagraphKind
from toolkit.languages import script_of, scripts
from toolkit.text import boilerplate

_SPACES = " \t\v\f\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff"
_EDGES = re.compile(rf"^[\s{_SPACES}]+|[\s{_SPACES}]+$")
# Shorter lines may rightly occur twice: "Yes." in an interview, a refrain.
_REPEAT_CHARACTERS = 20
_MENU_LINES, _MENU_WORDS = 4, 3
_TIMELINE_DATES = 2
_BYLINE_WORDS = 4
_TITLE_WORDS, _TITLE_CHARACTERS = 40, 250
# A page whose lines are cut at the width of a screen.
_WRAP_LINES, _WRAP_LEAST, _WRAP_MOST, _WRAP_FULL, _WRAP_CUT = 5, 45, 100, 0.75, 0.5


@dataclass(slots=True)
class _Line:
    number: int
    text: str
    key: str
    indented: bool = False
    prose: bool = False
    kind: ParagraphKind | None = None
    reason: str | None = None
    repeated: bool = field(default=False)

    @property
    def open(self) -> bool:
        """Whether nothing has been decided about it."""
        return self.reason is None


def clean(text: str, *, title: str | None = None, language: str | None = None) -> CleanText:
    """What is the article of ``text``, a page with a paragraph a line, and what is not.

    ``title`` is the headline where it is known from elsewhere; it then stands first, with line
    0 if the page does not repeat it. ``language``, a FLORES-200 code, tells the script of the
    article; without it the script of the prose counts. Every line that is not blank is in
    ``paragraphs`` or in ``dropped`` (lines wrapped at a fixed width are joined first).
    """
    lines = _lines(text)
    heading = boilerplate.bare(title) if title else ""
    for line in lines:
        line.prose = boilerplate.is_prose(line.text)
        if line.key != heading or not heading:
            line.reason = boilerplate.reason(line.text)
    script = _script(lines, language)
    _settle_title(lines, heading, _body(lines, script)[0], script)
    _drop_repeats(lines)
    first, last = _body(lines, script)
    _keep_timeline(lines, first, last)
    _drop_tail(lines, last)
    author = _settle_byline(lines, first, last)
    _drop_other_script(lines, script, first, last)
    _drop_menus(lines, first, last)
    _name_kinds(lines, first)
    kept = [Paragraph(line.number, line.text, line.kind or "text") for line in lines if line.open]
    if title and heading and not any(p.kind == "title" for p in kept):
        kept.insert(0, Paragraph(0, _EDGES.sub("", title), "title"))
    elif kept and not _is_first(kept):
        kept.sort(key=lambda p: p.kind != "title")
    dropped = tuple(Dropped(x.number, x.text, x.reason) for x in lines if x.reason is not None)
    return CleanText(tuple(kept), dropped, author)


def _is_first(kept: Sequence[Paragraph]) -> bool:
    return kept[0].kind == "title" or not any(p.kind == "title" for p in kept)


def _lines(text: str) -> list[_Line]:
    """The lines that are not blank, joined where they were wrapped at a fixed width."""
    found: list[_Line] = []
    after_blank: list[bool] = []
    blank = True
    for number, raw in enumerate(
        re.split(r"\r\n|\r|\n|\u2028|\u2029|\x85|[\v\f\x1c-\x1e]", text), 1
    ):
        stripped = _EDGES.sub("", raw)
        if stripped:
            indented = raw[:1] in (" ", "\t")
            found.append(_Line(number, stripped, boilerplate.bare(stripped), indented))
            after_blank.append(blank)
        blank = not stripped
    width = _wrapped_at(found, after_blank)
    if width is None:
        return found
    joined: list[_Line] = []
    before = ""
    for line, starts in zip(found, after_blank, strict=True):
        ended = boilerplate.ends_sentence(before) and not _fills(before, line.text, width)
        if starts or ended or not joined or boilerplate.is_list_item(line.text):
            before = line.text
            joined.append(line)
        else:
            between = "" if boilerplate.is_unspaced(before[-1] + line.text[0]) else " "
            before = line.text
            joined[-1].text += between + line.text
    for line in joined:
        line.key = boilerplate.bare(line.text)
    return joined


def _wrapped_at(lines: Sequence[_Line], after_blank: Sequence[bool]) -> int | None:
    """The width at which lines were cut: nearly all that another one follows at once had no room
    for its first word, and half of them end in mid-sentence. None where they were not."""
    width = max((len(line.text) for line in lines), default=0)
    inner = [
        (line.text, below.text)
        for line, below, blank in zip(lines, lines[1:], after_blank[1:], strict=False)
        if not blank
    ]
    if len(inner) < _WRAP_LINES or not _WRAP_LEAST <= width <= _WRAP_MOST:
        return None
    full = sum(_fills(text, below, width) for text, below in inner)
    cut = sum(not boilerplate.ends_sentence(t) and not below[0].isupper() for t, below in inner)
    return width if full >= _WRAP_FULL * len(inner) and cut >= _WRAP_CUT * len(inner) else None


def _fills(text: str, following: str, width: int) -> bool:
    """Whether ``text`` has no room for the first word of what follows."""
    word = 2 if boilerplate.is_unspaced(following[0]) else len(following.split(maxsplit=1)[0]) + 1
    return len(text) + word >= width


def _script(lines: Sequence[_Line], language: str | None) -> str | None:
    """The script of the article: of its language if that is known, else of most of its prose."""
    prose = " ".join({line.key: line.text for line in lines if line.prose and line.open}.values())
    counted = scripts.count(prose or " ".join(line.text for line in lines))
    found = max(counted, key=lambda s: counted[s]) if counted else None
    if language is None:
        return found
    wanted = script_of(language)
    # Chinese, Japanese and Korean have scripts that are made of several.
    return wanted if wanted in {s for line in lines for s in scripts.of(line.text)} else found


def _body(lines: Sequence[_Line], script: str | None) -> tuple[int, int]:
    """The positions of the first and the last line of prose in ``script``; where there is none,
    of the first and the last line that may be the article's."""
    ours = [i for i, line in enumerate(lines) if line.open and line.kind is None]
    prose = [i for i in ours if lines[i].prose and script in scripts.of(lines[i].text)]
    inside = prose or ours or [0]
    return inside[0], inside[-1]


def _settle_title(lines: Sequence[_Line], heading: str, first: int, script: str | None) -> None:
    if heading:
        known = next((line for line in lines if line.key == heading), None)
        if known is not None:
            known.kind, known.reason = "title", None
        return
    # The first sentence may be a headline too, if it is a question or an exclamation.
    above = [*lines[:first], *(x for x in lines[first : first + 1] if boilerplate.asks(x.text))]
    # Or if it has no full stop at its end, and nothing else can be the headline.
    possible = [line for line in lines[first:] if line.open and not _is_byline(line.text)]
    candidates = _headlines(above) or _headlines(possible[:1])
    long = [line for line in candidates if boilerplate.words(line.text) >= _MENU_WORDS + 1]
    # A site's name and section may stand above in another script.
    long = [line for line in long if script in scripts.of(line.text)] or long
    # A headline often stands twice, in the breadcrumb or again above the text; what is repeated
    # further down is a caption.
    keys = [line.key for line in lines[:first] if line.key]
    crumbs = [line.key for line in lines if line.reason == "breadcrumb"]
    for line in long:
        if keys.count(line.key) > 1 or any(line.key in crumb for crumb in crumbs):
            line.kind = "title"
            return
    for line in (long or candidates)[:1]:
        line.kind = "title"


def _headlines(lines: Sequence[_Line]) -> list[_Line]:
    """Those of ``lines`` that have the form of a headline."""
    return [
        line
        for line in lines
        if line.open
        and not _is_byline(line.text)
        and not boilerplate.ends_sentence(line.text)
        and not boilerplate.is_list_item(line.text)
        and not boilerplate.is_menu_bar(line.text)
        and len(line.text) <= _TITLE_CHARACTERS
        and boilerplate.words(line.text) <= _TITLE_WORDS
        and not line.text.endswith((":", "："))
    ]


def _is_byline(text: str) -> bool:
    """Whether ``text`` is one even where no headline stands above it: "By" and a short name."""
    sure = boilerplate.author(text, below_headline=False)
    likely = boilerplate.author(text, below_headline=True)
    return sure is not None or (likely is not None and boilerplate.words(text) <= _BYLINE_WORDS)


def _keep_timeline(lines: Sequence[_Line], first: int, last: int) -> None:
    """Several dates with prose below each, within the prose, are headings of a chronicle."""
    dates = [
        line
        for at, line in enumerate(lines[first:last], first + 1)
        if line.reason == "date line" and boilerplate.is_date(line.text)
        if next(below for below in lines[at:] if below.open).prose
    ]
    if len(dates) >= _TIMELINE_DATES:
        for line in dates:
            line.reason, line.kind = None, "heading"


def _settle_byline(lines: Sequence[_Line], first: int, last: int) -> str | None:
    """The author, from a byline above the prose, or from one that says so right below its first
    line or after it ("By Night" may be a heading there); bylines are dropped."""
    author: str | None = None
    inside = False
    has_prose = bool(lines) and lines[first].prose
    for position, line in enumerate(lines):
        if not line.open or line.kind == "title":
            continue
        found = None
        if not line.prose and (not inside or position > last or not has_prose):
            above = position <= first if has_prose else not inside
            found = boilerplate.author(line.text, below_headline=above)
        if found:
            line.reason = "byline"
            author = author or found
        elif position > first or not has_prose:
            inside = True
    return author


def _drop_repeats(lines: Sequence[_Line]) -> None:
    seen: dict[str, _Line] = {line.key: line for line in lines if line.kind == "title"}
    for line in lines:
        if not line.open or not line.key:
            continue
        earlier = seen.setdefault(line.key, line)
        if earlier is line or (line.prose and not earlier.prose):
            continue
        if earlier.kind == "title" or len(line.text) >= _REPEAT_CHARACTERS:
            line.reason = f"repeats line {earlier.number}"
            earlier.repeated = True


def _drop_menus(lines: Sequence[_Line], first: int, last: int) -> None:
    """Outside the prose, runs of very short lines are menus, and so are such words in a row."""
    for start, end in ((0, first), (last + 1, len(lines))):
        run: list[_Line] = []
        listed = False
        for line in [*lines[start:end], None]:
            if line is not None:
                if line.open and line.kind != "title" and boilerplate.is_menu_bar(line.text):
                    line.reason = "menu"
                if line.kind != "title" and _is_menu_like(line):
                    run.append(line)
                    continue
                if line.kind == "title" or not line.open:
                    continue
            # What a colon announces is a list; rows with numbers are a table.
            numbered = sum(any(map(str.isdigit, item.text)) for item in run if item.open)
            if len(run) >= _MENU_LINES and not listed and numbered <= len(run) / 2:
                for item in run:
                    item.reason = item.reason or "menu"
            run = []
            listed = line is not None and line.open and line.text.endswith((":", "："))


def _is_menu_like(line: _Line) -> bool:
    return (
        boilerplate.words(line.text) <= _MENU_WORDS
        and not boilerplate.is_punctuated(line.text)
        and not boilerplate.is_list_item(line.text)
    )


def _drop_tail(lines: Sequence[_Line], last: int) -> None:
    """Below the prose: what a comment form or a list of links opens, and headlines with dates."""
    opened = ""
    for position in range(last + 1, len(lines)):
        line = lines[position]
        if line.reason is not None and boilerplate.opens_tail(line.text):
            opened = line.reason
        follower = lines[position + 1] if position + 1 < len(lines) else None
        if not line.open or line.prose or line.kind == "title":
            continue
        if opened:
            line.reason = f"below a {opened}"
        elif follower is not None and follower.reason == "date line" and line.indented:
            line.reason = "link with its date"


def _drop_other_script(lines: Sequence[_Line], script: str | None, first: int, last: int) -> None:
    """Outside the prose, what is in another script than the article and is no sentence, no
    quotation and no row of a table."""
    for position, line in enumerate(lines):
        outside = position < first or position > last
        if line.open and outside and line.kind != "title" and not line.prose:
            used = scripts.of(line.text)
            foreign = bool(used) and script is not None and script not in used
            said = boilerplate.is_punctuated(line.text) or boilerplate.is_quoted(line.text)
            if foreign and not said and not any(map(str.isdigit, line.text)):
                line.reason = "not in the script of the article"


def _name_kinds(lines: Sequence[_Line], first: int) -> None:
    """Heading, list item, caption or text, for what is kept."""
    kept = [(i, line) for i, line in enumerate(lines) if line.open]
    in_list = False
    for at, (position, line) in enumerate(kept):
        before = kept[at - 1][1] if at else None
        after = kept[at + 1][1] if at + 1 < len(kept) else None
        opens = before is not None and before.text.endswith((":", "：", "፦", "ː"))
        short = not line.prose and not boilerplate.ends_sentence(line.text)
        in_list = short and (opens or (in_list and not _starts_section(line, after)))
        if line.kind is not None:
            continue
        if in_list or boilerplate.is_list_item(line.text):
            line.kind = "list"
        elif line.repeated and boilerplate.words(line.text) <= _MOST_CAPTION_WORDS:
            line.kind = "caption"
        elif not short:
            line.kind = "text"
        elif position < first:
            line.kind = "caption"
        else:
            line.kind = "heading" if after is not None and after.prose else "text"


_MOST_CAPTION_WORDS = 30


def _starts_section(line: _Line, after: _Line | None) -> bool:
    """Whether a short line after a list looks like the heading of what follows: with no mark in
    a language that only spacing tells apart, the last item before prose stays an item."""
    return after is not None and after.prose and line.text.endswith(("?", "؟", "？"))
