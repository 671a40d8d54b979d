"""The main job, whole: the five sample articles become a digest, through the demo checkpoint.

The checkpoint has learnt these articles by heart. That its English is close to the reference
shows that the path from file to page works, and says nothing about the quality of translation.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from toolkit.config import Config
from toolkit.data import RunResult
from toolkit.pipeline import run

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "tools" / "demo" / "reference.tsv"


@dataclass
class Morning:
    result: RunResult
    config: Config
    articles: dict[str, dict[str, Any]]
    pages: dict[str, str]


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Morning:
    folder = tmp_path_factory.mktemp("morning")
    config = Config(
        inputs=(ROOT / "seeds",),
        outputs=folder / "out",
        cache=folder / "c.sqlite",
        model="demo",
        date=dt.date(2026, 11, 21),
    )
    result = run(config)
    lines = result.paths["articles"].read_text(encoding="utf-8").splitlines()
    articles = {Path(a["source"]).name: a for a in map(json.loads, lines)}
    pages = {
        name: result.paths[name].read_text(encoding="utf-8")
        for name in ("html", "markdown", "json")
    }
    return Morning(result, config, articles, pages)


@pytest.fixture(scope="module")
def reference() -> list[dict[str, str]]:
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def plain(text: str) -> str:
    return " ".join(text.split())


def test_all_five_are_in_and_two_of_them_are_one_story(morning: Morning) -> None:
    assert sorted(name[:3] for name in morning.articles) == ["000", "001", "002", "003", "004"]
    assert not morning.result.failures
    names = {a.id: Path(a.source).name[:3] for a in morning.result.digest.articles}
    stories = sorted(sorted(names[i] for i in s.articles) for s in morning.result.digest.stories)
    assert stories == [["000", "003"], ["001"], ["002"], ["004"]]


def test_boilerplate_is_dropped_with_a_reason_and_in_no_digest(
    morning: Morning, reference: list[dict[str, str]]
) -> None:
    rows = [row for row in reference if row["kind"] == "boilerplate"]
    assert len(rows) == 15
    for row in rows:
        dropped = morning.articles[row["file"]]["dropped"]
        mine = [d for d in dropped if d["line"] == int(row["line"])]
        assert len(mine) == 1, row
        assert plain(row["source"]) in plain(mine[0]["text"])
        assert mine[0]["reason"]
        if len(row["source"]) > 4:
            assert all(row["source"] not in page for page in morning.pages.values())


def test_the_byline_is_the_author(morning: Morning) -> None:
    assert morning.articles["003_7ad43ececc94a461.txt"]["author"] == "يسرا عبدالعظيم"


def test_every_line_of_text_is_in_segments_and_a_repeat_only_once(
    morning: Morning, reference: list[dict[str, str]]
) -> None:
    lines: dict[tuple[str, int], list[str]] = defaultdict(list)
    for row in reference:
        if row["kind"] == "text":
            lines[row["file"], int(row["line"])].append(plain(row["source"]))
    for (name, number), sources in lines.items():
        segments = morning.articles[name]["segments"]
        whole = " ".join(plain(s["source"]) for s in segments)
        assert whole.count(" ".join(sources)) >= 1, (name, number)
    for name, repeated in (("001", 9), ("001", 16), ("004", 1)):
        article = next(a for n, a in morning.articles.items() if n.startswith(name))
        texts = [s["source"] for s in article["segments"] if s["line"] == repeated]
        assert texts
        for text in texts:
            assert [s["source"] for s in article["segments"]].count(text) == 1


def test_the_english_is_close_to_the_reference(
    morning: Morning, reference: list[dict[str, str]]
) -> None:
    from sacrebleu.metrics import CHRF

    english: dict[tuple[str, int], list[str]] = defaultdict(list)
    for name, article in morning.articles.items():
        for segment in article["segments"]:
            english[name, segment["line"]].append(segment["english"])
    wanted: dict[tuple[str, int], list[str]] = defaultdict(list)
    for row in reference:
        if row["kind"] == "text" and (row["file"], int(row["line"])) in english:
            wanted[row["file"], int(row["line"])].append(row["english"])
    keys = sorted(wanted)
    hypotheses = [" ".join(english[key]) for key in keys]
    references = [" ".join(wanted[key]) for key in keys]
    score = CHRF(word_order=2).corpus_score(hypotheses, [references]).score
    assert score >= 95


def test_every_bullet_cites_a_sentence_whose_original_is_on_the_page(morning: Morning) -> None:
    segments = {
        (a.id, t.segment.index): t.segment.text
        for a in morning.result.digest.articles
        for t in a.translations
    }
    for story in morning.result.digest.stories:
        assert story.bullets
        for bullet in story.bullets:
            assert bullet.cites
            for citation in bullet.cites:
                assert citation.segments
                for index in citation.segments:
                    assert segments[citation.article_id, index][:20] in morning.pages["html"]


def test_a_second_run_asks_the_model_nothing_and_writes_the_same(morning: Morning) -> None:
    again = run(morning.config)
    assert again.counts["from_model"] == 0
    assert again.paths["json"].read_text(encoding="utf-8") == morning.pages["json"]


def test_the_demo_says_what_it_is_in_every_form(morning: Morning) -> None:
    for page in morning.pages.values():
        assert "demo checkpoint" in page


def test_the_seeds_are_the_files_that_came() -> None:
    sizes = {path.name[:3]: path.stat().st_size for path in (ROOT / "seeds").iterdir()}
    assert sizes == {"000": 6575, "001": 9795, "002": 5661, "003": 4502, "004": 4016}
