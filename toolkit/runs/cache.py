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
from typing import Self

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
# Beside it, so that earlier versions can use the file too: which sentence a key stands for, and
# when it was last asked for. A row of theirs has none until then.
_USES = """
CREATE TABLE IF NOT EXISTS uses (
    key BLOB PRIMARY KEY,
    signature TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    sentence TEXT NOT NULL,
    used INTEGER NOT NULL
) WITHOUT ROWID
"""
_COLUMNS = {"key", "text", "score", "flags", "created"}
# Seconds after which it is noted anew that a segment is used: each run of a day would write else.
_NOTED = 86_400
# Uses that wait to be noted, at most, and the segments of one question more.
_MOST_WAITING = 2000
# The share of its size to which a cache that is too large is reduced, as pages are left half full:
# else each run would do it.
_REDUCED = 0.8
# Bytes of a megabyte.
_MEGABYTE = 1_000_000
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
    is said at once by ``say`` and kept in ``warnings``. What was not used for longest is removed
    at the end where the content is larger than ``limit`` megabytes. Raises ``ConfigError`` for a
    folder, and for a file that is no cache.
    """

    def __init__(
        self,
        path: Path,
        *,
        say: Callable[[str], None] = log.warning,
        limit: int | None = None,
    ) -> None:
        self.path = path
        self._limit = limit
        self._used: list[tuple[bytes, str, str, str, str, int]] = []
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
            connection.execute(_USES)
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
                connection = sqlite3.connect(
                    address, timeout=self._patience, uri=True, check_same_thread=False
                )
                try:
                    connection.execute("SELECT key FROM segments LIMIT 1").fetchone()
                    connection.execute("PRAGMA temp_store = MEMORY")
                    if not connection.execute("PRAGMA table_info(uses)").fetchone():
                        connection.execute(_USES.replace("TABLE", "TEMP TABLE"))
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
        made = signature, source, target
        by_key = {_key(*made, text): text for text in texts}
        try:
            found = self._find(by_key, made)
            self._note_uses(least=_MOST_WAITING)
            return found
        except sqlite3.OperationalError as error:
            self._warn(f"The cache {self.path} cannot be read ({error}).")
        except sqlite3.DatabaseError:
            self._replace()
        return {}

    def _find(self, by_key: dict[bytes, str], made: tuple[str, str, str]) -> dict[str, Hypothesis]:
        keys, now = list(by_key), int(time.time())
        found: dict[str, Hypothesis] = {}
        for start in range(0, len(keys), _BATCH):
            part = keys[start : start + _BATCH]
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                "SELECT key, text, score, flags, used FROM segments LEFT JOIN uses USING (key) "
                f"WHERE key IN ({marks})",
                part,
            )
            for key, *values, used in rows:
                text = by_key[bytes(key)]
                if hypothesis := _hypothesis(*values):
                    found[text] = hypothesis
                if not isinstance(used, int) or abs(now - used) > _NOTED:
                    self._used.append((key, *made, _storable(text), now))
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
        self._used += [
            (row[0], signature, source, target, _storable(text), now)
            for text, row in zip(texts, rows, strict=True)
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
                "INSERT OR REPLACE INTO segments (key, text, score, flags, created) "
                "VALUES (?, ?, ?, ?, ?)",
                rows,
            )
            self._connection.executemany(
                "INSERT OR REPLACE INTO uses VALUES (?, ?, ?, ?, ?, ?)", self._used
            )
        self._used.clear()

    def __len__(self) -> int:
        row = self._connection.execute("SELECT COUNT(*) FROM segments").fetchone()
        return int(row[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file. A closed cache cannot be used again."""
        self._note_uses(least=1)
        with contextlib.suppress(sqlite3.Error):
            if self._writable and self._connected:
                self._reduce()
        self._connection.close()

    def _note_uses(self, least: int) -> None:
        """Keep when segments were used, of which ``least`` wait. That is worth neither a word nor
        waiting long for another process."""
        if len(self._used) < least:
            return
        with contextlib.suppress(sqlite3.Error):
            if self._writable and self._connected:
                self._connection.execute(f"PRAGMA busy_timeout = {int(1000 * _LESS)}")
                self._insert([])
                self._connection.execute(f"PRAGMA busy_timeout = {int(1000 * self._patience)}")
        self._used.clear()

    def _reduce(self) -> None:
        """Remove what was not used for longest from a cache that is larger than it may be."""
        size = self.size()
        if self._limit is None or size <= self._limit * _MEGABYTE:
            return
        excess = int(len(self) * (1 - _REDUCED * self._limit * _MEGABYTE / size)) + 1
        with self._connection:
            self._connection.execute(
                "CREATE TEMP TABLE gone AS SELECT key FROM segments LEFT JOIN uses USING (key) "
                f"ORDER BY coalesce(used, created) LIMIT {excess}"
            )
            for table in ("segments", "uses"):
                self._connection.execute(f"DELETE FROM {table} WHERE key IN (SELECT key FROM gone)")
        log.info("%s: %d segments that were not used for longest removed", self.path, excess)

    def size(self) -> int:
        """Return the bytes that the content takes: the file also has room that was freed."""
        pages, free, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)


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
        contextlib.closing(sqlite3.connect(address, timeout=_LESS, uri=True)) as connection,
    ):
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        columns = connection.execute("PRAGMA table_info(segments)").fetchall()
        return bool(names) and not {column[1] for column in columns} >= _COLUMNS
    return False


def _no_cache(path: Path) -> ConfigError:
    return ConfigError(
        f"{path}: this file is not a cache",
        remedy=f"Give the cache a name of its own that ends in {_OURS[0]}.",
    )


def _empty() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.execute(_SCHEMA)
    connection.execute(_USES)
    return connection


def _storable(text: str) -> str:
    """Return ``text`` as SQLite can hold it: without lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _key(signature: str, source: str, target: str, text: str) -> bytes:
    joined = "\x1f".join((signature, source, target, text))
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).digest()
