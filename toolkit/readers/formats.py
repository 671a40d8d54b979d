"""Choose the reader of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from toolkit import plugins
from toolkit.data import Article, Failure
from toolkit.errors import ConfigError, InputError
from toolkit.readers.base import Reader
from toolkit.readers.jsonl import is_json_lines, read_jsonl
from toolkit.readers.markup import begins_as_page, is_feed
from toolkit.readers.text import read_text


def read_html(data: bytes, source: str) -> Iterator[Article | Failure]:
    """Return the article of a web page: see ``toolkit.readers.html``, which is loaded now."""
    from toolkit.readers import html

    return html.read_html(data, source)


def read_feed(data: bytes, source: str) -> Iterator[Article | Failure]:
    """Return the articles of a feed: see ``toolkit.readers.feeds``, which is loaded now."""
    from toolkit.readers import feeds

    return feeds.read_feed(data, source)


_BY_SUFFIX: dict[str, Reader] = {
    ".txt": read_text,
    ".text": read_text,
    ".md": read_text,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".rss": read_feed,
    ".atom": read_feed,
    ".rdf": read_feed,
    ".xml": read_feed,
}


def read(data: bytes, source: str) -> list[Article | Failure]:
    """Return the articles in ``data``, by the reader for the suffix of ``source`` or, without
    one, by ``read_stream``. Content that cannot be read is in the list as a failure."""
    suffix = Path(source).suffix.lower()
    if not suffix:
        return read_stream(data, source)
    try:
        reader = plugins.reader(suffix) or _BY_SUFFIX.get(suffix)
    except ConfigError as error:
        return [Failure(source, "read", str(error), error.remedy)]
    if reader in (None, read_text, read_html) and is_feed(data):
        reader = read_feed
    # Markdown may begin with a tag.
    elif reader in (None, read_text, read_feed) and begins_as_page(data, part=suffix != ".md"):
        reader = read_html
    if reader is None:
        known = ", ".join(sorted({*_BY_SUFFIX, *plugins.readers()}))
        return [Failure(source, "read", f"no reader for {suffix} files", f"Save it as {known}.")]
    return _apply(reader, data, source)


def read_stream(data: bytes, source: str) -> list[Article | Failure]:
    """Return the articles in ``data`` that has no file name: a feed or a web page where it begins
    as one, JSON Lines where it begins with a JSON object, else plain text. Content that cannot be
    read is in the list as a failure."""
    if is_feed(data):
        return _apply(read_feed, data, source)
    if begins_as_page(data):
        return _apply(read_html, data, source)
    return _apply(read_jsonl if is_json_lines(data) else read_text, data, source)


def _apply(
    reader: Callable[[bytes, str], Iterable[Article | Failure]], data: bytes, source: str
) -> list[Article | Failure]:
    try:
        return list(reader(data, source))
    except (InputError, ConfigError) as error:
        reason = str(error).removeprefix(f"{source}: ")
        return [Failure(source, "read", reason, error.remedy)]
