"""Reads an English sentence into what can be checked: its content words with their polarity and
modality, its amounts and its dates. Word order and word lists decide; nothing is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
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

# Texts whose sentences are kept: a story of 40 articles has 200 bullets and headlines.
_READ = 256

_NEGATING_PREFIX = re.compile(r"(?:un|non)(?=[a-z]{4})")


def read_bullet(bullet: str, evidence: Sequence[str]) -> tuple[list[Sentence], list[Sentence]]:
    """Return the sentences of a bullet and of its evidence. A word that is a name in one place
    counts as one in all."""
    mine, theirs = read_all([bullet]), read_all(evidence)
    names = frozenset().union(*(sentence.names for sentence in (*mine, *theirs)))
    return [_with_names(s, names) for s in mine], [_with_names(s, names) for s in theirs]


def read_all(texts: Iterable[str]) -> list[Sentence]:
    """Return every sentence of ``texts``, read."""
    return [sentence for text in texts for sentence in _read_text(text)]


def _with_names(sentence: Sentence, names: frozenset[str]) -> Sentence:
    """Return a sentence in which words with a capital count as names where their keys are in
    ``names``: the capital of its first word says nothing."""
    named = [w.at for w in sentence.unsure_names if _is_known(w.text.lower(), names)]
    return _named(sentence, frozenset(named)) if named else sentence


@lru_cache(maxsize=_READ)
def _named(sentence: Sentence, positions: frozenset[int]) -> Sentence:
    """Return a sentence with the words at ``positions`` as names."""
    words = tuple(replace(w, name=w.name or w.at in positions) for w in sentence.words)
    return replace(sentence, words=words)


@lru_cache(maxsize=_READ)
def _read_text(text: str) -> tuple[Sentence, ...]:
    return tuple(_read(sentence) for sentence in split_sentences(text))


def _read(text: str) -> Sentence:
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
            name=_is_name(raw, at),
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
