"""Rules about single words, and the list of all rules."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.summarisers.grounding import figures, relations
from toolkit.summarisers.grounding.anaphora import unlinked_words
from toolkit.summarisers.grounding.lexicon import alike, keys, opposite, words
from toolkit.summarisers.grounding.rule import Rule
from toolkit.summarisers.grounding.sentence import Modality, Sentence, Word, found_in, matched, same
from toolkit.summarisers.grounding.tokens import token_at

# How many general words ("official", "take") of a sentence may be the summary's own.
_OWN_GENERAL_WORDS = 1
_COMPARATIVES = {
    "more": "less",
    "less": "more",
    "most": "least",
    "least": "most",
    "fewer": "more",
    "above": "below",
    "below": "above",
    "inside": "outside",
    "outside": "inside",
}


@Rule
def missing_words(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find content words that no sentence of the source has.

    >>> missing_words.reasons("The river flooded Paris.", "The river flooded Orsk.")
    ['not in the source: Paris']
    >>> missing_words.reasons("Orsk was flooded.", "The river flooded Orsk.")
    []
    """
    denied = any(s.has_negation for s in source)
    missing = [
        word
        for word in claim.words
        if not matched(word, source)
        and not _is_acronym(word, source)
        and not (word.key in keys("implicit_negators") and denied)
    ]
    general = [w for w in missing if w.general and not w.name]
    if sum(w.key not in keys("reporting_verbs") for w in general) <= _OWN_GENERAL_WORDS:
        missing = [w for w in missing if w not in general]
    return [f"not in the source: {word.text}" for word in missing]


def _is_acronym(word: Word, source: Sequence[Sentence]) -> bool:
    """Say whether a word is made of the initials of a name of the source."""
    if not (word.text.isupper() and len(word.text) > 1):
        return False
    return any(
        "".join(w.text[0] for w in s.words[i : i + len(word.text)] if w.name) == word.text
        for s in source
        for i in range(len(s.words))
    )


