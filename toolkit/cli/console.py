"""Write to stderr for people: progress on a terminal, plain lines elsewhere, and errors."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit import machine
from toolkit.cli.logs import voice
from toolkit.digest.safe_text import clean_line
from toolkit.errors import ToolkitError, described
from toolkit.progress import Progress, Silent
from toolkit.runs.outcome import NOTHING_DONE, exit_code

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

DEBUG = "TOOLKIT_DEBUG"


# Seconds by whose pace the rest is estimated: sentences that are decoded together end together.
_PERIOD = 180.0


@contextmanager
def progress() -> Iterator[Progress]:
    """Yield a bar for each stage when stderr is a terminal, else silence: cron mails its
    output."""
    if sys.stderr is None or not sys.stderr.isatty() or not voice.bars:
        yield Silent()
        return
    from rich import progress as parts
    from rich.console import Console

    columns = (
        parts.SpinnerColumn(),
        parts.TextColumn("{task.description}"),
        parts.BarColumn(),
        parts.MofNCompleteColumn(),
        parts.TimeRemainingColumn(),
    )
    with parts.Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        speed_estimate_period=_PERIOD,
    ) as bar:
        yield _Bars(bar)


class _Bars:
    """One bar at a time, for the stage that runs."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None)

    def begin(self, stage: str, total: int) -> None:
        self._bar.remove_task(self._task)
        self._task = self._bar.add_task(stage, total=total or None)

    def advance(self, amount: int = 1) -> None:
        self._bar.advance(self._task, amount)


def say(message: str, level: int = logging.WARNING) -> None:
    """Write a line to stderr, if the options of the command let it through."""
    voice.say(message, level)


def for_terminal(text: str) -> str:
    """Return ``text`` without control characters, and on each line what ``safe_text`` leaves out of
    a page: overrides of the direction of writing, for one."""
    return "\n".join(map(clean_line, text.split("\n")))


class _Terminated(BaseException):
    """The process was told to end."""

    code = 143  # as a shell has it


@contextmanager
def _ends_when_told() -> Iterator[None]:
    """Let SIGTERM, which a service manager or a shutdown sends, end the work as Ctrl-C does."""

    def end(*_: object) -> None:
        raise _Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def set_up_process() -> None:
    """Let OpenMP's idle threads sleep instead of spinning, which takes cores from whatever else
    runs, and freed memory be used again. Must come before torch is loaded. A setting of the
    environment stays."""
    machine.keep_freed_memory()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def keep_setting(name: str, value: str, path: Path | None, *, asked: bool) -> None:
    """Write a setting to the configuration file if ``asked`` to, or if the person at the
    terminal agrees."""
    from toolkit.cli.settings import write_setting
    from toolkit.config import CONFIG_NAME

    if not asked:
        streams = (sys.stdin, sys.stdout, sys.stderr)
        if any(stream is None or not stream.isatty() for stream in streams):
            return
        question = f'Write {name} = "{value}" to {path or CONFIG_NAME}?'
        if not click.confirm(question, default=False, err=True):
            return
    say(f'{write_setting(name, value, path=path)} has {name} = "{value}" now.')


class _ForPeople(logging.Handler):
    """Shows what no file takes of the toolkit's own log, made safe as all else is."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("toolkit."):
            say(record.getMessage())


@contextmanager
def _libraries_silent() -> Iterator[None]:
    """Keep what libraries log and warn of from the terminal: they quote what they read."""
    before = logging.lastResort
    logging.lastResort = _ForPeople(logging.WARNING)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.lastResort = before
        logging.captureWarnings(False)


@contextmanager
def errors_for_people() -> Iterator[None]:
    """Turn an error of the toolkit into its message, its remedy and the right exit code."""
    # Where no file takes what is logged Python shows it: traces, too, which are logged by these.
    for name in ("toolkit.runs", "toolkit.readers"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    try:
        with _ends_when_told(), _libraries_silent():
            yield
    except ToolkitError as error:
        say(f"toolkit: {error}", logging.ERROR)
        if error.remedy:
            say(error.remedy, logging.ERROR)
        raise SystemExit(exit_code(error)) from None
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise
    except OSError as error:
        say(f"toolkit: {error.filename or 'output'}: {error.strerror or error}", logging.ERROR)
        raise SystemExit(NOTHING_DONE) from None
    except KeyboardInterrupt:
        say("toolkit: stopped; what the cache holds is not translated again.", logging.ERROR)
        raise SystemExit(exit_code(KeyboardInterrupt())) from None
    except _Terminated:
        say(
            "toolkit: told to end (SIGTERM); what the cache holds is not translated again.",
            logging.ERROR,
        )
        raise SystemExit(_Terminated.code) from None
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        say(f"toolkit: unforeseen error ({described(error)})", logging.ERROR)
        say(f"Please report it; {DEBUG}=1 shows where it happened.", logging.ERROR)
        raise SystemExit(NOTHING_DONE) from None
