"""int8 inference in C: the whole encoder, and the whole of a decoding step, are one call each.

The same arithmetic as ``Network`` in int8, with keys and values kept in 8 bits too, one scale
for each head of each piece: a quarter of the memory that CTranslate2 needs for them.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor
from torch.nn import functional

from toolkit.errors import ModelError
from toolkit.translators.engine.kv_cache import Ancestry, Cache
from toolkit.translators.engine.linear import Precision
from toolkit.translators.engine.native_kernels import (
    DEEP,
    MOST_HEADS,
    MOST_PARTS,
    MOST_PLACES,
    PANEL,
    PARTS,
    CohortStruct,
    DenseStruct,
    Kernels,
    LayerStruct,
    NetworkStruct,
    NormStruct,
    address,
    load,
)
from toolkit.translators.engine.network import Network, Shape, sinusoids
from toolkit.translators.engine.weights import Weights


def make_network(
    weights: Weights,
    precision: Precision,
    *,
    kept: Sequence[int] | None = None,
    device: str = "cpu",
) -> Network:
    """``Network``, or the faster ``FusedNetwork`` where int8 is asked for on a CPU and the C
    kernels run and take this checkpoint's sizes."""
    kernels = load() if precision == "int8" and device == "cpu" else None
    if kernels is None or not _fits(weights):
        return Network(weights, precision, kept=kept, device=device)
    return FusedNetwork(weights, kernels, kept=kept)


def _fits(weights: Weights) -> bool:
    shape = Shape.of(weights.config)
    head = shape.width // shape.heads
    feeds = [weights.config[f"{side}_ffn_dim"] for side in ("encoder", "decoder")]
    return (
        feeds[0] == feeds[1]
        and all(size % DEEP == 0 for size in (shape.width, *feeds))
        and head % PARTS == 0
        and head <= MOST_PARTS
        and shape.heads <= MOST_HEADS
        and shape.positions <= MOST_PLACES
    )


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
        self._weights = weights
        self.shape = shape = Shape.of(weights.config)
        self.device = torch.device("cpu")
        self._head = shape.width // shape.heads
        size = weights("model.shared.weight").shape[0]
        self._kept = torch.arange(size) if kept is None else torch.tensor(kept)
        self._feed: int = weights.config["decoder_ffn_dim"]
        self._positions = sinusoids(shape.positions + 2, shape.width)
        self._alive: list[object] = []  # what the structures point to
        self._network = self._structure()

    def begin(self, rows: Sequence[Sequence[int]], beams: int, steps: int) -> Cache:
        lengths = [len(row) for row in rows]
        cache = FusedCache(self._kernels, lengths, beams, steps, self.shape)
        starts = torch.tensor([0, *accumulate(lengths)], dtype=torch.int32)
        self._kernels.encode(self._network, self._embed_rows(rows), starts, cache.structure())
        return cache

    def step(
        self, tokens: Tensor, caches: Sequence[Cache], count: int, banned: int
    ) -> tuple[Tensor, Tensor]:
        own = [cache for cache in caches if isinstance(cache, FusedCache)]
        sizes = [len(cache) * cache.beams for cache in own]
        x = self._embed(self._kept[tokens], self._places(caches, sizes))
        cohorts = (CohortStruct * len(own))(*(cache.structure() for cache in own))
        return self._kernels.step(self._network, x, cohorts, count, banned)

    def _embed(self, ids: Tensor, positions: Tensor) -> Tensor:
        rows = self._weights.rows("model.shared.weight", ids)
        return rows.mul_(self.shape.scale).add_(positions)

    def _structure(self) -> NetworkStruct:
        shape = self.shape
        sides = {
            side: (LayerStruct * count)(
                *(self._layer_structure(f"model.{side}.layers.{i}", side) for i in range(count))
            )
            for side, count in (
                ("encoder", shape.encoder_layers),
                ("decoder", shape.decoder_layers),
            )
        }
        self._alive += sides.values()
        return NetworkStruct(
            encoder=sides["encoder"],
            decoder=sides["decoder"],
            encoder_norm=self._norm_structure("model.encoder.layer_norm"),
            decoder_norm=self._norm_structure("model.decoder.layer_norm"),
            output=self._dense_structure(
                ["model.shared.weight"], [], (self.target_size, shape.width), rows=self._kept
            ),
            encoder_layers=shape.encoder_layers,
            decoder_layers=shape.decoder_layers,
            width=shape.width,
            feed=self._feed,
            heads=shape.heads,
            pieces=self.target_size,
        )

    def _layer_structure(self, at: str, side: str) -> LayerStruct:
        own, cross, width = f"{at}.self_attn", f"{at}.encoder_attn", self.shape.width
        parts = {
            "own_norm": self._norm_structure(f"{own}_layer_norm"),
            "feed_norm": self._norm_structure(f"{at}.final_layer_norm"),
            "own": self._linear(width, width, *(f"{own}.{part}_proj" for part in "qkv")),
            "own_out": self._linear(width, width, f"{own}.out_proj"),
            "inner": self._linear(self._feed, width, f"{at}.fc1"),
            "outer": self._linear(width, self._feed, f"{at}.fc2"),
        }
        if side == "decoder":
            parts |= {
                "cross_norm": self._norm_structure(f"{cross}_layer_norm"),
                "cross": self._linear(width, width, f"{cross}.q_proj"),
                "cross_out": self._linear(width, width, f"{cross}.out_proj"),
                "memory": self._linear(width, width, *(f"{cross}.{part}_proj" for part in "kv")),
            }
        return LayerStruct(**parts)

    def _norm_structure(self, name: str) -> NormStruct:
        tensors = [self._weights(f"{name}.{part}").float() for part in ("weight", "bias")]
        for tensor in tensors:
            _check(name, tensor, (self.shape.width,))
        self._alive += tensors
        return NormStruct(*map(address, tensors))

    def _linear(self, outputs: int, inputs: int, *names: str) -> DenseStruct:
        """Layers side by side, of so many ``outputs`` each."""
        weights, biases = ([f"{name}.{part}" for name in names] for part in ("weight", "bias"))
        return self._dense_structure(weights, biases, (len(names) * outputs, inputs))

    def _dense_structure(
        self,
        names: Sequence[str],
        biases: Sequence[str],
        shape: tuple[int, int],
        *,
        rows: Tensor | None = None,
    ) -> DenseStruct:
        weight, scale = self._weights.quantised(names, rows)
        bias = torch.cat([self._weights(name) for name in biases]).float() if biases else None
        _check(names[0], weight, shape)
        _check(names[0], scale, shape[:1])
        if bias is not None:
            _check(biases[0], bias, shape[:1])
        if spare := -len(weight) % PANEL:
            weight = functional.pad(weight, (0, 0, 0, spare))
            scale = functional.pad(scale, (0, spare))
        packed, totals = self._kernels.pack(weight.contiguous())
        self._alive += [packed, totals, scale, bias]
        tensors = map(address, (packed, totals, scale, bias))
        return DenseStruct(*tensors, weight.shape[1], len(weight))


