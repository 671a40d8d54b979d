"""The interface of a reader: a function from the bytes of one file to articles.

It keeps no state. Records that it cannot read are yielded as ``Failure``: one costs no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from toolkit.data import Article, Failure

# Characters of one article: a book of 600 pages. The longest stories of newspapers have 100,000.
MOST_CHARACTERS = 1_000_000
SPLIT = "Split it into its articles or chapters."

Reader = Callable[[bytes, str], Iterator[Article | Failure]]


def article_id(title: str | None, text: str) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of the content, the same wherever the file
    is."""
    return hashlib.sha256(f"{title or ''}\x1f{text}".encode("utf-8", "surrogatepass")).hexdigest()[
        :16
    ]
