"""What the tests let workers do. They import it by its own name, so it stands in a module."""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path

from toolkit import errors


class ShyError(Exception):
    """Cannot be made again from what a pickle keeps."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")


def double(item: int) -> int:
    return 2 * item


def process(item: int) -> int:
    return os.getpid()


def fails(item: int) -> int:
    if item % 50 == 7:
        raise errors.UnknownLanguageError(f"lang{item}", ["hin_Deva"])
    return item


def _first_time(folder: Path, item: int) -> bool:
    """Whether this is the first attempt; each leaves its process in a file."""
    with (folder / f"{item}.txt").open("a") as file:
        file.write(f"{os.getpid()}\n")
    return len(attempts(folder, item)) == 1


def attempts(folder: Path, item: int) -> list[str]:
    """The processes that worked on ``item``, in order."""
    return (folder / f"{item}.txt").read_text().split()


def raises_once(folder: Path, item: int) -> int:
    if item in (3, 5, 70) and _first_time(folder, item):
        raise OSError("the disk blinked")
    return item


def raises(folder: Path, item: int) -> int:
    if item == 70:
        _first_time(folder, item)
        raise ZeroDivisionError("seventy")
    return item


def raises_shy(item: int) -> int:
    if item == 70:
        raise ShyError("one", "two")
    return item


def dies_once(folder: Path, item: int) -> int:
    """Item 70 takes its shard with it, so 71 and 72 have their first attempt alone."""
    if item in (70, 71) and _first_time(folder, item):
        os._exit(9)
    if item == 72 and _first_time(folder, item):
        raise OSError("the disk blinked")
    return item


def dies(item: int) -> int:
    if item in (70, 71):
        os._exit(9)
    return item


def dies_then_raises(folder: Path, item: int) -> int:
    if item == 70:
        if _first_time(folder, item):
            os._exit(9)
        raise ZeroDivisionError("seventy")
    return item


def begun(folder: Path, item: int) -> int:
    (folder / str(item)).touch()
    time.sleep(0.001)
    return item


class Unportable:
    """A function that no other process can make again."""

    def __call__(self, item: int) -> int:
        return item

    def __reduce__(self) -> tuple[object, ...]:
        return importlib.import_module, ("no_such_module",)
