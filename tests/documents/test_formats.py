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
    return target, run(Task(source, target, "en", columns), english, language)


def run(task: Task, english: dict[str, str], language: str = "deu_Latn") -> Outcome:
    segments = SegmentTranslator(FakeTranslator(english), target="eng_Latn")
    (outcome,) = FileTranslator(segments, source=language, target="eng_Latn").run([task])
    return outcome


@pytest.mark.parametrize("name", CASES)
def test_a_text_keeps_all_but_its_words(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    source = tmp_path / f"bericht{case['suffix']}"
    source.write_text("\n".join(case["source"]), encoding="utf-8")
    language = case.get("language", "arb_Arab" if name == "web page" else "deu_Latn")
    columns = tuple(case.get("columns", ()))
    target, outcome = translated(source, case["english"], language=language, columns=columns)
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
    assert [run.text for run in paragraph.runs][-1] == "Then he left."
    assert [link.text for link in paragraph.hyperlinks] == ["Monday"]
    assert document.tables[0].rows[0].cells[1].text == "Cell"
    assert "bidi" not in right_to_left._p.xml.partition(">")[2]


def test_a_workbook_keeps_its_formulas_and_numbers(tmp_path: Path) -> None:
    from openpyxl import Workbook, load_workbook
    from openpyxl.comments import Comment
    from openpyxl.worksheet.table import Table

    book = Workbook()
    sheet = book.active
    for row in (["Name", "Zahl"], ["Ein Wort", 3.5], ["Noch eins", "=SUM(B2:B2)"]):
        sheet.append(row)
    sheet["B2"].number_format = "0.00"
    sheet["A2"].comment = Comment("Eine Notiz", "ab")
    sheet.add_table(Table(displayName="Liste", ref="A1:B3"))
    book.save(tmp_path / "a.xlsx")
    english = {"Ein Wort": "One word", "Noch eins": "Another", "Eine Notiz": "A note"}
    target, outcome = translated(tmp_path / "a.xlsx", english)
    assert (outcome.failure, outcome.sentences) == (None, 3)
    found = load_workbook(target).active
    assert [[cell.value for cell in row] for row in found] == [
        ["Name", "Zahl"],
        ["One word", 3.5],
        ["Another", "=SUM(B2:B2)"],
    ]
    assert found["B2"].number_format == "0.00"
    assert found["A2"].comment.text == "A note"


def test_slides_keep_their_runs_notes_and_pictures(tmp_path: Path) -> None:
    from pptx import Presentation

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Titel"
    slide.shapes.title._element.nvSpPr.cNvPr.set("descr", "Bild")
    paragraph = slide.shapes.add_textbox(0, 0, 99, 99).text_frame.paragraphs[0]
    for text, bold in (("Ein ", False), ("wichtiger", True), (" Satz", False)):
        run = paragraph.add_run()
        run.text, run.font.bold = text, bold
    slide.notes_slide.notes_text_frame.text = "Notiz"
    deck.save(tmp_path / "a.pptx")
    english = {
        "Titel": "Title",
        "Bild": "Picture",
        "Ein wichtiger Satz": "A sentence of importance",
        "wichtiger": "important",
        "Notiz": "Note",
    }
    target, outcome = translated(tmp_path / "a.pptx", english)
    assert (outcome.failure, outcome.moved) == (None, 0)
    (slide,) = Presentation(target).slides
    assert slide.shapes.title.text == "Title"
    assert slide.shapes.title._element.nvSpPr.cNvPr.get("descr") == "Picture"
    runs = slide.shapes[1].text_frame.paragraphs[0].runs
    assert [(run.text, run.font.bold) for run in runs] == [
        ("A sentence of ", False),
        ("importance", True),
    ]
    assert slide.notes_slide.notes_text_frame.text == "Note"


def _archive(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, text in members.items():
            made.writestr(name, text)
    return path


OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
ODT = f"""<o:document xmlns:o="{OFFICE}:office:1.0" xmlns:t="{OFFICE}:text:1.0"
 xmlns:s="{OFFICE}:style:1.0"><s:p s:writing-mode="rl-tb"/><t:h>Titel</t:h><t:p
>Der <t:span t:style-name="B">Minister</t:span>  ging.<t:note><t:note-body><t:p>Notiz</t:p
></t:note-body></t:note><t:s/><t:span>Dann<t:tab/>kam er.</t:span></t:p></o:document>"""


def test_a_document_of_opendocument_keeps_its_form(tmp_path: Path) -> None:
    members = {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": ODT}
    english = {
        "Titel": "Title",
        "Der Minister ging.": "The minister left.",
        "Minister": "minister",
        "Notiz": "Note",
        "Dann": "Then",
        "kam er.": "he came.",
    }
    target, outcome = translated(_archive(tmp_path / "a.odt", members), english)
    assert (outcome.failure, outcome.moved) == (None, 0)
    with zipfile.ZipFile(target) as made:
        assert made.namelist() == list(members)
        content = made.read("content.xml").decode().partition("lr-tb")[2]
    assert content.startswith(
        '"/><t:h>Title</t:h><t:p>The <t:span t:style-name="B">minister</t:span> left.'
        "<t:note><t:note-body><t:p>Note</t:p></t:note-body></t:note><t:s/>"
        "<t:span>Then<t:tab/>he came.</t:span></t:p>"
    )


def test_a_book_keeps_its_members(tmp_path: Path) -> None:
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": "<container/>",
        "b.opf": "<package><dc:title>Buch</dc:title><dc:language>de</dc:language>"
        '<dc:creator>Anna Wort</dc:creator><spine page-progression-direction="rtl"/></package>',
        "toc.ncx": "<ncx><navLabel><text>Eins</text></navLabel></ncx>",
        "c.xhtml": '<html xml:lang="de"><p>Ein <i>Satz</i>.<br/></p></html>',
        "a.css": "p { color: red }",
    }
    english = {"Buch": "Book", "Eins": "One", "Ein Satz.": "A sentence.", "Satz": "sentence"}
    target, outcome = translated(_archive(tmp_path / "a.epub", members), english)
    assert outcome.failure is None
    expected = {
        **members,
        "b.opf": "<package><dc:title>Book</dc:title><dc:language>en</dc:language>"
        '<dc:creator>Anna Wort</dc:creator><spine page-progression-direction="ltr"/></package>',
        "toc.ncx": "<ncx><navLabel><text>One</text></navLabel></ncx>",
        "c.xhtml": '<html xml:lang="en"><p>A <i>sentence</i>.<br/></p></html>',
    }
    with zipfile.ZipFile(target) as made:
        assert {name: made.read(name).decode() for name in made.namelist()} == expected


def test_a_parquet_file_keeps_its_columns(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    rows = [{"text": "Eins" if n else None, "n": n} for n in range(1500)]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet", compression="zstd")
    target, outcome = translated(tmp_path / "a.parquet", {"Eins": "One"}, columns=("text",))
    assert (outcome.failure, outcome.sentences) == (None, 1499)
    found = parquet.ParquetFile(target)
    assert found.read().to_pylist() == [{**row, "text": row["text"] and "One"} for row in rows]
    assert found.metadata.row_group(0).column(0).compression == "ZSTD"


def _pdf(path: Path, content: bytes) -> None:
    """Write a page with a font and what is drawn on it."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    body = b"".join(b"%d 0 obj%sendobj\n" % (n, o) for n, o in enumerate(objects, 1))
    path.write_bytes(b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R/Size 6>>\n%%EOF")


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [
        (".md", "## Title\n\nA long sentence \\*here\\* and its end.\n\nAnother.\n"),
        (".html", '<h2 id="page-1">Title</h2>\n<p>A long sentence *here* and its end.</p>\n'),
    ],
)
def test_a_pdf_becomes_paragraphs_and_headings(tmp_path: Path, suffix: str, expected: str) -> None:
    drawn = (
        b"BT /F 24 Tf 50 350 Td (Titel) Tj /F 12 Tf 0 -40 Td (Ein langer Satz in einer Zeile ist)"
        b" Tj 0 -14 Td (ge-) Tj 0 -14 Td (trennt worden. Ende.) Tj 0 -40 Td (Noch einer.) Tj ET"
    )
    _pdf(tmp_path / "a.pdf", drawn)
    english = {
        "Titel": "Title",
        "Ein langer Satz in einer Zeile ist getrennt worden.": "A long sentence *here*",
        "Ende.": "and its end.",
        "Noch einer.": "Another.",
    }
    target = tmp_path / f"a.en{suffix}"
    outcome = run(Task(tmp_path / "a.pdf", target, "en"), english)
    assert outcome.failure is None
    assert outcome.notes == ["pictures, tables and columns of a PDF are not taken over"]
    assert expected in target.read_text(encoding="utf-8")


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
    "other.epub": lambda path: zipfile.ZipFile(path, "w").close(),
    "syntax.po": lambda path: path.write_text("msgid 'x"),
    "other.xliff": lambda path: path.write_text("<html/>"),
    "unclosed.xlf": lambda path: path.write_text("<xliff><file>"),
    "no columns.csv": lambda path: path.write_text("a;b\n1;2\n"),
    "no columns.jsonl": lambda path: path.write_text('{"a": 1}\n'),
    "damaged.parquet": lambda path: path.write_bytes(b"PAR1 and no more"),
    "no message.eml": lambda path: path.write_text("Hallo"),
    "damaged.pdf": lambda path: path.write_bytes(b"%PDF-1.4 and no more"),
    "pictures.pdf": lambda path: _pdf(path, b"0 0 99 99 re f"),
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