@Rule
def reversed_comparisons(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find comparisons that the source has the other way round, and superlatives without a rank
    that it has ("second largest").

    >>> reversed_comparisons.reasons("Rain is more likely now.", "Rain is less likely now.")
    ['the opposite in the source: more likely']
    >>> reversed_comparisons.reasons("Rain is now less likely.", "Rain is less likely now.")
    []
    """
    theirs = {pair for s in source for pair in zip(s.tokens, s.tokens[1:], strict=False)}
    found = [
        f"the source says {rank} {token}"
        for at, token in enumerate(claim.tokens)
        if token.endswith("est") and token_at(claim.tokens, at - 1) not in words("ranks")
        for rank in sorted({first for first, second in theirs if second == token})
        if rank in words("ranks")
    ]
    return found + [
        f"the opposite in the source: {first} {second}"
        for first, second in zip(claim.tokens, claim.tokens[1:], strict=False)
        if first in _COMPARATIVES
        and (first, second) not in theirs
        and (_COMPARATIVES[first], second) in theirs
    ]


@Rule
def wrong_polarity(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find words that are negated in the source and not in the bullet, or the other way round.

    >>> wrong_polarity.reasons("The dam broke.", "The dam did not break.")
    ['denied in the source: broke']
    >>> wrong_polarity.reasons("The dam never broke.", "The dam did not break.")
    []
    """
    found = []
    denied = [o for s in source for o in s.words if o.negated_by]
    keeps_denial = any(w.negated_by and any(same(w, o) for o in denied) for w in claim.words)
    for word in claim.words:
        others = [(s, o) for s in source for o in s.words if same(word, o)]
        if not others:
            continue
        mine = _negator(word, others[0][1])
        theirs = [_negator(other, word) for _, other in others]
        if not mine and all(theirs):
            kept = claim.negates(word) or any(n != "not" and claim.has_key(n) for n in theirs)
            found += [] if kept else [f"denied in the source: {word.text}"]
        elif mine and not keeps_denial and not any(theirs):
            kept = any(s.has_key(mine) or s.negates(o) for s, o in others)
            found += [] if kept else [f"not denied in the source: {word.text}"]
    return found


def _negator(word: Word, other: Word) -> str:
    """Return the key of the word that negates ``word``; "not" where it differs from ``other`` by
    "un-"."""
    prefixed = bool(word.stem) and alike(word.stem, other.key) and word.key != other.key
    if prefixed:
        return "" if word.negated_by else "not"
    return word.negated_by


@Rule
def wrong_modality(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find words that are possible or planned in the source and a fact in the bullet.

    >>> wrong_modality.reasons("The dam will break.", "The dam may break.")
    ['only possible in the source: break']
    >>> wrong_modality.reasons("The dam could break.", "The dam may break.")
    []
    """
    found = []
    for word in claim.words:
        others = [o for s in source for o in s.words if same(word, o)]
        peers = [o for o in others if o.verb == word.verb] or others
        if not peers or not _is_asserted(word, claim, peers):
            continue
        least = min(o.modality for o in peers)
        if least is Modality.POSSIBLE and not _is_hedged(word, claim):
            found.append(f"only possible in the source: {word.text}")
        elif (
            least >= Modality.FUTURE
            and word.past
            and word.modality is Modality.FACT
            and not word.negated_by
            and not any(o.past for o in others)
        ):
            found.append(f"not done yet in the source: {word.text}")
    return found


def _is_asserted(word: Word, claim: Sentence, peers: Sequence[Word]) -> bool:
    """Say whether the bullet states the word of something, or the source uses it as a verb."""
    before = token_at(claim.tokens, word.at - 1)
    if word.text.endswith("ing") and before not in words("be_forms"):
        return False
    return (
        word.verb
        or word.modality is Modality.FUTURE
        or any(o.verb for o in peers)
        or any(t in words("be_forms") for t in claim.tokens[max(0, word.at - 3) : word.at])
    )


def _is_hedged(word: Word, claim: Sentence) -> bool:
    """Say whether the bullet leaves open whether the word holds."""
    return (
        word.modality is Modality.POSSIBLE
        or any(
            w.modality is Modality.POSSIBLE or w.key in keys("possible")
            for w in claim.words
            if w.at < word.at
        )
        or any(t in words("hedges") for t in claim.tokens)
    )


@Rule
def antonyms(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find words whose opposite the source has in the sentence that is most like the clause.

    >>> antonyms.reasons("Prices of bread rose.", "Prices of bread fell. Exports rose.")
    ['the opposite in the source: rose']
    >>> antonyms.reasons("Prices of bread fell.", "Prices of bread fell. Exports rose.")
    []
    """
    found = []
    for clause in sorted(set(claim.clauses)):
        mine = [w for w in claim.words if w.clause == clause]
        for word in mine:
            context = [w for w in mine if w is not word and not w.general]
            best = max(source, key=lambda s: _likeness(context or claim.words, clause, claim, s))
            against = any(opposite(word.key, o.key) for o in best.words)
            if against and not best.has_key(word.key):
                found.append(f"the opposite in the source: {word.text}")
    return found


def _likeness(context: Sequence[Word], clause: int, claim: Sentence, sentence: Sentence) -> int:
    """Return how many of these words and of the clause's amounts a sentence has."""
    amounts = [a for a in claim.amounts if claim.clauses[a.start] == clause]
    return sum(found_in(w, sentence) for w in context if not w.general) + sum(
        any(figures.equal_amounts(a, b, sentence) for b in sentence.amounts) for a in amounts
    )


RULES = (
    missing_words,
    figures.missing_verbatim,
    figures.wrong_dates,
    figures.wrong_numbers,
    figures.reversed_ranges,
    figures.wrong_counts,
    reversed_comparisons,
    wrong_polarity,
    wrong_modality,
    antonyms,
    relations.exchanged_arguments,
    relations.wrong_arguments,
    relations.wrong_modifiers,
    relations.wrong_complements,
    relations.wrong_subject_modifiers,
    relations.lost_exclusions,
    relations.mixed_names,
    relations.wrong_speakers,
    unlinked_words,
)
