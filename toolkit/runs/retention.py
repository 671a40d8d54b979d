"""Removes the digests of days that are long past."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

from toolkit.errors import LockedError, OutputError
from toolkit.runs.outputs import LATEST, LOCK
from toolkit.storage import locked

# The files that runs write in the folder of a day.
_OURS = re.compile(
    r"digest\.(html|md|json|eml)|articles\.jsonl|run(-without-digest)?\.json|run\.log"
)


@dataclass(frozen=True, slots=True)
class Pruned:
    """The folders that were removed, or would be, and those that stay for files of others."""

    removed: tuple[Path, ...]
    kept: tuple[Path, ...]


def prune(outputs: Path, keep: int, today: dt.date, *, dry_run: bool = False) -> Pruned:
    """Remove the digests of the days more than ``keep`` days before ``today``.

    Only files that runs write are removed. A folder with others in it keeps those, and is named;
    that which ``latest`` points to stays whole. What they held is still no news to later runs.
    Raises ``LockedError`` where a run is writing, ``OutputError`` where the disk fails.
    """
    if not outputs.is_dir():
        raise OutputError(f"{outputs}: no such folder", remedy="Name it with --outputs.")
    try:
        with locked(outputs / LOCK, wait=False):
            return prune_unlocked(outputs, keep, today, dry_run=dry_run)
    except BlockingIOError:
        raise LockedError(f"a run is writing to {outputs}", remedy="Wait for its end.") from None


def prune_unlocked(outputs: Path, keep: int, today: dt.date, *, dry_run: bool = False) -> Pruned:
    """Do what ``prune`` does, for a caller that holds the lock."""
    latest = (outputs / LATEST).resolve()
    removed: list[Path] = []
    kept: list[Path] = []
    for folder in sorted(outputs.glob("????-??-??")):
        day = _day(folder.name)
        if day is None or (today - day).days <= keep or folder.is_symlink():
            continue
        if not folder.is_dir() or folder.resolve() == latest:
            continue
        try:
            whole = _remove(folder, dry_run=dry_run)
        except OSError as error:
            raise OutputError(
                f"{error.filename or folder}: cannot be removed ({error.strerror or error})",
                remedy="Mend the permissions of the folder.",
            ) from None
        (removed if whole else kept).append(folder)
    return Pruned(tuple(removed), tuple(kept))


def _remove(folder: Path, *, dry_run: bool) -> bool:
    """Remove what is ours in ``folder``; return whether nothing is left of it."""
    files = list(folder.iterdir())
    ours = [f for f in files if _OURS.fullmatch(f.name) and (f.is_file() or f.is_symlink())]
    if not dry_run:
        for file in ours:
            file.unlink()
        if len(ours) == len(files):
            folder.rmdir()
    return len(ours) == len(files)


def _day(name: str) -> dt.date | None:
    with contextlib.suppress(ValueError):
        return dt.date.fromisoformat(name)
    return None
