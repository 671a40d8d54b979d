"""Reading inputs and writing a run's folder."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.errors import InputError, LockedError, OutputError
from toolkit.store import RunFolder, load

DAY = dt.date(2026, 11, 21)
STORY = "The harbour was closed on Monday because of the storm. Ships waited outside."


def test_a_folder_is_read_in_the_order_of_names_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", ".hidden.txt", "sub/c.txt", ".git/d.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{STORY} It is {name}.", encoding="utf-8")
    loaded = load([tmp_path])
    assert [Path(a.source).name for a in loaded.articles] == ["a.txt", "b.txt", "c.txt"]
    assert not loaded.failures


def test_the_same_article_twice_is_read_once_and_told(tmp_path: Path) -> None:
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text(STORY, encoding="utf-8")
    loaded = load([tmp_path, tmp_path / "one.txt"])
    assert [Path(a.source).name for a in loaded.articles] == ["one.txt"]
    assert [(Path(a).name, Path(b).name) for a, b in loaded.duplicates] == [("two.txt", "one.txt")]


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none"):
        load([tmp_path / "none"])


def test_a_written_file_is_whole_or_absent(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, DAY) as folder:
        folder.write_text("digest.md", ["yesterday's"])

        def broken() -> object:
            yield "half of "
            raise RuntimeError("power cut")

        with pytest.raises(RuntimeError):
            folder.write_text("digest.md", broken())  # type: ignore[arg-type]
        assert (folder.path / "digest.md").read_text(encoding="utf-8") == "yesterday's"
        assert [p.name for p in folder.path.iterdir()] == ["digest.md"]


def test_latest_moves_to_the_newest_run(tmp_path: Path) -> None:
    for day in (DAY, DAY + dt.timedelta(days=1)):
        with RunFolder.open(tmp_path, day) as folder:
            folder.point_latest()
    assert (tmp_path / "latest").resolve().name == "2026-11-22"


def test_a_second_run_is_locked_out_and_a_killed_one_is_not_in_the_way(tmp_path: Path) -> None:
    script = (
        "import datetime, sys, time; from pathlib import Path\n"
        "from toolkit.store import RunFolder\n"
        "with RunFolder.open(Path(sys.argv[1]), datetime.date(2026, 11, 21)):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(LockedError, match="another run"), RunFolder.open(tmp_path, DAY):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with RunFolder.open(tmp_path, DAY) as folder:
        assert folder.path.is_dir()


def test_a_file_where_the_folder_should_be_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("", encoding="utf-8")
    with (
        pytest.raises(OutputError, match="cannot be written"),
        RunFolder.open(tmp_path / "outputs", DAY),
    ):
        pass
