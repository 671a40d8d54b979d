"""Addresses: a real web server on loopback that does all that servers do, good and bad."""

from __future__ import annotations

import datetime as dt
import gzip
import http.server
import os
import socket
import struct
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import toolkit
from toolkit.cli.commands import main
from toolkit.config import Config
from toolkit.data import Article, Failure
from toolkit.readers import collection
from toolkit.readers.fetch import USER_AGENT, Fetcher, Limits
from toolkit.readers.fetch_network import FetchError, is_public
from toolkit.readers.web import Web
from toolkit.testing import FakeTranslator

PARAGRAPHS = (
    "The council of Ashford approved the new budget on Monday after a debate of nine hours.",
    "Twelve of the twenty members voted for the plan, which raises the price of parking.",
    "The mayor said that the money will go to the three schools in the north of the town.",
    "Opponents of the plan want a referendum and have begun to collect signatures for one.",
)
TITLE, TEASER = "Council approves budget", "The council approved the budget."
PAGE = (
    f"<html lang='en'><head><title>{TITLE}</title></head><body><nav><a href='/'>Home</a></nav>"
    f"<article><h1>{TITLE}</h1>{''.join(f'<p>{text}</p>' for text in PARAGRAPHS)}</article></body>"
)
WALL = "<html><body><h1>Cookies</h1>" + (
    "<p>We value your privacy, and our 942 partners value your personal data even more.</p>" * 9
)
WHOLE = " ".join(PARAGRAPHS) * 6
FAKE = "toolkit.testing:FakeTranslator"
RUSSIAN = "Городской совет одобрил новый бюджет в понедельник после девяти часов прений."


def rss(*links: str, text: str = TEASER) -> bytes:
    items = "".join(
        f"<item><title>{TITLE}</title><link>{link}</link><description>{text}</description></item>"
        for link in links
    )
    channel = f"<channel><title>Ashford Gazette</title><language>en</language>{items}</channel>"
    return f'<rss version="2.0">{channel}</rss>'.encode()


ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><entry><title>Long read</title>'
    f'<link href="long.html"/><content type="html">{WHOLE}</content></entry></feed>'
).encode()
JSON_FEED = (
    '{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": "1", "url": '
    f'"/page", "content_text": "{TEASER}"}}]}}'
).encode()


