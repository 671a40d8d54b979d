"""The cache stays as small as it may be, and is shown, exported and forgotten."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolkit.cli.commands import main
from toolkit.data import Hypothesis
from toolkit.errors import ConfigError
from toolkit.runs.cache import Cache

HINDI = {"signature": "demo@1 beam 4", "source": "hin_Deva", "target": "eng_Latn"}
GUJARATI = {"signature": "600M@2 beam 4", "source": "guj_Gujr", "target": "eng_Latn"}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of two sentences from Hindi and one from Gujarati."""
    path = tmp_path / "c.sqlite"
    with Cache(path) as cache:
        cache.put(["एक", "दो"], [Hypothesis("one"), Hypothesis("two", -0.5, ("loop",))], **HINDI)
        cache.put(["ત્રણ"], [Hypothesis("three")], **GUJARATI)
    monkeypatch.setenv("TOOLKIT_CACHE", str(path))
    return path


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["cache", *words])
    return done.exit_code, done.output


def kept(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {text for (text,) in connection.execute("SELECT text FROM segments")}


def age(path: Path, text: str, days: int) -> None:
    """Let a sentence have been used last some days ago."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE uses SET used = used - ? WHERE sentence = ?", (days * 86_400, text)
        )


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    texts = [f"text {n} " + "word " * 100 for n in range(2000)]
    with Cache(path) as cache:
        cache.put(texts, [Hypothesis(text.upper()) for text in texts], **HINDI)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE uses SET used = used - 8 * 86400")
    with Cache(path) as cache:
        assert len(cache.get(texts[:1000], **HINDI)) == 1000  # they are used today
    with Cache(path, limit=1) as cache:
        assert cache.size() > 1_000_000
    with Cache(path, limit=1) as cache:
        assert 500_000 < cache.size() <= 1_000_000
        left = cache.get(texts, **HINDI)
    assert set(left) <= set(texts[:1000])
    assert len(left) > 500


def test_what_is_there_is_shown(path: Path) -> None:
    code, shown = run()
    assert code == 0
    assert "3 sentences" in shown
    assert "hin_Deva to eng_Latn by demo@1 beam 4" in shown


def test_it_is_exported_as_records(path: Path) -> None:
    code, shown = run("export", "--from", "hi")
    found = [json.loads(line) for line in shown.splitlines()]
    assert code == 0
    assert {(r["text"], r["translation"]) for r in found} == {("एक", "one"), ("दो", "two")}
    assert next(r for r in found if r["text"] == "दो")["flags"] == ["loop"]


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        (["--from", "guj_Gujr"], {"one", "two"}),
        (["--signature", "demo@1"], {"three"}),
        (["--containing", "दो"], {"one", "three"}),
        (["--containing", "thr"], {"one", "two"}),
        (["--unused", "30"], {"two", "three"}),
        (["--unused", "30", "--from", "guj_Gujr"], {"one", "two", "three"}),
        (["--from", "hi", "--dry-run"], {"one", "two", "three"}),
    ],
)
def test_what_is_chosen_is_forgotten(path: Path, choice: list[str], left: set[str]) -> None:
    age(path, "एक", 40)
    assert run("forget", *choice)[0] == 0
    assert kept(path) == left


def test_nothing_is_forgotten_unless_it_is_said_what(path: Path) -> None:
    assert run("forget")[0] == 2
    assert len(kept(path)) == 3


def test_where_there_is_none_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLKIT_CACHE", str(tmp_path / "none.sqlite"))
    code, shown = run()
    assert (code, list(tmp_path.iterdir())) == (1, [])
    assert "there is no cache yet" in shown


def test_a_file_of_an_earlier_version_is_used_and_noted(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE uses")
    with Cache(path) as cache:
        assert cache.get(["एक"], **HINDI)["एक"].text == "one"
    shown = run()[1]
    assert "of an earlier version" in shown
    assert "by demo@1" in shown


def test_a_table_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE segments (id INTEGER, note TEXT)")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="not a cache"):
        Cache(path)
    assert path.read_bytes() == before
