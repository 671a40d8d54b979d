"""What ``toolkit bench`` measures the engines with: a checkpoint, and rows for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolkit.bench.timing import END, Files, Row, Subject
from toolkit.config import cache_home
from toolkit.errors import InputError, ModelError, ToolkitError
from toolkit.hub.checkpoint import Checkpoint
from toolkit.hub.resolve import resolve
from toolkit.languages import ENGLISH

# Source and output pieces of sentences, headings and list items of news articles: the middles
# of eight equal parts of the five sample articles', by the pieces of NLLB's tokenizer that their
# characters and English words come to.
LENGTHS = ((7, 6), (10, 10), (13, 12), (17, 16), (22, 21), (29, 26), (35, 32), (56, 54))
_KEPT = 48_000  # pieces that English needs of NLLB's 256,206


def random_subject(folder: Path | None = None) -> Subject:
    """A checkpoint of NLLB-600M's sizes with random weights, in ``folder`` (the cache, if None),
    and rows as long as those of news articles."""
    folder = folder or cache_home() / "bench"
    files = Files(folder / "checkpoint", folder / "prepared")
    return Subject("NLLB-600M's sizes, random weights", files, tuple(range(_KEPT)), LENGTHS)


def find(model: str, inputs: Sequence[Path], *, asked: bool) -> Subject:
    """The checkpoint that ``model`` names, with the sentences of ``inputs``; the random one where
    it is not here (or is the demo, too small to tell anything), unless it was ``asked`` for by
    name. Nothing is fetched.

    Raises ``ModelError`` where what was asked for is not here.
    """
    try:
        checkpoint = resolve(model, fetch_missing=False)
    except ModelError:
        if asked:
            raise
        return random_subject()
    return real_subject(checkpoint, inputs) if asked or not checkpoint.is_demo else random_subject()


def real_subject(checkpoint: Checkpoint, inputs: Sequence[Path]) -> Subject:
    """A checkpoint that is here, with the sentences of ``inputs`` that are not English; where
    there are none, made-up rows as long as those of news articles."""
    from toolkit.translators.decoder import english_vocabulary, prepared_folder
    from toolkit.translators.nllb import language_ids, load_tokenizer

    tokenizer = load_tokenizer(checkpoint)
    languages = language_ids(tokenizer, checkpoint)
    kept = english_vocabulary(checkpoint, tokenizer, languages.values())
    rows = sorted(_sentences(inputs, tokenizer, languages), key=lambda row: (len(row), row))
    return Subject(
        checkpoint.signature,
        Files(checkpoint.path, prepared_folder(checkpoint)),
        None if kept is None else tuple(kept),
        tuple((len(row), 2 * len(row) + 20) for row in rows) or LENGTHS,
        tuple(rows),
        languages[ENGLISH],
        tokenizer.get_vocab_size(),
    )


def _sentences(inputs: Sequence[Path], tokenizer: Any, languages: dict[str, int]) -> set[Row]:
    from toolkit.readers import collection
    from toolkit.runs import stages
    from toolkit.text.normalise import normalise
    from toolkit.translators.nllb import LONGEST

    found: set[Row] = set()
    try:
        articles = collection.load(inputs).articles
    except InputError:
        return found
    for article in articles:
        try:
            prepared = stages.prepare(article)
        except ToolkitError:
            continue
        if prepared.language in languages and prepared.language != ENGLISH:
            for segment in prepared.segments:
                pieces = tokenizer.encode(normalise(segment.text), add_special_tokens=False).ids
                found.add((languages[prepared.language], *pieces[:LONGEST], END))
    return found
