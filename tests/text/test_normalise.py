"""What a model is fed in place of the original."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from toolkit.text.normalise import normalise

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "cases" / "normalise.json").read_text(encoding="utf-8")
)
PIECES = [
    *(case["text"] for case in CASES),
    *("*", "**", "'", "''", "«", "»", "\u00a0", " ", ":", "\u200c", "\u200d", "\u200b", "\u094d"),
    *(
        "\u0640",
        "\u064e",
        "ש",
        "ب",
        "ﷺ",
        "ﬁ",
        "１",
        "𝟙",
        "१",
        "²",
        "½",
        "—",
        "\u0301",
        "e",
        "\ud800",
    ),
]
# Every code point, lone surrogates too: text from anywhere.
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=())),
    st.lists(st.sampled_from(PIECES), max_size=10).map("".join),
)


def digits(text: str) -> list[int]:
    return [unicodedata.decimal(c) for c in text if c.isdecimal()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["about"]))
def test_form(case: dict[str, Any]) -> None:
    assert normalise(case["text"]) == case["wanted"]


@given(TEXT)
def test_a_second_pass_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(TEXT)
def test_digits_stay_in_number_and_order(text: str) -> None:
    assume("&#" not in text)  # the digits of a reference are a character's number
    assert digits(normalise(text)) == digits(text)


@given(TEXT)
def test_letters_and_digits_are_never_all_lost(text: str) -> None:
    # The tatweel is a letter by its category, though it only stretches a line.
    if any(c.isalnum() for c in text.replace("\u0640", "")):
        assert any(c.isalnum() for c in normalise(text))


@given(TEXT)
def test_the_result_is_one_trimmed_line(text: str) -> None:
    result = normalise(text)
    assert result == " ".join(result.split())


def test_digits_of_every_script_are_left_as_they_stand() -> None:
    for zero in "0٠۰߀०০੦૦୦௦౦೦൦෦๐໐༠၀០᠐᱐":
        number = "".join(chr(ord(zero) + n) for n in range(10))
        assert normalise(f"x {number} x") == f"x {number} x"


HOSTILE = {
    "asterisks": "*" * 100_000,
    "opened emphasis": "*a" * 50_000,
    "emphasis": "**a** " * 30_000,
    "guillemets": "«" * 200_000,
    "guillemets and spaces": "« " * 100_000,
    "spaces": " " * 200_000,
    "no-break spaces": "\u00a0" * 200_000,
    "joiners": " \u200c" * 100_000,
    "apostrophes": "' " * 200_000,
    "stretched": "ـَ" * 100_000,
    "accents": "a\u0301" * 100_000,
    "marks on one letter": "a" + "\u0301\u0316" * 50_000,
    "references": "&amp;" * 50_000,
    "escaped many times": "&" + "amp;" * 50_000,
    "quotations": "word — “quoted” … " * 20_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_time_by_its_length(
    name: str, assert_linear: Callable[[Callable[[str], object], str], None]
) -> None:
    assert_linear(normalise, HOSTILE[name])
