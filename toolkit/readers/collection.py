"""Read the articles of files and folders, each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from toolkit.data import Article, Failure
from toolkit.readers.base import Columns
from toolkit.readers.paths import contents, files


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An article that was read before, from the source ``same_as``."""

    source: str
    same_as: str


@dataclass(slots=True)
class Loaded:
    """The content of all inputs. ``duplicates`` pairs a source with the earlier one that it
    equals."""

    articles: list[Article] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)


def load(paths: Iterable[Path], *, columns: Columns = None) -> Loaded:
    """Return all that ``scan`` yields."""
    loaded = Loaded()
    for item in scan(paths, columns=columns):
        if isinstance(item, Article):
            loaded.articles.append(item)
        elif isinstance(item, Failure):
            loaded.failures.append(item)
        else:
            loaded.duplicates.append((item.source, item.same_as))
    return loaded


def scan(
    paths: Iterable[Path], *, stdin: bytes | None = None, columns: Columns = None
) -> Iterator[Article | Failure | Duplicate]:
    """Yield the content of every file of ``paths``, one article at a time.

    A folder stands for its files, hidden ones left out. ``stdin`` is the content of ``-``, if that
    was read already; ``columns`` are those of tables. Raises ``InputError`` only where one of
    ``paths`` does not exist or cannot be entered: a file in a folder that cannot be read is a
    failure, and the others go on.
    """
    found, failures = files(paths)
    yield from failures
    seen: dict[str, str] = {}
    for file in found:
        for item in contents(file, stdin=stdin, columns=columns):
            if isinstance(item, Failure):
                yield item
            elif item.id in seen:
                yield Duplicate(item.source, seen[item.id])
            else:
                seen[item.id] = item.source
                yield item
