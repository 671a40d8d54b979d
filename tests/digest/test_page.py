"""The page in a real browser: it asks for nothing, complains of nothing, and can be used by all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from toolkit.data import Digest
from toolkit.digest import render, views

WIDTHS = (360, 768, 1440)
Open = Callable[..., "Visit"]


class Visit:
    """A page opened from a file, with all that it asked for, logged or popped up."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.events: list[str] = []
        page.on("console", lambda message: self.events.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.events.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.events.append(f"dialog: {dialog.message}"))
        page.on("popup", lambda popup: self.events.append(f"popup: {popup.url}"))
        page.on("request", lambda request: self.events.append(f"request: {request.url}"))
        page.goto(file.as_uri())
        assert self.events.pop(0) == f"request: {file.as_uri()}"


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    pages: list[Page] = []

    def open_page(text: str, *, width: int = 1440, dark: bool = False) -> Visit:
        file = tmp_path / "digest.html"
        file.write_text(text, encoding="utf-8")
        page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        pages.append(page)
        return Visit(page, file)

    yield open_page
    for page in pages:
        page.close()


def open_all(page: Page) -> None:
    for summary in page.locator("summary").all():
        summary.click()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["sample_digest", "hostile_digest"])
def test_the_page_is_quiet_and_fits(
    visit: Open, request: pytest.FixtureRequest, name: str, width: int
) -> None:
    shown = visit(render.html(request.getfixturevalue(name)), width=width)
    open_all(shown.page)
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    assert shown.page.evaluate("window.hacked") is None
    assert shown.events == []


@pytest.mark.parametrize(("width", "dark"), [(360, False), (1440, True)])
def test_axe_finds_no_violation(visit: Open, sample_digest: Digest, width: int, dark: bool) -> None:
    page = visit(render.html(sample_digest), width=width, dark=dark).page
    open_all(page)
    results = Axe().run(page, options={"rules": {"target-size": {"enabled": True}}})
    assert results.violations_count == 0, results.generate_report()
    assert len(results.response["passes"]) > 20


@pytest.mark.parametrize("width", WIDTHS)
def test_the_news_begin_on_the_first_screen(visit: Open, many_stories: Digest, width: int) -> None:
    notices = ("A notice that is long enough to take several lines on a telephone. " * 2,) * 6
    page = visit(render.html(dataclasses.replace(many_stories, notices=notices)), width=width).page
    top = page.locator("#headline-1").evaluate("e => e.getBoundingClientRect().top")
    assert top < 720
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_stories_are_chosen_without_a_script(visit: Open, many_stories: Digest) -> None:
    page = visit(render.html(many_stories)).page

    def seen() -> int:
        return sum(item.is_visible() for item in page.locator("main .item").all())

    assert seen() == 60
    page.get_by_text("Choose stories").click()
    page.get_by_label("by language").select_option(label="Arabic (15)")
    assert seen() == 15
    assert not page.get_by_role("heading", name="Sport").is_visible()
    page.get_by_label("by section").select_option(label="Sport (15)")
    assert seen() == 0
    page.get_by_role("button", name="Show all").click()
    assert seen() == 60
    page.get_by_label("by day").select_option(label="Continuing (15)")
    assert seen() == 15


def test_one_click_on_a_line_shows_why_it_says_so(visit: Open, many_stories: Digest) -> None:
    page = visit(render.html(many_stories)).page
    brief = page.locator(".brief").first
    brief.locator("> summary").click()
    assert brief.locator(".evidence .original").first.is_visible()


def test_axe_finds_no_violation_on_a_page_of_sections(visit: Open, many_stories: Digest) -> None:
    page = visit(render.html(many_stories), width=360).page
    for summary in ("Choose stories", "All 60 headlines"):
        page.get_by_text(summary).click()
    page.locator(".brief > summary").first.click()
    results = Axe().run(page, options={"rules": {"target-size": {"enabled": True}}})
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("template", ["", "failures", "articles"])
def test_axe_finds_no_violation_without_stories(
    visit: Open, sample_digest: Digest, template: str
) -> None:
    kept: dict[str, Any] = {template: getattr(sample_digest, template)} if template else {}
    digest = Digest(sample_digest.date, "signature", kept.pop("articles", ()), (), **kept)
    page = visit(render.html(digest)).page
    assert Axe().run(page).violations_count == 0
    assert page.get_by_text("There is no story in this briefing").is_visible()


