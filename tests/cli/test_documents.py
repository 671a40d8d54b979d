"""``toolkit translate`` of files that keep their form, and ``toolkit detect``."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolkit.cli.commands import main
from toolkit.documents import jobs
from toolkit.testing.fakes import FakeTranslator

ENGLISH = {
    "Der Minister sagte am Montag <3, dass er geht.": "The minister said on Monday <3 he goes.",
    "Am 12. März kam er zurück.": "He came back on 21 May.",
}
PAGE = "<p>Der Minister sagte am Montag &lt;3, dass er geht. Am 12. März kam er zurück.</p>"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    monkeypatch.setattr(
        jobs, "load_configured", lambda *_, **__: FakeTranslator(ENGLISH, notice="A notice.")
    )
    for name in ("in/a.html", "in/deep/b.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(PAGE, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_a_folder_is_translated_into_another(folder: Path) -> None:
    done = run("translate", "in", "--out-dir", "out", "--from", "de")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [
        "out/a.en.html: 2 sentences, 1 with a warning.",
        "out/deep/b.en.md: 2 sentences, 1 with a warning.",
        "A notice.",
    ]
    expected = "<p>The minister said on Monday &lt;3 he goes. He came back on 21 May.</p>"
    assert (folder / "out/a.en.html").read_text(encoding="utf-8") == expected
    assert (folder / "in/a.html").read_text(encoding="utf-8") == PAGE
    again = run("translate", "in", "--out-dir", "out", "--from", "de")
    assert again.exit_code == 0
    assert again.stderr.count("newer than its source, left as it is (--force)") == 2


def test_side_by_side_is_one_page_with_the_warnings_in_place(folder: Path) -> None:
    done = run("translate", "in/a.html", "--format", "side-by-side", "-o", "page.html")
    assert done.exit_code == 0
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert "&lt;3 he goes" in page
    assert "<3" not in page
    assert page.count('<p class="warning whole">') == 1
    assert "default-src 'none'" in page
    assert "<script" not in page


def test_the_article_of_a_page_can_still_be_printed() -> None:
    done = run("translate", "in/a.html", "--format", "text")
    assert done.stdout == "The minister said on Monday <3 he goes. He came back on 21 May.\n"


def test_a_broken_file_costs_no_other(folder: Path) -> None:
    (folder / "in" / "c.docx").write_bytes(b"PK\x03\x04")
    done = run("translate", "in/c.docx", "in/a.html")
    assert done.exit_code == 3
    assert "toolkit: in/c.docx: broken (" in done.stderr
    assert (folder / "in/a.en.html").exists()
    assert not (folder / "in/c.en.docx").exists()


def test_the_source_is_never_replaced(folder: Path) -> None:
    done = run("translate", "in/a.html", "-o", "in/a.html")
    assert done.exit_code == 1
    assert "is one of the files to be read" in done.stderr
    assert (folder / "in/a.html").read_text(encoding="utf-8") == PAGE


def test_the_language_of_files_is_told() -> None:
    done = run("detect", "in/a.html", "in/deep/b.md")
    assert done.exit_code == 0
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line[:3] for line in lines] == [
        ["in/a.html", "deu_Latn", "German"],
        ["in/deep/b.md", "deu_Latn", "German"],
    ]
