"""Talk to the Hugging Face hub: the only code that does.

It takes safetensors, JSON and the SentencePiece model, and never code; pickled weights only where a
repository has no others, to be converted by ``toolkit.hub.convert``. A broken transfer is
continued, and a file that is complete is not fetched twice.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from toolkit.errors import ModelError, ToolkitError
from toolkit.hub.cache import point, repository_folder
from toolkit.hub.checkpoint import FILES
from toolkit.hub.convert import OLD_FILES, OLD_WEIGHTS
from toolkit.progress import Progress
from toolkit.storage import locked, place

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import ModelInfo

# The hub's own bot offers safetensors in a pull request. ``main`` of Meta's checkpoints has pickles
# only; these are the bot's requests or commits there.
_CONVERTER = "SFconvertbot"
_ELSEWHERE = {
    "facebook/nllb-200-distilled-600M": ("refs/pr/45", "refs/pr/39"),
    "facebook/nllb-200-distilled-1.3B": ("refs/pr/5",),
    "facebook/nllb-200-1.3B": ("05f78f6164fc0a21a225794b50a6413ea51718db",),
    "facebook/nllb-200-3.3B": ("refs/pr/10",),
}
# Seconds for the hub to begin its answer.
_TIMEOUT = 10.0
# Broken connections in a row without a byte between them.
_RETRIES = 5
# Seconds before the next attempt.
_PAUSE = 1.0
# Bytes of the disk to leave free.
_MARGIN = 200 << 20


def describe(repository: str, revision: str) -> ModelInfo:
    """Ask the hub for a revision of ``repository``: its commit, files and sizes."""
    return _hub().model_info(repository, revision=revision, files_metadata=True, timeout=_TIMEOUT)


def find(repository: str, revision: str) -> tuple[ModelInfo, str]:
    """Return the revision of ``repository`` to take, as the hub describes it, and its name: the
    one asked for or, where ``main`` has no safetensors, the hub's own conversion of it if there
    is one."""
    from huggingface_hub.errors import RevisionNotFoundError

    info = describe(repository, revision)
    if _has_weights(info):
        return info, revision
    if revision == "main":
        for other in _conversions(repository):
            with suppress(RevisionNotFoundError):
                converted = describe(repository, other)
                if _has_weights(converted):
                    return converted, other
    if old(info):
        return info, revision
    raise ModelError(
        f"{repository} has no weights of PyTorch on the hub (revision {revision})",
        remedy="Check the name; NLLB's own are 600M, 1.3B and 3.3B.",
    )


def needed(info: ModelInfo) -> dict[str, int]:
    """Return the files to take and their sizes in bytes. Weights in one file are preferred to
    shards."""
    wanted = matching(info, FILES)
    if "model.safetensors" in wanted:
        return {n: size for n, size in wanted.items() if not n.startswith("model-")}
    return wanted if _has_weights(info) else wanted | old(info)


def old(info: ModelInfo) -> dict[str, int]:
    """Return the files of old weights, which have to be converted, and their sizes in bytes."""
    found = matching(info, OLD_FILES)
    return {OLD_WEIGHTS: found[OLD_WEIGHTS]} if OLD_WEIGHTS in found else found


def matching(info: ModelInfo, patterns: Sequence[str]) -> dict[str, int]:
    """Return the files whose names match one of ``patterns``, and their sizes in bytes."""
    sizes = {s.rfilename: s.size or 0 for s in info.siblings or []}
    return {n: size for n, size in sizes.items() if any(fnmatch(n, p) for p in patterns)}


def download(
    info: ModelInfo,
    files: dict[str, int],
    progress: Progress,
    revision: str,
    *,
    extra: int = 0,
) -> Path:
    """Bring ``files`` into the hub's cache and return the folder of the snapshot.

    Files that are there are kept, and one that was begun is continued, today or tomorrow.
    ``revision`` is the name (``main``) under which the commit will be found again.
    Raises ``ModelError`` when the disk is too small, ``extra`` bytes besides the files included,
    or a file does not have the hash that the hub gives for it.
    """
    from huggingface_hub import hf_hub_download

    commit = str(info.sha)
    storage = repository_folder(info.id)
    snapshot = storage / "snapshots" / commit
    hashes = {s.rfilename: s.lfs.sha256 for s in info.siblings or [] if s.lfs is not None}
    _check_space(_still_missing(files, hashes, storage, snapshot) + extra, storage)
    progress.begin("fetch", sum(files.values()))
    for name, size in sorted(files.items(), key=lambda item: item[1]):
        if name in hashes and not (snapshot / name).exists():
            _transfer(info, name, size, storage / "blobs" / hashes[name], progress)
        else:
            progress.advance(size)
        with _quiet():  # fetches a small file, or links to the blob of a large one
            hf_hub_download(
                info.id,
                name,
                revision=commit,
                cache_dir=storage.parent,
                endpoint=os.environ.get("HF_ENDPOINT"),
                tqdm_class=cast("Any", _NoBar),
            )
    point(storage, revision, commit)
    return snapshot


def _still_missing(
    files: dict[str, int], hashes: dict[str, str], storage: Path, snapshot: Path
) -> int:
    """Return how many bytes have to be fetched."""
    size = sum(size for name, size in files.items() if not (snapshot / name).exists())
    begun = (_partial(storage / "blobs" / sha) for sha in hashes.values())
    return size - sum(path.stat().st_size for path in begun if path.exists())


def _partial(blob: Path) -> Path:
    return blob.with_name(f"{blob.name}.part")


def _transfer(info: ModelInfo, name: str, size: int, blob: Path, progress: Progress) -> None:
    """Bring a large file to ``blob``, which is named for the SHA-256 of its contents.

    The hub's own library begins a file anew whenever the process ends; gigabytes over a poor
    line would never arrive. Processes that want the same file wait for one another.
    """
    storage, part = blob.parents[1], _partial(blob)
    lock = (
        storage.parent / ".locks" / storage.name / f"{blob.name}.lock"
    )  # the hub's own tools' too
    for folder in (blob.parent, lock.parent):
        folder.mkdir(parents=True, exist_ok=True)
    with locked(lock):
        if blob.exists():
            progress.advance(size)
            return
        with part.open("ab") as handle:
            _receive(info, name, size, handle, progress)
        if _sha256(part) != blob.name:
            part.unlink()
            raise ModelError(
                f"{name} of {info.id} arrived damaged: its SHA-256 is not the hub's",
                remedy="Fetch it again; if it happens twice, look for a proxy that alters files.",
            )
        place(part, blob)


def _receive(info: ModelInfo, name: str, size: int, handle: BinaryIO, progress: Progress) -> None:
    """Append to ``handle`` until it has ``size`` bytes, continuing after each break."""
    from huggingface_hub import errors, hf_hub_url

    url = hf_hub_url(info.id, name, revision=info.sha, endpoint=os.environ.get("HF_ENDPOINT"))
    have, failures = handle.tell(), 0
    progress.advance(have)
    while have < size:
        broken: Exception = ConnectionError("the transfer ends too early")
        try:
            _append(url, handle, progress)
        except errors.HfHubHTTPError:
            raise
        except errors.HTTPError as error:
            broken = error
        failures = failures + 1 if handle.tell() <= have else 0
        have = handle.tell()
        if failures > _RETRIES:
            raise broken
        if have < size:
            time.sleep(_PAUSE)


def _append(url: str, handle: BinaryIO, progress: Progress) -> None:
    """Append the bytes of ``url`` from the length of ``handle`` on."""
    from huggingface_hub import utils

    have = handle.tell()
    headers = utils.build_hf_headers()
    headers |= {"Range": f"bytes={have}-", "Accept-Encoding": "identity"}
    session = utils.get_session()
    with session.stream("GET", url, headers=headers, timeout=_TIMEOUT) as answer:
        utils.hf_raise_for_status(answer)
        if have and answer.status_code == 200:  # this server does not begin in the middle
            handle.seek(0)
            handle.truncate()
            progress.advance(-have)
        for part in answer.iter_bytes():
            handle.write(part)
            progress.advance(len(part))


def _hub() -> HfApi:
    from huggingface_hub import HfApi

    return HfApi(endpoint=os.environ.get("HF_ENDPOINT"), library_name="news-toolkit")


def _has_weights(info: ModelInfo) -> bool:
    return any(fnmatch(s.rfilename, "model*.safetensors") for s in info.siblings or [])


def _conversions(repository: str) -> Iterator[str]:
    """Yield the references of the hub's own conversions: those that are known, then the newest."""
    yield from _ELSEWHERE.get(repository, ())
    found = _hub().get_repo_discussions(
        repository,
        author=_CONVERTER,
        discussion_type="pull_request",
        discussion_status="open",
    )
    requests = [d for d in found if d.author == _CONVERTER and d.git_reference]
    requests.sort(key=lambda d: d.num, reverse=True)
    yield from (str(d.git_reference) for d in requests)


