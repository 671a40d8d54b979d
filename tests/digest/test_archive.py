"""The page of all days and their feed, which a browser and readers of feeds understand."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import feedparser
import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from playwright.sync_api import Browser

from toolkit.data import Digest
from toolkit.digest import json_format, render
from toolkit.digest.archive import PastDay, PastStory, feed, index_parts
from toolkit.runs import archive

NOON = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)
HOSTILE = "</script><b>&amp; ]]> \u202e\x00\ufffe"


@pytest.fixture
def outputs(tmp_path: Path, sample_digest: Digest) -> Path:
    """Two days with the same digest, one whose JSON is cut, and a folder that is no day."""
    text = "".join(json_format.json_parts(sample_digest))
    for name, content in (("2026-11-26", text), ("2026-11-27", text), ("2026-11-20", text[:90])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "digest.json").write_text(content, encoding="utf-8")
        page = render.html(sample_digest)
        (tmp_path / name / "digest.html").write_text(page, encoding="utf-8")
    (tmp_path / "2026-99-99").mkdir()
    (tmp_path / "2026-99-99/digest.html").write_text("", encoding="utf-8")
    return tmp_path


def test_the_page_leads_to_every_story(outputs: Path) -> None:
    archive.publish(outputs)
    page = (outputs / archive.INDEX).read_text(encoding="utf-8")
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    tree = parser.parse(page)
    links = [a.get("href") for a in tree.iter("a") if "#" in a.get("href", "")]
    assert len(links) == 2 * len({link.split("#")[1] for link in links}) > 4
    for link in links:
        file, _, anchor = link.partition("#")
        assert f'id="{anchor}"' in (outputs / file).read_text(encoding="utf-8")
    days = [h2.find("a").get("href") for h2 in tree.iter("h2")]
    assert days == [f"2026-11-{day}/digest.html" for day in (27, 26, 20)]


def test_a_reader_of_feeds_sees_each_day_once(outputs: Path, sample_digest: Digest) -> None:
    archive.publish(outputs)
    first = feedparser.parse((outputs / archive.FEED).read_bytes())
    assert not first.bozo
    assert [entry.link for entry in first.entries[:2]] == [
        "2026-11-27/digest.html",
        "2026-11-26/digest.html",
    ]
    assert sample_digest.stories[0].headline in first.entries[0].content[0].value
    archive.publish(outputs)
    again = feedparser.parse((outputs / archive.FEED).read_bytes())
    assert [e.id for e in again.entries] == [e.id for e in first.entries]
    assert len({e.id for e in first.entries}) == 3


def test_a_folder_that_cannot_be_written_costs_nothing(
    outputs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (outputs / archive.INDEX).mkdir()
    archive.publish(outputs)
    assert "not written" in caplog.text


@given(st.text(max_size=40))
def test_any_headline_makes_a_right_feed(text: str) -> None:
    story = PastStory(1, text, text)
    root = etree.fromstring(feed([PastDay(NOON.date(), NOON, (story,))]).encode())
    assert len(root.findall(".//{*}li")) == 1


def test_the_page_finds_words_and_runs_nothing_else(browser: Browser, tmp_path: Path) -> None:
    headlines = ["Floods in Kenya", "Kenya votes", HOSTILE]
    told = tuple(PastStory(n, text) for n, text in enumerate(headlines, 1))
    days = [PastDay(NOON.date(), NOON, told), PastDay(dt.date(2026, 11, 26), NOON, told[:1])]
    file = tmp_path / "index.html"
    file.write_text("".join(index_parts(days)), encoding="utf-8")
    page = browser.new_page(viewport={"width": 360, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file.as_uri())
    assert Axe().run(page).violations_count == 0
    field = page.get_by_label("Find in the headlines")
    field.fill("kenya VOTES")
    assert page.locator("li:visible").all_inner_texts() == ["Kenya votes"]
    assert page.locator("section.day:visible").count() == 1
    field.fill("")
    assert page.locator("li:visible").count() == 4
    assert not said
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()


def test_without_scripts_all_is_there_but_the_field(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "index.html"
    days = [PastDay(NOON.date(), NOON, (PastStory(1, "Floods"),))]
    file.write_text("".join(index_parts(days)), encoding="utf-8")
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(file.as_uri())
    assert page.locator("form").is_hidden()
    assert page.locator("li:visible").count() == 1
    assert re.search("27 November 2026", page.locator("h2").inner_text())
    page.context.close()
