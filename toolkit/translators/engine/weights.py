"""The tensors of a checkpoint folder, and their 8-bit forms, made once and kept on disk."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from toolkit import storage
from toolkit.hub.checkpoint import INDEX, WEIGHTS, damaged
from toolkit.translators.engine.linear import quantise_weight

log = logging.getLogger(__name__)

# NLLB has one table of embeddings for input, output and both sides. Those who write checkpoints
# keep it under the one or the other of its names.
TABLE = "model.shared.weight"
_TIED = (
    TABLE,
    "lm_head.weight",
    "model.decoder.embed_tokens.weight",
    "model.encoder.embed_tokens.weight",
)


class Weights:
    """Reads tensors from ``folder`` when they are asked for; the others stay on disk.

    ``prepared``, where given, is the folder that 8-bit matrices are kept in: a later start then
    reads 0.4 GB instead of 2.4 GB and quantises nothing. Raises ``ModelError`` for a file that
    cannot be read, and for a tensor with infinite values or NaN.
    """

    def __init__(self, folder: Path, *, prepared: Path | None = None) -> None:
        self._folder = folder
        self._prepared = prepared
        self._keeps = True
        self._files: dict[Path, Any] = {}
        self._shards: dict[str, str] = {}
        self._layouts: dict[str, tuple[BinaryIO, int, int, torch.dtype]] = {}
        if not (folder / WEIGHTS).is_file():
            index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
            self._shards = index["weight_map"]

    @property
    def config(self) -> dict[str, Any]:
        """The checkpoint's ``config.json``."""
        config: dict[str, Any] = json.loads((self._folder / "config.json").read_text("utf-8"))
        return config

    def __call__(self, name: str) -> Tensor:
        """Return a tensor by its name in the checkpoint."""
        name = self._stored(name)
        path = self._folder / self._shards.get(name, WEIGHTS)
        try:
            tensor: Tensor = self._open(path).get_tensor(name)
        except (OSError, SafetensorError) as error:
            raise damaged(path, str(error)) from None
        if tensor.is_floating_point() and tensor.numel():
            least, most = map(float, torch.aminmax(tensor))
            if not (math.isfinite(least) and math.isfinite(most)):
                raise damaged(path, f"the tensor {name} holds values that are no numbers")
        return tensor

    def _open(self, path: Path) -> Any:
        if path not in self._files:
            self._files[path] = safe_open(path, "pt")
        return self._files[path]

    def _stored(self, name: str) -> str:
        """Return the name under which the checkpoint has the tensor that goes by ``name``."""
        if name != TABLE or name in self._shards:
            return name
        path = self._folder / WEIGHTS
        try:
            names = self._shards or self._open(path).keys()
        except (OSError, SafetensorError) as error:
            raise damaged(path, str(error)) from None
        return next((tied for tied in _TIED if tied in names), name)

    def rows(self, name: str, ids: Tensor) -> Tensor:
        """Return the rows ``ids`` of a matrix in float32, (ids, width), read from the file one by
        one: reading through a mapping would count sixteen pages as used for each that is."""
        if not hasattr(os, "preadv"):
            return self(name)[ids].float()
        wanted, inverse = torch.unique(ids, return_inverse=True)
        file, start, width, dtype = self._layout(name)
        size = width * dtype.itemsize
        buffer = bytearray(len(wanted) * size)
        view = memoryview(buffer)
        for at, row in enumerate(wanted.tolist()):
            room = [view[at * size : (at + 1) * size]]
            if os.preadv(file.fileno(), room, start + row * size) != size:
                raise damaged(Path(file.name), "it ends too early")
        return torch.frombuffer(buffer, dtype=dtype).view(-1, width)[inverse].float()

    def _layout(self, name: str) -> tuple[BinaryIO, int, int, torch.dtype]:
        """Return a matrix's file, where it begins there (8 bytes of header length, a JSON header,
        then the tensors), its width and its type."""
        if name not in self._layouts:
            stored = self._stored(name)
            file = (self._folder / self._shards.get(stored, WEIGHTS)).open("rb")
            length = int.from_bytes(file.read(8), "little")
            about = json.loads(file.read(length))[stored]
            start = 8 + length + about["data_offsets"][0]
            self._layouts[name] = (file, start, about["shape"][1], self(name).dtype)
        return self._layouts[name]

    def quantised(
        self, names: Sequence[str], rows: Tensor | None = None, *, pairs: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Return the matrices of ``names`` one below the other (of the first, only ``rows``) in
        int8, and the scale of each output: see ``quantise_weight``. They are made once, and again
        where those that are kept have other sizes or none can be kept."""
        name = f"{_key(names, rows)}{'-pairs' if pairs else ''}.pt"
        path = None if self._prepared is None else self._prepared / name
        if path is not None and path.is_file():
            weight, scale = _read(path)
            shape = self._shape(names, rows)
            if weight.shape == shape and scale.shape == shape[:1]:
                return weight, scale
        parts = [self(name) for name in names]
        whole = parts[0][rows] if rows is not None else torch.cat([p.float() for p in parts])
        weight, scale = quantise_weight(whole.float(), pairs=pairs)
        if path is not None and self._keeps:
            try:
                _write(path, (weight, scale))
            except (OSError, RuntimeError) as error:  # torch reports a full disk as the latter
                self._keeps = False
                log.warning(
                    "%s: prepared weights cannot be kept there (%s), so every start makes them",
                    path.parent,
                    getattr(error, "strerror", None) or str(error).splitlines()[0],
                )
        return weight, scale

    def _shape(self, names: Sequence[str], rows: Tensor | None) -> tuple[int, int]:
        """Return the shape of what ``quantised`` makes, by the headers of the files alone."""
        shapes = []
        for stored in map(self._stored, names):
            path = self._folder / self._shards.get(stored, WEIGHTS)
            try:
                shapes.append(self._open(path).get_slice(stored).get_shape())
            except (OSError, SafetensorError) as error:
                raise damaged(path, str(error)) from None
        return sum(n for n, _ in shapes) if rows is None else len(rows), shapes[0][1]


def _key(names: Sequence[str], rows: Tensor | None) -> str:
    if rows is None:
        return "+".join(names)
    digest = hashlib.sha256(rows.cpu().numpy().tobytes()).hexdigest()[:16]
    return "+".join([*names, digest])


def _read(path: Path) -> tuple[Tensor, Tensor]:
    try:
        weight, scale = torch.load(path, weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, UnpicklingError) as error:
        raise damaged(path, str(error).splitlines()[0]) from None
    return weight, scale


def _write(path: Path, tensors: tuple[Tensor, Tensor]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with storage.whole(path) as made:
        torch.save(tensors, made)
