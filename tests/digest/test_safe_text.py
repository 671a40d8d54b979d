"""Text from outside made safe to show: cleaned for every format, escaped for Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from toolkit.digest.safe_text import clean, code, markdown

CASES = json.loads((Path(__file__).parents[1] / "cases" / "safe_text.json").read_text("utf-8"))
Fragment = Callable[[str], Any]
Renderers = dict[str, Callable[[str], str]]
SNIPPETS = [
    *["<script>", "</b>", "&amp;", "&#64;", "&", "*", "**", "_", "__", "`", "``", "~", "~~"],
    *["[x](javascript:a)", "[", "]", "(", ")", "!", "#", "##", "-", "+", "=", "1.", "2)", "---"],
    *["===", "|", "\\", "http://", "https://a.bc", "www.", "WWW.a", "a.com", "a@b.co", "@a", "#1"],
    *[":", "://", "//", "mailto:", "a", "b c", " ", "\t", "\n", "\n\n", "    ", "$", "{{", "{%"],
    *["^", "[^1]", "<!--", "-->", ">", "é", "ગુ", "م", ".", "xmpp:a@b"],
    *["\u202e", "\u2066", "\u2069"],
    *["'", '"', "%", "?", "<http://a.b>", "<a@b.c>", "[ ]", "\u00a0", "\x00", "\x85", "\ufeff"],
]
TEXTS = st.lists(st.sampled_from(SNIPPETS) | st.text(max_size=3), max_size=10).map("".join)
# All the ways in which the template uses a text, in one document.
PLACES = "## {0}\n\n- {0}\n\n> {0}\n\n*{0}*\n\n**Q.** {0} [1] *(x)*\n\n{0}\n"
HARMLESS = ["h2", "ul", "li", "blockquote", "p", "p", "em", "p", "strong", "em", "p"]


@settings(max_examples=200)
@example(text="ગુ.com")
@given(text=TEXTS.filter(clean))
def test_escaped_text_is_only_text(renderers: Renderers, fragment: Fragment, text: str) -> None:
    for name, show in renderers.items():
        page = fragment(show(PLACES.format(markdown(text))))
        assert [e.tag for e in page.iter()][1:] == HARMLESS, name
        shown = [line for line in "".join(page.itertext()).splitlines() if line.strip()]
        wanted = clean(text).replace("\u2060", "")
        assert [line.replace("\u2060", "").strip() for line in shown] == [
            *[wanted] * 4,
            f"Q. {wanted} [1] (x)",
            wanted,
        ], name


@settings(max_examples=100)
@given(text=TEXTS)
def test_a_code_span_is_only_code(renderers: Renderers, fragment: Fragment, text: str) -> None:
    for show in renderers.values():
        page = fragment(show(f"x {code(text)} y"))
        if clean(text):
            assert [e.tag for e in page.iter()] == ["DOCUMENT_FRAGMENT", "p", "code"]
        assert "".join(page.itertext()).strip("\n") == f"x {clean(text)} y"


def test_characters_that_are_no_markup_here_are_not_escaped() -> None:
    plain = 'In 2019, U.S. prices rose 1.5 % (to Rs 1,200) - AT&T\'s "first" such rise: see 10:30.'
    assert markdown(plain) == plain


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_text_is_cleaned(case: dict[str, str]) -> None:
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
