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
