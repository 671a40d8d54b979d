"""The commands that take single files: ``translate``, ``summarise``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.console import for_terminal, progress, say
from toolkit.cli.options import PATH, SUMMARISER, model_options
from toolkit.data import Article, Failure, TranslatedArticle
from toolkit.languages import ENGLISH
from toolkit.runs.outcome import NOTHING_DONE, SOME_FAILED

if TYPE_CHECKING:
    from toolkit.documents.base import Task
    from toolkit.documents.jobs import TranslateJob
    from toolkit.documents.translation import Outcome

_STDIN = "-"
_PAGES = (".html", ".htm")


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=str))
@click.option("--from", "source", metavar="CODE", help="Language of the text [detected].")
@click.option("--to", "target", metavar="CODE", default=ENGLISH, help=f"[{ENGLISH}]")
@click.option("-o", "--output", type=PATH, help="Write to this file instead of stdout.")
@click.option("--out-dir", type=PATH, help="Write a file for each file, in this folder.")
@click.option("--force", is_flag=True, help="Replace what is there already.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["same", "text", "jsonl", "side-by-side"]),
    help="[same for documents, text for articles]",
)
@click.option("--columns", metavar="NAME,...", help="Columns of a table that are translated.")
@model_options
def translate(
    files: tuple[str, ...],
    source: str | None,
    target: str,
    output: Path | None,
    out_dir: Path | None,
    force: bool,
    form: str | None,
    columns: str | None,
    **options: Any,
) -> None:
    """Translate files, addresses, or stdin ('-'), sentence by sentence.

    report.docx becomes report.en.docx beside it, with its styles, links and pictures; so do all
    documents. Articles and stdin are printed as text.
    """
    from toolkit.config import load
    from toolkit.documents import files as documents
    from toolkit.documents import jobs
    from toolkit.documents.targets import Wanted, plan
    from toolkit.languages import codes

    if output is not None and out_dir is not None:
        raise click.UsageError("Give -o or --out-dir, not both.")
    if output is not None:
        documents.check_output(output, files or [_STDIN])
    config = load(options)
    job = jobs.TranslateJob(config, source=source, target=target)
    named = tuple(name.strip() for name in (columns or "").split(",") if name.strip())
    tag = codes.get(job.target).bcp47
    made = plan(files, Wanted(form, output, out_dir, force, tag, named))
    for note in made.notes:
        say(note)
    done, failures = bool(made.notes), list(made.failures)
    if made.tasks:
        succeeded, failed = _translate_files(job, made.tasks, form or "same", output, out_dir)
        done, failures = done or succeeded, failures + failed
    if made.rest or not files:
        succeeded, failed = _translate_articles(job, made.rest, form or "text", output)
        done, failures = done or succeeded, failures + failed
    _exit(done, failures)


def _translate_files(
    job: TranslateJob,
    tasks: Sequence[Task],
    form: str,
    output: Path | None,
    out_dir: Path | None,
) -> tuple[bool, list[Failure]]:
    """Translate files that keep their form, and return whether any was, and the failures."""
    from toolkit.cli import present

    done, failures = False, []
    printed = form in ("text", "jsonl") and not (output or out_dir)
    with progress() as bar:
        for outcome in job.run_files(tasks, bar, say, write=form == "same"):
            if outcome.failure:
                failures.append(outcome.failure)
                continue
            done = True
            if form != "same":
                _show(outcome, form, to_file=not printed)
            notes = (f"{outcome.task.source}: {note}." for note in outcome.notes)
            for line in (*present.doubts([outcome.article]), *notes):
                say(line)
            say(present.summary(outcome, written=not printed))
    if done and job.notice:
        say(job.notice)
    return done, failures


def _show(outcome: Outcome, form: str, *, to_file: bool) -> None:
    """Print the sentences of a file, or write them to its target."""
    from toolkit.cli import present
    from toolkit.documents import files as documents
    from toolkit.documents import side_by_side

    if not to_file:
        click.echo(present.FORMATS[form]([outcome.article]), nl=False)
        return
    in_page = form == "side-by-side"
    text = side_by_side.page if in_page else present.FORMATS[form]
    outcome.task.target.parent.mkdir(parents=True, exist_ok=True)
    documents.write(outcome.task.target, text([outcome.article]))


def _translate_articles(
    job: TranslateJob, names: Sequence[str], form: str, output: Path | None
) -> tuple[bool, list[Failure]]:
    """Translate articles, and return whether any was, and the failures."""
    from toolkit.cli import present
    from toolkit.documents import files as documents
    from toolkit.documents import side_by_side

    articles, failures = _read(names, job.config.allow_private)
    done: list[TranslatedArticle] = []
    if articles:
        with progress() as bar:
            done, failed = job.run(articles, bar, say)
        failures.extend(failed)
        if done and job.notice:
            say(job.notice)
        for line in present.doubts(done) + (present.losses(done) if form == "text" else []):
            say(line)
    in_page = form == "side-by-side" and output is not None and output.suffix in _PAGES
    shown = side_by_side.page(done) if in_page else present.FORMATS[form](done)
    if output is None:
        click.echo(shown, nl=False)
    elif done:
        documents.write(output, shown)
    return bool(done), failures


def _read(files: Sequence[str], allow_private: bool) -> tuple[list[Article], list[Failure]]:
    """Return the articles in ``files``; without any, or for ``-``, in stdin."""
    from toolkit.documents.files import read

    names = list(files) or [_STDIN]
    return read(names, _stdin(names, named=bool(files)), allow_private=allow_private)


def _stdin(names: Sequence[str], *, named: bool) -> bytes:
    """Return what comes in on stdin, if it is among ``names``."""
    closed = sys.stdin is None or (not named and sys.stdin.isatty())
    if _STDIN in names and closed:
        raise click.UsageError("Name a file, or send text to stdin.")
    return sys.stdin.buffer.read() if _STDIN in names else b""


def _exit(any_done: bool, failures: Sequence[Failure]) -> None:
    for failure in failures:
        say(f"toolkit: {failure.source}: {failure.reason}")
        if failure.remedy:
            say(failure.remedy)
    if failures:
        raise SystemExit(SOME_FAILED if any_done else NOTHING_DONE)


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=str))
def detect(files: tuple[str, ...]) -> None:
    """Tell the language of files, addresses, or stdin ('-'): its code, its name, and how sure it is
    (from 0 to 1)."""
    from toolkit.config import load
    from toolkit.documents import jobs
    from toolkit.languages import codes

    names = files or (_STDIN,)
    stdin = _stdin(names, named=bool(files))
    found, failures = jobs.detect(names, stdin, allow_private=load({}).allow_private)
    for source, told in found:
        cells = (source, told.code, codes.get(told.code).name, f"{told.confidence:.2f}")
        click.echo(for_terminal("\t".join(cells)))
        if told.doubt:
            say(f"{source}: {told.doubt}")
    _exit(bool(found), failures)


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
