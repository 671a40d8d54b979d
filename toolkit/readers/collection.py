"""Read the articles of files and folders, each once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from toolkit.config import cache_home
from toolkit.data import Article, Failure
from toolkit.options import Source
from toolkit.readers.base import Columns
from toolkit.readers.paths import STDIN, contents, feed_list, files, read_stdin
from toolkit.readers.values import HUB, read_hub


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


def load(
    paths: Iterable[Source], *, columns: Columns = None, allow_private: bool = False
) -> Loaded:
    """Return all that ``scan`` yields."""
    loaded = Loaded()
    for item in scan(paths, columns=columns, allow_private=allow_private):
        if isinstance(item, Article):
            loaded.articles.append(item)
        elif isinstance(item, Failure):
            loaded.failures.append(item)
        else:
            loaded.duplicates.append((item.source, item.same_as))
    return loaded


def scan(
    paths: Iterable[Source],
    *,
    stdin: bytes | None = None,
    columns: Columns = None,
    allow_private: bool = False,
    oldest: dt.date | None = None,
    time_is_up: Callable[[], bool] = lambda: False,
) -> Iterator[Article | Failure | Duplicate]:
    """Yield the content of every file of ``paths``, one article at a time, and then of every
    address, so that the files need not wait.

    A folder stands for its files, hidden ones left out, and a list in OPML for its feeds. ``stdin``
    is the content of ``-``, if that was read already; ``columns`` are those of tables. Of
    what feeds say was published before ``oldest`` no page is fetched, and nothing once
    ``time_is_up``: what was not fetched is a failure. Raises ``InputError`` only
    where a path does not exist or cannot be entered: a file in a folder that cannot be read is a
    failure, and the others go on.
    """
    found, failures = files(paths)
    yield from failures
    seen: dict[str, str] = {}
    addresses: list[str] = []
    lists: list[tuple[bytes, str]] = []
    items = _in_files(found, stdin, columns, addresses, lists)
    fetched = _at_addresses(addresses, lists, columns, allow_private, oldest, time_is_up)
    for item in chain(items, fetched):
        if isinstance(item, Failure):
            yield item
        elif item.id in seen:
            yield Duplicate(item.source, seen[item.id])
        else:
            seen[item.id] = item.source
            yield item


def _in_files(
    found: Iterable[Source],
    stdin: bytes | None,
    columns: Columns,
    addresses: list[str],
    lists: list[tuple[bytes, str]],
) -> Iterator[Article | Failure]:
    """Yield what the files hold, and note the ``addresses`` and the ``lists`` of feeds."""
    for source in found:
        if isinstance(source, str):
            addresses.append(source)
            continue
        if source == STDIN and stdin is None:
            stdin = read_stdin()
        if listed := feed_list(source, stdin):
            lists.append(listed)
        else:
            yield from contents(source, stdin=stdin, columns=columns)


def _at_addresses(
    addresses: list[str],
    lists: list[tuple[bytes, str]],
    columns: Columns,
    allow_private: bool,
    oldest: dt.date | None,
    time_is_up: Callable[[], bool],
) -> Iterator[Article | Failure]:
    for name in [address for address in addresses if address.startswith(HUB)]:
        addresses.remove(name)
        yield from read_hub(name, columns, time_is_up)
    if not addresses and not lists:
        return
    from toolkit.readers.fetch import Fetcher
    from toolkit.readers.web import Web

    fetcher = Fetcher(cache=cache_home() / "web", allow_private=allow_private)
    with Web(fetcher, oldest=oldest, time_is_up=time_is_up) as web:
        yield from web.read(addresses)
        for data, name in lists:
            yield from web.read_list(data, name)
