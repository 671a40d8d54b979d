"""Plain text: paragraphs, with the lines between them and what stands before them kept."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolkit.documents.base import English, Part, Steps, Task, Unit
from toolkit.readers.encodings import decode

# Marks of a quotation in mail and of a list, and spaces.
_BEFORE = re.compile(r"[ \t>]*(?:[-*•][ \t]+)?")
# A line that is shorter was not cut at a width: its paragraph ends there.
_CUT = 50


class Text:
    """The paragraphs of a text as units, and the text in English."""

    def __init__(self, text: str) -> None:
        self._pieces: list[str | tuple[str, Unit]] = []
        joined: list[str] = []
        before = ""
        for line in [*text.split("\n"), None]:
            mark = _BEFORE.match(line) if line is not None else None
            words = line[mark.end() :] if line is not None and mark else ""
            goes_on = joined and words and mark and mark.group() == re.sub(r"[^\s>]", " ", before)
            if joined and not (goes_on and len(joined[-1]) >= _CUT):
                self._pieces.append((before, Unit(" ".join(joined))))
                joined = []
            if any(char.isalpha() for char in words):
                before = before if joined else mark.group() if mark else ""
                joined.append(words.strip())
            elif line is not None:
                self._pieces.append(line)

    @property
    def units(self) -> list[Unit]:
        return [piece[1] for piece in self._pieces if not isinstance(piece, str)]

    def text(self, english: Sequence[English]) -> str:
        """Return the whole text with the English of each unit."""
        left = iter(english)
        lines = (p if isinstance(p, str) else f"{p[0]}{next(left).text}" for p in self._pieces)
        return "\n".join(lines)


def translate(task: Task) -> Steps:
    """Translate a text."""
    text = Text(decode(task.source.read_bytes(), str(task.source)))
    english = yield Part(text.units)
    task.target.write_text(text.text(english), encoding="utf-8", errors="replace", newline="\n")
