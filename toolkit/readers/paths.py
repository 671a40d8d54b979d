"""Find the files that paths stand for, and read the articles in each."""

from __future__ import annotations

import glob
import io
import logging
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

from toolkit.data import Article, Failure
from toolkit.errors import REPORT, InputError, described
from toolkit.options import Source
from toolkit.readers.base import Columns, Stream
from toolkit.readers.formats import read_file
from toolkit.readers.markup import HEAD, is_feed_list

log = logging.getLogger(__name__)

# The path that stands for what comes in on stdin, text or JSON Lines.
STDIN = Path("-")
_CHECK = "Check the file and its permissions."
# An address of a file on this machine, as a path writes it.
_FILE_ADDRESS = re.compile(r"file:/{1,3}(?:localhost/)?", re.IGNORECASE)
# Files with such names may be lists of feeds.
_LISTS = (".opml", ".xml", "")

# A day's folder of outputs, and what tells that a run wrote to it.
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DIGEST = frozenset({"digest.json", "run.json", "run.log", "run-without-digest.json"})


def files(paths: Iterable[Source]) -> tuple[list[Source], list[Failure]]:
    """Return the files that ``paths`` stand for (``-`` is stdin), each once, and the failures.
    Addresses are left as they are.

    Files of a folder are in the order of their names. A failure is a file or folder inside a folder
    that cannot be read. Raises ``InputError`` as ``load`` does.
    """
    found: dict[Source, None] = {}
    failures: dict[Failure, None] = {}
    for source in paths:
        if isinstance(source, str) or source == STDIN:
            found[source] = None
            continue
        path = _local(source)
        try:
            status = path.stat()
            if stat.S_ISDIR(status.st_mode):
                os.scandir(path).close()
                inside, failed = _inside(path)
                if not inside and not failed and _is_output(*next(os.walk(path))):
                    reason = "the toolkit's own outputs"
                    failed = [Failure(_shown(path), "read", reason, "Name what is to be read.")]
                found.update(dict.fromkeys(inside))
                failures.update(dict.fromkeys(failed))
            elif stat.S_ISREG(status.st_mode) or path.is_relative_to("/dev/fd"):
                found[path] = None
            else:
                # A pipe without a writer, or a device without an end, would hold up the run.
                remedy = "Feed it to stdin, and name that with '-'."
                raise InputError(f"{_shown(path)}: neither a file nor a folder", remedy=remedy)
        except FileNotFoundError:
            # As the command line's shell would have done it; a schedule has none.
            # Path.glob takes no absolute pattern.
            if matching := sorted(glob.glob(str(path), recursive=True)):  # noqa: PTH207
                matched, failed = files(map(Path, matching))
                found.update(dict.fromkeys(matched))
                failures.update(dict.fromkeys(failed))
                continue
            name = _shown(path)
            raise InputError(f"{name}: no such file or folder", remedy="Check the path.") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(f"{_shown(path)}: {reason}", remedy=_CHECK) from None
    return list(found), list(failures)


def _local(path: Path) -> Path:
    """``path``, or the path that it names as a ``file://`` address. A path drops the second slash
    of one."""
    if not _FILE_ADDRESS.match(str(path)) or path.exists():
        return path
    return Path(unquote(_FILE_ADDRESS.sub("/", str(path))))


def _inside(folder: Path) -> tuple[list[Path], list[Failure]]:
    """Return the files under ``folder``, and failures. Links to folders are followed, none
    twice."""
    found: list[Path] = []
    failures: list[Failure] = []
    status = folder.stat()
    visited = {(status.st_dev, status.st_ino)}

    def fail(error: OSError) -> None:
        failures.append(_unreadable(Path(error.filename), error))

    for top, folders, names in os.walk(folder, onerror=fail, followlinks=True):
        enter: list[str] = []
        if _is_output(top, folders, names):
            log.info("%s: passed over: the toolkit's own outputs", top)
            folders.clear()
            continue
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


def _is_output(top: str, folders: list[str], names: list[str]) -> bool:
    """Return whether the toolkit writes its digests to ``folder``, or has written one there."""
    folder = Path(top)
    if _DAY.fullmatch(folder.name) or folder.name == "latest":
        return not _DIGEST.isdisjoint(names)
    days = (folder / name for name in folders if _DAY.fullmatch(name))
    return any((day / name).exists() for day in days for name in _DIGEST)


def read_stdin() -> bytes:
    """Return all of stdin. A service or a notebook may have none."""
    stream = getattr(sys.stdin, "buffer", None)
    return stream.read() if stream else b""


def contents(
    file: Path, *, stdin: bytes | None = None, columns: Columns = None
) -> Iterator[Article | Failure]:
    """Yield the articles in one file; one that cannot be read is a failure. ``stdin`` is the
    content of stdin, if that was read already; ``columns`` are those of tables."""
    name = "stdin" if file == STDIN else _shown(file)
    try:
        if file == STDIN:
            data = read_stdin() if stdin is None else stdin
            yield from read_file(Stream(io.BytesIO(data)), name, columns)
            return
        with file.open("rb") as stream:
            yield from read_file(Stream(stream), name, columns)
    except OSError as error:
        yield _unreadable(file, error)
    except Exception as error:  # A reader's mistake over one file costs no other.
        log.exception("%s: unforeseen", name)
        reason = f"unforeseen error ({described(error)})"
        yield Failure(name, "read", reason, REPORT)


def feed_list(file: Path, stdin: bytes | None) -> tuple[bytes, str] | None:
    """Return the content and the name of a file that is a list of feeds in OPML, else None."""
    suffix = file.suffix.lower()
    if file == STDIN:
        return (stdin, "stdin") if stdin and is_feed_list(stdin) else None
    if suffix not in _LISTS:
        return None
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD)
            found = suffix == ".opml" or is_feed_list(head)
            return (head + stream.read(), _shown(file)) if found else None
    except OSError:
        return None  # Reading its articles will tell.


def _unreadable(path: Path, error: OSError) -> Failure:
    if isinstance(error, FileNotFoundError) and path.is_symlink():
        return Failure(_shown(path), "read", "a link to nothing", "Mend or remove the link.")
    return Failure(_shown(path), "read", error.strerror or str(error), _CHECK)


def _shown(path: Path) -> str:
    # A name that is not UTF-8 reaches Python as lone surrogates, which no output can hold.
    return os.fsencode(path).decode("utf-8", "replace")
