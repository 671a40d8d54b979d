"""Compares what two bullets say in one slot of an event: its cause, its two sides, who
says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.summarisers.grounding.lexicon import keys, pairs, words
from toolkit.summarisers.grounding.predicates import Predication, attributions, predications
from toolkit.summarisers.grounding.sentence import Sentence, Word, among, once, same
from toolkit.summarisers.grounding.tokens import key_at, token_at

Text = Sequence[Sentence]

# Tokens after "because of" or "caused by" in which the cause is named.
_CAUSE = 6
# Tokens after "according to" in which the speaker is named.
_SPEAKER = 5
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
    return [word for sentence in text for word in _named_causes(sentence)]


@once
def _named_causes(sentence: Sentence) -> tuple[Word, ...]:
    found: list[Word] = []
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
    return tuple(w for w in found if not w.general)


def _phrase(sentence: Sentence, start: int) -> Iterator[Word]:
    """Yield the words of the phrase that begins at ``start``: up to the next small word."""
    content = sentence.content
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
        [p for s in text for p in predications(s, verbs) if p.sure and p.subject and p.object]
        for text in (one, other)
    )
    return any(_are_exchanged(a, b) for a in mine for b in theirs)


def _are_exchanged(mine: Predication, theirs: Predication) -> bool:
    if not same(mine.predicate, theirs.predicate):
        return False
    both = frozenset({mine.predicate.key, theirs.predicate.key})
    if both in pairs("converses") or both & keys("plain_sayings"):
        return False
    return any(_moved(w, theirs.subject, theirs.object) for w in mine.subject) and any(
        _moved(w, theirs.object, theirs.subject) for w in mine.object
    )


def _moved(word: Word, here: Sequence[Word], there: Sequence[Word]) -> bool:
    return not word.general and among(word, there) and not among(word, here)


def other_speakers(one: Text, other: Text) -> Iterator[bool]:
    """Yield True where other people are named as speakers, False where that is unclear, since one
    text names none."""
    mine, theirs = _said_by(one), _said_by(other)
    if bool(mine) != bool(theirs):
        yield False
    elif mine and (_named_apart(mine, theirs) or not any(same(a, b) for a in mine for b in theirs)):
        general = all(w.general for w in mine) or all(w.general for w in theirs)
        yield not general


def _named_apart(mine: Sequence[Word], theirs: Sequence[Word]) -> bool:
    """Say whether two speakers have names beside a word in common, and not the same: "the Iraqi
    government", "the American government"."""
    names, others = _names_beside(mine, theirs), _names_beside(theirs, mine)
    return bool(names and others) and not any(same(a, b) for a in names for b in others)


def _names_beside(speaker: Sequence[Word], other: Sequence[Word]) -> list[Word]:
    shared = {w.at for w in speaker if any(same(w, o) for o in other)}
    return [w for w in speaker if w.name and {w.at - 1, w.at + 1} & shared]


def _said_by(text: Text) -> list[Word]:
    """Return the words for those who say the rest of a text."""
    return [word for sentence in text for word in _speaker(sentence)]


@once
def _speaker(sentence: Sentence) -> tuple[Word, ...]:
    found: list[Word] = []
    said = [w for w in sentence.words if w.verb and w.key in keys("plain_sayings")]
    for attribution in attributions(sentence) if said else ():
        if not any(w in said for w in attribution.speaker):
            found += [w for w in attribution.speaker if w not in said]
    for at, token in enumerate(sentence.tokens[:-1]):
        if token == "according" and sentence.tokens[at + 1] == "to":
            found += [w for w in sentence.words if at + 1 < w.at <= at + _SPEAKER]
    return tuple(found)
