"""The interface of a reader: a function from the bytes of one file to articles.

It keeps no state. Records that it cannot read are yielded as ``Failure``: one costs no other.
Formats whose files may be large are read from a ``Stream``, with the names of columns where the
format has columns.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Protocol, cast

from toolkit.data import Article, Failure
from toolkit.errors import InputError

# Characters of one article: a book of 600 pages. The longest stories of newspapers have 100,000.
MOST_CHARACTERS = 1_000_000
SPLIT = "Split it into its articles or chapters."

Items = Iterator[Article | Failure]
Reader = Callable[[bytes, str], Iterable[Article | Failure]]
# Which column holds a part of an article, where its name does not say so.
Columns = Mapping[str, str] | None

# Bytes of a file that is read as a whole.
MOST_BYTES = 500_000_000
# Bytes of a file without random access that are kept in memory where it is needed.
_SPOOL = 8 << 20


class Readable(Protocol):
    """The part of a file that a stream needs."""

    def read(self, size: int = -1, /) -> bytes: ...
    def readline(self) -> bytes: ...


class Stream:
    """Bytes that are read once, whose beginning can be looked at before. ``depth`` is the number
    of archives that they stood in."""

    def __init__(self, file: Readable, depth: int = 0) -> None:
        self.depth = depth
        self._file = file
        self._ahead = b""

    def peek(self, size: int) -> bytes:
        """Return the next ``size`` bytes, fewer at the end, and leave them to be read."""
        while len(self._ahead) < size:
            data = self._file.read(size - len(self._ahead))
            if not data:
                break
            self._ahead += data
        return self._ahead[:size]

    def read(self, size: int = -1) -> bytes:
        """Return the next ``size`` bytes, or all that are left."""
        if size < 0:
            data, self._ahead = self._ahead + self._file.read(), b""
            return data
        data, self._ahead = self.peek(size), self._ahead[size:]
        return data

    def readline(self) -> bytes:
        """Return the bytes up to the next line feed."""
        line, end, rest = self._ahead.partition(b"\n")
        self._ahead = rest
        return line + end if end else line + self._file.readline()

    def whole(self, source: str) -> bytes:
        """Return all bytes. Raises ``InputError`` if they are too many."""
        data = self.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise InputError(
                f"{source}: more than {MOST_BYTES // 1_000_000} MB in one document",
                remedy="Split it, or save it as JSON Lines, CSV or Parquet, which may be larger.",
            )
        return data

    def file(self) -> IO[bytes]:
        """Return a file of all bytes that can be read in any order."""
        if isinstance(self._file, io.IOBase) and self._file.seekable():
            file = cast(IO[bytes], self._file)
            file.seek(0)
            return file
        spooled = tempfile.SpooledTemporaryFile(_SPOOL)  # noqa: SIM115 (closed when it is dropped)
        spooled.write(self._ahead)
        while data := self._file.read(_SPOOL):
            spooled.write(data)
        spooled.seek(0)
        return spooled


StreamReader = Callable[[Stream, str, Columns], Iterable[Article | Failure]]


def article_id(title: str | None, text: str) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of the content, the same wherever the file
    is."""
    return hashlib.sha256(f"{title or ''}\x1f{text}".encode("utf-8", "surrogatepass")).hexdigest()[
        :16
    ]
