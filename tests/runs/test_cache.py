"""The cache keeps what was translated, through damage, processes and stops."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from toolkit.data import Hypothesis
from toolkit.errors import ConfigError
from toolkit.runs.cache import Cache

KEY = {"signature": "demo@1", "source": "guj_Gujr", "target": "eng_Latn"}


def test_what_was_put_comes_back_whole(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "deep" / "c.sqlite")
    cache.put(["એક", "બે"], [Hypothesis("one", -0.5, ("loop",)), Hypothesis("two")], **KEY)
    cache.close()
    again = Cache(tmp_path / "deep" / "c.sqlite")
    assert again.get(["બે", "એક", "ત્રણ"], **KEY) == {
        "એક": Hypothesis("one", -0.5, ("loop",)),
        "બે": Hypothesis("two"),
    }
    assert len(again) == 2


@pytest.mark.parametrize("changed", ["signature", "source", "target"])
def test_another_signature_or_language_is_another_entry(tmp_path: Path, changed: str) -> None:
    cache = Cache(tmp_path / "c.sqlite")
    cache.put(["એક"], [Hypothesis("one")], **KEY)
    assert cache.get(["એક"], **{**KEY, changed: "other"}) == {}


def test_more_texts_than_sqlite_takes_parameters(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "c.sqlite")
    texts = [f"text {n}" for n in range(2500)]
    cache.put(texts, [Hypothesis(text.upper()) for text in texts], **KEY)
    found = cache.get(texts, **KEY)
    assert {text: h.text for text, h in found.items()} == {t: t.upper() for t in texts}


def test_a_damaged_file_is_moved_aside_and_named(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"this is no database " * 400)
    cache = Cache(path)
    cache.put(["એક"], [Hypothesis("one")], **KEY)
    assert len(cache) == 1
    (aside,) = tmp_path.glob("c.sqlite.damaged-*")
    assert aside.name in cache.warning
    assert aside.read_bytes().startswith(b"this is no database")


def test_damage_beyond_the_first_pages_is_found_when_it_is_met(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    cache = Cache(path)
    texts = [f"text {n}" for n in range(4000)]
    cache.put(texts, [Hypothesis(text * 5) for text in texts], **KEY)
    cache.close()
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 4] + b"\xff" * (len(data) - len(data) // 4))
    again = Cache(path)
    again.get(texts, **KEY)
    assert "was damaged" in again.warning
    again.put(["new"], [Hypothesis("New")], **KEY)
    assert again.get(["new"], **KEY) == {"new": Hypothesis("New")}
    assert list(tmp_path.glob("c.sqlite.damaged-*"))


@pytest.mark.parametrize(
    ("column", "value"), [("flags", "no JSON"), ("flags", "{}"), ("text", b"\xff"), ("score", "x")]
)
def test_a_row_that_no_cache_wrote_is_passed_over(
    tmp_path: Path, column: str, value: object
) -> None:
    path = tmp_path / "c.sqlite"
    cache = Cache(path)
    cache.put(["a", "b"], [Hypothesis("A"), Hypothesis("B")], **KEY)
    cache.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE segments SET {column} = ? WHERE text = 'A'", (value,))
        connection.commit()
    assert Cache(path).get(["a", "b"], **KEY) == {"b": Hypothesis("B")}


def test_a_folder_that_is_made_for_it_is_private(tmp_path: Path) -> None:
    Cache(tmp_path / "deep" / "c.sqlite").close()
    assert (tmp_path / "deep").stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_no_cache_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("# A file of the user's\n" * 100, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"README\.md"):
        Cache(path)
    assert path.read_text(encoding="utf-8").startswith("# A file of the user's")


def test_a_folder_in_its_place_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=str(tmp_path)) as caught:
        Cache(tmp_path)
    assert "TOOLKIT_CACHE" in caught.value.remedy


def test_a_cache_that_cannot_be_made_costs_a_run_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file" / "c.sqlite")
    cache.put(["a"], [Hypothesis("A")], signature="s", source="x", target="y")
    assert cache.get(["a"], signature="s", source="x", target="y") == {}
    assert len(cache) == 0
    assert "cannot be written" in cache.warning
    assert "TOOLKIT_CACHE" in cache.warning


def test_a_full_disk_costs_what_is_new_and_keeps_what_is_old(tmp_path: Path) -> None:
    """Files of this process may not grow beyond what is there: writing fails as on a full disk."""
    path = tmp_path / "c.sqlite"
    cache = Cache(path)
    cache.put(["old"], [Hypothesis("OLD")], signature="s", source="x", target="y")
    cache.close()
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from toolkit.runs.cache import Cache\n"
        "from toolkit.data import Hypothesis\n"
        "path = Path(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        "cache = Cache(path)\n"
        "assert not cache.warning\n"
        "texts = [str(i) * 500 for i in range(200)]\n"
        "where = dict(signature='s', source='x', target='y')\n"
        "for _ in range(2):\n"
        "    cache.put(texts, [Hypothesis(t) for t in texts], **where)\n"
        "print(cache.warning)\n"
        "assert cache.get(['old'], **where)['old'].text == 'OLD'\n"
        "cache.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stdout
    found = Cache(path).get(["old"], signature="s", source="x", target="y")
    assert found["old"].text == "OLD"


def test_a_short_lock_costs_what_came_meanwhile_and_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"this is no database " * 400)
    said: list[str] = []
    cache = Cache(path, say=said.append)
    cache._connection.execute("PRAGMA busy_timeout = 10")
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        for text in ("one", "two"):
            cache.put([text], [Hypothesis(text)], **KEY)
        assert [("damaged" in text, "is locked" in text) for text in said] == [(1, 0), (0, 1)]
        other.rollback()
    cache.put(["three"], [Hypothesis("three")], **KEY)
    assert set(cache.get(["one", "two", "three"], **KEY)) == {"three"}
    assert cache.warnings == said


def test_a_lock_at_the_start_is_no_lock_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.sqlite"
    monkeypatch.setattr("toolkit.runs.cache._PATIENCE", 0.05)
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE segments (key)")
        other.execute("DROP TABLE segments")
        other.execute("BEGIN EXCLUSIVE")
        cache = Cache(path)
        assert "is locked" in cache.warning
        other.rollback()
    cache.put(["one"], [Hypothesis("one")], **KEY)
    cache.close()
    assert len(Cache(path)) == 1


READ_ONLY = """
import os, sys
from pathlib import Path
from toolkit.runs.cache import Cache
from toolkit.data import Hypothesis
path = Path(sys.argv[1])
os.chmod(path.parent, 0o555)
if os.geteuid() == 0:
    os.setuid(65534)  # root may write everywhere
