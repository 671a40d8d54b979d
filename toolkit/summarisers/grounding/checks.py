"""What is checked of a bullet against its evidence: one function per way of being wrong.

Each takes the bullet's sentence and the evidence's sentences and returns reasons in English.
"""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.summarisers.grounding import figures, relations
from toolkit.summarisers.grounding.anaphora import imported
from toolkit.summarisers.grounding.claims import Mood, Sentence, Word, found_in, matched, same
from toolkit.summarisers.grounding.lexicon import alike, keys, opposite, words

# So many general words ("official", "take") may be the summary's own.
_FREE_WORDS = 1
# Neighbours in a bullet that are further apart in the source, in content words, are not linked
# there; so many such pairs, if a third of all, are not a matter of wording.
_LINK = 4
_SCATTERED = 2


def _missing(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    missing = [
        word
        for word in claim.words
        if not matched(word, source)
        and not _acronym(word, source)
        and not (word.key in keys("implicit_negators") and any(s.denies for s in source))
    ]
    general = [w for w in missing if w.light and not w.name]
    acts = [w for w in general if w.key not in keys("reporting_verbs")]
    if len(acts) <= _FREE_WORDS:
        missing = [w for w in missing if w not in general]
    return [f"not in the source: {word.text}" for word in missing]


def _acronym(word: Word, source: Sequence[Sentence]) -> bool:
    if not (word.text.isupper() and len(word.text) > 1):
        return False
    return any(
        "".join(w.text[0] for w in s.words[i : i + len(word.text)] if w.name) == word.text
        for s in source
        for i in range(len(s.words))
    )


def _compared(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """ "more likely" for "less likely"."""
    turn = {"more": "less", "less": "more", "most": "least", "least": "most", "fewer": "more"}
    turn |= {"above": "below", "below": "above", "inside": "outside", "outside": "inside"}
    theirs = {pair for s in source for pair in zip(s.tokens, s.tokens[1:], strict=False)}
    ranked = [
        f"the source says {rank} {token}"
        for before, token in zip(("", *claim.tokens), claim.tokens, strict=False)
        if token.endswith("est") and before not in words("ranks")
        for rank in sorted({first for first, second in theirs if second == token})
        if rank in words("ranks")
    ]
    return ranked + [
        f"the opposite in the source: {first} {second}"
        for first, second in zip(claim.tokens, claim.tokens[1:], strict=False)
        if first in turn and (first, second) not in theirs and (turn[first], second) in theirs
    ]


def _causes(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """A "because" between things that the source tells apart from one another."""
    at = next((i for i, t in enumerate(claim.tokens) if t in words("causes")), None)
    if at is None:
        return []
    sides = (
        [w for w in claim.words if w.at < at and not w.light],
        [w for w in claim.words if w.at > at and not w.light],
    )
    together = any(
        all(sum(found_in(w, s) for w in side) * 2 > len(side) for side in sides) for s in source
    )
    return [] if together else ["the source does not give this as the cause"]


def _quoted(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """What somebody is quoted as saying, told as a fact."""
    if '"' in claim.tokens or any(w.key in keys("reporting_verbs") for w in claim.words):
        return []
    content = [w for w in claim.words if not w.light and not w.name]
    best = max(source, key=lambda s: sum(found_in(w, s) for w in content))
    spoken = _inside_quotes(best)
    said = [w for w in content if found_in(w, best)]
    inside = [w for w in said if all(o.at in spoken for o in best.words if same(w, o))]
    if said and len(inside) * 3 >= len(said) * 2:
        return ["a quotation told as a fact"]
    return []


def _inside_quotes(sentence: Sentence) -> set[int]:
    marks = [i for i, token in enumerate(sentence.tokens) if token == '"']
    pairs = zip(marks[::2], marks[1::2], strict=False)
    return {i for start, end in pairs for i in range(start + 1, end)}


def _scattered(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Words that are neighbours in the bullet and far from each other in the source."""
    pairs = [
        (a, b)
        for a, b in zip(claim.words, claim.words[1:], strict=False)
        if a.clause == b.clause and matched(a, source) and matched(b, source)
    ]
    apart = [pair for pair in pairs if not any(_linked(*pair, s) for s in source)]
    if len(apart) < _SCATTERED or len(apart) * 3 < len(pairs):
        return []
    return [f"not said together in the source: {a.text} {b.text}" for a, b in apart]


def _linked(one: Word, other: Word, sentence: Sentence) -> bool:
    if any(t in words("pronouns") for t in sentence.tokens) and (
        one.name or other.name or found_in(one, sentence) != found_in(other, sentence)
    ):
        return True
    places = [i for i, w in enumerate(sentence.words) if same(one, w)]
    return any(
        abs(i - place) <= _LINK
        for i, w in enumerate(sentence.words)
        if same(other, w)
        for place in places
    )


def _polarity(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    found = []
    denied = [o for s in source for o in s.words if o.negated_by]
    kept_denial = any(w.negated_by and any(same(w, o) for o in denied) for w in claim.words)
    for word in claim.words:
        others = [(s, o) for s in source for o in s.words if same(word, o)]
        if not others:
            continue
        mine = _negative(word, others[0][1])
        if mine == "" and all(_negative(o, word) for _, o in others):
            kept = any(
                _negative(o, word) != "not" and claim.has(_negative(o, word)) for _, o in others
            )
            if not kept and not claim.negates(word):
                found.append(f"denied in the source: {word.text}")
        elif mine and not kept_denial and not any(_negative(o, word) for _, o in others):
            kept = any(s.has(mine) or s.negates(o) for s, o in others)
            if not kept:
                found.append(f"not denied in the source: {word.text}")
    return found


def _negative(word: Word, other: Word) -> str:
    flipped = bool(word.undone) and alike(word.undone, other.key) and word.key != other.key
    if flipped:
        return "" if word.negated_by else "not"
    return word.negated_by


def _moods(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    found = []
    for word in claim.words:
        before = (w for w in claim.words if w.at < word.at)
        hedged = word.mood is Mood.POSSIBLE or any(
            w.mood is Mood.POSSIBLE or w.key in keys("possible") for w in before
        )
        hedged = hedged or any(t in words("hedges") for t in claim.tokens)
        others = [o for s in source for o in s.words if same(word, o)]
        peers = [o for o in others if o.verb == word.verb] or others
        near = claim.tokens[max(0, word.at - 3) : word.at]
        asserted = word.verb or word.mood is Mood.FUTURE or any(o.verb for o in peers)
        if not others or not (asserted or any(t in words("be_forms") for t in near)):
            continue
        if word.text.endswith("ing") and claim.tokens[word.at - 1] not in words("be_forms"):
            continue
        least = min(o.mood for o in peers)
        if least is Mood.POSSIBLE and not hedged:
            found.append(f"only possible in the source: {word.text}")
        elif (
            word.past
            and word.mood is Mood.FACT
            and not word.negated_by
            and least >= Mood.FUTURE
            and not any(o.past for o in others)
        ):
            found.append(f"not done yet in the source: {word.text}")
    return found


def _opposites(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    found = []
    for clause in sorted(set(claim.clauses)):
        mine = [w for w in claim.words if w.clause == clause]
        for word in mine:
            context = [w for w in mine if w is not word and not w.light]
            best = max(source, key=lambda s: _shared(context or claim.words, clause, claim, s))
            against = any(opposite(word.key, o.key) for o in best.words)
            if against and not best.has(word.key):
                found.append(f"the opposite in the source: {word.text}")
    return found


def _shared(context: Sequence[Word], clause: int, claim: Sentence, sentence: Sentence) -> int:
    """How many of these words and of the clause's amounts a sentence has."""
    amounts = [a for a in claim.amounts if claim.clauses[a.start] == clause]
    return sum(found_in(w, sentence) for w in context if not w.light) + sum(
        any(figures.equal_amounts(a, b, sentence) for b in sentence.amounts) for a in amounts
    )


CHECKS = (
    _missing,
    figures.exact,
    figures.dates,
    figures.numbers,
    figures.reordered,
    figures.objects,
    _compared,
    _causes,
    _scattered,
    _quoted,
    _polarity,
    _moods,
    _opposites,
    relations.swapped,
    relations.replaced,
    relations.misplaced,
    relations.crossed,
    relations.reattached,
    relations.distinguished,
    relations.readmitted,
    relations.mixed_names,
    relations.speakers,
    imported,
)
