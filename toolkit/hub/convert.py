"""Convert old PyTorch weights to safetensors, once.

Many checkpoints, most fine-tunes of NLLB among them, have their weights only as
``pytorch_model.bin``: a pickle, which can hold code. It is read with torch's unpickler for weights
alone, which makes tensors and refuses all else, and written as safetensors.
"""

from __future__ import annotations

import json
import pickle
import shutil
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import ModelError, OutputError
from toolkit.hub.checkpoint import INDEX, WEIGHTS, damaged, has_tokenizer
from toolkit.storage import whole, write_whole

if TYPE_CHECKING:
    from torch import Tensor

OLD_WEIGHTS = "pytorch_model.bin"
OLD_INDEX = "pytorch_model.bin.index.json"
OLD_FILES = (OLD_WEIGHTS, OLD_INDEX, "pytorch_model-*-of-*.bin")
_DTYPES = {"float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64"}


def old_weights(folder: Path) -> list[Path]:
    """Return the files of old weights in ``folder``; none unless all are there, and config and
    tokenizer with them."""
    if not ((folder / "config.json").is_file() and has_tokenizer(folder)):
        return []
    if (folder / OLD_WEIGHTS).is_file():
        return [folder / OLD_WEIGHTS]
    try:
        named = json.loads((folder / OLD_INDEX).read_text(encoding="utf-8"))["weight_map"]
        found = [folder / name for name in sorted(set(named.values()))]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    return found if all(path.is_file() for path in found) else []


def convert(folder: Path) -> None:
    """Write safetensors next to the old weights in ``folder``, a file for each of theirs.

    Only one tensor at a time is in memory. Raises ``ModelError`` for a file that is damaged or
    holds more than weights, or where the disk is too small, and ``OutputError`` where the folder
    cannot be written.
    """
    sources = old_weights(folder)
    size = sum(path.stat().st_size for path in sources)
    free = shutil.disk_usage(folder).free
    if size > free:
        raise ModelError(
            f"{folder} has {free / 1e9:.1f} GB free, {size / 1e9:.1f} GB are needed to convert "
            "its weights",
            remedy="Free some space.",
        )
    targets = [WEIGHTS]
    if len(sources) > 1:
        count = len(sources)
        targets = [f"model-{n:05}-of-{count:05}.safetensors" for n in range(1, count + 1)]
    placed: dict[str, str] = {}
    try:
        for source, target in zip(sources, targets, strict=True):
            placed.update(dict.fromkeys(_convert(source, folder / target), target))
        if len(sources) > 1:  # last: without it the folder does not count as whole
            index = {"metadata": {"total_size": size}, "weight_map": placed}
            write_whole(folder / INDEX, json.dumps(index))
    except OSError as error:
        raise OutputError(
            f"{folder}: the converted weights cannot be written ({error.strerror or error})",
            remedy="Free space or mend the permissions, or copy the folder elsewhere.",
        ) from None


def _convert(source: Path, target: Path) -> list[str]:
    """Write ``target`` and return the names of its tensors. Of several names for one tensor, as
    the tied embeddings have, one is kept."""
    tensors = _without_aliases(_read(source))
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, tensor in tensors.items():
        dtype = _DTYPES.get(str(tensor.dtype).removeprefix("torch."))
        if dtype is None:
            raise damaged(source, f"{name} is of type {tensor.dtype}")
        start, end = end, end + tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": dtype,
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    with whole(target) as made, made.open("wb") as file:
        file.write(struct.pack("<Q", len(encoded)))
        file.write(encoded)
        for tensor in tensors.values():
            file.write(_bytes(tensor))
    return list(tensors)


def _read(source: Path) -> dict[str, Tensor]:
    """Return the tensors of a file, left on the disk where its format allows that."""
    import torch

    options: dict[str, Any] = {"map_location": "cpu", "weights_only": True}
    try:
        try:
            state = torch.load(source, mmap=True, **options)
        except RuntimeError as error:  # the format before torch 1.6
            if "mmap" not in str(error):
                raise
            state = torch.load(source, **options)
    except pickle.UnpicklingError:
        raise ModelError(
            f"{source} is no file of weights, or holds more than weights and might run code",
            remedy="Use a checkpoint that has safetensors.",
        ) from None
    except (RuntimeError, ValueError, EOFError) as error:
        raise damaged(source, str(error).strip().split("\n")[0][:200]) from None
    if not isinstance(state, dict) or not all(isinstance(t, torch.Tensor) for t in state.values()):
        raise damaged(source, "not a table of tensors")
    return state


def _without_aliases(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return each tensor under one of its names, the last in the alphabet
    (``model.shared.weight``)."""
    named: dict[tuple[Any, ...], str] = {}
    for name in sorted(tensors):
        tensor = tensors[name]
        key = (tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype)
        named[key if tensor.numel() else (name,)] = name
    return {name: tensors[name] for name in named.values()}


def _bytes(tensor: Tensor) -> memoryview:
    import torch

    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().data
