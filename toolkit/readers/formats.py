"""Choose the reader of a file: by its suffix, and by how it begins."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import PurePath

from toolkit import plugins
from toolkit.data import Article, Failure
from toolkit.errors import ConfigError, InputError
from toolkit.readers.base import Columns, Items, Reader, Stream, StreamReader
from toolkit.readers.compressed import SUFFIXES, inner_suffix, is_compressed, members
from toolkit.readers.jsonl import LONG_HEAD, is_json, read_json, read_jsonl
from toolkit.readers.mail import is_mailbox, is_message, read_mailbox, read_message
from toolkit.readers.markup import begins_as_page, is_feed
from toolkit.readers.not_articles import screened
from toolkit.readers.tables import read_csv, read_parquet
from toolkit.readers.text import read_text

# Bytes of a file by which its format is told.
_HEAD = 8192
# Failures of one file that are reported one by one.
_MOST_FAILURES = 1000


def read_html(data: bytes, source: str) -> Items:
    """Return the article of a web page: see ``toolkit.readers.html``, which is loaded now."""
    from toolkit.readers import html

    return html.read_html(data, source)


def read_feed(data: bytes, source: str) -> Items:
    """Return the articles of a feed: see ``toolkit.readers.feeds``, which is loaded now."""
    from toolkit.readers import feeds

    return feeds.read_feed(data, source)


def _read_warc(stream: Stream, source: str, columns: Columns) -> Items:
    from toolkit.readers import warc

    return warc.read_warc(stream, source, columns)


_BY_SUFFIX: dict[str, Reader] = {
    ".txt": read_text,
    ".text": read_text,
    ".md": read_text,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".rss": read_feed,
    ".atom": read_feed,
    ".rdf": read_feed,
    ".xml": read_feed,
    ".eml": read_message,
}
# Formats of many articles, which are read from a stream.
_STREAMED: dict[str, StreamReader] = {
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".json": read_json,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".tab": read_csv,
    ".parquet": read_parquet,
    ".mbox": read_mailbox,
    ".warc": _read_warc,
    ".wet": _read_warc,
    ".arc": _read_warc,
}
_MAY_BE_FEEDS = (".json",)
# How files of a format begin, whatever their names.
_BY_START: tuple[tuple[Callable[[bytes], bool], StreamReader], ...] = (
    (lambda head: head.startswith(b"PAR1"), read_parquet),
    (lambda head: head.startswith((b"WARC/1.", b"filedesc://")), _read_warc),
    (is_mailbox, read_mailbox),
)


def read(data: bytes, source: str, columns: Columns = None) -> list[Article | Failure]:
    """Return the articles in ``data``, as ``read_file`` yields them."""
    return list(read_file(Stream(io.BytesIO(data)), source, columns))


def read_stream(data: bytes, source: str) -> list[Article | Failure]:
    """Return the articles in ``data`` that has no file name, by how it begins."""
    return list(_read(Stream(io.BytesIO(data)), source, "", None))


def read_file(stream: Stream, source: str, columns: Columns = None) -> Items:
    """Yield the articles in ``stream``, by how it begins, or by the suffix of ``source``. Content
    that cannot be read is a failure."""
    return _read(stream, source, PurePath(source).suffix.lower(), columns)


def _read(stream: Stream, source: str, suffix: str, columns: Columns) -> Items:
    if is_compressed(stream.peek(_HEAD)) and suffix not in plugins.readers():
        return _apply(lambda: _read_members(stream, source, columns), source)
    if suffix in SUFFIXES:  # whoever fetched it has unpacked it
        suffix = inner_suffix(source)
    reader: Reader | None
    try:
        reader = plugins.reader(suffix) if suffix else None
    except ConfigError as error:
        return iter([Failure(source, "read", str(error), error.remedy)])
    # A JSON Feed may say that it is one after all of its entries.
    whole_feed = suffix in ("", *_MAY_BE_FEEDS) and stream.peek(_HEAD).lstrip().startswith(b"{")
    head = stream.peek(LONG_HEAD if whole_feed else _HEAD)
    reader = reader or _begins_as(head, suffix)
    if reader:
        return _apply(lambda: reader(stream.whole(source), source), source)
    streamed = _begun(stream.peek(_HEAD)) or _STREAMED.get(suffix)
    if streamed is None and not suffix:
        streamed = read_json if is_json(stream.peek(LONG_HEAD)) else _read_text
    if streamed is None:
        known = ", ".join(sorted({*_BY_SUFFIX, *_STREAMED, *SUFFIXES, *plugins.readers()}))
        reason = f"no reader for {suffix} files"
        return iter([Failure(source, "read", reason, f"Save it as {known}.")])
    return _apply(lambda: streamed(stream, source, columns), source)


def _begins_as(head: bytes, suffix: str) -> Reader | None:
    """Return the reader of a whole file that begins with ``head``; None where none of these is
    for it."""
    known = _BY_SUFFIX.get(suffix)
    if suffix in _STREAMED and suffix not in _MAY_BE_FEEDS:
        return None
    if known in (None, read_text, read_html) and is_feed(head):
        return read_feed
    if known in (None, read_text) and is_message(head):
        return read_message
    # Markdown may begin with a tag.
    if known in (None, read_text, read_feed) and begins_as_page(head, part=suffix != ".md"):
        return read_html
    return None if _begun(head) else known


def _read_members(stream: Stream, source: str, columns: Columns) -> Items:
    for member in members(stream, source):
        if isinstance(member, Failure):
            yield member
        else:
            yield from _read(member.stream, member.source, member.suffix, columns)


def _read_text(stream: Stream, source: str, columns: Columns) -> Iterable[Article | Failure]:
    return read_text(stream.whole(source), source)


def _begun(head: bytes) -> StreamReader | None:
    return next((reader for begins, reader in _BY_START if begins(head)), None)


def _apply(read: Callable[[], Iterable[Article | Failure]], source: str) -> Items:
    """Yield what ``read`` gives, its errors as failures, of which a file may have so many. A file
    in which nothing is found is one, too: nobody should look for it in vain."""
    failed, item = 0, None
    try:
        for item in map(screened, read()):
            failed += isinstance(item, Failure)
            if isinstance(item, Article) or failed <= _MOST_FAILURES:
                yield item
    except (InputError, ConfigError) as error:
        reason = str(error).removeprefix(f"{source}: ")
        yield Failure(source, "read", reason, error.remedy)
    else:
        if item is None:
            reason = "there is nothing to be read in it"
            yield Failure(source, "read", reason, "Leave it out, or fetch it again.")
    if failed > _MOST_FAILURES:
        reason = f"{failed - _MOST_FAILURES:,} more records that cannot be read"
        yield Failure(source, "read", reason, "Mend what is said of the first ones.")
