"""The only reader of inputs and the only writer of ``outputs/``.

A file of a run is written to a temporary name in the same folder and renamed: whoever opens
``digest.html`` sees a whole one, yesterday's or today's, never half of one.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit.data import Article, EarlierStory, Failure, TranslatedArticle
from toolkit.errors import InputError, LockedError, OutputError
from toolkit.readers.formats import read

log = logging.getLogger(__name__)

LATEST = "latest"
_LOCK = ".lock"
_PART = (".toolkit-", ".part")
_CHECK = "Check the file and its permissions."


@dataclass(slots=True)
class Loaded:
    """What the inputs held. ``duplicates`` pairs a source with the earlier one it equals."""

    articles: list[Article] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)


def load(paths: Iterable[Path]) -> Loaded:
    """Read every file of ``paths``; a folder stands for the files in it, hidden ones left out.

    Raises ``InputError`` only when one of ``paths`` does not exist or cannot be entered: what
    cannot be read inside a folder is a failure in the result, and the others go on.
    """
    found, failures = files(paths)
    loaded = Loaded(failures=failures)
    seen: dict[str, str] = {}
    for file in found:
        for item in _read(file):
            if isinstance(item, Failure):
                loaded.failures.append(item)
            elif item.id in seen:
                loaded.duplicates.append((item.source, seen[item.id]))
            else:
                seen[item.id] = item.source
                loaded.articles.append(item)
    return loaded


def files(paths: Iterable[Path]) -> tuple[list[Path], list[Failure]]:
    """The files that ``paths`` stand for, each once, folders in the order of their names, and
    what stands in the folders and cannot be read. Raises ``InputError`` as ``load`` does."""
    found: dict[Path, None] = {}
    failures: dict[Failure, None] = {}
    for path in paths:
        try:
            if stat.S_ISDIR(path.stat().st_mode):
                os.scandir(path).close()
                inside, failed = _inside(path)
                found.update(dict.fromkeys(inside))
                failures.update(dict.fromkeys(failed))
            else:
                found[path] = None
        except FileNotFoundError:
            name = _shown(path)
            raise InputError(f"{name}: no such file or folder", remedy="Check the path.") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(f"{_shown(path)}: {reason}", remedy=_CHECK) from None
    return list(found), list(failures)


def _inside(folder: Path) -> tuple[list[Path], list[Failure]]:
    """The files under ``folder``, links to folders followed but none entered twice."""
    found: list[Path] = []
    failures: list[Failure] = []
    status = folder.stat()
    visited = {(status.st_dev, status.st_ino)}

    def fail(error: OSError) -> None:
        failures.append(_unreadable(Path(error.filename), error))

    for top, folders, names in os.walk(folder, onerror=fail, followlinks=True):
        enter: list[str] = []
        for name in sorted(folders + names):
            path = Path(top, name)
            if name.startswith("."):
                continue
            try:
                status = path.stat()
            except OSError as error:
                failures.append(_unreadable(path, error))
                continue
            if stat.S_ISDIR(status.st_mode):
                if (status.st_dev, status.st_ino) not in visited:
                    visited.add((status.st_dev, status.st_ino))
                    enter.append(name)
            elif stat.S_ISREG(status.st_mode):
                found.append(path)
            else:
                reason = "neither a file nor a folder"
                failures.append(Failure(_shown(path), "read", reason, "Remove or hide it."))
        folders[:] = enter
    return sorted(found), failures


def _read(file: Path) -> list[Article | Failure]:
    try:
        data = file.read_bytes()
    except OSError as error:
        return [_unreadable(file, error)]
    return read(data, _shown(file))


def _unreadable(path: Path, error: OSError) -> Failure:
    if isinstance(error, FileNotFoundError) and path.is_symlink():
        return Failure(_shown(path), "read", "a link to nothing", "Mend or remove the link.")
    return Failure(_shown(path), "read", error.strerror or str(error), _CHECK)


def _shown(path: Path) -> str:
    # A name that is not UTF-8 reaches Python as lone surrogates, which no output can hold.
    return os.fsencode(path).decode("utf-8", "replace")


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
            outputs.mkdir(parents=True, exist_ok=True)
            lock = FileLock(outputs / _LOCK, timeout=0)
            lock.acquire()
        except Timeout:
            raise LockedError(
                f"another run is writing to {outputs}",
                remedy="Wait for it to end, or give this one another folder with --outputs.",
            ) from None
        except OSError as error:
            raise _unwritable(outputs, error) from None
        try:
            try:
                folder.path.mkdir(exist_ok=True)
            except OSError as error:
                raise _unwritable(folder.path, error) from None
            folder._sweep()
            yield folder
        finally:
            lock.release()

    def _sweep(self) -> None:
        """Remove what killed runs left half written. Nobody else writes: the lock is held."""
        start, end = _PART
        for pattern in (f"{start}*{end}", f"????-??-??/{start}*{end}"):
            for part in self.outputs.glob(pattern):
                with contextlib.suppress(OSError):
                    part.unlink()

    def earlier_stories(self, days: int = 7) -> list[EarlierStory]:
        """The stories of the digests of the ``days`` before this one's. A folder that is not
        there or cannot be read is passed over: yesterday must not stop today."""
        found: list[EarlierStory] = []
        for back in range(1, min(days + 1, self.date.toordinal())):
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
            write_whole(target, parts)
        except OSError as error:
            raise _unwritable(target, error) from None
        return target

    def write_json(self, name: str, value: Any) -> Path:
        """Write ``value`` as indented JSON."""
        return self.write_text(name, [json.dumps(value, ensure_ascii=False, indent=2), "\n"])

    def write_articles(self, articles: Sequence[TranslatedArticle]) -> Path:
        """Write ``articles.jsonl``: one article a line, sentence by sentence."""
        lines = (json_line(article_record(a)) for a in articles)
        return self.write_text("articles.jsonl", lines)

    def point_latest(self) -> bool:
        """Let ``outputs/latest`` point to this folder, replaced in one step.

        False when it stays as it is: it points to a later day, or the file system has no links.
        """
        link = self.outputs / LATEST
        start, end = _PART
        temporary = self.outputs / f"{start}{LATEST}{end}"
        try:
            if link.is_symlink() and link.exists() and _later(link.readlink().name, self.date):
                return False
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(self.path.name, target_is_directory=True)
            temporary.replace(link)
        except OSError as error:
            log.warning("%s: not moved (%s)", link, error.strerror or error)
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            return False
        return True


def _later(name: str, date: dt.date) -> bool:
    try:
        return dt.date.fromisoformat(name) > date
    except ValueError:
        return False


def write_whole(target: Path, parts: Iterable[str]) -> None:
    """Write ``parts``, joined, as UTF-8: first to a temporary file in the folder of ``target``,
    which is then renamed. Lone surrogates become question marks. Raises ``OSError``."""
    start, end = _PART
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=start, suffix=end)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files private; a new one is for all that the umask lets in.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~mask)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def json_line(record: dict[str, Any]) -> str:
    """``record`` as one line of JSON that can be written as UTF-8."""
    # Lone surrogates, legal in JSON escapes, cannot be.
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
