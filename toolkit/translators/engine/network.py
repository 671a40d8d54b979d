"""The protocol of networks that the decoding loop runs, and the parts that they share: sizes,
embeddings and positions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from toolkit.errors import ModelError
from toolkit.translators.engine.kv_cache import Cache

# Positions are counted from the padding id, 1, as fairseq does: the first token is at 2.
_FIRST_POSITION = 2


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
        """Raises ``ModelError`` for a network that this package does not compute."""
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


class Network(Protocol):
    """An encoder and a decoder with a cache of keys and values.

    The decoder may write ``target_size`` tokens and counts in indices into them. Source sequences
    of a cohort are padded to a multiple of ``padding``; where that is more than 1, all of them
    must come to the same length.
    """

    shape: Shape
    device: torch.device
    padding: int

    @property
    def target_size(self) -> int: ...

    def begin(self, sequences: Sequence[Sequence[int]], beams: int, steps: int) -> Cache:
        """Encode source ids and return the cache for translating them in at most ``steps`` steps.

        Sequences of equal length must stand together.
        """
        ...

    def step(
        self, tokens: Tensor, caches: Sequence[Cache], count: int, banned: int
    ) -> tuple[Tensor, Tensor]:
        """Return the log-probabilities and the indices of the ``count`` likeliest next tokens of
        each hypothesis, best first, without ``banned`` (an index, or -1): each of shape
        (hypotheses, count).

        ``tokens``, shape (hypotheses,), are the indices written last, for all beams of all
        sequences of each cache in turn; every cache has been advanced to this step.
        """
        ...


class Embeddings:
    """Embeds tokens: looks them up, scales them and adds their positions.

    ``lookup`` returns a new tensor (tokens, width) in float32 for ids (tokens,).
    """

    def __init__(
        self, lookup: Callable[[Tensor], Tensor], shape: Shape, device: torch.device
    ) -> None:
        self._lookup = lookup
        self._scale = shape.scale
        self._device = device
        # (positions, width)
        self._positions = sinusoids(shape.positions + _FIRST_POSITION, shape.width).to(device)

    def source(self, sequences: Sequence[Sequence[int]]) -> Tensor:
        """Return (all tokens, width), sequence after sequence."""
        ids = torch.tensor([i for sequence in sequences for i in sequence])
        positions = torch.cat([torch.arange(len(s)) for s in sequences]) + _FIRST_POSITION
        return self._embed(ids, self._positions[positions.to(self._device)])

    def step(self, ids: Tensor, caches: Sequence[Cache]) -> Tensor:
        """Return (hypotheses, width) for the tokens that the hypotheses of each cache in turn
        wrote last."""
        positions = [
            self._positions[cache.step + _FIRST_POSITION].expand(len(cache) * cache.beams, -1)
            for cache in caches
        ]
        return self._embed(ids, torch.cat(positions))

    def _embed(self, ids: Tensor, positions: Tensor) -> Tensor:
        return self._lookup(ids.to(self._device)).mul_(self._scale).add_(positions)


def sinusoids(count: int, width: int) -> Tensor:
    """Return sinusoidal positions as fairseq makes them (sines, then cosines): (count, width)."""
    half = width // 2
    rates = torch.exp(torch.arange(half) * -(math.log(10000) / (half - 1)))
    angles = torch.arange(count)[:, None] * rates[None]
    table = torch.cat([angles.sin(), angles.cos()], dim=1)
    return functional.pad(table, (0, width - 2 * half))
