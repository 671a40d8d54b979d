"""The KV cache of a cohort: keys and values of source and output, kept between decoding steps.

A cohort is a batch of sequences that are at the same step. Beams of a sequence share the keys and
values of its source. Those of its output are never reordered: an ancestry table says which of
them each beam descends from, and attention leaves out the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from toolkit.translators.engine import gpu_kernels

# Steps that an output may be longer than its source before more memory is taken.
_SPARE_STEPS = 16
# Attention on a GPU wants the rows of a mask to begin at multiples of so many numbers.
_ALIGNED = 16


class Cache(Protocol):
    """``step`` counts from 0; ``len`` is the number of sequences, each of ``beams`` beams."""

    step: int
    beams: int

    def __len__(self) -> int: ...

    def advance(self, parents: Tensor | None) -> None:
        """Begin the next step. ``parents``, shape (sequences, beams), says which beam each beam
        continues; None where there is one beam."""

    def drop(self, index: int) -> None:
        """Forget a sequence: the last one takes its index."""


class Ancestry:
    """Which beam wrote each step of each hypothesis: ``table`` has shape (sequences, beams,
    steps)."""

    def __init__(self, sequences: int, beams: int, device: torch.device) -> None:
        self._itself = torch.arange(beams, device=device)
        self.table = torch.zeros(sequences, beams, 0, dtype=torch.long, device=device)

    def advance(self, parents: Tensor) -> None:
        """Add a step, which each beam writes itself."""
        table = self.table.gather(1, parents[:, :, None].expand(-1, -1, self.table.shape[2]))
        itself = self._itself[None, :, None].expand(len(parents), -1, 1)
        self.table = torch.cat([table, itself], dim=2)

    def drop(self, index: int) -> None:
        """Forget a sequence: the last one takes its index."""
        self.table[index] = self.table[-1].clone()
        self.table = self.table[:-1]

    def keep(self, indices: Tensor) -> None:
        """Forget all sequences but ``indices``, in that order."""
        self.table = self.table[indices]


class TorchCache:
    """A ``Cache`` on whatever device the tensors are.

    ``source`` holds for each layer the keys and values of encoder states, of shape (2, sequences,
    heads, longest source, dim); ``lengths`` are the true lengths. ``steps`` bounds the output's
    length. Sequences that are dropped go together when the next step begins: on a GPU the number
    of calls counts, not how much each of them moves.
    """

    def __init__(
        self, source: list[Tensor], lengths: Sequence[int], beams: int, steps: int
    ) -> None:
        first = source[0]
        self.step = -1
        self.beams = beams
        self._steps = steps
        self._source = source
        # Where in the tensors each sequence is. Those that are not named here have been dropped.
        self._order = list(range(len(lengths)))
        self._capacity = min(steps, max(lengths) + _SPARE_STEPS)  # steps
        # For each layer keys and values, (2, sequences, heads, capacity x beams, dim).
        self._output = [self._empty(layer) for layer in source]
        self._on_gpu = gpu_kernels.serves(first.device, first.shape[4])
        self._lengths = torch.tensor(lengths).to(first.device)
        # Added to scores of the source: (sequences, 1, 1, longest source), None without padding.
        self._source_mask: Tensor | None = None
        if min(lengths) < first.shape[3] and not self._on_gpu:
            beyond = torch.arange(first.shape[3]) >= torch.tensor(lengths)[:, None]
            self._source_mask = _mask(beyond[:, None, None].to(first.device), first.dtype)
        self._ancestry = Ancestry(len(lengths), beams, first.device)
        # Added to scores of the output: (sequences, 1, beams, steps x beams), None without beams.
        self._output_mask: Tensor | None = None

    def __len__(self) -> int:
        return len(self._order)

    def advance(self, parents: Tensor | None) -> None:
        """See ``Cache.advance``."""
        self._close_gaps()
        self.step += 1
        if self.step == self._capacity:
            self._grow()
        if parents is None:
            return
        device = self._source[0].device
        self._ancestry.advance(parents.to(device))
        if self._on_gpu:
            return
        beams = torch.arange(self.beams, device=device)
        others = (self._ancestry.table[..., None] != beams).flatten(2)[:, None]
        self._output_mask = _mask(others, self._source[0].dtype)

    def attend_to_output(self, layer: int, mixed: Tensor) -> Tensor:
        """Return self-attention, (sequences x beams, width). ``mixed``, (sequences x beams,
        3 x width), holds queries, keys and values side by side; keys and values are kept."""
        start, stop = self.step * self.beams, (self.step + 1) * self.beams
        output = self._output[layer][:, : len(self)]
        parts = self._by_head(mixed, 3)
        output[:, :, :, start:stop] = parts[1:]
        if self._on_gpu:
            wrote = self._ancestry.table if self.beams > 1 else None
            return gpu_kernels.attend(mixed, output, self.beams, count=stop, wrote=wrote)
        return self._attend(parts[0], output[:, :, :, :stop], self._output_mask)

    def attend_to_source(self, layer: int, query: Tensor) -> Tensor:
        """Return cross-attention, of the shape of ``query``: (sequences x beams, width)."""
        source, mask = self._source[layer][:, : len(self)], self._source_mask
        if self._on_gpu:
            return gpu_kernels.attend(query, source, self.beams, lengths=self._lengths)
        if mask is not None:
            mask = mask[: len(self)].expand(-1, 1, self.beams, -1)
        return self._attend(self._by_head(query, 1)[0], source, mask)

    def drop(self, index: int) -> None:
        """See ``Cache.drop``."""
        self._order[index] = self._order[-1]
        self._order.pop()

    def _attend(self, query: Tensor, both: Tensor, mask: Tensor | None) -> Tensor:
        found = functional.scaled_dot_product_attention(query, both[0], both[1], mask)
        return found.transpose(1, 2).reshape(len(self) * self.beams, -1)

    def _by_head(self, x: Tensor, parts: int) -> Tensor:
        """(sequences x beams, parts x width) as (parts, sequences, heads, beams, dim)."""
        heads, dim = self._source[0].shape[2], self._source[0].shape[4]
        return x.view(len(self), self.beams, parts, heads, dim).permute(2, 0, 3, 1, 4)

    def _close_gaps(self) -> None:
        """Move the sequences that are left to the front."""
        if len(self._order) == len(self._ancestry.table):
            return
        device, stop = self._source[0].device, (self.step + 1) * self.beams
        self._ancestry.keep(torch.tensor(self._order, device=device))
        moved = [(old, new) for new, old in enumerate(self._order) if old != new]
        self._order = list(range(len(self._order)))
        if not moved:
            return
        old, new = torch.tensor(moved, device=device).unbind(1)
        for source, output in zip(self._source, self._output, strict=True):
            source[:, new] = source[:, old]
            output[:, new, :, :stop] = output[:, old, :, :stop]
        self._lengths[new] = self._lengths[old]
        if self._source_mask is not None:
            self._source_mask[new] = self._source_mask[old]

    def _grow(self) -> None:
        """Make room for more steps of the sequences that are left."""
        stop = self.step * self.beams
        self._capacity = min(self._steps, self._capacity + max(_SPARE_STEPS, self._capacity // 4))
        for i, source in enumerate(self._source):
            output = self._empty(source)
            output[:, :, :, :stop] = self._output[i][:, : len(self), :, :stop]
            self._output[i] = output

    def _empty(self, source: Tensor) -> Tensor:
        _, _, heads, _, dim = source.shape
        return source.new_empty(2, len(self), heads, self._capacity * self.beams, dim)


def _mask(hidden: Tensor, dtype: torch.dtype) -> Tensor:
    """Return what is added to attention's scores: minus infinity where ``hidden``, else 0."""
    length = hidden.shape[-1]
    aligned = -(-length // _ALIGNED) * _ALIGNED
    mask = torch.zeros(*hidden.shape[:-1], aligned, dtype=dtype, device=hidden.device)
    return mask[..., :length].masked_fill_(hidden, float("-inf"))
