"""Read e-mail: one message (``.eml``), or a mailbox of them (mbox).

The subject is the title, the sender the author. The text is the HTML part, read as a page, or else
the plain one; what is attached is named in the log and not read.
"""

from __future__ import annotations

import email
import email.policy
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from email.utils import getaddresses

from toolkit.data import Article, Failure
from toolkit.errors import InputError
from toolkit.readers.base import Columns, Items, Stream, article_id
from toolkit.readers.dates import moment
from toolkit.readers.encodings import decode

log = logging.getLogger(__name__)

# Bytes of one message.
_MOST_BYTES = 50_000_000
_HEADER = re.compile(
    rb"(?im)^(from|to|subject|date|message-id|mime-version|received|return-path)"
    rb":[ \t]\S"
)
_HEADERS = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t]+[^\n]*\n)*)+\r?\n")
# Of those headers, as many as make a text a message: an interview may begin with "From: ...".
_LEAST_HEADERS = 3
_ENVELOPE = re.compile(rb"From \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} ")
_REMEDY = "Save its text, or the page that it links to."


def is_message(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` is an e-mail."""
    found = _HEADERS.match(head.replace(b"\r\n", b"\n"))
    names = {name.lower() for name in _HEADER.findall(found[0])} if found else set()
    return len(names) >= _LEAST_HEADERS


def is_mailbox(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` is a mailbox."""
    return _ENVELOPE.match(head) is not None


def read_message(data: bytes, source: str) -> Items:
    """Yield the article of one message."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    try:
        yield _article(message, source)
    # The parser leaves what is broken in a header or a part to whoever asks for it.
    except (ValueError, LookupError, AttributeError, TypeError, IndexError) as error:
        yield Failure(source, "read", f"a broken message ({error})", _REMEDY)


def read_mailbox(stream: Stream, source: str, columns: Columns = None) -> Items:
    """Yield the article of each message in a mailbox."""
    for number, data in enumerate(_messages(stream), start=1):
        yield from read_message(data, f"{source}:{number}")


def _messages(stream: Stream) -> Iterator[bytes]:
    """Yield the messages; one begins where ``From`` and a day stand after a blank line."""
    lines: list[bytes] = []
    size, blank = 0, True
    while line := stream.readline():
        if blank and _ENVELOPE.match(line):
            if lines:
                yield b"".join(lines)
            lines, size = [], 0
        elif size < _MOST_BYTES:
            # Such a line within a message is quoted.
            lines.append(line[1:] if line.startswith(b">From ") else line)
            size += len(line)
        blank = not line.strip()
    if lines:
        yield b"".join(lines)


def _article(message: EmailMessage, source: str) -> Article | Failure:
    title = " ".join(str(message.get("subject", "")).split()) or None
    senders = getaddresses([str(message.get("from", ""))])
    author = ", ".join(name or address for name, address in senders) or None
    for part in message.iter_attachments():
        log.info("%s: attached and not read: %s", source, part.get_filename() or "a part")
    article = _body(message, source, title)
    if isinstance(article, Failure):
        return article
    written = message.get("date")
    return replace(
        article,
        author=author,
        published=moment(str(written)) if written else None,
        language=message.get("content-language") or article.language,
    )


def _body(message: EmailMessage, source: str, title: str | None) -> Article | Failure:
    from toolkit.readers.html import block_text, read_page

    page, plain = (_text(message, kind, source) for kind in ("html", "plain"))
    if page:
        article = read_page(page, source, title=title)
        if isinstance(article, Article):
            return article
    text = plain or (block_text(page) if page else "")
    if not text.strip():
        return Failure(source, "read", "no text in the message", _REMEDY)
    return Article(id=article_id(title, text), source=source, text=text, title=title)


def _text(message: EmailMessage, kind: str, source: str) -> str:
    part = message.get_body((kind,))
    data = part.get_payload(decode=True) if part else None
    if part is None or not isinstance(data, bytes) or not data.strip():
        return ""
    try:
        return decode(data, source, part.get_content_charset())
    except InputError:
        return ""
