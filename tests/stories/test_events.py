"""Invented reports of 30 events by several outlets, and of others of the same kinds."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from toolkit.data import (
    Article,
    Brief,
    Bullet,
    PreparedArticle,
    Segment,
    TranslatedArticle,
    Translation,
)
from toolkit.stories import day

CASES = Path(__file__).parents[1] / "cases"


def read(name: str) -> tuple[list[TranslatedArticle], dict[str, str]]:
    """The articles of a file of cases, and the event of each."""
    articles, events = [], {}
    for line in (CASES / name).read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        events[case["id"]] = case["event"]
        segments = tuple(
            Segment(case["id"], i, i, text, i + 1, "text" if i else "title")
            for i, text in enumerate(case["text"])
        )
        article = Article(
            case["id"],
            f"{case['id']}.txt",
            "",
            published=case["published"],
            publisher=case["publisher"],
        )
        prepared = PreparedArticle(article, "eng_Latn", segments)
        articles.append(
            TranslatedArticle(prepared, tuple(Translation(s, s.text) for s in segments))
        )
    return articles, events


def grouped(articles: list[TranslatedArticle]) -> dict[str, int]:
    """The number of the story of each article."""
    briefs = [
        Brief(a.id, a.translations[0].english, (Bullet(a.translations[1].english, (1,)),))
        for a in articles
    ]
    stories = day.group(briefs, articles)
    return {article: n for n, story in enumerate(stories) for article in story.articles}


def b_cubed_f1(found: dict[str, int], gold: dict[str, str]) -> float:
    precision = recall = 0.0
    for item in gold:
        together = {other for other in gold if found[other] == found[item]}
        wanted = {other for other in gold if gold[other] == gold[item]}
        precision += len(together & wanted) / len(together)
        recall += len(together & wanted) / len(wanted)
    return 2 * precision * recall / (precision + recall) / len(gold)


@pytest.mark.parametrize(
    ("names", "most_merged"),
    [
        (("events.jsonl",), 2),
        (("events_heldout.jsonl",), 0),
        (("events.jsonl", "events_heldout.jsonl"), 2),
        # Not reached yet: two court lists, a forecast with the storm before it.
        (("events_third.jsonl",), 3),
        (("events_fourth.jsonl",), 2),
        (("events_fifth.jsonl",), 2),
    ],
)
def test_events_of_one_kind_are_told_apart_and_their_updates_kept_together(
    names: tuple[str, ...], most_merged: int
) -> None:
    articles: list[TranslatedArticle] = []
    gold: dict[str, str] = {}
    for name in names:
        some, events = read(name)
        articles += some
        gold |= events
    found = grouped(articles)
    assert b_cubed_f1(found, gold) >= 0.92
    sizes, stories = Counter(gold.values()), Counter(found.values())
    alone = [article for article, event in gold.items() if sizes[event] == 1]
    assert len(alone) >= 18
    assert sum(stories[found[article]] > 1 for article in alone) <= most_merged


@pytest.mark.parametrize("name", ["events.jsonl", "events_heldout.jsonl"])
def test_events_are_the_same_in_another_order(name: str) -> None:
    articles, _ = read(name)
    groups = set()
    for order in (articles, articles[::-1]):
        found = grouped(order)
        stories = {n: frozenset(a for a in found if found[a] == n) for n in found.values()}
        groups.add(frozenset(stories.values()))
    assert len(groups) == 1
