"""Where sentences end, in many scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.text.segmentation import segment, sentences

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "cases" / "segmentation.json").read_text(encoding="utf-8")
)
UNKNOWN = ["", "xxx", "qqq_Latn"]
LANGUAGES = st.sampled_from([*sorted({case["language"] for case in CASES}), *UNKNOWN])
# Pieces that the rules look at, so that examples reach them.
PIECES = [
    *(sentence for case in CASES for sentence in case["sentences"]),
    *(" ", "  ", "\n", "\r\n", "\u2028", "\u00a0", "\t", ".", "...", "…", "!", "?", "।", "۔", "。"),
    *(
        "؟",
        "།",
        "((",
        ")",
        "[3]",
        '"',
        "“",
        "”",
        "«",
        "»",
        "'",
        "「",
        "」",
        "3",
        "1.5",
        "A",
        "a",
        "z.",
    ),
]
TEXT = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['language']} {c['about']}")
def test_sentences(case: dict[str, Any]) -> None:
    text = case.get("joiner", " ").join(case["sentences"])
    assert sentences(text, case["language"]) == case["sentences"]


def test_the_cases_cover_languages_and_scripts() -> None:
    codes = {case["language"] for case in CASES}
    assert len(codes) >= 40
    assert len({code.partition("_")[2] for code in codes}) >= 25
    assert sum(len(case["sentences"]) == 1 for case in CASES) >= 4


def test_white_space_stays_with_the_sentence_before_it() -> None:
    text = "  One.  Two.\n\nThree.\t"
    assert segment(text, "eng_Latn") == ["  One.  ", "Two.\n\n", "Three.\t"]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "...", "?!", "()", "\u200b"])
def test_text_without_words(text: str) -> None:
    assert "".join(segment(text, "eng_Latn")) == text
    assert len(sentences(text, "eng_Latn")) <= 1


@given(TEXT, LANGUAGES)
def test_nothing_is_lost_or_added(text: str, language: str) -> None:
    found = segment(text, language)
    assert "".join(found) == text
    assert all(found)


@given(TEXT, LANGUAGES)
def test_sentences_keep_every_visible_character(text: str, language: str) -> None:
    found = sentences(text, language)
    assert all(sentence and sentence == sentence.strip() for sentence in found)
    assert "".join("".join(found).split()) == "".join(text.split())


@given(st.lists(st.sampled_from(CASES), min_size=1, max_size=5), LANGUAGES)
def test_a_line_break_always_ends_a_sentence(cases: list[dict[str, Any]], language: str) -> None:
    lines = [case["sentences"][0] for case in cases]
    whole = sentences("\n".join(lines), language)
    assert whole == [s for line in lines for s in sentences(line, language)]


@given(TEXT, LANGUAGES)
def test_every_sentence_but_a_lone_one_has_a_letter_or_digit(text: str, language: str) -> None:
    for line in text.splitlines():
        found = sentences(line, language)
        assert len(found) == 1 or all(any(map(str.isalnum, s)) for s in found)


ARTICLE = 'Dr. Stone said on 3.5.2024 that "nobody knows (yet)." The U.S. envoy agreed. '
HOSTILE = {
    "article": ARTICLE * 13_000,
    "Hindi": 'डॉ. मेहता ने कहा, "हम तैयार हैं।" लोग 3.5 किमी चले। ' * 20_000,
    "Thai": "สะพานใหม่เปิดใช้แล้ว อย่างไรก็ตาม ถนนยังปิดอยู่ " * 20_000,
    "stops": "." * 1_000_000,
    "spaced stops": ". " * 150_000,
    "open brackets": "(" * 1_000_000,
    "brackets": "()" * 500_000,
    "quotes": '"' * 1_000_000,
    "spaced quotes": '" ' * 500_000,
    "opened and closed": "«a" * 100_000 + "»." * 100_000,
    "initials": "A. " * 100_000,
    "no space": "a" * 1_000_000,
    "one word and stops": "a." * 150_000,
    "spaces": " " * 1_000_000,
    "shads": "།" * 1_000_000,
    "items": "1) a 2) b " * 50_000,
    "times": "At 5 p.m. Mr. " * 30_000,
    "ellipses": "! . . . " * 60_000,
    "Armenian": "Մեկ. Երկու. " * 40_000,
    "marks and closers": '!"' * 150_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_long_and_hostile_text_takes_time_by_its_length(
    name: str, assert_linear: Callable[[Callable[[str], object], str], None]
) -> None:
    languages = {
        "Hindi": "hin_Deva",
        "Thai": "tha_Thai",
        "shads": "bod_Tibt",
        "Armenian": "hye_Armn",
    }
    language = languages.get(name, "eng_Latn")
    text = HOSTILE[name]
    assert_linear(lambda part: segment(part, language), text)
    assert "".join(segment(text, language)) == text
