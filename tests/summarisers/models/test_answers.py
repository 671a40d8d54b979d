"""What language models answer, as cases, and what is read out of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.summarisers.models.answers import parse_bullets, parse_headline

CASES = json.loads((Path(__file__).parents[2] / "cases/answers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_bullets_are_read_as_they_were_meant(case: dict[str, Any]) -> None:
    found = [[b.text, list(b.cites)] for b in parse_bullets(case["answer"], range(20))]
    assert found == case["bullets"]


@pytest.mark.parametrize(
    ("answer", "headline"),
    [
        ("Dam bursts near Orsk", "Dam bursts near Orsk"),
        ('"Dam bursts near Orsk."', "Dam bursts near Orsk"),
        ("**Headline:** Dam bursts near Orsk", "Dam bursts near Orsk"),
        ("Here is a headline:\n\n# Dam bursts near Orsk\n\nHope it helps!", "Dam bursts near Orsk"),
        ("<think>short, plain</think>\nHEADLINE: Dam bursts near Orsk [2]", "Dam bursts near Orsk"),
        ("1. Dam bursts near Orsk\n2. Orsk dam gives way", "Dam bursts near Orsk"),
        ("```\nDam bursts near Orsk\n```", "Dam bursts near Orsk"),
        ("", ""),
        ("<think>still thinking", ""),
    ],
)
def test_a_headline_is_read_as_it_was_meant(answer: str, headline: str) -> None:
    assert parse_headline(answer) == headline


@given(st.text(alphabet="ab [](){}<>|\"'\n-*1.2:,think/`#【】", max_size=120))
def test_no_answer_breaks_the_parser(answer: str) -> None:
    for bullet in parse_bullets(answer, {1, 2}):
        assert bullet.text == bullet.text.strip()
        assert "\n" not in bullet.text
        assert set(bullet.cites) <= {1, 2}
    assert "\n" not in parse_headline(answer)


@given(st.lists(st.from_regex(r"[A-Z][a-z]+( [a-z]+){3,8}\.", fullmatch=True), unique=True))
def test_a_list_in_the_form_asked_for_comes_back_whole(bullets: list[str]) -> None:
    answer = "\n".join(f"{n}. {text} [{n}]" for n, text in enumerate(bullets, start=1))
    found = parse_bullets(answer, range(1, len(bullets) + 1))
    assert [b.text for b in found] == [b for b in bullets if len(b.split()) >= 3]
