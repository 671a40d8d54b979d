"""A page that was saved as text, as its paragraphs: what a program put around them is undone.

Text browsers cut lines at the width of a screen, number links and mark lists; Markdown writes
addresses behind links; bare text runs the parts of a page into one line. Each paragraph keeps the
number of the line that it begins on, and how it was set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from toolkit.text import boilerplate
from toolkit.text.lines import Line

_SPACES = (
    " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_LINE_BREAK = re.compile(r"\r\n|\r|\n|\u2028|\u2029|\x85|[\v\f\x1c-\x1e]")
_TAB = 8
# Lines cut at a width: how many pairs show it, the widths of screens, and the part of the pairs in
# which there was no room for the next word, and in which a sentence goes on.
_WRAP_PAIRS, _WRAP_LEAST, _WRAP_MOST, _WRAP_FULL = 3, 45, 100, 0.65
# The part of long lines that may be longer than that: addresses have no place to be cut at.
_WRAP_LONGER, _WRAP_OVER = 0.15, 6
# Lines that show that every piece of a sentence got a line, and marks that begin no sentence.
_LEAST_FRAGMENTS = 4
_GOING_ON = frozenset(",.;:!?)]’”»،؛؟।、。")
# Links that show that a page is Markdown, or numbered by a text browser.
_LEAST_LINKS = 4
# Words that most links have, where a text browser numbers them.
_LINK_WORDS = 4
_MARKDOWN_LINK = re.compile(
    r"\[([^\[\]]*)\]\s?\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\)){0,4000}?\)|<(https?://[^<>\s]+)>"
)
_MARKDOWN_IMAGE = re.compile(r"!\[[^\[\]]*\]\s?\((?:[^()\\]|\\.|\([^()]*\)){0,4000}?\)")
_MARKDOWN_HEADING = re.compile(r"^(#{1,6}) +(?=\S)")
# A text that begins with a heading by itself.
_HEADED = re.compile(r"\s*#{1,3} +\S.*\n[ \t]*\n")
_MARKDOWN_SIGNS = re.compile(
    r"(?<![\w*])(?:\*\*|__|_)(?=\S)|(?<=\S)(?:\*\*|__|_)(?![\w*])|\\(?=[^\w\s])"
)
_BLANKS = re.compile(r"[^\S\u3000]+")
_NUMBERED_LINK = re.compile(r"\[(\d{1,4})\] ?")
_BULLET = re.compile(r"^(?:[-–—•▪●◦*·+]|\(?\d{1,2}[.)])\s+")
# Characters of a line that may be several parts of a page, or (where words are not spaced) many
# sentences of one part.
_LONG_LINE, _LONG_UNSPACED = 250, 600
# Places without a space in it, or with so many, that show that such a line is several parts:
# typists forget some, or put two.
_LEAST_SEAMS, _GAP = 4, 3
_Seam = tuple[int, int, str]
_WEAK_SEAM = re.compile(
    r"(?<=[\u3040-\u9fff])[ \u3000]+|[ \u3000]+(?=[\u3040-\u9fff])"
    r"|(?<=[^\W\d_\u3040-\u9fff])(?=[\u3040-\u9fff])|(?<=\d:\d\d)"
)
# Characters of a sentence where words are not spaced; a longer one has a menu before it.
_LONG_SENTENCE = 120


@dataclass(slots=True)
class Row:
    """A paragraph and how it stands on the page. ``links`` is the part of its words that are links,
    as far as the page shows; ``joint`` is the white space before it if it is a later part of a line
    and not the beginning of one. ``open_start`` and ``open_end`` are whether one space or a mark
    shows that the line is cut out of a sentence there."""

    number: int
    line: Line
    indent: int = 0
    after_blank: bool = True
    links: float = 0.0
    heading: bool = False
    open_start: bool = False
    open_end: bool = False
    joint: str | None = None


def rows(text: str, *, parts: bool = True) -> list[Row]:
    """Return the paragraphs of ``text`` that are not blank; ``parts`` takes long lines apart where
    parts of a page were run together."""
    found = list(_raw(text))
    markdown = _is_markdown(text)
    numbered = not markdown and _is_numbered(text)
    # Programs that number links cut lines, too.
    pairs = 1 if numbered else _WRAP_PAIRS
    width = _wrapped_at(found, pairs)
    if width is None and all(row.after_blank for row in found):
        # A blank line between all lines says nothing.
        close = [replace(row, after_blank=False) for row in found]
        if (width := _wrapped_at(close, pairs)) is not None:
            found = close
    if width is not None:
        found = _joined(found, width)
    elif _has_fragments(found):
        found = _defragmented(found)
    if markdown:
        found = [_without_markdown(row) for row in found]
    elif numbered:
        found = [_without_numbers(row) for row in found]
    found = [row for row in found if row.line.text]
    return [part for row in found for part in _parts(row)] if parts else found


def strip(text: str) -> str:
    """Return ``text`` without white space of any kind at its ends."""
    return text.strip(_SPACES)


def rejoined(text: str, part: Row) -> str | None:
    """Return ``text`` with the part of its line that follows; None where they are better apart: a
    small letter or a stop without a space after it was the end of something else."""
    last = text.rsplit(maxsplit=1)[-1]
    name = last[0].isupper() and last[-1].isalpha()
    if part.joint or name or boilerplate.is_unspaced(last[0]):
        return f"{text}{part.joint}{part.line.text}"
    return None


def _raw(text: str) -> Iterator[Row]:
    blank = True
    for number, raw in enumerate(_LINE_BREAK.split(text), 1):
        stripped = raw.strip(_SPACES)
        if stripped:
            head = raw[: len(raw) - len(raw.lstrip())].expandtabs(_TAB)
            # An ideographic space begins a paragraph.
            yield Row(
                number,
                Line(stripped),
                len(head),
                blank or "\u3000" in head,
                open_start=len(head) == 1 or stripped[0] in _GOING_ON,
                open_end=len(raw) - len(raw.rstrip()) == 1,
            )
        blank = not stripped


def _length(row: Row) -> int:
    """Return how many characters the line has from the left edge on."""
    return row.indent + len(row.line.text)


def _cut_pairs(found: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Return the lines that another one follows at once which is no item of a list."""
    return [
        (row, below)
        for row, below in pairwise(found)
        if not (below.after_blank or _BULLET.match(below.line.text) or "](" in row.line.text)
    ]


