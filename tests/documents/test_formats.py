"""Files that keep their form: each format, with inline marks, and files that are broken."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from toolkit.documents.base import Task
from toolkit.documents.translation import FileTranslator, Outcome
from toolkit.runs.translation import SegmentTranslator
from toolkit.testing.fakes import FakeTranslator

CASES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "cases" / "documents.json").read_text(encoding="utf-8")
)


def translated(
    source: Path,
    english: dict[str, str],
    *,
    language: str = "deu_Latn",
    columns: tuple[str, ...] = (),
) -> tuple[Path, Outcome]:
    """Translate a file with a table of sentences; return where it is written, and the outcome."""
    target = source.with_name(f"{source.stem}.en{source.suffix}")
    segments = SegmentTranslator(FakeTranslator(english), target="eng_Latn")
    files = FileTranslator(segments, source=language, target="eng_Latn")
    (outcome,) = files.run([Task(source, target, "en", columns)])
    return target, outcome


@pytest.mark.parametrize("name", CASES)
def test_a_text_keeps_all_but_its_words(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    source = tmp_path / f"bericht{case['suffix']}"
    source.write_text("\n".join(case["source"]), encoding="utf-8")
    language = case.get("language", "arb_Arab" if name == "web page" else "deu_Latn")
    target, outcome = translated(source, case["english"], language=language)
    assert outcome.failure is None
    assert target.read_text(encoding="utf-8").split("\n") == case["expected"]
    assert outcome.moved == case.get("moved", 0)


def _word_document(path: Path) -> Path:
    from docx import Document
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    document = Document()
    document.core_properties.title = "Bericht"
    document.sections[0].header.paragraphs[0].text = "Kopfzeile"
    footer = document.sections[0].footer.paragraphs[0]
    for kind, text in (("begin", ""), ("", "PAGE"), ("separate", ""), ("t", "1"), ("end", "")):
        run = footer.add_run(text if kind == "t" else "")
        if kind != "t":
            child = OxmlElement("w:fldChar" if kind else "w:instrText")
            child.set(qn("w:fldCharType"), kind) if kind else setattr(child, "text", text)
            run._r.append(child)
    document.add_heading("Überschrift", 1)
    paragraph = document.add_paragraph("Der ")
    for word in ("wichtige", " ", "Minister"):
        run = paragraph.add_run(word)
        run.bold = word != " "
    paragraph.add_run(" sprach am ")
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), "ort")
    link.append(paragraph.add_run("Montag")._r)
    paragraph._p.append(link)
    paragraph.add_run(".\tDanach ging er.")
    document.add_table(1, 2).rows[0].cells[1].text = "Zelle"
    right_to_left = document.add_paragraph("مرحبا")
    right_to_left._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
    document.save(path)
    return path


def test_a_document_of_word_keeps_its_form(tmp_path: Path) -> None:
    from docx import Document

    english = {
        "Bericht": "Report",
        "Kopfzeile": "Header",
        "Überschrift": "Heading",
        "Der wichtige Minister sprach am Montag.": "On Monday the important minister spoke.",
        "wichtige Minister": "important minister",
        "Montag": "Monday",
        "Danach ging er.": "Then he left.",
        "Zelle": "Cell",
        "مرحبا": "Hello",
    }
    target, outcome = translated(_word_document(tmp_path / "a.docx"), english)
    assert (outcome.failure, outcome.moved) == (None, 0)
    document = Document(target)
    assert document.core_properties.title == "Report"
    assert document.sections[0].header.paragraphs[0].text == "Header"
    footer = document.sections[0].footer.paragraphs[0]
    assert [r.text for r in footer.runs] == ["", "", "", "1", ""]
    heading, paragraph, right_to_left = document.paragraphs
    assert (heading.text, heading.style.name) == ("Heading", "Heading 1")
    assert paragraph.text == "On Monday the important minister spoke.\tThen he left."
    assert [run.text for run in paragraph.runs if run.bold] == ["important minister"]
    assert [link.text for link in paragraph.hyperlinks] == ["Monday"]
    assert document.tables[0].rows[0].cells[1].text == "Cell"
    assert "bidi" not in right_to_left._p.xml.partition(">")[2]


def _bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", b" " * 60_000_000)


def _entities(path: Path) -> None:
    part = '<!DOCTYPE p [<!ENTITY a "aaa">]><p><r><t>&a;</t></r></p>'
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr("word/document.xml", part)


BROKEN = {
    "no archive.docx": lambda path: path.write_bytes(b"PK\x03\x04 and no more"),
    "encrypted.docx": lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 64),
    "bomb.pptx": _bomb,
    "entities.docx": _entities,
    "other.xlsx": lambda path: zipfile.ZipFile(path, "w").close(),
    "other.odt": lambda path: zipfile.ZipFile(path, "w").close(),
    "no cues.srt": lambda path: path.write_text("Hallo"),
    "binary.md": lambda path: path.write_bytes(b"\x7fELF\x00\x01\x02" * 20),
    "empty.html": lambda path: path.write_bytes(b""),
    "folder.html": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_gets_one_line_and_a_remedy(tmp_path: Path, name: str) -> None:
    BROKEN[name](tmp_path / name)
    target, outcome = translated(tmp_path / name, {})
    assert outcome.failure is not None
    assert outcome.failure.source == str(tmp_path / name)
    assert outcome.failure.remedy
    assert "unforeseen" not in outcome.failure.reason
    assert "\n" not in outcome.failure.reason
    assert not target.exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]
