"""The commands about the cache of translated segments: ``cache``."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.console import for_terminal, say
from toolkit.cli.options import PATH

if TYPE_CHECKING:
    from toolkit.runs.cache_upkeep import Chosen, Upkeep

_CONFIG = click.option("--config", "config_path", type=PATH, help="[toolkit.toml]")


def _choosing(command: Any) -> Any:
    for option in (
        click.option("--containing", metavar="TEXT", help="With TEXT in them or in their English."),
        click.option("--unused", type=click.IntRange(0), metavar="DAYS", help="Not for DAYS."),
        click.option("--signature", metavar="TEXT", help="By translators so named, as demo@1."),
        click.option("--from", "source", metavar="CODE", help="From this language."),
    ):
        command = option(command)
    return command


def _chosen(
    source: str | None, signature: str | None, unused: int | None, containing: str | None
) -> Chosen:
    from toolkit.languages import codes
    from toolkit.runs.cache_upkeep import Chosen

    since = dt.datetime.now() - dt.timedelta(days=unused) if unused is not None else None
    return Chosen(
        signature=signature,
        source=codes.resolve(source).code if source else None,
        containing=containing,
        unused_since=int(since.timestamp()) if since else None,
    )


def _opened(config_path: Path | None) -> Upkeep:
    from toolkit.config import load
    from toolkit.runs.cache_upkeep import Upkeep

    return Upkeep(load(path=config_path).cache)


@click.group(invoke_without_command=True)
@_CONFIG
@click.pass_context
def cache(context: click.Context, config_path: Path | None) -> None:
    """Show the cache of translated sentences; export or forget some of it."""
    context.obj = config_path
    if context.invoked_subcommand is not None:
        return
    with _opened(config_path) as kept:
        click.echo(f"{kept.path}: {len(kept):,} sentences, {kept.size() / 1e6:,.1f} MB")
        for part in kept.parts():
            first, last = (dt.date.fromtimestamp(t).isoformat() for t in (part.oldest, part.latest))
            made = f"{part.source} to {part.target} by {part.signature}"
            origin = made if part.signature else "of an earlier version, which did not note of what"
            click.echo(for_terminal(f"{part.segments:>9,}  used {first} to {last}  {origin}"))


@cache.command()
@_choosing
@click.pass_obj
def export(config_path: Path | None, /, **choice: Any) -> None:
    """Print sentences with their translations as JSON Lines, all or those chosen."""
    with _opened(config_path) as kept:
        for record in kept.records(_chosen(**choice)):
            click.echo(json.dumps(record, ensure_ascii=False))


@cache.command()
@_choosing
@click.option("--dry-run", is_flag=True, help="Only say how many.")
@click.pass_obj
def forget(config_path: Path | None, /, dry_run: bool, **choice: Any) -> None:
    """Remove the sentences chosen, so that they are translated anew."""
    if all(value is None for value in choice.values()):
        raise click.UsageError("Say which: --from, --signature, --unused, --containing.")
    with _opened(config_path) as kept:
        number = kept.forget(_chosen(**choice), dry_run=dry_run)
    say(f"{number:,} sentences {'would be' if dry_run else 'are'} forgotten.")
