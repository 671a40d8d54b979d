"""Word, PowerPoint and Excel (Office Open XML): paragraphs of runs, each run with its format.

Names of elements are compared without their namespace, which the strict variant has others for.
"""

from __future__ import annotations

import re
from collections import Counter
from copy import deepcopy
from itertools import groupby
from typing import TYPE_CHECKING, Any

from toolkit.documents.base import OBJECT, English, Mark, Part, Steps, Task, Unit
from toolkit.documents.marks import nested
from toolkit.documents.packages import Package, local, serialised
from toolkit.languages import codes

if TYPE_CHECKING:
    from lxml.etree import _Element

# The members that hold text.
_PARTS = re.compile(
    r"word/(?:document|header|footer|footnotes|endnotes|comments)\d*\.xml"
    r"|ppt/(?:slides|notesSlides|comments)/[^/]+\.xml"
    r"|xl/(?:sharedStrings|(?:comments/)?comments?\d*|worksheets/[^/]+|threadedComments/[^/]+)\.xml"
    r"|(?:word|ppt|xl)/(?:charts|diagrams|drawings)/[^/]+\.xml|docProps/core\.xml"
)
# Elements that hold runs, and that hold one text alone.
_PARAGRAPHS = frozenset({"p", "si", "is"})
_PLAIN = {"text": ("comments", "threadedComments"), "v": ("charts",)}
_PROPERTIES = frozenset({"title", "subject", "description"})
# What a paragraph has of its own, what is around runs, and marks of places between runs.
_OWN = frozenset({"pPr", "endParaRPr"})
_AROUND = frozenset({"hyperlink", "ins", "smartTag", "moveTo", "dir", "bdo"})
_PLACES = frozenset(
    {"bookmarkStart", "bookmarkEnd", "commentRangeStart", "commentRangeEnd"}
    | {"permStart", "permEnd", "moveToRangeStart", "moveToRangeEnd"}
)
# What spelling checkers and Japanese readings leave, which is about the words of the source.
_DROPPED = frozenset({"proofErr", "rPh", "phoneticPr", "lastRenderedPageBreak"})
# How elements within a run show.
_SHOWN = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_EMPHASIS = ("b", "i", "u", "strike", "highlight", "color")
_OFF = frozenset({"0", "false", "off", "none", "noStrike", "auto"})
_TECHNICAL = frozenset({"lang", "noProof"})
# Fields whose words are the document's; those of others are figures that Word sets.
_WORDED = re.compile(r"\s*(?:HYPERLINK|TOC|REF|STYLEREF|MACROBUTTON|QUOTE)\b")
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
# Attributes that describe a picture.
_DESCRIPTIONS = ("descr", "title")


