"""PDF: its text by paragraphs and headings, written as Markdown or as a web page. A PDF has no
paragraphs of its own: they are told from how large the letters are and where lines end."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from toolkit.digest.safe_text import markdown
from toolkit.documents.base import English, Part, Steps, Task, Unit
from toolkit.errors import InputError

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

# Letters of a heading are larger than those of the text by so much; it is no longer than this.
_LARGER, _HEADING = 1.15, 200
# A line that ends before this share of the widest, with a stop, ends its paragraph.
_SHORT = 0.85
# A distance between lines, in heights of one, that parts paragraphs.
_DISTANCE = 1.6
_STOP = re.compile(r"[.!?:…。！？।؟۔։][\"'”’»)\]]*$")
_ITEM = re.compile(r"(?:[•●▪◦‣–*-]|\d{1,3}[.)]|\([a-z0-9]{1,3}\))\s")
_HYPHENS = "-‐"
# What stands for the hyphen of a word that was divided, whose parts are joined already.
_DIVIDED = "\u00ad\ufffe\u0002"


@dataclass(slots=True)
class _Line:
    text: str
    size: float
    right: float
    top: float
    page: int


def translate(task: Task) -> Steps:
    """Translate a PDF into Markdown or a web page, whichever the target is."""
    lines = _lines(task)
    body = median(line.size for line in lines for _ in line.text)
    blocks = list(_blocks(lines, body))
    english = yield Part([Unit(text) for text, _, _ in blocks])
    rows = [(row, heading, page) for row, (_, heading, page) in zip(english, blocks, strict=True)]
    write = _markdown if task.target.suffix.lower() == ".md" else _page
    task.target.write_text(write(rows, task), encoding="utf-8", errors="replace", newline="\n")


def _lines(task: Task) -> list[_Line]:
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(task.source)
    except pdfium.PdfiumError as error:
        locked = "password" in str(error).lower()
        reason = "encrypted" if locked else "a broken PDF"
        remedy = "Save it without a password." if locked else "Fetch it again."
        raise InputError(f"{task.source}: {reason}", remedy=remedy) from None
    try:
        lines = [line for number, page in enumerate(document, 1) for line in _read(page, number)]
    finally:
        document.close()
    if not lines:
        raise InputError(
            f"{task.source}: it holds no text, only pictures",
            remedy="Recognise its text first (ocrmypdf does).",
        )
    task.say("pictures, tables and columns of a PDF are not taken over")
    return lines


def _read(page: PdfPage, number: int) -> Iterator[_Line]:
    """Yield the lines of a page that have a text."""
    from pypdfium2 import raw

    text_page = page.get_textpage()
    text, sizes, right, top = "", [0.0], 0.0, 0.0
    for n in range(text_page.count_chars() + 1):
        last = n == text_page.count_chars()
        char = "\n" if last else chr(raw.FPDFText_GetUnicode(text_page, n))
        if char in _DIVIDED:
            continue
        if char in "\r\n":
            if text.strip():
                yield _Line(text.strip(), max(sizes), right, top, number)
            text, sizes, right, top = "", [0.0], 0.0, 0.0
            continue
        text += char
        if not char.isspace():
            _, _, edge, upper = text_page.get_charbox(n)
            sizes.append(round(raw.FPDFText_GetFontSize(text_page, n), 1))
            right, top = max(right, edge), max(top, upper)


def _blocks(lines: Sequence[_Line], body: float) -> Iterator[tuple[str, bool, int]]:
    """Yield the text of each paragraph, whether it is a heading, and its page."""
    widest = max(line.right for line in lines)
    text, last = "", lines[0]
    for line in lines:
        if text and _begins(line, last, widest):
            yield text, _is_heading(text, last, body), last.page
            text = ""
        if text and text[-1] in _HYPHENS and line.text[:1].islower():
            text = text[:-1] + line.text
        else:
            text = f"{text} {line.text}".strip()
        last = line
    yield text, _is_heading(text, last, body), last.page


def _begins(line: _Line, last: _Line, widest: float) -> bool:
    """Return whether a paragraph begins with ``line``."""
    if abs(line.size - last.size) > 0.1 * last.size or _ITEM.match(line.text):
        return True
    ended = _STOP.search(last.text) and last.right < _SHORT * widest
    if line.page != last.page:
        return bool(_STOP.search(last.text))
    return bool(ended) or abs(last.top - line.top) > _DISTANCE * max(last.size, 1)


def _is_heading(text: str, line: _Line, body: float) -> bool:
    return line.size >= _LARGER * body and len(text) <= _HEADING


def _markdown(rows: Sequence[tuple[English, bool, int]], task: Task) -> str:
    parts = [f"{'## ' if heading else ''}{markdown(row.text)}" for row, heading, _ in rows]
    return "\n\n".join(parts) + "\n"


def _page(rows: Sequence[tuple[English, bool, int]], task: Task) -> str:
    parts = []
    shown = 0
    for row, heading, page in rows:
        name = "h2" if heading else "p"
        anchor = f' id="page-{page}"' if page != shown else ""
        shown = page
        parts.append(f"<{name}{anchor}>{html.escape(row.text, quote=False)}</{name}>")
    title = html.escape(task.source.stem)
    head = (
        f'<!DOCTYPE html>\n<html lang="{task.tag}">\n<meta charset="utf-8">\n<title>{title}</title>'
    )
    return "\n".join([head, *parts]) + "\n"
