"""Subtitles: SubRip (.srt) and WebVTT (.vtt). Everything but the words of a cue stays as it is.

A sentence that runs over several cues is translated as one, and its English is shared out over the
same cues, as long as those were of the source.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from toolkit.documents.base import OBJECT, English, Mark, Part, Run, Steps, Task, Unit
from toolkit.documents.tags import raw, tokens, unit
from toolkit.errors import InputError
from toolkit.readers.encodings import decode

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})"
_TIMING = re.compile(rf"{_TIME}[ \t]*-->[ \t]*{_TIME}")
# Overrides of the position and the style, which SubRip took over from another format.
_OVERRIDE = re.compile(r"\{\\[^}]*\}")
_OVERRIDES = re.compile(r"(?:\s*\{\\[^}]*\})*\s*")
# A new speaker, a sound, a song.
_OWN_LINE = re.compile(r"\s*(?:[-–—‐]\s?\S|[♪♫#\[(])")
_SENTENCE_END = re.compile(r"[.!?…。！？।؟۔։።]['\"”’»)\]]*\s*$")
# Stands for the end of a cue while tags are read: no text can hold it.
_BORDER = "\ufdd2"
_AGAIN = re.compile(rf"</([A-Za-z]+)>([\s{_BORDER}]*)<\1>")
# When the next word is sung.
_TIME_TAG = re.compile(r"<\d")
# Characters of a line that can be read at a glance: the usual bound for Latin script.
_LINE = 42
# Cues that one sentence may run over, and seconds between two of them.
_MOST_CUES, _MOST_PAUSE = 6, 3.0
# The share of cues that end with a stop below which a file is taken to have none.
_FEW_STOPS = 0.1


class _Cue:
    """A cue: where the lines of its text are, and when it is shown, in seconds, and
    the overrides before its text."""

    def __init__(self, first: int, last: int, start: float, end: float, text: str) -> None:
        self.first, self.last, self.start, self.end = first, last, start, end
        found = _OVERRIDES.match(text)
        self.before = found.group() if found else ""
        self.text = text[len(self.before) :]


def translate(task: Task) -> Steps:
    """Translate a file of subtitles."""
    lines = decode(task.source.read_bytes(), str(task.source)).split("\n")
    cues = list(_cues(lines))
    if not cues:
        raise InputError(
            f"{task.source}: no subtitles (no line like 00:00:01,000 --> 00:00:02,000)",
            remedy="Check the file.",
        )
    plain = not lines[0].startswith("WEBVTT")
    groups = list(_groups(cues))
    english = yield Part([_unit(group) for group in groups])
    for group, row in reversed(list(zip(groups, english, strict=True))):
        for cue, runs in reversed(list(zip(group, _shares(row), strict=True))):
            shown = raw(English(tuple(runs))).strip()
            shown = html.unescape(shown) if plain else shown
            broken = _broken(shown, cue.text.count("\n") + 1)
            lines[cue.first : cue.last] = [cue.before + broken[0], *broken[1:]]
    task.target.write_text("\n".join(lines), encoding="utf-8", errors="replace", newline="\n")


def _cues(lines: Sequence[str]) -> Iterator[_Cue]:
    """Yield the cues that have a text. One ends at a blank line, or where the next begins."""
    timings = [(n, m) for n, line in enumerate(lines) if (m := _TIMING.search(line))]
    followed = [*(n for n, _ in timings), len(lines)]
    for (number, timing), following in zip(timings, followed[1:], strict=True):
        last = first = number + 1
        while last < following and lines[last].strip():
            last += 1
        if last == following < len(lines) and lines[last - 1].strip().isdigit():
            last -= 1  # The number of the next one.
        if first < last:
            start, end = (_seconds(timing.groups()[n : n + 4]) for n in (0, 4))
            yield _Cue(first, last, start, end, "\n".join(lines[first:last]))


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")


def _groups(cues: Sequence[_Cue]) -> Iterator[list[_Cue]]:
    """Yield the cues that are translated together: those that a sentence runs over. Where hardly a
    cue ends with a stop, a capital tells that a sentence begins."""
    ends = sum(bool(_SENTENCE_END.search(cue.text)) for cue in cues)
    capitals = ends < _FEW_STOPS * len(cues)
    group: list[_Cue] = []
    for cue in cues:
        if group and (
            _SENTENCE_END.search(group[-1].text)
            or _OWN_LINE.match(cue.text)
            or (capitals and cue.text.lstrip()[:1].isupper())
            or cue.start - group[-1].end > _MOST_PAUSE
            or len(group) == _MOST_CUES
        ):
            yield group
            group = []
        group.append(cue)
    if group:
        yield group


def _unit(group: Sequence[_Cue]) -> Unit:
    """Return the text of cues, with a break between each two of them."""
    text = f" {_BORDER} ".join(_joined(cue.text) for cue in group)
    # One line in italics after another is one text in italics.
    found = unit(list(tokens(_AGAIN.sub(r"\2", text))))
    marks = [
        replace(m, kind="break") if m.key and _TIME_TAG.match(str(m.key)) else m
        for m in found.marks
    ]
    borders = (place for place, char in enumerate(found.text) if char == _BORDER)
    marks += [Mark(place, place + 1, None, "break") for place in borders]
    marks += [Mark(*m.span(), m.group(), "kept") for m in _OVERRIDE.finditer(found.text)]
    return Unit(found.text.replace(_BORDER, OBJECT), tuple(marks))


def _joined(text: str) -> str:
    """Return the lines of a cue as one, but for those of several speakers."""
    lines = text.split("\n")
    shown = lines[0].strip()
    for line in lines[1:]:
        shown += ("<br>" if _OWN_LINE.match(line) else " ") + line.strip()
    return shown


def _shares(english: English) -> Iterator[list[Run]]:
    """Yield the runs of each cue, without spaces at their ends."""
    shares: list[list[Run]] = [[]]
    for run in english.runs:
        if run.kept and run.kept.kind == "break" and run.kept.key is None:
            shares.append([])
        elif run.text.strip() or shares[-1]:
            shares[-1].append(run if shares[-1] else replace(run, text=run.text.lstrip()))
    for runs in shares:
        while runs and not runs[-1].text.strip():
            runs.pop()
        yield [*runs[:-1], *(replace(run, text=run.text.rstrip()) for run in runs[-1:])]


def _broken(text: str, lines: int) -> list[str]:
    """Return a text in lines of like length: as few as can be read, at least one."""
    found: list[str] = []
    for part in text.split("<br>"):
        plain = re.sub(r"<[^>]*>|\{[^}]*\}", "", part)
        count = max(1, -(-len(plain) // _LINE))
        found += _wrapped(part.strip(), len(part), min(count, max(2, lines)))
    return found or [""]


def _wrapped(text: str, length: int, lines: int) -> list[str]:
    """Return ``text`` in ``lines`` lines, cut at the spaces that are nearest."""
    if lines < 2:
        return [text]
    wanted = length / lines
    # Not within a tag.
    spaces = [m.start() for m in re.finditer(r" (?![^<]*>)", text)]
    if not spaces:
        return [text]
    cut = min(spaces, key=lambda n: abs(n - wanted))
    rest = text[cut + 1 :]
    return [text[:cut], *_wrapped(rest, len(rest), lines - 1)]
