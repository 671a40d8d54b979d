"""Which files are written for which names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from toolkit.documents.targets import Plan, Wanted, plan


def planned(*names: Path | str, **wanted: Any) -> Plan:
    return plan([str(name) for name in names], Wanted(**wanted))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.docx", "b.txt", "c.bin", "inside/d.md", "inside/a.docx", ".hidden.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text", encoding="utf-8")
    return tmp_path


def names(made: Plan, folder: Path) -> dict[str, str]:
    return {
        str(task.source.relative_to(folder)): str(task.target.relative_to(folder))
        for task in made.tasks
    }


def test_a_document_is_written_beside_its_source_and_an_article_is_read(folder: Path) -> None:
    made = planned(folder / "a.docx", folder / "b.txt", "-", "https://example.org/a.docx")
    assert names(made, folder) == {"a.docx": "a.en.docx"}
    assert made.rest == [str(folder / "b.txt"), "-", "https://example.org/a.docx"]


def test_a_folder_is_written_to_another_with_its_paths(folder: Path) -> None:
    made = planned(folder, out_dir=folder / "out")
    assert names(made, folder) == {
        "a.docx": "out/a.en.docx",
        "b.txt": "out/b.en.txt",
        "inside/a.docx": "out/inside/a.en.docx",
        "inside/d.md": "out/inside/d.en.md",
    }
    assert made.notes == [f"{folder}/c.bin: left out, no format that can be kept"]
    assert not made.rest


def test_a_pattern_stands_for_its_files(folder: Path) -> None:
    made = planned(folder / "**" / "*.docx")
    assert names(made, folder) == {"a.docx": "a.en.docx", "inside/a.docx": "inside/a.en.docx"}


def test_nothing_is_replaced_unasked(folder: Path) -> None:
    (folder / "a.en.docx").write_text("English", encoding="utf-8")
    os.utime(folder / "a.docx", (1, 1))
    newer = planned(folder / "a.docx")
    assert not newer.tasks
    assert not newer.failures
    assert "newer than its source" in newer.notes[0]
    os.utime(folder / "a.en.docx", (0, 0))
    older = planned(folder / "a.docx")
    assert not older.tasks
    assert older.failures[0].remedy == "--force replaces it."
    assert names(planned(folder / "a.docx", force=True), folder) == {"a.docx": "a.en.docx"}
    again = planned(folder / "a.docx", folder / "a.en.docx", force=True)
    assert names(again, folder) == {"a.docx": "a.en.docx"}


def test_two_files_are_not_written_to_one(folder: Path) -> None:
    made = planned(folder / "a.docx", folder / "inside" / "a.docx", out_dir=folder / "out")
    assert names(made, folder) == {"a.docx": "out/a.en.docx"}
    assert "would be written to" in made.failures[0].reason


@pytest.mark.parametrize(
    ("name", "wanted", "target"),
    [
        ("a.docx", {"form": "jsonl", "out_dir": Path("out")}, "out/a.en.jsonl"),
        ("a.docx", {"form": "side-by-side"}, "a.side-by-side.html"),
        ("b.txt", {"form": "same"}, "b.en.txt"),
        ("inside/d.md", {"output": Path("x.md")}, "x.md"),
        ("inside/d.md", {"output": Path("x.txt")}, None),
        ("inside/d.md", {"form": "text"}, None),
    ],
)
def test_the_form_decides_the_name(
    folder: Path,
    name: str,
    wanted: dict[str, Any],
    target: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    made = planned(name, **wanted)
    assert [str(task.target) for task in made.tasks] == ([target] if target else [])
    assert made.rest == ([] if target else [name])


def test_what_is_not_there_is_a_failure(folder: Path) -> None:
    made = planned(folder / "none.docx")
    assert made.failures[0].reason == "no such file or folder"
