"""What a reader is, and what every reader needs.

A reader turns the bytes of one file into articles. It is a function and keeps no state; what it
cannot read it yields as a ``Failure``, so that one bad record never costs the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from toolkit.data import Article, Failure

Reader = Callable[[bytes, str], Iterator[Article | Failure]]


def article_id(title: str | None, text: str) -> str:
    """16 hexadecimal digits of the SHA-256 of the content, the same wherever the file stands."""
    return hashlib.sha256(f"{title or ''}\x1f{text}".encode("utf-8", "surrogatepass")).hexdigest()[
        :16
    ]
