"""Briefs of small articles, from the page to the bullets."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from toolkit.data import Article, Brief, TranslatedArticle, Translation
from toolkit.languages import ENGLISH
from toolkit.runs.stages import prepare
from toolkit.summarisers.extractive.days import day_of, with_dates, without_dateline
from toolkit.summarisers.extractive.summariser import Extractive
from toolkit.summarisers.extractive.titles import is_title

CASES = json.loads((Path(__file__).parents[2] / "cases" / "articles.json").read_text("utf-8"))
FRIDAY = dt.date(2026, 11, 27)


def brief(case: dict[str, Any]) -> Brief:
    facts = {name: case.get(name) for name in ("title", "published", "publisher")}
    article = Article("a", case.get("source", "a.txt"), case["text"], **facts)
    prepared = prepare(article, language=ENGLISH)
    translations = tuple(Translation(s, s.text) for s in prepared.segments)
    return Extractive().summarise(TranslatedArticle(prepared, translations), bullets=4)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_brief_of_an_article(case: dict[str, Any]) -> None:
    found = brief(case)
    assert [bullet.text for bullet in found.bullets] == case["bullets"]
    assert found.headline == case["headline"]


@pytest.mark.parametrize(
    ("text", "dated"),
    [
        ("It opens on Sunday.", "It opens on Sunday (29 November)."),
        ("It opened on Sunday.", "It opened on Sunday (22 November)."),
        ("It opened on Friday.", "It opened on Friday (27 November)."),
        ("He said on Sunday it will open.", "He said on Sunday (22 November) it will open."),
        ("It was due to open on Sunday.", "It was due to open on Sunday (22 November)."),
        ("It is closed until Monday.", "It is closed until Monday (30 November)."),
        ("It shut last Friday.", "It shut last Friday (20 November)."),
        ("It opens next weekend.", "It opens next weekend (28–29 November)."),
        ("It shut last weekend.", "It shut last weekend (21–22 November)."),
        ("It shut last night.", "It shut last night (26 November)."),
        ("It opens next month.", "It opens next month (December)."),
        ("It shut three days ago.", "It shut three days ago (24 November)."),
        ("It opens on Sunday, 29 November.", "It opens on Sunday, 29 November."),
        ("It opens on Sunday (29 November).", "It opens on Sunday (29 November)."),
        ("It is shut on Sundays.", "It is shut on Sundays."),
        ("It is shut every Sunday.", "It is shut every Sunday."),
        ("Black Friday is a feast.", "Black Friday is a feast."),
    ],
)
def test_days_have_their_dates(text: str, dated: str) -> None:
    assert with_dates(text, FRIDAY) == dated
    assert with_dates(dated, FRIDAY) == dated


@pytest.mark.parametrize(
    ("published", "day"),
    [
        ("2026-11-27", FRIDAY),
        ("2026-11-27T23:30:00-05:00", FRIDAY),
        ("2026/11/27 08:00", FRIDAY),
        ("Fri, 27 Nov 2026 08:00:00 GMT", FRIDAY),
        ("November 27, 2026", FRIDAY),
        ("27 November 2026", FRIDAY),
        ("2026-13-41", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_the_day_of_publication_is_read(published: str | None, day: dt.date | None) -> None:
    assert day_of(Article("a", "a.txt", "", published=published)) == day


@pytest.mark.parametrize(
    "dateline",
    [
        "LISBON (Reuters) - ",
        "LISBON, Portugal (AP) — ",
        "Lisbon, 2 March (Lusa) – ",
        "LISBON, March 2, 2026 /Newswire/ -- ",
        "March 2 (Lusa) -- ",
        "NEW DELHI, Mar 2 (PTI): ",
        "(ANSA) – ",
        "LISBON — ",
    ],
)
def test_datelines_go(dateline: str) -> None:
    rest, day = without_dateline(f"{dateline}The mayor left.")
    assert rest == "The mayor left."
    assert (day is not None) == ("Mar" in dateline or "March" in dateline)


@pytest.mark.parametrize(
    "sentence",
    [
        "Ana Prado — mayor since 2019 — left.",
        "Ana Prado (55) left the town.",
        "The bridge - the longest of all - fell.",
        "Ana Prado: We will rebuild it.",
    ],
)
def test_what_is_no_dateline_stays(sentence: str) -> None:
    assert without_dateline(sentence) == (sentence, None)


@pytest.mark.parametrize(
    ("title", "sound"),
    [
        ("404 Not Found", False),
        ("Access denied", False),
        ("Just a moment...", False),
        ("Page not found - The Post", False),
        ("Mayor opens bri...", False),
        ("Mayor opens the", False),
        ("404 people dead in flood", True),
        ("Access denied to inspectors at plant", True),
    ],
)
def test_titles_that_are_none(title: str, sound: bool) -> None:
    assert is_title(title) == sound
