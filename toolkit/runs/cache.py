"""Keep every translated segment in SQLite, by content and signature: a run that was stopped
goes on from here."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from toolkit.data import Hypothesis
from toolkit.errors import ConfigError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS segments (
    key BLOB PRIMARY KEY,
    text TEXT NOT NULL,
    score REAL,
    flags TEXT NOT NULL,
    created INTEGER NOT NULL
) WITHOUT ROWID
"""
# Only files with these suffixes are moved aside as damaged caches: a typo must cost no file.
_OURS = (".sqlite", ".sqlite3")
# SQLite allows 999 host parameters in its oldest builds.
_BATCH = 500
# Seconds to wait for another process that holds the file; and once writing has failed.
_PATIENCE, _LESS = 60.0, 1.0
# SQLite's errors after which trying again cannot help.
_FOR_GOOD = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")

log = logging.getLogger(__name__)


class Cache:
    """Hypotheses by ``(signature, source language, target language, text)``.

    Several processes may use one file at a time. A damaged file is moved aside, never deleted, and
    a new one begun. A file that cannot be written or opened costs a run its checkpoint and nothing
    else: what it holds is used, and new hypotheses are not kept until they can be. Each such case
    is said at once by ``say`` and kept in ``warnings``. Raises ``ConfigError`` for a folder, and
    for a file that is no cache.
    """

    def __init__(self, path: Path, *, say: Callable[[str], None] = log.warning) -> None:
        self.path = path
        self.warnings: list[str] = []
        self._say = say
        self._patience = _PATIENCE
        # Whether writing may be tried, and whether the connection is one to write through.
        self._writable = self._connected = True
        if path.is_file() and _is_foreign(path):
            raise _no_cache(path)
        if path.is_dir():
            raise ConfigError(
                f"{path}: the cache must be a file, and this is a folder",
                remedy=f"Say {path / 'segments.sqlite'}, or set TOOLKIT_CACHE to another file.",
            )
        try:
            # Nobody else may read what is translated, or put translations here.
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._connection = self._open()
        except (sqlite3.OperationalError, OSError) as error:
            self._connected = False
            self._unwritten(error)
            self._connection = self._open_to_read()
        except sqlite3.DatabaseError:
            self._begin_anew()

    @property
    def warning(self) -> str:
        """Return all ``warnings`` as one text."""
        return " ".join(self.warnings)

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)
            self._say(text)

    def _begin_anew(self) -> None:
        """Move a damaged file aside, with SQLite's log of it."""
        if self.path.suffix not in _OURS:
            raise _no_cache(self.path)
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        try:
            self.path.rename(aside)
            self._warn(f"The cache {self.path} was damaged; it was moved to {aside.name}.")
            for suffix in ("-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    _with_suffix(self.path, suffix).rename(_with_suffix(aside, suffix))
            self._connection = self._open()
            self._connected = True
        except (OSError, sqlite3.Error) as error:
            self._writable = False
            self._unwritten(error)
            self._connection = _empty()

    def _open(self) -> sqlite3.Connection:
        # A caller may use the cache from a worker thread; SQLite itself serialises.
        connection = sqlite3.connect(self.path, timeout=self._patience, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            # FULL: what is translated is safe from a power cut, at one flush for each call.
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(_SCHEMA)
            connection.execute("SELECT key FROM segments LIMIT 1").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _open_to_read(self) -> sqlite3.Connection:
        # In a folder that cannot be written, SQLite opens a file without a log only as one that
        # nobody changes.
        whole = not self._writable and not os.access(_with_suffix(self.path, "-wal"), os.F_OK)
        for mode in ["mode=ro", "mode=ro&immutable=1"] if whole else ["mode=ro"]:
            address = f"{self.path.absolute().as_uri()}?{mode}"
            with contextlib.suppress(sqlite3.Error, ValueError):
                connection = sqlite3.connect(address, uri=True, check_same_thread=False)
                try:
                    connection.execute("SELECT key FROM segments LIMIT 1").fetchone()
                except sqlite3.Error:
                    connection.close()
                    continue
                return connection
        return _empty()

    def _unwritten(self, error: Exception) -> None:
        """Note that something was not kept. Writing is tried again unless that cannot help."""
        # The name of an extended code begins with that of its kind.
        name = getattr(error, "sqlite_errorname", "")
        if not isinstance(error, sqlite3.Error) or name.startswith(_FOR_GOOD):
            self._writable = False
        self._patience = _LESS
        if self._connected:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute(f"PRAGMA busy_timeout = {int(1000 * _LESS)}")
        self._warn(
            f"The cache {self.path} cannot be written ({error}): what is translated meanwhile is "
            "not kept for the next run; free space, mend the permissions, or set TOOLKIT_CACHE to "
            "another file."
        )

    def get(
        self, texts: Iterable[str], *, signature: str, source: str, target: str
    ) -> dict[str, Hypothesis]:
        """Return the hypotheses that are known, by text."""
        by_key = {_key(signature, source, target, text): text for text in texts}
        try:
            return self._find(by_key)
        except sqlite3.OperationalError as error:
            self._warn(f"The cache {self.path} cannot be read ({error}).")
        except sqlite3.DatabaseError:
            self._replace()
        return {}

    def _find(self, by_key: dict[bytes, str]) -> dict[str, Hypothesis]:
        keys = list(by_key)
        found: dict[str, Hypothesis] = {}
        for start in range(0, len(keys), _BATCH):
            part = keys[start : start + _BATCH]
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                f"SELECT key, text, score, flags FROM segments WHERE key IN ({marks})", part
            )
            for key, *values in rows:
                if hypothesis := _hypothesis(*values):
                    found[by_key[bytes(key)]] = hypothesis
        return found

    def _replace(self) -> None:
        self._connection.close()
        self._begin_anew()

    def put(
        self,
        texts: Sequence[str],
        hypotheses: Sequence[Hypothesis],
        *,
        signature: str,
        source: str,
        target: str,
    ) -> None:
        """Keep ``hypotheses``, one for each of ``texts``, in one transaction, where that is
        possible."""
        if not self._writable:
            return
        now = int(time.time())
        rows = [
            (_key(signature, source, target, text), h.text, h.score, json.dumps(h.flags), now)
            for text, h in zip(texts, hypotheses, strict=True)
        ]
        try:
            try:
                if not self._connected:
                    self._connect_again()
                self._insert(rows)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self._replace()
                self._insert(rows)
        except sqlite3.Error as error:
            self._unwritten(error)

    def _connect_again(self) -> None:
        connection = self._open()
        self._connection.close()
        self._connection, self._connected = connection, True

    def _insert(self, rows: list[tuple[bytes, str, float | None, str, int]]) -> None:
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO segments VALUES (?, ?, ?, ?, ?)", rows
            )

    def __len__(self) -> int:
        row = self._connection.execute("SELECT COUNT(*) FROM segments").fetchone()
        return int(row[0])

    def __enter__(self) -> Cache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file. A closed cache cannot be used again."""
        self._connection.close()


def _hypothesis(text: object, score: object, flags: str) -> Hypothesis | None:
    """Make a hypothesis of a row of the table, or None of one that no ``Cache`` has written."""
    try:
        names = json.loads(flags)
    except (TypeError, ValueError):
        return None
    if not isinstance(text, str) or not isinstance(score, float | None):
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    return Hypothesis(text, score, tuple(names))


def _with_suffix(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _is_foreign(path: Path) -> bool:
    """Whether ``path`` is a sound database of another program. It is opened to read alone."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(address, uri=True)) as connection,
    ):
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        return bool(names) and "segments" not in names
    return False


def _no_cache(path: Path) -> ConfigError:
    return ConfigError(
        f"{path}: this file is not a cache",
        remedy=f"Give the cache a name of its own that ends in {_OURS[0]}.",
    )


def _empty() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.execute(_SCHEMA)
    return connection


def _key(signature: str, source: str, target: str, text: str) -> bytes:
    joined = "\x1f".join((signature, source, target, text))
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).digest()
