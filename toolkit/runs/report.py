"""What a run tells while it goes on: its log, how far it is, and how long each stage took."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import logging
import math
import platform
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from toolkit.config import Config
from toolkit.data import Digest
from toolkit.errors import OutputError, ToolkitError
from toolkit.progress import Progress
from toolkit.readers.collection import Duplicate
from toolkit.runs.news import PassedOver
from toolkit.version import VERSION

log = logging.getLogger(__name__)

_MEASURED = ("torch", "transformers", "tokenizers", "sentencepiece", "ctranslate2")
# A run that starts so few seconds after its deadline has missed it; one that starts later means the
# next such time of day.
_MISSED = 3 * 3600.0


class Report:
    """Tells ``progress`` of the stages and ``say`` of what people should know at once, and keeps
    how many seconds each stage took in ``timings``."""

    def __init__(self, progress: Progress, say: Callable[[str], None] | None) -> None:
        self.progress = progress
        self.timings: dict[str, float] = {}
        self._say = say
        self._started = time.monotonic()

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done inside as the stage ``name``."""
        self.progress.begin(name, 0)
        began = time.monotonic()
        yield
        self.timings[name] = time.monotonic() - began
        log.info("%s: %.2f s", name, self.timings[name])

    def finish(self, background: Mapping[str, float]) -> None:
        """Keep how long it took in all, and the ``background`` timings of stages that went on while
        others did."""
        shown = ", ".join(f"{name} {took:.2f} s" for name, took in background.items())
        log.info("in the background: %s", shown)
        self.timings |= background
        self.timings["total"] = time.monotonic() - self._started

    def tell(self, text: str) -> None:
        """Log ``text``, and say it."""
        log.warning(text, extra={"said": self._say is not None})
        if self._say is not None:
            self._say(text)


def deadline_after(start: float, deadline: dt.time) -> float:
    """Return the moment that ``deadline``, a local time, stands for in a run begun at ``start``, in
    seconds since 1970: the next such time of day, so a run begun at 23:50 may have its deadline at
    05:30, unless it has only just passed."""
    today = dt.datetime.combine(dt.datetime.fromtimestamp(start), deadline)
    moments = [_first_shown(today + dt.timedelta(days=days)) for days in (-1, 0, 1)]
    return next(moment for moment in moments if moment > start - _MISSED)


def _first_shown(time_of_day: dt.datetime) -> float:
    """Return when clocks here first show ``time_of_day`` or later. In autumn they show an hour
    twice, in spring none of the hour that they pass over."""
    both = (time_of_day.replace(fold=fold).timestamp() for fold in (0, 1))
    first, last = map(math.ceil, sorted(both))
    if dt.datetime.fromtimestamp(first) >= time_of_day:
        return first
    seconds = range(first, last + 1)
    return seconds[bisect_left(seconds, time_of_day, key=dt.datetime.fromtimestamp)]


def clock(
    deadline: dt.time | None,
    now: Callable[[], float] = time.time,
    elapsed: Callable[[], float] = time.monotonic,
) -> Callable[[], bool]:
    """Return a function that tells whether the time of a run that begins now is up.

    It is up when the clock shows the ``deadline``, or as many seconds have ``elapsed`` as were left
    until then: a clock that is set back meanwhile makes nobody wait. Once up it stays so.
    """
    if deadline is None:
        return lambda: False
    start, began = now(), elapsed()
    until = deadline_after(start, deadline)
    up = threading.Event()

    def is_up() -> bool:
        if now() >= until or elapsed() - began >= until - start:
            up.set()
        return up.is_set()

    return is_up


def record(
    digest: Digest,
    config: Config,
    counts: Mapping[str, int],
    timings: Mapping[str, float],
    duplicates: Sequence[Duplicate],
    passed_over: Sequence[PassedOver],
) -> dict[str, Any]:
    """Return what ``run.json`` holds of a run."""
    return {
        "date": digest.date.isoformat(),
        "signature": digest.signature,
        "versions": _versions(),
        "config": _plain(dataclasses.asdict(config)) | _without_secrets(config),
        "counts": dict(counts),
        "timings": {name: round(seconds, 3) for name, seconds in timings.items()},
        "failures": [dataclasses.asdict(failure) for failure in digest.failures],
        "duplicates": [dataclasses.asdict(duplicate) for duplicate in duplicates],
        "passed_over": [dataclasses.asdict(passed) for passed in passed_over],
        "notices": list(digest.notices),
    }


def _without_secrets(config: Config) -> dict[str, Any]:
    """Return the addresses that are secrets themselves, with no more than their schemes."""
    return {
        "notify": [f"{address.partition(':')[0]}://***" for address in config.notify],
        "ping": config.ping and "***",
    }


def _versions() -> dict[str, str]:
    found = {"toolkit": VERSION, "python": platform.python_version()}
    for name in _MEASURED:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _plain(value: Any) -> Any:
    """Return ``value`` with its paths and times as text."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, int | str) else str(value)


class _RunLog(logging.FileHandler):
    """A log that is silent about its own troubles: a full disk shows when results are written."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        pass


@contextlib.contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Send the toolkit's log to the file ``path`` as well, one line an event."""
    try:
        handler = _RunLog(path, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error})",
            remedy="Free space or mend the permissions.",
        ) from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("toolkit")
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    except ToolkitError as error:
        log.error("stopped: %s", error)
        raise
    except BaseException:
        log.exception("stopped")
        raise
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        handler.close()
