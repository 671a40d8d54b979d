"""Read plain text: one article a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.data import Article, Failure
from toolkit.errors import InputError
from toolkit.readers.base import MOST_CHARACTERS, SPLIT, article_id
from toolkit.readers.encodings import decode

# Bytes of a character, at most.
_WIDEST = 4
_XML = re.compile(r"\s*<(?:\?xml|rss|feed)\b", re.IGNORECASE)


def read_text(data: bytes, source: str) -> Iterator[Article | Failure]:
    """Yield one article with all of the page as its text. Cleaning finds its title and author."""
    if len(data) > _WIDEST * MOST_CHARACTERS:
        reason = f"too long for one article: more than {MOST_CHARACTERS:,} characters"
        raise InputError(f"{source}: {reason}", remedy=SPLIT)
    text = decode(data, source)
    if _XML.match(text):
        raise InputError(
            f"{source}: this is an XML document, neither text nor a web page",
            remedy="Save the article itself, as a page or as text.",
        )
    yield Article(id=article_id(None, text), source=source, text=text)
