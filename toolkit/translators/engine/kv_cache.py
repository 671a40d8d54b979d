"""What a cohort of rows remembers between steps: keys and values of source and output.

A cohort's rows are at the same step. Beams of a row share the keys and values of its source.
Those of its output are never reordered: an ancestry table says which of them each beam descends
from, and attention leaves out the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

_SPARE_STEPS = 16  # that an output may be longer than its source before more room is made
_ALIGNED = 16  # attention on a GPU wants the rows of a mask to begin at multiples of this


class Cache(Protocol):
    """``step`` counts from 0; ``len`` is the number of rows, each of ``beams`` beams."""

    step: int
    beams: int

    def __len__(self) -> int: ...

    def advance(self, parents: Tensor | None) -> None:
        """Begin the next step. ``parents``, shape (rows, beams), says which beam each beam
        continues; None where there is one beam."""

    def drop(self, row: int) -> None:
        """Forget a row: the last one moves to its place."""


class Ancestry:
    """Which beam wrote each step of what a beam has become: ``table`` has shape (rows, beams,
    steps)."""

    def __init__(self, rows: int, beams: int, device: torch.device) -> None:
        self._own = torch.arange(beams, device=device)
        self.table = torch.zeros(rows, beams, 0, dtype=torch.long, device=device)

    def advance(self, parents: Tensor) -> None:
        table = self.table.gather(1, parents[:, :, None].expand(-1, -1, self.table.shape[2]))
        own = self._own[None, :, None].expand(len(parents), -1, 1)
        self.table = torch.cat([table, own], dim=2)

    def drop(self, row: int) -> None:
        self.table[row] = self.table[-1].clone()
        self.table = self.table[:-1]

    def keep(self, rows: Tensor) -> None:
        """Forget all but ``rows`` (indices), in that order."""
        self.table = self.table[rows]


class TorchCache:
    """On whatever device the tensors are.

    ``memory`` holds the keys and values of the source for each layer, of shape (2, rows, heads,
    longest source, head width); ``lengths`` are the rows' true lengths. ``steps`` bounds the
    output's length. Rows that are dropped go together when the next step begins: on a GPU the
    number of calls counts, not what each of them moves.
    """

    def __init__(
        self, memory: list[Tensor], lengths: Sequence[int], beams: int, steps: int
    ) -> None:
        first = memory[0]
        self.step = -1
        self.beams = beams
        self._steps = steps
        self._memory = memory
        # Where in the tensors each row is. What a row moves over has been dropped.
        self._order = list(range(len(lengths)))
        self._room = min(steps, max(lengths) + _SPARE_STEPS)
        self._own = [self._empty(layer) for layer in memory]
        self._hidden: Tensor | None = None
        if min(lengths) < first.shape[3]:
            beyond = torch.arange(first.shape[3]) >= torch.tensor(lengths)[:, None]
            self._hidden = _mask(beyond[:, None, None].to(first.device), first.dtype)
        self._ancestry = Ancestry(len(lengths), beams, first.device)
        self._foreign: Tensor | None = None

    def __len__(self) -> int:
        return len(self._order)

    def advance(self, parents: Tensor | None) -> None:
        self._close_gaps()
        self.step += 1
        if self.step == self._room:
            self._grow()
        if parents is None:
            return
        device = self._memory[0].device
        self._ancestry.advance(parents.to(device))
        own = torch.arange(self.beams, device=device)
        foreign = (self._ancestry.table[..., None] != own).flatten(2)[:, None]
        self._foreign = _mask(foreign, self._memory[0].dtype)

    def attend_own(self, layer: int, mixed: Tensor) -> Tensor:
        """``mixed`` holds queries, keys and values side by side, of shape (rows x beams,
        3 x width); keys and values are kept. Returns (rows x beams, width)."""
        start, stop = self.step * self.beams, (self.step + 1) * self.beams
        own = self._own[layer][:, : len(self)]
        parts = self._by_head(mixed, 3)
        own[:, :, :, start:stop] = parts[1:]
        return self._attend(parts[0], own[:, :, :, :stop], self._foreign)

    def attend_memory(self, layer: int, query: Tensor) -> Tensor:
        """``query`` and the result are of shape (rows x beams, width)."""
        hidden = self._hidden
        if hidden is not None:
            hidden = hidden[: len(self)].expand(-1, 1, self.beams, -1)
        return self._attend(self._by_head(query, 1)[0], self._memory[layer][:, : len(self)], hidden)

    def drop(self, row: int) -> None:
        self._order[row] = self._order[-1]
        self._order.pop()

    def _attend(self, query: Tensor, both: Tensor, mask: Tensor | None) -> Tensor:
        found = functional.scaled_dot_product_attention(query, both[0], both[1], mask)
        return found.transpose(1, 2).reshape(len(self) * self.beams, -1)

    def _by_head(self, x: Tensor, parts: int) -> Tensor:
        """(rows x beams, parts x width) as (parts, rows, heads, beams, head width)."""
        heads, head = self._memory[0].shape[2], self._memory[0].shape[4]
        return x.view(len(self), self.beams, parts, heads, head).permute(2, 0, 3, 1, 4)

    def _close_gaps(self) -> None:
        """Move the rows that are left to the front."""
        if len(self._order) == len(self._ancestry.table):
            return
        device, stop = self._memory[0].device, (self.step + 1) * self.beams
        self._ancestry.keep(torch.tensor(self._order, device=device))
        moved = [(old, new) for new, old in enumerate(self._order) if old != new]
        self._order = list(range(len(self._order)))
        if not moved:
            return
        old, new = torch.tensor(moved, device=device).unbind(1)
        for memory, own in zip(self._memory, self._own, strict=True):
            memory[:, new] = memory[:, old]
            own[:, new, :, :stop] = own[:, old, :, :stop]
        if self._hidden is not None:
            self._hidden[new] = self._hidden[old]

    def _grow(self) -> None:
        """Room for more steps, for the rows that are left."""
        stop = self.step * self.beams
        self._room = min(self._steps, self._room + max(_SPARE_STEPS, self._room // 4))
        for i, memory in enumerate(self._memory):
            own = self._empty(memory)
            own[:, :, :, :stop] = self._own[i][:, : len(self), :, :stop]
            self._own[i] = own

    def _empty(self, memory: Tensor) -> Tensor:
        _, _, heads, _, head = memory.shape
        return memory.new_empty(2, len(self), heads, self._room * self.beams, head)


def _mask(hidden: Tensor, dtype: torch.dtype) -> Tensor:
    """What is added to attention's scores: minus infinity where ``hidden``, else 0."""
    width = hidden.shape[-1]
    room = -(-width // _ALIGNED) * _ALIGNED
    mask = torch.zeros(*hidden.shape[:-1], room, dtype=dtype, device=hidden.device)
    return mask[..., :width].masked_fill_(hidden, float("-inf"))
