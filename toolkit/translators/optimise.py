"""Make before a first start all that it would make of a checkpoint: ``toolkit models optimise``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from toolkit.hub.resolve import resolve
from toolkit.progress import Progress, Silent
from toolkit.translators.choice import TRANSFORMERS, choose_precision, settle
from toolkit.translators.decoder import (
    english_vocabulary,
    load_decoder,
    prepared_folder,
)
from toolkit.translators.engine.weights import Weights
from toolkit.translators.nllb import language_ids, load_tokenizer, open_weights

# Tensors of a checkpoint: in a layer of the encoder, of the decoder, and besides.
_ENCODER, _DECODER, _BESIDES = 16, 26, 5


@dataclass(frozen=True, slots=True)
class Prepared:
    """The engine that was prepared for, why that one, and the folder that holds everything."""

    engine: str
    why: str
    folder: Path


def prepare(
    model: str, *, engine: str = "auto", device: str = "auto", progress: Progress | None = None
) -> Prepared:
    """Make and keep what translating ``model`` into English needs: the English vocabulary, the C
    kernels and the 8-bit weights, or CTranslate2's conversion. What is there already stays.

    ``progress`` counts tensors read. Our weights are made matrix by matrix; CTranslate2's
    conversion holds all of them, in float32. Raises as ``load_translator``.
    """
    progress = progress or Silent()
    checkpoint = resolve(model)
    chosen = settle(checkpoint, engine=engine, device=device)
    folder = prepared_folder(checkpoint)
    if chosen.engine == TRANSFORMERS:  # It reads the published files as they are.
        return Prepared(chosen.engine, chosen.why, folder)
    tokenizer = load_tokenizer(checkpoint)
    languages = language_ids(tokenizer, checkpoint)
    config = open_weights(checkpoint, tokenizer.get_vocab_size()).config
    progress.begin("find the English vocabulary", 0)
    kept = english_vocabulary(checkpoint, tokenizer, languages.values())
    layers = config["encoder_layers"] * _ENCODER + config["decoder_layers"] * _DECODER
    progress.begin("prepare weights", layers + _BESIDES)
    weights = _Watched(checkpoint.path, folder, progress)
    precision = chosen.precision or choose_precision(chosen.device, config, chosen.engine)
    load_decoder(chosen.engine, checkpoint, weights, precision, chosen.device, kept)
    return Prepared(chosen.engine, chosen.why, folder)


class _Watched(Weights):
    """Reports to ``progress`` each tensor that is read for the first time."""

    def __init__(self, folder: Path, prepared: Path, progress: Progress) -> None:
        super().__init__(folder, prepared=prepared)
        self._progress = progress
        self._seen: set[str] = set()

    def __call__(self, name: str) -> Tensor:
        if name not in self._seen:
            self._seen.add(name)
            self._progress.advance()
        return super().__call__(name)
