"""Parse the command line, call the toolkit, print, and set the exit code. Nothing is decided
here."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from toolkit.cli.console import (
    DEADLINE,
    DONE,
    NOTHING_DONE,
    SOME_FAILED,
    errors_for_people,
    keep_setting,
    let_threads_sleep,
    progress,
    say,
)
from toolkit.data import Article, Failure, RunResult, TranslatedArticle
from toolkit.languages import ENGLISH
from toolkit.version import VERSION

_STDIN = "-"
_PATH = click.Path(path_type=Path)


class _Group(click.Group):
    """A group whose commands show every error as a message, never as a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        with errors_for_people():
            return super().invoke(ctx)


class _Time(click.ParamType[dt.time]):
    name = "HH:MM"

    def convert(self, value: Any, param: Any, ctx: Any) -> dt.time:
        try:
            time = value if isinstance(value, dt.time) else dt.time.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time like 06:30", param, ctx)
        if time.tzinfo is not None:
            self.fail(f"{value!r} has a zone; it is a local time like 06:30", param, ctx)
        return time


_SUMMARISER = click.option(
    "--summariser",
    "summariser_name",
    help="extractive, prompted, or a summarisation checkpoint's folder or hub id [extractive].",
)


_ENGINE = click.option(
    "--engine", type=click.Choice(["auto", "torch", "ctranslate2"]), help="[auto]"
)
_DEVICE = click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="[auto]")


def _model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every command that translates."""
    for option in reversed(
        (
            click.option("--model", help="demo, 600M, 1.3B, 3.3B, a hub id or a folder [600M]."),
            _ENGINE,
            _DEVICE,
            click.option("--beam", type=click.IntRange(1, 16), help="Beam width; 1 is greedy [4]."),
        )
    ):
        command = option(command)
    return command


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="toolkit")
def main() -> None:
    """Read the world's news in any language, in English, and see what each line rests on."""
    let_threads_sleep()


@main.command()
@click.argument("paths", nargs=-1, type=_PATH)
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="The day of the digest [today].")
@click.option("--outputs", type=_PATH, help="Where the day's folder is made [outputs].")
@_model_options
@_SUMMARISER
@click.option("--bullets", type=click.IntRange(1, 10), help="At most so many per article [4].")
@click.option("--config", "config_path", type=_PATH, help="A configuration file [toolkit.toml].")
@click.option("--deadline", type=_Time(), help="Begin no translation after this time; write.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def digest(
    paths: tuple[Path, ...],
    date: dt.datetime | None,
    summariser_name: str | None,
    config_path: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Make the day's digest from articles in files, folders or stdin ('-') (default: seeds/)."""
    from toolkit import pipeline
    from toolkit.config import load

    overrides = {
        **options,
        "summariser": summariser_name,
        "inputs": paths or None,
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
    raise SystemExit(_digest_code(result))


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
            f"{counts['flagged']} with a warning."
        )
        for notice in result.digest.notices:
            say(notice)
    for failure in result.failures:
        say(f"not processed: {failure.source}: {failure.reason}. {failure.remedy}".rstrip())
    if "html" not in result.paths:
        say("No digest was written: nothing could be translated, and an earlier one stays.")


def _digest_code(result: RunResult) -> int:
    if result.counts["left_over"] and "html" in result.paths:
        return DEADLINE
    if not result.digest.articles:
        return NOTHING_DONE
    return SOME_FAILED if result.failures else DONE


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=str))
@click.option("--from", "source", metavar="CODE", help="Language of the text [detected].")
@click.option("--to", "target", metavar="CODE", default=ENGLISH, help=f"[{ENGLISH}]")
@click.option("-o", "--output", type=_PATH, help="Write to this file instead of stdout.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl", "side-by-side"]),
    default="text",
    show_default=True,
)
@_model_options
def translate(
    files: tuple[str, ...],
    source: str | None,
    target: str,
    output: Path | None,
    form: str,
    **options: Any,
) -> None:
    """Translate files, or stdin ('-'), sentence by sentence."""
    from toolkit.cli import present
    from toolkit.config import load
    from toolkit.documents import files as documents
    from toolkit.documents import jobs

    if output is not None:
        documents.check_output(output, files or [_STDIN])
    job = jobs.TranslateJob(load(options), source=source, target=target)
    articles, failures = _read(files)
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


def _read(files: Sequence[str]) -> tuple[list[Article], list[Failure]]:
    """Return the articles in ``files``; without any, or for ``-``, in stdin."""
    from toolkit.documents.files import read

    names = list(files) or [_STDIN]
    closed = sys.stdin is None or (not files and sys.stdin.isatty())
    if _STDIN in names and closed:
        raise click.UsageError("Name a file, or send text to stdin.")
    stdin = sys.stdin.buffer.read() if _STDIN in names else b""
    return read(names, stdin)


