"""Read plain text: one article a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.data import Article, Failure
from toolkit.errors import InputError
from toolkit.readers.base import article_id
from toolkit.readers.encodings import decode

_HTML = re.compile(r"\s*<(?:!doctype html|html|head|body|\?xml)\b", re.IGNORECASE)


def read_text(data: bytes, source: str) -> Iterator[Article | Failure]:
    """Yield one article with all of the page as its text. Cleaning finds its title and author."""
    text = decode(data, source)
    if _HTML.match(text):
        raise InputError(
            f"{source}: this is an HTML page, not its text",
            remedy="Save it as text in a browser, or extract the text first.",
        )
    yield Article(id=article_id(None, text), source=source, text=text)
