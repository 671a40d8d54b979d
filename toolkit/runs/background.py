"""Work that goes on in another thread while the model works in this one."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Beside:
    """Runs ``work`` in a thread of its own, at once. Where ``work`` waits for others it must look
    for their end, as nothing ends it from outside. ``error`` is what it raised, once it has."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work: Callable[[], None] | None = work
        self.error: BaseException | None = None
        # What hangs in there, an unanswered request say, must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="toolkit-beside", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        # What belongs to the work, files among it, must go with its owner: no reference stays.
        work, self._work = self._work, None
        try:
            if work:
                work()
        except BaseException as error:
            self.error = error

    def join(self, seconds: float | None = None) -> None:
        """Wait for its end, at most ``seconds``."""
        self._thread.join(seconds)

    def result(self) -> None:
        """Wait for its end; raises what ``work`` raised."""
        self.join()
        if self.error is not None:
            raise self.error