def _wrapped_at(found: Sequence[Row], pairs: int) -> int | None:
    """Return the width at which lines were cut: most of those in mid-sentence fit and had no room
    for the next word, and hardly any line is longer. None where they were not."""
    cut = [
        (_length(row), _length(row) + _first_word(below))
        for row, below in _cut_pairs(found)
        if not row.line.ends_sentence and _goes_on_small(below)
    ]
    cut = [(least, most) for least, most in cut if _WRAP_LEAST <= least <= _WRAP_MOST]
    if len(cut) < pairs:
        return None
    fitting = {
        width: sum(least <= width <= most for least, most in cut)
        for width in range(_WRAP_LEAST, _WRAP_MOST + 1)
    }
    width = max(fitting, key=lambda w: fitting[w])
    long = [
        n
        for row in found
        if (n := _length(row)) >= _WRAP_LEAST
        and "://" not in row.line.text
        and "](" not in row.line.text
    ]
    longer = sum(n > width + _WRAP_OVER for n in long)
    if fitting[width] < _WRAP_FULL * len(cut) or longer > _WRAP_LONGER * len(long):
        return None
    return width


def _goes_on_small(row: Row) -> bool:
    """Return whether the line begins with a letter that is no capital."""
    return row.line.text[0].isalpha() and not row.line.text[0].isupper()


def _first_word(row: Row) -> int:
    """Return how many characters the first word takes, with the space before it."""
    if boilerplate.is_unspaced(row.line.text[0]):
        return 2
    return len(row.line.text.split(maxsplit=1)[0]) + 1


def _fills(row: Row, below: Row, width: int) -> bool:
    """Return whether a line has no room for the first word of what follows."""
    return _length(row) + _first_word(below) >= width


def _joined(found: Sequence[Row], width: int) -> list[Row]:
    """Return paragraphs of the lines that were cut at ``width``."""
    groups: list[list[Row]] = []
    for row in found:
        before = groups[-1][-1] if groups else None
        if before is None or row.after_blank or not _goes_on(before, row, width):
            groups.append([row])
        else:
            groups[-1].append(row)
    return [replace(group[0], line=_join([row.line.text for row in group])) for group in groups]


def _goes_on(before: Row, row: Row, width: int) -> bool:
    if _BULLET.match(row.line.text) or row.line.text.startswith("#"):
        return False
    if _fills(before, row, width):
        return True
    mid = not before.line.ends_sentence and _goes_on_small(row)
    return mid and _length(before) >= width / 2


def _join(texts: Sequence[str]) -> Line:
    parts = [texts[0]]
    for before, text in pairwise(texts):
        parts += ["" if boilerplate.is_unspaced(before[-1] + text[0]) else " ", text]
    return Line("".join(parts))


def _are_fragments(before: Row, row: Row) -> bool:
    return not row.after_blank and (before.open_end or row.open_start)


def _has_fragments(found: Sequence[Row]) -> bool:
    """Return whether lines are cut wherever a link or bold type begins or ends."""
    inside = [
        _goes_on_small(row) or row.line.text[0] in _GOING_ON
        for before, row in pairwise(found)
        if _are_fragments(before, row) and not before.line.ends_sentence
    ]
    return sum(inside) >= _LEAST_FRAGMENTS


