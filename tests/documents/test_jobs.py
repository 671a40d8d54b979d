"""Files one at a time: what goes in and what is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.documents import jobs
from toolkit.errors import OutputError

STORY = "The harbour was closed on Monday because of the storm. Ships waited outside."


def test_names_come_back_in_order_and_each_article_once(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt"):
        (tmp_path / name).write_text(f"{STORY} It is {name}.", encoding="utf-8")
    b, a, none = str(tmp_path / "b.txt"), str(tmp_path / "a.txt"), str(tmp_path / "none.txt")
    articles, failures = jobs.read([b, "-", none, a, b, str(tmp_path), none], STORY.encode())
    assert [article.source for article in articles] == [b, "stdin", a]
    assert [failure.source for failure in failures] == [none]
    assert failures[0].reason == "no such file or folder"


def test_json_lines_on_stdin_are_read_as_such() -> None:
    feed = "\n".join(json.dumps({"text": text}) for text in ("One.", "Two."))
    articles, failures = jobs.read(["-"], feed.encode())
    assert [article.text for article in articles] == ["One.", "Two."]
    assert not failures


def test_a_file_that_is_called_like_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-").write_text(STORY, encoding="utf-8")
    articles, _ = jobs.read(["./-"], b"Something else.")
    assert [article.text for article in articles] == [STORY]


def test_a_file_is_replaced_whole_through_its_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("before", encoding="utf-8")
    (tmp_path / "real.txt").chmod(0o600)
    (tmp_path / "link.txt").symlink_to("real.txt")
    jobs.write(tmp_path / "link.txt", "after \ud800")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text(encoding="utf-8") == "after ?"
    assert (tmp_path / "real.txt").stat().st_mode & 0o777 == 0o600
    assert len(list(tmp_path.iterdir())) == 2


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.txt"
    path.write_text("before", encoding="utf-8")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"out\.txt: cannot be written \(No space left"):
        jobs.write(path, "after")
    assert path.read_text(encoding="utf-8") == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


@pytest.mark.parametrize("name", [".", "none/out.txt"])
def test_what_is_no_file_cannot_be_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        jobs.write(tmp_path / name, "text")


UNFORESEEN = """
from toolkit.cli import console
from toolkit.data import Article
from toolkit.documents import jobs
from toolkit.readers import paths
paths.read = lambda data, source: 1 / 0
with console.errors_for_people():
    articles, failures = jobs.read(["story.txt"], b"")
    article = Article("1", "a.txt", "The council met on Monday. It approved the budget.")
    failures += jobs.summarise([article], None, bullets=2)[1]
print([failure.reason for failure in failures])
"""


def test_what_nobody_foresaw_is_told_without_its_trace(tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text(STORY, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", UNFORESEEN], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stderr == ""
    assert "(ZeroDivisionError: " in done.stdout
    assert "(AttributeError: " in done.stdout
