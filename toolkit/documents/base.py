"""The contract between a file format and what translates its text.

A format is a generator function. It is given a ``Task``, reads ``task.source``, yields ``Part``s,
is sent the English of each, and writes the whole file to ``task.target``::

    def translate(task: Task) -> Steps:
        units = ...                      # read
        english = yield Part(units)      # one English a unit, in order
        task.target.write_bytes(...)     # write

It yields one part, or, where a file may be larger than memory, many. It knows no language, no
translator and no cache. A file that it cannot read is an ``InputError``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

# The character that stands in a text for what has no text of its own: an image, a note's mark.
OBJECT = "\ufffc"


# Two marks are one only if they are the same object; so are two units.
@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """A mark on the characters ``start`` to ``end`` of a text. ``key`` is the format's own.

    ``wrap``: words that are translated (bold, a link). ``kept``: text that stays as it is (code, a
    placeholder), or an ``OBJECT``. ``break``: an ``OBJECT`` that divides a sentence at about the
    same share of its length, whatever its words (the end of a subtitle).
    """

    start: int
    end: int
    key: Any = None
    kind: Literal["wrap", "kept", "break"] = "wrap"


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A block of text: a paragraph, a cell, a subtitle. Of marks on the same characters the outer
    one comes first."""

    text: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of an English text with the same marks, the outer one first. ``kept`` is the mark
    whose text it is, if that had to stay as it is."""

    text: str
    wraps: tuple[Mark, ...] = ()
    kept: Mark | None = None


@dataclass(frozen=True, slots=True)
class English:
    """A unit in English. ``doubtful`` is whether a check failed for one of its sentences, ``moved``
    how many marks stand at the end of their sentence, since their words were not found."""

    runs: tuple[Run, ...]
    doubtful: bool = False
    moved: int = 0

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class Part:
    """Units that are translated together. ``language`` is what the file declares. In a ``mixed``
    part each unit may be in a language of its own (rows of a table)."""

    units: Sequence[Unit]
    language: str | None = None
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A file to be translated, where to write it, the BCP-47 ``tag`` of the language that it is
    written in, and the ``columns`` of a table that are translated. ``say`` takes notes for the
    user, without the name of the file."""

    source: Path
    target: Path
    tag: str
    columns: tuple[str, ...] = ()
    say: Callable[[str], None] = lambda note: None


Steps = Generator[Part, list[English], None]
Format = Callable[[Task], Steps]
