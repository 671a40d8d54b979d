"""The arithmetic of NLLB (M2M100) for inference: an encoder without padding, and one step of
the decoder over caches.

Follows transformers' ``M2M100ForConditionalGeneration`` (pre-norm, ReLU, sinusoidal positions
counted from 2, embeddings scaled by the root of the width); in float32 it gives the same
numbers up to rounding. Sums run in float32 whatever the precision of the products.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from toolkit.errors import ModelError
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
from toolkit.translators.engine.weights import Weights

_PAD_POSITION = 1  # positions are counted from the padding id: the first token is at 2
# Rows whose wide inner layer is held at once, and logits: memory against the number of calls.
_CPU_BLOCK, _GPU_BLOCK = 512, 32_768
_LOGITS = 1 << 27
_PADDING = 16


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a checkpoint, from its ``config.json``."""

    width: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    positions: int
    scale: float

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Shape:
        """Raises ``ModelError`` for a network that this module does not compute."""
        heads = config["encoder_attention_heads"]
        if config["activation_function"] != "relu" or config["decoder_attention_heads"] != heads:
            raise ModelError(
                "config.json describes a variant of M2M100 that the fast loop cannot run",
                remedy="Use a checkpoint of NLLB's family.",
            )
        width = config["d_model"]
        return cls(
            width,
            heads,
            config["encoder_layers"],
            config["decoder_layers"],
            config["max_position_embeddings"],
            math.sqrt(width) if config.get("scale_embedding", True) else 1.0,
        )


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer normalisation over the width."""

    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x, (x.shape[-1],), self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class Feed:
    """The two wide layers with ReLU between; adds its result to ``x``."""

    norm: Norm
    inner: Dense
    outer: Dense

    def add_to(self, x: Tensor) -> None:
        size = _CPU_BLOCK if x.device.type == "cpu" else _GPU_BLOCK
        for block in torch.split(x, size):
            block.add_(self.outer(self.inner(self.norm(block), relu=True)))


@dataclass(frozen=True, slots=True)
class Attention:
    """``project`` gives queries (and in self-attention keys and values, side by side)."""

    norm: Norm
    project: Dense
    out: Dense


@dataclass(frozen=True, slots=True)
class Layer:
    own: Attention
    feed: Feed
    cross: Attention | None = None
    memory: Dense | None = None  # keys and values of the encoder's output


class Network:
    """A checkpoint's weights, ready to multiply.

    ``kept`` are the ids of the pieces
    that the decoder may write, in ascending order, or None for all: the decoder then counts in
    indices into it. The encoder always has the whole vocabulary. The sources of a cohort are
    padded to a multiple of ``padding``; where it is more than 1 all of them must come to the same.
    Raises ``ModelError`` for bfloat16 on a processor that lacks it.
    """

    padding = 1

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
        self._head = shape.width // shape.heads
        self._dtype = torch.bfloat16 if precision == "int8" else getattr(torch, precision)
        self._weights = weights
        if precision == "int8":
            # Its products are exact, and so is attention over as many places: what is written
            # for a row then depends on no other.
            self.padding = _PADDING
        # On a CPU the table stays where the checkpoint is: only the rows in use take memory.
        shared = weights("model.shared.weight")
        self._table = shared if device == "cpu" else shared.to(self.device, self._dtype)
        self._kept = torch.arange(len(shared)) if kept is None else torch.tensor(kept)
        self._kept = self._kept.to(self.device)
        self._make_output()
        self._positions = sinusoids(shape.positions + 2, shape.width).to(self.device)
        self._encoder = [self._layer("encoder", i) for i in range(shape.encoder_layers)]
        self._decoder = [self._layer("decoder", i) for i in range(shape.decoder_layers)]
        self._encoder_norm = self._norm("model.encoder.layer_norm")
        self._decoder_norm = self._norm("model.decoder.layer_norm")

    @property
    def target_size(self) -> int:
        """How many pieces the decoder chooses from."""
        return len(self._kept)

    def encode(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """States of shape (all tokens, width), row after row. Rows of equal length must stand
        together: each run of them attends as one rectangle, and nothing is padded."""
        lengths = [len(row) for row in rows]
        x = self._embed_rows(rows)
        for layer in self._encoder:
            mixed = layer.own.project(layer.own.norm(x)).to(self._dtype)
            x.add_(layer.own.out(self._attend_within(mixed, lengths)))
            layer.feed.add_to(x)
        return self._encoder_norm(x)

    def _attend_within(self, mixed: Tensor, lengths: Sequence[int]) -> Tensor:
        attended = mixed.new_empty(mixed.shape[0], self.shape.width)
        start = 0
        for length, run in groupby(lengths):
            count = len(list(run))
            stop = start + count * length
            parts = mixed[start:stop].view(count, length, 3, self.shape.heads, -1)
            query, key, value = parts.permute(2, 0, 3, 1, 4)
            result = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2)
            attended[start:stop].view(count, length, self.shape.heads, -1).copy_(result)
            start = stop
        return attended

    def _memory(self, encoded: Tensor, lengths: Sequence[int]) -> list[Tensor]:
        """For each decoder layer the keys and values of the encoder's output, of shape (2, rows,
        heads, longest row, head width); zero where a row is shorter."""
        heads, longest = self.shape.heads, -(-max(lengths) // self.padding) * self.padding
        found = []
        for layer in self._decoder:
            assert layer.memory is not None
            both = layer.memory(encoded).to(self._dtype)
            kept = both.new_zeros(2, len(lengths), heads, longest, self._head)
            start = row = 0
            for length, run in groupby(lengths):
                count = len(list(run))
                part = both[start : start + count * length].view(count, length, 2, heads, -1)
                kept[:, row : row + count, :, :length] = part.permute(2, 0, 3, 1, 4)
                start, row = start + count * length, row + count
            found.append(kept)
        return found

    def begin(self, rows: Sequence[Sequence[int]], beams: int, steps: int) -> Cache:
        """Encode rows (see ``encode``) and make the cache for writing their translations in at
        most ``steps`` steps."""
        lengths = [len(row) for row in rows]
        return TorchCache(self._memory(self.encode(rows), lengths), lengths, beams, steps)

    def step(
        self, tokens: Tensor, caches: Sequence[Cache], count: int, banned: int
    ) -> tuple[Tensor, Tensor]:
        """The log-probabilities and indices of the ``count`` likeliest next pieces of each row,
        best first, without ``banned`` (an index, or -1): each of shape (rows, count).

        ``tokens``, shape (rows,), are the pieces written last, for all beams of all rows of each
        cache in turn; every cache has been advanced to this step.
        """
        own = [cache for cache in caches if isinstance(cache, TorchCache)]
        sizes = [len(cache) * cache.beams for cache in own]
        x = self._embed(self._kept[tokens.to(self.device)], self._places(caches, sizes))
        for i, layer in enumerate(self._decoder):
            assert layer.cross is not None
            mixed = layer.own.project(layer.own.norm(x)).to(self._dtype).split_with_sizes(sizes)
            done = [cache.attend_own(i, part) for cache, part in zip(own, mixed, strict=True)]
            x.add_(layer.own.out(_joined(done)))
            query = layer.cross.project(layer.cross.norm(x)).to(self._dtype).split_with_sizes(sizes)
            done = [cache.attend_memory(i, part) for cache, part in zip(own, query, strict=True)]
            x.add_(layer.cross.out(_joined(done)))
            layer.feed.add_to(x)
        blocks = torch.split(self._decoder_norm(x), max(1, _LOGITS // self.target_size))
        found = [self._likeliest(block, count, banned) for block in blocks]
        scores, indices = (list(part) for part in zip(*found, strict=True))
        return _joined(scores), _joined(indices)

    def _likeliest(self, states: Tensor, count: int, banned: int) -> tuple[Tensor, Tensor]:
        logits = self._output(states).float()
        total = logits.logsumexp(1, keepdim=True)
        if banned >= 0:
            logits[:, banned] = float("-inf")
        best, found = logits.max(1, keepdim=True) if count == 1 else top(logits, count)
        return best - total, found

    def _places(self, caches: Sequence[Cache], sizes: Sequence[int]) -> Tensor:
        """The position vectors of each row's step."""
        first = _PAD_POSITION + 1
        return torch.cat(
            [
                self._positions[cache.step + first].expand(size, -1)
                for cache, size in zip(caches, sizes, strict=True)
            ]
        )

    def _make_output(self) -> None:
        if self.device.type == "cpu":
            self._output = self._dense(["model.shared.weight"], [], rows=self._kept)
        else:  # all of it is the table, which is on the device already
            whole = self.target_size == len(self._table)
            weight = self._table if whole else self._table[self._kept]
            self._output = FloatDense(weight, None, self._dtype)

    def _embed_rows(self, rows: Sequence[Sequence[int]]) -> Tensor:
        ids = torch.tensor([i for row in rows for i in row])
        places = torch.cat([torch.arange(len(row)) for row in rows]) + _PAD_POSITION + 1
        return self._embed(ids, self._positions[places.to(self.device)])

    def _embed(self, ids: Tensor, positions: Tensor) -> Tensor:
        return self._table[ids.to(self.device)].float().mul_(self.shape.scale).add_(positions)

    def _dense(
        self,
        names: Sequence[str],
        biases: Sequence[str],
        *,
        rows: Tensor | None = None,
        nonnegative: bool = False,
    ) -> Dense:
        """The matrices of ``names`` as one layer, or ``rows`` of the first."""
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

    def _layer(self, side: str, index: int) -> Layer:
        at = f"model.{side}.layers.{index}"
        feed = Feed(
            self._norm(f"{at}.final_layer_norm"),
            self._named(f"{at}.fc1"),
            self._named(f"{at}.fc2", nonnegative=True),
        )
        own = Attention(
            self._norm(f"{at}.self_attn_layer_norm"),
            self._named(*(f"{at}.self_attn.{part}_proj" for part in "qkv")),
            self._named(f"{at}.self_attn.out_proj"),
        )
        if side == "encoder":
            return Layer(own, feed)
        cross = Attention(
            self._norm(f"{at}.encoder_attn_layer_norm"),
            self._named(f"{at}.encoder_attn.q_proj"),
            self._named(f"{at}.encoder_attn.out_proj"),
        )
        memory = self._named(*(f"{at}.encoder_attn.{part}_proj" for part in "kv"))
        return Layer(own, feed, cross, memory)


def sinusoids(count: int, width: int) -> Tensor:
    """Sinusoidal positions as fairseq makes them (sines, then cosines): (count, width)."""
    half = width // 2
    rates = torch.exp(torch.arange(half) * -(math.log(10000) / (half - 1)))
    angles = torch.arange(count)[:, None] * rates[None]
    table = torch.cat([angles.sin(), angles.cos()], dim=1)
    return functional.pad(table, (0, width - 2 * half))


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)
