"""Find the checkpoint and the sentences that ``toolkit bench`` measures engines with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolkit.bench.timing import END, Files, Subject, TokenIds
from toolkit.config import cache_home
from toolkit.errors import InputError, ModelError, ToolkitError
from toolkit.hub.checkpoint import OURS, Checkpoint
from toolkit.hub.resolve import resolve
from toolkit.languages import ENGLISH
from toolkit.options import Source

# Tokens of source and output for sentences, headings and list items of news articles: the medians
# of eight equal parts of those of the five sample articles, sorted by length.
LENGTHS = ((7, 6), (10, 10), (13, 12), (17, 16), (22, 21), (29, 26), (35, 32), (56, 54))
# Tokens that English needs of NLLB's 256,206.
_KEPT = 48_000


def random_subject(folder: Path | None = None) -> Subject:
    """Return a checkpoint of NLLB-600M's sizes with random weights, in ``folder`` (the cache, if
    None), and made-up sentences as long as those of news articles."""
    folder = folder or cache_home() / "bench"
    files = Files(folder / "checkpoint", folder / "prepared")
    return Subject("NLLB-600M's sizes, random weights", files, tuple(range(_KEPT)), LENGTHS)


def find(model: str, inputs: Sequence[Source], *, asked: bool) -> Subject:
    """Return the checkpoint that ``model`` names, with the sentences of ``inputs``.

    Unless the user ``asked`` for it by name, random weights stand in for a checkpoint that is not
    here and for the demo, which is too small to measure. Nothing is fetched. Raises ``ModelError``
    where a checkpoint that was asked for is not here.
    """
    try:
        checkpoint = resolve(model, fetch_missing=False)
    except ModelError:
        if asked:
            raise
        return random_subject()
    if checkpoint.family != OURS:
        raise ModelError(
            f"{checkpoint.name} is no NLLB or M2M100, whose engines are compared here",
            remedy="Name such a checkpoint, or none for random weights.",
        )
    return real_subject(checkpoint, inputs) if asked or not checkpoint.is_demo else random_subject()


def real_subject(checkpoint: Checkpoint, inputs: Sequence[Source]) -> Subject:
    """Return a checkpoint that is here, with the sentences of ``inputs`` that are not English, or
    with made-up ones where there are none."""
    from toolkit.translators.decoder import english_vocabulary, prepared_folder
    from toolkit.translators.nllb import language_ids, load_tokenizer

    tokenizer = load_tokenizer(checkpoint)
    languages = language_ids(tokenizer, checkpoint)
    kept = english_vocabulary(checkpoint, tokenizer, languages.values())
    sources = sorted(_sentences(inputs, tokenizer, languages), key=lambda ids: (len(ids), ids))
    return Subject(
        checkpoint.signature,
        Files(checkpoint.path, prepared_folder(checkpoint)),
        None if kept is None else tuple(kept),
        tuple((len(ids), 2 * len(ids) + 20) for ids in sources) or LENGTHS,
        tuple(sources),
        languages[ENGLISH],
        tokenizer.get_vocab_size(),
    )


def _sentences(
    inputs: Sequence[Source], tokenizer: Any, languages: dict[str, int]
) -> set[TokenIds]:
    from toolkit.readers import collection
    from toolkit.runs import stages
    from toolkit.text.normalise import normalise
    from toolkit.translators.nllb import LONGEST

    found: set[TokenIds] = set()
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
                tokens = tokenizer.encode(normalise(segment.text), add_special_tokens=False).ids
                found.add((languages[prepared.language], *tokens[:LONGEST], END))
    return found
