"""The amounts and dates of English sentences."""

from __future__ import annotations

import pytest

from toolkit.summarisers.grounding.amounts import amounts, dates


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$ 4.1 million was lost", [(4_100_000, "dollar")]),
        ("$ 5 m was paid", [(5_000_000, "dollar")]),
        ("a wall of 5 m", [(5, "")]),
        ("five thousand and 5,060 houses", [(5000, ""), (5060, "")]),
        ("one hundred and forty seven people", [(147, "")]),
        ("more than a million euros", [(1_000_000, "euro")]),
        ("a dozen storms , the 3rd of them", [(12, ""), (3, "")]),
        ("one of the first halves of a 3-1 score", []),
        ("one kilometre", [(1, "kilometre")]),
    ],
)
def test_amounts(text: str, found: list[tuple[float, str]]) -> None:
    assert [(a.value, a.unit) for a in amounts(text.split(), frozenset())] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("on 6 April it fell", {(4, 6)}),
        ("in May 2024", {(5, 0)}),
        ("on Sept 3rd", {(9, 3)}),
        ("they may march", set()),
    ],
)
def test_dates(text: str, found: set[tuple[int, int]]) -> None:
    assert dates(text.split())[0] == found
