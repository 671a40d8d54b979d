"""Write the day's folder of ``outputs/``, under its lock.

A file is written in a staging folder and moved: a reader of ``digest.html`` sees a whole one, the
old or the new.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import re
import shutil
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from toolkit.data import EarlierStory
from toolkit.digest import render
from toolkit.errors import LockedError, OutputError
from toolkit.storage import flush, locked, open_text, place, staging, sweep, whole, write_whole

log = logging.getLogger(__name__)

LATEST = "latest"
LOCK = ".lock"
# How the stories of a digest begin, and by how many characters it is read.
_STORIES = re.compile(r'"stories"\s*:\s*\[')
_AHEAD, _CHARACTERS = 40, 1 << 16


class RunFolder:
    """The folder of one day's run, locked while ``open``."""

    def __init__(self, outputs: Path, date: dt.date) -> None:
        self.outputs = outputs
        self.date = date
        self.path = outputs / date.isoformat()

    @classmethod
    @contextlib.contextmanager
    def open(cls, outputs: Path, date: dt.date) -> Iterator[RunFolder]:
        """Take the lock of ``outputs``, make the folder and yield it.

        Raises ``LockedError`` when another run holds the lock and ``OutputError`` when the
        folder cannot be made. A lock left behind by a killed run does not hold.
        """
        folder = cls(outputs, date)
        with contextlib.ExitStack() as stack:
            try:
                outputs.mkdir(parents=True, exist_ok=True)
                stack.enter_context(locked(outputs / LOCK, wait=False))
            except BlockingIOError:
                raise LockedError(
                    f"another run is writing to {outputs}",
                    remedy="Wait for it to end, or give this one another folder with --outputs.",
                ) from None
            except OSError as error:
                raise _unwritable(outputs, error) from None
            try:
                folder.path.mkdir(exist_ok=True)
            except OSError as error:
                raise _unwritable(folder.path, error) from None
            for part in (outputs, *outputs.glob("????-??-??")):
                sweep(part)
            yield folder

    def earlier_stories(self, days: int = 7) -> Iterator[EarlierStory]:
        """Yield the stories of the digests of the ``days`` before this one's, the latest first.
        Digests that are absent or cannot be read are passed over: yesterday must not stop
        today."""
        for back in range(1, min(days + 1, self.date.toordinal())):
            date = self.date - dt.timedelta(days=back)
            path = self.outputs / date.isoformat() / "digest.json"
            try:
                for story in stories(path):
                    text = "\n".join(bullet["text"] for bullet in story["bullets"])
                    yield EarlierStory(date, story["headline"], text)
            except (OSError, ValueError, KeyError, TypeError):
                continue

    @property
    def day_before(self) -> dt.date | None:
        """The day of the last digest before this one."""
        return max((day for day in self._days() if day < self.date), default=None)

    @property
    def day_after(self) -> dt.date | None:
        """The day of the first digest after this one."""
        return min((day for day in self._days() if day > self.date), default=None)

    def _days(self) -> Iterator[dt.date]:
        pages = self.outputs.glob("????-??-??/digest.html")
        return filter(None, (_day_named(page.parent.name) for page in pages))

    def link_from(self, before: dt.date) -> None:
        """Let the page of the digest ``before`` this one lead here, if it has the mark of the
        packaged template; a page that cannot be changed stays as it is."""
        page = self.outputs / before.isoformat() / "digest.html"
        try:
            with page.open(encoding="utf-8", newline="") as file:
                head = file.read(_CHARACTERS)
                if render.NEXT_DAY in head:
                    parts = [head.replace(render.NEXT_DAY, render.next_day(self.date), 1)]
                    write_whole(page, chain(parts, iter(lambda: file.read(_CHARACTERS), "")))
        except (OSError, ValueError) as error:
            log.warning("%s: has no link to %s (%s)", page, self.date, error)

    @contextlib.contextmanager
    def draft(self) -> Iterator[Draft]:
        """Yield a ``Draft`` for files that are published together; without that they are gone
        at the end."""
        with contextlib.ExitStack() as stack:
            try:
                scratch = stack.enter_context(staging(self.path))
            except OSError as error:
                raise _unwritable(self.path, error) from None
            yield stack.enter_context(Draft(self.path, scratch))

    def write_text(self, name: str, parts: Iterable[str]) -> Path:
        """Write ``parts``, joined, to the file ``name``, whole or not at all; return its path."""
        target = self.path / name
        try:
            write_whole(target, parts)
        except OSError as error:
            raise _unwritable(target, error) from None
        return target

    def write_json(self, name: str, value: Any) -> Path:
        """Write ``value`` as indented JSON to the file ``name``; return its path."""
        return self.write_text(name, [json.dumps(value, ensure_ascii=False, indent=2), "\n"])

    def point_latest(self, today: dt.date) -> bool:
        """Let ``outputs/latest`` point to this folder, replaced in one step.

        False when it stays as it is: it points to a later day that is not after ``today``, or the
        file system has no links.
        """
        link = self.outputs / LATEST
        try:
            if link.is_symlink() and link.exists() and self.date < _day(link) <= today:
                return False
            with whole(link) as made:
                made.symlink_to(self.path.name, target_is_directory=True)
        except OSError as error:
            log.warning("%s: not moved (%s)", link, error.strerror or error)
            return False
        return True


