"""Tells monitors how a run went: a ping before and after, a file of metrics, a record.

None of it may cost the run: what fails is logged, and ``say`` is told.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from toolkit.config import Config
from toolkit.data import RunResult
from toolkit.errors import LockedError
from toolkit.runs import outcome
from toolkit.runs.outcome import GOOD, LastRun
from toolkit.storage import write_whole
from toolkit.version import VERSION

log = logging.getLogger(__name__)

# Seconds for a monitor to answer.
_PATIENCE = 10.0
# Bytes of a message: healthchecks keeps these.
_MESSAGE = 10_000
_PREFIX = "news_digest"
# What the metrics say, by their names.
_GAUGES = {
    "last_run_timestamp_seconds": "When the last run ended.",
    "last_success_timestamp_seconds": "When a run last wrote its digest.",
    "last_run_exit_code": "The exit code of the last run.",
    "last_run_duration_seconds": "How long the last run took.",
    "folder_bytes": "The size of the folder of the last digest.",
}


@contextlib.contextmanager
def watched(
    config: Config, started: dt.datetime, say: Callable[[str], None]
) -> Iterator[Callable[[RunResult], None]]:
    """Tell monitors of the run inside, whose result the yielded function must be given. A run that
    finds another at work is none."""
    told: list[RunResult] = []
    monitor = _Pings(config.ping, say)
    monitor.send("/start")
    raised: BaseException | None = None
    try:
        yield told.append
    except BaseException as error:
        raised = error
        raise
    finally:
        if not isinstance(raised, LockedError):
            _tell(config, started, told[0] if told else None, raised, monitor, say)


def _tell(
    config: Config,
    started: dt.datetime,
    result: RunResult | None,
    error: BaseException | None,
    monitor: _Pings,
    say: Callable[[str], None],
) -> None:
    try:
        before = LastRun.read(config.outputs)
    except (OSError, ValueError):
        before = None
    run = outcome.ended(started, dt.datetime.now(), before, result=result, error=error)
    with _told(config.outputs / outcome.LAST_RUN, say):
        if config.outputs.is_dir():
            outcome.write(config.outputs, run)
    if config.metrics:
        path = _metrics(config.metrics, config.name)
        with _told(path, say):
            write_metrics(path, run, config.name)
    monitor.send("" if run.exit in GOOD else "/fail", run.summary)


@contextlib.contextmanager
def _told(path: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Say that ``path`` could not be written, and go on."""
    try:
        yield
    except OSError as error:
        say(f"{path}: not written ({error.strerror or error})")


class _Pings:
    """Sends the pings of one run to the ``address`` of a check, if there is one."""

    def __init__(self, address: str | None, say: Callable[[str], None]) -> None:
        self._address, self._say = address, say
        self._run = str(uuid.uuid4())

    def send(self, what: str, message: str = "") -> None:
        if self._address is None:
            return
        import httpx2

        try:
            url = httpx2.URL(self._address)
            url = url.copy_with(path=url.path.rstrip("/") + what)
            httpx2.post(
                url.copy_merge_params({"rid": self._run}),
                content=message.encode()[:_MESSAGE],
                headers={"User-Agent": f"news-toolkit/{VERSION}"},
                timeout=_PATIENCE,
            ).raise_for_status()
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            answer = getattr(error, "response", None)
            reason = f"answered {answer.status_code}" if answer else type(error).__name__
            # Whoever knows the path of a check may ping it.
            self._say(f"ping: {url.host} was not told {what or 'of the end'} ({reason})")


def _metrics(path: Path, name: str | None) -> Path:
    """Return the file of a digest's metrics: each digest with a name has its own."""
    return path.with_name(f"{path.stem}-{name}{path.suffix}") if name else path


def write_metrics(path: Path, run: LastRun, name: str | None = None) -> None:
    """Write a run's figures in Prometheus' text format, for node_exporter's textfile collector.
    Raises ``OSError``."""
    values = (run.ended, run.succeeded, run.exit, run.ended - run.started, run.size)
    digest = {"digest": name} if name else {}
    lines = []
    for (gauge, said), value in zip(_GAUGES.items(), values, strict=True):
        lines += _gauge(gauge, said, [(digest, value)])
    for gauge, said, label, found in (
        ("last_run_count", "What the last run counted.", "of", run.counts),
        ("last_run_stage_seconds", "How long stages took.", "stage", run.timings),
    ):
        rows = [({**digest, label: key}, float(value)) for key, value in found.items()]
        lines += _gauge(gauge, said, rows)
    write_whole(path, "\n".join([*lines, ""]))
    path.chmod(0o644)  # node_exporter is another user; these are figures alone.


def _gauge(name: str, said: str, rows: Sequence[tuple[Mapping[str, str], float]]) -> list[str]:
    full = f"{_PREFIX}_{name}"
    lines = [f"# HELP {full} {said}", f"# TYPE {full} gauge"]
    for labels, value in rows:
        written = ",".join(f'{label}="{text}"' for label, text in labels.items())
        lines.append(f"{full}{{{written}}} {value:.3f}" if written else f"{full} {value:.3f}")
    return lines
