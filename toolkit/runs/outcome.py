"""How a run ended: its exit code, and the record that the next look at it finds."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from toolkit.data import RunResult
from toolkit.errors import ConfigError, LockedError, ToolkitError
from toolkit.storage import write_whole

DONE, NOTHING_DONE, WRONG_USAGE, SOME_FAILED, LOCKED, DEADLINE = 0, 1, 2, 3, 4, 5
INTERRUPTED = 130
# The codes of a run that has written its digest.
GOOD = frozenset({DONE, SOME_FAILED, DEADLINE})
LAST_RUN = "last-run.json"
# Failures that the record has.
_NAMED = 5


def exit_code(error: BaseException) -> int:
    """Return 2 for wrong usage, 4 for a lock, 130 for Ctrl-C, what another end of the process says
    (``code``), and 1 for all else."""
    if isinstance(error, ConfigError):
        return WRONG_USAGE
    if isinstance(error, LockedError):
        return LOCKED
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    code = getattr(error, "code", NOTHING_DONE)
    return code if isinstance(code, int) else NOTHING_DONE


def digest_code(result: RunResult) -> int:
    """Return the exit code of a run that came to its end."""
    if result.counts["left_over"] and "html" in result.paths:
        return DEADLINE
    if not result.digest.articles and not (result.counts["seen"] or result.counts["old"]):
        return NOTHING_DONE
    return SOME_FAILED if result.failures else DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The end of a run. Times are in seconds since 1970; ``succeeded`` is when one last did, 0 if
    never; ``size`` are the bytes of the day's folder."""

    started: float
    ended: float
    exit: int
    succeeded: float = 0.0
    error: str = ""
    remedy: str = ""
    date: str = ""
    size: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    failures: tuple[str, ...] = ()

    @classmethod
    def read(cls, outputs: Path) -> LastRun | None:
        """Return the record in ``outputs``, None where there is none. Raises ``OSError`` and
        ``ValueError``."""
        try:
            raw = json.loads((outputs / LAST_RUN).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        known = {item.name for item in fields(cls)}
        try:
            return cls(**{name: value for name, value in raw.items() if name in known})
        except (AttributeError, TypeError) as error:
            raise ValueError(str(error)) from None

    @property
    def summary(self) -> str:
        """What happened, on one line."""
        if self.error:
            return f"exit {self.exit}: {self.error}"
        counts = ", ".join(
            f"{self.counts[name]} {said}"
            for name, said in (
                ("articles", "articles"),
                ("stories", "stories"),
                ("failed", "not processed"),
                ("left_over", "left over"),
            )
            if self.counts.get(name) or (name == "articles" and self.counts)
        )
        return f"exit {self.exit}: {counts}"


def ended(
    started: dt.datetime,
    now: dt.datetime,
    before: LastRun | None,
    *,
    result: RunResult | None = None,
    error: BaseException | None = None,
) -> LastRun:
    """Return the record of a run that ended with a ``result`` or an ``error``."""
    code = digest_code(result) if result else exit_code(error or KeyboardInterrupt())
    earlier = before.succeeded if before else 0.0
    said = str(error) if isinstance(error, ToolkitError) else type(error).__name__
    return LastRun(
        started=started.timestamp(),
        ended=now.timestamp(),
        exit=code,
        succeeded=now.timestamp() if code in GOOD else earlier,
        error=said if error else "",
        remedy=getattr(error, "remedy", ""),
        date=result.digest.date.isoformat() if result else "",
        size=_size(result.paths["run"].parent) if result else 0,
        counts=dict(result.counts) if result else {},
        timings={k: round(v, 3) for k, v in result.timings.items()} if result else {},
        failures=tuple(f"{f.source}: {f.reason}" for f in result.failures[:_NAMED])
        if result
        else (),
    )


def _size(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    except OSError:
        return 0


def write(outputs: Path, run: LastRun) -> None:
    """Keep the record in ``outputs``. Raises ``OSError``."""
    text = json.dumps(asdict(run), ensure_ascii=False, indent=2)
    write_whole(outputs / LAST_RUN, text + "\n")
