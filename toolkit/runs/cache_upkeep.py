"""Shows, exports and forgets what the cache of translated segments holds."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.errors import InputError, OutputError
from toolkit.runs.cache import Cache

_ROWS = "FROM segments LEFT JOIN uses USING (key)"
_LAST_USE = "coalesce(used, created)"


@dataclass(frozen=True, slots=True)
class Part:
    """The segments that one translator made from one language; None where an earlier version kept
    them, which did not say. ``oldest`` and ``latest`` are uses, in seconds since 1970."""

    signature: str | None
    source: str | None
    target: str | None
    segments: int
    oldest: int
    latest: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which segments are meant: all whose every field that is not None fits."""

    signature: str | None = None
    source: str | None = None
    containing: str | None = None
    unused_since: int | None = None

    def condition(self) -> tuple[str, list[object]]:
        """Return a condition in SQL and its parameters."""
        parts: list[tuple[str, list[object]]] = []
        if self.signature is not None:
            parts.append(("instr(signature, ?)", [self.signature]))
        if self.source is not None:
            parts.append(("source = ?", [self.source]))
        if self.containing is not None:
            parts.append(("(instr(sentence, ?) OR instr(text, ?))", [self.containing] * 2))
        if self.unused_since is not None:
            parts.append((f"{_LAST_USE} < ?", [self.unused_since]))
        return " AND ".join(sql for sql, _ in parts) or "1", [v for _, all_ in parts for v in all_]


class Upkeep(Cache):
    """A cache that is there already. Its methods raise ``InputError`` where the file cannot be
    read, ``OutputError`` where it cannot be changed."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise InputError(
                f"{path}: there is no cache yet", remedy="Name another one with TOOLKIT_CACHE."
            )
        super().__init__(path)

    def parts(self) -> list[Part]:
        """Return what is there, by translator and language, the most first."""
        with self._read():
            rows = self._connection.execute(
                f"SELECT signature, source, target, count(*), min({_LAST_USE}), max({_LAST_USE}) "
                f"{_ROWS} GROUP BY 1, 2, 3 ORDER BY 4 DESC"
            ).fetchall()
        return [Part(*row) for row in rows]

    def records(self, chosen: Chosen) -> Iterator[dict[str, Any]]:
        """Yield the segments that are meant, as records of JSON."""
        condition, values = chosen.condition()
        with self._read():
            rows = self._connection.execute(
                f"SELECT source, target, signature, sentence, text, score, flags, {_LAST_USE} "
                f"{_ROWS} WHERE {condition}",
                values,
            )
            for source, target, signature, sentence, text, score, flags, used in rows:
                yield {
                    "source": source,
                    "target": target,
                    "signature": signature,
                    "text": sentence,
                    "translation": text,
                    "score": score,
                    "flags": json.loads(flags),
                    "used": used,
                }

    def forget(self, chosen: Chosen, *, dry_run: bool = False) -> int:
        """Remove the segments that are meant, and give their room back to the disk; return their
        number."""
        condition, values = chosen.condition()
        where = f"{_ROWS} WHERE {condition}"
        with self._read():
            (number,) = self._connection.execute(f"SELECT count(*) {where}", values).fetchone()
        if dry_run or not number:
            return int(number)
        try:
            with self._connection:
                self._connection.execute(f"CREATE TEMP TABLE gone AS SELECT key {where}", values)
                for table in ("segments", "uses"):
                    self._connection.execute(
                        f"DELETE FROM {table} WHERE key IN (SELECT key FROM gone)"
                    )
            self._connection.execute("VACUUM")
        except sqlite3.Error as error:
            raise OutputError(
                f"{self.path}: cannot be changed ({error})",
                remedy="Wait for the end of a run, free space, or mend the permissions.",
            ) from None
        return int(number)

    @contextlib.contextmanager
    def _read(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError) as error:
            raise InputError(
                f"{self.path}: cannot be read ({error})",
                remedy="The next run moves a damaged cache aside and begins a new one.",
            ) from None
