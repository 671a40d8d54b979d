"""An English sentence as grounding sees it, and the comparison of its words with another's."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property, lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from toolkit.summarisers.grounding.amounts import Amount
from toolkit.summarisers.grounding.lexicon import alike, keys, kin
from toolkit.summarisers.grounding.tokens import is_negator

P = ParamSpec("P")
T = TypeVar("T")

# Tokens before or after a word within which a negation counts as near it.
_NEAR = 4


class Modality(IntEnum):
    """How certain a sentence is of a word in it."""

    FACT = 0
    FUTURE = 1
    POSSIBLE = 2


@dataclass(frozen=True, slots=True)
class Word:
    """A content word of a sentence.

    ``at`` is its position among the sentence's tokens and ``clause`` the number of its clause.
    ``name`` says that it is a proper noun, ``verb`` that it is used as a verb, ``participle`` that
    it has the form of one in -ed, ``past`` that it states something done, ``definite`` that "the"
    stands before it. ``negated_by`` is the key of the word that negates it, or empty. ``stem`` is
    the key of what is left without the prefix "un-" or "non-", or empty.
    """

    text: str
    key: str
    at: int
    clause: int
    name: bool
    verb: bool
    participle: bool
    past: bool
    modality: Modality
    negated_by: str
    stem: str
    definite: bool

    @property
    def general(self) -> bool:
        """Say whether it is too general to count as a statement of its own ("official", "take")."""
        return self.key in keys("light_words")

    @property
    def kin(self) -> frozenset[str | int]:
        """Return the ``kin`` of its key, and of its stem: two that may stand for one another have
        one in common."""
        return kin(self.key) | kin(self.stem) if self.stem else kin(self.key)

    @property
    def title(self) -> bool:
        """Say whether it is a title or an office ("mayor")."""
        return self.key in keys("titles")


@dataclass(frozen=True, eq=False)
class Sentence:
    """One sentence, read. ``tokens`` are lower-case. Two are equal only if they are one object, so
    that looking up what is known of one takes no time; ``known`` is what ``once`` keeps.

    ``clauses`` has the number of each token's clause. ``dates`` are pairs of month and day (0 where
    none is named). ``verbatim`` are words that a summary has to repeat as they are: weekdays,
    "tomorrow", "half", "dozens", scores ("3-1").
    """

    tokens: tuple[str, ...]
    clauses: tuple[int, ...]
    words: tuple[Word, ...]
    amounts: tuple[Amount, ...]
    dates: frozenset[tuple[int, int]]
    verbatim: frozenset[str]
    known: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def keys(self) -> frozenset[str]:
        """Return the keys of its content words."""
        return frozenset(word.key for word in self.words)

    @cached_property
    def token_set(self) -> frozenset[str]:
        """Return its tokens without their order."""
        return frozenset(self.tokens)

    @cached_property
    def forms(self) -> tuple[tuple[Word, str, frozenset[str | int]], ...]:
        """Return its content words, each in lower case and with its ``kin``."""
        return tuple((word, word.text.lower(), word.kin) for word in self.words)

    @cached_property
    def kin(self) -> frozenset[str | int]:
        """Return the ``kin`` of all its content words."""
        return frozenset().union(*(word.kin for word in self.words))

    @cached_property
    def names(self) -> frozenset[str]:
        """Return the keys of its names."""
        return frozenset(word.key for word in self.words if word.name)

    @cached_property
    def unsure_names(self) -> tuple[Word, ...]:
        """Return the words with a capital that are no names by their place."""
        return tuple(w for w in self.words if w.text[0].isupper() and not w.name)

    @cached_property
    def content(self) -> dict[int, Word]:
        """Return its content words by their positions."""
        return {word.at: word for word in self.words}

    def negates(self, word: Word) -> bool:
        """Say whether "not", "no" or the like stands near a word of it, in the same clause."""
        near = range(max(0, word.at - _NEAR), min(len(self.tokens), word.at + _NEAR + 1))
        return any(is_negator(self.tokens[at]) and self.clauses[at] == word.clause for at in near)

    @property
    def has_negation(self) -> bool:
        """Say whether "not", "no" or the like stands anywhere in it."""
        return any(is_negator(token) for token in self.tokens)

    def has_key(self, wanted: str) -> bool:
        """Say whether it has a word like the key ``wanted``."""
        return any(alike(word.key, wanted) for word in self.words)


def once(
    function: Callable[Concatenate[Sentence, P], T],
) -> Callable[Concatenate[Sentence, P], T]:
    """Return a function of a sentence whose results are kept for as long as the sentence is."""

    @wraps(function)
    def kept(sentence: Sentence, /, *rest: P.args, **named: P.kwargs) -> T:
        asked = (function, *rest)
        if asked not in sentence.known:
            sentence.known[asked] = function(sentence, *rest, **named)
        found: T = sentence.known[asked]
        return found

    return kept


def same(word: Word, other: Word) -> bool:
    """Say whether one word may stand for the other."""
    if word.name and other.name and word.key != other.key:
        # Names have no synonyms, only adjectives made from them.
        return alike(word.key, other.key) and word.key[:4] == other.key[:4]
    return (
        alike(word.key, other.key)
        or bool(word.stem and alike(word.stem, other.key))
        or bool(other.stem and alike(word.key, other.stem))
    )


def found_in(word: Word, sentence: Sentence) -> bool:
    """Say whether a sentence has the word or one that may stand for it."""
    if word.key in sentence.keys:
        return True
    if word.kin.isdisjoint(sentence.kin):
        return False
    return any(same(word, other) for other in sentence.words)


def matched(word: Word, source: Sequence[Sentence]) -> bool:
    """Say whether any sentence has the word, be it as a content word or among its tokens."""
    return any(found_in(word, s) or word.text.lower() in s.tokens for s in source)


@lru_cache(maxsize=64)
def matched_at(sentence: Sentence, source: tuple[Sentence, ...]) -> frozenset[int]:
    """Return the positions of the words of a sentence that any of ``source`` has."""
    return frozenset(
        word.at
        for word, lower, its_kin in sentence.forms
        if any(
            word.key in s.keys
            or lower in s.token_set
            or not (its_kin.isdisjoint(s.kin) or not found_in(word, s))
            for s in source
        )
    )


def aligned(wanted: Sequence[Word], source: Sequence[Sentence]) -> Sentence:
    """Return the sentence that has most of these words."""
    return max(source, key=lambda s: sum(found_in(w, s) for w in wanted if not w.general))


def among(word: Word, words: Sequence[Word]) -> bool:
    """Say whether the words have one whose key is like the word's."""
    return any(alike(word.key, other.key) for other in words)
