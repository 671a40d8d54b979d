"""The only code that talks to the Hugging Face hub.

It takes safetensors, JSON and the SentencePiece model, never pickles and never code. The hub's
library resumes a connection that is cut; a file that is complete is not fetched twice.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from toolkit.errors import ModelError, ToolkitError
from toolkit.progress import Progress
from toolkit.translators.checkpoint import COMMIT, FILES, convert_command, damaged

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import ModelInfo

# The hub's own bot puts safetensors beside older weights in a pull request. main of NLLB-600M
# has none; this is the request of that repository that does.
_CONVERTER = "SFconvertbot"
_ELSEWHERE = {"facebook/nllb-200-distilled-600M": ("refs/pr/45",)}
_TIMEOUT = 10.0  # seconds for the hub to begin its answer
_MARGIN = 200 << 20  # bytes of the disk to leave free


def find(repository: str, revision: str) -> tuple[ModelInfo, str]:
    """What the hub knows of the revision of ``repository`` to take, and that revision's name:
    the one asked for or, where ``main`` has no safetensors, the hub's own conversion of it."""
    hub = _hub()
    info = hub.model_info(repository, revision=revision, files_metadata=True, timeout=_TIMEOUT)
    if _has_weights(info):
        return info, revision
    if revision == "main":
        for other in _conversions(hub, repository):
            found = hub.model_info(
                repository, revision=other, files_metadata=True, timeout=_TIMEOUT
            )
            if _has_weights(found):
                return found, other
    raise ModelError(
        f"{repository} has no safetensors weights on the hub (revision {revision})",
        remedy=(
            "Convert a copy once, if you trust its pytorch_model.bin, and give the folder:\n"
            f"  hf download {repository} --local-dir FOLDER && {convert_command('FOLDER')}\n"
            "  --model FOLDER"
        ),
    )


def needed(info: ModelInfo) -> dict[str, int]:
    """The files to take and their sizes in bytes. Weights in one file are preferred to shards
    of them; where both are there, only the one file is taken."""
    names = {s.rfilename: s.size or 0 for s in info.siblings or []}
    wanted = {n: size for n, size in names.items() if any(fnmatch(n, p) for p in FILES)}
    if "model.safetensors" in wanted:
        return {n: size for n, size in wanted.items() if not n.startswith("model-")}
    return wanted


def download(
    info: ModelInfo, files: dict[str, int], cache: Path, progress: Progress, reference: str
) -> Path:
    """Bring ``files`` into the hub's ``cache`` and return the folder of the snapshot.

    What is there already is kept. ``reference`` is the name (``main``) under which the commit
    will be found again. Raises ``ModelError`` when the disk is too small or a file does not have
    the hash that the hub gives for it.
    """
    from huggingface_hub import hf_hub_download

    commit = str(info.sha)
    storage = cache / f"models--{info.id.replace('/', '--')}"
    snapshot = storage / "snapshots" / commit
    total = sum(files.values())
    _check_space(sum(n for name, n in files.items() if not (snapshot / name).exists()), cache)
    progress.begin("fetch", total)
    with _quiet(), _watched(storage / "blobs", progress) as done:
        for name, size in sorted(files.items(), key=lambda item: item[1]):
            hf_hub_download(
                info.id,
                name,
                revision=commit,
                cache_dir=cache,
                endpoint=os.environ.get("HF_ENDPOINT"),
                tqdm_class=cast("Any", _NoBar),
            )
            done(size)
    for sibling in info.siblings or []:
        if sibling.rfilename in files and sibling.lfs is not None:
            _check_hash(snapshot / sibling.rfilename, sibling.lfs.sha256)
    if not COMMIT.fullmatch(reference):
        (storage / "refs" / reference).parent.mkdir(parents=True, exist_ok=True)
        (storage / "refs" / reference).write_text(commit, encoding="utf-8")
    return snapshot


def _hub() -> HfApi:
    from huggingface_hub import HfApi

    return HfApi(endpoint=os.environ.get("HF_ENDPOINT"), library_name="news-toolkit")


def _has_weights(info: ModelInfo) -> bool:
    return any(fnmatch(s.rfilename, "model*.safetensors") for s in info.siblings or [])


def _conversions(hub: HfApi, repository: str) -> list[str]:
    """The references of the hub's own conversions, the newest first, and the known one."""
    found = hub.get_repo_discussions(
        repository,
        author=_CONVERTER,
        discussion_type="pull_request",
        discussion_status="open",
    )
    requests = [d for d in found if d.author == _CONVERTER and d.git_reference]
    requests.sort(key=lambda d: d.num, reverse=True)
    return [*(str(d.git_reference) for d in requests), *_ELSEWHERE.get(repository, ())]


def _check_space(size: int, cache: Path) -> None:
    existing = next(p for p in (cache, *cache.absolute().parents) if p.exists())
    free = shutil.disk_usage(existing).free
    if size + _MARGIN > free:
        raise ModelError(
            f"{existing} has {free / 1e9:.1f} GB free, {(size + _MARGIN) / 1e9:.1f} GB are needed",
            remedy="Free some space, or set HF_HOME to a folder on a larger disk.",
        )


def _check_hash(path: Path, expected: str) -> None:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(4 << 20):
            digest.update(block)
    if digest.hexdigest() != expected:
        raise damaged(path, "its SHA-256 is not the hub's")


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back the library's remarks about retries, which succeed or end in an error anyway."""
    remarks = logging.getLogger("huggingface_hub")
    level = remarks.level
    remarks.setLevel(logging.ERROR)
    try:
        yield
    finally:
        remarks.setLevel(level)


class _NoBar:
    """Stands in for the hub's progress bars, which would draw over ours."""

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
def _watched(blobs: Path, progress: Progress) -> Iterator[Callable[[int], None]]:
    """Tell ``progress`` how many bytes have come, by the size of the files that grow in
    ``blobs``. Yields a function to call with the size of each file that is complete."""
    stop, lock = threading.Event(), threading.Lock()
    complete, told = 0, 0

    def tell(part: int) -> None:
        nonlocal told
        with lock:
            if complete + part > told:
                progress.advance(complete + part - told)
                told = complete + part

    def done(size: int) -> None:
        nonlocal complete
        complete += size
        tell(0)

    def watch() -> None:
        while not stop.wait(0.3):
            with suppress(OSError):  # a file may go between being listed and being measured
                tell(sum(p.stat().st_size for p in blobs.glob("*.incomplete")))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()


@contextmanager
def hub_errors(hub_id: str, remedy: str) -> Iterator[None]:
    """Turn what the hub's library raises into ``ModelError``; ``remedy`` says what to do where
    the network is the trouble."""
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
