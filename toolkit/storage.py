"""Files and folders that are made whole or not at all, locks, and sequences kept on disk."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import os
import pickle
import shutil
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TextIO, TypeVar, overload

from toolkit.errors import OutputError

T = TypeVar("T")
# How the names of unfinished files and folders begin and end.
UNFINISHED = (".toolkit-", ".part")


class Spill(Sequence[T], Generic[T]):
    """A sequence that only grows, kept in a file without a name in ``folder``, which is gone with
    the last reference to it and with the process.

    Eight bytes a value stay in memory. Each access makes the value anew, so keep what you look at
    more than once. One thread may append while others read. Copied or pickled it is a tuple.
    Raises ``OutputError`` when the disk fails.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._starts = array("Q", [0])
        try:
            # Where the file system wants a name for it, ``sweep`` knows it.
            self._file = tempfile.TemporaryFile(  # noqa: SIM115 - it lives as long as this
                dir=folder, prefix=UNFINISHED[0], suffix=UNFINISHED[1]
            )
        except OSError as error:
            raise self._failed(error) from None

    def append(self, value: T) -> None:
        """Put ``value``, which must survive pickling, at the end."""
        data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        try:
            self._file.seek(self._starts[-1])
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            raise self._failed(error) from None
        self._starts.append(self._starts[-1] + len(data))

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...
    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        if isinstance(place, slice):
            return tuple(self[n] for n in range(*place.indices(len(self))))
        at = place + len(self) if place < 0 else place
        if not 0 <= at < len(self):
            raise IndexError(f"there is no value {place} among {len(self)}")
        start, end = self._starts[at], self._starts[at + 1]
        try:
            # Not by the file's own position: a forked process shares it.
            data = os.pread(self._file.fileno(), end - start, start)
        except OSError as error:
            raise self._failed(error) from None
        value: T = pickle.loads(data)
        return value

    def __iter__(self) -> Iterator[T]:
        # By default an IndexError from within a value would pass for the end.
        return (self[place] for place in range(len(self)))

    def close(self) -> None:
        """Give up the values and their place on the disk."""
        with contextlib.suppress(OSError):  # what a full disk did not take is given up, too
            self._file.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (list(self),)

    def __repr__(self) -> str:
        return f"<{len(self)} values on disk>"

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self._folder}: cannot hold what waits to be written ({error.strerror or error})",
            remedy="Free space or mend the permissions; what the cache holds is not made anew.",
        )


class Drawn(Sequence[T], Generic[T]):
    """The sequence ``make(0)`` to ``make(length - 1)``, each value made anew at each access."""

    def __init__(self, make: Callable[[int], T], length: int) -> None:
        self._make, self._length = make, length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        return map(self._make, range(self._length))

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        at = range(self._length)[place]
        return self._make(at) if isinstance(at, int) else [self._make(n) for n in at]


@contextlib.contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Yield a path at which to make a file or a folder, which then replaces ``target`` in one step.

    Where anything is raised before the end, ``target`` stays as it was.
    """
    with staging(target.parent) as scratch:
        made = scratch / target.name
        yield made
        place(made, target)


def write_whole(target: Path, content: bytes | str | Iterable[str]) -> None:
    """Write ``content`` (text as UTF-8, several texts joined) to ``target``, whole or not at all.
    Lone surrogates become question marks."""
    with whole(target) as made:
        if isinstance(content, bytes):
            made.write_bytes(content)
        else:
            with open_text(made) as file:
                file.writelines([content] if isinstance(content, str) else content)


def open_text(path: Path) -> TextIO:
    """Open a file for writing text as UTF-8, with lone surrogates as question marks."""
    return path.open("w", encoding="utf-8", errors="replace", newline="\n")


@contextlib.contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Make a hidden folder inside ``folder`` for what is not whole yet, and yield its path.

    ``place`` moves files out of it; the rest is removed at the end. The folder of a process that
    is killed stays, until the next ``staging`` or ``sweep`` in ``folder``.
    """
    sweep(folder)
    prefix, suffix = UNFINISHED
    scratch, lock = None, None
    while scratch is None:
        made = Path(tempfile.mkdtemp(dir=folder, prefix=prefix, suffix=suffix))
        try:
            lock = _lock_alone(made)
            scratch = made
        except (FileNotFoundError, BlockingIOError):
            continue  # Another process swept it away before it was locked.
        except OSError:
            scratch = made  # A file system without locks, on which nothing is swept either.
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def place(made: Path, target: Path) -> None:
    """Move ``made``, a file, a folder or a link, to ``target``, once all of it is on the disk.

    Both are in one file system. A file takes over the permissions of the one that it replaces.
    """
    if made.is_symlink():
        made.replace(target)
    elif made.is_dir():
        for path in made.rglob("*"):
            if path.is_file():
                flush(path)
        _replace_folder(made, target)
    else:
        if target.exists():
            made.chmod(target.stat().st_mode & 0o777)
        flush(made)
        made.replace(target)


def flush(path: Path) -> None:
    """Write all of a file to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _replace_folder(made: Path, target: Path) -> None:
    """Move a folder to ``target``. It can only be moved to where none is, so the old one goes
    first."""
    for number in itertools.count():
        with contextlib.suppress(FileNotFoundError):
            target.rename(made.with_name(f"{made.name}.replaced-{number}"))
        try:
            made.rename(target)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # Another process was faster.
                raise


def sweep(folder: Path) -> None:
    """Remove what killed processes left unfinished in ``folder``. Running ones hold a lock on
    theirs."""
    for left in folder.glob("*".join(UNFINISHED)):
        with contextlib.suppress(OSError):
            lock = _lock_alone(left)
            try:
                if left.is_dir():
                    shutil.rmtree(left)
                else:
                    left.unlink()
            finally:
                os.close(lock)


def _lock_alone(path: Path) -> int:
    """Open a file or folder and lock it until the returned handle is closed. Raises ``OSError``
    where it is gone, another process has locked it, or there are no locks."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.stat()
    except OSError:
        os.close(handle)
        raise
    return handle


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock file ``path`` until the end. Raises ``BlockingIOError`` where another
    process holds it, unless this one is to ``wait``. The lock of a killed process does not
    hold."""
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        raise BlockingIOError(errno.EWOULDBLOCK, "locked by another process", str(path)) from None
    try:
        yield
    finally:
        lock.release()
