"""Workers that are processes of this machine."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from types import ModuleType
from typing import Any, TypeVar

from toolkit.errors import ConfigError
from toolkit.executors.base import Died, Failed, Unforeseen, map_here, map_shards, run_shard

T = TypeVar("T")
R = TypeVar("R")

# Each process takes about 0.3 s of CPU time for imports and tables and an article of a page about
# 6 ms, so two processes break even at some 120 articles.
FEW = 256
# To hand an article to a process and take it back takes this one a tenth of that work.
_MOST = 8
# Two threads that swap the main module might leave the one that stands in for it.
_swapping = threading.Lock()


class Local:
    """Maps in this process when the items are few, else by ``workers`` processes, by default as
    many as there are CPUs to run on, but no more than eight."""

    def __init__(self, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise ConfigError(f"workers must be at least 1, not {workers}")
        self.workers = workers or min(_MOST, _cpus())

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R | Failed]:
        """See ``Executor.map``."""
        source = iter(items)
        first = list(islice(source, FEW))
        if len(first) < FEW or self.workers == 1:
            yield from map_here(function, chain(first, source))
            return
        processes = _Processes(self.workers)
        try:
            every = chain(first, source)
            yield from map_shards(function, every, processes, in_flight=2 * self.workers)
        finally:
            processes.close()


class _Processes:
    """A pool for shards, and when it is needed a process for items that must be alone."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.pool = _pool(count)
        self.lone: ProcessPoolExecutor | None = None

    def start(
        self, function: Callable[[Any], Any], items: Sequence[Any]
    ) -> Callable[[], list[Any]]:
        try:
            future = _submit(self.pool, function, items)
        except BrokenProcessPool:
            # The death of one process breaks the whole pool.
            self.pool.shutdown()
            self.pool = _pool(self.count)
            future = _submit(self.pool, function, items)
        return lambda: _outcomes(future, len(items))

    def alone(self, function: Callable[[Any], Any], item: Any) -> Any:
        if self.lone is None:
            self.lone = _pool(1)
            _check(self.lone, function)
        (outcome,) = _outcomes(_submit(self.lone, function, [item]), 1)
        if isinstance(outcome, Unforeseen | Died):
            self._drop()
        return outcome

    def _drop(self) -> None:
        if self.lone:
            self.lone.shutdown()
            self.lone = None

    def close(self) -> None:
        self.pool.shutdown(cancel_futures=True)
        self._drop()


def _pool(count: int) -> ProcessPoolExecutor:
    # A process forked from one with threads, as torch makes them, may hang.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, mp_context=context, initializer=_follow_parent)


def _follow_parent() -> None:
    """Ctrl-C goes to every process of the terminal, and the one that began the work ends it. If
    that one is killed, nobody else would end the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Python would show on stderr what a worker, which has no log, has to say.
    logging.getLogger("toolkit").addHandler(logging.NullHandler())
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _submit(
    pool: ProcessPoolExecutor, function: Callable[[Any], Any], items: Sequence[Any]
) -> Future[list[Any]]:
    """Submitting starts processes, and each of these would run the user's script again, guarded
    or not, although only a ``function`` that was defined there needs it."""
    if getattr(function, "__module__", None) == "__main__":
        return pool.submit(run_shard, function, items)
    with _swapping:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            return pool.submit(run_shard, function, items)
        finally:
            sys.modules["__main__"] = main


def _outcomes(future: Future[list[Any]], count: int) -> list[Any]:
    try:
        return future.result()
    except BrokenProcessPool:
        return [Died()] * count


def _check(pool: ProcessPoolExecutor, function: Callable[[Any], Any]) -> None:
    """Where no process can even begin, no item is to blame."""
    try:
        _submit(pool, function, []).result()
    except BrokenProcessPool:
        raise ConfigError(
            "worker processes cannot be started here",
            remedy="A script that maps a function of its own must make the call under "
            "'if __name__ == \"__main__\":'.",
        ) from None


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
