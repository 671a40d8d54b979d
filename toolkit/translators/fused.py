"""int8 inference with the C kernels: what lies between two matrix products is one pass.

The same arithmetic as ``Network`` in int8, with keys and values kept in 8 bits too, one scale
for each head of each piece: a quarter of the memory that CTranslate2 needs for them.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from toolkit.translators.caches import Ancestry, Cache
from toolkit.translators.kernels import Int8Dense, Precision
from toolkit.translators.native_kernels import LOWEST, WIDEST, Kernels, empty, load
from toolkit.translators.network import Attention, Feed, Network, Norm, Shape
from toolkit.translators.weights import Weights

_BLOCK = 256  # rows whose wide inner layer is held at once
_COLUMNS = 4096  # pieces of the output layer that are multiplied at once
# Sums of products, the scales of their rows, and the bias: what is still to be added.
Pending = tuple[Tensor, Tensor, Tensor]
KeysValues = tuple[Tensor, Tensor, Tensor, Tensor]


def make_network(
    weights: Weights,
    precision: Precision,
    *,
    kept: Sequence[int] | None = None,
    device: str = "cpu",
) -> Network:
    """``Network``, or the faster ``FusedNetwork`` where the C kernels are compiled and int8 is
    asked for."""
    kernels = load() if precision == "int8" and device == "cpu" else None
    wide = max(
        weights(f"model.{side}.layers.0.fc1.bias").numel() for side in ("encoder", "decoder")
    )
    if kernels is None or wide > WIDEST:
        return Network(weights, precision, kept=kept, device=device)
    return FusedNetwork(weights, kernels, kept=kept)


class FusedNetwork(Network):
    """See ``Network``; int8 on a CPU."""

    def __init__(
        self,
        weights: Weights,
        kernels: Kernels,
        *,
        kept: Sequence[int] | None = None,
    ) -> None:
        self._kernels = kernels
        super().__init__(weights, "int8", kept=kept)

    def begin(self, rows: Sequence[Sequence[int]], beams: int, steps: int) -> Cache:
        lengths = [len(row) for row in rows]
        x, pending = self._embed_rows(rows), None
        for layer in self._encoder:
            states, scale = self._norm_of(x, pending, layer.own.norm)
            project = _int8(layer.own.project)
            mixed = self._kernels.bf16(project.sums(states), scale, project.bias)
            attended = self._kernels.quantise(self._attend_within(mixed, lengths))
            pending = _product(layer.own, *attended)
            pending = self._feed_forward(x, pending, layer.feed)
        states, scale = self._norm_of(x, pending, self._encoder_norm)
        cache = FusedCache(self._kernels, lengths, beams, steps, self.shape)
        for layer in self._decoder:
            memory = _int8(layer.memory)
            cache.add_memory(memory.sums(states), scale, memory.bias)
        return cache

    def step(
        self, tokens: Tensor, caches: Sequence[Cache], count: int, banned: int
    ) -> tuple[Tensor, Tensor]:
        own = [cache for cache in caches if isinstance(cache, FusedCache)]
        sizes = [len(cache) * cache.beams for cache in own]
        ends = list(accumulate(sizes))
        slices = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
        x = self._embed(self._kept[tokens], self._places(caches, sizes))
        pending: Pending | None = None
        for i, layer in enumerate(self._decoder):
            assert layer.cross is not None
            states, scale = self._norm_of(x, pending, layer.own.norm)
            project = _int8(layer.own.project)
            sums, out = project.sums(states), empty(len(x), self.shape.width)
            for cache, rows in zip(own, slices, strict=True):
                cache.attend_own(i, sums[rows], scale[rows], project.bias, _rows(out, rows))
            pending = _product(layer.own, *out)
            states, scale = self._norm_of(x, pending, layer.cross.norm)
            project = _int8(layer.cross.project)
            sums, out = project.sums(states), empty(len(x), self.shape.width)
            for cache, rows in zip(own, slices, strict=True):
                cache.attend_memory(i, sums[rows], scale[rows], project.bias, _rows(out, rows))
            pending = _product(layer.cross, *out)
            pending = self._feed_forward(x, pending, layer.feed)
        states, scale = self._norm_of(x, pending, self._decoder_norm)
        return self._best(states, scale, count, banned)

    def _best(
        self, states: Tensor, scale: Tensor, count: int, banned: int
    ) -> tuple[Tensor, Tensor]:
        rows = len(scale)
        best = torch.full((rows, count), LOWEST)
        index = torch.zeros(rows, count, dtype=torch.long)
        state = torch.tensor([[LOWEST, 0.0]]).repeat(rows, 1)
        for block, offset in zip(self._columns, range(0, self.target_size, _COLUMNS), strict=True):
            sums = block.sums(states)
            self._kernels.best(sums, scale, offset, banned, best, index, state)
        return best - (state[:, :1] + state[:, 1:].log()), index

    def _make_output(self) -> None:
        weight, scale = self._weights.quantised(["model.shared.weight"], self._kept)
        blocks = zip(torch.split(weight, _COLUMNS), torch.split(scale, _COLUMNS), strict=True)
        self._columns = [Int8Dense(part, its, None) for part, its in blocks]

    def _embed(self, ids: Tensor, positions: Tensor) -> Tensor:
        rows = self._weights.rows("model.shared.weight", ids)
        return rows.mul_(self.shape.scale).add_(positions)

    def _norm_of(self, x: Tensor, pending: Pending | None, norm: Norm) -> tuple[Tensor, Tensor]:
        sums, scale, bias = pending or (None, None, None)
        return self._kernels.norm(x, sums, scale, bias, norm.weight, norm.bias)

    def _feed_forward(self, x: Tensor, pending: Pending, feed: Feed) -> Pending:
        inner, outer = _int8(feed.inner), _int8(feed.outer)
        states, scale = self._norm_of(x, pending, feed.norm)
        done = []
        for part, its in zip(torch.split(states, _BLOCK), torch.split(scale, _BLOCK), strict=True):
            wide, wide_scale = self._kernels.relu(inner.sums(part), its, inner.bias)
            done.append((outer.sums(wide), wide_scale))
        sums, scales = zip(*done, strict=True)
        return torch.cat(sums), torch.cat(scales), outer.bias


class FusedCache:
    """Keys and values of source and output in int8; see ``Cache``. Shapes: (rows, room, heads,
    head width), and without the last for the scales. ``steps`` bounds the output's length."""

    def __init__(
        self, kernels: Kernels, lengths: Sequence[int], beams: int, steps: int, shape: Shape
    ) -> None:
        self.step = -1
        self.beams = beams
        self._kernels = kernels
        self._rows = len(lengths)
        self._heads = shape.heads
        self._head = shape.width // shape.heads
        self._lengths = torch.tensor(lengths, dtype=torch.int32)
        self._memory: list[KeysValues] = []
        self._own = [self._empty(steps * beams) for _ in range(shape.decoder_layers)]
        self._ancestry = Ancestry(len(lengths), beams, torch.device("cpu"))
        self._chosen: Tensor | None = None
        places = [(row, place) for row, length in enumerate(lengths) for place in range(length)]
        self._source = torch.tensor(places, dtype=torch.int32)
        self._counts = self._source

    def __len__(self) -> int:
        return self._rows

    def add_memory(self, sums: Tensor, scale: Tensor, bias: Tensor) -> None:
        """Keys and values of all source pieces for the next layer: (pieces, 2 x width)."""
        caches = self._empty(int(self._lengths.max()))
        self._store(sums, scale, bias, self._source, caches)
        self._memory.append(caches)

    def advance(self, parents: Tensor | None) -> None:
        self.step += 1
        self._counts = torch.full((self._rows,), self.step + 1, dtype=torch.int32)
        if parents is not None:
            self._ancestry.advance(parents)
            first = torch.arange(self.step + 1) * self.beams
            self._chosen = (self._ancestry.table + first).to(torch.int32).contiguous()

    def attend_own(
        self, layer: int, sums: Tensor, scale: Tensor, bias: Tensor, out: tuple[Tensor, Tensor]
    ) -> None:
        """``sums`` are queries, keys and values of (rows x beams, 3 x width)."""
        self._kernels.attend(
            sums, scale, bias, self._own[layer], self._counts, self._chosen, self.beams, out,
            fresh=self.step * self.beams,
        )  # fmt: skip

    def attend_memory(
        self, layer: int, sums: Tensor, scale: Tensor, bias: Tensor, out: tuple[Tensor, Tensor]
    ) -> None:
        """``sums`` are queries of (rows x beams, width)."""
        memory = self._memory[layer]
        self._kernels.attend(sums, scale, bias, memory, self._lengths, None, self.beams, out)

    def drop(self, row: int) -> None:
        last, stop = self._rows - 1, (self.step + 1) * self.beams
        if row != last:
            length = int(self._lengths[last])
            for caches, filled in ((self._memory, length), (self._own, stop)):
                for part in (part for layer in caches for part in layer):
                    part[row, :filled] = part[last, :filled]
            self._lengths[row] = self._lengths[last]
        self._ancestry.drop(row)
        self._rows = last

    def _store(
        self, sums: Tensor, scale: Tensor, bias: Tensor, place: Tensor, to: KeysValues
    ) -> None:
        width = self._heads * self._head
        self._kernels.store(sums, scale, bias, place, to[0], to[1])
        self._kernels.store(sums[:, width:], scale, bias[width:], place, to[2], to[3])

    def _empty(self, room: int) -> KeysValues:
        shape = (self._rows, room, self._heads)
        keys, values = (_pages((*shape, self._head), torch.int8) for _ in range(2))
        return keys, _pages(shape, torch.float32), values, _pages(shape, torch.float32)


def _pages(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Memory of its own from the operating system: what is never written takes none, and all of
    it goes back at once."""
    pages = mmap.mmap(-1, math.prod(shape) * dtype.itemsize)
    return torch.frombuffer(pages, dtype=dtype).view(shape)


def _int8(layer: Any) -> Int8Dense:
    assert isinstance(layer, Int8Dense)
    return layer


def _product(attention: Attention, states: Tensor, scale: Tensor) -> Pending:
    out = _int8(attention.out)
    return out.sums(states), scale, out.bias


def _rows(pair: tuple[Tensor, Tensor], rows: slice) -> tuple[Tensor, Tensor]:
    return pair[0][rows], pair[1][rows]
