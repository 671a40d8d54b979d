"""The decoding loop: greedy and beam search over many rows at once, in little memory.

Rows are encoded in cohorts of like length and decoded together. Linear layers run over all
rows at once and attention over each cohort, whose rows are at the same step. A row that ends
gives its place to the last of its cohort, and as soon as enough places are free the next
cohort of waiting rows is encoded. Beams of a row share the keys and values of its source.
A row's own keys and values are never reordered: an ancestry table says which of them each beam
descends from, and attention masks the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn import functional

from toolkit.translators.batching import Decoded
from toolkit.translators.beams import Beams, Greedy, Pieces
from toolkit.translators.kernels import keep_freed_memory
from toolkit.translators.network import Network

_FIRST_STEPS = 32  # a cohort's cache begins with room for this many and grows by half


@dataclass(frozen=True, slots=True)
class Limits:
    """``rows`` x beams are decoded at once, and ``tokens`` of source encoded at once: these two
    bound the memory."""

    rows: int = 192
    tokens: int = 2048


@dataclass(slots=True)
class _Own:
    """Keys and values of the pieces written so far: per layer (rows, heads, steps x beams,
    head width), all beams of a step side by side."""

    keys: list[Tensor] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)


class _Cohort:
    """Rows that were encoded together: their caches and where each of them stands."""

    def __init__(
        self, network: Network, rows: Sequence[Sequence[int]], ids: list[int], beams: int
    ) -> None:
        lengths = [len(row) for row in rows]
        self.ids = ids
        self.step = 0
        self._beams = beams
        self._memory = network.memory(network.encode(rows), lengths)
        self._own = _Own()
        self._room = 0
        keys = self._memory[0][0]
        self._hidden: Tensor | None = None
        if len(set(lengths)) > 1:
            beyond = torch.arange(keys.shape[2]) >= torch.tensor(lengths)[:, None]
            self._hidden = keys.new_zeros(len(rows), 1, 1, keys.shape[2])
            self._hidden.masked_fill_(beyond[:, None, None].to(keys.device), float("-inf"))
        self._ancestry = torch.zeros(len(rows), beams, 0, dtype=torch.long, device=keys.device)
        self._foreign: Tensor | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def begin(self, parents: Tensor | None) -> None:
        """Make room for one more step. ``parents``, shape (rows, beams), says which beam each
        beam continues; None where there is one beam."""
        if self.step == self._room:
            self._grow()
        if parents is None:
            return
        rows, own = len(self), torch.arange(self._beams, device=parents.device)
        table = self._ancestry[:rows]
        if self.step:
            table = table.gather(1, parents[:, :, None].expand_as(table))
        self._ancestry = torch.cat([table, own[None, :, None].expand(rows, -1, 1)], dim=2)
        foreign = self._ancestry[..., None] != own
        mask = self._memory[0][0].new_zeros(rows, 1, self._beams, foreign[0, 0].numel())
        self._foreign = mask.masked_fill_(foreign.view(mask.shape), float("-inf"))

    def attend_own(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Each of shape (rows x beams, heads, head width)."""
        rows, beams = len(self), self._beams
        start, stop = self.step * beams, (self.step + 1) * beams
        keys, values = self._own.keys[layer][:rows], self._own.values[layer][:rows]
        keys[:, :, start:stop] = self._split(key)
        values[:, :, start:stop] = self._split(value)
        return self._join(
            functional.scaled_dot_product_attention(
                self._split(query), keys[:, :, :stop], values[:, :, :stop], self._foreign
            )
        )

    def attend_memory(self, layer: int, query: Tensor) -> Tensor:
        """Shape (rows x beams, heads, head width)."""
        keys, values = (part[: len(self)] for part in self._memory[layer])
        hidden = None if self._hidden is None else self._hidden[: len(self)]
        if hidden is not None:
            hidden = hidden.expand(-1, 1, self._beams, -1)
        return self._join(
            functional.scaled_dot_product_attention(self._split(query), keys, values, hidden)
        )

    def drop(self, row: int) -> None:
        """Forget a row: the last one moves to its place."""
        last = len(self.ids) - 1
        stop = self.step * self._beams
        if row != last:
            for keys, values in self._memory:
                keys[row], values[row] = keys[last], values[last]
            for cache in (*self._own.keys, *self._own.values):
                cache[row, :, :stop] = cache[last, :, :stop]
            if self._hidden is not None:
                self._hidden[row] = self._hidden[last]
            self._ancestry[row] = self._ancestry[last]
            self.ids[row] = self.ids[last]
        self.ids.pop()

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(-1, self._beams, *x.shape[1:]).transpose(1, 2)

    def _join(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2).flatten(0, 1)

    def _grow(self) -> None:
        """Room for half as many steps again, for the rows that are left."""
        self._room = max(_FIRST_STEPS, self._room * 3 // 2)
        old, self._own = self._own, _Own()
        stop = self.step * self._beams
        for i, (keys, _) in enumerate(self._memory):
            shape = (len(self), keys.shape[1], self._room * self._beams, keys.shape[3])
            for before, after in ((old.keys, self._own.keys), (old.values, self._own.values)):
                fresh = keys.new_empty(shape)
                if before:
                    fresh[:, :, :stop] = before[i][: len(self), :, :stop]
                after.append(fresh)


class Decoder:
    """Decodes rows of source ids with a network.

    ``kept`` are the ids of the pieces that the network's decoder was cut to, or None. ``end`` is
    the id that ends a row and starts the decoder. One thread at a time may decode.
    """

    def __init__(
        self, network: Network, *, kept: Sequence[int] | None = None, end: int = 2
    ) -> None:
        keep_freed_memory()
        self._network = network
        self._kept = kept
        self._end = end

    def decode(
        self,
        rows: Sequence[Sequence[int]],
        language: int,
        caps: Sequence[int],
        *,
        beams: int = 1,
        limits: Limits | None = None,
        stops: bool = True,
    ) -> list[Decoded]:
        """Decode each row (source language first, end last) into ``language`` (an id); same
        order. ``caps`` bound the pieces of each output, the end included. The same rows in
        another order give the same results. ``stops`` false ignores ends: each output is exactly
        as long as its cap.
        Raises ``ValueError`` where the decoder was cut and lacks the language.
        """
        limits = limits or Limits()
        pieces = Pieces(
            self._index(self._end), self._index(language), self._index(self._end), stops
        )
        order = sorted(range(len(rows)), key=lambda i: (-len(rows[i]), list(rows[i]), caps[i]))
        results: dict[int, Decoded] = {}
        running: list[tuple[_Cohort, Greedy | Beams]] = []
        with torch.inference_mode():
            while order or running:
                free = max(1, limits.rows // beams) - sum(len(cohort) for cohort, _ in running)
                if order and (not running or free >= limits.rows // beams // 4):
                    ids = _take(order, rows, free, limits.tokens)
                    running.append(self._begin(ids, rows, caps, pieces, beams))
                    continue
                self._step(running)
                for cohort, search in running:
                    for row in search.ended[::-1]:
                        results[cohort.ids[row]] = self._named(search.result(row))
                        cohort.drop(row)
                        search.drop(row)
                running = [pair for pair in running if len(pair[0])]
        return [results[i] for i in range(len(rows))]

    def _begin(
        self,
        ids: list[int],
        rows: Sequence[Sequence[int]],
        caps: Sequence[int],
        pieces: Pieces,
        beams: int,
    ) -> tuple[_Cohort, Greedy | Beams]:
        chosen = [caps[i] for i in ids]
        device = self._network.device
        search = (
            Beams(pieces, chosen, device, beams) if beams > 1 else Greedy(pieces, chosen, device)
        )
        return _Cohort(self._network, [rows[i] for i in ids], ids, beams), search

    def _step(self, running: list[tuple[_Cohort, Greedy | Beams]]) -> None:
        """One more piece for every row."""
        sizes = [len(search.tokens) for _, search in running]
        cohorts = [cohort for cohort, _ in running]
        for cohort, search in running:
            cohort.begin(search.parents)

        def own(layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
            parts = zip(
                cohorts, *(x.split_with_sizes(sizes) for x in (query, key, value)), strict=True
            )
            return _joined([c.attend_own(layer, q, k, v) for c, q, k, v in parts])

        def memory(layer: int, query: Tensor) -> Tensor:
            parts = zip(cohorts, query.split_with_sizes(sizes), strict=True)
            return _joined([c.attend_memory(layer, q) for c, q in parts])

        tokens = torch.cat([search.tokens for _, search in running])
        steps = torch.tensor([cohort.step for cohort in cohorts], device=tokens.device)
        places = steps.repeat_interleave(torch.tensor(sizes, device=tokens.device))
        logits = self._network.step(tokens, places, own, memory)
        for (cohort, search), part in zip(running, logits.split_with_sizes(sizes), strict=True):
            cohort.step += 1
            search.advance(part)

    def _index(self, piece: int) -> int:
        return piece if self._kept is None else list(self._kept).index(piece)

    def _named(self, decoded: Decoded) -> Decoded:
        if self._kept is None:
            return decoded
        return replace(decoded, tokens=tuple(self._kept[i] for i in decoded.tokens))


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _take(order: list[int], rows: Sequence[Sequence[int]], most: int, tokens: int) -> list[int]:
    """The first rows of ``order`` that fit, at least one; they are removed from it."""
    count = total = 0
    while count < min(most, len(order)) and (
        not count or total + len(rows[order[count]]) <= tokens
    ):
        total += len(rows[order[count]])
        count += 1
    taken = order[:count]
    del order[:count]
    return taken
