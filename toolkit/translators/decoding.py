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

from toolkit.translators.batching import Decoded
from toolkit.translators.beams import Beams, Greedy, Pieces
from toolkit.translators.caches import Cache
from toolkit.translators.kernels import keep_freed_memory, return_freed_memory
from toolkit.translators.network import Network


@dataclass(frozen=True, slots=True)
class Limits:
    """What is in memory at once: ``rows`` x beams are decoded, ``tokens`` of source encoded, and
    the caches have place for about ``places`` pieces of source and of each beam's output."""

    rows: int = 192
    tokens: int = 1024
    places: int = 10_000


@dataclass(slots=True)
class _Cohort:
    """Rows that were encoded together: their ids, cache and search."""

    ids: list[int]
    cache: Cache
    search: Greedy | Beams


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
        end = self._index(self._end)
        pieces = Pieces(start=end, language=self._index(language), end=end)
        order = sorted(range(len(rows)), key=lambda i: (-len(rows[i]), list(rows[i]), caps[i]))
        results: dict[int, Decoded] = {}
        running: list[_Cohort] = []
        with torch.inference_mode():
            while order or running:
                if ids := _take(order, rows, running, beams, limits):
                    running.append(self._begin(ids, rows, caps, pieces, beams))
                    return_freed_memory()
                    continue
                self._step(running, 1 if beams == 1 else 2 * beams, -1 if stops else pieces.end)
                for cohort in running:
                    for row in cohort.search.ended[::-1]:
                        results[cohort.ids[row]] = self._named(cohort.search.result(row))
                        cohort.cache.drop(row)
                        cohort.search.drop(row)
                        cohort.ids[row] = cohort.ids[-1]
                        cohort.ids.pop()
                running = [cohort for cohort in running if cohort.ids]
        return [results[i] for i in range(len(rows))]

    def _begin(
        self,
        ids: list[int],
        rows: Sequence[Sequence[int]],
        caps: Sequence[int],
        pieces: Pieces,
        beams: int,
    ) -> _Cohort:
        chosen, device = [caps[i] for i in ids], self._network.device
        cache = self._network.begin([rows[i] for i in ids], beams, max(chosen) + 1)
        if beams > 1:
            return _Cohort(ids, cache, Beams(pieces, chosen, device, beams))
        return _Cohort(ids, cache, Greedy(pieces, chosen, device))

    def _step(self, running: list[_Cohort], count: int, banned: int) -> None:
        """One more piece for every row."""
        for cohort in running:
            cohort.cache.advance(cohort.search.parents)
        tokens = torch.cat([cohort.search.tokens for cohort in running])
        caches = [cohort.cache for cohort in running]
        parts = self._network.step(tokens, caches, count, banned)
        sizes = [len(cohort.search.tokens) for cohort in running]
        split = zip(*(part.split_with_sizes(sizes) for part in parts), strict=True)
        for cohort, (scores, found) in zip(running, split, strict=True):
            cohort.search.advance(scores, found)

    def _index(self, piece: int) -> int:
        return piece if self._kept is None else list(self._kept).index(piece)

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
) -> list[int]:
    """The first rows of ``order`` that there is room for beside the running ones, removed from
    it: none unless a quarter of the room is free, one at least if nothing is running."""
    at_once = max(1, limits.rows // beams)
    sizes = [len(rows[i]) * (1 + beams) for cohort in running for i in cohort.ids]
    free, places = at_once - len(sizes), limits.places - sum(sizes)
    if running and (free < min(at_once // 4, len(order)) or places < limits.places // 4):
        return []
    taken: list[int] = []
    tokens = 0
    for i in order[:free]:
        tokens += len(rows[i])
        if taken and (tokens > limits.tokens or tokens * (1 + beams) > places):
            break
        taken.append(i)
    del order[: len(taken)]
    return taken