def _defragmented(found: Sequence[Row]) -> list[Row]:
    """Return the paragraphs that such lines are parts of."""
    groups: list[list[Row]] = []
    for row in found:
        if groups and _are_fragments(groups[-1][-1], row):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [replace(group[0], line=_join_pieces([r.line.text for r in group])) for group in groups]


def _join_pieces(texts: Sequence[str]) -> Line:
    rest = [text if text[0] in _GOING_ON else f" {text}" for text in texts[1:]]
    return Line("".join([texts[0], *rest]))


def _is_markdown(text: str) -> bool:
    return (
        text.count("](") >= _LEAST_LINKS
        or len(re.findall(r"(?m)^#{1,6} +\S", text)) >= 2
        or _HEADED.match(text) is not None
    )


def _is_numbered(text: str) -> bool:
    """Return whether links are numbered, from 1 on in the order of the page."""
    numbers = [int(m[1]) for m in _NUMBERED_LINK.finditer(text[:200_000])][:_LEAST_LINKS]
    return numbers == list(range(1, _LEAST_LINKS + 1))


def _without_markdown(row: Row) -> Row:
    text = _MARKDOWN_IMAGE.sub("", row.line.text)
    linked = sum(len(m[1] or m[2] or "") for m in _MARKDOWN_LINK.finditer(text))
    text = _MARKDOWN_LINK.sub(lambda m: m[1] if m[1] is not None else m[2], text)
    text = _MARKDOWN_SIGNS.sub("", text)
    bullet = _BULLET.match(text)
    head = bullet.group() if bullet else ""
    rest = text[len(head) :]
    bare = _MARKDOWN_HEADING.sub("", rest)
    text = _BLANKS.sub(" ", f"{head}{bare}").strip()
    return replace(
        row,
        line=Line(text),
        links=min(1.0, linked / max(1, len(text))),
        heading=bare != rest,
    )


def _without_numbers(row: Row) -> Row:
    text, links = _NUMBERED_LINK.subn("", row.line.text)
    # How long the link is cannot be seen: as long as most are.
    share = _LINK_WORDS * links / max(1, len(text.split()))
    return replace(row, line=Line(text.strip(_SPACES)), links=min(1.0, share))


@lru_cache(maxsize=1)
def _seam() -> re.Pattern[str]:
    """Return where two parts of a page were run together: nothing stands between a stop or a small
    letter and a capital; or (where words are not spaced) a sentence ends."""
    letters = [chr(c) for c in range(0x10000)]
    upper = "".join(c for c in letters if c.isupper())
    lower = "".join(c for c in letters if c.islower())
    other = "\u0590-\u08ff\u0900-\u0dff\u10d0-\u10ff\u1200-\u139f\u1780-\u17ff\uac00-\ud7a3"
    return re.compile(
        rf"(?<=[{lower}]{{3}})(?=[{upper}](?:[{lower}]{{2}}|[{upper}]{{2}}))|(?<=\d)(?=[{upper}][{lower}]{{3}})"
        rf"|(?<=[{lower}\d{other}][.!?…۔।؟])(?=[{upper}«“„{other}])"
        rf"|(?<=[.!?…۔।؟][”\"»’])(?=[{upper}{other}])"
        rf"|(?<=[。！？])(?![」』）”])|(?<=[。！？][」』）”])"
        r"|[ \t\u00a0]{2,}|\t"
    )


def _parts(row: Row) -> list[Row]:
    """Return the parts of a page that a long line is made of, or the line as it is."""
    text = row.line.text
    unspaced = boilerplate.count_unspaced(text)
    if len(text) < (_LONG_UNSPACED if unspaced else _LONG_LINE):
        return [row]
    seams = [(m.start(), m.end(), m[0]) for m in _seam().finditer(text)]
    if 2 * unspaced > len(text):
        seams = _weaker_too(text, seams)
    if sum(not 0 < len(seam) < _GAP for _, _, seam in seams) < _LEAST_SEAMS:
        return [row]
    found: list[Row] = []
    start, joint = 0, row.joint
    for end, after, seam in (*seams, (len(text), len(text), "")):
        if part := text[start:end].strip():
            blank = row.after_blank and not found
            found.append(replace(row, line=Line(part), joint=joint, after_blank=blank))
        start, joint = after, seam
    return found


def _weaker_too(text: str, seams: list[_Seam]) -> list[_Seam]:
    """Return the seams, and within what is too long for a sentence where words are not spaced the
    places at which a text without spaces may have been joined."""
    found: list[_Seam] = []
    start = 0
    for seam in (*seams, (len(text), len(text), "")):
        part = text[start : seam[0]]
        if len(part) > _LONG_SENTENCE and 2 * boilerplate.count_unspaced(part) > len(part):
            weak = _WEAK_SEAM.finditer(text, start, seam[0])
            found += ((m.start(), m.end(), m[0]) for m in weak)
        found.append(seam)
        start = seam[1]
    return found[:-1]
