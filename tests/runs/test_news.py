"""A digest takes what is new: the same inbox on several days, and several runs of one day."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolkit.config import Config
from toolkit.data import RunResult
from toolkit.pipeline import run
from toolkit.testing.fakes import FakeTranslator

FIRST = dt.date(2026, 11, 25)
BRIDGE = {
    "url": "https://coast.example/bridge?utm_source=feed",
    "title": "Bridge over the Tamar closes for repairs",
    "text": "The bridge over the Tamar closed on Monday for repairs. They will take three weeks.",
    "published": "2026-11-24T08:00:00Z",
}
ORCHARD = {
    "url": "https://hill.example/orchard",
    "title": "Orchards expect a record harvest",
    "text": "Growers in the valley expect a record harvest of apples. Prices may fall by a tenth.",
    "published": "Tue, 24 Nov 2026 10:00:00 GMT",
}
CHOIR = {
    "url": "https://hill.example/choir",
    "title": "Choir sings for the hundredth time",
    "text": "The choir of the cathedral sang for the hundredth time on Tuesday evening.",
}
ELECTION = {
    "url": "https://coast.example/election",
    "title": "Council elects a new mayor",
    "text": "The council elected Maria Okafor as mayor. She won by two votes in the second round.",
    "published": "2026-11-03",
}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    return Config(inputs=inbox, outputs=tmp_path / "out", cache=tmp_path / "c.sqlite", date=FIRST)


def deliver(config: Config, name: str, *records: Mapping[str, Any]) -> None:
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (config.inputs[0] / name).write_text(lines, encoding="utf-8")


def digest(config: Config, days: int = 0) -> RunResult:
    return run(replace(config, date=FIRST + dt.timedelta(days=days)), translator=FakeTranslator())


def titles(result: RunResult) -> set[str]:
    return {str(article.title) for article in result.digest.articles}


def test_an_inbox_of_three_days(config: Config) -> None:
    deliver(config, "1.jsonl", BRIDGE, ORCHARD, ELECTION)
    first = digest(config)
    assert titles(first) == {BRIDGE["title"], ORCHARD["title"]}
    assert first.counts["old"] == 1
    assert any("7 days" in notice for notice in first.digest.notices)

    longer = BRIDGE | {"text": BRIDGE["text"].replace("three weeks", "five weeks")}
    copy = ORCHARD | {"url": "https://other.example/orchard"}
    deliver(config, "2.jsonl", longer, copy, CHOIR)
    second = digest(config, 1)
    assert titles(second) == {BRIDGE["title"], CHOIR["title"]}
    assert (second.counts["seen"], second.counts["duplicates"]) == (2, 1)
    (bridge,) = [s for s in second.digest.stories if "Tamar" in s.headline]
    assert any("replaces the version in the digest of 25 November" in n for n in bridge.notes)

    third = digest(config, 2)
    assert not third.digest.articles
    assert third.digest.notices[0].startswith("Nothing new")
    assert "Nothing new" in third.paths["markdown"].read_text(encoding="utf-8")
    passed = json.loads(third.paths["run"].read_text(encoding="utf-8"))["passed_over"]
    assert [p["reason"] for p in passed if "bridge" in p["source"]] == [
        "in the digest of 25 November 2026",
        "in the digest of 26 November 2026",
    ]

    everything = digest(replace(config, all=True), 2)
    assert titles(everything) == {a["title"] for a in (BRIDGE, ORCHARD, CHOIR, ELECTION)}


def test_a_page_that_changed_around_its_article_is_not_news(config: Config) -> None:
    page = "<html><body><nav>{}</nav><article><h1>{title}</h1><p>{text}</p></article></body></html>"
    file = config.inputs[0] / "page.html"
    file.write_text(page.format("Monday's menu", **BRIDGE), encoding="utf-8")
    assert titles(digest(config)) == {BRIDGE["title"]}
    file.write_text(page.format("Another menu of the site", **BRIDGE), encoding="utf-8")
    assert digest(config, 1).counts["seen"] == 1


def test_a_late_article_joins_the_page_of_the_morning(config: Config) -> None:
    deliver(config, "feed.jsonl", BRIDGE, ORCHARD)
    digest(config)
    # The feed has moved on, and has a correction of what it had in the morning.
    deliver(config, "feed.jsonl", ORCHARD | {"text": f"{ORCHARD['text']} Pears will, too."}, CHOIR)
    noon = digest(config)
    assert titles(noon) == {BRIDGE["title"], ORCHARD["title"], CHOIR["title"]}
    assert noon.counts["carried"] == 1
    assert noon.counts["from_model"] == 0
    again = digest(config)
    assert titles(again) == titles(noon)
    assert digest(config, 1).counts["articles"] == 0


def test_a_page_that_is_replaced_says_so(config: Config) -> None:
    deliver(config, "feed.jsonl", BRIDGE)
    digest(config)
    deliver(config, "feed.jsonl", CHOIR)
    for other in (replace(config, all=True), replace(config, model="another")):
        result = digest(other)
        assert titles(result) == {CHOIR["title"]}
        if other.all:
            assert any("its page is replaced" in notice for notice in result.digest.notices)


def test_a_day_that_went_wrong_is_news_on_the_next(config: Config) -> None:
    deliver(config, "1.jsonl", BRIDGE)
    (config.outputs / FIRST.isoformat()).mkdir(parents=True)
    assert titles(digest(config, 1)) == {BRIDGE["title"]}


@pytest.mark.parametrize("damage", [b"not a database", b""])
def test_a_damaged_index_is_made_anew_and_an_old_folder_may_go(
    config: Config, damage: bytes
) -> None:
    deliver(config, "1.jsonl", BRIDGE)
    digest(config)
    assert digest(config, 1).counts["seen"] == 1
    (config.outputs / "seen.sqlite").write_bytes(damage)
    assert digest(config, 2).counts["seen"] == 1
    for file in (config.outputs / FIRST.isoformat()).iterdir():
        file.unlink()
    (config.outputs / FIRST.isoformat()).rmdir()
    assert digest(config, 3).counts["seen"] == 1


def test_latest_leaves_a_day_that_has_not_come(config: Config) -> None:
    deliver(config, "1.jsonl", BRIDGE)
    digest(config, 365 * 400)
    deliver(config, "2.jsonl", CHOIR)
    digest(config)
    assert (config.outputs / "latest").resolve().name == FIRST.isoformat()
