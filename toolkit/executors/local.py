"""Map by processes of this machine."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

from toolkit import machine
from toolkit.errors import ConfigError
from toolkit.executors.base import Died, Failed, Unforeseen, map_here, map_shards, run_shard

if TYPE_CHECKING:
    from loky import ProcessPoolExecutor

T = TypeVar("T")
R = TypeVar("R")

# Each process takes about 0.3 s of CPU time for imports and tables and an article of a page about
# 6 ms, so two processes break even at some 120 articles.
FEW = 256
# Handing an article to a process and taking it back costs this one a tenth of that work.
_MOST = 8
# Seconds between two looks at whether the process that began the work is still there.
_PARENT_CHECK = 1.0


class Local:
    """Maps in this process when the items are few, else by ``workers`` processes, by default as
    many as there are cores to run on, but no more than eight."""

    def __init__(self, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise ConfigError(f"workers must be at least 1, not {workers}")
        self.workers = workers or min(_MOST, machine.cores())

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
    """A pool for shards and, once it is needed, a process for single items."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool: ProcessPoolExecutor | None = None
        self._single: ProcessPoolExecutor | None = None

    def start(
        self, function: Callable[[Any], Any], items: Sequence[Any]
    ) -> Callable[[], list[Any]]:
        self._pool = self._pool or _pool(self._count)
        try:
            future = self._pool.submit(run_shard, function, items)
        except BrokenProcessPool:
            # The death of one process breaks the whole pool.
            self._pool = _pool(self._count)
            future = self._pool.submit(run_shard, function, items)
        return lambda: _outcomes(future, len(items))

    def alone(self, function: Callable[[Any], Any], item: Any) -> Any:
        if self._single is None:
            self._single = _pool(1)
            _check(self._single, function)
        (outcome,) = _outcomes(self._single.submit(run_shard, function, [item]), 1)
        if isinstance(outcome, Unforeseen | Died):
            self._single.shutdown(kill_workers=True)
            self._single = None
        return outcome

    def close(self) -> None:
        for pool in (self._pool, self._single):
            if pool is not None:
                pool.shutdown(kill_workers=True)


def _pool(count: int) -> ProcessPoolExecutor:
    """Make a pool of processes that do not fork from this one, whose threads might hang them,
    and do not run the user's script again."""
    from loky import ProcessPoolExecutor

    # Where there is no ``pgrep``, loky kills a worker all the same and warns of its children.
    warnings.filterwarnings("ignore", message="Failed to kill subprocesses")
    return ProcessPoolExecutor(count, initializer=_follow_parent, initargs=(os.getpid(),))


def _follow_parent(parent: int) -> None:
    """Ignore Ctrl-C, which the terminal sends to every process: the ``parent`` handles it. End
    with the parent: where that is killed, nobody else ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A worker has no log, and Python would show on stderr what it has to say.
    logging.getLogger("toolkit").addHandler(logging.NullHandler())
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK)
    os._exit(1)


def _outcomes(future: Future[list[Any]], count: int) -> list[Any]:
    try:
        return future.result()
    except BrokenProcessPool:
        return [Died()] * count


def _check(pool: ProcessPoolExecutor, function: Callable[[Any], Any]) -> None:
    """Raise ``ConfigError`` where no worker can even begin, and no item is to blame."""
    try:
        pool.submit(run_shard, function, []).result()
    except BrokenProcessPool as error:
        cause = str(error.__cause__ or error).strip('\n"').splitlines()[-1]
        raise ConfigError(
            f"worker processes cannot do the work ({cause})",
            remedy="They must be able to import the function that is mapped.",
        ) from None
