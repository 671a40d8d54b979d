"""Work in a thread of its own, while the model works in the main thread."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Background:
    """Runs ``work`` in a thread, at once. ``error`` is the exception that it raised, if any.

    Nothing ends the thread from outside: work that waits for others must notice their end.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work: Callable[[], None] | None = work
        self.error: BaseException | None = None
        # A daemon: a request that is never answered must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="toolkit-background", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        # Keep no reference to the work: its owner's files are closed with the owner.
        work, self._work = self._work, None
        try:
            if work:
                work()
        except BaseException as error:
            self.error = error

    def join(self, seconds: float | None = None) -> None:
        """Wait for the end, at most ``seconds``."""
        self._thread.join(seconds)

    def result(self) -> None:
        """Wait for the end; raise what ``work`` raised."""
        self.join()
        if self.error is not None:
            raise self.error
