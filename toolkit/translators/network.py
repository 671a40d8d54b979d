"""The arithmetic of NLLB (M2M100) for inference: an encoder without padding, and one step of
the decoder over caches.

Follows transformers' ``M2M100ForConditionalGeneration`` (pre-norm, ReLU, sinusoidal positions
counted from 2, embeddings scaled by the root of the width); in float32 it gives the same
numbers up to rounding. Sums run in float32 whatever the precision of the products.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from toolkit.errors import ModelError
from toolkit.translators.kernels import (
    Dense,
    FloatDense,
    Int8Dense,
    PackedDense,
    Precision,
    quantise_weight,
)

_PAD_POSITION = 1  # positions are counted from the padding id: the first token is at 2
_BLOCK = 512  # rows whose wide inner layer is held at once


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
        for block in torch.split(x, _BLOCK):
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

    ``weights`` gives a tensor by its name in the checkpoint. ``kept`` are the ids of the pieces
    that the decoder may write, in ascending order, or None for all: the decoder then counts in
    indices into it. The encoder always has the whole vocabulary.
    """

    def __init__(
        self,
        weights: Callable[[str], Tensor],
        shape: Shape,
        precision: Precision,
        *,
        kept: Sequence[int] | None = None,
        device: str = "cpu",
    ) -> None:
        self.shape = shape
        self.device = torch.device(device)
        self._precision = precision
        self._dtype = torch.bfloat16 if precision == "int8" else getattr(torch, precision)
        self._weights = weights
        shared = weights("model.shared.weight")
        self._source = shared if device == "cpu" else shared.to(self.device, self._dtype)
        # In float32 an uncut table is shared; otherwise the decoder has its own, smaller one.
        self._target = self._source
        if kept is not None:
            rows = shared[torch.tensor(kept)]
            self._target = rows.to(self.device, self._dtype)
        self._output = self._dense([self._target.float()], [])
        self._positions = sinusoids(shape.positions + 2, shape.width).to(self.device)
        self._encoder = [self._layer("encoder", i) for i in range(shape.encoder_layers)]
        self._decoder = [self._layer("decoder", i) for i in range(shape.decoder_layers)]
        self._encoder_norm = self._norm("model.encoder.layer_norm")
        self._decoder_norm = self._norm("model.decoder.layer_norm")

    @property
    def target_size(self) -> int:
        """How many pieces the decoder chooses from."""
        return self._target.shape[0]

    def encode(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """States of shape (all tokens, width), row after row. Rows of equal length must stand
        together: each run of them attends as one rectangle, and nothing is padded."""
        lengths = [len(row) for row in rows]
        ids = torch.tensor([i for row in rows for i in row])
        places = torch.cat([torch.arange(n) for n in lengths]) + _PAD_POSITION + 1
        x = self._embed(self._source, ids, self._positions[places.to(self.device)])
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

    def memory(self, encoded: Tensor, lengths: Sequence[int]) -> list[tuple[Tensor, Tensor]]:
        """For each decoder layer the keys and values of the encoder's output, each of shape
        (rows, heads, longest row, head width); zero where a row is shorter."""
        heads, longest = self.shape.heads, max(lengths)
        shape = (len(lengths), heads, longest, self.shape.width // heads)
        found = []
        for layer in self._decoder:
            assert layer.memory is not None
            both = layer.memory(encoded).to(self._dtype).view(len(encoded), 2, heads, -1)
            keys, values = both.new_zeros(shape), both.new_zeros(shape)
            start = row = 0
            for length, run in groupby(lengths):
                count = len(list(run))
                part = both[start : start + count * length].view(count, length, 2, heads, -1)
                keys[row : row + count, :, :length] = part[:, :, 0].transpose(1, 2)
                values[row : row + count, :, :length] = part[:, :, 1].transpose(1, 2)
                start, row = start + count * length, row + count
            found.append((keys, values))
        return found

    def step(
        self,
        tokens: Tensor,
        places: Tensor,
        attend_own: Callable[[int, Tensor, Tensor, Tensor], Tensor],
        attend_memory: Callable[[int, Tensor], Tensor],
    ) -> Tensor:
        """Logits of shape (rows, target pieces), float32, for the next token of each row.

        ``tokens`` are indices of target pieces and ``places`` positions from 0, each of shape
        (rows,). ``attend_own(layer, query, key, value)`` and ``attend_memory(layer, query)``
        are given and return shape (rows, heads, head width).
        """
        heads = self.shape.heads
        x = self._embed(self._target, tokens, self._positions[places + _PAD_POSITION + 1])
        for i, layer in enumerate(self._decoder):
            assert layer.cross is not None
            mixed = layer.own.project(layer.own.norm(x)).to(self._dtype)
            query, key, value = mixed.view(len(x), 3, heads, -1).unbind(1)
            x.add_(layer.own.out(attend_own(i, query, key, value).flatten(1)))
            query = layer.cross.project(layer.cross.norm(x)).to(self._dtype)
            x.add_(layer.cross.out(attend_memory(i, query.view(len(x), heads, -1)).flatten(1)))
            layer.feed.add_to(x)
        return self._output(self._decoder_norm(x)).float()

    def _embed(self, table: Tensor, ids: Tensor, positions: Tensor) -> Tensor:
        ids = ids.to(table.device)
        return table[ids].float().mul_(self.shape.scale).add_(positions)

    def _dense(
        self, weights: Sequence[Tensor], biases: Sequence[Tensor], *, nonnegative: bool = False
    ) -> Dense:
        weight = torch.cat(list(weights)) if len(weights) > 1 else weights[0]
        bias = torch.cat(list(biases)).float() if biases else None
        if self._precision == "int8":
            return Int8Dense(*quantise_weight(weight), bias, nonnegative=nonnegative)
        if self._precision == "bfloat16" and self.device.type == "cpu":
            return PackedDense(weight, bias)
        moved = bias if bias is None else bias.to(self.device)
        return FloatDense(weight.to(self.device), moved, self._dtype)

    def _named(self, *names: str, nonnegative: bool = False) -> Dense:
        weights = [self._weights(f"{name}.weight").float() for name in names]
        biases = [self._weights(f"{name}.bias") for name in names]
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
