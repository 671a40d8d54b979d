"""The commands that take single files: ``translate``, ``summarise``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from toolkit.cli.console import progress, say
from toolkit.cli.options import PATH, SUMMARISER, model_options
from toolkit.data import Article, Failure, TranslatedArticle
from toolkit.languages import ENGLISH
from toolkit.runs.outcome import NOTHING_DONE, SOME_FAILED

_STDIN = "-"


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=str))
@click.option("--from", "source", metavar="CODE", help="Language of the text [detected].")
@click.option("--to", "target", metavar="CODE", default=ENGLISH, help=f"[{ENGLISH}]")
@click.option("-o", "--output", type=PATH, help="Write to this file instead of stdout.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl", "side-by-side"]),
    default="text",
    show_default=True,
)
@model_options
def translate(
    files: tuple[str, ...],
    source: str | None,
    target: str,
    output: Path | None,
    form: str,
    **options: Any,
) -> None:
    """Translate files, addresses, or stdin ('-'), sentence by sentence."""
    from toolkit.cli import present
    from toolkit.config import load
    from toolkit.documents import files as documents
    from toolkit.documents import jobs

    if output is not None:
        documents.check_output(output, files or [_STDIN])
    config = load(options)
    job = jobs.TranslateJob(config, source=source, target=target)
    articles, failures = _read(files, config.allow_private)
    done: list[TranslatedArticle] = []
    if articles:
        with progress() as bar:
            done, failed = job.run(articles, bar, say)
        failures.extend(failed)
        if done and job.notice:
            say(job.notice)
        for line in present.doubts(done) + (present.losses(done) if form == "text" else []):
            say(line)
    shown = present.FORMATS[form](done)
    if output is None:
        click.echo(shown, nl=False)
    elif done:
        documents.write(output, shown)
    _exit(bool(done), failures)


def _read(files: Sequence[str], allow_private: bool) -> tuple[list[Article], list[Failure]]:
    """Return the articles in ``files``; without any, or for ``-``, in stdin."""
    from toolkit.documents.files import read

    names = list(files) or [_STDIN]
    closed = sys.stdin is None or (not files and sys.stdin.isatty())
    if _STDIN in names and closed:
        raise click.UsageError("Name a file, or send text to stdin.")
    stdin = sys.stdin.buffer.read() if _STDIN in names else b""
    return read(names, stdin, allow_private=allow_private)


def _exit(any_done: bool, failures: Sequence[Failure]) -> None:
    for failure in failures:
        say(f"toolkit: {failure.source}: {failure.reason}")
        if failure.remedy:
            say(failure.remedy)
    if failures:
        raise SystemExit(SOME_FAILED if any_done else NOTHING_DONE)


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=str))
@click.option("--bullets", type=click.IntRange(1, 10), default=3, show_default=True)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@SUMMARISER
def summarise(files: tuple[str, ...], bullets: int, form: str, summariser_name: str | None) -> None:
    """Condense English text, in files, at addresses or in stdin ('-'), into cited bullets."""
    from toolkit.cli import present
    from toolkit.config import load
    from toolkit.documents import jobs
    from toolkit.summarisers.build import load_writers

    config = load({"summariser": summariser_name})
    articles, failures = _read(files, config.allow_private)
    summariser = load_writers(config).summariser
    briefs, failed = jobs.summarise(articles, summariser, bullets=bullets)
    failures.extend(failed)
    shown = present.briefs_json(briefs) if form == "json" else present.briefs_text(briefs)
    click.echo(shown, nl=False)
    for note in dict.fromkeys(note for brief in briefs for note in brief.notes):
        say(note)
    _exit(bool(briefs), failures)
