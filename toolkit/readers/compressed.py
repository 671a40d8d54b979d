"""Open compressed files and archives: gzip, bzip2, xz, zstandard, ZIP and tar.

Nothing is written to disk under a name that an archive gives. What unpacks to far more than any
text does, or is nested too deeply, is refused; what a damaged file holds before its fault is read.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePath
from typing import Any, NamedTuple

from toolkit.data import Failure
from toolkit.errors import InputError
from toolkit.readers.base import Stream

# Archives inside one another.
_DEEPEST = 3
# News packs to a fifth, text that repeats itself to a fiftieth; a bomb to a thousandth.
_MOST_RATIO = 250
# Bytes that may come out whatever the ratio, and bytes that are unpacked at a time.
_HARMLESS, _CHUNK = 50_000_000, 1 << 16
_AGAIN = "Fetch it again, or pack it anew."
_UNPACK = "Unpack it, and name the files to be read."


class Member(NamedTuple):
    """A file that stood in another: its bytes, where it is, and the suffix of its name."""

    stream: Stream
    source: str
    suffix: str


class _Unpacked(io.RawIOBase):
    """The bytes that come out of a decompressor. Damage ends them, and is kept as ``fault``."""

    def __init__(self, raw: Any, consumed: Callable[[], int], source: str) -> None:
        self.fault = ""
        self._raw = raw
        self._consumed = consumed
        self._source = source
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            # Unlike read(), this gives what comes before the damage.
            data: bytes = b"" if self.fault else self._raw.read1(min(len(buffer), _CHUNK))
        except _DAMAGE as error:
            self.fault = f"damaged: only its beginning can be read ({_line(error)})"
            data = b""
        self._size += len(data)
        if self._size > max(_HARMLESS, _MOST_RATIO * self._consumed()):
            raise InputError(
                f"{self._source}: unpacks to more than {_MOST_RATIO} times its size", remedy=_UNPACK
            )
        buffer[: len(data)] = data
        return len(data)


_DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, ValueError)


class _Counted:
    """A file that counts the bytes that were read."""

    def __init__(self, stream: Stream) -> None:
        self.read_bytes = 0
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.read_bytes += len(data)
        return data

    # What readers of files ask for before they read.
    closed = False

    def close(self) -> None:
        pass

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


def _zstandard(file: Any) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")


_OPENERS: dict[bytes, tuple[str, Callable[[Any], Any]]] = {
    b"\x1f\x8b": (".gz", gzip.open),
    b"BZh": (".bz2", bz2.BZ2File),
    b"\xfd7zXZ\x00": (".xz", lzma.LZMAFile),
    b"\x28\xb5\x2f\xfd": (".zst", _zstandard),
}
SUFFIXES = (*(suffix for suffix, _ in _OPENERS.values()), ".tgz", ".zstd", ".zip", ".tar")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# Where a tar file says that it is one.
_TAR = slice(257, 262)


def is_compressed(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` is compressed or an archive."""
    return head.startswith((*_OPENERS, *_ZIP)) or head[_TAR] == b"ustar"


def members(stream: Stream, source: str) -> Iterator[Member | Failure]:
    """Yield the files in ``stream``, to be read one after the other; those that cannot be, and
    damage, are failures. Raises ``InputError`` where none can be read."""
    if stream.depth >= _DEEPEST:
        raise InputError(f"{source}: archives within archives, too deep", remedy=_UNPACK)
    head = stream.peek(_TAR.stop)
    if head.startswith(_ZIP):
        yield from _zip(stream, source)
    elif head[_TAR] == b"ustar":
        yield from _tar(stream, source)
    else:
        open_ = next(opener for magic, (_, opener) in _OPENERS.items() if head.startswith(magic))
        counted = _Counted(stream)
        unpacked = _Unpacked(open_(counted), lambda: counted.read_bytes, source)
        yield from _member(unpacked, source, inner_suffix(source), stream.depth)


def inner_suffix(source: str) -> str:
    """Return the suffix that the name of a compressed file has before that of its packing."""
    path = PurePath(source)
    while path.suffix.lower() in SUFFIXES:
        if path.suffix.lower() == ".tgz":
            return ".tar"
        path = path.with_suffix("")
    return path.suffix.lower()


def _zip(stream: Stream, source: str) -> Iterator[Member | Failure]:
    try:
        archive = zipfile.ZipFile(stream.file())
    except _DAMAGE as error:
        raise InputError(
            f"{source}: a damaged ZIP archive ({_line(error)})", remedy=_AGAIN
        ) from None
    infos = {info.filename: info for info in archive.infolist() if not info.is_dir()}
    if {"[Content_Types].xml", "mimetype"} & infos.keys():
        kind = "an office document or an e-book"
        raise InputError(f"{source}: this is {kind}, not text", remedy="Save it as plain text.")
    for name, info in infos.items():
        if _is_hidden(name):
            continue
        where = _inside(source, name)
        if info.flag_bits & 1:
            yield Failure(where, "read", "locked with a password", "Unpack it first.")
            continue
        try:
            raw = archive.open(info)
        except (*_DAMAGE, RuntimeError) as error:
            yield Failure(where, "read", f"cannot be unpacked ({_line(error)})", _AGAIN)
            continue
        unpacked = _Unpacked(raw, partial(int, info.compress_size), where)
        yield from _member(unpacked, where, _suffix(name), stream.depth)


def _tar(stream: Stream, source: str) -> Iterator[Member | Failure]:
    try:
        with tarfile.open(fileobj=_Counted(stream), mode="r|") as archive:  # type: ignore[call-overload]
            for info in archive:
                if info.isfile() and not _is_hidden(info.name):
                    raw = archive.extractfile(info)
                    where = _inside(source, info.name)
                    unpacked = _Unpacked(raw, partial(int, info.size), where)
                    yield from _member(unpacked, where, _suffix(info.name), stream.depth)
    except (tarfile.TarError, *_DAMAGE) as error:
        yield Failure(source, "read", f"a damaged tar archive ({_line(error)})", _AGAIN)


def _member(unpacked: _Unpacked, where: str, suffix: str, depth: int) -> Iterator[Member | Failure]:
    inner = Stream(io.BufferedReader(unpacked, _CHUNK), depth + 1)
    if inner.peek(1) or not unpacked.fault:
        yield Member(inner, where, suffix)
    if unpacked.fault:
        yield Failure(where, "read", unpacked.fault, _AGAIN)


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()


def _is_hidden(name: str) -> bool:
    parts = (part for part in PurePath(name).parts if part != "..")
    return any(part.startswith((".", "__MACOSX")) for part in parts)


def _inside(source: str, name: str) -> str:
    return f"{source}/{name.encode('utf-8', 'replace').decode('utf-8')}"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
