"""Feeds as files: every format that there is, and what is wrong with real ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolkit.data import Article, Failure
from toolkit.readers.formats import read, read_stream
from toolkit.readers.markup import is_feed, is_page

FEEDS = Path(__file__).parent.parent / "cases" / "feeds"
EXPECTED = json.loads((FEEDS / "expected.json").read_text(encoding="utf-8"))


def _rss(items: str, head: str = "") -> bytes:
    return f"{head}<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode()


def _item(text: str, title: str = "A title", more: str = "") -> str:
    return f"<item><title>{title}</title><description>{text}</description>{more}</item>"


def _shown(item: Article | Failure, keys: Any) -> dict[str, Any]:
    return {key: getattr(item, key) for key in keys}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_entry_is_an_article_with_what_the_feed_says_of_it(name: str) -> None:
    items = read((FEEDS / name).read_bytes(), name)
    assert [
        _shown(item, wanted) for item, wanted in zip(items, EXPECTED[name], strict=True)
    ] == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_feed_is_known_by_its_content(name: str) -> None:
    data = (FEEDS / name).read_bytes()
    texts = [item.text for item in read(data, name) if isinstance(item, Article)]
    for items in (read_stream(data, "stdin"), read(data, "saved.txt"), read(data, "page.html")):
        assert [item.text for item in items if isinstance(item, Article)] == texts


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "iso-8859-1"),
        ("utf-16", "utf-16"),
        ("cp1251", "windows-1251"),
        ("koi8-r", "koi8-r"),
    ],
)
def test_a_feed_may_be_in_any_encoding(encoding: str, declared: str) -> None:
    text = "Мост через реку открыли в понедельник после десяти лет работ."
    head = f'<?xml version="1.0" encoding="{declared}"?>'
    (item,) = read(_rss(_item(text, "Мост открыт"), head).decode().encode(encoding), "a.rss")
    assert isinstance(item, Article)
    assert (item.title, item.text) == ("Мост открыт", text)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("One &amp; two & three&nbsp;&ndash; four\x0b", "One & two & three\xa0– four"),
        ("<![CDATA[<p>One</p><p>two</p>]]>", "One\ntwo"),
        ("&amp;lt;p&amp;gt;Caf&amp;eacute;&amp;lt;/p&amp;gt;", "Café"),
        ("Line one\nline &lt;b&gt;two&lt;/b&gt;", "Line one\nline two"),
        ("&lt;iframe src='x'&gt;&lt;/iframe&gt;Words &lt;script&gt;x()&lt;/script&gt;", "Words"),
        ("5 &lt; 6 and 7 &gt; 6", "5 < 6 and 7 > 6"),
    ],
)
def test_entities_and_markup_are_read_as_their_writer_meant_them(written: str, text: str) -> None:
    (item,) = read(_rss(_item(written)), "a.xml")
    assert isinstance(item, Article)
    assert item.text == text


@pytest.mark.parametrize(
    ("last", "kept"),
    [
        ("The post Council approves budget appeared first on Ashford Gazette.", False),
        ("Der Beitrag Council approves budget erschien zuerst auf Ashford Gazette.", False),
        ("The council approves the budget on Monday.", True),
    ],
)
def test_the_line_that_programs_put_at_the_end_is_no_text(last: str, kept: bool) -> None:
    text = f"<![CDATA[<p>It rained.</p><p>{last}</p>]]>"
    (item,) = read(_rss(_item(text, "Council approves budget")), "a.xml")
    assert isinstance(item, Article)
    assert item.text == ("It rained." + f"\n{last}" * kept)


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("Sat, 28 Nov 2026 06:15:00 EST", "2026-11-28T06:15:00-05:00"),
        ("Sat, 28 Nov 26 06:15 GMT", "2026-11-28T06:15:00+00:00"),
        ("2026-11-28T06:15:00.5Z", "2026-11-28T06:15:00.500000+00:00"),
        ("2026-11-28", "2026-11-28"),
        ("Σαβ, 28 Νοε 2026 06:15:00 +0200", "2026-11-28T04:15:00+00:00"),
        ("0001-01-01T00:00:00Z", None),
        ("Sat, 28 Nov 2026 25:61:00 GMT", None),
        ("yesterday", None),
    ],
)
def test_dates_keep_their_time_and_zone(written: str, published: str | None) -> None:
    (item,) = read(_rss(_item("Some words.", more=f"<pubDate>{written}</pubDate>")), "a.xml")
    assert isinstance(item, Article)
    assert item.published == published


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_rss(""), "no entries"),
        (b"<rss", "a broken feed"),
        (b"<?xml version='1.0'?><urlset><url/></urlset>", "neither a feed nor a web page"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": [', "not valid JSON"),
        (b'{"version": "https://jsonfeed.org/version/1"}', "no entries"),
        (b"<?xml version='1.0'?><rss>" + b" " * 20_000_000, "a feed of 20 MB"),
    ],
)
def test_what_is_no_feed_is_one_failure(data: bytes, reason: str) -> None:
    (failure,) = read(data, "a.xml")
    assert isinstance(failure, Failure)
    assert reason in failure.reason
    assert failure.remedy


def test_entities_that_a_feed_defines_are_not_expanded() -> None:
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 20}">' for n in range(1, 9))
    secret = '<!ENTITY file SYSTEM "file:///etc/passwd">'
    head = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY e0 "x">{bomb}{secret}]>'
    (item,) = read(_rss(_item("&e8; and &file;"), head), "a.xml")
    assert isinstance(item, Article)
    assert item.text == "&e8; and &file;"


def test_telling_formats_takes_no_time_on_hostile_input() -> None:
    rows = "<!---->" * 1000
    assert not is_page(f"{rows}x")
    assert not is_feed(f"{rows}{'<x ' * 1000}".encode())
    assert is_feed(f"{rows}<rss>".encode())


@pytest.mark.parametrize(
    ("before", "part", "after"),
    [
        ("<author>", "x", "</author>"),
        ("<description>", ".", "</description>"),
    ],
)
def test_hostile_feeds_take_time_by_their_length(
    before: str, part: str, after: str, assert_linear: Callable[..., None]
) -> None:
    def work(text: str) -> object:
        return read(_rss(f"<item>{before}{text}{after}</item>"), "a.xml")

    assert_linear(work, part * 30_000)
