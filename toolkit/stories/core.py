"""Compares what holds two bullets together: their predicates, and the small words between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.summarisers.grounding.lexicon import key, keys, phrasal, words
from toolkit.summarisers.grounding.sentence import Sentence, Word, matched, same
from toolkit.summarisers.grounding.tokens import is_content, token_at

# Small words that may be another in a sentence that says the same: "the price of bread", "the
# price for bread".
_LOOSE = frozenset({"of", "in", "at", "on", "by", "for", "as", "than", "with", "without"})
_COMPARISON = "than"


def same_core(one: Sequence[Sentence], other: Sequence[Sentence]) -> bool:
    """Say whether the first predicates of two texts are the same, with a word before them that is
    the same, or none."""
    first, second = next(_predicates(one), None), next(_predicates(other), None)
    if first is None or second is None or not same(first[1], second[1]):
        return False
    before = [[w for w in s.words if w.at < verb.at] for s, verb in (first, second)]
    return not any(before) or any(same(a, b) for a in before[0] for b in before[1])


def _predicates(text: Sequence[Sentence]) -> Iterator[tuple[Sentence, Word]]:
    empty = keys("vague_verbs") | keys("plain_sayings") | {key("leave")}
    return ((s, w) for s in text for w in s.words if w.verb and w.key not in empty)


def linked_alike(one: Sequence[Sentence], other: Sequence[Sentence]) -> bool:
    """Say whether two texts have each other's first predicate, and nothing joins the words that
    both have by a preposition that the other lacks ("against", "still"), or compares them the
    other way round."""
    return (
        _has_predicate(one, other)
        and _has_predicate(other, one)
        and not _links(one, other) - _tokens(other)
        and not _links(other, one) - _tokens(one)
        and not _compared(one) & _measures(other)
        and not _compared(other) & _measures(one)
    )


def _has_predicate(text: Sequence[Sentence], other: Sequence[Sentence]) -> bool:
    """Say whether another text has the first predicate of a text: "Snow fell" is not "Snow is
    expected"."""
    first = next(_predicates(text), None)
    return first is None or matched(first[1], other) or next(_predicates(other), None) is None


def _compared(text: Sequence[Sentence]) -> set[str]:
    """Return the keys of the words before "than"."""
    ends = ((s, s.tokens.index(_COMPARISON)) for s in text if _COMPARISON in s.tokens)
    return {w.key for s, end in ends for w in s.words if w.at < end} - _measures(text)


def _measures(text: Sequence[Sentence]) -> set[str]:
    """Return the keys of the words after "than"."""
    starts = ((s, s.tokens.index(_COMPARISON)) for s in text if _COMPARISON in s.tokens)
    return {w.key for s, start in starts for w in s.words if w.at > start}


def _tokens(text: Sequence[Sentence]) -> set[str]:
    return {token for s in text for token in s.tokens}


def _links(text: Sequence[Sentence], other: Sequence[Sentence]) -> set[str]:
    """Return the prepositions of a text before words that the other has too, and "still"."""
    found = set()
    for sentence in text:
        content = {w.at: w for w in sentence.words}
        numbers = {w for a in sentence.amounts for w in range(a.start, a.end + 2)}
        for at, token in enumerate(sentence.tokens):
            if token == "still":
                found.add(token)
            before = token_at(sentence.tokens, at - 1)
            if token not in words("prepositions") or token in _LOOSE or before == "according":
                continue
            if (key(before), token) in phrasal():
                continue
            following = next((i for i in range(at + 1, len(sentence.tokens)) if i in content), None)
            if following is None or any(is_content(t) for t in sentence.tokens[at + 1 : following]):
                continue
            word = content[following]
            after = token_at(sentence.tokens, at + 1)
            plain = following == at + 1 or after in words("be_forms") | words("have_forms")
            infinitive = token == "to" and plain and not word.name
            if matched(word, other) and not infinitive and following not in numbers:
                found.add(token)
    return found
