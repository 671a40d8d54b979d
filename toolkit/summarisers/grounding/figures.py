"""Rules about numbers, units, dates and words that must be repeated as they are."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.summarisers.grounding.amounts import Amount
from toolkit.summarisers.grounding.lexicon import alike, conversions, key, keys, words
from toolkit.summarisers.grounding.rule import Rule
from toolkit.summarisers.grounding.sentence import Sentence, Word, found_in, same

# Tokens by which a number may be from its verb ("counted about 300") or its noun.
_NEAR = 2
# Share by which a rounded number may differ from the exact one.
_ROUNDING = 0.05
# Share by which an amount may differ that was converted into another unit.
_CONVERTED = 0.02
# How much nearer another number has to be before it counts as the one that is meant: a factor
# and a margin, chosen on the case file.
_NEARER_FACTOR = 1.2
_NEARER_MARGIN = 0.1

_Found = tuple[Sentence, Amount]


@Rule
def missing_verbatim(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find weekdays, "tomorrow", "half", "dozens" and scores that the source does not have.

    >>> missing_verbatim.reasons("The dam broke on Tuesday.", "The dam broke on Monday.")
    ['not in the source: tuesday']
    >>> missing_verbatim.reasons("On Monday the dam broke.", "The dam broke on Monday.")
    []
    """
    have = {key(token) for s in source for token in s.tokens}
    return [
        f"not in the source: {token}"
        for token in sorted(claim.verbatim)
        if not any(alike(key(token), other) for other in have)
    ]


