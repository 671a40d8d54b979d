"""Sequences of different lengths: into batches that fit, through the model, back in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The output of a decoding loop for one sequence of source ids.

    ``tokens`` are target ids without the decoder's start, the language code, the end and any
    padding. ``score`` is the mean natural log-probability of those tokens and of the end.
    ``finished`` is false where the cap on new tokens truncated the output. ``others`` are what a
    beam search found besides, best first.
    """

    tokens: tuple[int, ...]
    score: float | None
    finished: bool
    others: tuple[Decoded, ...] = ()


def token_batches(sequences: Sequence[Sequence[int]], budget: int) -> list[list[int]]:
    """Return the indices of ``sequences`` in batches whose size times their longest sequence is
    at most ``budget`` tokens.

    Sequences of like length go together, which keeps padding small; the longest come first, so
    that a batch that does not fit the memory fails early. A sequence longer than the budget is a
    batch by itself. Every index is in exactly one batch. The same sequences in another order make
    the same batches, so that rounding does not differ.
    """
    order = sorted(range(len(sequences)), key=lambda i: (-len(sequences[i]), sequences[i]))
    batches: list[list[int]] = []
    for index in order:
        longest = len(sequences[batches[-1][0]]) if batches else 0
        if not batches or (len(batches[-1]) + 1) * longest > budget:
            batches.append([])
        batches[-1].append(index)
    return batches


def run_batched(
    sequences: Sequence[Sequence[int]],
    budget: int,
    run: Callable[[list[int]], Sequence[T]],
    out_of_memory: Callable[[BaseException], bool],
) -> list[T]:
    """Call ``run`` with each of ``token_batches``; return the results in the order of sequences.

    ``run`` returns one result for each index, in the order given. A batch of several sequences
    for which it raises an error that ``out_of_memory`` recognises is halved, and so is the budget
    of the batches that still wait; one sequence that does not fit raises its error.
    """
    results: dict[int, T] = {}
    waiting = deque(token_batches(sequences, budget))
    while waiting:
        batch = waiting.popleft()
        try:
            done = run(batch)
        except Exception as error:
            if len(batch) == 1 or not out_of_memory(error):
                raise
            rest = sorted([*batch, *(i for later in waiting for i in later)])
            budget = max(1, len(batch) // 2) * max(len(sequences[i]) for i in batch)
            again = token_batches([sequences[i] for i in rest], budget)
            waiting = deque([[rest[i] for i in indices] for indices in again])
            continue
        results.update(zip(batch, done, strict=True))
    return [results[i] for i in range(len(sequences))]
