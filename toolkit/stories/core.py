"""Compares what holds two bullets together: their predicates, and the small words between."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from toolkit.stories.contrasts import entries, markers
from toolkit.summarisers.grounding.lexicon import alike, key, keys, phrasal, words
from toolkit.summarisers.grounding.sentence import Sentence, Word, matched, matched_at, once, same
from toolkit.summarisers.grounding.tokens import is_content, key_at, token_at

Text = Sequence[Sentence]

_COMPARISON = "than"


def same_core(one: Text, other: Text) -> bool:
    """Say whether the first predicates of two texts are the same, with a word before them that is
    the same, or none."""
    first, second = _predicate(one, other), _predicate(other, one)
    if first is None or second is None or not same(first[1], second[1]):
        return False
    before = [[w for w in s.words if w.at < verb.at] for s, verb in (first, second)]
    return not any(before) or any(same(a, b) for a in before[0] for b in before[1])


def _predicate(text: Text, other: Text) -> tuple[Sentence, Word] | None:
    """Return the first predicate of a text, with its sentence, in a clause that has a word of the
    other text; None where only verbs such as "take" or "say" are there."""
    for sentence in text:
        shared = {sentence.clauses[at] for at in matched_at(sentence, tuple(other))}
        for word in _verbs(sentence):
            if word.clause in shared:
                return sentence, word
    return None


@once
def _verbs(sentence: Sentence) -> tuple[Word, ...]:
    empty = keys("vague_verbs") | keys("plain_sayings") | keys("causing")
    empty |= {key(word) for word in ("leave", "hold")}
    return tuple(w for w in sentence.words if w.verb and w.key not in empty and w.text != "going")


def linked_alike(one: Text, other: Text) -> bool:
    """Say whether nothing but details tells two texts apart whose content words agree: no word in
    place of another, no other first predicate, no shared word that belongs to one of two things
    ("the minister", "the brother of the minister"), no other preposition before a shared word, and
    nothing compared the other way round."""
    if _residue(one, other) and _residue(other, one):
        return False
    return all(
        _has_predicate(mine, theirs)
        and not _owners(mine, theirs)
        and not _links(mine, theirs) - _tokens(theirs)
        and not _compared(mine) & _measures(theirs)
        for mine, theirs in ((one, other), (other, one))
    )


def _residue(text: Text, other: Text) -> bool:
    """Say whether a text has words, small ones too, that nothing in the other stands for."""
    there = {key_at(s.tokens, at) for s in other for at in range(len(s.tokens))}
    for sentence in text:
        taken = {at for a in sentence.amounts for at in range(a.start, a.end)}
        for _, _, places in markers(sentence.tokens, "bounds"):
            if taken & {places.stop, places.stop + 1}:
                taken.update(places)
        for at, token in enumerate(sentence.tokens):
            before = key(token_at(sentence.tokens, at - 1))
            if at in taken or not token[0].isalpha() or token in _empty():
                continue
            if (before, token) in phrasal() or token.endswith("n't"):
                continue
            own = key_at(sentence.tokens, at)
            if own not in there and not any(alike(own, k) for k in there):
                return True
    return False


@cache
def _empty() -> frozenset[str]:
    """Return the words that a sentence which says the same may have or lack."""
    lists = ("determiners", "be_forms", "have_forms", "pronouns", "negators")
    return frozenset().union(
        *map(words, (*lists, "honorifics")), entries("loose"), entries("empty")
    )


def _has_predicate(text: Text, other: Text) -> bool:
    """Say whether another text has the first predicate of a text: "Snow fell" is not "Snow is
    expected"."""
    first = _predicate(text, other)
    return first is None or matched(first[1], other)


def _owners(text: Text, other: Text) -> bool:
    """Say whether a text has a word that the other lacks before "of" and a shared word, or right
    behind one: "the brother of the minister", "the minister's brother"."""
    for sentence in text:
        content = {w.at: w for w in sentence.words}
        for at, word in content.items():
            if word.general or word.title or word.verb or word.name or matched(word, other):
                continue
            after = at + 1
            if token_at(sentence.tokens, after) == "of":
                after += 1 + (token_at(sentence.tokens, after + 1) in words("determiners"))
                if after in content and matched(content[after], other):
                    return True
            before = content.get(at - 1)
            if before and not before.verb and matched(before, other):
                return True
    return False


def _compared(text: Text) -> set[str]:
    """Return the keys of the words before "than"."""
    ends = ((s, s.tokens.index(_COMPARISON)) for s in text if _COMPARISON in s.tokens)
    return {w.key for s, end in ends for w in s.words if w.at < end} - _measures(text)


def _measures(text: Text) -> set[str]:
    """Return the keys of the words after "than"."""
    starts = ((s, s.tokens.index(_COMPARISON)) for s in text if _COMPARISON in s.tokens)
    return {w.key for s, start in starts for w in s.words if w.at > start}


def _tokens(text: Text) -> set[str]:
    return {token for s in text for token in s.tokens}


def _links(text: Text, other: Text) -> set[str]:
    """Return the prepositions of a text before words that the other has too, and "still"."""
    found = set()
    for sentence in text:
        content = {w.at: w for w in sentence.words}
        numbers = {w for a in sentence.amounts for w in range(a.start, a.end + 2)}
        for at, token in enumerate(sentence.tokens):
            if token == "still":
                found.add(token)
            before = token_at(sentence.tokens, at - 1)
            if (
                token not in words("prepositions")
                or token in entries("loose")
                or before == "according"
            ):
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
