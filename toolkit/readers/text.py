"""Plain text: one page a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.data import Article, Failure
from toolkit.errors import InputError
from toolkit.readers.base import article_id
from toolkit.readers.encodings import decode

_HTML = re.compile(r"\s*<(?:!doctype html|html|head|body|\?xml)\b", re.IGNORECASE)


def read_text(data: bytes, source: str) -> Iterator[Article | Failure]:
    """One article: the whole page as its text. Which line of it is the title and who wrote it is
    found when it is cleaned."""
    text = decode(data, source)
    if _HTML.match(text):
        raise InputError(
            f"{source}: this is an HTML page, not its text",
            remedy="Save it as text in a browser, or extract the text first.",
        )
    yield Article(id=article_id(None, text), source=source, text=text)
