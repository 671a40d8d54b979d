"""What was fetched, on disk: a file an address, made whole or not at all.

It spares servers the body of what has not changed, and is never taken for the answer of a server
that does not answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

from toolkit.storage import write_whole

log = logging.getLogger(__name__)

# Seconds for which an answer is kept that nobody asked for again: a week.
_KEPT = 7 * 24 * 3600.0
# Headers that are kept.
_HEADERS = ("content-type", "etag", "last-modified")


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer of a server: its headers, its body, and its age in seconds since it was last said
    to be the latest."""

    headers: dict[str, str]
    data: bytes
    age: float

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """Return the headers that ask a server for its answer only if it has changed."""
        pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
        return [(asked, self.headers[name]) for asked, name in pairs if name in self.headers]


class FetchCache:
    """The answers in ``folder``. What cannot be read or written there is fetched anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, address: str) -> Kept | None:
        """Return the answer that is kept for ``address``, if any."""
        path = self._path(address)
        try:
            head, _, body = path.read_bytes().partition(b"\n")
            age = time.time() - path.stat().st_mtime
            said = json.loads(head)
            return Kept(dict(said["headers"]), zlib.decompress(body), age)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
            log.warning("%s: not used (%s)", path, error)
            return None

    def keep(self, address: str, headers: dict[str, str], data: bytes) -> None:
        """Keep an answer in the place of the one before it."""
        kept = {name: headers[name] for name in _HEADERS if name in headers}
        head = json.dumps({"address": address, "headers": kept}).encode()
        path = self._path(address)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, head + b"\n" + zlib.compress(data))
        except OSError as error:
            log.warning("%s: not kept (%s)", path, error)

    def confirm(self, address: str) -> None:
        """Note that the answer that is kept for ``address`` is the latest."""
        with contextlib.suppress(OSError):
            os.utime(self._path(address))

    def prune(self) -> None:
        """Remove what nobody asked for in a week."""
        before = time.time() - _KEPT
        for path in self._folder.glob("??/*"):
            with contextlib.suppress(OSError):
                if path.is_file() and path.stat().st_mtime < before:
                    path.unlink()

    def _path(self, address: str) -> Path:
        name = hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / name[:2] / name[2:]
