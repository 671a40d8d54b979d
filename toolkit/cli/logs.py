"""How much a command says on stderr, and in which form: ``-v``, ``-q``, ``--log-format json``."""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any

import click

from toolkit.digest.safe_text import clean_line

# Read by click, so it is no option of ``Config``.
FORMAT_VARIABLE = "TOOLKIT_LOG_FORMAT"


class Voice:
    """What reaches stderr: from ``level`` on, ``as_json`` or as text."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Say what is usual, until an option of the command changes it."""
        self.level = logging.INFO
        self.as_json = False

    @property
    def bars(self) -> bool:
        """Whether progress may be drawn among what is said."""
        return self.level == logging.INFO and not self.as_json

    def say(self, message: str, level: int) -> None:
        """Write a line, without what an article may hold to act on the terminal."""
        if level < self.level:
            return
        text = "\n".join(map(clean_line, message.split("\n")))
        if self.as_json:
            now = dt.datetime.now().astimezone().isoformat(timespec="milliseconds")
            row = {"time": now, "level": logging.getLevelName(level).lower(), "message": text}
            text = json.dumps(row, ensure_ascii=False)
        click.echo(text, err=True)


# Of the command that runs.
voice = Voice()


class _Handler(logging.Handler):
    """Says what is logged, unless it was said already."""

    def emit(self, record: logging.LogRecord) -> None:
        if not getattr(record, "said", False):
            voice.say(record.getMessage(), record.levelno)


def add_to(command: click.Command) -> None:
    """Add the options to ``command``, or to all of a group's."""
    if isinstance(command, click.Group):
        for part in command.commands.values():
            add_to(part)
        return
    command.params += [
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            expose_value=False,
            callback=_verbose,
            help="Say what is logged, too.",
        ),
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            expose_value=False,
            callback=_quiet,
            help="Say only what failed or needs a person.",
        ),
        click.Option(
            ["--log-format"],
            type=click.Choice(["text", "json"]),
            expose_value=False,
            callback=_form,
            envvar=FORMAT_VARIABLE,
            help="How stderr is written [text].",
        ),
    ]


def _verbose(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if not value:
        return
    voice.level = logging.DEBUG
    logger, handler = logging.getLogger("toolkit"), _Handler()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)

    def end() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)

    ctx.call_on_close(end)


def _quiet(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value and voice.level != logging.DEBUG:
        voice.level = logging.WARNING


def _form(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    voice.as_json = value == "json"
