"""Knows which articles the digests of earlier days had, so that a run takes only what is new.

The digests in ``outputs/`` are what is known: ``seen.sqlite`` there is an index of them, made anew
when it is absent or damaged. A day whose folder is removed stays in the index.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import logging
import re
import sqlite3
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from toolkit.data import Article, PreparedArticle
from toolkit.runs.records import prepared_article, records

INDEX = "seen.sqlite"
ARTICLES = "articles.jsonl"
# An index with other tables than these is made anew.
_VERSION = 1
_SCHEMA = f"""
CREATE TABLE days (day TEXT PRIMARY KEY, changed INTEGER NOT NULL);
CREATE TABLE articles (
    day TEXT NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL, address TEXT NOT NULL
);
CREATE INDEX by_id ON articles (id);
CREATE INDEX by_text ON articles (text);
CREATE INDEX by_address ON articles (address);
CREATE INDEX by_day ON articles (day);
PRAGMA user_version = {_VERSION};
"""
# Parameters of an address that say how a reader came to it, and not what is there.
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|mc_[ce]id|at_\w+|cmpid|xtor", re.I)
# The number of the line or row of a file that an article was read from.
_LINE = re.compile(r":\d+$")

log = logging.getLogger(__name__)


class Seen:
    """The articles of the digests of ``outputs`` from before the day ``date``.

    May be made in one thread and asked in another, but by one thread at a time. Where the folder
    cannot be written the index is in memory.
    """

    def __init__(self, outputs: Path, date: dt.date) -> None:
        self._date = date.isoformat()
        self._index = _opened(outputs / INDEX)
        folders = sorted(p for p in outputs.glob("????-??-??/") if _is_day(p.name))
        for folder in folders:
            if folder.name < self._date:
                self._take_in(folder)

    def day_of(self, article: Article) -> dt.date | None:
        """Return the day of the last digest that had this article, by the content of its page."""
        return self._last("id", article.id)

    def day_of_text(self, prepared: PreparedArticle) -> dt.date | None:
        """Return the day of the last digest that had these very sentences."""
        return self._last("text", _digest(prepared))

    def day_of_version(self, prepared: PreparedArticle) -> dt.date | None:
        """Return the day of the last digest that had another version of this article."""
        key = address(prepared.article.source, prepared.title)
        return self._last("address", key) if key else None

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _last(self, column: str, value: str) -> dt.date | None:
        (day,) = self._index.execute(
            f"SELECT max(day) FROM articles WHERE {column} = ? AND day < ?", (value, self._date)
        ).fetchone()
        return dt.date.fromisoformat(day) if day else None

    def _take_in(self, folder: Path) -> None:
        """Read the articles of one day into the index, unless it has them."""
        path = folder / ARTICLES
        try:
            changed = path.stat().st_mtime_ns
            known = self._index.execute(
                "SELECT 1 FROM days WHERE day = ? AND changed = ?", (folder.name, changed)
            ).fetchone()
            if known:
                return
            with self._index:
                self._index.execute("DELETE FROM articles WHERE day = ?", (folder.name,))
                self._index.executemany(
                    "INSERT INTO articles VALUES (?, ?, ?, ?)",
                    ((folder.name, *_keys(prepared_article(record))) for record in records(path)),
                )
                self._index.execute(
                    "INSERT OR REPLACE INTO days VALUES (?, ?)", (folder.name, changed)
                )
        except FileNotFoundError:
            return
        except (OSError, sqlite3.Error) as error:
            log.warning("%s: not known to later runs (%s)", path, error)


def address(source: str, title: str | None) -> str:
    """Return a key that all versions of one article have.

    That is its address without the parameters that tell how a reader came to it. A file may hold
    another article tomorrow, so there it is the file's name with the title. Without a title it is
    empty.
    """
    with contextlib.suppress(ValueError):
        parts = urlsplit(source)
        if parts.scheme in ("http", "https") and parts.hostname:
            query = [pair for pair in parse_qsl(parts.query) if not _TRACKING.fullmatch(pair[0])]
            path = parts.path.rstrip("/")
            return urlunsplit(("", parts.netloc.lower(), path, urlencode(query), ""))
    return f"{_LINE.sub('', source)}\n{title}" if title else ""


def _keys(prepared: PreparedArticle) -> tuple[str, str, str]:
    """Return the columns of an article but for its day."""
    key = address(prepared.article.source, prepared.title)
    return prepared.article.id, _digest(prepared), key


def _digest(prepared: PreparedArticle) -> str:
    """Return a hash of the sentences, the same whatever page they came from."""
    text = "\n".join(segment.text for segment in prepared.segments)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _opened(path: Path) -> sqlite3.Connection:
    """Return the index at ``path``, made if need be; one in memory where that cannot be. A file
    that is no such index is moved aside."""
    for place in (path, path, ":memory:"):
        try:
            index = sqlite3.connect(place, check_same_thread=False)
            (version,) = index.execute("PRAGMA user_version").fetchone()
            (tables,) = index.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if version == _VERSION:
                return index
            if tables:
                raise sqlite3.DatabaseError("it has other tables")
            index.executescript(_SCHEMA)
            return index
        except sqlite3.Error as error:
            log.warning("%s: made anew (%s)", path, error)
            with contextlib.suppress(OSError):
                path.rename(path.with_name(f"{path.name}.damaged"))
    raise AssertionError("SQLite works in memory")


def _is_day(name: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(dt.date.fromisoformat(name))
    return False
