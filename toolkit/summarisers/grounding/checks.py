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


def missing(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
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


def compared(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
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


def polarity(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
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


def moods(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
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


def opposites(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
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


RULES = (
    missing,
    figures.exact,
    figures.dates,
    figures.numbers,
    figures.reordered,
    figures.objects,
    compared,
    polarity,
    moods,
    opposites,
    relations.swapped,
    relations.replaced,
    relations.misplaced,
    relations.reattached,
    relations.distinguished,
    relations.readmitted,
    relations.mixed_names,
    relations.speakers,
    imported,
)
