"""What is checked of a bullet against its evidence: one function per way of being wrong.

Each takes the bullet's sentence and the evidence's sentences and returns reasons in English.
"""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.summarisers import relations
from toolkit.summarisers.amounts import Amount
from toolkit.summarisers.claims import Mood, Sentence, Word
from toolkit.summarisers.lexicon import alike, key, keys, opposite, words


# So many general words ("official", "take") may be the summary's own.
_FREE_WORDS = 1
# So far apart may stand two names of the source that are neighbours in the bullet.
_APPOSITION = 5


def matched(word: Word, source: Sequence[Sentence]) -> bool:
    return any(same(word, other) for s in source for other in s.words) or any(
        word.text.lower() in s.tokens for s in source
    )


def same(word: Word, other: Word) -> bool:
    if word.name and other.name and word.key != other.key:
        # Names have no synonyms, only adjectives made from them.
        return alike(word.key, other.key) and word.key[:4] == other.key[:4]
    return (
        alike(word.key, other.key)
        or bool(word.undone and alike(word.undone, other.key))
        or bool(other.undone and alike(word.key, other.undone))
    )


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


def _mixed_names(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """A first name with another's surname."""
    found = []
    for left, right in _neighbours(claim):
        if any(_near(left, right, s) for s in source) or left.key in keys("titles"):
            continue
        after = {b.key for s in source for a, b in _neighbours(s) if a.key == left.key}
        before = {a.key for s in source for a, b in _neighbours(s) if b.key == right.key}
        if after or before:
            found.append(f"two names mixed: {left.text} {right.text}")
    return found


def _near(left: Word, right: Word, sentence: Sentence) -> bool:
    """Whether the two stand in this order with little between them ("Mayor of Orsk")."""
    return any(
        same(left, a) and same(right, b) and 0 < b.at - a.at <= _APPOSITION
        for a in sentence.words
        for b in sentence.words
    )


def _neighbours(sentence: Sentence) -> list[tuple[Word, Word]]:
    pairs = zip(sentence.words, sentence.words[1:], strict=False)
    return [(a, b) for a, b in pairs if a.name and b.name and b.at == a.at + 1]


def _exact(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    have = {key(token) for s in source for token in s.tokens}
    return [
        f"not in the source: {token}"
        for token in sorted(claim.exact)
        if not any(alike(key(token), other) for other in have)
    ]


def _dates(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    have = {date for s in source for date in s.dates}
    months = {month for month, _ in have}
    return [
        "another date"
        for month, day in claim.dates
        if (month, day) not in have and (day or month not in months)
    ]


def _numbers(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    found = []
    theirs = [(s, amount) for s in source for amount in s.amounts]
    for amount in claim.amounts:
        equal = [(s, a) for s, a in theirs if _equal(amount, a, s)]
        shown = f"{amount.value:g} {amount.unit}".strip()
        if not equal:
            found.append(f"not in the source: {shown}")
            continue
        if amount.lead and all(a.lead and a.lead != amount.lead for _, a in equal):
            found.append(f"from and to changed places: {shown}")
        if any(a.capped for _, a in equal) and not amount.capped and len(equal) == 1:
            found.append(f"a limit told as an amount: {shown}")
        if not _same_thing(claim, amount, equal):
            found.append(f"counts something else: {shown}")
        rivals = [
            (s, a) for s, a in theirs if a.value != amount.value and _kind(a) == _kind(amount)
        ]
        best = max(_closeness(claim, amount, s, a) for s, a in equal)
        other = max((_closeness(claim, amount, s, a) for s, a in rivals), default=0.0)
        if other > best * 1.2 + 0.1:
            found.append(f"belongs to something else: {shown}")
    return found


def _same_thing(claim: Sentence, amount: Amount, equal: Sequence[tuple[Sentence, Amount]]) -> bool:
    """Whether the noun right after a number stands in a sentence that has the number."""
    head = next((w for w in claim.words if 0 <= w.at - amount.end <= 1), None)
    if head is None or amount.unit or head.light or head.verb:
        return True
    return any(same(head, other) for s, _ in equal for other in s.words)


def _compared(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """ "more likely" for "less likely"."""
    turn = {"more": "less", "less": "more", "most": "least", "least": "most", "fewer": "more"}
    theirs = {pair for s in source for pair in zip(s.tokens, s.tokens[1:], strict=False)}
    return [
        f"the opposite in the source: {first} {second}"
        for first, second in zip(claim.tokens, claim.tokens[1:], strict=False)
        if first in turn and (first, second) not in theirs and (turn[first], second) in theirs
    ]


def _reordered(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """ "4 to 9" for "9 to 4"."""
    theirs = {pair for s in source for pair in _spans(s)}
    return [
        f"from and to changed places: {a:g}, {b:g}"
        for a, b in _spans(claim)
        if (b, a) in theirs and (a, b) not in theirs
    ]


def _spans(sentence: Sentence) -> list[tuple[float, float]]:
    pairs = zip(sentence.amounts, sentence.amounts[1:], strict=False)
    return [(a.value, b.value) for a, b in pairs if b.lead == "to"]


def _equal(mine: Amount, theirs: Amount, sentence: Sentence) -> bool:
    rounded = mine.about and _digits(mine.value) < _digits(theirs.value)
    slack = 0.05 * abs(theirs.value) if rounded else 1e-9 * abs(theirs.value)
    if abs(mine.value - theirs.value) > slack:
        return False
    unknown = not theirs.unit and any(a.unit == mine.unit for a in sentence.amounts)
    return mine.unit == theirs.unit or not mine.unit or unknown


def _digits(value: float) -> int:
    """How many digits a number has before its trailing zeros."""
    return len(f"{value:.12g}".replace(".", "").strip("0"))


def _kind(amount: Amount) -> str:
    return "count" if not amount.unit else amount.unit


def _closeness(claim: Sentence, mine: Amount, sentence: Sentence, theirs: Amount) -> float:
    """How much two amounts have in common: the words around them, near ones counting more."""
    return sum(
        min(near, other_near)
        for word, near in _around(claim, mine)
        for other_near in [
            max((n for other, n in _around(sentence, theirs) if same(word, other)), default=0.0)
        ]
    )


def _around(sentence: Sentence, amount: Amount) -> list[tuple[Word, float]]:
    clause = sentence.clauses[amount.start]
    found = []
    for word in sentence.words:
        distance = min(abs(word.at - amount.start), abs(word.at - amount.end + 1))
        weight = 1.0 if word.clause == clause else 0.25
        found.append((word, weight / (1 + distance / 3)))
    return found


def _aligned(
    word_list: Sequence[Word], source: Sequence[Sentence], figures: Sequence[Amount] = ()
) -> Sentence:
    """The evidence sentence that has most of these words and amounts."""
    return max(
        source,
        key=lambda s: (
            sum(any(same(w, o) for o in s.words) for w in word_list if not w.light)
            + sum(any(_equal(f, a, s) for a in s.amounts) for f in figures)
        ),
    )


def _polarity(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    found = []
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
        elif mine and not any(_negative(o, word) for _, o in others):
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
        if not others or not (word.verb or any(o.verb for o in others)):
            continue
        if word.text.endswith("ing") and claim.tokens[word.at - 1] not in words("be_forms"):
            continue
        least = min(o.mood for o in others)
        if least is Mood.POSSIBLE and not hedged:
            found.append(f"only possible in the source: {word.text}")
        elif (
            word.past
            and word.mood is Mood.FACT
            and least >= Mood.FUTURE
            and not any(o.past for o in others)
        ):
            found.append(f"not done yet in the source: {word.text}")
    return found


def _opposites(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    found = []
    for clause in sorted(set(claim.clauses)):
        mine = [w for w in claim.words if w.clause == clause]
        if not mine:
            continue
        figures = [a for a in claim.amounts if claim.clauses[a.start] == clause]
        for word in mine:
            context = [w for w in mine if w is not word and not w.light]
            best = _aligned(context or claim.words, source, figures)
            against = any(opposite(word.key, o.key) for o in best.words)
            if against and not best.has(word.key):
                found.append(f"the opposite in the source: {word.text}")
    return found


def _roles(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    swapped = [f"the sides changed places: {v}" for v in relations.swapped(claim, source)]
    replaced = [f"done by or to another: {v}" for v in relations.replaced(claim, source)]
    return swapped + replaced + [f"mixed up: {n}" for n in relations.crossed(claim, source)]


def _speakers(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    found = []
    for speech in relations.speeches(claim):
        mine = speech.speaker
        if not mine:
            continue
        best = _aligned(speech.said, source)
        theirs = [other.speaker for other in relations.speeches(best)]
        if any(not who or any(same(a, b) for a in mine for b in who) for who in theirs):
            continue
        if theirs:
            found.append(f"said by another: {' '.join(w.text for w in mine)}")
    return found


CHECKS = (
    _missing,
    _mixed_names,
    _exact,
    _dates,
    _numbers,
    _reordered,
    _compared,
    _polarity,
    _moods,
    _opposites,
    _roles,
    _speakers,
)
