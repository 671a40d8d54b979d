"""Bytes in, articles or failures out, for every format and encoding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.data import Article, Failure
from toolkit.readers.decoding import decode
from toolkit.readers.formats import read

CASES = json.loads(
    (Path(__file__).parent.parent / "cases" / "encodings.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda c: f"{c['text']}-{c['encoding']}")
def test_text_comes_back_exactly_from_each_encoding(case: dict[str, str]) -> None:
    text = CASES["texts"][case["text"]]
    assert decode(text.encode(case["encoding"]), "a.txt") == text


@pytest.mark.parametrize("case", CASES["mojibake"], ids=lambda c: f"{c['text']}-{c['read_as']}")
def test_double_encoding_is_undone(case: dict[str, str]) -> None:
    text = CASES["texts"][case["text"]]
    spoilt = text.encode("utf-8").decode(case["read_as"])
    assert decode(spoilt.encode("utf-8"), "a.txt") == text


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda c: c["name"])
def test_what_is_no_text_is_refused_with_a_reason(case: dict[str, str]) -> None:
    (failure,) = read(bytes.fromhex(case["hex"]), case["name"])
    assert isinstance(failure, Failure)
    assert failure.source == case["name"]
    assert case["reason"] in failure.reason
    assert failure.remedy


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn", "Co"])))
def test_utf8_always_decodes_to_itself(text: str) -> None:
    # Letters of Latin-1 may look like double encoding; all other text must come back exactly.
    if not text.strip() or any("\u00c0" <= c <= "\u00ff" for c in text):
        return
    assert decode(text.encode(), "a.txt") == text.removeprefix("\ufeff")


def test_line_ends_become_newlines() -> None:
    assert decode(b"one\r\ntwo\rthree", "a.txt") == "one\ntwo\nthree"


def test_a_page_gives_one_article_with_its_title_and_a_stable_id() -> None:
    page = (
        b"Bridge opens after ten years\n\n"
        b"The bridge over the river opened on Monday after ten years of work. "
        b"The mayor cut the ribbon before some 4,000 people.\n"
    )
    (first,), (moved,) = read(page, "a.txt"), read(page, "elsewhere/b.txt")
    assert isinstance(first, Article)
    assert isinstance(moved, Article)
    assert first.title == "Bridge opens after ten years"
    assert first.id == moved.id
    assert len(first.id) == 16


def test_json_lines_understands_the_names_that_feeds_use() -> None:
    record = {
        "headline": "नई मेट्रो लाइन",
        "body": ["पहला अनुच्छेद।", "दूसरा अनुच्छेद।"],
        "lang": "hi",
        "authors": ["A. Reporter"],
        "date": "2026-11-20",
        "url": "https://example.org/1",
    }
    (article,) = read(json.dumps(record).encode(), "feed.jsonl")
    assert isinstance(article, Article)
    assert article.title == "नई मेट्रो लाइन"
    assert article.text == "पहला अनुच्छेद।\nदूसरा अनुच्छेद।"
    assert (article.language, article.author) == ("hi", "A. Reporter")
    assert (article.published, article.source) == ("2026-11-20", "https://example.org/1")


def test_one_bad_line_never_costs_the_rest() -> None:
    lines = ['{"text": "Good."}', "{broken", "", '["not an object"]', '{"title": "no text"}']
    lines.append('{"text": "Good\\u2028too."}')
    items = read("\n".join(lines).encode(), "feed.jsonl")
    assert [type(item) for item in items] == [Article, Failure, Failure, Failure, Article]
    assert [item.source for item in items if isinstance(item, Failure)] == [
        "feed.jsonl:2",
        "feed.jsonl:4",
        "feed.jsonl:5",
    ]


def test_an_unknown_suffix_is_refused_with_the_known_ones() -> None:
    (failure,) = read(b"<html>", "page.html")
    assert isinstance(failure, Failure)
    assert ".html" in failure.reason
    assert ".jsonl" in failure.remedy
