"""Find the checkpoint on this machine that a user's name for a model means.

A model is ``demo``, a size (``600M``), a hub id (``org/name`` or ``org/name@revision``) or a
folder. One in the hub's cache is used without asking the network; only ``fetch`` asks it.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import ConfigError, ModelError
from toolkit.hub import convert
from toolkit.hub.cache import (
    cache_folder,
    discard,
    repository_folder,
    repository_of,
    snapshots,
)
from toolkit.hub.checkpoint import (
    COMMIT,
    TOKENIZER,
    WEIGHTS,
    Checkpoint,
    check,
    family_of,
    fingerprint,
    missing,
)
from toolkit.progress import Progress, Silent

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo

LICENCE = "CC-BY-NC-4.0"
DEMO_LICENCE = "Apache-2.0"
DEMO_NOTICE = (
    "Translated with the demo checkpoint, which has learnt the five sample articles by heart "
    "and can translate nothing else."
)
_DEMO = Path(__file__).resolve().with_name("demo")
_SIZES = {
    "600M": ("facebook/nllb-200-distilled-600M", 2_460_000_000),
    "1.3B": ("facebook/nllb-200-distilled-1.3B", 5_480_000_000),
    "3.3B": ("facebook/nllb-200-3.3B", 17_580_000_000),
}
# Names that always mean one of these; no plug-in takes them.
NAMES = ("demo", *_SIZES)
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?", re.ASCII)
_FOLDER_HELP = f"A checkpoint folder has config.json, {TOKENIZER} and {WEIGHTS}."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listed:
    """A checkpoint that has a short name. ``location`` is its folder here, or empty."""

    name: str
    hub_id: str
    size: str
    licence: str
    location: str


def resolve(
    model: str,
    *,
    fetch_missing: bool = True,
    say: Callable[[str], None] = log.warning,
    progress: Progress | None = None,
) -> Checkpoint:
    """Return the whole checkpoint that ``model`` names, fetched first where it is not here yet.

    Raises ``ConfigError`` for a name that means nothing, and ``ModelError`` where the files are
    absent and cannot (or, without ``fetch_missing``, may not) be fetched, or are damaged.
    """
    if model == "demo":
        check(_DEMO)
        return Checkpoint(model, _DEMO, fingerprint(_DEMO), True, DEMO_LICENCE, DEMO_NOTICE)
    hub_id = _hub_id(model)
    if hub_id is None:
        return _from_folder(Path(model).expanduser())
    folder = _cached(hub_id)
    if folder is None and fetch_missing:
        return fetch(model, say=say, progress=progress)
    if folder is None:
        raise ModelError(f"the weights of {hub_id} are not on this machine", remedy=_remedy(model))
    return _checkpoint(hub_id, folder)


def fetch(
    model: str,
    *,
    say: Callable[[str], None] = log.warning,
    progress: Progress | None = None,
) -> Checkpoint:
    """Download the files of ``model`` into the hub's cache, or complete those that are there.

    Weights that exist only in PyTorch's older format are converted. ``say`` is called with the
    size, the licence and the place; ``progress`` counts bytes. Raises ``ModelError`` where the hub
    cannot be reached, refuses, or has no weights.
    """
    hub_id = None if model == "demo" else _hub_id(model)
    here = Path(model).expanduser() if hub_id is None else _old_snapshot(hub_id)
    if here is not None and missing(here) and convert.old_weights(here):
        say(f"Converting the weights in {here}, once.")
        convert.convert(here)
    if hub_id is None:
        return resolve(model)
    return _checkpoint(hub_id, here or _download(model, hub_id, say, progress or Silent()))


def _download(model: str, hub_id: str, say: Callable[[str], None], progress: Progress) -> Path:
    from toolkit.hub import download

    repository, _, revision = hub_id.partition("@")
    with download.hub_errors(hub_id, _remedy(model)):
        info, found = download.find(repository, revision or "main")
        files = download.needed(info)
        old = {name: size for name, size in download.old(info).items() if name in files}
        folder = repository_folder(repository) / "snapshots" / str(info.sha)
        if old and not missing(folder):
            return folder
        fresh = [folder / name for name in old if not (folder / name).exists()]
        say(f"Fetching {hub_id} ({_in_words(sum(files.values()))}) into {cache_folder()}.")
        say(_licence_line(info))
        folder = download.download(info, files, progress, found, extra=sum(old.values()))
        if old:
            say("Converting the weights, once.")
            convert.convert(folder)
            for path in fresh:
                discard(path)
    return folder


def list_models() -> list[Listed]:
    """Return the checkpoints that have short names, the demo first, and where they are."""
    size = sum(f.stat().st_size for f in _DEMO.iterdir())
    rows = [Listed("demo", "", _in_words(size), DEMO_LICENCE, str(_DEMO))]
    for name, (hub_id, size) in _SIZES.items():
        rows.append(Listed(name, hub_id, _in_words(size), LICENCE, str(_cached(hub_id) or "")))
    return rows


def _hub_id(model: str) -> str | None:
    """Return the hub's id for ``model``, or None where it is a folder."""
    sizes = {name.lower(): hub_id for name, (hub_id, _) in _SIZES.items()}
    if model.lower() in sizes:
        return sizes[model.lower()]
    if model and Path(model).expanduser().is_dir():
        return None
    if _HUB_ID.fullmatch(model) and not model.startswith("."):
        return model
    if "/" in model or os.sep in model:
        raise ModelError(f"there is no folder {model}", remedy=_FOLDER_HELP)
    close = difflib.get_close_matches(model.lower(), ["demo", *sizes], n=1, cutoff=0.4)
    hint = f". Did you mean {close[0].upper().replace('DEMO', 'demo')}?" if close else ""
    raise ConfigError(
        f"unknown model {model!r}{hint}",
        remedy="Say demo, 600M, 1.3B, 3.3B, a hub id (org/name) or a folder.",
    )


