"""Map a function over many items by several workers: the part that all executors share.

The function knows nothing of workers, and only this package knows of retries. No item is lost: each
gives a value or a ``Failed``, or ends the run with the exception that it raised.
"""

from __future__ import annotations

import pickle
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeVar

from toolkit.errors import ToolkitError

T = TypeVar("T")
R = TypeVar("R")

# Items of one task: enough that sending them costs little next to the work, few enough that all
# workers end at about the same time.
SHARD = 32


@dataclass(frozen=True, slots=True)
class Failed:
    """The item at ``index`` (from 0) has no value, for a foreseen reason."""

    index: int
    error: ToolkitError


class Executor(Protocol):
    """Maps a function over items, by one or more workers."""

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R | Failed]:
        """Yield the value of ``function`` for each item, in order, as they become ready.

        Only a bounded number of values exists at a time, however many the items are, and only a
        bounded number of items is taken before its values are asked for. ``function``
        and its values must survive pickling. An item for which it raises a ``ToolkitError``, or
        that twice kills the worker it is alone with, becomes a ``Failed``. Any other exception
        is raised when a second attempt raises it too, with the item's index in a note.
        """
        ...


@dataclass(frozen=True, slots=True)
class Unforeseen:
    """An outcome: an exception that is no ``ToolkitError``, and its traceback. It can be
    pickled."""

    error: Exception
    trace: str


@dataclass(frozen=True, slots=True)
class Died:
    """An outcome: the worker is gone, killed by this item or by another of its shard."""


class Workers(Protocol):
    """The processes of one executor. Their outcome of an item is its value, a ``ToolkitError``,
    ``Unforeseen`` or ``Died``."""

    def start(
        self, function: Callable[[Any], Any], items: Sequence[Any]
    ) -> Callable[[], list[Any]]:
        """Let a worker ``run_shard``; return a function that waits for the outcomes."""
        ...

    def alone(self, function: Callable[[Any], Any], item: Any) -> Any:
        """Return the outcome of one item in a worker that does nothing else meanwhile, if
        possible not the worker of an earlier attempt."""
        ...


def run_shard(
    function: Callable[[T], R], items: Sequence[T]
) -> list[R | ToolkitError | Unforeseen]:
    """Return an outcome for each item, in a worker. Exceptions are values: one that is raised
    would take the outcomes of the other items with it."""
    outcomes: list[R | ToolkitError | Unforeseen] = []
    for item in items:
        try:
            outcomes.append(function(item))
        except ToolkitError as error:
            outcomes.append(error)
        except Exception as error:
            trace = "".join(traceback.format_exception(error))
            outcomes.append(Unforeseen(_portable(error), trace))
    return outcomes


def _portable(error: Exception) -> Exception:
    """Return ``error``, or a ``RuntimeError`` with its message if it cannot be pickled and
    unpickled: that would look like the death of its worker."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def map_here(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R | Failed]:
    """Map in this process, without workers and so without second attempts."""
    for index, item in enumerate(items):
        outcome: R | Failed
        try:
            outcome = function(item)
        except ToolkitError as error:
            outcome = Failed(index, error)
        except Exception as error:
            error.add_note(f"raised for item {index}")
            raise
        yield outcome


def map_shards(
    function: Callable[[T], R], items: Iterable[T], workers: Workers, *, in_flight: int
) -> Iterator[R | Failed]:
    """Map by ``workers``, with at most ``in_flight`` shards begun and not yet yielded."""
    shards = iter(_shards(items))
    begun: deque[tuple[list[T], Callable[[], list[Any]]]] = deque()
    index = 0
    while True:
        for shard in islice(shards, in_flight - len(begun)):
            begun.append((shard, workers.start(function, shard)))
        if not begun:
            return
        shard, wait = begun.popleft()
        for item, outcome in zip(shard, wait(), strict=True):
            if isinstance(outcome, Unforeseen | Died):
                outcome = _again(outcome, function, item, index, workers)
            yield Failed(index, outcome) if isinstance(outcome, ToolkitError) else outcome
            index += 1


def _shards(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield ``items`` in lists of ``SHARD``."""
    source = iter(items)
    while shard := list(islice(source, SHARD)):
        yield shard


def _again(
    outcome: Unforeseen | Died,
    function: Callable[[T], R],
    item: T,
    index: int,
    workers: Workers,
) -> R | ToolkitError:
    """Return the outcome of one item that is worked on alone, until it has a value, has killed
    two workers by itself, or has raised twice. The death of a whole shard says nothing about
    any one item of it."""
    deaths, faults = 0, int(isinstance(outcome, Unforeseen))
    last: R | ToolkitError | Unforeseen | Died = outcome
    while deaths < 2 and faults < 2:
        last = workers.alone(function, item)
        if isinstance(last, Died):
            deaths += 1
        elif isinstance(last, Unforeseen):
            faults += 1
        else:
            return last
    if isinstance(last, Unforeseen):
        last.error.add_note(f"raised for item {index}, in a worker:\n{last.trace}")
        raise last.error
    return ToolkitError(
        "the process that worked on it died, twice",
        remedy="It may need more memory than there is: look at its size, or split it.",
    )