class Paragraph:
    """The runs of one paragraph, cell or comment as a unit, and back."""

    def __init__(self, element: _Element) -> None:
        self._element = element
        self._text = ""
        self._marks: list[Mark] = []
        self._formats: list[tuple[int, int, _Element | None]] = []
        self._plain = any(local(child) == "t" for child in element)
        self._read(list(element))
        self._base, marks = self._formatted()
        self.unit = Unit(self._text, tuple(m for m in (*self._marks, *marks) if m.end > m.start))

    def write(self, english: English, *, left_to_right: bool) -> None:
        """Put the English in place of the runs."""
        element = self._element
        for child in list(element):
            if local(child) not in _OWN:
                element.remove(child)
        tail = [child for child in element if local(child) == "endParaRPr"]
        at, formats = [element], [self._base]
        used: set[int] = set()
        for kind, value in nested(english.runs):
            if kind == "text":
                self._run(at[-1], formats[-1], value)
            elif kind == "kept":
                what, key = value.key
                if what == "whole":
                    self._append(at[-1], key, used)
                else:
                    self._run(at[-1], formats[-1], key)
            else:
                self._edge(value, at, formats, used, opens=kind == "open")
        for child in tail:
            element.append(child)
        if left_to_right:
            _turn(element)

    def _edge(
        self,
        mark: Mark,
        at: list[_Element],
        formats: list[_Element | None],
        used: set[int],
        *,
        opens: bool,
    ) -> None:
        """Begin or end a format, a field or an element around runs."""
        what, key = mark.key
        if what == "field":
            self._append(at[-1], key[0 if opens else 1], used)
            return
        stack = formats if what == "format" else at
        if not opens:
            stack.pop()
        elif what == "format":
            formats.append(key)
        else:
            at.append(_appended(at[-1], deepcopy(key)))

    def _append(self, at: _Element, elements: list[_Element], used: set[int]) -> None:
        """Append elements of the source, copied where they are needed a second time."""
        for element in elements:
            again = id(element) in used
            used.add(id(element))
            _appended(at, deepcopy(element) if again else element)

    def _run(self, at: _Element, properties: _Element | None, content: str | _Element) -> None:
        """Append a run with a text or an element."""
        namespace = self._element.tag.rpartition("}")[0] + "}"
        run = at
        if not self._plain:
            run = at.makeelement(f"{namespace}r")
            at.append(run)
            if properties is not None:
                run.append(deepcopy(properties))
        if isinstance(content, str):
            text = run.makeelement(f"{namespace}t")
            text.text = content
            if content != content.strip() and "drawingml" not in namespace:
                text.set(_XML_SPACE, "preserve")
            run.append(text)
        elif local(content) == "br" and "drawingml" in namespace:
            at.remove(run)
            at.append(content)
        else:
            run.append(content)

    def _read(self, children: list[_Element]) -> None:
        number = 0
        while number < len(children):
            child, name = children[number], local(children[number])
            end = _field_end(children, number)
            if end is not None:
                self._field(children[number : end + 1])
                number = end
            elif name == "r":
                self._read_run(child)
            elif name == "t":
                self._add(child.text or "", None)
            elif name == "br":
                self._keep("\n", ("in run", child))
            elif name in _AROUND:
                shell = child.makeelement(child.tag, dict(child.attrib), child.nsmap)
                self._wrap(list(child), ("around", shell))
            elif name in _PLACES:
                self._keep(OBJECT, ("whole", [child]), "break")
            elif name not in _OWN and name not in _DROPPED:
                self._keep(OBJECT, ("whole", [child]))
            number += 1

    def _read_run(self, run: _Element) -> None:
        properties = next((child for child in run if local(child) == "rPr"), None)
        content = [c for c in run if local(c) not in _DROPPED and c is not properties]
        if all(local(child) in ("t", *_SHOWN) for child in content):
            for child in content:
                if local(child) == "t":
                    self._add(child.text or "", properties)
                else:
                    shown = _SHOWN[local(child)]
                    self._formats.append((len(self._text), len(self._text) + 1, properties))
                    self._keep(shown, ("in run", child))
        else:
            self._keep(OBJECT, ("whole", [run]))

    def _field(self, runs: list[_Element]) -> None:
        """Read a field: its words, or all of it as an object."""
        separate = next((n for n, r in enumerate(runs) if _field_char(r) == "separate"), len(runs))
        code = "".join(t.text or "" for r in runs[:separate] for t in r if local(t) == "instrText")
        words = "".join(t.text or "" for r in runs[separate:] for t in r.iter() if local(t) == "t")
        if _WORDED.match(code) and any(char.isalpha() for char in words):
            self._wrap(runs[separate + 1 : -1], ("field", (runs[: separate + 1], runs[-1:])))
        else:
            self._keep(OBJECT, ("whole", runs))

    def _wrap(self, children: list[_Element], key: Any) -> None:
        start, place = len(self._text), len(self._marks)
        self._read(children)
        self._marks.insert(place, Mark(start, len(self._text), key))

    def _add(self, text: str, properties: _Element | None) -> None:
        self._formats.append((len(self._text), len(self._text) + len(text), properties))
        self._text += text

    def _keep(self, shown: str, key: Any, kind: Any = "kept") -> None:
        self._marks.append(Mark(len(self._text), len(self._text) + len(shown), key, kind))
        self._text += shown

    def _formatted(self) -> tuple[_Element | None, list[Mark]]:
        """Return the format that most of the text has, and marks for the others."""
        letters: Counter[str] = Counter()
        first: dict[str, _Element | None] = {}
        for start, end, properties in self._formats:
            name = _canonical(properties)
            letters[name] += sum(map(str.isalnum, self._text[start:end]))
            first.setdefault(name, properties)
        if not first:
            return None, []
        # Most of the text, but for emphasis: a single word may be longer than the others.
        plain = [name for name in first if not _is_emphatic(first[name])] or list(first)
        base = max(plain, key=letters.__getitem__)
        marks = []
        last = _canonical(self._formats[0][2])

        def name_of(item: tuple[int, int, _Element | None]) -> str:
            nonlocal last
            if self._text[item[0] : item[1]].strip():
                last = _canonical(item[2])  # A space has the format of the word before it.
            return last

        for name, spans in groupby(self._formats, key=name_of):
            parts = list(spans)
            if name != base:
                marks.append(Mark(parts[0][0], parts[-1][1], ("format", _cleaned(first[name]))))
        return _cleaned(first[base]), marks


def _appended(at: _Element, element: _Element) -> _Element:
    at.append(element)
    return element


def _field_char(run: _Element) -> str:
    """Return the type of the field character in a run, if it has one."""
    for child in run:
        if local(child) == "fldChar":
            return next((v for k, v in child.attrib.items() if k.endswith("fldCharType")), "")
    return ""


def _field_end(children: list[_Element], start: int) -> int | None:
    """Return where the field ends that begins at ``start``."""
    if _field_char(children[start]) != "begin":
        return None
    depth = 0
    for number in range(start, len(children)):
        kind = _field_char(children[number])
        depth += (kind == "begin") - (kind == "end")
        if depth == 0:
            return number
    return None


