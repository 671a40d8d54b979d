"""NLLB's network in int8 in C: the whole encoder is one call, and a decoding step another.

The same arithmetic as ``TorchNetwork`` in int8, with keys and values kept in 8 bits too, one scale
for each head of each token: a quarter of the memory that CTranslate2 needs for them.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from toolkit.errors import ModelError
from toolkit.translators.engine.kv_cache import Ancestry, Cache
from toolkit.translators.engine.linear import Precision
from toolkit.translators.engine.native_kernels import (
    DEEP,
    DIM_STEP,
    MOST_DIM,
    MOST_HEADS,
    MOST_POSITIONS,
    PANEL,
    CohortStruct,
    DenseStruct,
    Kernels,
    LayerStruct,
    NetworkStruct,
    NormStruct,
    address,
    load,
)
from toolkit.translators.engine.network import Embeddings, Network, Shape
from toolkit.translators.engine.torch_network import TorchNetwork
from toolkit.translators.engine.weights import TABLE, Weights


def make_network(
    weights: Weights,
    precision: Precision,
    *,
    kept: Sequence[int] | None = None,
    device: str = "cpu",
) -> Network:
    """Return the faster ``FusedNetwork`` where int8 is asked for on a CPU, the C kernels run here
    and take this checkpoint's sizes; else ``TorchNetwork``."""
    kernels = load() if precision == "int8" and device == "cpu" else None
    if kernels is None or not fits(weights.config):
        return TorchNetwork(weights, precision, kept=kept, device=device)
    return FusedNetwork(weights, kernels, kept=kept)


def fits(config: Mapping[str, Any]) -> bool:
    """Return whether the C kernels take the sizes of a checkpoint with this ``config.json``."""
    shape = Shape.of(config)
    dim = shape.width // shape.heads
    inner = [config[f"{side}_ffn_dim"] for side in ("encoder", "decoder")]
    return (
        inner[0] == inner[1]
        and all(size % DEEP == 0 for size in (shape.width, *inner))
        and dim % DIM_STEP == 0
        and dim <= MOST_DIM
        and shape.heads <= MOST_HEADS
        and shape.positions <= MOST_POSITIONS
    )


class FusedNetwork:
    """A ``Network`` in int8 on a CPU, by the C kernels.

    ``kept`` are the ids of the tokens that the decoder may write, in ascending order, or None for
    all.
    """

    padding = 1

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
        size = weights(TABLE).shape[0]
        self._kept = torch.arange(size) if kept is None else torch.tensor(kept)
        self._inner: int = weights.config["decoder_ffn_dim"]
        self._embeddings = Embeddings(lambda ids: weights.rows(TABLE, ids), shape, self.device)
        self._alive: list[object] = []  # what the structures point to
        self._network = self._structure()

    @property
    def target_size(self) -> int:
        """How many tokens the decoder chooses from."""
        return len(self._kept)

    def begin(self, sequences: Sequence[Sequence[int]], beams: int, steps: int) -> Cache:
        """See ``Network.begin``."""
        lengths = [len(sequence) for sequence in sequences]
        cache = FusedCache(self._kernels, lengths, beams, steps, self.shape)
        starts = torch.tensor([0, *accumulate(lengths)], dtype=torch.int32)
        x = self._embeddings.source(sequences)
        self._kernels.encode(self._network, x, starts, cache.structure())
        return cache

    def step(
        self, tokens: Tensor, caches: Sequence[Cache], count: int, banned: int
    ) -> tuple[Tensor, Tensor]:
        """See ``Network.step``."""
        ours = [cache for cache in caches if isinstance(cache, FusedCache)]
        x = self._embeddings.step(self._kept[tokens], caches)
        cohorts = (CohortStruct * len(ours))(*(cache.structure() for cache in ours))
        return self._kernels.step(self._network, x, cohorts, count, banned)

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
                [TABLE], [], (self.target_size, shape.width), rows=self._kept
            ),
            encoder_layers=shape.encoder_layers,
            decoder_layers=shape.decoder_layers,
            width=shape.width,
            inner=self._inner,
            heads=shape.heads,
            tokens=self.target_size,
        )

    def _layer_structure(self, layer: str, side: str) -> LayerStruct:
        width = self.shape.width
        attention, cross = f"{layer}.self_attn", f"{layer}.encoder_attn"
        parts = {
            "self_norm": self._norm_structure(f"{attention}_layer_norm"),
            "feed_norm": self._norm_structure(f"{layer}.final_layer_norm"),
            "self_qkv": self._linear(width, width, *(f"{attention}.{part}_proj" for part in "qkv")),
            "self_out": self._linear(width, width, f"{attention}.out_proj"),
            "inner": self._linear(self._inner, width, f"{layer}.fc1"),
            "outer": self._linear(width, self._inner, f"{layer}.fc2"),
        }
        if side == "decoder":
            parts |= {
                "cross_norm": self._norm_structure(f"{cross}_layer_norm"),
                "cross_query": self._linear(width, width, f"{cross}.q_proj"),
                "cross_out": self._linear(width, width, f"{cross}.out_proj"),
                "cross_kv": self._linear(width, width, *(f"{cross}.{part}_proj" for part in "kv")),
            }
        return LayerStruct(**parts)

    def _norm_structure(self, name: str) -> NormStruct:
        tensors = [self._weights(f"{name}.{part}").float() for part in ("weight", "bias")]
        for tensor in tensors:
            _check(name, tensor, (self.shape.width,))
        self._alive += tensors
        return NormStruct(*map(address, tensors))

    def _linear(self, outputs: int, inputs: int, *names: str) -> DenseStruct:
        """Return layers side by side, of so many ``outputs`` each."""
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
        weight, scale = self._weights.quantised(names, rows, pairs=self._kernels.pairs)
        bias = torch.cat([self._weights(name) for name in biases]).float() if biases else None
        _check(names[0], weight, shape)
        _check(names[0], scale, shape[:1])
        if bias is not None:
            _check(biases[0], bias, shape[:1])
        if spare := -len(weight) % PANEL:
            weight = functional.pad(weight, (0, 0, 0, spare))
            scale = functional.pad(scale, (0, spare))
        try:
            packed, totals = self._kernels.pack(weight.contiguous())
        except ValueError as error:
            raise ModelError(
                f"{names[0]} as it was prepared is not usable: {error}",
                remedy="Delete the folder of prepared weights in the cache; they are made again.",
            ) from None
        self._alive += [packed, totals, scale, bias]
        tensors = map(address, (packed, totals, scale, bias))
        return DenseStruct(*tensors, weight.shape[1], len(weight))


