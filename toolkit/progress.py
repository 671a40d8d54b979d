"""How a run tells how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told when a stage begins and when a part of its work is done."""

    def begin(self, stage: str, total: int) -> None:
        """``total`` units of work lie ahead; 0 where the number is not known."""
        ...

    def advance(self, amount: int = 1) -> None:
        """``amount`` units of the current stage are done."""
        ...


class Silent:
    """Says nothing: cron, notebooks and tests."""

    def begin(self, stage: str, total: int) -> None:
        pass

    def advance(self, amount: int = 1) -> None:
        pass


class Counted:
    """Tells ``listener`` what is done, and begins the stage anew once its total is known."""

    def __init__(self, listener: Progress) -> None:
        self._listener = listener
        self._done = 0
        self._known = False

    def of(self, stage: str, total: int) -> None:
        """``total`` is what lies before and behind, now that it is known."""
        if not self._known:
            self._known = True
            self._listener.begin(stage, total)
            if self._done:
                self._listener.advance(self._done)

    def begin(self, stage: str, total: int) -> None:
        self._listener.begin(stage, total)

    def advance(self, amount: int = 1) -> None:
        self._done += amount
        self._listener.advance(amount)
