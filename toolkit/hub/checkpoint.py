"""Check that a folder holds a whole checkpoint, and identify it."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.errors import ModelError

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
TOKENIZER = "tokenizer.json"
# SentencePiece's file and the vocabulary of M2M100.
PIECES, VOCABULARY = "sentencepiece.bpe.model", "vocab.json"
T5_PIECES = "spiece.model"
# The kind of model that NLLB and M2M100 are: it runs in our loop, the others through transformers.
OURS = "m2m_100"
# The kinds that translate, and the files of a tokenizer in each of the forms that they come with.
_WHOLE_TOKENIZER, _T5 = (TOKENIZER,), ((TOKENIZER,), (T5_PIECES,))
_TOKENIZERS: dict[str, tuple[tuple[str, ...], ...]] = {
    OURS: (_WHOLE_TOKENIZER, (PIECES, VOCABULARY)),
    "marian": (("source.spm", "target.spm", VOCABULARY),),
    "mbart": (_WHOLE_TOKENIZER, (PIECES,)),
    **dict.fromkeys(("mt5", "t5", "umt5"), _T5),
}
# Files to fetch: none holds code or pickles.
FILES = (
    WEIGHTS,
    INDEX,
    "model-*-of-*.safetensors",
    *dict.fromkeys(name for forms in _TOKENIZERS.values() for names in forms for name in names),
    "*config.json",
    "special_tokens_map.json",
)
COMMIT = re.compile(r"[0-9a-f]{40}")
# Bytes up to which weights are hashed whole, and of each block that is hashed of larger ones.
_WHOLE = 64 << 20
_BLOCK = 256 << 10


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights and tokenizer on this machine, whole.

    ``revision`` is the hub's commit or, for another folder, a hash of the contents. ``notice``
    is a sentence that readers of its output must see, or empty. ``family`` is the type of model
    that its config names.
    """

    name: str
    path: Path
    revision: str
    is_demo: bool = False
    licence: str = ""
    notice: str = ""
    family: str = OURS

    @property
    def signature(self) -> str:
        """Return name and revision, short enough for a footer: ``demo@1a2b3c4d``."""
        return f"{self.name}@{self.revision[:8]}"


def missing(folder: Path) -> list[str]:
    """Return the names of the files that ``folder`` lacks to be a checkpoint; empty if none."""
    absent = [] if (folder / "config.json").is_file() else ["config.json"]
    if not has_tokenizer(folder):
        absent.append(TOKENIZER)
    if not (folder / WEIGHTS).is_file() and not (folder / INDEX).is_file():
        absent.append(WEIGHTS)
    elif not (folder / WEIGHTS).is_file():
        absent += [name for name in shards(folder) if not (folder / name).is_file()]
    return absent


def has_tokenizer(folder: Path) -> bool:
    """Return whether ``folder`` holds a tokenizer in a form that its kind of model comes with."""
    return bool(_tokenizer(folder))


def _tokenizer(folder: Path) -> tuple[str, ...]:
    """Return the names of the tokenizer's files; none where they are not all there."""
    try:
        forms = _TOKENIZERS.get(family_of(folder), (_WHOLE_TOKENIZER,))
    except ModelError:
        forms = (_WHOLE_TOKENIZER,)
    return next((names for names in forms if _all_in(folder, names)), ())


def _all_in(folder: Path, names: Iterable[str]) -> bool:
    return all((folder / name).is_file() for name in names)


