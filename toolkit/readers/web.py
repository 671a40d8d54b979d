"""What addresses stand for: the articles of feeds, with their linked pages, of lists and of pages.

Answers are read in the caller's thread while the next ones are on their way.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from dataclasses import replace
from itertools import count
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urljoin

from lxml import etree

from toolkit.data import Article, Failure
from toolkit.errors import REPORT, InputError, described
from toolkit.readers import feeds, formats
from toolkit.readers.encodings import declared_encoding, decode
from toolkit.readers.feeds import Entry
from toolkit.readers.fetch import Fetched, Fetcher
from toolkit.readers.html import read_page
from toolkit.readers.html_blocks import tokens
from toolkit.readers.html_tree import decode_page, parse
from toolkit.readers.markup import begins_as_page, is_feed, is_feed_list
from toolkit.text.moments import day_of

log = logging.getLogger(__name__)

# Answers that are on their way at once, or wait to be read.
_AHEAD = 12
# Pages of one feed: feeds have 10 to 100 entries, the latest first, and archives thousands.
_MOST_PAGES = 100
# Seconds for which the page of an article is not asked for again: articles change seldom.
_PAGE_FRESH = 24 * 3600.0
# Lists within lists, and feeds of one list.
_DEEPEST, _MOST_FEEDS = 3, 2000
# The part of the words of an entry and its title that are in its article. Of 70 real pages two have
# less; a dialogue about consent had at most .28 of 25 of them.
_SHARED = 0.4
# A name and a password, which are shown to nobody.
_USER = re.compile(r"(?<=:)//[^/@]*@")
# Seconds between two looks at whether time is up, while an answer is waited for.
_LOOK = 0.2
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_LISTED = ("rss", "atom", "include")
_T = TypeVar("_T")
_Begun = TypeVar("_Begun")


class Web:
    """Reads what is behind addresses, each once, with ``fetcher``, which it closes in the end. For
    what was published before the day ``oldest`` no page is asked for. Once ``time_is_up`` nothing
    is asked for or waited for: each address that has not answered is a failure."""

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        oldest: dt.date | None = None,
        time_is_up: Callable[[], bool] = lambda: False,
    ) -> None:
        self._fetcher = fetcher
        self._oldest = oldest
        self._time_is_up = time_is_up
        self._seen: set[str] = set()

    def __enter__(self) -> Web:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._fetcher.close()

    def read(self, addresses: Iterable[str], *, depth: int = 0) -> Iterator[Article | Failure]:
        """Yield the articles of ``addresses`` in order; one that cannot be had is a failure."""
        for address, answer in _ahead(self._new(addresses), self._begin):
            try:
                yield from self._items(address, self._answer(answer), depth)
            except Exception as error:  # Whatever one address does, it costs no other.
                yield _failure(address, error)

    def read_list(
        self, data: bytes, source: str, *, base: str = "", depth: int = 0
    ) -> Iterator[Article | Failure]:
        """Yield the articles of the feeds in a list in OPML."""
        try:
            found = list_addresses(data, source, base)
        except InputError as error:
            yield _failure(source, error)
            return
        yield from self.read(found[:_MOST_FEEDS], depth=depth + 1)
        if len(found) > _MOST_FEEDS:
            reason = f"only the first {_MOST_FEEDS:,} of its {len(found):,} feeds were read"
            yield Failure(source, "read", reason, "Cut the list into several.")

    def _new(self, addresses: Iterable[str]) -> Iterator[str]:
        for address in addresses:
            if address not in self._seen:
                self._seen.add(address)
                yield address

    def _begin(self, address: str, **options: Any) -> Future[Fetched] | None:
        """Ask for what is at ``address``, unless time is up."""
        return None if self._time_is_up() else self._fetcher.submit(address, **options)

    def _answer(self, begun: Future[Fetched] | None) -> Fetched:
        """Return the answer that was asked for. Raises ``InputError`` where it has not come in
        time."""
        while begun and not begun.done() and not self._time_is_up():
            wait([begun], timeout=_LOOK)
        if begun and begun.done():
            return begun.result()
        if begun:
            begun.cancel()
        raise InputError("not fetched: the deadline came first", remedy="Run again, or earlier.")

    def _items(self, address: str, answer: Fetched, depth: int) -> Iterator[Article | Failure]:
        data = answer.data
        if is_feed_list(data):
            if depth > _DEEPEST:
                raise InputError("a list within lists within lists", remedy="Name it itself.")
            yield from self.read_list(data, address, base=answer.address, depth=depth)
        elif is_feed(data):
            yield from self._feed(address, answer)
        elif _is_page(answer):
            yield _with_feed(read_page(_page_text(answer), answer.address), answer)
        else:
            yield from formats.read_stream(data, answer.address)

    def _feed(self, address: str, answer: Fetched) -> Iterator[Article | Failure]:
        """Yield the articles of a feed; those that it only begins, from their pages. Where a page
        cannot be had its beginning stands for it, and one line tells how often that was so."""
        number = count()

        def begin(entry: Entry | Failure) -> Callable[[], Fetched] | None:
            if isinstance(entry, Failure) or not (entry.linked and entry.is_teaser):
                return None
            day = day_of(entry.published or "")
            if (self._oldest and day and day < self._oldest) or next(number) >= _MOST_PAGES:
                return None
            # An article that is there no longer is no new version of the one that was.
            begun = self._begin(entry.source, fresh_for=_PAGE_FRESH, or_stale=True)
            return lambda: self._answer(begun)

        lost: list[Failure] = []
        found = feeds.entries(answer.data, address, base=answer.address, declared=answer.charset)
        for entry, page in _ahead(found, begin):
            if isinstance(entry, Failure):
                yield entry
                continue
            try:
                yield whole_article(entry, page()) if page else entry.article()
            except Exception as error:  # Nor does one page cost the rest of its feed.
                lost.append(_failure(entry.source, error))
                yield entry.article() if entry.text else lost.pop()
        if lost:
            pages = f"{len(lost)} linked pages" if len(lost) > 1 else "a linked page"
            reason = f"{pages} could not be read, and the feed's own text stands in"
            first = f"{lost[0].source}: {lost[0].reason}"
            yield Failure(address, "read", f"{reason} ({first})", lost[0].remedy)


def whole_article(entry: Entry, answer: Fetched) -> Article | Failure:
    """Return the article of an entry from the page that it links to, or the entry's own where that
    says no less. Raises ``InputError`` where the page has no article, or another one."""
    if not _is_page(answer):
        raise InputError("not a web page")
    page = read_page(_page_text(answer), entry.source, title=entry.title)
    if isinstance(page, Failure):
        raise InputError(page.reason, remedy=page.remedy)
    if len(page.text) <= len(entry.text):
        return entry.article()
    if not tells(page.text, f"{entry.title or ''}\n{entry.text}"):
        raise InputError("another text than the feed tells of, perhaps a request for consent")
    return replace(
        page,
        language=entry.language or page.language,
        author=entry.author or page.author,
        published=entry.published or page.published,
        publisher=entry.publisher or page.publisher,
    )


def tells(text: str, beginning: str) -> bool:
    """Return whether a text has most words of what is said to be its title and beginning."""
    wanted = set(tokens(beginning))
    return len(wanted & set(tokens(text))) >= _SHARED * len(wanted)


def list_addresses(data: bytes, source: str, base: str = "") -> list[str]:
    """Return the addresses of the feeds in a list in OPML, each once. Raises ``InputError``."""
    text = decode(data, source, declared_encoding(data))
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    # lxml refuses text that declares an encoding.
    root = etree.fromstring(text[text.find("<opml") :].encode("utf-8", "replace"), parser)
    found: dict[str, None] = {}
    for outline in root.iter("{*}outline") if root is not None else ():
        said = {name.lower(): value.strip() for name, value in outline.attrib.items()}
        listed = said.get("url") if said.get("type", "").lower() in _LISTED else None
        if address := said.get("xmlurl") or listed:
            found[urljoin(base, address)] = None
    if not found:
        remedy = "Each feed is an outline with an xmlUrl."
        raise InputError(f"{source}: no feeds in the list", remedy=remedy)
    return list(found)


def _ahead(items: Iterable[_T], begin: Callable[[_T], _Begun]) -> Iterator[tuple[_T, _Begun]]:
    """Yield each item with what ``begin`` began for it, which it does some items ahead."""
    begun: deque[tuple[_T, _Begun]] = deque()
    for item in items:
        begun.append((item, begin(item)))
        if len(begun) == _AHEAD:
            yield begun.popleft()
    yield from begun


def _with_feed(item: Article | Failure, answer: Fetched) -> Article | Failure:
    """Return ``item``; where a page has no article, the remedy names the feed that it has."""
    if isinstance(item, Failure):
        for link in parse(_page_text(answer)).iter("link"):
            if link.get("type", "").lower() in _FEED_TYPES and link.get("href"):
                feed = urljoin(answer.address, link.get("href"))
                return replace(item, remedy=f"Its feed is {feed}")
    return item


def _is_page(answer: Fetched) -> bool:
    return "html" in answer.kind.lower() or begins_as_page(answer.data)


def _page_text(answer: Fetched) -> str:
    if answer.charset:
        return decode(answer.data, answer.address, answer.charset)
    return decode_page(answer.data, answer.address)


def _failure(address: str, error: Exception) -> Failure:
    source = _USER.sub("//", address)
    if isinstance(error, InputError):
        reason = str(error).removeprefix(f"{source}: ")
        return Failure(source, "read", reason, error.remedy)
    log.error("%s: unforeseen", source, exc_info=error)
    return Failure(source, "read", f"unforeseen error ({described(error)})", REPORT)
