"""How far a negation and a modal word reach in a sentence.

There is no parse here: a negation reaches over a few content words, since what follows them is
mostly an adverbial, and a modal word to the end of its clause.
"""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.summarisers.grounding.lexicon import key, keys, words
from toolkit.summarisers.grounding.sentence import Modality
from toolkit.summarisers.grounding.tokens import STOPS, is_content, is_negator, key_at, token_at

# How many content words "not" negates, and "deny" or "refuse", and "without".
_NOT_REACH = 2
_IMPLIED_REACH = 3
_WITHOUT_REACH = 1
_NOT_ENDS = frozenset(["and", "which", "who"])


def negations(tokens: Sequence[str]) -> list[str]:
    """Return for each token the key of the word that negates it, or "". Two negations cancel."""
    found, negator, left = [], "", 0
    for at, token in enumerate(tokens):
        adverbial = negator == "not" and left < _NOT_REACH and token in words("prepositions")
        if adverbial or token in _NOT_ENDS or _ends_scope(token):
            negator = ""
        found.append(negator if left > 0 else "")
        left -= is_content(token)
        plain = _negates_plainly(tokens, at)
        if plain or _negates_by_meaning(tokens, at):
            doubled = negator and left > 0
            negator = "" if doubled else "not" if plain else key_at(tokens, at)
            left = _NOT_REACH if plain else _IMPLIED_REACH
            if token == "without":
                left = _WITHOUT_REACH
    return found


def _ends_scope(token: str) -> bool:
    return token in STOPS or token in words("clause_splitters")


def _negates_plainly(tokens: Sequence[str], at: int) -> bool:
    following = token_at(tokens, at + 1)
    negator = is_negator(tokens[at]) and following != "only"
    return negator or (tokens[at] == "yet" and following == "to")


def _negates_by_meaning(tokens: Sequence[str], at: int) -> bool:
    """Say whether a token is "deny", "refuse", "rule ... out" or the like."""
    ruled_out = key(tokens[at]) == "rule" and "out" in tokens[at + 1 : at + 3]
    return key_at(tokens, at) in keys("implicit_negators") or ruled_out


def modalities(tokens: Sequence[str], amounts: frozenset[int]) -> list[Modality]:
    """Return for each token how certain the sentence is of it. ``amounts`` are the positions of
    tokens that belong to a number or a date."""
    found = _modalities_after(tokens, amounts)
    for at, token in enumerate(tokens):
        # "X is possible" states the possibility of what stands before it.
        if token in words("predicates") and {"is", "are", "be"} & set(tokens[max(0, at - 2) : at]):
            start = max((i + 1 for i in range(at) if tokens[i] in STOPS), default=0)
            found[start:at] = [Modality.POSSIBLE] * (at - start)
    return found


def _modalities_after(tokens: Sequence[str], amounts: frozenset[int]) -> list[Modality]:
    found, modality = [], Modality.FACT
    for at, token in enumerate(tokens):
        if _ends_scope(token):
            modality = Modality.FACT
        infinitive = token_at(tokens, at - 1) == "to" and not _is_factive(tokens, at)
        found.append(max(modality, Modality.FUTURE) if infinitive else modality)
        if at not in amounts:
            modality = max(modality, _modality_of(tokens, at))
    return found


def _modality_of(tokens: Sequence[str], at: int) -> Modality:
    """Return how certain a token makes the sentence of those after it."""
    token, following = tokens[at], token_at(tokens, at + 1)
    demanded = key(token) in ("call", "ask") and following == "for"
    noun = token.rstrip("s") in words("possible_nouns") and following not in words("noun_scopes")
    if demanded or (key_at(tokens, at) in keys("possible") and not noun):
        return Modality.POSSIBLE
    if key(token) in keys("future") or (token in ("set", "going") and following == "to"):
        return Modality.FUTURE
    return Modality.FACT


def _is_factive(tokens: Sequence[str], at: int) -> bool:
    """Say whether "to" before the token follows a verb that says that it was done ("managed
    to")."""
    return at > 1 and key(tokens[at - 2]) in keys("factive_before_to")
