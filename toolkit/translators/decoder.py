"""From weights to a decoder: what is prepared once and kept, and which kernels do the work."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from toolkit.config import cache_home
from toolkit.errors import ConfigError, ModelError, OutputError
from toolkit.hub.checkpoint import Checkpoint
from toolkit.translators.engine.batching import Decoded
from toolkit.translators.engine.decoding import Decoder
from toolkit.translators.engine.fused import make_network
from toolkit.translators.engine.linear import Precision
from toolkit.translators.engine.vocabulary import english_pieces
from toolkit.translators.engine.weights import Weights

# Named anew when ``english_pieces`` chooses others.
_VOCABULARY = "english-1.json"
# Raised when ``ct2_nllb.convert`` writes another thing: what was kept before is made again.
_CONVERSION = 2


def prepared_folder(checkpoint: Checkpoint) -> Path:
    """Where what is made once of a checkpoint is kept."""
    return cache_home() / "prepared" / checkpoint.signature.replace("/", "--")


def english_vocabulary(
    checkpoint: Checkpoint, tokenizer: Any, languages: Iterable[int]
) -> list[int] | None:
    """The ids of the pieces that English output can need, None where that is all of them.

    Found on first use, which takes some seconds for a large vocabulary, and kept.
    """
    size = tokenizer.get_vocab_size()
    path = prepared_folder(checkpoint) / _VOCABULARY
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if known["size"] == size:
            return list(known["kept"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # Not made yet, or not whole: it is made again.
    kept = english_pieces(tokenizer, languages)
    if len(kept) == size:
        return None
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps({"size": size, "kept": kept}), encoding="utf-8")
        temporary.replace(path)
    except OSError:
        with suppress(OSError):  # A cache that cannot be written costs time only.
            temporary.unlink(missing_ok=True)
    return kept


class AnyDecoder(Protocol):
    """What both engines offer: see ``decoding.Decoder.decode``."""

    def decode(
        self,
        rows: Sequence[Sequence[int]],
        language: int,
        caps: Sequence[int],
        *,
        beams: int = 1,
        no_repeat_ngram: int = 0,
    ) -> list[Decoded]: ...


def load_decoder(
    weights: Weights, precision: Precision, device: str, kept: Sequence[int] | None
) -> AnyDecoder:
    """The decoding loop over the fastest kernels that this machine has for ``precision``."""
    return Decoder(make_network(weights, precision, kept=kept, device=device), kept=kept)


def converted_folder(prepared: Path, precision: str, *, cut: bool) -> Path:
    """Where CTranslate2's form of a checkpoint is kept below its folder of prepared files."""
    return prepared / f"ctranslate2-{_CONVERSION}-{'english' if cut else 'full'}-{precision}"


def load_ct2(
    checkpoint: Checkpoint,
    weights: Weights,
    precision: Precision,
    device: str,
    kept: Sequence[int] | None,
) -> AnyDecoder:
    """CTranslate2 on the checkpoint, which is converted on first use and kept.

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
