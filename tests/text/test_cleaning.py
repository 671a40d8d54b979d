"""What is kept of a page, what is dropped, and why."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.data import CleanText, Dropped, Paragraph
from toolkit.text import segmentation
from toolkit.text.cleaning import clean

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "cases" / "cleaning.json").read_text(encoding="utf-8")
)
ROOT = Path(__file__).parents[2]
SEEDS = sorted((ROOT / "seeds").glob("*.txt"))

FURNITURE = [
    line
    for case in CASES
    for line, expected in case["lines"]
    if expected.startswith("dropped") and "repeats" not in expected
]
# Some of these begin phrases of boilerplate.
NOUNS = ["river", "minister", "bridge", "harvest", "council", "winter", "budget", "market"]
OPENERS = ["share", "comments", "views", "read", "more", "by", "photo", "related", "2024", "12"]
WORDS = st.sampled_from([*NOUNS, *OPENERS])
SENTENCE = st.lists(WORDS, min_size=8, max_size=25).map(lambda w: " ".join(w).capitalize() + ".")
HEADLINE = st.lists(WORDS, min_size=1, max_size=9).map(lambda w: " ".join(w).title())
# What pages consist of, so that examples reach the rules.
LINE = st.one_of(
    SENTENCE,
    HEADLINE,
    st.sampled_from(FURNITURE),
    st.sampled_from([line for case in CASES for line, _ in case["lines"]]),
    st.text(max_size=30),
    st.just(""),
)
PAGE = st.lists(LINE, max_size=20).map("\n".join)


def outcome(page: CleanText, line: int) -> str:
    for dropped in page.dropped:
        if dropped.line == line:
            return f"dropped: {dropped.reason}"
    return next((p.kind for p in page.paragraphs if p.line == line), "lost")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n"], ids=["plain", "crlf", "blank lines"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_page(case: dict[str, Any], ending: str) -> None:
    page = clean(ending.join(line for line, _ in case["lines"]), title=case.get("title"))
    step = ending.count("\n")
    for number, (line, expected) in enumerate(case["lines"]):
        got = outcome(page, number * step + 1)
        if expected == "any":
            assert not got.startswith("dropped"), (line, got)
        elif expected.startswith("dropped"):
            if step == 2:  # the lines have other numbers
                expected = expected.partition(" line ")[0]
            assert got.startswith(expected), (line, got)
        else:
            assert got == expected, line
    assert page.author == case["author"]


FIELD: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "cases" / "field_cleaning.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", FIELD, ids=lambda case: str(case["kind"]))
def test_case_of_a_reader(case: dict[str, Any]) -> None:
    page = clean("\n\n".join(case["lines"]))
    assert all(any(part in p.text for p in page.paragraphs) for part in case["keep"])
    assert not [p.text for p in page.paragraphs if any(part in p.text for part in case["drop"])]
    assert case["title"] in (None, page.title)


def test_there_are_pages_with_nothing_to_drop() -> None:
    whole = [c for c in CASES if not any(e.startswith("dropped") for _, e in c["lines"])]
    assert len(whole) >= 15


# The seeds


def reference() -> dict[str, list[dict[str, str]]]:
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (ROOT / "tools" / "demo" / "reference.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            rows[row["file"]].append(row)
    return rows


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name[:3])
def test_seed(path: Path) -> None:
    page = clean(path.read_text(encoding="utf-8"))
    rows = reference()[path.name]
    reasons = {d.line: d.reason for d in page.dropped}
    kept = {
        (p.line, sentence)
        for p in page.paragraphs
        for sentence in segmentation.sentences(p.text, "guj_Gujr" if path.name < "003" else "arb")
    }
    wanted = {(int(r["line"]), r["source"].strip()) for r in rows if r["kind"] == "text"}
    assert kept <= wanted
    assert all(reasons.get(n, "").startswith("repeats line") for n, _ in wanted - kept)
    for row in rows:
        if row["kind"] == "boilerplate":
            assert int(row["line"]) in reasons, row["source"]


def test_the_byline_of_a_seed_is_its_author() -> None:
    authors = [clean(path.read_text(encoding="utf-8")).author for path in SEEDS]
    assert authors == [None, None, None, "يسرا عبدالعظيم", None]


# Layouts

PARAGRAPHS = (
    "The council of the old harbour town decided on Tuesday night to move the fish market to "
    "the empty halls behind the station, where it had stood a hundred years ago. Traders had "
    "asked for this since the spring.",
    "Nobody knows yet what will become of the present building, which an architect from the "
    "region drew in 1931 and which is listed. A school has shown interest, and so has a circus "
    "that needs a winter home for its horses.",
    "The first stalls are to open in the halls in April. Until then the old market stays as it "
    "is, the mayor said, and nobody who sells fish there today will have to pay a higher rent "
    "before the end of next year.",
)


def wrapped(text: str, width: int) -> str:
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) >= width:
            lines.append(line.rstrip())
            line = ""
        line += word + " "
    return "\n".join([*lines, line.rstrip()])


@pytest.mark.parametrize("width", [60, 72, 80])
def test_lines_cut_at_a_width_are_joined(width: int) -> None:
    page = clean("\n\n".join(wrapped(p, width) for p in PARAGRAPHS))
    assert tuple(p.text for p in page.paragraphs) == PARAGRAPHS
    assert not page.dropped


def test_unspaced_lines_are_joined_without_a_space() -> None:
    whole = (
        "市の中心部に新しい図書館が来月オープンすると市長が記者会見で発表し多くの市民が喜んだ" * 8
        + "。"
    )
    page = clean("\n".join(whole[i : i + 50] for i in range(0, len(whole), 50)))
    assert [p.text for p in page.paragraphs] == [whole]


def test_short_paragraphs_are_not_joined() -> None:
    lines = [f"Sentence number {n} of the report ends on its own line here." for n in range(12)]
    assert [p.text for p in clean("\n".join(lines)).paragraphs] == lines


@pytest.mark.parametrize("text", ["", " \n\t\n", "\ufeff", "\u2028\u3000"])
def test_nothing_in_nothing_out(text: str) -> None:
    assert clean(text) == CleanText((), ())


def test_the_known_headline_comes_first_with_line_0_if_the_page_lacks_it() -> None:
    page = clean("The bridge was opened on Saturday by the minister.", title=" A new bridge ")
    first = page.paragraphs[0]
    assert (first.line, first.text, first.kind) == (0, "A new bridge", "title")


def test_the_language_decides_the_script() -> None:
    english = "The agency published the statement in English on its website, too."
    hindi = "मंत्रालय का बयान नीचे है"
    lines = [hindi, english, english.replace("statement", "letter"), "मंत्रालय, दिल्ली"]
    page = clean("\n".join(lines), language="hin_Deva")
    assert not page.dropped


# Properties


@given(st.one_of(PAGE, st.text()))
def test_every_line_is_accounted_for_once(text: str) -> None:
    page = clean(text)
    spots = [p.line for p in page.paragraphs] + [d.line for d in page.dropped]
    assert len(set(spots)) == len(spots)
    both: list[Paragraph | Dropped] = [*page.paragraphs, *page.dropped]
    shown = "".join(x.text for x in sorted(both, key=lambda x: x.line))
    blank = dict.fromkeys(map(ord, "\u200b\ufeff"))
    assert "".join(shown.translate(blank).split()) == "".join(text.translate(blank).split())


@given(PAGE, SENTENCE)
def test_a_sentence_of_the_article_is_never_dropped(page: str, sentence: str) -> None:
    for dropped in clean(f"{page}\n{sentence}").dropped:
        if dropped.text == sentence:
            assert dropped.reason.startswith("repeats line")


@given(PAGE)
def test_its_own_output_is_kept_whole(text: str) -> None:
    once = clean(text)
    again = clean(once.text)
    assert not again.dropped
    assert again.text == once.text


@given(st.text(), st.text(), st.sampled_from([None, "hin_Deva", "jpn_Jpan", "xxx_Xxxx"]))
def test_it_never_raises(text: str, title: str, language: str | None) -> None:
    page = clean(text, title=title, language=language)
    assert all(p.text.strip() for p in page.paragraphs)


# Speed


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"Line {n} tells of the harvest in village number {n}." for n in range(5000)),
        "\n".join(f"Village {n}" for n in range(5000)),
        "word " * 200_000,
        "." * 1_000_000,
        "> " * 500_000,
        "(" * 500_000 + "«" * 500_000,
        "1/" * 500_000,
        "字" * 1_000_000,
        "a" + " " * 200_000 + "b",
        "a" + "\u0301\u0316" * 50_000,
    ],
    ids=[
        "prose",
        "short",
        "1MB",
        "stops",
        "crumbs",
        "brackets",
        "digits",
        "unspaced",
        "spaces",
        "marks",
    ],
)
def test_it_takes_time_by_the_length(
    text: str, assert_linear: Callable[[Callable[[str], object], str], None]
) -> None:
    assert_linear(clean, text)