def _exit(any_done: bool, failures: Sequence[Failure]) -> None:
    for failure in failures:
        say(f"toolkit: {failure.source}: {failure.reason}")
        if failure.remedy:
            say(failure.remedy)
    if failures:
        raise SystemExit(SOME_FAILED if any_done else NOTHING_DONE)


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=str))
@click.option("--bullets", type=click.IntRange(1, 10), default=3, show_default=True)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@_SUMMARISER
def summarise(files: tuple[str, ...], bullets: int, form: str, summariser_name: str | None) -> None:
    """Condense English text, in files or stdin ('-'), into cited bullets."""
    from toolkit.cli import present
    from toolkit.config import load
    from toolkit.documents import jobs
    from toolkit.summarisers.build import load_writers

    articles, failures = _read(files)
    summariser = load_writers(load({"summariser": summariser_name})).summariser
    briefs, failed = jobs.summarise(articles, summariser, bullets=bullets)
    failures.extend(failed)
    shown = present.briefs_json(briefs) if form == "json" else present.briefs_text(briefs)
    click.echo(shown, nl=False)
    for note in dict.fromkeys(note for brief in briefs for note in brief.notes):
        say(note)
    _exit(bool(briefs), failures)


@main.command()
@click.option(
    "--reference", type=_PATH, required=True, help="TSV with the columns source, english."
)
@click.option("--from", "source", metavar="CODE", help="Language of the sources [detected].")
@_model_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def evaluate(reference: Path, source: str | None, as_json: bool, **options: Any) -> None:
    """Score translations into English against references: chrF++ and BLEU per language."""
    from toolkit.bench import evaluation
    from toolkit.cli import present
    from toolkit.config import load
    from toolkit.translators.build import load_translator

    config = load(options)
    pairs = evaluation.read_reference(reference, language=source)
    translator = load_translator(
        config.model, engine=config.engine, device=config.device, beam=config.beam, say=say
    )
    scores = evaluation.evaluate(pairs, translator, target=ENGLISH)
    click.echo(present.rows_json(scores) if as_json else present.scores_text(scores), nl=False)
    if translator.notice:
        say(translator.notice)


@main.command(name="languages")
@click.argument("query", required=False, default="")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_languages(query: str, as_json: bool) -> None:
    """List the languages, or those that QUERY fits."""
    from toolkit.cli import present
    from toolkit.languages import codes

    found = codes.search(query) if query else list(codes.all_languages())
    if not found:
        codes.resolve(query)  # Raises, with suggestions.
    click.echo(
        present.languages_json(found) if as_json else present.languages_text(found), nl=False
    )


@main.group()
def models() -> None:
    """List and fetch checkpoints."""


@models.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_models(as_json: bool) -> None:
    """The checkpoints that have names, and whether they are here."""
    from toolkit.cli import present
    from toolkit.hub import resolve

    rows = resolve.list_models()
    click.echo(present.rows_json(rows) if as_json else present.models_text(rows), nl=False)


@models.command()
@click.argument("name")
def fetch(name: str) -> None:
    """Download a checkpoint: a size (600M, 1.3B, 3.3B) or a hub id."""
    from toolkit.hub import resolve

    with progress() as bar:
        checkpoint = resolve.fetch(name, say=say, progress=bar)
    click.echo(str(checkpoint.path))


@models.command()
@click.argument("name")
@_ENGINE
@_DEVICE
def optimise(name: str, **options: Any) -> None:
    """Prepare a checkpoint once, so that later starts are quick; 'digest' does it by itself."""
    from toolkit.config import load
    from toolkit.translators.optimise import prepare

    config = load({"model": name, **options})
    with progress() as bar:
        done = prepare(config.model, engine=config.engine, device=config.device, progress=bar)
    say(f"For the engine {done.engine} ({done.why}).")
    click.echo(str(done.folder))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--model", help="A checkpoint that is here [as configured, else random weights].")
@_DEVICE
@click.option("--beam", "beams", type=click.IntRange(1, 16), multiple=True, help="[1 and 4]")
@click.option("--sentences", type=click.IntRange(8), help="[as a quarter of an hour allows]")
@click.option("--write-config", is_flag=True, help="Write the best engine, without asking.")
@click.option("--config", "config_path", type=_PATH, help="A configuration file [toolkit.toml].")
def bench(
    as_json: bool,
    beams: tuple[int, ...],
    sentences: int | None,
    write_config: bool,
    config_path: Path | None,
    **options: Any,
) -> None:
    """Measure the engines on this machine and say which is the fastest.

    Takes a quarter of an hour and 5 GB of disk in the cache, which stays there for the next time.
    Without weights of NLLB here it makes up random ones of the 600M's sizes.
    """
    from toolkit.bench import comparison, report, subjects
    from toolkit.cli import present
    from toolkit.config import load
    from toolkit.translators.choice import choose_device

    config = load(options, path=config_path)
    subject = subjects.find(config.model, config.inputs, asked=options["model"] is not None)
    with progress() as bar:
        found = comparison.run(
            subject,
            beams=beams or (1, 4),
            sentences=sentences,
            device=choose_device(config.device),
            progress=bar,
            say=say,
        )
    click.echo(present.row_json(found) if as_json else report.as_text(found))
    best = report.best_engine(found, config.beam)
    if best is not None and config.engine != best:
        keep_setting("engine", best, config_path, asked=write_config)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--config", "config_path", type=_PATH, help="A configuration file [toolkit.toml].")
def doctor(as_json: bool, config_path: Path | None) -> None:
    """Tell what works here: devices, checkpoints, cache, configuration, last run."""
    from toolkit.cli import doctor as examine
    from toolkit.cli import present
    from toolkit.config import load

    findings = examine.examine(load(path=config_path))
    click.echo(
        present.rows_json(findings) if as_json else present.findings_text(findings), nl=False
    )
    if any(f.state == "fail" for f in findings):
        raise SystemExit(NOTHING_DONE)
