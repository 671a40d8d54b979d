"""Compares what two bullets say in one slot of an event: its cause, its two sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.summarisers.grounding.lexicon import keys, pairs, words
from toolkit.summarisers.grounding.predicates import Predication, predications
from toolkit.summarisers.grounding.sentence import Sentence, Word, among, same
from toolkit.summarisers.grounding.tokens import key_at, token_at

Text = Sequence[Sentence]

# Tokens after "because of" or "caused by" in which the cause is named.
_CAUSE = 6
_BEFORE_CAUSES = ("because of", "due to", "caused by", "result of", "owing to", "blamed on")


def other_causes(one: Text, other: Text) -> list[Word]:
    """Return the words for the causes where both texts name one, and not the same."""
    mine, theirs = _causes(one), _causes(other)
    if not (mine and theirs) or any(same(a, b) for a in mine for b in theirs):
        return []
    return [*mine, *theirs]


def _causes(text: Text) -> list[Word]:
    """Return the words for causes: behind "because of", before "caused", between "blame" and
    "for"."""
    found: list[Word] = []
    for sentence in text:
        tokens = sentence.tokens
        for at in range(len(tokens)):
            pair = f"{tokens[at]} {token_at(tokens, at + 1)}"
            if pair in _BEFORE_CAUSES:
                found += _phrase(sentence, at + 2)
            elif tokens[at] == "because":
                found += _phrase(sentence, at + 1)
            elif key_at(tokens, at) == "blame" and "for" in tokens[at:]:
                found += [w for w in sentence.words if at < w.at < tokens.index("for", at)]
        for predication in predications(sentence):
            if predication.predicate.key in keys("causing") and predication.sure:
                found += predication.subject
    return [w for w in found if not w.general]


def _phrase(sentence: Sentence, start: int) -> Iterator[Word]:
    """Yield the words of the phrase that begins at ``start``: up to the next small word."""
    content = {w.at: w for w in sentence.words}
    for at in range(start, start + _CAUSE):
        if at in content:
            yield content[at]
        elif token_at(sentence.tokens, at) not in words("determiners"):
            return


def changed_places(one: Text, other: Text) -> bool:
    """Say whether one who acts in one text is acted on in the other, and the reverse, by verbs
    that say the same: "Riga beat Orsk", "Orsk defeated Riga"."""
    verbs = frozenset(w.key for s in (*one, *other) for w in s.words if w.verb)
    mine, theirs = (
        [
            p
            for s in text
            for p in predications(s, verbs)
            if p.sure and p.subject and p.object and p.predicate.key not in keys("plain_sayings")
        ]
        for text in (one, other)
    )
    return any(_are_exchanged(a, b) for a in mine for b in theirs)


def _are_exchanged(mine: Predication, theirs: Predication) -> bool:
    both = frozenset({mine.predicate.key, theirs.predicate.key})
    if both in pairs("converses") or not same(mine.predicate, theirs.predicate):
        return False
    return any(_moved(w, theirs.subject, theirs.object) for w in mine.subject) and any(
        _moved(w, theirs.object, theirs.subject) for w in mine.object
    )


def _moved(word: Word, here: Sequence[Word], there: Sequence[Word]) -> bool:
    return not word.general and among(word, there) and not among(word, here)
