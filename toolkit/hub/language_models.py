"""Find the weights of a language model (a folder, a GGUF file or a hub id) and load them.

Only safetensors and GGUF are taken, which hold numbers and no code. A model in the hub's cache is
used without asking the network.
"""

from __future__ import annotations

import hashlib
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import ConfigError, ModelError
from toolkit.hub.cache import repository_folder, snapshots
from toolkit.hub.checkpoint import fingerprint, shards
from toolkit.progress import Silent

if TYPE_CHECKING:
    import torch

_HUB_ID = re.compile(r"([\w.-]+/[\w.-]+?)(?:@([\w./-]+))?", re.ASCII)
_FILES = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.model", "*.jinja")
# Bytes of the start and the end of a file that are hashed.
_SAMPLE = 1 << 20
_KINDS = {
    "CausalLM": "causal language",
    "Seq2SeqLM": "sequence-to-sequence",
    "": "sentence embedding",
}


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Weights:
    """A folder with weights and tokenizer. ``gguf`` names the file in it that has all, or is
    None where the weights are safetensors. ``signature`` is name and revision."""

    folder: Path
    gguf: str | None
    signature: str


def find_weights(model: str) -> Weights:
    """Return the weights that ``model`` names, fetched from the hub first where they are not here.

    Raises ``ModelError`` where they are absent or only in a format that can hold code, and
    ``ConfigError`` for a name that means nothing.
    """
    path = Path(model).expanduser()
    if path.is_file() and path.suffix == ".gguf":
        return Weights(path.parent, path.name, f"{path.stem}@{_hash(path)}")
    if not path.is_dir():
        hub_id = _HUB_ID.fullmatch(model)
        if hub_id is None or model.startswith("."):
            raise ConfigError(
                f"no language model {model!r}",
                remedy="Say a folder, a .gguf file, or a hub id such as org/name.",
            )
        name, path = hub_id[1].partition("/")[2], _snapshot(hub_id[1], hub_id[2])
    else:
        name = path.resolve().name
    if not any(path.glob("*.safetensors")):
        held = "only in a format that can run code" if any(path.glob("*.bin")) else "not there"
        raise ModelError(
            f"{path}: its weights are {held}", remedy="Use a model that has safetensors, or GGUF."
        )
    return Weights(path, None, f"{name}@{fingerprint(path)[:8]}")


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back transformers' bars, messages and warnings; restore the settings at the end."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def load(weights: Weights, kind: str, device: str) -> tuple[Any, Any]:
    """Return tokenizer and model, through transformers' class ``AutoModelFor<kind>`` (``AutoModel``
    where that is empty), ready to use on ``device`` (``auto``, ``cpu`` or ``cuda``).

    Raises ``ModelError`` where the files are damaged or hold a model of another kind, or where
    there is no such device.
    """
    import transformers

    options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    model_options: dict[str, Any] = {"use_safetensors": True, "dtype": "auto"}
    if weights.gguf is not None:
        options["gguf_file"] = weights.gguf
        config = transformers.GgufConfig(dequantize=True)
        model_options = {"quantization_config": config}
    model_class = getattr(transformers, f"AutoModelFor{kind}" if kind else "AutoModel")
    try:
        with quiet():
            tokenizer = transformers.AutoTokenizer.from_pretrained(weights.folder, **options)
            model = model_class.from_pretrained(weights.folder, **options, **model_options)
    except ImportError as error:
        raise ModelError(
            f"{weights.signature} needs a package that is not here ({error})".split("\n")[0],
            remedy="Install it: pip install gguf.",
        ) from None
    except Exception as error:  # of a damaged file the loaders make anything
        reason = str(error).strip().split("\n")[0][:200]
        raise ModelError(
            f"{weights.signature} cannot be loaded as a {_KINDS[kind]} model ({reason})",
            remedy=f"Use the weights of a {_KINDS[kind]} model.",
        ) from None
    return tokenizer, model.to(_device(device)).eval()


def _device(device: str) -> torch.device:
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ModelError("no CUDA device here", remedy="Use --device cpu.")
    return torch.device(device)


def _snapshot(repository: str, revision: str | None) -> Path:
    """Return the snapshot in the hub's cache, fetched first unless it is whole."""
    from toolkit.hub import download

    for folder in snapshots(repository_folder(repository), revision or ""):
        if _is_whole(folder):
            return folder
    remedy = "Check the name and the network, or name a folder with the model."
    with download.hub_errors(repository, remedy):
        info = download.describe(repository, revision or "main")
        files = download.matching(info, _FILES)
        if not any(name.endswith(".safetensors") for name in files):
            raise ModelError(
                f"{repository} has no safetensors on the hub",
                remedy="Use a model that has them; other formats can run code.",
            )
        log.warning("Fetching %s (%.1f GB).", repository, sum(files.values()) / 1e9)
        return download.download(info, files, Silent(), revision or "main")


def _is_whole(folder: Path) -> bool:
    weights = [folder / name for name in shards(folder)] or list(folder.glob("*.safetensors"))
    files = [folder / "config.json", *weights]
    return bool(weights) and all(path.is_file() for path in files)


def _hash(path: Path) -> str:
    """Return eight hexadecimal digits from the size, the start and the end of a large file."""
    digest = hashlib.sha256(str(path.stat().st_size).encode())
    with path.open("rb") as file:
        digest.update(file.read(_SAMPLE))
        file.seek(max(0, path.stat().st_size - _SAMPLE))
        digest.update(file.read(_SAMPLE))
    return digest.hexdigest()[:8]
