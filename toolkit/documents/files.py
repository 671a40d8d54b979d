"""The files that ``toolkit translate`` and ``toolkit summarise`` read, and the one they write."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from errno import EISDIR
from pathlib import Path

from toolkit.data import Article, Failure
from toolkit.errors import InputError, OutputError
from toolkit.options import is_address
from toolkit.readers import paths
from toolkit.readers.collection import load
from toolkit.storage import write_whole

_REMEDY = "Name another file with -o."


def read(
    names: Sequence[str], stdin: bytes, *, allow_private: bool = False
) -> tuple[list[Article], list[Failure]]:
    """The articles in ``names``, in order, and the failures, each once. A name is that of a file
    or folder, an address, or ``-``, which stands for ``stdin``."""
    articles: dict[str, Article] = {}
    failures: dict[Failure, None] = {}
    for name in names:
        for item in _read_one(name, stdin, allow_private):
            if isinstance(item, Failure):
                failures[item] = None
            else:
                articles.setdefault(item.id, item)
    return list(articles.values()), list(failures)


def _read_one(name: str, stdin: bytes, allow_private: bool) -> list[Article | Failure]:
    if name == "-":
        return list(paths.contents(paths.STDIN, stdin=stdin))
    try:
        source = name if is_address(name) else _path(name)
        loaded = load([source], allow_private=allow_private)
    except InputError as error:
        reason = str(error).removeprefix(f"{Path(name)}: ")
        return [Failure(name, "read", reason, error.remedy)]
    return [*loaded.articles, *loaded.failures]


def _path(name: str) -> Path:
    """The path of a file, absolute where it would be taken for stdin (``./-``)."""
    path = Path(name)
    return path.absolute() if path == paths.STDIN else path


def check_output(output: Path, names: Sequence[str]) -> None:
    """Raise ``OutputError`` if ``output`` is one of the files that ``names`` stand for, and so
    would be lost, or cannot be written."""
    try:
        if _is_special(output):
            return
        target = Path(os.path.realpath(output))
        if target.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        tempfile.TemporaryFile(dir=target.parent).close()
        replaced = target.stat() if target.exists() else None
    except OSError as error:
        raise _unwritable(output, error) from None
    if replaced and any(os.path.samestat(replaced, status) for status in _inputs(names)):
        raise OutputError(f"{output}: is one of the files to be read", remedy=_REMEDY)


def _inputs(names: Sequence[str]) -> Iterator[os.stat_result]:
    """The status of each file to be read; those that cannot be read are left out."""
    for name in names:
        try:
            if name == "-":
                yield os.fstat(sys.stdin.fileno())
            else:
                found, _ = paths.files([] if is_address(name) else [_path(name)])
                yield from (file.stat() for file in found if isinstance(file, Path))
        except (OSError, ValueError, AttributeError, InputError):
            continue


def write(output: Path, text: str) -> None:
    """Write ``text`` to ``output``: whole, or not at all. A link stays a link; a pipe or another
    special file is written to directly. Raises ``OutputError``."""
    try:
        if _is_special(output):
            output.write_text(text, encoding="utf-8", errors="replace")
        else:
            write_whole(Path(os.path.realpath(output)), text)
    except OSError as error:
        raise _unwritable(output, error) from None


def _is_special(output: Path) -> bool:
    """Whether ``output`` is there and is a pipe, a terminal or a device."""
    return output.exists() and not output.is_file() and not output.is_dir()


def _unwritable(output: Path, error: OSError) -> OutputError:
    return OutputError(f"{output}: cannot be written ({error.strerror or error})", remedy=_REMEDY)
