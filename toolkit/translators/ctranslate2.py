"""NLLB on CTranslate2: conversion, and a decoder with the interface of ``decoding.Decoder``.

Tokens go in and out as their ids in decimal, so no tokenizer is needed here. CTranslate2 surprises
in these ways: the source's end token is ours to add, ``max_input_length`` and
``max_decoding_length`` truncate silently, ``beam_size`` is 2 by default, the target prefix comes
back with each hypothesis, and forking after a model is loaded hangs.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import ModelError
from toolkit.progress import tick
from toolkit.storage import whole
from toolkit.translators.engine.batching import Decoded, token_batches

if TYPE_CHECKING:
    from toolkit.translators.engine.weights import Weights

# Outputs that must have ended before a search stops, in beams. With 1, the default, 84 of 100
# outputs of the demo were those of our loop and of ``generate`` and the others were worse; with 2
# they are 97 and with 4 all, for a third more time.
_PATIENCE = 4.0
# Tokens of a batch, the beams counted in.
_BATCH_TOKENS = {"cpu": 2048, "cuda": 32768}
_SPECIAL = {"bos_token": 0, "eos_token": 2, "unk_token": 3, "decoder_start_token": 2}


class Ct2Decoder:
    """A folder made by ``convert``, loaded.

    ``precision`` is a compute type of CTranslate2: ``int8`` or ``float32`` on a CPU, also
    ``float16`` or ``int8_float16`` on a GPU. ``token_budget`` bounds sequences x longest
    sequence x beams of a batch. Raises ``ModelError`` where the folder cannot be
    loaded or the machine does not compute that type.
    """

    def __init__(
        self,
        folder: Path,
        *,
        device: str = "cpu",
        precision: str = "int8",
        threads: int = 0,
        token_budget: int | None = None,
    ) -> None:
        import ctranslate2

        allowed = ctranslate2.get_supported_compute_types(device)
        if precision not in allowed:
            raise ModelError(
                f"CTranslate2 does not compute {precision} on this {device}",
                remedy=f"It does {', '.join(sorted(allowed))}.",
            )
        try:
            self._translator = ctranslate2.Translator(
                str(folder), device=device, compute_type=precision, intra_threads=threads
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(
                f"{folder} cannot be loaded by CTranslate2 ({str(error).splitlines()[0]})",
                remedy="Make it again with 'toolkit models optimise'.",
            ) from None
        self._budget = token_budget or _BATCH_TOKENS[device]

    def decode(
        self,
        sequences: Sequence[Sequence[int]],
        language: int,
        caps: Sequence[int],
        *,
        beams: int = 1,
        no_repeat_ngram: int = 0,
        stops: bool = True,
    ) -> list[Decoded]:
        """Translate each sequence (source language first, end last) into ``language`` (an id);
        same order. ``caps`` bound the tokens of each output, the end included. ``no_repeat_ngram``
        n of 2 or more lets no n tokens in a row occur twice in an output; scores are then of the
        tokens that are left when the forbidden ones are taken away. ``stops`` false writes outputs
        up to the largest cap of their batch and truncates them there.
        """
        results: dict[int, Decoded] = {}
        budget = max(1, self._budget // beams)
        for batch in token_batches(sequences, budget):
            longest = max(caps[i] for i in batch)
            outputs = self._translator.translate_batch(
                [[str(token) for token in sequences[i]] for i in batch],
                target_prefix=[[str(language)]] * len(batch),
                beam_size=beams,
                num_hypotheses=beams,
                patience=_PATIENCE,
                no_repeat_ngram_size=no_repeat_ngram,
                max_input_length=0,
                max_decoding_length=longest + 1,  # the language code counts
                min_decoding_length=1 if stops else longest + 1,
                return_end_token=True,
                return_scores=True,
            )
            for i, output in zip(batch, outputs, strict=True):
                results[i] = self._decoded(output, caps[i])
            tick(len(batch))
        return [results[i] for i in range(len(sequences))]

    def _decoded(self, output: Any, cap: int) -> Decoded:
        found = []
        for hypothesis, score in zip(output.hypotheses, output.scores, strict=True):
            tokens = [int(token) for token in hypothesis[1:]]
            finished = bool(tokens) and tokens[-1] == _SPECIAL["eos_token"] and len(tokens) <= cap
            # Scores are mean log-probabilities over the tokens and the language code.
            own = score * (len(tokens) + 1) / max(1, len(tokens))
            found.append(Decoded(tuple(tokens[:-1] if finished else tokens[:cap]), own, finished))
        return replace(found[0], others=tuple(found[1:]))


# Inputs and tokens of the network that is tried.
_TRIED = 64


@functools.cache
def int8_is_exact() -> bool:
    """Return whether CTranslate2's 8-bit products are right on this processor, by a trial.

    Without VNNI its oneDNN adds pairs of products in 16 bits, where two large ones do not fit.
    It is tried on a network whose only logits are the sums of 64 ones.
    """
    import ctranslate2
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        _ones().save(folder)
        try:
            network = ctranslate2.Generator(folder, compute_type="int8", intra_threads=1)
        except ValueError:  # it does not compute int8 here at all
            return False
        found = network.forward_batch([[str(i) for i in range(_TRIED // 2)]])
    return bool(abs(np.asarray(found) - _TRIED).max() < 1)


def _ones() -> Any:
    """Return a language model in 8 bits whose states and output weights are all 1."""
    import numpy as np
    from ctranslate2.specs import TransformerDecoderModelSpec, TransformerDecoderSpec

    def fill(linear: Any, outputs: int) -> None:
        linear.weight = np.zeros((outputs, _TRIED), np.float32)
        linear.bias = np.zeros(outputs, np.float32)

    decoder = TransformerDecoderSpec(1, 1, with_encoder_attention=False)
    decoder.scale_embeddings = False
    decoder.embeddings.weight = np.ones((_TRIED, _TRIED), np.float32)
    decoder.projection.weight = np.ones((_TRIED, _TRIED), np.float32)
    # Not of a weight's shape: equal tensors are stored once, of whatever type.
    decoder.position_encodings.encodings = np.zeros((2 * _TRIED, _TRIED), np.float32)
    (layer,) = decoder.layer
    norms = (layer.self_attention.layer_norm, layer.ffn.layer_norm, decoder.layer_norm)
    for norm in norms:
        norm.gamma, norm.beta = np.zeros(_TRIED, np.float32), np.ones(_TRIED, np.float32)
    fill(layer.self_attention.linear[0], 3 * _TRIED)
    for linear in (layer.self_attention.linear[1], layer.ffn.linear_0, layer.ffn.linear_1):
        fill(linear, _TRIED)
    spec = TransformerDecoderModelSpec(decoder)
    spec.register_vocabulary([str(i) for i in range(_TRIED)])
    spec.config.unk_token, spec.config.bos_token, spec.config.eos_token = "0", "1", "2"
    spec.validate()
    spec.optimize(quantization="int8")
    return spec


def convert(
    weights: Weights,
    folder: Path,
    *,
    kept: Sequence[int] | None = None,
    quantization: str | None = "int8",
) -> None:
    """Write a checkpoint to ``folder``, in CTranslate2's format.

    ``kept`` are the ids of the tokens that the decoder may write, ascending, or None for all; the
    encoder keeps the whole vocabulary. The folder appears when it is whole.
    """
    from ctranslate2.specs import TransformerSpec

    from toolkit.translators.engine.network import Shape, sinusoids
    from toolkit.translators.engine.weights import TABLE

    shape = Shape.of(weights.config)
    layers = (shape.encoder_layers, shape.decoder_layers)
    spec = TransformerSpec.from_config(layers, shape.heads)
    # A copy, since CTranslate2 scales in place what it quantises.
    shared = weights(TABLE).float().numpy().copy()
    target = shared if kept is None else shared[list(kept)]
    positions = sinusoids(shape.positions + 2, shape.width)[2:].numpy()
    for side, part in (("encoder", spec.encoder), ("decoder", spec.decoder)):
        part.scale_embeddings = shape.scale
        part.position_encodings.encodings = positions
        _norm(part.layer_norm, weights, f"model.{side}.layer_norm")
        for i, layer in enumerate(part.layer):
            _layer(layer, weights, f"model.{side}.layers.{i}", side == "decoder")
    spec.encoder.embeddings[0].weight = shared
    spec.decoder.embeddings.weight = target
    spec.decoder.projection.weight = target
    spec.register_source_vocabulary([str(i) for i in range(len(shared))])
    spec.register_target_vocabulary(
        [str(i) for i in (range(len(shared)) if kept is None else kept)]
    )
    for name, token in _SPECIAL.items():
        setattr(spec.config, name, str(token))
    spec.validate()
    spec.optimize(quantization=quantization)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with whole(folder) as made:
        made.mkdir()
        spec.save(str(made))


def _layer(spec: Any, weights: Weights, layer: str, decoder: bool) -> None:
    attention = spec.self_attention
    _norm(attention.layer_norm, weights, f"{layer}.self_attn_layer_norm")
    _linear(attention.linear[0], weights, *(f"{layer}.self_attn.{part}_proj" for part in "qkv"))
    _linear(attention.linear[1], weights, f"{layer}.self_attn.out_proj")
    if decoder:
        cross = spec.attention
        _norm(cross.layer_norm, weights, f"{layer}.encoder_attn_layer_norm")
        _linear(cross.linear[0], weights, f"{layer}.encoder_attn.q_proj")
        _linear(cross.linear[1], weights, *(f"{layer}.encoder_attn.{part}_proj" for part in "kv"))
        _linear(cross.linear[2], weights, f"{layer}.encoder_attn.out_proj")
    _norm(spec.ffn.layer_norm, weights, f"{layer}.final_layer_norm")
    _linear(spec.ffn.linear_0, weights, f"{layer}.fc1")
    _linear(spec.ffn.linear_1, weights, f"{layer}.fc2")


def _norm(spec: Any, weights: Weights, name: str) -> None:
    spec.gamma = weights(f"{name}.weight").float().numpy()
    spec.beta = weights(f"{name}.bias").float().numpy()


def _linear(spec: Any, weights: Weights, *names: str) -> None:
    import numpy as np

    spec.weight = np.concatenate([weights(f"{name}.weight").float().numpy() for name in names])
    spec.bias = np.concatenate([weights(f"{name}.bias").float().numpy() for name in names])