@Rule
def wrong_dates(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find days and months that the source does not have.

    >>> wrong_dates.reasons("The dam broke on 4 May.", "The dam broke on 3 May.")
    ['another date']
    >>> wrong_dates.reasons("The dam broke in May.", "The dam broke on 3 May.")
    []
    """
    have = {date for s in source for date in s.dates}
    months = {month for month, _ in have}
    return [
        "another date"
        for month, day in claim.dates
        if (month, day) not in have and (day or month not in months)
    ]


@Rule
def wrong_numbers(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find numbers that the source does not have, or has for something else.

    >>> source = "The flood hurt 12 cows and killed 3 people."
    >>> wrong_numbers.reasons("The flood killed 12 people.", source)
    ['belongs to something else: 12']
    >>> wrong_numbers.reasons("The flood killed three people.", source)
    []
    """
    found = []
    closeness = _Closeness(claim)
    theirs = [(s, amount) for s in source for amount in s.amounts]
    for amount in claim.amounts:
        equal = [(s, a) for s, a in theirs if equal_amounts(amount, a, s)]
        rivals = [
            (s, a) for s, a in theirs if a.value != amount.value and _kind(a) == _kind(amount)
        ]
        shown = f"{amount.value:g} {amount.unit}".strip()
        if not equal:
            found.append(f"not in the source: {shown}")
            continue
        if amount.lead and all(_is_other_end(amount, a, s) for s, a in equal):
            found.append(f"from and to changed places: {shown}")
        if any(a.capped for _, a in equal) and not amount.capped and len(equal) == 1:
            found.append(f"a limit given as an amount: {shown}")
        if not _counts_the_same(claim, amount, equal):
            found.append(f"counts something else: {shown}")
        if _is_age_of_another(claim, amount, equal, rivals):
            found.append(f"said of something else: {shown}")
        if _is_nearer_to_another(claim, amount, equal, rivals, closeness):
            found.append(f"belongs to something else: {shown}")
    return found


def _is_age_of_another(
    claim: Sentence, amount: Amount, equal: Sequence[_Found], rivals: Sequence[_Found]
) -> bool:
    """Say whether an age ("-year-old nurse") stands before a word that has another age."""
    return (
        "old" in claim.tokens[amount.end : amount.end + 1]
        and any(_same_follows(claim, amount, s, a) for s, a in rivals)
        and not any(_same_follows(claim, amount, s, a) for s, a in equal)
    )


def _is_nearer_to_another(
    claim: Sentence,
    amount: Amount,
    equal: Sequence[_Found],
    rivals: Sequence[_Found],
    closeness: _Closeness,
) -> bool:
    """Say whether the words around a number are rather those around another number of its kind."""
    if any(_same_head(claim, amount, s, a) for s, a in equal):
        return False
    best = max(closeness(amount, s, a) for s, a in equal)
    other = max((closeness(amount, s, a) for s, a in rivals), default=0.0)
    return other > best * _NEARER_FACTOR + _NEARER_MARGIN


@Rule
def wrong_counts(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find numbers right after a verb that the source has another number after.

    >>> source = "He sold 30 cars and bought 20 trucks."
    >>> wrong_counts.reasons("He sold 20 trucks.", source)
    ['another number in the source: sold 20']
    >>> wrong_counts.reasons("He sold about 30 cars.", source)
    []
    """
    theirs = [(w, a, s) for s in source for w, a in _after_verbs(s)]
    found = []
    for verb, amount in _after_verbs(claim):
        rivals = [(a, s) for w, a, s in theirs if same(verb, w)]
        equal = (amount.value == a.value or equal_amounts(amount, a, s) for a, s in rivals)
        if rivals and not any(equal):
            found.append(f"another number in the source: {verb.text} {amount.value:g}")
    return found


def _after_verbs(sentence: Sentence) -> list[tuple[Word, Amount]]:
    return [
        (word, amount)
        for word in sentence.words
        for amount in sentence.amounts
        if word.verb
        and word.key not in keys("vague_verbs")
        and 1 <= amount.start - word.at <= _NEAR
        and not set(sentence.tokens[word.at + 1 : amount.start]) - words("approximators")
    ]


@Rule
def reversed_ranges(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Find "4 to 9" where the source has "9 to 4".

    >>> reversed_ranges.reasons("Rates rose from 4 to 9.", "Rates fell from 9 to 4.")
    ['from and to changed places: 4, 9']
    >>> reversed_ranges.reasons("From 9 to 4 fell the rates.", "Rates fell from 9 to 4.")
    []
    """
    theirs = {pair for s in source for pair in _ranges(s)}
    return [
        f"from and to changed places: {a:g}, {b:g}"
        for a, b in _ranges(claim)
        if (b, a) in theirs and (a, b) not in theirs
    ]


def _ranges(sentence: Sentence) -> list[tuple[float, float]]:
    pairs = zip(sentence.amounts, sentence.amounts[1:], strict=False)
    return [(a.value, b.value) for a, b in pairs if b.lead == "to"]


def _counts_the_same(
    claim: Sentence, amount: Amount, equal: Sequence[tuple[Sentence, Amount]]
) -> bool:
    """Say whether the noun right after a number stands in a sentence that has the number."""
    head = _head(claim, amount)
    if head is None or amount.unit or head.general or head.verb:
        return True
    return any(found_in(head, s) for s, _ in equal)


def _same_follows(claim: Sentence, mine: Amount, sentence: Sentence, theirs: Amount) -> bool:
    """Say whether what follows one amount ("-year-old nurse") follows the other too."""
    first = [w for w in claim.words if 0 <= w.at - mine.end <= _NEAR and w.key != "old"]
    second = [w for w in sentence.words if 0 <= w.at - theirs.end <= _NEAR]
    return any(same(a, b) for a in first[:1] for b in second)


def _same_head(claim: Sentence, mine: Amount, sentence: Sentence, theirs: Amount) -> bool:
    """Say whether the same word follows two amounts."""
    first, second = _head(claim, mine), _head(sentence, theirs)
    return first is not None and second is not None and same(first, second)


def _head(sentence: Sentence, amount: Amount) -> Word | None:
    return next((w for w in sentence.words if 0 <= w.at - amount.end <= 1), None)


def equal_amounts(mine: Amount, theirs: Amount, sentence: Sentence) -> bool:
    """Say whether an amount may stand for one of ``sentence``: equal or rounded, in the same
    unit or converted."""
    factor = conversions().get((mine.unit, theirs.unit), 0.0)
    if factor:
        return abs(mine.value * factor - theirs.value) <= _CONVERTED * abs(theirs.value)
    rounded = mine.about and _digits(mine.value) < _digits(theirs.value)
    slack = _ROUNDING * abs(theirs.value) if rounded else 1e-9 * abs(theirs.value)
    if abs(mine.value - theirs.value) > slack:
        return False
    unknown = not theirs.unit and any(a.unit == mine.unit for a in sentence.amounts)
    return mine.unit == theirs.unit or not mine.unit or unknown


def _digits(value: float) -> int:
    """Return how many digits a number has before its trailing zeros."""
    return len(f"{value:.12g}".replace(".", "").strip("0"))


def _is_other_end(mine: Amount, theirs: Amount, sentence: Sentence) -> bool:
    """Say whether an amount is the other end of a range here than there."""
    ends = {a.lead for a in sentence.amounts if a.unit == theirs.unit or not a.unit}
    return {"from", "to"} <= ends and bool(theirs.lead) and theirs.lead != mine.lead


def _kind(amount: Amount) -> str:
    year = amount.value.is_integer() and 1800 <= amount.value <= 2100
    return amount.unit or ("in a year" if year else "count")


class _Closeness:
    """Tells how much amounts of ``claim`` and of other sentences have in common: the words around
    them, near ones counting more. Words are compared once, however many amounts there are."""

    def __init__(self, claim: Sentence) -> None:
        self._claim = claim
        # By sentence: for each word of the claim that it has, the places of that word in it.
        self._shared: dict[int, list[tuple[int, list[int]]]] = {}
        self._weights: dict[int, list[float]] = {}

    def __call__(self, mine: Amount, sentence: Sentence, theirs: Amount) -> float:
        """Return the closeness of an amount of the claim to one of ``sentence``."""
        here, there = self._around(self._claim, mine), self._around(sentence, theirs)
        return sum(
            min(here[place], max(there[other] for other in others))
            for place, others in self._words_of(sentence)
        )

    def _words_of(self, sentence: Sentence) -> list[tuple[int, list[int]]]:
        found = self._shared.get(id(sentence))
        if found is None:
            pairs = (
                (place, [i for i, other in enumerate(sentence.words) if same(word, other)])
                for place, word in enumerate(self._claim.words)
            )
            found = self._shared[id(sentence)] = [pair for pair in pairs if pair[1]]
        return found

    def _around(self, sentence: Sentence, amount: Amount) -> list[float]:
        """Return the weight of each word of ``sentence``, from how near it is to ``amount``."""
        found = self._weights.get(id(amount))
        if found is None:
            found = self._weights[id(amount)] = _weights(sentence, amount)
        return found


def _weights(sentence: Sentence, amount: Amount) -> list[float]:
    clause = sentence.clauses[amount.start]
    found = []
    for word in sentence.words:
        distance = min(abs(word.at - amount.start), abs(word.at - amount.end + 1))
        weight = 1.0 if word.clause == clause else 0.25
        found.append(weight / (1 + distance / 3))
    return found