def check(folder: Path) -> None:
    """Raise ``ModelError``, naming the file, unless ``folder`` holds a whole checkpoint that
    translates.

    Reads the small JSON files and the header of each weights file, whose offsets must end where
    the file ends; a download or a copy that was cut off shows at once.
    """
    absent = missing(folder)
    if WEIGHTS in absent and any(folder.glob("pytorch_model*.bin")):
        raise ModelError(
            f"{folder} has its weights only as pytorch_model.bin, an older format",
            remedy=f"Convert them once: toolkit models fetch {shlex.quote(str(folder))}",
        )
    if absent:
        raise ModelError(
            f"{folder} is no checkpoint: {', '.join(absent)} missing",
            remedy=f"It needs config.json, {TOKENIZER} and {WEIGHTS}.",
        )
    if (family := family_of(folder)) not in _TOKENIZERS:
        raise ModelError(
            f"{folder / 'config.json'} describes a model of type {family!r}, which is no translator"
            " known here",
            remedy="Use NLLB (--model 600M, 1.3B, 3.3B, or a fine-tune of one), M2M100, "
            "MADLAD-400, mBART-50 or OPUS-MT.",
        )
    for weights in [folder / WEIGHTS] if (folder / WEIGHTS).is_file() else _shard_paths(folder):
        _check_safetensors(weights)


def family_of(folder: Path) -> str:
    """Return the type of model that the config in ``folder`` names."""
    return str(_object(folder / "config.json").get("model_type"))


def is_small100(folder: Path) -> bool:
    """Return whether ``folder`` holds SMaLL-100: M2M100 with three layers to write, which is told
    the target language before the text rather than before the output."""
    config = _object(folder / "config.json")
    layers = config.get("encoder_layers"), config.get("decoder_layers")
    return layers == (12, 3) and not (folder / TOKENIZER).is_file()


def fingerprint(folder: Path) -> str:
    """Return hexadecimal digits that change when the config, the tokenizer or the weights do.

    A snapshot folder of the hub's cache has a commit for a name; that is it. Elsewhere it is a
    SHA-256 over the files; of weights beyond 64 MiB the size and 64 blocks spread over the file.
    """
    if folder.parent.name == "snapshots" and COMMIT.fullmatch(folder.name):
        return folder.name
    digest = hashlib.sha256()
    names = ["config.json", "generation_config.json", *_tokenizer(folder)]
    weights = [WEIGHTS] if (folder / WEIGHTS).is_file() else shards(folder)
    for name in [*names, *weights]:
        path = folder / name
        if path.is_file():
            digest.update(name.encode())
            _hash_file(path, digest)
    return digest.hexdigest()[:40]


def _hash_file(path: Path, digest: Any) -> None:
    size = path.stat().st_size
    digest.update(struct.pack("<Q", size))
    with path.open("rb") as handle:
        if size <= _WHOLE:
            while block := handle.read(1 << 20):
                digest.update(block)
            return
        for i in range(64):
            handle.seek(i * (size - _BLOCK) // 63)
            digest.update(handle.read(_BLOCK))


def shards(folder: Path) -> list[str]:
    """Return the names of the files that the index in ``folder`` lists; empty without an index."""
    if not (folder / INDEX).is_file():
        return []
    weight_map = _object(folder / INDEX).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise damaged(folder / INDEX, "no weight_map")
    return sorted({str(name) for name in weight_map.values()})


def _shard_paths(folder: Path) -> list[Path]:
    return [folder / name for name in shards(folder)]


def _object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise damaged(path, str(error)) from None
    if not isinstance(value, dict):
        raise damaged(path, "not a JSON object")
    return value


def _check_safetensors(path: Path) -> None:
    """Raise ``ModelError`` unless the file has the length that its header implies. The layout
    is 8 bytes of header length, a JSON header, then the tensors' bytes."""
    size = path.stat().st_size
    with path.open("rb") as handle:
        start = handle.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > size - 8:
            raise damaged(path, f"cut off after {size:,} bytes")
        try:
            header = json.loads(handle.read(length))
            end = max(v["data_offsets"][1] for k, v in header.items() if k != "__metadata__")
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            raise damaged(path, "not a safetensors file") from None
    if size != 8 + length + end:
        raise damaged(path, f"{size:,} bytes where {8 + length + end:,} belong")


def damaged(path: Path, detail: str) -> ModelError:
    """Return the error for a file of a checkpoint that cannot be used."""
    return ModelError(
        f"{path} is damaged ({detail})",
        remedy=f"Delete {path.resolve()} and fetch or copy it again.",
    )
