"""Whether bytes or a text are a feed or in HTML: asked of every file, so without a parser."""

from __future__ import annotations

import html
import re

# Atomic: a row of comments can be cut in 2 ** n ways.
_BEFORE = r"\ufeff?\s*(?:<\?xml\b[^>]*>\s*)?(?:(?><!--.*?-->)\s*)*+"
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
# Elements that may stand among words and whose content may be no text.
_EMBEDDED = re.compile(
    r"<(?:script|style|iframe|object|embed|video|audio|svg|noscript|picture|font|center|form)\b",
    re.I,
)
_TAG_OR_LINE_END = re.compile(r"<[^<>]*>|\n")
_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{2,6}|#x[0-9a-f]{2,5});", re.I)
# Before the first element of a feed may stand a declaration, comments and a document type; before
# the declaration, warnings of the program that wrote it.
_WARNINGS = rb"(?s)\s*(?:[^<]*+(?:<(?!\?xml\b)[^<]*+)*+(?=<\?xml\b))?"
_PROLOG = rb"(?>(?:<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)\s*)*+"
_FEED = re.compile(
    _WARNINGS + _PROLOG + rb"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE
)
_FEED_LIST = re.compile(_WARNINGS + _PROLOG + rb"<opml\b", re.IGNORECASE)
_JSON_FEED = re.compile(rb'"version"\s*:\s*"https?:\\?/\\?/(?:www\.)?jsonfeed\.org\\?/version')
# An entity, and a tag at the start of a text, whose own sign is written as an entity.
_ENTITY_TWICE = re.compile(r"&amp;(?:[a-z]{2,8}|#\d{2,6}|#x[0-9a-f]{2,5});", re.I)
_ESCAPED_TAG = re.compile(
    r"\s*&(?:amp;)?lt;(?:p|div|h[1-6]|ul|ol|table|blockquote|figure|section|article|span|br)\b",
    re.I,
)
# Bytes and characters looked at: comments and blank lines may stand before the first tag.
HEAD = 8192


def begins_as_page(data: bytes, *, part: bool = True) -> bool:
    """Return whether ``data`` begins as a web page does, or with ``part`` as a part of one."""
    head = data[:HEAD]
    if head.startswith((b"\xff\xfe", b"<\x00")):
        text = head.decode("utf-16-le", "replace")
    elif head.startswith((b"\xfe\xff", b"\x00<")):
        text = head.decode("utf-16-be", "replace")
    else:
        text = head.decode("utf-8", "replace")
    return is_page(text) or (part and _PART.match(text) is not None)


def is_feed(data: bytes) -> bool:
    """Return whether ``data`` begins as a feed in XML or is a JSON Feed."""
    head = _ascii_head(data)
    if head[:1] == b"{":
        return _JSON_FEED.search(data.replace(b"\0", b"")) is not None
    return _FEED.match(head) is not None


def is_feed_list(data: bytes) -> bool:
    """Return whether ``data`` begins as a list of feeds in OPML."""
    return _FEED_LIST.match(_ascii_head(data)) is not None


def _ascii_head(data: bytes) -> bytes:
    """Return the start of ``data`` without a mark. UTF-16 is ASCII with zeros between."""
    return data[:HEAD].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")


def is_page(text: str) -> bool:
    """Return whether ``text`` begins as a whole web page does."""
    return _PAGE.match(text[:HEAD]) is not None


def is_fragment(text: str) -> bool:
    """Return whether ``text`` has tags of text or entities of HTML."""
    return any(pattern.search(text) for pattern in (_BLOCK, _INLINE, _EMBEDDED, _ENTITY))


def fragment_text(text: str) -> str:
    """Return the lines of a text that is written in HTML, a part of a page, without captions."""
    if _ENTITY_TWICE.search(text):
        text = html.unescape(text)
    if _ESCAPED_TAG.match(text):
        text = html.unescape(text)
    if not _BLOCK.search(text):
        # Only its inside is HTML: its lines stay as they are.
        if not _EMBEDDED.search(text):
            return html.unescape(_INLINE.sub("", text))
        text = _TAG_OR_LINE_END.sub(lambda m: "<br>" if m[0] == "\n" else m[0], text)
    from toolkit.readers.html import block_text

    return block_text(text)
