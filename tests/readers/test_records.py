"""Records as crawlers, feeds, publishing systems and tables write them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from toolkit.data import Article, Failure
from toolkit.readers import records
from toolkit.readers.formats import read

CASES = json.loads(
    (Path(__file__).parent.parent / "cases" / "records.json").read_text(encoding="utf-8")
)
TEXT = "Two piers are closed."


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_record_is_understood_by_the_names_that_people_use(case: dict[str, Any]) -> None:
    (found,) = read(json.dumps(case["record"]).encode(), "news.jsonl")
    assert isinstance(found, Article)
    parts = {key: value for key, value in case.items() if key not in ("name", "record")}
    assert {part: getattr(found, part) for part in parts} == parts


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NaT, pd.NA])
def test_missing_values_are_no_values(nothing: object) -> None:
    record = {"text": TEXT, **dict.fromkeys(("title", "author", "language", "date"), nothing)}
    found = records.article(record, "table:1")
    assert isinstance(found, Article)
    assert (found.title, found.author, found.language, found.published) == (None,) * 4


def test_a_column_goes_by_any_name_if_it_is_said() -> None:
    columns = {"text": "Spalte 7", "title": "k"}
    found = records.article({"Spalte 7": TEXT, "k": "Piers", "body": "other"}, "t:1", columns)
    assert isinstance(found, Article)
    assert (found.text, found.title) == (TEXT, "Piers")


def test_a_record_without_a_text_lists_what_it_has() -> None:
    failure = records.article({"label": 3, "url": "https://e.example"}, "t:1")
    assert isinstance(failure, Failure)
    assert failure.reason == "no text in the record, which has the columns label, url"


@pytest.mark.parametrize(
    "document",
    [
        lambda rows: rows,
        lambda rows: {"status": "ok", "totalResults": 2, "articles": rows},
        lambda rows: {"response": {"results": rows}},
        lambda rows: {"hits": {"total": 2, "hits": [{"_id": 1, "_source": row} for row in rows]}},
        lambda rows: {"first": rows[0], "second": rows[1]},
        lambda rows: {"columns": ["title", "text"], "data": [list(r.values()) for r in rows]},
        lambda rows: json.loads(pd.DataFrame(rows).to_json()),
        lambda rows: json.loads(pd.DataFrame(rows).to_json(orient="table")),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ["news.json", "news.jsonl", "news"])
def test_documents_of_json_hold_articles(
    document: Callable[[list[dict[str, str]]], Any], indent: int | None, name: str
) -> None:
    rows = [{"title": "Piers", "text": TEXT}, {"title": "Rain", "text": "It rained."}]
    found = list(read(json.dumps(document(rows), indent=indent).encode(), name))
    assert [(i.title, i.text) for i in found if isinstance(i, Article)] == [
        (row["title"], row["text"]) for row in rows
    ]


def test_what_a_broken_array_holds_before_its_fault_is_read() -> None:
    whole = json.dumps([{"text": f"Article {n}."} for n in range(5)])
    items = read(whole[:-30].encode(), "news.json")
    assert [type(item) for item in items] == [Article] * 3 + [Failure]


@pytest.mark.parametrize("end", [",\n", "\n", ",\r\n", " ", "\n\ufeff", "\n\xef\xbb\xbf"])
def test_objects_in_a_row_are_read_whatever_stands_between(end: str) -> None:
    feed = end.join(json.dumps({"text": f"Article {n}."}) for n in range(3)) + end.strip("\ufeff")
    items = read(feed.encode(), "news.jsonl")
    assert [i.text for i in items if isinstance(i, Article)] == [f"Article {n}." for n in range(3)]


CSV = 'title,text,author\nPiers,"Two piers\nare closed, it ""says"".",A. Writer\nRain,It rained.,\n'


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_of_text_are_read(delimiter: str, encoding: str) -> None:
    frame = pd.read_csv(io.StringIO(CSV))
    table = frame.to_csv(index=False, sep=delimiter)
    items = read(table.encode(encoding), "news.csv")
    assert [(i.title, i.text, i.author, i.source) for i in items if isinstance(i, Article)] == [
        ("Piers", 'Two piers\nare closed, it "says".', "A. Writer", "news.csv:2"),
        ("Rain", "It rained.", None, "news.csv:4"),
    ]


def test_the_fault_of_a_row_costs_that_row() -> None:
    rows = ["title,text", "A,Fine.", 'B,"never closed', "C,Fine too.", "D,one,two,three"]
    rows += ['E,5" pipes are "odd', '"F" G,"quoted" badly', "H", "I,The end."]
    items = read("\n".join(rows).encode(), "news.csv")
    assert [i.title for i in items if isinstance(i, Article)] == ["A", "C", "E", "F G", "I"]
    assert [i.source for i in items if isinstance(i, Failure)] == [
        "news.csv:3",
        "news.csv:5",
        "news.csv:8",
    ]


def test_a_text_of_megabytes_is_one_cell() -> None:
    (found,) = read(("text\n" + "word " * 1_000_000).encode(), "news.csv")
    assert isinstance(found, Article)
    assert len(found.text) == 4_999_999


def test_a_table_without_a_column_of_text_says_which_it_has() -> None:
    frame = pd.DataFrame({"label": [1, 2], "when": ["a", "b"]})
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    for data, name in ((frame.to_csv().encode(), "a.csv"), (buffer.getvalue(), "a.parquet")):
        (failure,) = read(data, name)
        assert isinstance(failure, Failure)
        assert "label, when" in failure.reason
        (first, _) = read(data, name, {"text": "when"})
        assert isinstance(first, Article)
        assert first.text == "a"


@pytest.mark.parametrize("name", ["news.parquet", "news.txt", "news"])
def test_parquet_is_known_by_how_it_begins(name: str) -> None:
    buffer = io.BytesIO()
    stamp = pd.Timestamp("2026-03-02T08:00", tz="UTC")
    rows = [{"text": TEXT, "date": stamp, "authors": ["A.", "B."]}, {"text": None}]
    pd.DataFrame(rows).to_parquet(buffer)
    found, failure = read(buffer.getvalue(), name)
    assert isinstance(found, Article)
    assert isinstance(failure, Failure)
    assert (found.text, found.published, found.author) == (TEXT, stamp.isoformat(), "A., B.")
    (damaged,) = read(buffer.getvalue()[:-100], name)
    assert isinstance(damaged, Failure)
    assert "Parquet" in damaged.reason


def test_so_many_failures_of_one_file_are_counted() -> None:
    lines = "\n".join(['{"title": "no text"}'] * 3000 + ['{"text": "One."}'])
    items = read(lines.encode(), "news.jsonl")
    assert len(items) == 1002
    assert isinstance(items[-1], Failure)
    assert "2,000 more" in items[-1].reason


def test_front_matter_is_read() -> None:
    page = f"---\ntitle: Piers closed\nauthor: A. Writer\nurl: https://e.example/a\n---\n{TEXT}\n"
    (found,) = read(page.encode(), "news.md")
    assert isinstance(found, Article)
    assert (found.title, found.text, found.source) == (
        "Piers closed",
        TEXT,
        "https://e.example/a",
    )
