"""Elements of XML in which text and other elements stand side by side, as a unit and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING

from toolkit.documents.base import OBJECT, English, Mark, Unit
from toolkit.documents.marks import nested
from toolkit.documents.packages import local

if TYPE_CHECKING:
    from lxml.etree import _Element

_SPACES = re.compile(r"[ \t\r\n]+")

# Tells of an element within a text: "" if it is around words, else the text that it shows as, or
# ``OBJECT``.
Shows = Callable[["_Element"], str]


class Mixed:
    """The content of ``element`` as a unit. With ``folded``, lines of the source are no lines of
    the text, and runs of spaces are one."""

    def __init__(self, element: _Element, shows: Shows, *, folded: bool) -> None:
        self._element = element
        self._shows = shows
        self._folded = folded
        self._text = ""
        self._marks: list[Mark] = []
        self._read(element)
        self.unit = Unit(self._text, tuple(m for m in self._marks if m.end > m.start))

    def write(self, english: English, element: _Element | None = None) -> None:
        """Put the English in place of the content, or into another ``element``."""
        target = self._element if element is None else element
        # A copy of what is kept, so that the source may stay beside its English.
        copied = element is not None
        tail = target.tail
        attributes = dict(target.attrib)
        target.clear()
        target.tail = tail
        target.attrib.update(attributes)
        at = [target]
        for kind, value in nested(english.runs):
            match kind:
                case "open":
                    shell = value.key.makeelement(
                        value.key.tag, dict(value.key.attrib), value.key.nsmap
                    )
                    at[-1].append(shell)
                    at.append(shell)
                case "close":
                    at.pop()
                case "kept":
                    found = deepcopy(value.key) if copied else value.key
                    found.tail = None
                    at[-1].append(found)
                case _:
                    _add(at[-1], value)

    def _read(self, element: _Element) -> None:
        self._add(element.text)
        for child in element:
            shown = self._shows(child)
            start, place = len(self._text), len(self._marks)
            if shown or not local(child):
                self._text += shown or OBJECT
                self._marks.append(Mark(start, len(self._text), child, "kept"))
            else:
                self._read(child)
                inside = self._text[start:]
                empty = OBJECT not in inside and not any(map(str.isalnum, inside))
                self._text = self._text[:start] + OBJECT if empty else self._text
                mark = Mark(start, len(self._text), child, "kept" if empty else "wrap")
                self._marks.insert(place, mark)
            self._add(child.tail)

    def _add(self, text: str | None) -> None:
        self._text += _SPACES.sub(" ", text or "") if self._folded else text or ""


def _add(element: _Element, text: str) -> None:
    """Put a text at the end of an element."""
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text
