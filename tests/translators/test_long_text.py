"""Long texts are cut at the best mark near the middle and nothing is lost."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.translators.long_text import split_long

CASES = json.loads(
    (Path(__file__).parents[1] / "cases" / "long_text.json").read_text(encoding="utf-8")
)


def words(text: str) -> int:
    return len(text.split())


@pytest.mark.parametrize("case", CASES, ids=[c["why"] for c in CASES])
def test_cases(case: dict[str, Any]) -> None:
    assert split_long(case["text"], words, case["limit"]) == case["parts"]


def test_chinese_is_cut_after_its_own_marks() -> None:
    text = "总统今天访问了北京，并会见了总理。他们讨论了贸易问题，随后举行了记者会。"
    parts = split_long(text, len, 20)
    assert parts[0] == "总统今天访问了北京，并会见了总理。"
    assert all(part.endswith(("，", "。")) for part in parts)


@given(st.text(st.sampled_from("ab ,;:.،。।—- \u093e\u0940\u200dक\u094d")), st.integers(1, 12))
def test_nothing_is_lost_and_parts_fit(text: str, limit: int) -> None:
    parts = split_long(text, len, limit)
    assert "".join(parts) == text
    for part in parts:
        assert len(part) <= limit or _is_one_cluster(part)


@given(st.text(st.sampled_from("कखगि\u0940\u094dé\u0301\u200d"), min_size=1), st.integers(1, 5))
def test_no_letter_is_parted_from_its_marks(text: str, limit: int) -> None:
    for part in split_long(text, len, limit)[1:]:
        assert not unicodedata.category(part[0]).startswith("M")
        assert part[0] != "\u200d"


@given(st.text(max_size=400))
def test_any_text_joins_to_itself(text: str) -> None:
    assert "".join(split_long(text, words, 3)) == text


def test_a_very_long_text_does_not_recurse_too_deep() -> None:
    text = "word " * 20_000
    parts = split_long(text, words, 50)
    assert "".join(parts) == text
    assert max(map(words, parts)) <= 50


def _is_one_cluster(part: str) -> bool:
    inner = part[1:]
    return all(
        unicodedata.category(c).startswith("M") or c == "\u200d" or part[i] == "\u200d"
        for i, c in enumerate(inner)
    )
