"""Digests of days that are long past are removed, and nothing that is not of a run."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from toolkit.errors import LockedError, OutputError
from toolkit.runs.outputs import LOCK, RunFolder
from toolkit.runs.retention import Pruned, prune
from toolkit.storage import locked

TODAY = dt.date(2026, 11, 28)


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    for days in (0, 1, 29, 30, 31, 200):
        folder = tmp_path / (TODAY - dt.timedelta(days=days)).isoformat()
        folder.mkdir()
        for name in ("digest.html", "digest.json", "articles.jsonl", "run.json", "run.log"):
            (folder / name).write_text("x", encoding="utf-8")
    (tmp_path / "notes").mkdir()
    (tmp_path / "latest").symlink_to(TODAY.isoformat())
    return tmp_path


def days(outputs: Path) -> list[int]:
    found = (dt.date.fromisoformat(path.name) for path in outputs.glob("????-??-??"))
    return sorted((TODAY - day).days for day in found)


def test_what_is_older_goes(outputs: Path) -> None:
    done = prune(outputs, 30, TODAY)
    assert [path.name for path in done.removed] == ["2026-05-12", "2026-10-28"]
    assert days(outputs) == [0, 1, 29, 30]
    assert prune(outputs, 30, TODAY) == Pruned((), ())
    assert (outputs / "notes").is_dir()


def test_files_of_others_stay_and_are_told(outputs: Path) -> None:
    mine = outputs / "2026-05-12/notes.txt"
    mine.write_text("mine", encoding="utf-8")
    done = prune(outputs, 30, TODAY)
    assert [path.name for path in done.kept] == ["2026-05-12"]
    assert list(mine.parent.iterdir()) == [mine]


def test_a_dry_run_only_says(outputs: Path) -> None:
    assert len(prune(outputs, 0, TODAY, dry_run=True).removed) == 5
    assert days(outputs) == [0, 1, 29, 30, 31, 200]


def test_the_latest_stays(outputs: Path) -> None:
    prune(outputs, 0, TODAY + dt.timedelta(days=900))
    assert days(outputs) == [0]
    assert (outputs / "latest/digest.html").exists()


def test_not_beside_a_run(outputs: Path) -> None:
    with locked(outputs / LOCK), pytest.raises(LockedError):
        prune(outputs, 0, TODAY)
    with RunFolder.open(outputs, TODAY):
        pass  # the lock is free again
    with pytest.raises(OutputError, match="no such folder"):
        prune(outputs / "absent", 0, TODAY)
