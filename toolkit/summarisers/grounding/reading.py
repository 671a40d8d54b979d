"""Reads an English sentence into what can be checked: its content words with their polarity and
modality, its amounts and its dates. Word order and word lists decide; nothing is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from toolkit.summarisers.grounding.amounts import amounts, dates
from toolkit.summarisers.grounding.lexicon import alike, key, keys, words
from toolkit.summarisers.grounding.scope import modalities, negations
from toolkit.summarisers.grounding.sentence import Sentence, Word
from toolkit.summarisers.grounding.tokens import (
    clause_numbers,
    is_content,
    is_verbatim,
    key_at,
    split_sentences,
    token_at,
    tokenise,
)

_NEGATING_PREFIX = re.compile(r"(?:un|non)(?=[a-z]{4})")


def read_bullet(bullet: str, evidence: Sequence[str]) -> tuple[list[Sentence], list[Sentence]]:
    """Return the sentences of a bullet and of its evidence. A word that is a name in one place
    counts as one in all."""
    names = frozenset(
        word.key
        for sentence in read_all([*evidence, bullet])
        for word in sentence.words
        if word.name
    )
    return read_all([bullet], names), read_all(evidence, names)


def read_all(texts: Iterable[str], names: frozenset[str] = frozenset()) -> list[Sentence]:
    """Return every sentence of ``texts``, read. ``names`` are the keys of words known to be names:
    the capital of a sentence's first word says nothing."""
    return [_read(sentence, names) for text in texts for sentence in split_sentences(text)]


@lru_cache(maxsize=256)
def _read(text: str, names: frozenset[str]) -> Sentence:
    raw = tokenise(text)
    tokens = tuple(token.lower() for token in raw)
    clauses = clause_numbers(tokens)
    found_dates, taken = dates(raw)
    found_amounts = amounts(tokens, taken)
    taken |= {at for amount in found_amounts for at in range(amount.start, amount.end)}
    negated_by, modality = negations(tokens), modalities(tokens, taken)
    found = [
        Word(
            text=raw[at],
            key=key_at(tokens, at),
            at=at,
            clause=clauses[at],
            name=_is_name(raw, at) or (raw[at][0].isupper() and _is_known(token, names)),
            verb=_is_verb(raw, at),
            participle=_is_participle(token),
            past=_is_past(tokens, at),
            modality=modality[at],
            negated_by=negated_by[at],
            stem=_without_prefix(token),
            definite="the" in tokens[max(0, at - 2) : at],
        )
        for at, token in enumerate(tokens)
        if at not in taken and (is_content(token) or _is_direction(tokens, at, taken))
    ]
    verbatim = frozenset(token for token in tokens if is_verbatim(token))
    return Sentence(tokens, clauses, tuple(found), found_amounts, found_dates, verbatim)


def _without_prefix(token: str) -> str:
    stem = _NEGATING_PREFIX.sub("", token)
    return key(stem) if stem != token else ""


def _is_direction(tokens: Sequence[str], at: int, taken: frozenset[int]) -> bool:
    """Say whether "up" or "down" says which way an amount went."""
    return tokens[at] in ("up", "down") and (
        at + 1 in taken or token_at(tokens, at + 1) in ("by", "from")
    )


def _is_name(raw: Sequence[str], at: int) -> bool:
    token = raw[at]
    if not token[0].isupper():
        return False
    first = at == 0 or raw[at - 1] in ('"', ":", ".")
    name_follows = token_at(raw, at + 1)[:1].isupper()
    return not first or name_follows or (len(token) > 1 and token.isupper())


def _is_known(token: str, names: frozenset[str]) -> bool:
    return any(alike(key(token), name) for name in names)


def _is_verb(raw: Sequence[str], at: int) -> bool:
    token, before = raw[at].lower(), token_at(raw, at - 1).lower()
    after = token_at(raw, at + 1).lower()
    if before in words("determiners") or before[:1].isdigit():
        return False
    if at == 0 and after in words("have_forms") | words("modals"):
        return False  # "Engineers have"
    known = key(token) in keys("verbs")
    return (
        key(token) in keys("sayings")
        or (known and key(token) not in keys("nouns_too"))
        or (before in words("modals") and not token.endswith(("s", "s'", "'s")))
        or (token.endswith("ing") and (before in words("be_forms") or before in (",", "and")))
        or _is_participle(token)
        or (known and _has_subject_and_object(raw, at))
    )


def _has_subject_and_object(raw: Sequence[str], at: int) -> bool:
    """Say whether a word that may be a noun or a verb stands between a subject and an object."""
    before = token_at(raw, at - 1).lower()
    after = raw[at + 1] if at + 1 < len(raw) else "."
    subject = before in words("pronouns") or is_content(before) or before in ("who", "which", ",")
    return subject and (after in words("object_starts") or after[0].isdigit() or after[0].isupper())


def _is_past(tokens: Sequence[str], at: int) -> bool:
    if token_at(tokens, at - 1) in words("determiners"):
        return False
    return _is_participle(tokens[at]) and not any(
        t in words("modals") or t == "be" for t in tokens[max(0, at - 2) : at]
    )


def _is_participle(token: str) -> bool:
    return token in words("past_forms") or (
        token.endswith("ed") and len(token) > 3 and token not in words("no_participles")
    )
