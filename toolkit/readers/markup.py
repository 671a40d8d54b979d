"""Whether bytes or a text are written in HTML: asked of every file, so without a parser."""

from __future__ import annotations

import html
import re

_BEFORE = r"\ufeff?\s*(?:<\?xml\b[^>]*>\s*)?(?:<!--.*?-->\s*)*"
_PAGE = re.compile(rf"{_BEFORE}<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_PART = re.compile(
    rf"{_BEFORE}<(?:article|main|section|div|header|figure|table|p|h[1-6]|ul|ol)\b[^<>]*>",
    re.I | re.S,
)
_BLOCK = re.compile(
    r"</?(?:p|div|br|h[1-6]|li|ul|ol|tr|table|blockquote|figure|section)\b[^<>]*>", re.I
)
_INLINE = re.compile(
    r"</?(?:a|abbr|b|cite|code|em|i|img|mark|s|small|span|strong|sub|sup|time|u)\b[^<>]*>", re.I
)
_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{2,6}|#x[0-9a-f]{2,5});", re.I)
# Bytes and characters looked at: comments and blank lines may stand before the first tag.
_HEAD = 8192


def begins_as_page(data: bytes, *, part: bool = True) -> bool:
    """Return whether ``data`` begins as a web page does, or with ``part`` as a part of one."""
    head = data[:_HEAD]
    if head.startswith((b"\xff\xfe", b"<\x00")):
        text = head.decode("utf-16-le", "replace")
    elif head.startswith((b"\xfe\xff", b"\x00<")):
        text = head.decode("utf-16-be", "replace")
    else:
        text = head.decode("utf-8", "replace")
    return is_page(text) or (part and _PART.match(text) is not None)


def is_page(text: str) -> bool:
    """Return whether ``text`` begins as a whole web page does."""
    return _PAGE.match(text[:_HEAD]) is not None


def is_fragment(text: str) -> bool:
    """Return whether ``text`` has tags of text or entities of HTML."""
    return any(pattern.search(text) for pattern in (_BLOCK, _INLINE, _ENTITY))


def fragment_text(text: str) -> str:
    """Return the lines of a text that is written in HTML, a part of a page, without captions."""
    if not _BLOCK.search(text):
        # Only its inside is HTML: its lines stay as they are.
        return html.unescape(_INLINE.sub("", text))
    from toolkit.readers.html import block_text

    return block_text(text)