def stories(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the stories of a ``digest.json``, of which only a part is in memory at a time."""
    decoder = json.JSONDecoder()
    with path.open(encoding="utf-8") as file:
        text = ""
        while (found := _STORIES.search(text)) is None:
            # What it looks for may begin in one part and end in the next.
            text = text[-_AHEAD:] + (more := file.read(_CHARACTERS))
            if not more:
                return
        text = text[found.end() :]
        while True:
            text = text.lstrip(" \t\r\n,")
            if text.startswith("]"):
                return
            try:
                story, end = decoder.raw_decode(text)
            except ValueError:
                if not (more := file.read(max(_CHARACTERS, len(text)))):
                    raise
                text += more
                continue
            yield story
            text = text[end:]


def _day(link: Path) -> dt.date:
    """Return the day that ``link`` points to, or the first of all days if it is none."""
    return _day_named(link.readlink().name) or dt.date.min


def _day_named(name: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(name)
    except ValueError:
        return None


class Draft:
    """Files that are written in the folder ``scratch`` and moved to ``folder`` once all are
    whole, so that all are of one run. Raises ``OutputError`` when the disk fails."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self._folder, self._scratch = folder, scratch
        self._files: dict[str, TextIO] = {}

    def write(self, name: str, parts: Iterable[str]) -> None:
        """Append ``parts`` to the file ``name``, which is begun if need be."""
        try:
            if name not in self._files:
                self._files[name] = open_text(self._scratch / name)
            self._files[name].writelines(parts)
        except OSError as error:
            raise _unwritable(self._folder / name, error) from None

    def publish(self) -> dict[str, Path]:
        """Move every file to its place; return the paths by name."""
        target = self._folder
        try:
            for file in self._files.values():
                file.close()
            for name in self._files:
                flush(self._scratch / name)
            with contextlib.ExitStack() as undo:
                for name in self._files:
                    target = self._folder / name
                    undo.callback(_put_back, _kept(target, self._scratch), target)
                    place(self._scratch / name, target)
                undo.pop_all()
        except OSError as error:
            raise _unwritable(target, error) from None
        names, self._files = list(self._files), {}
        return {name: self._folder / name for name in names}

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, *raised: object) -> None:
        for file in self._files.values():
            with contextlib.suppress(OSError):
                file.close()


def _kept(target: Path, scratch: Path) -> Path | None:
    """Return a second name for the file ``target``, or None where there is none to keep."""
    kept = scratch / f"{target.name}.before"
    if not target.is_file():
        return None
    try:
        kept.hardlink_to(target)
    except OSError:  # a file system without links
        shutil.copy2(target, kept)
    return kept


def _put_back(kept: Path | None, target: Path) -> None:
    """Undo ``place``: bring back what was at ``target``."""
    if kept is not None:
        kept.replace(target)
    elif target.is_file():
        target.unlink()


def _unwritable(path: Path, error: OSError) -> OutputError:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return OutputError(
            f"{path}: cannot be written (a file stands where a folder must be)",
            remedy="Name another folder with --outputs, or move that file away.",
        )
    return OutputError(
        f"{path}: cannot be written ({error.strerror or error})",
        remedy="Free space or mend the permissions; what the cache holds is not made anew.",
    )
