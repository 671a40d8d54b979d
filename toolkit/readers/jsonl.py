"""JSON Lines: one article a line, an object with at least ``text``.

The names that feeds and crawlers use are understood: ``text``/``body``/``content``/``maintext``,
``title``/``headline``, ``language``/``lang``, ``author``/``byline``, ``published``/``date``,
``source``/``url``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from toolkit.data import Article, Failure
from toolkit.readers.base import article_id
from toolkit.readers.decoding import decode

_FIELDS = {
    "text": ("text", "body", "content", "maintext"),
    "title": ("title", "headline"),
    "language": ("language", "lang"),
    "author": ("author", "byline", "authors"),
    "published": ("published", "date", "date_publish", "published_at"),
    "source": ("source", "url", "link"),
}


def read_jsonl(data: bytes, source: str) -> Iterator[Article | Failure]:
    """One article for each line that is not blank; a bad line is a failure naming its number."""
    # A line ends at \n alone: the other characters that str.splitlines() cuts at may stand
    # unescaped inside a JSON string.
    for number, line in enumerate(decode(data, source).split("\n"), start=1):
        if line.strip():
            yield _article(line, f"{source}:{number}")


def _article(line: str, where: str) -> Article | Failure:
    try:
        record = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        return Failure(where, "read", f"not valid JSON ({error})", "Mend or remove the line.")
    if not isinstance(record, dict):
        return Failure(where, "read", "not a JSON object", "Each line must be {...}.")
    found = {name: _field(record, keys) for name, keys in _FIELDS.items()}
    text = found["text"]
    if not text:
        keys = ", ".join(_FIELDS["text"])
        return Failure(where, "read", "no text in the record", f"Give the text as one of: {keys}.")
    return Article(
        id=article_id(found["title"], text),
        source=found["source"] or where,
        text=text,
        title=found["title"],
        language=found["language"],
        author=found["author"],
        published=found["published"],
    )


def _field(record: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    """The first of ``keys`` that holds text. A list is paragraphs (or several authors)."""
    for key in keys:
        value = record.get(key)
        if isinstance(value, list):
            value = "\n".join(str(item) for item in value if item is not None)
        if isinstance(value, str) and value.strip():
            # Lone surrogates are legal in JSON escapes and in nothing else.
            return value.encode("utf-8", "replace").decode("utf-8").strip()
    return None
