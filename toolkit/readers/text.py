"""Plain text: one page a file."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.cleaning import clean
from toolkit.data import Article, Failure
from toolkit.readers.base import article_id
from toolkit.readers.decoding import decode


def read_text(data: bytes, source: str) -> Iterator[Article | Failure]:
    """One article: the whole page as its text, title and author where the page shows them."""
    text = decode(data, source)
    page = clean(text)
    yield Article(
        id=article_id(None, text), source=source, text=text, title=page.title, author=page.author
    )
