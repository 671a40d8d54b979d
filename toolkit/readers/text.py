"""Read plain text: one article a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.data import Article, Failure
from toolkit.errors import InputError
from toolkit.readers import records
from toolkit.readers.base import MOST_CHARACTERS, SPLIT, article_id
from toolkit.readers.encodings import decode

# Bytes of a character, at most.
_WIDEST = 4
_XML = re.compile(r"\s*<(?:\?xml|rss|feed)\b", re.IGNORECASE)
# What extractors and static sites write above a text: "title: ..." between two lines of hyphens.
_FRONT_MATTER = re.compile(r"\ufeff?\s*---[ \t]*\n((?:[^\n]*\n){1,60}?)---[ \t]*\n")
_FACT = re.compile(r"""^([\w-]+):[ \t]+["']?([^\n]*?)["']?[ \t]*$""", re.MULTILINE)


def read_text(data: bytes, source: str) -> Iterator[Article | Failure]:
    """Yield one article with all of the page as its text. Cleaning finds its title and author,
    unless the file has them above the text, as front matter."""
    if len(data) > _WIDEST * MOST_CHARACTERS:
        reason = f"too long for one article: more than {MOST_CHARACTERS:,} characters"
        raise InputError(f"{source}: {reason}", remedy=SPLIT)
    text = decode(data, source)
    if _XML.match(text):
        raise InputError(
            f"{source}: this is an XML document, neither text nor a web page",
            remedy="Save the article itself, as a page or as text.",
        )
    if found := _FRONT_MATTER.match(text):
        facts = dict(_FACT.findall(found[1]))
        if facts and text[found.end() :].strip():
            yield records.article({**facts, "text": text[found.end() :]}, source)
            return
    yield Article(id=article_id(None, text), source=source, text=text)