def _check_space(size: int, folder: Path) -> None:
    existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(existing).free
    if size + _MARGIN > free:
        raise ModelError(
            f"{existing} has {free / 1e9:.1f} GB free, {(size + _MARGIN) / 1e9:.1f} GB are needed",
            remedy="Free some space, or set HF_HOME to a folder on a larger disk.",
        )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(4 << 20):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back the library's messages about retries, which succeed or end in an error anyway."""
    remarks = logging.getLogger("huggingface_hub")
    level = remarks.level
    remarks.setLevel(logging.ERROR)
    try:
        yield
    finally:
        remarks.setLevel(level)


class _NoBar:
    """Replaces the hub's progress bars, which would draw over ours."""

    n = 0
    total = 0

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass

    def __enter__(self) -> _NoBar:
        return self

    def __exit__(self, *args: object) -> None:
        pass

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


@contextmanager
def hub_errors(hub_id: str, remedy: str) -> Iterator[None]:
    """Turn the exceptions of the hub's library into ``ModelError``, with ``remedy`` where the
    network fails."""
    from huggingface_hub import errors

    login = "Check the name at https://huggingface.co; for a private model run 'hf auth login'."
    try:
        yield
    except ToolkitError:
        raise
    except errors.RevisionNotFoundError:
        raise ModelError(f"the hub has no such revision: {hub_id}", remedy=login) from None
    except (errors.RepositoryNotFoundError, errors.GatedRepoError):
        raise ModelError(f"the hub has no {hub_id}, or not for you", remedy=login) from None
    except errors.HfHubHTTPError as error:
        code = error.response.status_code
        raise ModelError(f"the hub answered {code} for {hub_id}", remedy=remedy) from None
    except errors.OfflineModeIsEnabled:
        raise ModelError(f"HF_HUB_OFFLINE is set and {hub_id} is not here", remedy=remedy) from None
    except OSError as error:
        raise ModelError(
            f"{hub_id} could not be fetched: {_first_line(error)}", remedy=remedy
        ) from None
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("httpx", "httpx2", "httpcore", "hf_xet"):
            raise
        raise ModelError(
            f"the hub cannot be reached for {hub_id} ({_first_line(error)})", remedy=remedy
        ) from None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