cache = Cache(path)
where = dict(signature='s', source='x', target='y')
print(cache.warning)
assert cache.get(['old'], **where)['old'].text == 'OLD'
cache.put(['new'], [Hypothesis('NEW')], **where)
assert cache.get(['new'], **where) == {}
"""


def test_a_folder_that_cannot_be_written_is_read() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.sqlite"
        cache = Cache(path)
        cache.put(["old"], [Hypothesis("OLD")], signature="s", source="x", target="y")
        cache.close()
        path.chmod(0o444)
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(path)], capture_output=True, text=True
        )
        Path(folder).chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stdout


def test_the_log_of_a_damaged_file_goes_where_the_file_goes(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    other, cache = Cache(path), Cache(path)
    other.put(["one"], [Hypothesis("one")], **KEY)
    log = path.with_name("c.sqlite-wal").read_bytes()
    cache._replace()
    assert [file.read_bytes() for file in tmp_path.glob("c.sqlite.damaged-*-wal")] == [log]


def test_a_process_killed_after_put_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from toolkit.runs.cache import Cache; from toolkit.data import Hypothesis\n"
        "c = Cache(Path(sys.argv[1]))\n"
        "c.put(['a'], [Hypothesis('A')], signature='s', source='x', target='y')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    found = Cache(path).get(["a"], signature="s", source="x", target="y")
    assert found == {"a": Hypothesis("A")}


def test_two_processes_may_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    one, two = Cache(path), Cache(path)
    one.put(["a"], [Hypothesis("A")], **KEY)
    two.put(["b"], [Hypothesis("B")], **KEY)
    assert len(one) == len(two) == 2
    with sqlite3.connect(path) as plain:
        assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    notes = tmp_path / "notes.sqlite"
    with closing(sqlite3.connect(notes)) as other, other:
        other.execute("CREATE TABLE notes (text TEXT)")
    before = notes.read_bytes()
    with pytest.raises(ConfigError, match="not a cache"):
        Cache(notes)
    (tmp_path / "diary.db").write_bytes(b"no database at all, but somebody's")
    with pytest.raises(ConfigError, match="not a cache"):
        Cache(tmp_path / "diary.db")
    assert notes.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["diary.db", "notes.sqlite"]
