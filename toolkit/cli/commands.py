"""Parse the command line, call the toolkit, print, and set the exit code. Nothing is decided here.

``digest`` is here, the commands that take single files are in ``files.py``, those about models and
this machine in ``engines.py``.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import logging
import sys
from pathlib import Path
from typing import Any

import click

from toolkit.cli import cached, corrections, engines, files, logs, server, setup
from toolkit.cli.console import (
    errors_for_people,
    progress,
    say,
    set_up_process,
)
from toolkit.cli.options import NAME, PATH, SUMMARISER, Time, model_options
from toolkit.data import RunResult
from toolkit.version import VERSION


class _Group(click.Group):
    """A group whose commands show every error as a message, never as a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        with errors_for_people():
            return super().invoke(ctx)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="toolkit")
def main() -> None:
    """Read the world's news in any language, in English, and see what each line rests on."""
    set_up_process()
    logs.voice.begin()


@main.command()
@click.argument("paths", metavar="[PATH|URL]...", nargs=-1, type=click.Path(path_type=str))
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="The day of the digest [today].")
@click.option("--outputs", type=PATH, help="Where the day's folder is made [outputs].")
@model_options
@SUMMARISER
@click.option("--bullets", type=click.IntRange(1, 10), help="At most so many per article [4].")
@click.option("--config", "config_path", type=PATH, help="A configuration file [toolkit.toml].")
@NAME
@click.option("--deadline", type=Time(), help="Write what is ready at this time of day.")
@click.option("--all", is_flag=True, default=None, help="Take what earlier digests had, too.")
@click.option("--max-age", type=click.IntRange(0), metavar="DAYS", help="Pass over older ones [7].")
@click.option(
    "--watch", metavar="NAME", multiple=True, help="Stories of it come first; repeatable."
)
@click.option("--mute", metavar="NAME", multiple=True, help="Stories of it come last; repeatable.")
@click.option("--allow-private", is_flag=True, default=None, help="Fetch from this network, too.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def digest(
    paths: tuple[str, ...],
    date: dt.datetime | None,
    summariser_name: str | None,
    config_path: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Make the day's digest from articles in files, folders, stdin ('-') and addresses of feeds and
    pages (default: seeds/)."""
    from toolkit import pipeline
    from toolkit.config import load
    from toolkit.runs import outcome

    overrides = {
        **options,
        "summariser": summariser_name,
        "watch": options["watch"] or None,
        "mute": options["mute"] or None,
        "inputs": paths or None,
        "feeds": () if paths else None,  # Those who name what to read want that alone.
        "date": date.date() if date else None,
    }
    config = load(overrides, path=config_path)
    with progress() as bar:
        result = pipeline.run(config, progress=bar, say=say)
    if as_json:
        click.echo(json.dumps(_summary(result), ensure_ascii=False, indent=2))
    elif "html" in result.paths and sys.stdout is not None and sys.stdout.isatty():
        click.echo(str(result.paths["html"]))
    _report(result)
    raise SystemExit(outcome.digest_code(result))


def _summary(result: RunResult) -> dict[str, Any]:
    return {
        "paths": {name: str(path) for name, path in result.paths.items()},
        "counts": result.counts,
        "timings": result.timings,
        "failures": [dataclasses.asdict(f) for f in result.failures],
        "signature": result.digest.signature,
    }


def _report(result: RunResult) -> None:
    """Say on stderr what failed; on a terminal also what was done."""
    if sys.stderr is not None and sys.stderr.isatty():
        counts = result.counts
        say(
            f"{counts['articles']} articles, {counts['stories']} stories; "
            f"{counts['from_model']} segments translated, {counts['from_cache']} from the cache, "
            f"{counts['flagged']} with a warning.",
            logging.INFO,
        )
        if counts["seen"]:
            said = f"{counts['seen']} articles were in earlier digests (--all takes them again)."
            say(said, logging.INFO)
        for notice in result.digest.notices:
            say(notice, logging.INFO)
    for failure in result.failures:
        line = f"not processed: {failure.source}: {failure.reason}. {failure.remedy}"
        say(" ".join(line.split()))  # names may have line breaks
    if "html" not in result.paths:
        say("No digest was written: nothing could be translated, and an earlier one stays.")


for _command in (
    *(files.translate, files.summarise, files.detect, corrections.correct),
    *(setup.init, setup.schedule, setup.deliver, setup.prune, cached.cache, server.serve),
    *(engines.evaluate, engines.list_languages, engines.models, engines.bench, engines.doctor),
):
    main.add_command(_command)

logs.add_to(main)
