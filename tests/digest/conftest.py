"""Renderers of Markdown and a parser of HTML, which the tests of the digest share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cmarkgfm
import html5lib
import pytest
from markdown_it import MarkdownIt


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
