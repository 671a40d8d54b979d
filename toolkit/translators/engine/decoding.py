"""The decoding loop: greedy and beam search over many sequences at once, in little memory.

Sequences are encoded in cohorts of like length and decoded together. Linear layers run over all
hypotheses at once, and attention over each cohort, whose sequences are at the same step. A
sequence that ends is dropped from its cohort, and as soon as there is enough room the next cohort
of waiting sequences is encoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from toolkit import machine
from toolkit.progress import tick
from toolkit.translators.engine.batching import Decoded
from toolkit.translators.engine.kv_cache import Cache
from toolkit.translators.engine.linear import (
    attention_kernels,
)
from toolkit.translators.engine.network import Network, Shape
from toolkit.translators.engine.search import Beams, Greedy, SpecialTokens


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of memory: so many ``hypotheses`` are decoded at once, so many ``tokens`` of source
    encoded, and the KV caches hold about so many ``positions`` of source and of each beam's
    output. The defaults were chosen by sweeps on two cores of a CPU."""

    hypotheses: int = 192
    tokens: int = 1024
    positions: int = 10_000

    @classmethod
    def on(cls, device: torch.device, shape: Shape) -> Limits:
        """Return the defaults for a device. A GPU needs 40 times the hypotheses to be busy (on an
        H200 8,192 gave 1.16 times the tokens of 2,048, with 4 beams 1.26 times); the caches may
        fill half of the memory that is free there, counted as if they were in float32."""
        if device.type != "cuda":
            return cls()
        free, _ = torch.cuda.mem_get_info(device)
        position = 2 * shape.decoder_layers * shape.width * torch.float32.itemsize  # bytes
        return cls(hypotheses=8192, tokens=65_536, positions=free // 2 // position)


@dataclass(slots=True)
class _Cohort:
    """Sequences that were encoded together: their indices, cache and search."""

    indices: list[int]
    cache: Cache
    search: Greedy | Beams

    def drop_ended(self) -> None:
        """Forget the sequences that the last step ended; the last one takes the place of each."""
        left = list(range(len(self.indices)))
        for ended in self.search.ended[::-1]:
            self.cache.drop(ended)
            left[ended] = left[-1]
            left.pop()
        if len(left) < len(self.indices):
            self.indices = [self.indices[i] for i in left]
            self.search.keep(left)


class Decoder:
    """Decodes sequences of source ids with a network.

    ``kept`` are the ids of the tokens that the network's decoder was cut to, or None. ``end`` is
    the id that ends a sequence and starts the decoder. One thread at a time may decode.
    """

    def __init__(
        self, network: Network, *, kept: Sequence[int] | None = None, end: int = 2
    ) -> None:
        self._network = network
        self._kept = kept
        self._end = end
        self._limits = Limits.on(network.device, network.shape)

    def decode(
        self,
        sequences: Sequence[Sequence[int]],
        language: int,
        caps: Sequence[int],
        *,
        beams: int = 1,
        no_repeat_ngram: int = 0,
        limits: Limits | None = None,
        stops: bool = True,
    ) -> list[Decoded]:
        """Translate each sequence (source language first, end last) into ``language`` (an id);
        same order. ``caps`` bound the tokens of each output, the end included. The same sequences
        in another order give the same results. ``no_repeat_ngram`` n of 2 or more lets no n tokens
        in a row occur twice in an output. ``stops`` false ignores ends: each output is exactly
        as long as its cap.
        Raises ``ValueError`` where the decoder was cut and lacks the language.
        """
        limits = limits or self._limits
        end = self._index(self._end)
        special = SpecialTokens(start=end, language=self._index(language), end=end)

        def search(indices: list[int]) -> Greedy | Beams:
            chosen = [caps[i] for i in indices]
            device = self._network.device
            if beams > 1:
                return Beams(special, chosen, beams, ngram=no_repeat_ngram, device=device)
            return Greedy(special, chosen, ngram=no_repeat_ngram, device=device)

        waiting = sorted(
            range(len(sequences)), key=lambda i: (-len(sequences[i]), list(sequences[i]), caps[i])
        )
        results: dict[int, Decoded] = {}
        running: list[_Cohort] = []
        with torch.inference_mode(), attention_kernels(self._network.device):
            while waiting or running:
                taken = _take(waiting, sequences, running, beams, limits, self._network.padding)
                if taken:
                    steps = max(1, *(caps[i] for i in taken)) + 1
                    cache = self._network.begin([sequences[i] for i in taken], beams, steps)
                    running.append(_Cohort(taken, cache, search(taken)))
                    machine.return_freed_memory()
                    continue
                self._step(running, -1 if stops else special.end)
                for cohort in running:
                    for ended, result in zip(
                        cohort.search.ended, cohort.search.results(), strict=True
                    ):
                        results[cohort.indices[ended]] = self._with_ids(result)
                    tick(len(cohort.search.ended))
                    cohort.drop_ended()
                running = [cohort for cohort in running if cohort.indices]
        return [results[i] for i in range(len(sequences))]

    def _step(self, running: list[_Cohort], banned: int) -> None:
        """Write one more token of every hypothesis."""
        for cohort in running:
            cohort.cache.advance(cohort.search.parents)
        tokens = torch.cat([cohort.search.tokens for cohort in running])
        caches = [cohort.cache for cohort in running]
        wanted = max(cohort.search.wanted for cohort in running)
        count = min(wanted, self._network.target_size)
        scores, found = self._network.step(tokens, caches, count, banned)
        start = 0
        for cohort in running:
            stop = start + len(cohort.search.tokens)
            cohort.search.advance(scores[start:stop], found[start:stop])
            start = stop

    def _index(self, token: int) -> int:
        return token if self._kept is None else self._kept.index(token)

    def _with_ids(self, decoded: Decoded) -> Decoded:
        if self._kept is None:
            return decoded
        return replace(
            decoded,
            tokens=tuple(self._kept[i] for i in decoded.tokens),
            others=tuple(map(self._with_ids, decoded.others)),
        )


def _take(
    waiting: list[int],
    sequences: Sequence[Sequence[int]],
    running: list[_Cohort],
    beams: int,
    limits: Limits,
    padding: int,
) -> list[int]:
    """Remove from ``waiting`` and return the first sequences that there is room for beside the
    running ones: none unless a quarter of the room is free, at least one if nothing is running.
    Where there is padding, they are only sequences that it makes equally long."""
    if not waiting:
        return []
    at_once = max(1, limits.hypotheses // beams)
    free = at_once - sum(len(cohort.indices) for cohort in running)
    if running and free < min(at_once // 4, len(waiting)):
        return []
    held = sum(len(sequences[i]) for cohort in running for i in cohort.indices)
    positions = limits.positions - held * (1 + beams)
    if running and positions < limits.positions // 4:
        return []
    taken: list[int] = []
    tokens = 0
    padded = -(-len(sequences[waiting[0]]) // padding)
    for i in waiting[:free]:
        tokens += len(sequences[i])
        if taken and (tokens > limits.tokens or tokens * (1 + beams) > positions):
            break
        if padding > 1 and -(-len(sequences[i]) // padding) < padded:
            break
        taken.append(i)
    del waiting[: len(taken)]
    return taken
