"""Finds sentences of a digest that is written already, by what a reader sees of them."""

from __future__ import annotations

import datetime as dt
import re
from itertools import islice
from pathlib import Path
from typing import Any

from toolkit.errors import InputError
from toolkit.runs.outputs import LATEST
from toolkit.runs.records import records
from toolkit.text.normalise import normalise

_CITATION = re.compile(r"\s*(\d{1,7})\.(\d{1,7})\s*")


def is_citation(text: str) -> bool:
    """Return whether ``text`` names an article and a sentence of a digest.

    >>> is_citation("3.2"), is_citation("3.2 million people")
    (True, False)
    """
    return bool(_CITATION.fullmatch(text))


def cited(outputs: Path, date: dt.date | None, citation: str) -> tuple[str, str]:
    """Return the language and the text of the sentence that a digest calls ``citation`` ("3.2": of
    article 3 the sentence 2). The digest is the latest one, or that of ``date``.

    Raises ``InputError`` where there is none.
    """
    path = _articles(outputs, date)
    article, sentence = map(int, citation.split("."))
    found = list(islice(_read(path), article - 1, article)) if article else []
    if not found:
        raise InputError(
            f"{path}: there is no article {article}",
            remedy="Its number stands beside the sentence in digest.html; --date names another.",
        )
    for row in found[0]["segments"]:
        if row["index"] == sentence - 1:
            return found[0]["language"], row["source"]
    raise InputError(
        f"{path}: article {article} has {len(found[0]['segments'])} sentences, and no {sentence}",
        remedy="Its number stands beside the sentence in digest.html.",
    )


def language_of(outputs: Path, date: dt.date | None, text: str) -> str | None:
    """Return the language of the article of a digest that has the sentence ``text``, None where
    there is no such digest or no such article."""
    path, wanted = outputs / _day(date) / "articles.jsonl", normalise(text)
    try:
        for record in records(path):
            if any(normalise(row["source"]) == wanted for row in record["segments"]):
                language: str = record["language"]
                return language
    except OSError:
        pass
    return None


def _articles(outputs: Path, date: dt.date | None) -> Path:
    path = outputs / _day(date) / "articles.jsonl"
    if not path.is_file():
        raise InputError(
            f"{path}: no such digest",
            remedy="Name its folder with --outputs and its day with --date, or give the sentence.",
        )
    return path


def _day(date: dt.date | None) -> str:
    return date.isoformat() if date else LATEST


def _read(path: Path) -> Any:
    try:
        yield from records(path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", remedy="Check the path.") from None
