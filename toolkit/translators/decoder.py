"""Decides which code decodes for an engine, and where what is made once of a checkpoint is kept:
the English vocabulary, 8-bit weights, CTranslate2's form of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import torch

from toolkit.config import cache_home
from toolkit.errors import ConfigError, ModelError, OutputError
from toolkit.hub.checkpoint import Checkpoint
from toolkit.storage import write_whole
from toolkit.translators.choice import CTRANSLATE2
from toolkit.translators.engine.batching import Decoded
from toolkit.translators.engine.decoding import Decoder
from toolkit.translators.engine.fused import make_network
from toolkit.translators.engine.linear import Precision
from toolkit.translators.engine.vocabulary import english_tokens
from toolkit.translators.engine.weights import Weights

# Named anew when ``english_tokens`` chooses others.
_VOCABULARY = "english-1.json"
# Raised when ``ctranslate2.convert`` writes another thing: what was kept before is made again.
_CONVERSION = 2


def prepared_folder(checkpoint: Checkpoint) -> Path:
    """Return the folder for what is made once of a checkpoint."""
    return cache_home() / "prepared" / checkpoint.signature.replace("/", "--")


def english_vocabulary(
    checkpoint: Checkpoint, tokenizer: Any, languages: Iterable[int]
) -> list[int] | None:
    """Return the ids of the tokens that English output can need, None where that is all of them.

    Found on first use, which takes some seconds for a large vocabulary, and kept.
    """
    size = tokenizer.get_vocab_size()
    path = prepared_folder(checkpoint) / _VOCABULARY
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        ids = known["kept"]
        if known["size"] == size and all(type(i) is int and 0 <= i < size for i in ids):
            return list(ids)
    except (OSError, ValueError, KeyError, TypeError):
        pass  # Not made yet, or not by this: it is made again.
    kept = english_tokens(tokenizer, languages)
    if len(kept) == size:
        return None
    with suppress(OSError):  # A cache that cannot be written costs time only.
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps({"size": size, "kept": kept}))
    return kept


# The threads of OpenMP do not survive a fork, and a child that waits for them waits for ever.
os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


class AnyDecoder(Protocol):
    """A decoder of either engine: see ``decoding.Decoder.decode``."""

    def decode(
        self,
        sequences: Sequence[Sequence[int]],
        language: int,
        caps: Sequence[int],
        *,
        beams: int = 1,
        no_repeat_ngram: int = 0,
    ) -> list[Decoded]: ...


def load_decoder(
    engine: str,
    checkpoint: Checkpoint,
    weights: Weights,
    precision: Precision,
    device: str,
    kept: Sequence[int] | None,
) -> AnyDecoder:
    """Return the decoder of ``engine``, cut to the tokens ``kept`` unless that is None.

    Raises as ``load_ctranslate2``.
    """
    if engine == CTRANSLATE2:
        return load_ctranslate2(checkpoint, weights, precision, device, kept)
    return load_torch(weights, precision, device, kept)


def load_torch(
    weights: Weights, precision: Precision, device: str, kept: Sequence[int] | None
) -> AnyDecoder:
    """Return our decoding loop over the fastest network that this machine has for ``precision``."""
    return Decoder(make_network(weights, precision, kept=kept, device=device), kept=kept)


def converted_folder(prepared: Path, precision: str, *, cut: bool) -> Path:
    """Return the folder for CTranslate2's form of a checkpoint, below its prepared files."""
    return prepared / f"ctranslate2-{_CONVERSION}-{'english' if cut else 'full'}-{precision}"


def load_ctranslate2(
    checkpoint: Checkpoint,
    weights: Weights,
    precision: Precision,
    device: str,
    kept: Sequence[int] | None,
) -> AnyDecoder:
    """Return CTranslate2 on the checkpoint, which is converted on first use and kept.

    Raises ``ConfigError`` where CTranslate2 is not installed, and ``ModelError`` for int8 on a
    processor on which it is wrong.
    """
    from toolkit.translators.ctranslate2 import Ct2Decoder, convert, int8_is_exact

    folder = converted_folder(prepared_folder(checkpoint), precision, cut=kept is not None)
    try:
        if precision == "int8" and device == "cpu" and not int8_is_exact():
            raise ModelError(
                "CTranslate2's int8 is wrong on this processor (its sums of 16 bits overflow)",
                remedy="Use --engine torch, or the precision float32.",
            )
        if not (folder / "model.bin").is_file():
            stored = None if precision == "float32" else precision
            folder.parent.mkdir(parents=True, exist_ok=True)
            convert(weights, folder, kept=kept, quantization=stored)
        return Ct2Decoder(folder, device=device, precision=precision)
    except ImportError:
        raise ConfigError(
            "CTranslate2 is not installed", remedy="pip install ctranslate2"
        ) from None
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written ({error.strerror or error})",
            remedy="Free space, or set XDG_CACHE_HOME to another disk.",
        ) from None
