"""Keeps the sentences that a reader corrected, in a SQLite file of the user's.

A sentence goes by its language and its normalised text, so that another kind of quotation mark or
space does not hide it. The file is made by the first correction, and each is on the disk before
``add`` returns. A file that is damaged is never moved or changed: it holds a person's work.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from toolkit.errors import ConfigError, InputError
from toolkit.text.normalise import normalise

# "tlkt": marks the file as ours in SQLite's header.
_APPLICATION = 0x746C6B74
_TABLE = """
CREATE TABLE IF NOT EXISTS corrections (
    language TEXT NOT NULL,
    target TEXT NOT NULL,
    normalised TEXT NOT NULL,
    text TEXT NOT NULL,
    translation TEXT NOT NULL,
    made TEXT NOT NULL,
    PRIMARY KEY (language, target, normalised)
)
"""
_REMEDY = "Restore it from a copy or a TMX export, or name another with TOOLKIT_CORRECTIONS."
# SQLite allows 999 host parameters in its oldest builds.
_BATCH = 500
# Seconds to wait for another process that writes.
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Correction:
    """A sentence in ``language`` and its translation into ``target``, both FLORES-200 codes, and
    the moment it was made, in UTC and ISO 8601."""

    language: str
    target: str
    text: str
    translation: str
    made: str = ""


class Corrections:
    """The corrections in the file ``path``, which need not exist.

    Raises ``ConfigError`` where the file cannot be read or is another program's, and where a
    correction cannot be kept.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, texts: Iterable[str], *, source: str, target: str) -> dict[str, str]:
        """Return the corrected translations of those of ``texts`` that have one."""
        if not self._exists():
            return {}
        asked = {text: normalise(text) for text in texts}
        wanted = list(dict.fromkeys(asked.values()))
        found: dict[str, str] = {}
        with self._open() as connection:
            for start in range(0, len(wanted), _BATCH):
                part = wanted[start : start + _BATCH]
                marks = ",".join("?" * len(part))
                found.update(
                    connection.execute(
                        "SELECT normalised, translation FROM corrections"
                        f" WHERE language = ? AND target = ? AND normalised IN ({marks})",
                        (source, target, *part),
                    )
                )
        return {text: found[key] for text, key in asked.items() if key in found}

    def add(self, corrections: Iterable[Correction]) -> int:
        """Keep ``corrections``, all or none; a later one of a sentence replaces the earlier. Return
        how many there were. Raises ``InputError`` for one without words."""
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        rows = []
        for c in corrections:
            key, translation = normalise(c.text), " ".join(c.translation.split())
            if not key or not translation:
                raise InputError("a correction needs a sentence and its translation")
            rows.append((c.language, c.target, key, c.text.strip(), translation, c.made or now))
        with self._open(make=True) as connection, connection:
            connection.executemany(
                "INSERT OR REPLACE INTO corrections VALUES (?, ?, ?, ?, ?, ?)", rows
            )
        return len(rows)

    def forget(self, text: str, *, source: str | None = None, target: str | None = None) -> int:
        """Remove the corrections of the sentence ``text``, in one language or in all, and return
        how many there were."""
        if not self._exists():
            return 0
        chosen = {"normalised": normalise(text), "language": source, "target": target}
        given = {name: value for name, value in chosen.items() if value is not None}
        where = " AND ".join(f"{name} = ?" for name in given)
        with self._open() as connection, connection:
            done = connection.execute(
                f"DELETE FROM corrections WHERE {where}", tuple(given.values())
            )
            return done.rowcount

    def __iter__(self) -> Iterator[Correction]:
        if not self._exists():
            return
        with self._open() as connection:
            rows = connection.execute(
                "SELECT language, target, text, translation, made FROM corrections"
                " ORDER BY made, language, normalised"
            ).fetchall()
        yield from (Correction(*row) for row in rows)

    def _exists(self) -> bool:
        try:
            return self.path.exists()
        except OSError as error:
            raise _unreadable(self.path, error) from None

    @contextlib.contextmanager
    def _open(self, *, make: bool = False) -> Iterator[sqlite3.Connection]:
        """Yield a connection to the file; raise ``ConfigError`` for whatever goes wrong."""
        try:
            if make:
                # Nobody else may put translations here.
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.closing(sqlite3.connect(self.path, timeout=_PATIENCE)) as connection:
                _check_ours(connection, self.path, make=make)
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise _unreadable(self.path, error) from None


def _check_ours(connection: sqlite3.Connection, path: Path, *, make: bool) -> None:
    """Raise ``ConfigError`` unless the file is ours, or empty and to be made."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    if application == _APPLICATION and tables:
        return
    if tables or not make:
        raise ConfigError(f"{path}: this file holds no corrections", remedy=_REMEDY)
    # The journal that SQLite keeps by default makes each transaction safe from a power cut, and
    # leaves one file that can be copied.
    connection.execute("PRAGMA synchronous=FULL")
    with connection:
        connection.execute(_TABLE)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")


def _unreadable(path: Path, error: Exception) -> ConfigError:
    return ConfigError(f"{path}: the corrections cannot be used ({error})", remedy=_REMEDY)
