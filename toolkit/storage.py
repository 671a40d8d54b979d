"""Files that are written whole, and sequences whose values take no memory."""

from __future__ import annotations

import contextlib
import os
import pickle
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from toolkit.errors import OutputError

T = TypeVar("T")
# How the name of a temporary file begins and ends. A run sweeps away what an earlier one left.
PART = (".toolkit-", ".part")


class Spill(Sequence[T], Generic[T]):
    """A sequence that only grows, in a file without a name in ``folder``: it is gone with the
    last reference to it, and with the process.

    Eight bytes a value stay in memory. Each access makes the value anew, so keep what you look at
    more than once. One thread may append while others read. Copied or pickled it is a tuple.
    Raises ``OutputError`` when the disk fails.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._starts = array("Q", [0])
        try:
            # Where a file must have a name, the next run sweeps away what has one like this.
            self._file = tempfile.TemporaryFile(  # noqa: SIM115 - it lives as long as this
                dir=folder, prefix=PART[0], suffix=PART[1]
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
        """Give up the values, and the disk that they take."""
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
    """``make(0)`` to ``make(length - 1)``, made anew at each access."""

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


class Part:
    """A file under a temporary name in the folder of ``target``. Lone surrogates become question
    marks."""

    def __init__(self, target: Path) -> None:
        start, end = PART
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=start, suffix=end)
        self._target, self._temporary = target, Path(name)
        self._file = os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n")

    def write(self, parts: Iterable[str]) -> None:
        self._file.writelines(parts)

    def finish(self) -> None:
        """See to it that all is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def rename(self) -> None:
        # mkstemp makes files private; a new one is for all that the umask lets in.
        mask = os.umask(0)
        os.umask(mask)
        target = self._target
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~mask
        self._temporary.chmod(mode)
        self._temporary.replace(target)

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._temporary.unlink(missing_ok=True)


def write_whole(target: Path, parts: Iterable[str]) -> None:
    """Write ``parts``, joined, as UTF-8: first to a temporary file in the folder of ``target``,
    which is then renamed. Lone surrogates become question marks. Raises ``OSError``."""
    part = Part(target)
    try:
        part.write(parts)
        part.finish()
        part.rename()
    except BaseException:
        part.discard()
        raise
