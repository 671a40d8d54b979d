"""The articles in files and folders, each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from toolkit.data import Article, Failure
from toolkit.readers.paths import contents, files


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An article that is there already, in ``same_as``."""

    source: str
    same_as: str


@dataclass(slots=True)
class Loaded:
    """What the inputs held. ``duplicates`` pairs a source with the earlier one it equals."""

    articles: list[Article] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)


def load(paths: Iterable[Path]) -> Loaded:
    """All that ``scan`` finds."""
    loaded = Loaded()
    for item in scan(paths):
        if isinstance(item, Article):
            loaded.articles.append(item)
        elif isinstance(item, Failure):
            loaded.failures.append(item)
        else:
            loaded.duplicates.append((item.source, item.same_as))
    return loaded


def scan(
    paths: Iterable[Path], *, stdin: bytes | None = None
) -> Iterator[Article | Failure | Duplicate]:
    """Read every file of ``paths``, one article at a time; a folder stands for the files in it,
    hidden ones left out. ``stdin`` is what ``-`` stands for, if that was read already.

    Raises ``InputError`` only when one of ``paths`` does not exist or cannot be entered: what
    cannot be read inside a folder is a failure, and the others go on.
    """
    found, failures = files(paths)
    yield from failures
    seen: dict[str, str] = {}
    for file in found:
        for item in contents(file, stdin=stdin):
            if isinstance(item, Failure):
                yield item
            elif item.id in seen:
                yield Duplicate(item.source, seen[item.id])
            else:
                seen[item.id] = item.source
                yield item
