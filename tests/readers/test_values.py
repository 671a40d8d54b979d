"""What notebooks and other programs hand over: ``toolkit.load_articles``."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pyarrow as pa
import pytest

import toolkit
from toolkit.readers import collection
from toolkit.testing import FakeTranslator

ROWS = [
    {"headline": "Piers closed", "articleBody": "Two piers are closed.", "byline": "A. Writer"},
    {"headline": None, "articleBody": "It rained all day.", "byline": None},
]
TEXTS = [row["articleBody"] for row in ROWS]


@pytest.mark.parametrize(
    "given",
    [
        lambda: ROWS,
        lambda: (row for row in ROWS),
        lambda: pd.DataFrame(ROWS),
        lambda: pd.DataFrame(ROWS).convert_dtypes(),
        lambda: pa.Table.from_pylist(ROWS),
        lambda: datasets.Dataset.from_list(ROWS),
        lambda: datasets.DatasetDict({"train": datasets.Dataset.from_list(ROWS)}),
        lambda: datasets.Dataset.from_list(ROWS).to_iterable_dataset(),
        lambda: datasets.Dataset.from_list(ROWS)[:2],
        lambda: [datasets.Dataset.from_list(ROWS[:1]), ROWS[1], ROWS],
        lambda: [toolkit.load_articles(ROWS)],
    ],
)
def test_articles_come_from_whatever_holds_them(given: Callable[[], Any]) -> None:
    found = toolkit.load_articles(given())
    assert [article.text for article in found] == TEXTS
    assert (found[0].title, found[0].author) == ("Piers closed", "A. Writer")
    assert found[1].author is None


def test_a_data_set_that_was_loaded_from_a_file_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "news.parquet"
    pd.DataFrame(ROWS).to_parquet(path)
    for streaming in (False, True):
        loaded = datasets.load_dataset(
            "parquet",
            data_files=str(path),
            streaming=streaming,
            cache_dir=str(tmp_path / "cache"),
        )
        assert [article.text for article in toolkit.load_articles(loaded)] == TEXTS


def test_missing_values_of_a_data_frame_are_none() -> None:
    frame = pd.DataFrame(
        {
            "text": ["One text.", "Another text.", None],
            "title": ["A", pd.NA, "C"],
            "author": [float("nan"), None, "x"],
            "date": [pd.Timestamp("2026-03-02T08:00"), pd.NaT, pd.NaT],
        }
    )
    first, second = toolkit.load_articles(frame)
    assert (first.title, first.author, first.published) == ("A", None, "2026-03-02T08:00:00")
    assert (second.author, second.published, second.source) == (None, None, "DataFrame:2")


def test_patterns_and_mixed_inputs(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.txt").write_text(f"One text named {name}.", encoding="utf-8")
    found = toolkit.load_articles(ROWS[0], f"{tmp_path}/*.txt", tmp_path / "a.txt")
    assert [a.text for a in found] == [TEXTS[0], "One text named a.", "One text named b."]


def test_columns_are_named_and_listed() -> None:
    frame = pd.DataFrame({"roh": ["One text."], "titel": ["T"]})
    with pytest.raises(toolkit.InputError, match="no column of text among the columns roh, titel"):
        toolkit.load_articles(frame)
    (found,) = toolkit.load_articles(frame, columns={"text": "roh"})
    assert (found.text, found.title) == ("One text.", "T")
    with pytest.raises(toolkit.ConfigError, match="columns cannot be"):
        toolkit.load_articles(frame, columns={"txt": "roh"})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: toolkit.load_articles(b"text"), "type bytes holds no articles"),
        (lambda: toolkit.load_articles([7]), "type int holds no articles"),
        (lambda: toolkit.load_articles({"a": 1}), "no text in the record"),
        (lambda: toolkit.clean(b""), "text is of type bytes, not text"),  # type: ignore[arg-type]
        (lambda: toolkit.detect_language(None), "text is None"),  # type: ignore[arg-type]
        (lambda: toolkit.segment(7, "hi"), "text is of type int"),  # type: ignore[arg-type]
        (lambda: toolkit.summarise(None), "english_text is None"),  # type: ignore[arg-type]
        (lambda: toolkit.translate([1], source="hi"), r"texts\[0\] is of type int"),  # type: ignore[list-item]
        (lambda: toolkit.translate(None, source="hi"), "texts is None"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_text_is_a_clear_error(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(toolkit.InputError, match=message) as raised:
        call()
    assert raised.value.remedy


def test_a_language_that_nobody_knows_is_told(tmp_path: Path) -> None:
    text = "The council approved the budget on Monday after a long debate in the town hall."
    rows = [{"text": text, "language": "klingon"}, {"text": text + " Rain.", "language": "English"}]
    (tmp_path / "news.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    config = toolkit.Config(inputs=tmp_path / "news.jsonl", outputs=tmp_path / "out", model="demo")
    notices = toolkit.run(config, translator=FakeTranslator()).digest.notices
    assert [notice for notice in notices if "'klingon'" in notice]
    assert not any("English" in notice for notice in notices)


def test_a_data_set_named_to_a_run_is_streamed_until_time_is_up(tmp_path: Path) -> None:
    """A folder stands for a data set on the hub: both go by one name to ``load_dataset``."""
    lines = (json.dumps({"articleBody": f"Report {n}: it rained."}) + "\n" for n in range(50))
    (tmp_path / "train.jsonl").write_text("".join(lines), encoding="utf-8")
    name = f"hf://{tmp_path}"
    articles = list(collection.scan([name]))
    assert [a.source for a in articles] == [f"{name}:{n}" for n in range(1, 51)]
    up = threading.Event()
    read = collection.scan([name], time_is_up=up.is_set)
    first = next(read)
    up.set()
    (failure,) = read
    assert first == articles[0]
    assert isinstance(failure, toolkit.Failure)
    assert failure.reason == "not read to its end: the deadline came first"


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [("", "", "cannot be had ("), ("a.csv", "address,views\na,1\n", "no column of text")],
)
def test_a_data_set_that_cannot_be_had_costs_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, content: str, reason: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    name = f"hf://{tmp_path / 'data'}"
    if file:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / file).write_text(content, encoding="utf-8")
    (failure,) = collection.scan([name, f"hf://{tmp_path / 'data'}"])
    assert isinstance(failure, toolkit.Failure)
    assert failure.source == name
    assert failure.reason.startswith(reason), failure.reason
    assert "\n" not in failure.reason
