"""The digest as a mail: what programs for mail and people see of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import email
from collections.abc import Callable
from email import policy
from pathlib import Path

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from toolkit.config import Config
from toolkit.data import Digest
from toolkit.digest import render
from toolkit.digest.example import example
from toolkit.runs import mail

CONFIG = Config(mail_server="smtp://a@b.example", mail_from="a@b.example", mail_to="c@d.example")
DAWN = dt.datetime(2026, 11, 21, 6)


def parts(digest: Digest) -> tuple[str, str, str]:
    """The subject, the text and the page of a digest's mail, as the standard library reads it."""
    raw = mail.compose(digest, "identity", config=CONFIG, now=DAWN)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    message = email.message_from_bytes(raw, policy=policy.default)
    text, page = message.iter_parts()
    assert not [part.defects for part in message.walk() if part.defects]
    return message["Subject"], text.get_content(), page.get_content()


@pytest.mark.parametrize(("width", "dark"), [(360, False), (640, True)])
def test_a_mail_fits_and_loads_nothing(
    browser: Browser, sample_digest: Digest, tmp_path: Path, width: int, dark: bool
) -> None:
    file = tmp_path / "mail.html"
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    file.write_text(parts(example() if dark else sample_digest)[2], encoding="utf-8")
    page.goto(file.as_uri())
    assert Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]}).violations_count == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(22, 21, 18)") == dark
    assert set(asked) == {file.as_uri()}
    page.close()


def test_hostile_text_stays_text(
    sample_digest: Digest, hostile_digest: Digest, poisoned: Callable[[Digest, str], Digest]
) -> None:
    def shape(page: str) -> list[tuple[str, tuple[str, ...]]]:
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
        return [(e.tag, tuple(sorted(e.attrib))) for e in tree.iter() if isinstance(e.tag, str)]

    subject, text, page = parts(hostile_digest)
    assert shape(page) == shape(parts(poisoned(sample_digest, "harmless"))[2])
    assert "\n" not in subject
    assert text.replace("\r\n", "\n").rstrip() == render.markdown(hostile_digest).rstrip()


def test_a_mail_of_a_long_day_is_short_enough_for_gmail(
    many_stories: Digest, sample_digest: Digest
) -> None:
    failures = sample_digest.failures * 100
    _, text, page = parts(dataclasses.replace(many_stories, failures=failures))
    assert len(page.encode()) < 102_000
    assert page.count("<h3") == mail.MOST_STORIES
    assert f"{len(many_stories.stories) - mail.MOST_STORIES} more stories" in page
    assert f"{len(failures) - 40} more articles that were not processed" in page
    assert "Read, but in no story" not in text


def test_a_day_without_stories_has_a_mail(sample_digest: Digest) -> None:
    empty = dataclasses.replace(sample_digest, stories=(), articles=())
    subject, _, page = parts(empty)
    assert subject == "Morning briefing, 21 November 2026: no stories"
    assert "Not processed" in page


def test_without_css_inline_the_styles_stay_in_the_head(
    sample_digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "css_inline", None)
    assert ".column {" in parts(sample_digest)[2]
