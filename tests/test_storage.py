"""Files and folders are whole or absent; sequences on disk are used as any other."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import OutputError
from toolkit.storage import Drawn, Spill, locked, staging, sweep, whole, write_whole


@given(st.lists(st.text() | st.tuples(st.integers(), st.text())), st.slices(8))
def test_a_spill_is_the_sequence_of_what_was_appended(
    tmp_path_factory: pytest.TempPathFactory, values: list[object], part: slice
) -> None:
    spill: Spill[object] = Spill(tmp_path_factory.getbasetemp())
    for length, value in enumerate(values, start=1):
        spill.append(value)
        assert len(spill) == length
        assert spill[-1] == spill[length - 1] == value
    assert list(spill) == values
    assert bool(spill) == bool(values)
    assert list(reversed(spill)) == values[::-1]
    assert spill[part] == tuple(values)[part]
    assert pickle.loads(pickle.dumps(spill)) == tuple(values)
    assert tuple(copy.deepcopy(spill)) == tuple(values)
    for place in (len(values), -len(values) - 1):
        with pytest.raises(IndexError):
            spill[place]


def test_a_spill_leaves_nothing_behind(tmp_path: Path) -> None:
    spill: Spill[str] = Spill(tmp_path)
    spill.append("a")
    assert spill[0] == "a"
    assert list(tmp_path.iterdir()) == []


def test_processes_that_fork_share_no_place_in_the_file(tmp_path: Path) -> None:
    spill: Spill[str] = Spill(tmp_path)
    for n in range(400):
        spill.append(str(n) * 300)
    child = multiprocessing.get_context("fork").Process(target=_read_all, args=(spill, 5))
    child.start()
    _read_all(spill, 7)
    child.join()
    assert child.exitcode == 0


def _read_all(spill: Spill[str], step: int) -> None:
    for n in range(20000):
        place = n * step % len(spill)
        assert spill[place] == str(place) * 300


def test_an_index_error_within_a_value_is_not_the_end(tmp_path: Path) -> None:
    with pytest.raises(IndexError):
        list(Drawn(lambda n: "ab"[n], 3))


def test_a_folder_that_is_not_there_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file") as raised:
        Spill(tmp_path / "gone")
    assert raised.value.remedy


def test_what_is_drawn_is_drawn_when_it_is_asked_for() -> None:
    asked: list[int] = []

    def square(n: int) -> int:
        asked.append(n)
        return n * n

    drawn = Drawn(square, 5)
    assert (len(drawn), asked) == (5, [])
    assert (drawn[-1], drawn[1:3], asked) == (16, [1, 4], [4, 1, 2])
    assert list(drawn) == [0, 1, 4, 9, 16]
    with pytest.raises(IndexError):
        drawn[5]


@pytest.mark.parametrize(
    ("content", "written"),
    [
        ("a\r\nb", b"a\r\nb"),
        (["a", "\ud800", "b"], b"a?b"),
        (b"\xff\x00", b"\xff\x00"),
    ],
)
def test_a_file_is_written_with_the_permissions_of_the_old_one(
    tmp_path: Path, content: bytes | str | list[str], written: bytes
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("old")
    old.chmod(0o640)
    for file in (old, new):
        write_whole(file, content)
        assert file.read_bytes() == written
    plain = tmp_path / "plain"
    plain.touch()
    assert old.stat().st_mode & 0o777 == 0o640
    assert new.stat().st_mode == plain.stat().st_mode
    assert sorted(tmp_path.iterdir()) == [new, old, plain]


def test_a_folder_replaces_the_one_that_is_there(tmp_path: Path) -> None:
    target = tmp_path / "model"
    for name in ("first", "second"):
        with whole(target) as made:
            (made / "sub").mkdir(parents=True)
            (made / "sub" / name).touch()
        assert [file.name for file in (target / "sub").iterdir()] == [name]
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_not_finished_leaves_the_old_one(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "target"
    target.write_text("old") if kind == "file" else target.mkdir()

    def half() -> None:
        with whole(target) as made:
            made.write_text("new") if kind == "file" else made.mkdir()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert target.is_dir() if kind == "folder" else target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_only_what_killed_processes_left_is_swept(tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom toolkit.storage import whole\n"
        "with whole(Path(sys.argv[1])) as made:\n"
        "    made.write_text('half')\n    print('half', flush=True)\n    time.sleep(60)\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "file")], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "half\n"
    with staging(tmp_path):
        sweep(tmp_path)
        assert len(list(tmp_path.iterdir())) == 2
    other.kill()
    other.wait()
    other.stdout.close()
    assert len(list(tmp_path.iterdir())) == 1
    write_whole(tmp_path / "file", "whole")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("file", "whole")]


def test_a_lock_that_is_held_is_waited_for_or_refused(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "lock"),
        pytest.raises(BlockingIOError),
        locked(tmp_path / "lock", wait=False),
    ):
        pass
    with locked(tmp_path / "lock", wait=False):
        pass


def test_a_sequence_that_a_full_disk_did_not_take_can_be_given_up(tmp_path: Path) -> None:
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from toolkit.errors import OutputError\n"
        "from toolkit.storage import Spill\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
        "values = Spill(Path(sys.argv[1]))\n"
        "try:\n"
        "    values.append('x' * 20_000)\n"
        "except OutputError as error:\n"
        "    print(error)\n"
        "values.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "cannot hold what waits to be written" in done.stdout
