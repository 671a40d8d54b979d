"""What is found in pages that programs saved as text."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolkit.text.cleaning import clean

PAGES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "cases" / "saved_pages.json").read_text(encoding="utf-8")
)


def flat(page: dict[str, Any]) -> str:
    """As a browser copies it: a line for each part."""
    head = [page["title"], page["byline"], page["when"]]
    return "\n".join([*page["above"], *head, *page["body"], *page["below"]])


def indented(page: dict[str, Any]) -> str:
    """As a text browser shows it: menus as lists, the article further in."""
    menu = [f"  * {line}" for line in page["above"]]
    head = [f"      {line}\n" for line in (page["title"], page["byline"], page["when"])]
    body = [f"      {line}\n" for line in page["body"]]
    return "\n".join([*menu, "", *head, *body, *(f"  * {line}" for line in page["below"])])


def wrapped(page: dict[str, Any]) -> str:
    """As a text browser prints it: cut at a width, links numbered."""
    count = iter(range(1, 1000))
    menu = [f"     * [{next(count)}]{line}" for line in page["above"]]
    head = [f"   {line}\n" for line in (page["title"], page["byline"], page["when"])]
    body = [
        textwrap.fill(line, 74, initial_indent="   ", subsequent_indent="   ") + "\n"
        for line in page["body"]
    ]
    return "\n".join(
        [*menu, "", *head, *body, *(f"     * [{next(count)}]{line}" for line in page["below"])]
    )


def markdown(page: dict[str, Any]) -> str:
    """As a converter writes it: addresses behind the links, signs for headings and bold type."""
    menu = [f"  * [{line}](/a/{n})" for n, line in enumerate(page["above"])]
    foot = [f"  * [{line}](https://e.example/b_({n})?q=1)" for n, line in enumerate(page["below"])]
    head = [f"# {page['title']}", page["byline"], f"**{page['when']}**"]
    return "\n".join(menu) + "\n\n" + "\n\n".join([*head, *page["body"]]) + "\n\n" + "\n".join(foot)


@pytest.mark.parametrize("layout", [flat, indented, wrapped, markdown])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page["name"]))
def test_the_article_is_told_from_its_page(
    page: dict[str, Any], layout: Callable[[dict[str, Any]], str]
) -> None:
    found = clean(layout(page))
    article = [page["title"], *page["body"]]
    assert found.title == page["title"]
    assert [p.text for p in found.paragraphs if p.text in article] == article
    # One line too many is a blemish.
    assert len(found.paragraphs) <= len(article) + 1
    assert found.author == page["author"]
    assert all(dropped.reason for dropped in found.dropped)


def test_parts_of_a_page_that_were_run_together_are_told_apart() -> None:
    page = PAGES[0]
    found = clean("".join([*page["above"], page["title"], *page["body"], *page["below"]]))
    text = found.text
    assert all(sentence in text for sentence in page["body"] if sentence.endswith("."))
    assert "Cookie settings" not in text
    assert "Weather" not in text


def test_pieces_of_a_sentence_on_lines_of_their_own_are_joined() -> None:
    page = PAGES[0]
    pieces = [line.replace(" the ", " \nthe\n ", 1) for line in page["body"]]
    found = clean("\n\n".join([*page["above"], page["title"], *pieces, *page["below"]]))
    assert [p.text for p in found.paragraphs if p.kind != "title"] == page["body"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page["name"]))
def test_an_article_without_a_page_stays_whole(page: dict[str, Any]) -> None:
    lines = [page["title"], *page["body"], "Pier 3 | closed", "Pier 4 | open", "Pier 5 | open"]
    assert [p.text for p in clean("\n".join(lines)).paragraphs] == lines


def test_a_long_paragraph_with_wide_or_missing_spaces_stays_whole() -> None:
    long = "  ".join([*PAGES[0]["body"], "The iPhone app of PlayStation fans.It is free.", "Yes."])
    assert [p.text for p in clean(long).paragraphs] == [long]


@pytest.mark.parametrize(
    "line",
    [
        "[a](b ",
        "](",
        "![[a](",
        "**a",
        "[1] [2] [3] [4] [5]",
        "word.Word",
        "a  b",
        "* a\n",
        " a \n,b",
    ],
)
def test_it_takes_time_by_the_length(
    line: str, assert_linear: Callable[[Callable[[str], object], str], None]
) -> None:
    assert_linear(clean, line * 2_000)
