"""A browser, renderers of Markdown and a parser of HTML, which the tests of the digest share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import cmarkgfm
import html5lib
import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="session")
def renderers() -> dict[str, Callable[[str], str]]:
    """Functions from Markdown to HTML, by the name of their dialect."""
    return {
        "commonmark": MarkdownIt("commonmark").render,
        "gfm-like": MarkdownIt("gfm-like").render,
        "github": cmarkgfm.github_flavored_markdown_to_html,
    }


@pytest.fixture(scope="session")
def fragment() -> Callable[[str], Any]:
    """A function from a part of a page to its tree."""
    return lambda page: html5lib.parseFragment(page, namespaceHTMLElements=False)
