"""The commands about models and this machine: ``models``, ``bench``, ``evaluate``, ``doctor``,
``languages``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from toolkit.cli.console import keep_setting, progress, say
from toolkit.cli.options import DEVICE, ENGINE, NAME, PATH, model_options
from toolkit.languages import ENGLISH
from toolkit.runs.outcome import NOTHING_DONE


@click.command()
@click.option(
    "--reference", required=True, help="A table with source and english (or a file of lines)."
)
@click.option("--source", "sources", type=PATH, help="The sources, if --reference has lines.")
@click.option(
    "--hypothesis",
    "given",
    metavar="[NAME=]FILE",
    multiple=True,
    help="Translations to score, one a line, or a column of the table; repeatable.",
)
@click.option(
    "--against",
    metavar="SETTINGS",
    multiple=True,
    help="Other settings to compare, such as model=1.3B,beam=1; repeatable.",
)
@click.option("--resamples", type=click.IntRange(0), help="Bootstrap samples; 0: none [1000].")
@click.option("--html", type=PATH, help="Write a report with plots to this file.")
@click.option("--from", "source", metavar="CODE", help="Language of the sources [detected].")
@click.option("--checks", is_flag=True, help="Count what the checks find in the file's English.")
@model_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def evaluate(
    reference: str,
    sources: Path | None,
    given: tuple[str, ...],
    against: tuple[str, ...],
    resamples: int | None,
    html: Path | None,
    source: str | None,
    checks: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Score translations into English against references: chrF++, BLEU and TER per language.

    Translations are the model's, or those of each --hypothesis. The systems after the first are
    compared with it by a paired bootstrap. References are a table (TSV, CSV, JSON Lines, Parquet, a
    saved Dataset or hf://OWNER/NAME) or, beside --source or --hypothesis, a file with one a line.

    With --checks no model runs: the English of the file is checked as if it were a model's, and
    what each check flags is counted by language, the most flagged first.
    """
    from toolkit.bench import evaluation, evaluation_page, systems
    from toolkit.cli import present
    from toolkit.documents import files

    references = systems.read(reference, sources, bool(given), language=source)
    if checks:
        rates = evaluation.check_rates(references.pairs, target=ENGLISH)
        click.echo(present.rows_json(rates) if as_json else present.rates_text(rates), nl=False)
        return
    compared = systems.Systems(references, reference)
    for each in given:
        compared.add_hypotheses(each)
    if not given or options["model"] is not None or against:
        compared.add_settings(options, say=say)
    for settings in against:
        compared.add_settings(options, settings, say=say)
    found = evaluation.evaluate(
        references.pairs,
        compared.made,
        signatures=compared.signatures,
        resamples=evaluation.RESAMPLES if resamples is None else resamples,
    )
    shown = present.rows_json(found.scores) if as_json else present.scores_text(found.scores)
    click.echo(shown, nl=False)
    for notice in (*found.notes, *compared.notices):
        say(notice)
    if html is not None:
        files.write(html, evaluation_page.page(found))


@click.command(name="languages")
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


@click.group()
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
@ENGINE
@DEVICE
def optimise(name: str, **options: Any) -> None:
    """Prepare a checkpoint once, so that later starts are quick; 'digest' does it by itself."""
    from toolkit.config import load
    from toolkit.translators.optimise import prepare

    config = load({"model": name, **options})
    with progress() as bar:
        done = prepare(config.model, engine=config.engine, device=config.device, progress=bar)
    say(f"For the engine {done.engine} ({done.why}).")
    click.echo(str(done.folder))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--model", help="A checkpoint that is here [as configured, else random weights].")
@DEVICE
@click.option(
    "--beam", "beams", type=click.IntRange(1, 16), multiple=True, help="[1 and 4; 1 if short]"
)
@click.option("--sentences", type=click.IntRange(8), help="[as a quarter of an hour allows]")
@click.option("--short", is_flag=True, help="One round of few sentences, of two engines.")
@click.option("--write-config", is_flag=True, help="Write the best engine, without asking.")
@click.option("--config", "config_path", type=PATH, help="A configuration file [toolkit.toml].")
def bench(
    as_json: bool,
    beams: tuple[int, ...],
    sentences: int | None,
    short: bool,
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
            beams=beams or ((1,) if short else (1, 4)),
            sentences=sentences,
            short=short,
            device=choose_device(config.device),
            progress=bar,
            say=say,
        )
    click.echo(present.row_json(found) if as_json else report.as_text(found))
    best = report.best_engine(found, config.beam)
    if best is not None and config.engine != best:
        keep_setting("engine", best, config_path, asked=write_config)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--config", "config_path", type=PATH, help="A configuration file [toolkit.toml].")
@click.option("--online", is_flag=True, help="Fetch every feed and page, too.")
@NAME
def doctor(as_json: bool, config_path: Path | None, online: bool, name: str | None) -> None:
    """Tell what works here, how the last run ended, and what the next one would fail at."""
    from toolkit.cli import doctor as examine
    from toolkit.cli import present
    from toolkit.config import load

    findings = examine.examine(load({"name": name}, path=config_path), online=online)
    click.echo(
        present.rows_json(findings) if as_json else present.findings_text(findings), nl=False
    )
    if any(f.state == "fail" for f in findings):
        raise SystemExit(NOTHING_DONE)