def _from_folder(folder: Path) -> Checkpoint:
    if (folder / "snapshots").is_dir():  # a repository's folder of the hub's cache, copied whole
        folder = _snapshot(folder) or folder
    check(folder)
    name = folder.resolve().name
    if COMMIT.fullmatch(name):
        name = repository_of(folder.resolve().parents[1])
    return Checkpoint(name, folder, fingerprint(folder), family=family_of(folder))


def _checkpoint(hub_id: str, folder: Path) -> Checkpoint:
    check(folder)
    repository = hub_id.partition("@")[0]
    licence = LICENCE if repository.startswith("facebook/nllb-200") else ""
    name = repository.partition("/")[2]
    return Checkpoint(name, folder, fingerprint(folder), licence=licence, family=family_of(folder))


def _cached(hub_id: str) -> Path | None:
    """Return the snapshot in the hub's cache to use for ``hub_id``, or None."""
    repository, _, revision = hub_id.partition("@")
    return _snapshot(repository_folder(repository), revision)


def _old_snapshot(hub_id: str) -> Path | None:
    """Return a snapshot in the hub's cache that only has to be converted, where none can be
    used."""
    repository, _, revision = hub_id.partition("@")
    if _cached(hub_id) is not None:
        return None
    found = snapshots(repository_folder(repository), revision)
    return next((p for p in found if convert.old_weights(p)), None)


def _snapshot(storage: Path, revision: str = "") -> Path | None:
    """Return the first complete one of the snapshots to look at."""
    return next((path for path in snapshots(storage, revision) if not missing(path)), None)


def _remedy(model: str) -> str:
    return (
        f"With a network: 'toolkit models fetch {model}'. Without one: copy {WEIGHTS}, config.json "
        f"and {TOKENIZER} from another machine into a folder and say --model /path/to/folder.\n"
        "To try the toolkit at once on its five sample articles: --model demo."
    )


def _licence_line(info: ModelInfo) -> str:
    licence = getattr(info.card_data, "license", None) or "not stated; see its page on the hub"
    if str(licence).lower() == LICENCE.lower():
        return f"Licence: {LICENCE} (Meta AI): for non-commercial use only."
    return f"Licence: {licence}."


def _in_words(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
