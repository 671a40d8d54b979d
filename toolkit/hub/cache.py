"""The hub's cache on this machine, in the layout that the hub's own tools have.

A repository is a folder ``models--org--name`` with ``refs/`` (a revision's name to its commit),
``snapshots/<commit>/`` (links) and ``blobs/`` (the files, named for their hashes).
"""

from __future__ import annotations

import os
from pathlib import Path

from toolkit.hub.checkpoint import COMMIT
from toolkit.storage import write_whole

_PREFIX = "models--"


def cache_folder() -> Path:
    """Return the hub's cache, where its own tools keep it too."""
    for name, below in (("HF_HUB_CACHE", ""), ("HUGGINGFACE_HUB_CACHE", ""), ("HF_HOME", "hub")):
        if value := os.environ.get(name):
            return Path(os.path.expandvars(value)).expanduser() / below
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "huggingface" / "hub"


def repository_folder(repository: str) -> Path:
    """Return the folder of ``org/name`` in the cache, whether it is there or not."""
    return cache_folder() / f"{_PREFIX}{repository.replace('/', '--')}"


def repository_of(folder: Path) -> str:
    """Return the ``org/name`` whose folder this is."""
    return folder.name.removeprefix(_PREFIX).replace("--", "/")


def snapshots(folder: Path, revision: str = "") -> list[Path]:
    """Return the snapshots of a repository's ``folder`` to look at, the best first.

    That is the one of ``revision``; without one the snapshot of ``main`` and then the others, the
    latest first, as weights may be in another revision than main.
    """
    below = folder / "snapshots"
    if COMMIT.fullmatch(revision):
        candidates = [below / revision]
    else:
        candidates = _pointed_at(folder, revision or "main")
        if not revision and below.is_dir():
            others = [path for path in below.iterdir() if path.is_dir()]
            candidates += sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)
    return [path for path in candidates if path.is_dir()]


def _pointed_at(folder: Path, revision: str) -> list[Path]:
    pointer = folder / "refs" / revision
    if not pointer.is_file():
        return []
    return [folder / "snapshots" / pointer.read_text(encoding="utf-8").strip()]


def point(folder: Path, revision: str, commit: str) -> None:
    """Let ``revision`` of a repository stand for ``commit``."""
    if not COMMIT.fullmatch(revision):
        pointer = folder / "refs" / revision
        pointer.parent.mkdir(parents=True, exist_ok=True)
        write_whole(pointer, commit)


def discard(file: Path) -> None:
    """Remove a file of a snapshot with the blob that it links to."""
    blob = file.resolve()
    file.unlink(missing_ok=True)
    blob.unlink(missing_ok=True)
