"""NLLB's network (M2M100) on torch: an encoder without padding, and one step of the decoder.

Follows transformers' ``M2M100ForConditionalGeneration`` (pre-norm, ReLU); in float32 it gives the
same numbers up to rounding. Sums run in float32 whatever the precision of the products.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor
from torch.nn import functional

from toolkit.errors import ModelError
from toolkit.translators.engine import gpu_kernels
from toolkit.translators.engine.kv_cache import Cache, TorchCache
from toolkit.translators.engine.linear import (
    Dense,
    FloatDense,
    Int8Dense,
    PackedDense,
    Precision,
    bfloat16_works,
    top,
)
from toolkit.translators.engine.network import Embeddings, Shape
from toolkit.translators.engine.weights import TABLE, Weights

# Rows that go through a feed-forward layer at once: memory against the number of calls.
_CPU_BLOCK, _GPU_BLOCK = 512, 32_768
# Logits that are in memory at once: half a gigabyte of float32.
_LOGITS = 1 << 27
# Source positions to a multiple of which int8 pads: attention over as many sums alike.
_INT8_PADDING = 16


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer normalisation over the width."""

    weight: Tensor  # (width,)
    bias: Tensor  # (width,)

    def __call__(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x, (x.shape[-1],), self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class FeedForward:
    """The inner and the outer layer, with ReLU between."""

    norm: Norm
    inner: Dense
    outer: Dense

    def add_to(self, x: Tensor) -> None:
        """Add the result to ``x``, (rows, width)."""
        size = _CPU_BLOCK if x.device.type == "cpu" else _GPU_BLOCK
        for block in torch.split(x, size):
            block.add_(self.outer(self.inner(self.norm(block), relu=True)))


@dataclass(frozen=True, slots=True)
class Attention:
    """``project`` gives queries, in self-attention with keys and values side by side."""

    norm: Norm
    project: Dense
    out: Dense


@dataclass(frozen=True, slots=True)
class EncoderLayer:
    self_attention: Attention
    feed_forward: FeedForward


@dataclass(frozen=True, slots=True)
class DecoderLayer:
    self_attention: Attention
    cross_attention: Attention
    # From encoder states the keys and values for cross-attention, side by side.
    keys_values: Dense
    feed_forward: FeedForward


class TorchNetwork:
    """A ``Network`` on torch, on a CPU or a GPU.

    ``kept`` are the ids of the tokens that the decoder may write, in ascending order, or None for
    all. The encoder always has the whole vocabulary. Raises ``ModelError`` for bfloat16 on a
    processor that lacks it.
    """

    def __init__(
        self,
        weights: Weights,
        precision: Precision,
        *,
        kept: Sequence[int] | None = None,
        device: str = "cpu",
    ) -> None:
        self.shape = shape = Shape.of(weights.config)
        self.device = torch.device(device)
        if precision == "bfloat16" and device == "cpu" and not bfloat16_works():
            raise ModelError(
                "this processor does not multiply bfloat16 (torch needs AVX-512 for it)",
                remedy="Use the precision float32 or int8.",
            )
        self._precision = precision
        self._dim = shape.width // shape.heads
        self._on_gpu = gpu_kernels.serves(self.device, self._dim)
        self._dtype = torch.bfloat16 if precision == "int8" else getattr(torch, precision)
        self._weights = weights
        # Products in int8 are exact, and so is attention over as many positions: what is written
        # for a sequence then depends on no other.
        self.padding = _INT8_PADDING if precision == "int8" else 1
        # On a CPU the table stays where the checkpoint is: only the rows in use take memory.
        shared = weights(TABLE)
        self._table = shared if device == "cpu" else shared.to(self.device, self._dtype)
        self._kept = torch.arange(len(shared)) if kept is None else torch.tensor(kept)
        self._kept = self._kept.to(self.device)
        self._output = self._make_output()
        self._embeddings = Embeddings(lambda ids: self._table[ids].float(), shape, self.device)
        self._encoder = [self._encoder_layer(i) for i in range(shape.encoder_layers)]
        self._decoder = [self._decoder_layer(i) for i in range(shape.decoder_layers)]
        self._encoder_norm = self._norm("model.encoder.layer_norm")
        self._decoder_norm = self._norm("model.decoder.layer_norm")

    @property
    def target_size(self) -> int:
        """How many tokens the decoder chooses from."""
        return len(self._kept)

    def encode(self, sequences: Sequence[Sequence[int]]) -> Tensor:
        """Return encoder states, (all tokens, width), sequence after sequence. Sequences of equal
        length must stand together: each run of them attends at once, and nothing is padded."""
        lengths = [len(sequence) for sequence in sequences]
        x = self._embeddings.source(sequences)
        for layer in self._encoder:
            attention = layer.self_attention
            mixed = attention.project(attention.norm(x)).to(self._dtype)
            x.add_(attention.out(self._attend_within(mixed, lengths)))
            layer.feed_forward.add_to(x)
        return self._encoder_norm(x)

    def _attend_within(self, mixed: Tensor, lengths: Sequence[int]) -> Tensor:
        """Attend within each sequence: (all tokens, 3 x width) to (all tokens, width)."""
        attended = mixed.new_empty(mixed.shape[0], self.shape.width)
        start = 0
        for length, run in groupby(lengths):
            count = len(list(run))
            stop = start + count * length
            parts = mixed[start:stop].view(count, length, 3, self.shape.heads, -1)
            query, key, value = parts.permute(2, 0, 3, 1, 4)  # (batch, heads, length, dim)
            result = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2)
            attended[start:stop].view(count, length, self.shape.heads, -1).copy_(result)
            start = stop
        return attended

    def _source_keys_values(self, states: Tensor, lengths: Sequence[int]) -> list[Tensor]:
        """For each decoder layer the keys and values of encoder states, of shape (2, batch, heads,
        longest source, dim); zero where a sequence is shorter."""
        heads, longest = self.shape.heads, -(-max(lengths) // self.padding) * self.padding
        found = []
        for layer in self._decoder:
            both = layer.keys_values(states).to(self._dtype)
            padded = both.new_zeros(2, len(lengths), heads, longest, self._dim)
            start = first = 0
            for length, run in groupby(lengths):
                count = len(list(run))
                part = both[start : start + count * length].view(count, length, 2, heads, -1)
                padded[:, first : first + count, :, :length] = part.permute(2, 0, 3, 1, 4)
                start, first = start + count * length, first + count
            found.append(padded)
        return found

    def begin(self, sequences: Sequence[Sequence[int]], beams: int, steps: int) -> Cache:
        """See ``Network.begin``."""
        lengths = [len(sequence) for sequence in sequences]
        source = self._source_keys_values(self.encode(sequences), lengths)
        return TorchCache(source, lengths, beams, steps)

    def step(
        self, tokens: Tensor, caches: Sequence[Cache], count: int, banned: int
    ) -> tuple[Tensor, Tensor]:
        """See ``Network.step``."""
        ours = [cache for cache in caches if isinstance(cache, TorchCache)]
        sizes = [len(cache) * cache.beams for cache in ours]
        x = self._embeddings.step(self._kept[tokens.to(self.device)], caches)
        for i, layer in enumerate(self._decoder):
            attention = layer.self_attention
            mixed = self._project(attention, x).split_with_sizes(sizes)
            done = [c.attend_to_output(i, part) for c, part in zip(ours, mixed, strict=True)]
            x.add_(attention.out(_joined(done)))
            attention = layer.cross_attention
            query = self._project(attention, x).split_with_sizes(sizes)
            done = [c.attend_to_source(i, part) for c, part in zip(ours, query, strict=True)]
            x.add_(attention.out(_joined(done)))
            layer.feed_forward.add_to(x)
        blocks = torch.split(self._decoder_norm(x), max(1, _LOGITS // self.target_size))
        found = [self._likeliest(block, count, banned) for block in blocks]
        scores, indices = (list(part) for part in zip(*found, strict=True))
        return _joined(scores), _joined(indices)

    def _project(self, attention: Attention, x: Tensor) -> Tensor:
        return attention.project(attention.norm(x)).to(self._dtype)

    def _likeliest(self, states: Tensor, count: int, banned: int) -> tuple[Tensor, Tensor]:
        logits = self._output(states)
        if self._on_gpu:
            total, best, found = gpu_kernels.likeliest(logits, banned)
            if count > 1:
                if banned >= 0:
                    logits[:, banned] = float("-inf")
                best, found = top(logits, count)
            return best.float() - total, found
        logits = logits.float()
        total = logits.logsumexp(1, keepdim=True)
        if banned >= 0:
            logits[:, banned] = float("-inf")
        best, found = logits.max(1, keepdim=True) if count == 1 else top(logits, count)
        return best - total, found

    def _make_output(self) -> Dense:
        if self.device.type == "cpu":
            return self._dense([TABLE], [], rows=self._kept)
        # All of it is the table, which is on the device already.
        whole = self.target_size == len(self._table)
        weight = self._table if whole else self._table[self._kept]
        return FloatDense(weight, None, self._dtype)

    def _dense(
        self,
        names: Sequence[str],
        biases: Sequence[str],
        *,
        rows: Tensor | None = None,
        nonnegative: bool = False,
    ) -> Dense:
        """Return the matrices of ``names`` as one layer, or ``rows`` of the first."""
        bias = torch.cat([self._weights(name) for name in biases]).float() if biases else None
        if self._precision == "int8":
            weight, scale = self._weights.quantised(names, rows)
            return Int8Dense(weight, scale, bias, nonnegative=nonnegative)
        parts = [self._weights(name) for name in names]
        weight = torch.cat(parts) if rows is None else parts[0][rows.cpu()]
        if self._precision == "bfloat16" and self.device.type == "cpu":
            return PackedDense(weight, bias)
        moved = bias if bias is None else bias.to(self.device)
        return FloatDense(weight.to(self.device), moved, self._dtype)

    def _named(self, *names: str, nonnegative: bool = False) -> Dense:
        weights, biases = ([f"{name}.{part}" for name in names] for part in ("weight", "bias"))
        return self._dense(weights, biases, nonnegative=nonnegative)

    def _norm(self, name: str) -> Norm:
        weight, bias = (self._weights(f"{name}.{part}").float() for part in ("weight", "bias"))
        return Norm(weight.to(self.device), bias.to(self.device))

    def _self_attention(self, layer: str) -> Attention:
        return Attention(
            self._norm(f"{layer}.self_attn_layer_norm"),
            self._named(*(f"{layer}.self_attn.{part}_proj" for part in "qkv")),
            self._named(f"{layer}.self_attn.out_proj"),
        )

    def _feed_forward(self, layer: str) -> FeedForward:
        return FeedForward(
            self._norm(f"{layer}.final_layer_norm"),
            self._named(f"{layer}.fc1"),
            self._named(f"{layer}.fc2", nonnegative=True),
        )

    def _encoder_layer(self, index: int) -> EncoderLayer:
        layer = f"model.encoder.layers.{index}"
        return EncoderLayer(self._self_attention(layer), self._feed_forward(layer))

    def _decoder_layer(self, index: int) -> DecoderLayer:
        layer = f"model.decoder.layers.{index}"
        cross_attention = Attention(
            self._norm(f"{layer}.encoder_attn_layer_norm"),
            self._named(f"{layer}.encoder_attn.q_proj"),
            self._named(f"{layer}.encoder_attn.out_proj"),
        )
        return DecoderLayer(
            self._self_attention(layer),
            cross_attention,
            self._named(*(f"{layer}.encoder_attn.{part}_proj" for part in "kv")),
            self._feed_forward(layer),
        )


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)
