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

_FIRST_STEPS = 16


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


class TorchCache:
    """``memory`` holds keys and values of the source for each layer, each of shape (rows, heads,
    longest source, head width); ``lengths`` are the rows' true lengths."""

    def __init__(
        self, memory: list[tuple[Tensor, Tensor]], lengths: Sequence[int], beams: int
    ) -> None:
        keys = memory[0][0]
        self.step = -1
        self.beams = beams
        self._rows = len(lengths)
        self._memory = memory
        self._keys: list[Tensor] = []
        self._values: list[Tensor] = []
        self._room = 0
        self._hidden: Tensor | None = None
        if len(set(lengths)) > 1:
            beyond = torch.arange(keys.shape[2]) >= torch.tensor(lengths)[:, None]
            self._hidden = keys.new_zeros(len(lengths), 1, 1, keys.shape[2])
            self._hidden.masked_fill_(beyond[:, None, None].to(keys.device), float("-inf"))
        self._ancestry = Ancestry(len(lengths), beams, keys.device)
        self._foreign: Tensor | None = None

    def __len__(self) -> int:
        return self._rows

    def advance(self, parents: Tensor | None) -> None:
        self.step += 1
        if self.step == self._room:
            self._grow()
        if parents is None:
            return
        self._ancestry.advance(parents)
        own = torch.arange(self.beams, device=parents.device)
        foreign = (self._ancestry.table[..., None] != own).flatten(2)[:, None]
        mask = self._memory[0][0].new_zeros(foreign.shape)
        self._foreign = mask.masked_fill_(foreign, float("-inf"))

    def attend_own(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Each of shape (rows x beams, heads, head width); ``key`` and ``value`` are kept."""
        start, stop = self.step * self.beams, (self.step + 1) * self.beams
        keys, values = self._keys[layer][: self._rows], self._values[layer][: self._rows]
        keys[:, :, start:stop] = self._split(key)
        values[:, :, start:stop] = self._split(value)
        return self._join(
            functional.scaled_dot_product_attention(
                self._split(query), keys[:, :, :stop], values[:, :, :stop], self._foreign
            )
        )

    def attend_memory(self, layer: int, query: Tensor) -> Tensor:
        """Shape (rows x beams, heads, head width)."""
        keys, values = (part[: self._rows] for part in self._memory[layer])
        hidden = self._hidden
        if hidden is not None:
            hidden = hidden[: self._rows].expand(-1, 1, self.beams, -1)
        return self._join(
            functional.scaled_dot_product_attention(self._split(query), keys, values, hidden)
        )

    def drop(self, row: int) -> None:
        last = self._rows - 1
        stop = (self.step + 1) * self.beams
        if row != last:
            for keys, values in self._memory:
                keys[row], values[row] = keys[last], values[last]
            for cache in (*self._keys, *self._values):
                cache[row, :, :stop] = cache[last, :, :stop]
            if self._hidden is not None:
                self._hidden[row] = self._hidden[last]
        self._ancestry.drop(row)
        self._rows = last

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(-1, self.beams, *x.shape[1:]).transpose(1, 2)

    def _join(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2).flatten(0, 1)

    def _grow(self) -> None:
        """Room for more steps, for the rows that are left."""
        self._room += max(_FIRST_STEPS, self._room // 4)
        stop = self.step * self.beams
        for caches in (self._keys, self._values):
            old = [cache[: self._rows, :, :stop] for cache in caches]
            caches.clear()
            for i, (keys, _) in enumerate(self._memory):
                shape = (self._rows, keys.shape[1], self._room * self.beams, keys.shape[3])
                caches.append(keys.new_empty(shape))
                if old:
                    caches[i][:, :, :stop] = old[i]
