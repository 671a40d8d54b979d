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
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from toolkit.data import EarlierStory, TranslatedArticle
from toolkit.errors import LockedError, OutputError
from toolkit.storage import flush, locked, open_text, place, staging, sweep, whole, write_whole

log = logging.getLogger(__name__)

LATEST = "latest"
_LOCK = ".lock"
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
                stack.enter_context(locked(outputs / _LOCK, wait=False))
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
                for story in _stories(path):
                    text = " ".join(bullet["text"] for bullet in story["bullets"])
                    yield EarlierStory(date, story["headline"], text)
            except (OSError, ValueError, KeyError, TypeError):
                continue

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

    def point_latest(self) -> bool:
        """Let ``outputs/latest`` point to this folder, replaced in one step.

        False when it stays as it is: it points to a later day, or the file system has no links.
        """
        link = self.outputs / LATEST
        try:
            if link.is_symlink() and link.exists() and _later(link.readlink().name, self.date):
                return False
            with whole(link) as made:
                made.symlink_to(self.path.name, target_is_directory=True)
        except OSError as error:
            log.warning("%s: not moved (%s)", link, error.strerror or error)
            return False
        return True


def _stories(path: Path) -> Iterator[dict[str, Any]]:
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


def _later(name: str, date: dt.date) -> bool:
    try:
        return dt.date.fromisoformat(name) > date
    except ValueError:
        return False


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
            for name in self._files:
                target = self._folder / name
                place(self._scratch / name, target)
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


def json_line(record: dict[str, Any]) -> str:
    """Return ``record`` as one line of JSON that can be encoded as UTF-8."""
    # Lone surrogates, legal in JSON escapes, cannot be.
    line = json.dumps(record, ensure_ascii=False)
    return line.encode("utf-8", "replace").decode("utf-8") + "\n"


def article_record(article: TranslatedArticle) -> dict[str, Any]:
    """Return one article as it is written to ``articles.jsonl``."""
    prepared = article.prepared
    return {
        "id": article.id,
        "source": article.source,
        "publisher": prepared.article.publisher,
        "language": article.language,
        "language_doubt": prepared.language_doubt,
        "title": article.title,
        "original_title": article.original_title,
        "author": prepared.author,
        "published": prepared.article.published,
        "segments": [
            {
                "index": t.segment.index,
                "paragraph": t.segment.paragraph,
                "line": t.segment.line,
                "kind": t.segment.kind,
                "source": t.segment.text,
                "english": t.english,
                "flags": list(t.flags),
                "score": None if t.score is None else round(t.score, 4),
            }
            for t in article.translations
        ],
        "dropped": [{"line": d.line, "text": d.text, "reason": d.reason} for d in prepared.dropped],
    }


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