def _check(name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    """The kernels take sizes on trust: nothing may reach them that is not what it should be."""
    if tuple(tensor.shape) != shape:
        raise ModelError(
            f"{name} has the shape {tuple(tensor.shape)}, where config.json says {shape}",
            remedy="The checkpoint's files do not belong together; fetch or copy them again.",
        )


class FusedCache:
    """Keys and values of source and output in int8; see ``Cache`` and ``native/attend.h``.
    ``steps`` bounds the output's length."""

    def __init__(
        self, kernels: Kernels, lengths: Sequence[int], beams: int, steps: int, shape: Shape
    ) -> None:
        self.step = -1
        self.beams = beams
        self._rows = len(lengths)
        self._room = len(lengths)
        self._places = steps * beams, max(lengths)
        head = shape.width // shape.heads
        self._own, self._memory = (
            _pages(shape.decoder_layers * self._room * kernels.cache_size(shape.heads, head, p))
            for p in self._places
        )
        self._slots = torch.arange(self._rows, dtype=torch.int32)
        self._counts = torch.tensor(lengths, dtype=torch.int32)
        self._ancestry = Ancestry(len(lengths), beams, torch.device("cpu"))
        self._chosen: Tensor | None = None

    def __len__(self) -> int:
        return self._rows

    def advance(self, parents: Tensor | None) -> None:
        self.step += 1
        if (self.step + 1) * self.beams > self._places[0]:
            raise IndexError("the cache has no place for another step")
        if parents is not None:
            self._ancestry.advance(parents)
            first = torch.arange(self.step + 1) * self.beams
            self._chosen = (self._ancestry.table + first).to(torch.int32).contiguous()

    def drop(self, row: int) -> None:
        last = self._rows - 1
        self._slots[row], self._counts[row] = self._slots[last].item(), self._counts[last].item()
        self._ancestry.drop(row)
        self._rows = last

    def structure(self) -> CohortStruct:
        """As the kernels want it, for as long as nothing changes."""
        tensors = (self._own, self._memory, self._slots, self._counts, self._chosen)
        return CohortStruct(
            *map(address, tensors), self._rows, self._room, *self._places, self.beams, self.step
        )


def _pages(size: int) -> Tensor:
    """Memory of its own from the operating system: what is never written takes none, and all of
    it goes back at once."""
    try:
        pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"no memory for what rows remember: {error}") from None
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        pages.madvise(mmap.MADV_NOHUGEPAGE)
    return torch.frombuffer(pages, dtype=torch.uint8)