def test_one_click_shows_the_original_beside_its_english(
    visit: Open, sample_digest: Digest
) -> None:
    page = visit(render.html(sample_digest)).page
    evidence = page.locator("details.evidence").first
    original = evidence.locator(".original").first
    english = evidence.locator(".english").first
    assert not original.is_visible()
    evidence.locator("summary").click()
    assert original.is_visible()
    assert original.inner_text().startswith("નવસાગર બંદરથી")
    assert (original.get_attribute("lang"), original.get_attribute("dir")) == ("gu", "ltr")
    left, right = original.bounding_box(), english.bounding_box()
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    assert abs(left["y"] - right["y"]) < left["height"] / 2


def test_the_keyboard_reaches_everything(visit: Open, sample_digest: Digest) -> None:
    page = visit(render.html(sample_digest)).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "briefing"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    original = page.locator("details.evidence .original").first
    page.keyboard.press("Enter")
    assert original.is_visible()
    page.keyboard.press("Space")
    assert not original.is_visible()


def test_a_sentence_leads_to_its_place_in_the_article(visit: Open, sample_digest: Digest) -> None:
    page = visit(render.html(sample_digest)).page
    page.locator("details.evidence summary").first.click()
    page.locator("details.evidence a[href='#a1s2']").first.click()
    line = page.locator("#a1s2")
    assert line.is_visible()
    assert "begin at seven o'clock" in line.inner_text()


def test_right_to_left_text_runs_from_the_right(visit: Open, sample_digest: Digest) -> None:
    page = visit(render.html(sample_digest)).page
    open_all(page)
    for language in ("ar", "ur"):
        text = page.locator(f"details.evidence .original[lang={language}]").first
        assert text.evaluate("e => getComputedStyle(e).direction") == "rtl"
        assert text.evaluate("e => getComputedStyle(e).textAlign") == "start"


def test_hostile_directions_stay_where_they_are(visit: Open, hostile_digest: Digest) -> None:
    page = visit(render.html(hostile_digest)).page
    # Where the first and the last letter of the page's own words stand, after all that text.
    first, last = page.evaluate(
        """() => {
            const text = document.querySelector("footer p").firstChild;
            const left = (at) => {
                const range = document.createRange();
                range.setStart(text, at);
                range.setEnd(text, at + 1);
                return range.getBoundingClientRect().left;
            };
            return [left(0), left(20)];
        }"""
    )
    assert first < last
    assert not set("\u202d\u202e\x00\x07") & set(page.content())


def test_the_security_policy_refuses_what_it_does_not_know(
    visit: Open, sample_digest: Digest
) -> None:
    text = render.html(sample_digest)
    foreign = '<script>window.hacked = 1</script><style>h1 { color: red }</style><img src="x.png">'
    shown = visit(text.replace("</main>", f"{foreign}</main>"))
    assert shown.page.evaluate("window.hacked") is None
    assert shown.page.evaluate("getComputedStyle(document.querySelector('h1')).color") != (
        "rgb(255, 0, 0)"
    )
    refused = [event for event in shown.events if "Content Security Policy" in event]
    assert len(refused) == 3


def test_dark_is_dark_and_paper_is_white(visit: Open, sample_digest: Digest) -> None:
    def brightness(page: Page) -> int:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour.strip("rgb()").split(","))

    page = visit(render.html(sample_digest), dark=True).page
    assert brightness(page) < 100
    page.emulate_media(media="print")
    assert brightness(page) == 765


def test_print_has_what_was_open_and_the_addresses(visit: Open, sample_digest: Digest) -> None:
    page = visit(render.html(sample_digest)).page
    page.locator("details.evidence summary").first.click()
    page.emulate_media(media="print")
    assert page.locator("details.evidence .original").first.is_visible()
    assert not page.locator("details.full").first.is_visible()
    assert not page.locator("nav").is_visible()
    address = page.locator(".about a").first.evaluate("a => getComputedStyle(a, '::after').content")
    assert "https://www.navsagar-samachar.example/" in address


def test_a_notebook_shows_the_page_without_its_styles_leaking(
    visit: Open, sample_digest: Digest
) -> None:
    views.register()
    notebook = (
        "<!DOCTYPE html><title>x</title><style>h1 { color: rgb(1, 2, 3) }</style><h1>Mine</h1>"
    )
    page = visit(notebook + sample_digest._repr_html_()).page
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(1, 2, 3)"
    assert page.evaluate("getComputedStyle(document.body).maxWidth") == "none"
    frame = page.frame_locator("iframe")
    frame.locator("details.evidence summary").first.click()
    original = frame.locator("details.evidence .original").first
    assert original.is_visible()
    assert frame.locator("body").evaluate("e => getComputedStyle(e).maxWidth") != "none"
