"""Documents of LibreOffice and its kin (OpenDocument): text, sheets, slides, drawings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolkit.documents.base import OBJECT, Part, Steps, Task, Unit
from toolkit.documents.mixed import Mixed
from toolkit.documents.packages import Package, local, serialised
from toolkit.errors import InputError
from toolkit.languages import codes

if TYPE_CHECKING:
    from lxml.etree import _Element

_MEMBERS = ("content.xml", "styles.xml", "meta.xml")
_PARAGRAPHS = frozenset({"p", "h"})
# Elements that hold one text alone, and those that are around words.
_PLAIN = frozenset({"title", "desc", "subject", "description"})
_AROUND = frozenset({"span", "a", "meta", "bookmark-ref", "reference-ref"})
_SHOWN = {"s": " ", "tab": "\t", "line-break": "\n"}
_WRITING_MODE = "writing-mode"


def translate(task: Task) -> Steps:
    """Translate a document."""
    package = Package(task.source)
    package.require(["mimetype", "content.xml"], "document of OpenDocument")
    if "META-INF/manifest.xml" in package.names:
        manifest = package.read("META-INF/manifest.xml")
        if b"encryption-data" in manifest:
            raise InputError(f"{task.source}: encrypted", remedy="Save it without a password.")
    roots = {name: package.xml(name) for name in _MEMBERS if name in package.names}
    elements = [element for root in roots.values() for element in root.iter()]
    mixed = [
        Mixed(element, _shows, folded=True)
        for element in elements
        if local(element) in _PARAGRAPHS and not _is_result(element)
    ]
    mixed = [text for text in mixed if any(char.isalpha() for char in text.unit.text)]
    plain = [e for e in elements if local(e) in _PLAIN and not len(e) and e.text]
    english = yield Part([*(m.unit for m in mixed), *(Unit(e.text or "") for e in plain)])
    changed = [row.text != text.unit.text for text, row in zip(mixed, english, strict=False)]
    for text, row, differs in zip(mixed, english, changed, strict=False):
        if differs:
            text.write(row)
    for element, row in zip(plain, english[len(mixed) :], strict=True):
        element.text = row.text
    if any(changed) and codes.resolve(task.tag).direction == "ltr":
        _turn(elements)
    package.write(task.target, {name: serialised(root) for name, root in roots.items()})


def _shows(element: _Element) -> str:
    name = local(element)
    if name == "s":
        count = next((v for k, v in element.attrib.items() if k.endswith("}c")), "1")
        return " " * int(count) if count.isdigit() and len(count) < 4 else " "
    return "" if name in _AROUND else _SHOWN.get(name, OBJECT)


def _is_result(paragraph: _Element) -> bool:
    """Return whether a paragraph is the result of a formula, or a number, in a cell."""
    cell = paragraph.getparent()
    if cell is None or local(cell) != "table-cell":
        return False
    kinds = {k.rpartition("}")[2]: v for k, v in cell.attrib.items()}
    return "formula" in kinds or kinds.get("value-type", "string") != "string"


def _turn(elements: Sequence[_Element]) -> None:
    """Let pages and paragraphs that run from right to left run from left to right."""
    for element in elements:
        for name, value in element.attrib.items():
            if name.endswith(f"}}{_WRITING_MODE}") and value.startswith("rl"):
                element.set(name, "lr-tb")
