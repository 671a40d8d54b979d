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
from dataclasses import dataclass, replace

import torch

from toolkit.translators.engine.batching import Decoded
from toolkit.translators.engine.kv_cache import Cache
from toolkit.translators.engine.linear import (
    attention_kernels,
    keep_freed_memory,
    return_freed_memory,
)
from toolkit.translators.engine.network import Network, Shape
from toolkit.translators.engine.search import Beams, Greedy, Pieces


@dataclass(frozen=True, slots=True)
class Limits:
    """What is in memory at once: ``rows`` x beams are decoded, ``tokens`` of source encoded, and
    the caches have place for about ``places`` pieces of source and of each beam's output. The
    defaults were chosen by sweeps on two cores of a CPU."""

    rows: int = 192
    tokens: int = 1024
    places: int = 10_000

    @classmethod
    def on(cls, device: torch.device, shape: Shape) -> Limits:
        """The defaults for a device. A GPU needs 40 times the rows to be busy (on an H200 8,192
        gave 1.16 times the tokens of 2,048, with 4 beams 1.26 times); the caches may fill half of
        the memory that is free there, counted as if they were in float32."""
        if device.type != "cuda":
            return cls()
        free, _ = torch.cuda.mem_get_info(device)
        place = 2 * shape.decoder_layers * shape.width * torch.float32.itemsize
        return cls(rows=8192, tokens=65_536, places=free // 2 // place)


@dataclass(slots=True)
class _Cohort:
    """Rows that were encoded together: their ids, cache and search."""

    ids: list[int]
    cache: Cache
    search: Greedy | Beams

    def drop_ended(self) -> None:
        """Forget the rows that the last step ended; the last row moves to the place of each."""
        left = list(range(len(self.ids)))
        for row in self.search.ended[::-1]:
            self.cache.drop(row)
            left[row] = left[-1]
            left.pop()
        if len(left) < len(self.ids):
            self.ids = [self.ids[row] for row in left]
            self.search.keep(left)


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
        self._limits = Limits.on(network.device, network.shape)

    def decode(
        self,
        rows: Sequence[Sequence[int]],
        language: int,
        caps: Sequence[int],
        *,
        beams: int = 1,
        no_repeat_ngram: int = 0,
        limits: Limits | None = None,
        stops: bool = True,
    ) -> list[Decoded]:
        """Decode each row (source language first, end last) into ``language`` (an id); same
        order. ``caps`` bound the pieces of each output, the end included. The same rows in
        another order give the same results. ``no_repeat_ngram`` n of 2 or more lets no n pieces
        in a row occur twice in an output. ``stops`` false ignores ends: each output is exactly
        as long as its cap.
        Raises ``ValueError`` where the decoder was cut and lacks the language.
        """
        limits = limits or self._limits
        end = self._index(self._end)
        pieces = Pieces(start=end, language=self._index(language), end=end)

        def search(ids: list[int]) -> Greedy | Beams:
            chosen = [caps[i] for i in ids]
            if beams > 1:
                return Beams(pieces, chosen, beams, ngram=no_repeat_ngram)
            return Greedy(pieces, chosen, ngram=no_repeat_ngram)

        order = sorted(range(len(rows)), key=lambda i: (-len(rows[i]), list(rows[i]), caps[i]))
        results: dict[int, Decoded] = {}
        running: list[_Cohort] = []
        with torch.inference_mode(), attention_kernels(self._network.device):
            while order or running:
                if ids := _take(order, rows, running, beams, limits, self._network.padding):
                    steps = max(1, *(caps[i] for i in ids)) + 1
                    cache = self._network.begin([rows[i] for i in ids], beams, steps)
                    running.append(_Cohort(ids, cache, search(ids)))
                    return_freed_memory()
                    continue
                self._step(running, -1 if stops else pieces.end)
                for cohort in running:
                    for row in cohort.search.ended:
                        results[cohort.ids[row]] = self._named(cohort.search.result(row))
                    cohort.drop_ended()
                running = [cohort for cohort in running if cohort.ids]
        return [results[i] for i in range(len(rows))]

    def _step(self, running: list[_Cohort], banned: int) -> None:
        """One more piece for every row."""
        for cohort in running:
            cohort.cache.advance(cohort.search.parents)
        tokens = torch.cat([cohort.search.tokens for cohort in running])
        caches = [cohort.cache for cohort in running]
        wanted = max(cohort.search.wanted for cohort in running)
        count = min(wanted, self._network.target_size)
        scores, found = (part.cpu() for part in self._network.step(tokens, caches, count, banned))
        start = 0
        for cohort in running:
            stop = start + len(cohort.search.tokens)
            cohort.search.advance(scores[start:stop], found[start:stop])
            start = stop

    def _index(self, piece: int) -> int:
        return piece if self._kept is None else self._kept.index(piece)

    def _named(self, decoded: Decoded) -> Decoded:
        if self._kept is None:
            return decoded
        return replace(decoded, tokens=tuple(self._kept[i] for i in decoded.tokens))


def _take(
    order: list[int],
    rows: Sequence[Sequence[int]],
    running: list[_Cohort],
    beams: int,
    limits: Limits,
    padding: int,
) -> list[int]:
    """The first rows of ``order`` that there is room for beside the running ones, removed from
    it: none unless a quarter of the room is free, one at least if nothing is running. Where
    there is padding, only rows that it makes equally long."""
    if not order:
        return []
    at_once = max(1, limits.rows // beams)
    free = at_once - sum(len(cohort.ids) for cohort in running)
    if running and free < min(at_once // 4, len(order)):
        return []
    held = sum(len(rows[i]) for cohort in running for i in cohort.ids)
    places = limits.places - held * (1 + beams)
    if running and places < limits.places // 4:
        return []
    taken: list[int] = []
    tokens = 0
    for i in order[:free]:
        tokens += len(rows[i])
        if taken and (tokens > limits.tokens or tokens * (1 + beams) > places):
            break
        if padding > 1 and -(-len(rows[i]) // padding) < -(-len(rows[order[0]]) // padding):
            break
        taken.append(i)
    del order[: len(taken)]
    return taken
