"""The command that keeps what a reader corrected: ``correct``."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli.console import for_terminal, say
from toolkit.cli.options import PATH
from toolkit.languages import ENGLISH, codes
from toolkit.runs.outcome import NOTHING_DONE

if TYPE_CHECKING:
    from toolkit.config import Config
    from toolkit.terminology.corrections import Corrections


@click.command()
@click.argument("sentence", required=False)
@click.argument("translation", required=False)
@click.option("--from", "source", metavar="CODE", help="Language of the sentence [looked up].")
@click.option("--to", "target", metavar="CODE", default=ENGLISH, help=f"[{ENGLISH}]")
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="The day of the digest [latest].")
@click.option("--outputs", type=PATH, help="Where digests are [outputs].")
@click.option("--list", "as_list", is_flag=True, help="Print all corrections, one a line.")
@click.option("--forget", is_flag=True, help="Remove the correction of SENTENCE.")
@click.option("--import", "tmx_in", type=PATH, metavar="FILE", help="Take those of a TMX file.")
@click.option("--export", "tmx_out", type=PATH, metavar="FILE", help="Write all to a TMX file.")
def correct(
    sentence: str | None,
    translation: str | None,
    source: str | None,
    target: str,
    date: dt.datetime | None,
    outputs: Path | None,
    as_list: bool,
    forget: bool,
    tmx_in: Path | None,
    tmx_out: Path | None,
) -> None:
    """Keep the right TRANSLATION of a SENTENCE, which later runs use instead of the model's.

    SENTENCE is the original, or its place in a digest: 3.2 is sentence 2 of article 3.
    """
    from toolkit.config import load
    from toolkit.terminology.corrections import Corrections

    others = (as_list, tmx_in is not None, tmx_out is not None)
    words = (sentence is not None) + (translation is not None)
    if sum(others) + forget > 1 or words != (0 if any(others) else 1 if forget else 2):
        raise click.UsageError(
            "Give SENTENCE and TRANSLATION, or --forget with SENTENCE, or one of --list, --import "
            "and --export alone."
        )
    config = load({"outputs": outputs})
    kept, code = Corrections(config.corrections), codes.resolve(target).code
    if as_list:
        _print(kept)
    elif tmx_in is not None:
        _import(kept, tmx_in, code)
    elif tmx_out is not None:
        _export(kept, tmx_out)
    else:
        day = date.date() if date else None
        language, text = _found(config, sentence or "", day, source)
        if forget:
            _forget(kept, language, text, code)
        else:
            _keep(kept, language or _detected(text), text, code, translation or "")


def _keep(kept: Corrections, language: str, text: str, target: str, translation: str) -> None:
    from toolkit.terminology.corrections import Correction

    if language == target:
        raise click.UsageError(f"The sentence is {codes.get(target).name} already.")
    kept.add([Correction(language, target, text, translation)])
    say(f"Kept, for {codes.get(language).name}: later runs use it instead of the model's.")


def _forget(kept: Corrections, language: str | None, text: str, target: str) -> None:
    if not kept.forget(text, source=language, target=target):
        say("There is no correction of this sentence (--list shows all).")
        raise SystemExit(NOTHING_DONE)
    say("Forgotten.")


def _found(
    config: Config, sentence: str, date: dt.date | None, source: str | None
) -> tuple[str | None, str]:
    """Return the language, None where only detection can tell, and the text of a sentence."""
    from toolkit.runs import cited

    if cited.is_citation(sentence):
        return cited.cited(config.outputs, date, sentence)
    if source is not None:
        return codes.resolve(source).code, sentence
    return cited.language_of(config.outputs, date, sentence), sentence


def _detected(text: str) -> str:
    from toolkit.languages import detection

    found = detection.detect(text)
    if found.doubt:
        raise click.UsageError(f"It is not sure which language this is: {found.doubt}; use --from.")
    return found.code


def _import(kept: Corrections, path: Path, target: str) -> None:
    from toolkit.terminology import tmx

    found = tmx.read(path, target=target)
    if found.unknown:
        shown = ", ".join(f"{name!r} ({count})" for name, count in sorted(found.unknown.items()))
        say(f"Left out, in languages that NLLB does not have: {shown}.")
    if found.without:
        say(f"Left out, without a text and its translation: {found.without}.")
    kept.add(found.corrections)
    say(f"{len(found.corrections)} corrections taken from {path}.")
    if not found.corrections:
        raise SystemExit(NOTHING_DONE)


def _export(kept: Corrections, path: Path) -> None:
    from toolkit.terminology import tmx

    say(f"{tmx.write(path, kept)} corrections written to {path}.")


def _print(kept: Corrections) -> None:
    for c in kept:
        cells = (c.language, c.target, c.text, c.translation, c.made)
        click.echo(for_terminal("\t".join(" ".join(cell.split()) for cell in cells)))
