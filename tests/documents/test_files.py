"""The files that are read one at a time, and the one that is written."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from toolkit.documents import files
from toolkit.errors import OutputError

STORY = "The harbour was closed on Monday because of the storm. Ships waited outside."


def test_names_come_back_in_order_and_each_article_once(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt"):
        (tmp_path / name).write_text(f"{STORY} It is {name}.", encoding="utf-8")
    b, a, none = str(tmp_path / "b.txt"), str(tmp_path / "a.txt"), str(tmp_path / "none.txt")
    articles, failures = files.read([b, "-", none, a, b, str(tmp_path), none], STORY.encode())
    assert [article.source for article in articles] == [b, "stdin", a]
    assert [failure.source for failure in failures] == [none]
    assert failures[0].reason == "no such file or folder"


def test_json_lines_on_stdin_are_read_as_such() -> None:
    feed = "\n".join(json.dumps({"text": text}) for text in ("One.", "Two."))
    articles, failures = files.read(["-"], feed.encode())
    assert [article.text for article in articles] == ["One.", "Two."]
    assert not failures


def test_a_file_that_is_called_like_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-").write_text(STORY, encoding="utf-8")
    articles, _ = files.read(["./-"], b"Something else.")
    assert [article.text for article in articles] == [STORY]


def test_a_file_is_replaced_whole_through_its_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("before", encoding="utf-8")
    (tmp_path / "real.txt").chmod(0o600)
    (tmp_path / "link.txt").symlink_to("real.txt")
    files.write(tmp_path / "link.txt", "after \ud800")
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
        files.write(path, "after")
    assert path.read_text(encoding="utf-8") == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


@pytest.mark.parametrize("name", [".", "none/out.txt"])
def test_an_output_that_is_no_file_cannot_be_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        files.write(tmp_path / name, "text")


@pytest.mark.parametrize("name", [".", "none/out.txt", "in.txt/out.txt"])
def test_an_output_that_cannot_be_written_is_refused_before_any_work(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "in.txt").write_text(STORY, encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written") as caught:
        files.check_output(tmp_path / name, [str(tmp_path / "in.txt")])
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["in.txt", "link.txt", "twin.txt", "folder/../in.txt"])
@pytest.mark.parametrize("given", ["in.txt", "link.txt", "."])
def test_a_source_is_not_replaced_by_its_translation(tmp_path: Path, name: str, given: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "in.txt").write_text(STORY, encoding="utf-8")
    (tmp_path / "link.txt").symlink_to("in.txt")
    (tmp_path / "twin.txt").hardlink_to(tmp_path / "in.txt")
    with pytest.raises(OutputError, match="is one of the files to be read"):
        files.check_output(tmp_path / name, ["-", str(tmp_path / "none"), str(tmp_path / given)])


def test_a_source_that_is_redirected_to_stdin_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.txt").write_text(STORY, encoding="utf-8")
    with (tmp_path / "in.txt").open(encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(OutputError, match="is one of the files to be read"):
            files.check_output(tmp_path / "in.txt", ["-"])


def test_an_output_beside_its_source_may_be_written(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text(STORY, encoding="utf-8")
    (tmp_path / "old.txt").write_text("old", encoding="utf-8")
    for name in ("new.txt", "old.txt"):
        files.check_output(tmp_path / name, [str(tmp_path / "in.txt")])
    assert {p.name for p in tmp_path.iterdir()} == {"in.txt", "old.txt"}


def test_a_pipe_is_written_to_directly(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    output = Path(f"/dev/fd/{writer}")
    files.check_output(output, ["-"])
    files.write(output, "text")
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        assert pipe.read() == "text"
