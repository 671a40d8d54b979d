"""Sequences that hold no value in memory are used as any other."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import OutputError
from toolkit.storage import Drawn, Spill


@given(st.lists(st.text() | st.tuples(st.integers(), st.text())), st.slices(8))
def test_a_spill_is_the_sequence_of_what_was_appended(
    tmp_path_factory: pytest.TempPathFactory, values: list[object], part: slice
) -> None:
    spill: Spill[object] = Spill(tmp_path_factory.getbasetemp())
    for length, value in enumerate(values, start=1):
        spill.append(value)
        assert len(spill) == length
        assert spill[-1] == spill[length - 1] == value
    assert list(spill) == values
    assert bool(spill) == bool(values)
    assert list(reversed(spill)) == values[::-1]
    assert spill[part] == tuple(values)[part]
    assert pickle.loads(pickle.dumps(spill)) == tuple(values)
    assert tuple(copy.deepcopy(spill)) == tuple(values)
    for place in (len(values), -len(values) - 1):
        with pytest.raises(IndexError):
            spill[place]


def test_a_spill_leaves_nothing_behind(tmp_path: Path) -> None:
    spill: Spill[str] = Spill(tmp_path)
    spill.append("a")
    assert spill[0] == "a"
    assert list(tmp_path.iterdir()) == []


def test_processes_that_fork_share_no_place_in_the_file(tmp_path: Path) -> None:
    spill: Spill[str] = Spill(tmp_path)
    for n in range(400):
        spill.append(str(n) * 300)
    child = multiprocessing.get_context("fork").Process(target=_read_all, args=(spill, 5))
    child.start()
    _read_all(spill, 7)
    child.join()
    assert child.exitcode == 0


def _read_all(spill: Spill[str], step: int) -> None:
    for n in range(20000):
        place = n * step % len(spill)
        assert spill[place] == str(place) * 300


def test_an_index_error_within_a_value_is_not_the_end(tmp_path: Path) -> None:
    with pytest.raises(IndexError):
        list(Drawn(lambda n: "ab"[n], 3))


def test_a_folder_that_is_not_there_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file") as raised:
        Spill(tmp_path / "gone")
    assert raised.value.remedy


def test_what_is_drawn_is_drawn_when_it_is_asked_for() -> None:
    asked: list[int] = []

    def square(n: int) -> int:
        asked.append(n)
        return n * n

    drawn = Drawn(square, 5)
    assert (len(drawn), asked) == (5, [])
    assert (drawn[-1], drawn[1:3], asked) == (16, [1, 4], [4, 1, 2])
    assert list(drawn) == [0, 1, 4, 9, 16]
    with pytest.raises(IndexError):
        drawn[5]
