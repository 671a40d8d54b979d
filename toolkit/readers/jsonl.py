"""Read JSON Lines: one article a line, an object with at least ``text``.

The names that feeds and crawlers use are understood: ``text``/``body``/``content``/``maintext``,
``title``/``headline``, ``language``/``lang``, ``author``/``byline``, ``published``/``date``,
``url``/``link``, ``publisher``/``site_name``, and ``source``, which may be an address or a name.
A page's HTML (``html``, ``raw_html``, or any of the names of text) is read as a page; tags and
entities in other texts are read as HTML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from toolkit.data import Article, Failure
from toolkit.errors import InputError
from toolkit.readers.base import article_id
from toolkit.readers.encodings import decode, refuse_other
from toolkit.readers.markup import fragment_text, is_fragment, is_page

_FIELDS = {
    "text": ("text", "body", "content", "maintext"),
    "title": ("title", "headline"),
    "language": ("language", "lang"),
    "author": ("author", "byline", "authors"),
    "published": ("published", "date", "date_publish", "published_at"),
    "address": ("url", "link", "source", "source_url", "canonical_url"),
    "html": ("html", "raw_html", "page_html"),
    "publisher": ("publisher", "site_name", "sitename", "source_name", "outlet", "source"),
}
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
# Bytes of the start of a file in which UTF-16 shows itself by a zero after the first brace.
_HEAD = 64


def read_jsonl(data: bytes, source: str) -> Iterator[Article | Failure]:
    """Yield an article for each line that is not blank; a bad line is a failure with its
    number."""
    for number, line in enumerate(_lines(data, source), start=1):
        if not line.strip():
            continue
        where = f"{source}:{number}"
        try:
            text = line if isinstance(line, str) else decode(line, where)
        except InputError as error:
            reason = str(error).removeprefix(f"{where}: ")
            yield Failure(where, "read", reason, "Mend or remove the line.")
        else:
            yield _article(text, where)


def _lines(data: bytes, source: str) -> Sequence[str | bytes]:
    """Return the lines of ``data``, as bytes where each can be decoded for itself.

    A line ends at ``\\n`` alone: the other characters that ``splitlines()`` cuts at may stand
    unescaped inside a JSON string.
    """
    refuse_other(data, source)
    if is_wide(data):
        return decode(data, source).split("\n")
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    foreign = [line for line in lines if not line.isascii()]
    # A zero, which no such text has, would spoil the detection for all lines.
    if foreign and b"\x00" not in data and not any(map(_is_utf8, foreign)):
        # No line is UTF-8: the encoding is detected better from the whole than line by line.
        try:
            return decode(data, source).split("\n")
        except InputError:
            pass
    return lines


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_wide(data: bytes) -> bool:
    """Return whether ``data`` begins as JSON Lines in UTF-16 or UTF-32 do. Zeros alone are no
    sign: a broken download or a crash leaves them in files of any encoding."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    brace = data[:_HEAD].find(b"{")
    # After the brace stands the rest of it or the first part of what follows, which is ASCII.
    return brace >= 0 and data[brace + 1 : brace + 2] == b"\x00"


def is_json_lines(data: bytes) -> bool:
    """Return whether the first line of ``data`` that is not blank is a JSON object."""
    if is_wide(data):
        try:
            text = decode(data, "")
        except InputError:
            return False
    else:
        line = data.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0]
        text = line.decode("utf-8", "replace")
    try:
        return isinstance(json.loads(text.lstrip().split("\n", 1)[0]), dict)
    except (ValueError, RecursionError):
        return False


def _article(line: str, where: str) -> Article | Failure:
    try:
        record = json.loads(line)
    # Plain ValueError is what an integer of thousands of digits raises.
    except (ValueError, RecursionError) as error:
        return Failure(where, "read", f"not valid JSON ({error})", "Mend or remove the line.")
    if not isinstance(record, dict):
        return Failure(where, "read", "not a JSON object", "Each line must be {...}.")
    for key in _FIELDS["published"]:
        # Feeds give seconds since 1970, too.
        if isinstance(record.get(key), int | float):
            record[key] = str(record[key])
    found = {name: _field(record, keys) for name, keys in _FIELDS.items()}
    for name in ("title", "author", "publisher"):
        found[name] = _unmarked(found[name])
    if found["author"]:
        found["author"] = ", ".join(found["author"].splitlines())
    text = found["text"]
    if text and not is_page(text):
        text = _unmarked(text)
    elif text or found["html"]:
        return _page(found, where, text or found["html"] or "")
    if not text:
        keys = ", ".join(_FIELDS["text"])
        remedy = f"Give the text, a string or a list of them, as one of: {keys}."
        return Failure(where, "read", "no text in the record", remedy)
    source, publisher = _origin(found, where)
    return Article(
        id=article_id(found["title"], text),
        source=source,
        text=text,
        title=found["title"],
        language=found["language"],
        author=found["author"],
        published=found["published"],
        publisher=publisher,
    )


def _origin(found: dict[str, str | None], where: str) -> tuple[str, str | None]:
    """The source of a record, its address or ``where`` it stands, and its publisher."""
    address, publisher = found["address"], found["publisher"]
    return (
        address if address and _ADDRESS.match(address) else where,
        None if publisher and _ADDRESS.match(publisher) else publisher,
    )


def _unmarked(text: str | None) -> str | None:
    return fragment_text(text).strip() if text and is_fragment(text) else text


def _page(found: dict[str, str | None], where: str, page: str) -> Article | Failure:
    """The article of a record that has a page's HTML; what the record says of it counts before
    what the page says."""
    from toolkit.readers.html import read_page

    source, publisher = _origin(found, where)
    read = read_page(page, where, title=found["title"])
    if isinstance(read, Failure):
        return read
    return replace(
        read,
        source=source,
        language=found["language"] or read.language,
        author=found["author"] or read.author,
        published=found["published"] or read.published,
        publisher=publisher or read.publisher,
    )


def _field(record: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    """Return the first of ``keys`` that holds text. A list is paragraphs, or several authors."""
    for key in keys:
        value = _plain(record.get(key))
        if value.strip():
            # Lone surrogates and NUL are legal in JSON escapes and in no text.
            return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8").strip()
    return None


def _plain(value: Any) -> str:
    """Return a string, an object's ``text`` or ``name``, a list of these joined, or else
    nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        return ""
    items = [
        i.get("text", i.get("name")) if isinstance(i, dict) else i for i in value if i is not None
    ]
    texts = [i for i in items if isinstance(i, str)]
    return "\n".join(texts) if len(texts) == len(items) else ""
