"""Books (EPUB): the pages, the table of contents and the title; everything else stays."""

from __future__ import annotations

import re
from pathlib import PurePath

from toolkit.documents.base import Part, Steps, Task
from toolkit.documents.packages import Package
from toolkit.documents.web_pages import Page
from toolkit.errors import InputError
from toolkit.readers.encodings import decode

_PAGES = frozenset({".xhtml", ".html", ".htm"})
# The elements of other members whose text is shown.
_SHOWN = {
    ".ncx": frozenset({"text"}),
    ".opf": frozenset({"dc:title", "dc:description", "dc:subject"}),
}
_LANGUAGE = re.compile(r"(<dc:language[^>]*>)([^<]*)(?=</dc:language>)")
_RIGHT_TO_LEFT = re.compile(r"(page-progression-direction\s*=\s*[\"'])rtl")
# What encrypts fonts alone, which every reader undoes.
_FONTS = re.compile(rb"Algorithm=\"(?!http://(?:www\.idpf\.org|ns\.adobe\.com)/)")


def translate(task: Task) -> Steps:
    """Translate a book."""
    package = Package(task.source)
    package.require(["META-INF/container.xml"], "book in EPUB")
    if "META-INF/encryption.xml" in package.names and _FONTS.search(
        package.read("META-INF/encryption.xml")
    ):
        raise InputError(f"{task.source}: encrypted", remedy="Name a copy without protection.")
    pages: dict[str, Page] = {}
    language = None
    for name in package.names:
        suffix = PurePath(name).suffix.lower()
        if suffix not in _PAGES and suffix not in _SHOWN:
            continue
        data = package.read(name)
        if not data.strip():
            continue
        text = decode(data, f"{task.source}: {name}")
        if suffix == ".opf":
            found = _LANGUAGE.search(text)
            language = found[2].strip() if found else language
            text = _LANGUAGE.sub(rf"\g<1>{task.tag}", text)
            text = _RIGHT_TO_LEFT.sub(r"\1ltr", text)
        pages[name] = Page(text, task.tag, _SHOWN.get(suffix))
    english = yield Part([unit for page in pages.values() for unit in page.units], language)
    changed: dict[str, bytes] = {}
    position = 0
    for name, page in pages.items():
        count = len(page.units)
        text = page.text(english[position : position + count])
        changed[name] = text.encode("utf-8", "replace")
        position += count
    package.write(task.target, changed)
