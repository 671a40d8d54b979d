"""Read web archives: the pages of WARC and ARC files, and the texts of WET files."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from toolkit.data import Article, Failure
from toolkit.errors import InputError
from toolkit.readers.base import Columns, Items, Stream, article_id
from toolkit.readers.encodings import decode
from toolkit.readers.html_tree import MAX_BYTES

log = logging.getLogger(__name__)

_PAGES = ("text/html", "application/xhtml+xml")
_OK = "200"


def read_warc(stream: Stream, source: str, columns: Columns = None) -> Items:
    """Yield the article of each page in a web archive. Pictures, scripts, pages of errors and what
    was asked for are counted in the log, and are no failures."""
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    skipped: Counter[str] = Counter()
    number, record = 0, None
    archive = ArchiveIterator(stream, arc2warc=True)
    # It would write to the terminal about lengths that are wrong by a few bytes.
    archive.INC_RECORD = ""
    try:
        for record in _records(archive):
            number += 1
            where = record.rec_headers.get_header("WARC-Target-URI") or f"{source}:{number}"
            reason = _skipped(record)
            if reason:
                skipped[reason] += 1
                continue
            yield from _read(record, where.strip("<>"))
    except ArchiveLoadFailed as error:
        line = " ".join(str(error).split())
        yield Failure(source, "read", f"a damaged web archive ({line})", "Fetch it again.")
    # The last record of a file that was cut ends before its length.
    if record is not None and getattr(record.raw_stream, "limit", 0) > 0:
        reason = "the web archive breaks off within its last record"
        yield Failure(source, "read", reason, "Fetch it again.")
    if skipped:
        log.info("%s: records not read: %s", source, dict(skipped))


def _records(archive: Iterator[Any]) -> Iterator[Any]:
    """Yield the records of ``archive``; whatever its parser stumbles over is damage."""
    from warcio.exceptions import ArchiveLoadFailed

    try:
        yield from archive
    except ArchiveLoadFailed:
        raise
    except Exception as error:
        raise ArchiveLoadFailed(str(error) or type(error).__name__) from None


def _skipped(record: Any) -> str:
    """Return why a record is no page, or nothing."""
    if record.rec_type == "conversion":
        return ""
    if record.rec_type not in ("response", "resource"):
        return str(record.rec_type)
    if record.http_headers and record.http_headers.get_statuscode() != _OK:
        return f"status {record.http_headers.get_statuscode()}"
    kind = _content_type(record).partition(";")[0].strip().lower()
    return "" if kind in _PAGES else kind or "no content type"


def _content_type(record: Any) -> str:
    headers = record.http_headers or record.rec_headers
    return headers.get_header("Content-Type") or ""


def _read(record: Any, where: str) -> Items:
    from toolkit.readers.html import read_html

    try:
        data = record.content_stream().read(MAX_BYTES + 1)
        if record.rec_type != "conversion":
            charset = _content_type(record).lower().partition("charset=")[2].strip(" \"';")
            yield from read_html(data, where, declared=charset or None)
            return
        text = decode(data, where)
        language = record.rec_headers.get_header("WARC-Identified-Content-Language")
        article = Article(id=article_id(None, text), source=where, text=text)
        yield replace(article, language=language) if language and "," not in language else article
    except InputError as error:
        yield Failure(where, "read", str(error).removeprefix(f"{where}: "), error.remedy)
    except Exception as error:  # a packing that warcio cannot undo costs its page alone
        line = " ".join(str(error).split())
        yield Failure(where, "read", f"a broken record ({line})", "Fetch it again.")
