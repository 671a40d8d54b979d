"""The only reader of inputs and the only writer of ``outputs/``.

A file of a run is written to a temporary name in the same folder and renamed: whoever opens
``digest.html`` sees a whole one, yesterday's or today's, never half of one.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit.data import Article, EarlierStory, Failure, TranslatedArticle
from toolkit.errors import InputError, LockedError, OutputError
from toolkit.readers.formats import read

LATEST = "latest"
_LOCK = ".lock"


@dataclass(slots=True)
class Loaded:
    """What the inputs held. ``duplicates`` pairs a source with the earlier one it equals."""

    articles: list[Article] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)


def load(paths: Iterable[Path]) -> Loaded:
    """Read every file of ``paths``; a folder stands for the files in it, hidden ones left out.

    Raises ``InputError`` only when a path does not exist: a file that cannot be read is a
    failure in the result, and the others go on.
    """
    loaded = Loaded()
    seen: dict[str, str] = {}
    for file in files(paths):
        for item in _read(file):
            if isinstance(item, Failure):
                loaded.failures.append(item)
            elif item.id in seen:
                loaded.duplicates.append((item.source, seen[item.id]))
            else:
                seen[item.id] = item.source
                loaded.articles.append(item)
    return loaded


def files(paths: Iterable[Path]) -> list[Path]:
    """The files that ``paths`` stand for, each once, folders in the order of their names."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file())
            hidden = [
                p for p in inside if any(q.startswith(".") for q in p.relative_to(path).parts)
            ]
            found.update(dict.fromkeys(p for p in inside if p not in set(hidden)))
        elif path.exists():
            found[path] = None
        else:
            raise InputError(f"{path}: no such file or folder", remedy="Check the path.")
    return list(found)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _read(file: Path) -> list[Article | Failure]:
    try:
        data = file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        return [Failure(str(file), "read", reason, "Check the file and its permissions.")]
    return read(data, str(file))


class RunFolder:
    """The folder of one day's run, held under a lock from ``open`` until it is left."""

    def __init__(self, outputs: Path, date: dt.date) -> None:
        self.outputs = outputs
        self.date = date
        self.path = outputs / date.isoformat()

    @classmethod
    @contextlib.contextmanager
    def open(cls, outputs: Path, date: dt.date) -> Iterator[RunFolder]:
        """Take the lock of ``outputs`` and make the folder.

        Raises ``LockedError`` when another run holds the lock and ``OutputError`` when the
        folder cannot be made. A lock left behind by a killed run does not hold.
        """
        from filelock import FileLock, Timeout

        folder = cls(outputs, date)
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(outputs / _LOCK, timeout=0)
            lock.acquire()
        except Timeout:
            raise LockedError(
                f"another run is writing to {outputs}",
                remedy="Wait for it to end, or give this one another folder with --outputs.",
            ) from None
        except OSError as error:
            raise _unwritable(folder.path, error) from None
        try:
            yield folder
        finally:
            lock.release()

    def earlier_stories(self, days: int = 7) -> list[EarlierStory]:
        """The stories of the digests of the ``days`` before this one's. A folder that is not
        there or cannot be read is passed over: yesterday must not stop today."""
        found: list[EarlierStory] = []
        for back in range(1, days + 1):
            date = self.date - dt.timedelta(days=back)
            path = self.outputs / date.isoformat() / "digest.json"
            try:
                stories = json.loads(path.read_text(encoding="utf-8"))["stories"]
                for story in stories:
                    text = " ".join(bullet["text"] for bullet in story["bullets"])
                    found.append(EarlierStory(date, story["headline"], text))
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return found

    def write_text(self, name: str, parts: Iterable[str]) -> Path:
        """Write one file whole, durably, under its final name only. ``parts`` are joined."""
        target = self.path / name
        try:
            handle, temporary = tempfile.mkstemp(dir=self.path, prefix=f".{name}.")
            try:
                with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                    file.writelines(parts)
                    file.flush()
                    os.fsync(file.fileno())
                # mkstemp makes files private; a digest is for all that the umask lets in.
                mask = os.umask(0)
                os.umask(mask)
                Path(temporary).chmod(0o666 & ~mask)
                Path(temporary).replace(target)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _unwritable(target, error) from None
        return target

    def write_json(self, name: str, value: Any) -> Path:
        """Write ``value`` as indented JSON."""
        return self.write_text(name, [json.dumps(value, ensure_ascii=False, indent=2), "\n"])

    def write_articles(self, articles: Sequence[TranslatedArticle]) -> Path:
        """Write ``articles.jsonl``: one article a line, sentence by sentence."""
        lines = (_json_line(article_record(a)) for a in articles)
        return self.write_text("articles.jsonl", lines)

    def point_latest(self) -> None:
        """Let ``outputs/latest`` point to this folder, replaced in one step."""
        link = self.outputs / LATEST
        temporary = self.outputs / f".{LATEST}.{os.getpid()}"
        try:
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(self.path.name, target_is_directory=True)
            temporary.replace(link)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise _unwritable(link, error) from None


def _json_line(record: dict[str, Any]) -> str:
    # Lone surrogates, legal in JSON escapes, cannot be written as UTF-8.
    line = json.dumps(record, ensure_ascii=False)
    return line.encode("utf-8", "replace").decode("utf-8") + "\n"


def article_record(article: TranslatedArticle) -> dict[str, Any]:
    """One article as it stands in ``articles.jsonl``."""
    prepared = article.prepared
    return {
        "id": article.id,
        "source": article.source,
        "language": article.language,
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
    return OutputError(
        f"{path}: cannot be written ({error.strerror or error})",
        remedy="Free space or mend the permissions; what is translated is kept in the cache.",
    )
