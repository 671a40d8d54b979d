"""Text made fit to be shown: cleaned for any place, escaped for Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cmarkgfm
import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from toolkit.digest.display import clean, code, markdown

CASES = json.loads((Path(__file__).parents[1] / "cases" / "display.json").read_text("utf-8"))
RENDERERS: dict[str, Callable[[str], str]] = {
    "commonmark": MarkdownIt("commonmark").render,
    "gfm-like": MarkdownIt("gfm-like").render,
    "github": cmarkgfm.github_flavored_markdown_to_html,
}


def fragment(page: str) -> Any:
    return html5lib.parseFragment(page, namespaceHTMLElements=False)


PIECES = [
    *["<script>", "</b>", "&amp;", "&#64;", "&", "*", "**", "_", "__", "`", "``", "~", "~~"],
    *["[x](javascript:a)", "[", "]", "(", ")", "!", "#", "##", "-", "+", "=", "1.", "2)", "---"],
    *["===", "|", "\\", "http://", "https://a.bc", "www.", "WWW.a", "a.com", "a@b.co", "@a", "#1"],
    *[":", "://", "//", "mailto:", "a", "b c", " ", "\t", "\n", "\n\n", "    ", "$", "{{", "{%"],
    *[
        "^",
        "[^1]",
        "<!--",
        "-->",
        ">",
        "é",
        "ગુ",
        "م",
        ".",
        "xmpp:a@b",
        "\u202e",
        "\u2066",
        "\u2069",
    ],
    *["'", '"', "%", "?", "<http://a.b>", "<a@b.c>", "[ ]", "\u00a0", "\x00", "\x85", "\ufeff"],
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=10).map("".join)
# How templates use a text, all in one document.
PLACES = "## {0}\n\n- {0}\n\n> {0}\n\n*{0}*\n\n**Q.** {0} [1] *(x)*\n\n{0}\n"
HARMLESS = ["h2", "ul", "li", "blockquote", "p", "p", "em", "p", "strong", "em", "p"]


@settings(deadline=None, max_examples=200)
@given(TEXTS.filter(clean))
def test_escaped_text_is_only_text(text: str) -> None:
    for name, show in RENDERERS.items():
        page = fragment(show(PLACES.format(markdown(text))))
        assert [e.tag for e in page.iter()][1:] == HARMLESS, name
        shown = [line for line in "".join(page.itertext()).splitlines() if line.strip()]
        wanted = clean(text).replace("\u2060", "")
        assert [line.replace("\u2060", "").strip() for line in shown] == [
            *[wanted] * 4,
            f"Q. {wanted} [1] (x)",
            wanted,
        ], name


@settings(deadline=None, max_examples=100)
@given(TEXTS)
def test_a_code_span_is_only_code(text: str) -> None:
    for show in RENDERERS.values():
        page = fragment(show(f"x {code(text)} y"))
        if clean(text):
            assert [e.tag for e in page.iter()] == ["DOCUMENT_FRAGMENT", "p", "code"]
        assert "".join(page.itertext()).strip("\n") == f"x {clean(text)} y"


def test_escaping_spares_what_is_not_active() -> None:
    plain = 'In 2019, U.S. prices rose 1.5 % (to Rs 1,200) - AT&T\'s "first" such rise: see 10:30.'
    assert markdown(plain) == plain


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_text_is_made_fit_to_be_shown(case: dict[str, str]) -> None:
    assert clean(case["in"]) == case["out"]


@settings(max_examples=300)
@given(st.text(st.sampled_from("ab \n\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")))
def test_directions_end_where_the_text_ends(text: str) -> None:
    shown = clean(text)
    assert clean(shown) == shown
    assert [c for c in shown if c in "ab"] == [c for c in text if c in "ab"]
    opened: list[str] = []
    for char in shown:
        assert char not in "\u202d\u202e"
        if char in "\u202a\u202b":
            opened.append("\u202c")
        elif char in "\u2066\u2067\u2068":
            opened.append("\u2069")
        elif char in "\u202c\u2069":
            assert opened.pop() == char
    assert not opened
