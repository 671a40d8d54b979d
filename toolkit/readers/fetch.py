"""Fetch pages and feeds by their addresses, politely: one ``GET`` at a time and place.

Robots.txt is heeded, what has not changed is not sent again, a host gets few requests at once and
none after it asked for a rest. Every wait and every size has a bound.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
import ssl
import threading
import urllib.request
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpcore2
import httpx2
from protego import Protego

from toolkit.readers.fetch_cache import FetchCache, Kept
from toolkit.readers.fetch_http import (
    BY_HAND,
    answered,
    core_url,
    network_errors,
    parse_url,
    read_body,
    seconds,
)
from toolkit.readers.fetch_network import FetchError, Network, Resolve, UnknownHostError
from toolkit.version import VERSION

USER_AGENT = f"news-toolkit/{VERSION} (feed reader)"
_ROBOT = "news-toolkit"
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, text/html, */*;q=0.8"
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_RESTING = frozenset((429, 503))
# Seconds for which a robots.txt is not asked for again: RFC 9309 allows a day.
_ROBOTS_FRESH = 24 * 3600.0
# Bytes of it that are read: RFC 9309 wants at least these.
_ROBOTS_BYTES = 512_000
# Encodings that servers name for all texts when they know none: that of the old standard, RFC 2616,
# and UTF-8, which is told by its bytes where it is true.
_DEFAULT_CHARSETS = ("iso-8859-1", "us-ascii", "utf-8", "utf8")
_MOST_CONNECTIONS = 32
# Hosts that no proxy stands before, as for servers of language models.
_HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of fetching. Times are in seconds: to ``connect``, between two parts of an answer
    (``read``), for all of one try with its redirects (``whole``), before the second try
    (``first_wait``, then doubling) and at most (``longest_wait``). ``size`` is in bytes, packed or
    not; the largest of 70 real pages has 2.1 million."""

    connect: float = 10.0
    read: float = 20.0
    whole: float = 60.0
    size: int = 20_000_000
    redirects: int = 5
    retries: int = 2
    first_wait: float = 1.0
    longest_wait: float = 30.0
    per_host: int = 2


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: the address that it came from in the end, its body, and its kind with its
    encoding as the server names them."""

    address: str
    data: bytes
    kind: str = ""

    @property
    def charset(self) -> str | None:
        """Return the encoding that the server names, unless it is its default for all texts."""
        for part in self.kind.split(";")[1:]:
            name, _, value = part.partition("=")
            found = value.strip(" \"'").lower()
            if name.strip().lower() == "charset" and found not in _DEFAULT_CHARSETS:
                return found or None
        return None


class Fetcher:
    """Fetches in a thread of its own, many addresses at once. Nothing is kept without ``cache``, a
    folder. ``sleep`` and ``resolve`` are for tests."""

    def __init__(
        self,
        *,
        cache: Path | None = None,
        allow_private: bool = False,
        limits: Limits | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        resolve: Resolve | None = None,
    ) -> None:
        self._cache = FetchCache(cache) if cache else None
        self._network = Network(allow_private=allow_private, resolve=resolve)
        self._limits = limits or Limits()
        self._sleep = sleep
        self._pools: dict[str, httpcore2.AsyncConnectionPool] = {}
        self._rules: dict[httpx2.URL, asyncio.Task[Protego | FetchError]] = {}
        self._resting: dict[str, FetchError] = {}
        self._places: dict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(self._limits.per_host)
        )
        self._loop = asyncio.new_event_loop()
        # A daemon, so that no server keeps the process alive.
        self._thread = threading.Thread(target=self._loop.run_forever, name="fetch", daemon=True)
        self._thread.start()

    def submit(
        self, address: str, *, fresh_for: float = 0.0, or_stale: bool = False
    ) -> Future[Fetched]:
        """Begin to fetch ``address``; the result raises ``FetchError``. What was fetched less than
        ``fresh_for`` seconds ago is not asked for again. With ``or_stale`` what the cache has is
        taken where the latest cannot be had."""
        work = self._fetch(address, fresh_for, or_stale)
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Give up what is not finished, and the connections."""
        with contextlib.suppress(Exception):
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(self._limits.connect)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(self._limits.connect)
        if not self._thread.is_alive():
            self._loop.close()
        if self._cache:
            self._cache.prune()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for pool in self._pools.values():
            await pool.aclose()

    async def _fetch(self, address: str, fresh_for: float, or_stale: bool) -> Fetched:
        url = parse_url(address)
        try:
            return await self._retried(lambda: self._follow(url, fresh_for))
        except FetchError as error:
            if error.status in _RESTING:
                self._resting[url.host] = error
            kept = await self._kept(url) if or_stale else None
            if kept is None:
                raise
            return _from(kept, url)

    async def _retried(self, attempt: Callable[[], Coroutine[Any, Any, Fetched]]) -> Fetched:
        """Return what ``attempt`` does, tried again while it fails for passing reasons."""
        limits = self._limits
        for tries in range(limits.retries + 1):
            try:
                async with asyncio.timeout(limits.whole):
                    return await attempt()
            except TimeoutError:
                raise FetchError(f"took more than {limits.whole:g} seconds") from None
            except FetchError as error:
                asked = seconds(error.wait)
                longer = asked is not None and asked > limits.longest_wait
                if longer or not error.passing or tries == limits.retries:
                    raise
                wait = limits.first_wait * 2**tries * random.uniform(0.75, 1.25)
            await self._sleep(min(wait if asked is None else asked, limits.longest_wait))
        raise AssertionError("unreachable")  # the last attempt returns or raises

    async def _follow(self, url: httpx2.URL, fresh_for: float, *, robots: bool = True) -> Fetched:
        """Return the answer at ``url``, or where it redirects to. Each address is checked as the
        first is."""
        seen: set[httpx2.URL] = set()
        while url not in seen and len(seen) <= self._limits.redirects:
            seen.add(url)
            kept = await self._kept(url)
            if kept and kept.age < fresh_for:
                return _from(kept, url)
            if robots:
                await self._ask_robots(url)
            status, headers, data = await self._request(url, kept)
            if status in _REDIRECTS and headers.get("location"):
                url = parse_url(headers["location"], url)
                continue
            return await self._taken(url, kept, status, headers, data)
        reason = "redirected in a circle" if url in seen else f"redirected {len(seen)} times"
        raise FetchError(reason, remedy="Check the address in a browser.")

    async def _kept(self, url: httpx2.URL) -> Kept | None:
        return await asyncio.to_thread(self._cache.find, str(url)) if self._cache else None

    async def _taken(
        self, url: httpx2.URL, kept: Kept | None, status: int, headers: dict[str, str], data: bytes
    ) -> Fetched:
        """Return the answer of a server, or raise what it says; keep it for the next time."""
        address = str(url)
        if status == HTTPStatus.NOT_MODIFIED and kept and self._cache:
            await asyncio.to_thread(self._cache.confirm, address)
            return _from(kept, url)
        if status != HTTPStatus.OK:
            raise answered(status, headers)
        if self._cache and "no-store" not in headers.get("cache-control", ""):
            await asyncio.to_thread(self._cache.keep, address, headers, data)
        return Fetched(address, data, headers.get("content-type", ""))

    async def _request(
        self, url: httpx2.URL, kept: Kept | None
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of one answer; the body of a good one alone is read."""
        limits = self._limits
        headers = [
            *(("Host", url.netloc), ("User-Agent", USER_AGENT), ("Accept", _ACCEPT)),
            ("Accept-Encoding", "gzip, deflate"),
            *(kept.conditions if kept else ()),
        ]
        times = dict.fromkeys(("read", "write", "pool"), limits.read) | {"connect": limits.connect}
        async with self._places[url.host]:
            if resting := self._resting.get(url.host):
                raise resting
            pool = await self._pool(url)
            with network_errors():
                async with pool.stream(
                    "GET", core_url(url), headers=headers, extensions={"timeout": times}
                ) as answer:
                    said = {
                        name.decode("latin-1").lower(): value.decode("latin-1").strip()
                        for name, value in answer.headers
                    }
                    good = answer.status == HTTPStatus.OK
                    body = await read_body(answer, said, limits.size) if good else b""
                    return answer.status, said, body

    async def _ask_robots(self, url: httpx2.URL) -> None:
        """Raise ``FetchError`` where the robots.txt of the site does not allow ``url``."""
        place = url.copy_with(raw_path=b"/robots.txt")
        if place not in self._rules:
            self._rules[place] = asyncio.create_task(self._robots(place))
        rules = await asyncio.shield(self._rules[place])
        if isinstance(rules, FetchError):
            if rules.status is None:
                raise rules
            raise FetchError(f"what its robots.txt allows is not known: it {rules}")
        if not rules.can_fetch(str(url), _ROBOT):
            raise FetchError("its robots.txt asks programs to keep out", remedy=BY_HAND)

    async def _robots(self, place: httpx2.URL) -> Protego | FetchError:
        try:
            found = await self._retried(lambda: self._follow(place, _ROBOTS_FRESH, robots=False))
            text = found.data[:_ROBOTS_BYTES].decode("utf-8", "replace")
        except FetchError as error:
            # RFC 9309: a site that has none allows all, and one that cannot say allows nothing.
            if error.status is None or error.status >= 500 or error.status in _RESTING:
                return error
            text = ""
        return Protego.parse(text)

    async def _pool(self, url: httpx2.URL) -> httpcore2.AsyncConnectionPool:
        """Return the connections to the host of ``url``, by way of a proxy if the environment
        names one for it. A proxy resolves names itself: here they are only looked at."""
        proxy = urllib.request.getproxies().get(url.scheme, "")
        if url.host in _HERE or urllib.request.proxy_bypass(url.host):
            proxy = ""
        if proxy:
            with contextlib.suppress(UnknownHostError):
                await self._network.addresses(url.host, url.port or 0)
        if proxy not in self._pools:
            self._pools[proxy] = _proxied(proxy) if proxy else self._direct()
        return self._pools[proxy]

    def _direct(self) -> httpcore2.AsyncConnectionPool:
        return httpcore2.AsyncConnectionPool(
            ssl_context=_trusted(),
            network_backend=self._network,
            max_connections=_MOST_CONNECTIONS,
        )


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Return whom connections trust; reading it takes a while."""
    return httpx2.create_ssl_context()


def _from(kept: Kept, url: httpx2.URL) -> Fetched:
    return Fetched(str(url), kept.data, kept.headers.get("content-type", ""))


def _proxied(address: str) -> httpcore2.AsyncConnectionPool:
    try:
        proxy = httpx2.Proxy(address)
        return httpcore2.AsyncHTTPProxy(
            core_url(proxy.url),
            proxy_auth=proxy.raw_auth,
            ssl_context=_trusted(),
            max_connections=_MOST_CONNECTIONS,
        )
    except (httpx2.InvalidURL, ValueError) as error:
        raise FetchError(
            f"the proxy of the environment cannot be used ({error})",
            remedy="Set HTTP_PROXY and HTTPS_PROXY to an http:// address, or unset them.",
        ) from None