class Server(http.server.ThreadingHTTPServer):
    """Answers by ``routes``. Counts the bytes of bodies by path, and requests at one time."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.home = f"http://127.0.0.1:{self.server_port}"
        self.routes: dict[str, Callable[[Handler], None]] = {}
        self.sent: Counter[str] = Counter()
        self.asked: list[tuple[str, str | None]] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.end = threading.Event()

    def give(self, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        """Let ``path`` answer with ``body``, and with 304 whoever has it."""
        tag = f'"{zlib.crc32(body)}"'

        def answer(request: Handler) -> None:
            if status == 200 and request.headers["If-None-Match"] == tag:
                request.answer(304, b"")
            else:
                request.answer(status, body, ETag=tag, **headers)

        self.routes[path] = answer

    def handle_error(self, *_: Any) -> None:
        """Say nothing of clients that hang up."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        server = self.server
        with server.lock:
            server.asked.append((self.path, self.headers["User-Agent"]))
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
        try:
            server.routes.get(self.path, lambda request: request.answer(404, b"none"))(self)
        finally:
            with server.lock:
                server.at_once -= 1

    def answer(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        self.server.sent[self.path] += len(body)

    def stream(self, part: bytes, pause: float) -> None:
        """Send ``part`` again and again, until the client hangs up or the test ends."""
        self.send_response(200)
        self.end_headers()
        while not self.server.end.wait(pause):
            self.wfile.write(part)

    def once(self, status: int, then: bytes, **headers: str) -> None:
        """Answer ``status`` the first time, and the body ``then`` later."""
        first = [path for path, _ in self.server.asked].count(self.path) == 1
        self.answer(status if first else 200, b"" if first else then, **headers)

    def reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        os.close(self.connection.detach())

    def cut(self, body: bytes, length: int) -> None:
        self.answer(200, body, length)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


def fill(server: Server) -> None:
    """Give ``server`` its routes."""
    give, routes = server.give, server.routes
    rest = {"Retry_After": "3600"}
    give("/rss", rss("/page"), Content_Type="application/rss+xml; charset=utf-8")
    give("/atom", ATOM)
    give("/feed.json", JSON_FEED)
    outlines = "".join(f'<outline xmlUrl="{path}"/>' for path in ("/rss", "/atom", "/gone"))
    give("/list.opml", f"<opml><body><outline>{outlines}</outline></body></opml>".encode())
    give("/page", PAGE.encode(), Content_Type="text/html")
    give("/consent", WALL.encode(), Content_Type="text/html")
    give("/plain", "\n".join(PARAGRAPHS).encode(), Content_Type="text/plain")
    for path, status, to in (
        ("/moved", 301, "/rss"),
        ("/loop", 302, "/back"),
        ("/back", 302, "/loop"),
        ("/inside", 302, "http://intranet.test/rss"),
        ("/metadata", 307, "http://169.254.169.254/latest/meta-data/"),
        ("/local-file", 302, "file:///etc/passwd"),
    ):
        give(path, b"", status, Location=to)
    for status in (403, 404, 410, 500):
        give(f"/{status}", b"", status)
    give("/gone", b"", 410)
    give("/tired", b"", 429, **rest)
    give("/gzip", gzip.compress(rss("/page")), Content_Encoding="gzip")
    give("/bomb", gzip.compress(b" " * 3_000_000), Content_Encoding="gzip")
    give("/brotli", b"\x0b\x02", Content_Encoding="br")
    give("/empty", b"")
    give("/pdf", b"%PDF-1.7 ...", Content_Type="application/pdf")

    def wait(request: Handler) -> None:
        server.end.wait()

    routes["/claims"] = lambda request: request.cut(b"", 3_000_000)
    routes["/cut"] = lambda request: request.cut(rss("/page")[:90], 900)
    routes["/slow"] = wait
    routes["/endless"] = lambda request: request.stream(b"<item>" * 9999, 0)
    routes["/drip"] = lambda request: request.stream(b"<", 0.05)
    routes["/reset"] = Handler.reset
    routes["/shy"] = lambda request: request.once(429, rss("/page"), Retry_After="7")
    routes["/weak"] = lambda request: request.once(503, rss("/page"))
    russian = rss("/none", text=RUSSIAN).decode()
    give("/charset", russian.encode("cp1251"), Content_Type="text/xml; charset=windows-1251")
    declared = f'<?xml version="1.0" encoding="windows-1251"?>{russian}'.encode("cp1251")
    give("/unlike", declared, Content_Type="text/xml; charset=utf-8")
    give("/wrong", russian.encode("cp1251"), Content_Type="text/xml; charset=iso-8859-1")
    give("/robots.txt", b"User-agent: *\nDisallow: /private/*.xml$\nAllow: /private/open.xml")
    give("/private/closed.xml", rss("/page"))
    give("/private/open.xml", rss("/page"))


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    fill(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.end.set()
    server.shutdown()
    server.server_close()


LIMITS = Limits(connect=2, read=0.3, whole=0.6, size=1_000_000)
ONE = Limits(connect=2, read=0.3, whole=0.6, per_host=1)
PRIVATE = {"intranet.test": ["10.0.0.1"], "mixed.test": ["93.184.216.34", "::ffff:192.168.0.1"]}


def fetch(
    *addresses: str,
    cache: Path | None = None,
    waits: list[float] | None = None,
    oldest: dt.date | None = None,
    **options: Any,
) -> list[Article | Failure]:
    """Return what is behind ``addresses``. No wait is waited for, and no name is looked up."""

    async def sleep(seconds: float) -> None:
        if waits is not None:
            waits.append(seconds)

    async def resolve(host: str, port: int) -> list[str]:
        if host.endswith(".invalid"):
            raise FetchError("no such host, or no network")
        return PRIVATE.get(host, [host])

    given = {"allow_private": True, "limits": LIMITS, "sleep": sleep, "resolve": resolve, **options}
    with Web(Fetcher(cache=cache, **given), oldest=oldest) as web:
        return list(web.read(addresses))


def shown(items: list[Article | Failure]) -> list[str]:
    """Return the first words of articles, and the reasons of failures after a bang."""
    return [
        f"!{item.reason}" if isinstance(item, Failure) else item.text[: len(TEASER)]
        for item in items
    ]


FULL = PARAGRAPHS[0][: len(TEASER)]
SLOW = "took more than 0.6 seconds"
OUTCOMES: dict[str, list[str]] = {
    "/rss": [FULL],
    "/atom": [FULL],
    "/feed.json": [FULL],
    "/list.opml": [FULL, FULL, "!answered 410 (Gone)"],
    "/page": [FULL],
    "/plain": [FULL],
    "/moved": [FULL],
    "/gzip": [FULL],
    "/shy": [FULL],
    "/weak": [FULL],
    "/private/open.xml": [FULL],
    "/charset": [RUSSIAN[: len(TEASER)], "!a linked page could not be read"],
    "/unlike": [RUSSIAN[: len(TEASER)], "!a linked page could not be read"],
    "/wrong": [RUSSIAN[: len(TEASER)], "!a linked page could not be read"],
    "/loop": ["!redirected in a circle"],
    "/metadata": ["!169.254.169.254 is no public host"],
    "/local-file": ["!redirected to what is no web address"],
    "/403": ["!answered 403 (Forbidden)"],
    "/404": ["!answered 404 (Not Found)"],
    "/410": ["!answered 410 (Gone)"],
    "/tired": ["!answered 429 (Too Many Requests) and asks to wait 3600 seconds"],
    "/500": ["!answered 500 (Internal Server Error)"],
    "/slow": ["!no answer in time"],
    "/drip": [f"!{SLOW}"],
    "/endless": ["!larger than 1 MB"],
    "/bomb": ["!larger than 1 MB"],
    "/claims": ["!larger than 1 MB"],
    "/brotli": ["!packed as 'br', which was not asked for"],
    "/reset": ["!the connection broke off"],
    "/cut": ["!the connection broke off"],
    "/empty": ["!the file is empty"],
    "/pdf": ["!this is a PDF document, not text"],
    "/private/closed.xml": ["!its robots.txt asks programs to keep out"],
}


@pytest.mark.parametrize("path", OUTCOMES)
def test_whatever_a_server_does_costs_one_line(path: str, server: Server) -> None:
    expected = OUTCOMES[path]
    items = fetch(f"{server.home}{path}")
    assert [
        text[: len(want)] for text, want in zip(shown(items), expected, strict=True)
    ] == expected
    for item in items:
        assert not isinstance(item, Failure) or ("\n" not in item.reason and item.remedy)


def test_an_entry_has_what_its_feed_says_of_it_and_the_text_of_its_page(server: Server) -> None:
    (article,) = fetch(f"{server.home}/rss")
    assert isinstance(article, Article)
    assert article.text.splitlines() == list(PARAGRAPHS)
    assert (article.title, article.language) == (TITLE, "en")
    assert (article.publisher, article.source) == ("Ashford Gazette", f"{server.home}/page")


def test_the_second_fetch_costs_no_body(server: Server, tmp_path: Path) -> None:
    paths = ("/rss", "/atom", "/feed.json", "/moved", "/page", "/gzip")
    addresses = [f"{server.home}{path}" for path in paths]
    first = fetch(*addresses, cache=tmp_path)
    sent, asked = server.sent.copy(), len(server.asked)
    assert fetch(*addresses, cache=tmp_path) == first
    assert server.sent == sent
    # The redirect is asked for, too; robots.txt and the page of an article are fresh for a day.
    assert [path for path, _ in server.asked[asked:]].count("/page") <= 1
    assert "/robots.txt" not in [path for path, _ in server.asked[asked:]]
    server.give("/rss", rss("/none", text=RUSSIAN))
    assert shown(fetch(addresses[0], cache=tmp_path))[0] == RUSSIAN[: len(TEASER)]


@pytest.mark.parametrize("harm", ["cut", "other", "folder"])
def test_a_cache_that_is_damaged_is_not_used(server: Server, tmp_path: Path, harm: str) -> None:
    first = fetch(f"{server.home}/rss", cache=tmp_path)
    for file in [path for path in tmp_path.rglob("*") if path.is_file()]:
        data = file.read_bytes()
        file.unlink()
        if harm == "folder":
            file.mkdir()
        else:
            file.write_bytes(data[: len(data) // 2] if harm == "cut" else b"{}\n")
    assert fetch(f"{server.home}/rss", cache=tmp_path) == first


def test_a_cache_that_cannot_be_made_costs_nothing_else(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert shown(fetch(f"{server.home}/rss", cache=tmp_path / "file")) == [FULL]


def test_a_server_that_asks_for_patience_gets_it(server: Server) -> None:
    waits: list[float] = []
    fetch(f"{server.home}/shy", waits=waits)
    assert waits == [7]
    waits.clear()
    fetch(f"{server.home}/500", waits=waits)
    assert len(waits) == 2
    assert 0.7 < waits[0] < 1.3 < waits[1] < 2.6


def test_a_server_that_asks_for_more_is_left_alone(server: Server) -> None:
    waits: list[float] = []
    items = fetch(*(f"{server.home}/tired?{n}" for n in range(3)), waits=waits)
    assert [text.startswith("!answered 404") for text in shown(items)] == [True] * 3
    server.routes["/first"] = server.routes["/tired"]
    items = fetch(f"{server.home}/first", f"{server.home}/rss?later", waits=waits, limits=ONE)
    assert shown(items)[0].startswith("!answered 429")
    assert waits == []


def test_a_host_gets_two_requests_at_once(server: Server) -> None:
    links = [f"/page?{n}" for n in range(9)]
    for link in links:
        server.give(link, PAGE.encode(), Content_Type="text/html")
    server.give("/many", rss(*links))
    assert shown(fetch(f"{server.home}/many")) == [FULL] * 9
    assert 1 <= server.most_at_once <= 2
    assert {agent for _, agent in server.asked} == {USER_AGENT}
    assert toolkit.__version__ in USER_AGENT


def test_a_page_that_tells_something_else_does_not_replace_the_teaser(server: Server) -> None:
    server.give("/walls", rss("/consent", "/404", "/pdf", "/page"))
    *articles, failure = fetch(f"{server.home}/walls")
    assert shown(articles) == [TEASER] * 3 + [FULL]
    assert isinstance(failure, Failure)
    assert failure.source == f"{server.home}/walls"
    assert failure.reason.startswith("3 linked pages could not be read")
    assert f"{server.home}/consent: another text" in failure.reason


def test_of_an_endless_archive_the_first_pages_are_read(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolkit.readers.web._MOST_PAGES", 2)
    server.give("/archive", rss("/page", "/page?2", "/page?3"))
    server.give("/page?2", PAGE.encode(), Content_Type="text/html")
    assert shown(fetch(f"{server.home}/archive")) == [FULL, FULL, TEASER]


PATIENT = Limits(connect=60, read=60, whole=60, per_host=40)
LATE = "!not fetched: the deadline came first"


def test_once_time_is_up_nothing_is_waited_for_and_each_feed_is_named(server: Server) -> None:
    silent = [f"{server.home}/slow?{n}" for n in range(30)]
    server.routes.update({f"/slow?{n}": server.routes["/slow"] for n in range(30)})
    server.give("/half", rss("/page", "/slow?0"))
    up = threading.Event()
    fetcher = Fetcher(allow_private=True, limits=PATIENT)
    with Web(fetcher, time_is_up=up.is_set) as web:
        items = web.read([f"{server.home}/half", *silent])
        first = next(items)
        up.set()
        teaser, note, *late = items
    assert shown([first, teaser]) == [FULL, TEASER]
    assert isinstance(note, Failure)
    assert note.reason.startswith("a linked page could not be read")
    assert [(item.source, *shown([item])) for item in late] == [(s, LATE) for s in silent]
    assert len(server.asked) < len(silent)


def test_a_run_that_begins_after_its_deadline_fetches_nothing_and_names_what(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("\n".join(PARAGRAPHS), "utf-8")
    feeds = [f"{server.home}/rss", f"{server.home}/slow"]
    config = Config(
        inputs=tmp_path / "a.txt",
        feeds=feeds,
        outputs=tmp_path / "out",
        cache=tmp_path / "c.sqlite",
        allow_private=True,
        deadline=(dt.datetime.now() - dt.timedelta(minutes=5)).time(),
    )
    result = toolkit.run(config, translator=FakeTranslator())
    assert [(f.source, f"!{f.reason}") for f in result.failures] == [(f, LATE) for f in feeds]
    assert len(result.digest.articles) == 1
    assert server.asked == []


def test_no_page_is_fetched_for_what_is_too_old(server: Server) -> None:
    day = "<pubDate>Fri, 20 Nov 2026 23:00:00 GMT</pubDate></item>"
    server.give("/dated", rss("/page").replace(b"</item>", day.encode()))
    assert shown(fetch(f"{server.home}/dated", oldest=dt.date(2026, 11, 21))) == [TEASER]
    assert "/page" not in [path for path, _ in server.asked]
    assert shown(fetch(f"{server.home}/dated", oldest=dt.date(2026, 11, 20))) == [FULL]


def test_a_page_that_is_gone_leaves_the_article_as_it_was(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolkit.readers.web._PAGE_FRESH", 0)
    first = fetch(f"{server.home}/rss", cache=tmp_path)
    server.give("/page", b"", 404)
    assert fetch(f"{server.home}/rss", cache=tmp_path) == first
    assert server.asked[-1][0] == "/page"
    assert shown(fetch(f"{server.home}/page", cache=tmp_path)) == ["!answered 404 (Not Found)"]


def test_the_remedy_for_a_page_of_links_is_its_feed(server: Server) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/rss">'
    front = f"<html><head>{link}</head><body><nav><a href='/a'>News</a></nav></body></html>"
    server.give("/front/", front.encode(), Content_Type="text/html")
    (failure,) = fetch(f"{server.home}/front/")
    assert isinstance(failure, Failure)
    assert failure.remedy == f"Its feed is {server.home}/rss"


def test_private_hosts_are_refused_unless_allowed(server: Server) -> None:
    local = f"http://localhost:{server.server_port}/rss"
    refused = fetch(f"{server.home}/rss", local, allow_private=False, resolve=None)
    assert shown(refused) == [f"!{host} is no public host" for host in ("127.0.0.1", "localhost")]
    assert server.asked == []
    assert shown(fetch(local, resolve=None)) == [FULL]


def test_redirects_and_names_lead_to_no_private_host(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pretend(text: str, **options: bool) -> bool:
        return text == "127.0.0.1" or is_public(text, **options)

    monkeypatch.setattr("toolkit.readers.fetch_network.is_public", pretend)
    server.give("/links", rss("http://intranet.test/page"))
    items = fetch(
        *(f"{server.home}/inside", f"{server.home}/links", "http://mixed.test/"),
        allow_private=False,
    )
    assert [text.split(" is no public")[0] for text in shown(items)] == [
        "!intranet.test",
        TEASER,
        "!a linked page could not be read, and the feed's own text stands in"
        " (http://intranet.test/page: intranet.test",
        "!mixed.test",
    ]


@pytest.mark.parametrize(
    ("address", "public", "allowed"),
    [
        ("93.184.216.34", True, True),
        ("2606:4700::6810:84e5", True, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("10.1.2.3", False, True),
        ("100.64.0.1", False, True),
        ("fd12::1", False, True),
        ("::ffff:192.168.0.1", False, True),
        ("64:ff9b::7f00:1", False, True),
        ("2002:7f00:1::", False, True),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("fe80::1%eth0", False, False),
        ("fd00:ec2::254", False, False),
        ("168.63.129.16", False, False),
        ("224.0.0.1", False, False),
    ],
)
def test_what_may_be_connected_to(address: str, public: bool, allowed: bool) -> None:
    assert is_public(address) is public
    assert is_public(address, allow_private=True) is allowed


def test_without_a_network_each_feed_costs_one_line(tmp_path: Path) -> None:
    addresses = [f"https://n{n}.invalid/feed" for n in range(20)]
    assert shown(fetch(*addresses, cache=tmp_path)) == ["!no such host, or no network"] * 20


@pytest.mark.parametrize(
    "address",
    ["ftp://example.org/feed", "https://", "http://[bad", "https://me:secret@example.org/feed"],
)
def test_what_cannot_be_an_address_costs_one_line(address: str) -> None:
    (failure,) = fetch(address)
    assert isinstance(failure, Failure)
    assert failure.remedy
    assert "secret" not in failure.reason + failure.source


def test_a_proxy_of_the_environment_is_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.home)
    monkeypatch.delenv("no_proxy", raising=False)
    server.give("http://news.test/rss", ATOM)
    assert shown(fetch("http://news.test/rss", resolve=None)) == [FULL]
    assert shown(fetch(f"{server.home}/rss")) == [FULL]


def test_inputs_may_be_addresses_lists_and_files(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    outlines = f'<outline XMLURL="{server.home}/atom"/><outline text="no feed"/>'
    opml = f'<?xml version="1.0" encoding="utf-8"?><opml><body>{outlines}</body></opml>'
    for name in ("feeds.opml", "feeds.xml"):
        (tmp_path / name).write_text(opml, encoding="utf-8")
    (tmp_path / "empty.opml").write_text("<opml/>", encoding="utf-8")
    (tmp_path / "note.txt").write_text(RUSSIAN, encoding="utf-8")
    config = Config(inputs=[f"{server.home}/rss", tmp_path], feeds=f"{server.home}/gone")
    loaded = collection.load(config.sources, allow_private=True)
    assert {article.source for article in loaded.articles} == {
        str(tmp_path / "note.txt"),
        f"{server.home}/page",
        f"{server.home}/long.html",
    }
    reasons = {failure.source: failure.reason for failure in loaded.failures}
    assert reasons[str(tmp_path / "empty.opml")] == "no feeds in the list"
    assert reasons[f"{server.home}/gone"] == "answered 410 (Gone)"
    assert len(loaded.failures) == 2


def test_a_run_reads_feeds_and_tells_what_failed(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Path("toolkit.toml").write_text(
        f'feeds = ["{server.home}/rss", "{server.home}/gone"]\noutputs = "out"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("TOOLKIT_ALLOW_PRIVATE", "true")
    result = toolkit.run(translator=FakeTranslator())
    assert [article.source for article in result.digest.articles] == [f"{server.home}/page"]
    assert [failure.source for failure in result.failures] == [f"{server.home}/gone"]
    page = CliRunner().invoke(main, ["translate", f"{server.home}/page", "--model", FAKE])
    assert page.exit_code == 0
    assert PARAGRAPHS[0] in page.output
    gone = CliRunner().invoke(main, ["digest", f"{server.home}/gone", "--model", FAKE])
    assert gone.exit_code == 1
    assert f"not processed: {server.home}/gone: answered 410 (Gone)." in gone.output