def _cleaned(properties: _Element | None) -> _Element | None:
    """Return a copy of a format without what is about the language of the source."""
    if properties is None:
        return None
    copy = deepcopy(properties)
    for child in list(copy):
        if local(child) in _TECHNICAL:
            copy.remove(child)
    for name in ("lang", "altLang", "dirty", "err"):
        copy.attrib.pop(name, None)
    return copy


def _is_emphatic(properties: _Element | None) -> bool:
    """Return whether a format makes words stand out."""
    if properties is None:
        return False
    children = {local(c): next(iter(c.attrib.values()), "1") for c in properties}
    marked = {**children, **properties.attrib}
    return any(marked.get(name, "0") not in _OFF for name in _EMPHASIS)


def _canonical(properties: _Element | None) -> str:
    from lxml import etree

    cleaned = _cleaned(properties)
    if cleaned is None or not (len(cleaned) or cleaned.attrib):
        return ""
    cleaned.tail = None
    return str(etree.tostring(cleaned, method="c14n").decode())


def _turn(paragraph: _Element) -> None:
    """Let a paragraph that was written from right to left run from left to right."""
    for child in list(paragraph.iter()):
        parent = child.getparent()
        if local(child) in ("bidi", "rtl") and local(parent) in ("pPr", "rPr"):
            parent.remove(child)
        elif local(child) == "pPr":
            child.attrib.pop("rtl", None)


class _Member:
    """The units of one member, and its XML in English."""

    def __init__(self, name: str, root: _Element, left_alone: frozenset[str]) -> None:
        self._root = root
        self._paragraphs: list[Paragraph] = []
        self._texts: list[tuple[_Element, str | None]] = []  # with the attribute, or None
        for element in list(root.iter()):
            kind = local(element)
            if kind in _PARAGRAPHS or (
                kind in ("sdtContent", "text") and any(local(c) in ("r", "t") for c in element)
            ):
                self._paragraph(Paragraph(element), left_alone)
            elif _is_plain(element, kind, name):
                self._texts.append((element, None))
            elif kind in ("docPr", "cNvPr"):
                self._texts += [(element, a) for a in _DESCRIPTIONS if _worded(element.get(a))]

    def _paragraph(self, paragraph: Paragraph, left_alone: frozenset[str]) -> None:
        if _worded(paragraph.unit.text) and paragraph.unit.text not in left_alone:
            self._paragraphs.append(paragraph)

    @property
    def units(self) -> list[Unit]:
        plain = ((e.text if a is None else e.get(a)) or "" for e, a in self._texts)
        return [*(p.unit for p in self._paragraphs), *map(Unit, plain)]

    def write(self, english: list[English], *, left_to_right: bool) -> bytes:
        """Return the member with the English of its units."""
        for paragraph, row in zip(self._paragraphs, english, strict=False):
            if row.text != paragraph.unit.text:
                paragraph.write(row, left_to_right=left_to_right)
        for (element, attribute), row in zip(
            self._texts, english[len(self._paragraphs) :], strict=True
        ):
            if attribute is None:
                element.text = row.text
            else:
                element.set(attribute, row.text)
        return serialised(self._root)


def _is_plain(element: _Element, kind: str, name: str) -> bool:
    """Return whether an element of a member holds nothing but a text that is shown."""
    if len(element) or not _worded(element.text):
        return False
    if name.startswith("docProps/"):
        return kind in _PROPERTIES
    if kind == "v" and not any(local(a) == "strCache" for a in element.iterancestors()):
        return False
    return any(folder in name for folder in _PLAIN.get(kind, ()))


def _worded(text: str | None) -> bool:
    return any(char.isalpha() for char in text or "")


def _headers(package: Package) -> frozenset[str]:
    """Return the names of columns that formulas of a workbook refer to, and that its tables must
    have exactly so."""
    tables = [n for n in package.names if re.fullmatch(r"xl/tables/[^/]+\.xml", n)]
    columns = (c for name in tables for c in package.xml(name).iter() if local(c) == "tableColumn")
    return frozenset(column.get("name", "") for column in columns)


def translate(task: Task) -> Steps:
    """Translate a document of Word, PowerPoint or Excel."""
    package = Package(task.source)
    package.require(["[Content_Types].xml"], "document of Office")
    left_alone = _headers(package)
    if left_alone:
        task.say(f"{len(left_alone)} column names of tables stay, since formulas may use them")
    names = sorted(name for name in package.names if _PARTS.fullmatch(name))
    members = {name: _Member(name, package.xml(name), left_alone) for name in names}
    english = yield Part([unit for member in members.values() for unit in member.units])
    left_to_right = codes.resolve(task.tag).direction == "ltr"
    changed: dict[str, bytes] = {}
    position = 0
    for name, member in members.items():
        count = len(member.units)
        if count:
            rows = english[position : position + count]
            changed[name] = member.write(rows, left_to_right=left_to_right)
        position += count
    package.write(task.target, changed)
