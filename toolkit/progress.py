"""How a run tells how far it is, without knowing who listens."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """Is called when a stage begins and when a part of its work is done."""

    def begin(self, stage: str, total: int) -> None:
        """``total`` units of work lie ahead; 0 where the number is not known."""
        ...

    def advance(self, amount: int = 1) -> None:
        """``amount`` units of the current stage are done."""
        ...


# What callers may give to hear of it; see ``listener``.
Listener = Progress | Callable[[str, int, int], None] | bool | None


class Silent:
    """Says nothing: cron and tests."""

    def begin(self, stage: str, total: int) -> None:
        pass

    def advance(self, amount: int = 1) -> None:
        pass


class Counted:
    """Tells ``listener`` what is done of ``stage``, and begins it anew once its total is known,
    which the function ``total`` returns, 0 until then."""

    def __init__(self, listener: Progress, stage: str, total: Callable[[], int]) -> None:
        self._listener, self._stage, self._total = listener, stage, total
        self._done = 0
        self._known = False

    def begin(self, stage: str, total: int) -> None:
        self._listener.begin(stage, total)

    def advance(self, amount: int = 1) -> None:
        self._done += amount
        if not self._known and (total := self._total()):
            self._known = True
            self._listener.begin(self._stage, total)
            amount = self._done
        if amount:
            self._listener.advance(amount)


# Is told of every sequence that an engine has decoded.
_ticking: ContextVar[Callable[[int], None] | None] = ContextVar("ticking", default=None)


def tick(sequences: int) -> None:
    """Tell whoever waits for a translator that so many sequences are decoded."""
    told = _ticking.get()
    if told is not None and sequences:
        told(sequences)


@contextmanager
def ticking(listener: Progress, total: int) -> Iterator[None]:
    """Advance ``listener`` by ``total`` in all, as the engine decodes inside. A text may be several
    sequences, or be decoded twice, so the last step may come early, and is never passed."""
    left = total

    def told(sequences: int) -> None:
        nonlocal left
        step = min(sequences, left)
        left -= step
        if step:
            listener.advance(step)

    token = _ticking.set(told)
    try:
        yield
    finally:
        _ticking.reset(token)
        told(left)


class _Calling:
    """Calls a function with the stage, what is done of it and its total."""

    def __init__(self, function: Callable[[str, int, int], None]) -> None:
        self._function = function
        self._stage, self._done, self._total = "", 0, 0

    def begin(self, stage: str, total: int) -> None:
        self._stage, self._done, self._total = stage, 0, total
        self._function(stage, 0, total)

    def advance(self, amount: int = 1) -> None:
        self._done += amount
        self._function(self._stage, self._done, self._total)


class _Bars:
    """Shows a bar for each stage, by tqdm: in a notebook one of its own, else on stderr."""

    def __init__(self) -> None:
        self._bar: Any = None

    def begin(self, stage: str, total: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It asks for ipywidgets, and does without.
            from tqdm.auto import tqdm
        if self._bar is not None:
            self._bar.close()
        self._bar = tqdm(desc=stage, total=total or None, leave=False)

    def advance(self, amount: int = 1) -> None:
        self._bar.update(amount)
        if self._bar.total and self._bar.n >= self._bar.total:
            self._bar.close()


def listener(asked: Listener) -> Progress:
    """Return ``asked`` as a ``Progress``. A function is called with stage, done and total; True
    shows bars, False nothing, and None bars in a notebook alone."""
    if asked is None:
        asked = _in_notebook()
    if isinstance(asked, bool):
        return _Bars() if asked else Silent()
    return asked if isinstance(asked, Progress) else _Calling(asked)


def _in_notebook() -> bool:
    """Return whether this runs in the kernel of a notebook."""
    shell = sys.modules.get("IPython")  # without it, there is none
    return shell is not None and hasattr(shell.get_ipython(), "kernel")
