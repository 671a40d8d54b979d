"""One name, one spelling; two people, two names."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from toolkit.data import (
    Article,
    Citation,
    PreparedArticle,
    Segment,
    Spelling,
    Story,
    StoryBullet,
    TranslatedArticle,
    Translation,
)
from toolkit.stories.spellings import Spellings
from toolkit.text.similarity import WORD

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "cases" / "spellings.json").read_text(encoding="utf-8")
)


def article(number: int, language: str, source: str, english: str) -> TranslatedArticle:
    name = f"a{number}"
    segment = Segment(name, 0, 0, source)
    prepared = PreparedArticle(Article(name, f"{name}.txt", source), language, (segment,))
    return TranslatedArticle(prepared, (Translation(segment, english),))


def settled(case: dict[str, Any]) -> tuple[tuple[Spelling, ...], list[Story]]:
    """The spellings of a case, and its stories as a digest then has them."""
    told: dict[int, list[TranslatedArticle]] = defaultdict(list)
    for number, (story, *rest) in enumerate(case["articles"]):
        told[story].append(article(number, *rest))
    stories = [
        Story(
            articles[0].translations[0].english,
            tuple(
                StoryBullet(a.translations[0].english, (Citation(a.id, (0,)),)) for a in articles
            ),
            tuple(a.id for a in articles),
        )
        for articles in told.values()
    ]
    spellings = Spellings(case["glossary"])
    for story, articles in zip(stories, told.values(), strict=True):
        spellings.add(story, articles)
    return spellings.settle(), [spellings.respelt(story) for story in stories]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_nothing_is_joined_that_is_not_one_name(case: dict[str, Any]) -> None:
    found, stories = settled(case)
    groups = {frozenset((s.name, *s.variants)) for s in found}
    assert groups <= {frozenset(group) for group in case["joined"]}
    text = " ".join(f"{s.headline} {' '.join(b.text for b in s.bullets)}" for s in stories)
    words = set(WORD.findall(text))
    assert all(s.name in words and words.isdisjoint(s.variants) for s in found)
    assert all(set(pair) <= words for pair in case["apart"])


@pytest.mark.parametrize(("held_out", "least"), [(False, 0.95), (True, 0.7)])
def test_most_spellings_of_one_name_are_joined(held_out: bool, least: float) -> None:
    cases = [case for case in CASES if case["joined"] and case["held_out"] == held_out]
    right = sum(len(settled(case)[0]) == len(case["joined"]) for case in cases)
    assert len(cases) >= 10
    assert right / len(cases) >= least


def test_a_glossary_decides_how_a_name_is_spelt() -> None:
    case = next(case for case in CASES if case["glossary"])
    (found,), _ = settled(case)
    assert (found.name, found.by) == (case["glossary"][0], "glossary")
    (usual,), _ = settled({**case, "glossary": []})
    assert (usual.name, usual.by) == ("Zelensky", "usual")


def test_the_cases_are_many_and_half_of_them_held_out() -> None:
    held_out = sum(case["held_out"] for case in CASES)
    assert len(CASES) >= 36
    assert 0.4 < held_out / len(CASES) < 0.6
