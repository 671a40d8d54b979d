"""Batches: each sequence once, within the budget, in order, smaller when memory runs out."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.translators.engine.batching import run_batched, token_batches

LENGTHS = st.lists(st.integers(1, 300), max_size=60)
SEQUENCES = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), max_size=40)
BUDGETS = st.integers(1, 2000)


class OutOfRoomError(Exception):
    pass


def of(lengths: list[int]) -> list[list[int]]:
    return [[0] * length for length in lengths]


def is_out_of_room(error: BaseException) -> bool:
    return isinstance(error, OutOfRoomError)


@given(LENGTHS, BUDGETS)
def test_every_sequence_is_in_one_batch_and_batches_keep_the_budget(
    lengths: list[int], budget: int
) -> None:
    batches = token_batches(of(lengths), budget)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget


@given(LENGTHS, BUDGETS)
def test_a_batch_is_only_begun_when_the_one_before_is_full(lengths: list[int], budget: int) -> None:
    batches = token_batches(of(lengths), budget)
    for before, after in itertools.pairwise(batches):
        longest = lengths[before[0]]
        assert longest >= lengths[after[0]]
        assert (len(before) + 1) * longest > budget


@given(SEQUENCES, st.integers(1, 30), st.randoms())
def test_sequences_in_another_order_make_the_same_batches(
    sequences: list[list[int]], budget: int, chance: random.Random
) -> None:
    plain = [[sequences[i] for i in batch] for batch in token_batches(sequences, budget)]
    chance.shuffle(sequences)
    assert [[sequences[i] for i in batch] for batch in token_batches(sequences, budget)] == plain


@given(LENGTHS, BUDGETS, st.integers(1, 4000))
def test_results_are_in_order_whatever_the_memory_allows(
    lengths: list[int], budget: int, room: int
) -> None:
    seen: list[int] = []

    def run(batch: list[int]) -> list[int]:
        if len(batch) > 1 and len(batch) * max(lengths[i] for i in batch) > room:
            raise OutOfRoomError
        seen.extend(batch)
        return [i * 10 for i in batch]

    assert run_batched(of(lengths), budget, run, is_out_of_room) == [
        i * 10 for i in range(len(lengths))
    ]
    assert sorted(seen) == list(range(len(lengths)))


def test_after_one_shortage_the_other_batches_are_small_too() -> None:
    tried: list[int] = []

    def run(batch: list[int]) -> list[int]:
        tried.append(len(batch))
        if len(batch) > 3:
            raise OutOfRoomError
        return batch

    run_batched(of([10] * 40), 100, run, is_out_of_room)
    assert tried[0] == 10
    assert sum(size > 3 for size in tried) == 2  # 10, then 5; never again


def test_one_sequence_that_does_not_fit_raises() -> None:
    def run(batch: list[int]) -> list[int]:
        raise OutOfRoomError

    with pytest.raises(OutOfRoomError):
        run_batched(of([5, 5, 5, 5]), 100, run, is_out_of_room)


def test_another_error_is_not_retried() -> None:
    calls = []

    def run(batch: list[int]) -> list[int]:
        calls.append(batch)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        run_batched(of([5, 5]), 100, run, is_out_of_room)
    assert len(calls) == 1
