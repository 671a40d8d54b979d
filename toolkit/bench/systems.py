"""The systems that an evaluation compares: settings of the toolkit, and translations of others."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from toolkit.bench import evaluation, references
from toolkit.bench.evaluation import Evaluation
from toolkit.bench.references import References
from toolkit.config import load
from toolkit.data import Hypothesis
from toolkit.errors import ConfigError, InputError
from toolkit.languages import ENGLISH
from toolkit.readers.texts import read_texts
from toolkit.terminology.terms import load_terms
from toolkit.translators.base import Translator
from toolkit.translators.build import load_configured

# The settings that a system may differ in.
_SETTINGS = ("model", "engine", "device", "beam", "meaning", "glossary")


def read(reference: str, source: Path | None, lines: bool, *, language: str | None) -> References:
    """Return the references of a table or, with a ``source`` or where ``lines`` of translations
    are given and it is no table, of a file of lines."""
    path = Path(reference)
    is_lines = lines and path.is_file() and not references.is_table(path)
    if source is not None or is_lines:
        return references.read_parallel(source, path, language=language)
    return references.read_references(reference, language=language)


def compare(
    data: Any,
    systems: Mapping[str, Any],
    *,
    language: str | None,
    resamples: int,
    load: Callable[[str], Translator],
) -> Evaluation:
    """Score each of ``systems`` against the references in ``data``: a translator, what ``load``
    makes one of, or the translations themselves."""
    found = references.read_references(data, language=language)
    made, signatures = {}, {}
    for name, system in systems.items():
        engine = load(os.fspath(system)) if isinstance(system, str | os.PathLike) else system
        if hasattr(engine, "translate"):
            made[name] = evaluation.translations(found.pairs, engine, target=ENGLISH)
            signatures[name] = engine.signature
            continue
        lines = [text or "" for text in read_texts(engine)]
        if len(lines) != len(found.pairs):
            raise InputError(
                f"{name} has {len(lines)} translations of {len(found.pairs)} sentences",
                remedy="Give one of each row that has a source and a reference.",
            )
        made[name] = evaluation.checked_lines(found.pairs, lines, target=ENGLISH)
    return evaluation.evaluate(found.pairs, made, signatures=signatures, resamples=resamples)


class Systems:
    """What each system made of the references that were read from ``where``, in order.

    ``signatures`` say how each was made; ``notices`` are for people.
    """

    def __init__(self, found: References, where: Path | str) -> None:
        self.made: dict[str, list[Hypothesis]] = {}
        self.signatures: dict[str, str] = {}
        self.notices: dict[str, None] = {}
        self._references, self._where = found, where

    def add_hypotheses(self, given: str) -> None:
        """Add the translations of a file or a column: ``[NAME=]FILE``."""
        name, equals, place = given.partition("=")
        if not equals or os.path.exists(given):  # noqa: PTH110 - it may be no path at all
            name = place = given
        if place in self._references.columns:
            lines = list(self._references.columns[place])
        else:
            lines = references.read_hypotheses(Path(place), self._references, self._where)
        pairs = self._references.pairs
        self._add(name, place, evaluation.checked_lines(pairs, lines, target=ENGLISH))

    def add_settings(
        self, options: Mapping[str, Any], changes: str = "", *, say: Callable[[str], None]
    ) -> None:
        """Translate with the settings of ``options`` and ``changes`` (``model=1.3B,beam=1``)."""
        config = load({**options, **_parsed(changes)})
        translator = load_configured(config, say=say)
        terms = load_terms(config, target=ENGLISH)
        pairs = self._references.pairs
        if not all(pair.source for pair in pairs):
            raise ConfigError("there are no sources to translate", remedy="Name them: --source.")
        made = evaluation.translations(pairs, translator, target=ENGLISH, terms=terms)
        self._add(changes or config.model, translator.signature, made)
        if translator.notice:
            self.notices[translator.notice] = None

    def _add(self, name: str, signature: str, made: list[Hypothesis]) -> None:
        if name in self.made:
            raise ConfigError(f"two systems are called {name!r}", remedy="Give one a NAME=.")
        self.made[name], self.signatures[name] = made, signature


def _parsed(changes: str) -> dict[str, Any]:
    """Return settings such as ``model=1.3B,beam=1`` by name."""
    found: dict[str, Any] = {}
    for part in filter(None, changes.split(",")):
        name, _, value = (text.strip() for text in part.partition("="))
        if name not in _SETTINGS or not value:
            raise ConfigError(
                f"{part!r} is no setting", remedy=f"Known are: {', '.join(_SETTINGS)}."
            )
        found[name] = int(value) if name == "beam" and value.isdecimal() else value
    return found