def _check(name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    """Raise ``ModelError`` for a tensor of another shape: the kernels do not look."""
    if tuple(tensor.shape) != shape:
        raise ModelError(
            f"{name} has the shape {tuple(tensor.shape)}, where config.json says {shape}",
            remedy="The checkpoint's files do not belong together; fetch or copy them again.",
        )


class FusedCache:
    """A ``Cache`` of keys and values in int8; see ``native/attend.h``. ``steps`` bounds the
    output's length."""

    def __init__(
        self, kernels: Kernels, lengths: Sequence[int], beams: int, steps: int, shape: Shape
    ) -> None:
        self.step = -1
        self.beams = beams
        self._sequences = len(lengths)
        self._capacity = len(lengths)  # sequences
        # Positions of the output and of the source.
        self._positions = steps * beams, max(lengths)
        dim = shape.width // shape.heads
        self._output, self._source = (
            _pages(shape.decoder_layers * self._capacity * kernels.cache_size(shape.heads, dim, n))
            for n in self._positions
        )
        # Where in the caches each sequence is, and how many source positions it has.
        self._slots = torch.arange(self._sequences, dtype=torch.int32)
        self._lengths = torch.tensor(lengths, dtype=torch.int32)
        self._ancestry = Ancestry(len(lengths), beams, torch.device("cpu"))
        # The output positions that each beam descends from, (sequences, beams, steps).
        self._ancestors: Tensor | None = None

    def __len__(self) -> int:
        return self._sequences

    def advance(self, parents: Tensor | None) -> None:
        """See ``Cache.advance``."""
        self.step += 1
        if (self.step + 1) * self.beams > self._positions[0]:
            raise IndexError("the cache has no position for another step")
        if parents is not None:
            self._ancestry.advance(parents)
            first = torch.arange(self.step + 1) * self.beams
            self._ancestors = (self._ancestry.table + first).to(torch.int32).contiguous()

    def drop(self, index: int) -> None:
        """See ``Cache.drop``."""
        last = self._sequences - 1
        self._slots[index] = self._slots[last].item()
        self._lengths[index] = self._lengths[last].item()
        self._ancestry.drop(index)
        self._sequences = last

    def structure(self) -> CohortStruct:
        """Return the cache as the kernels want it, for as long as nothing changes."""
        tensors = (self._output, self._source, self._slots, self._lengths, self._ancestors)
        return CohortStruct(
            *map(address, tensors),
            self._sequences,
            self._capacity,
            *self._positions,
            self.beams,
            self.step,
        )


def _pages(size: int) -> Tensor:
    """Return memory from the operating system alone: pages that are never written take none, and
    all of it goes back at once."""
    try:
        pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"no memory for the KV cache: {error}") from None
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        pages.madvise(mmap.MADV_NOHUGEPAGE)
    return torch.frombuffer(pages, dtype=torch.uint8)
