"""Numbers, units and dates of a bullet against those of its evidence."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.summarisers.grounding.amounts import Amount
from toolkit.summarisers.grounding.claims import Sentence, Word, found_in, same
from toolkit.summarisers.grounding.lexicon import alike, key, keys, words

# How many tokens after a verb its number may stand ("counted about 300").
_OBJECT = 2


def exact(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Weekdays, "tomorrow", "half", "dozens" and scores that the source does not have."""
    have = {key(token) for s in source for token in s.tokens}
    return [
        f"not in the source: {token}"
        for token in sorted(claim.exact)
        if not any(alike(key(token), other) for other in have)
    ]


def dates(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Days and months that the source does not have."""
    have = {date for s in source for date in s.dates}
    months = {month for month, _ in have}
    return [
        "another date"
        for month, day in claim.dates
        if (month, day) not in have and (day or month not in months)
    ]


def numbers(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Numbers that the source does not have, or has for something else."""
    found = []
    theirs = [(s, amount) for s in source for amount in s.amounts]
    for amount in claim.amounts:
        equal = [(s, a) for s, a in theirs if equal_amounts(amount, a, s)]
        shown = f"{amount.value:g} {amount.unit}".strip()
        if not equal:
            found.append(f"not in the source: {shown}")
            continue
        if amount.lead and all(_turned(amount, a, s) for s, a in equal):
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
        aged = "old" in claim.tokens[amount.end : amount.end + 1]
        if (
            aged
            and any(_beside(claim, amount, s, a) for s, a in rivals)
            and not any(_beside(claim, amount, s, a) for s, a in equal)
        ):
            found.append(f"said of something else: {shown}")
        own = any(_same_head(claim, amount, s, a) for s, a in equal)
        if other > best * 1.2 + 0.1 and not own:
            found.append(f"belongs to something else: {shown}")
    return found


def objects(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
    """Numbers right after a verb that the source has another number after."""
    theirs = [(w, a.value) for s in source for w, a in _after_verbs(s)]
    found = []
    for verb, amount in _after_verbs(claim):
        values = [value for w, value in theirs if same(verb, w)]
        if values and amount.value not in values:
            found.append(f"another number in the source: {verb.text} {amount.value:g}")
    return found


def _after_verbs(sentence: Sentence) -> list[tuple[Word, Amount]]:
    return [
        (word, amount)
        for word in sentence.words
        for amount in sentence.amounts
        if word.verb
        and word.key not in keys("vague_verbs")
        and 1 <= amount.start - word.at <= _OBJECT
        and not set(sentence.tokens[word.at + 1 : amount.start]) - words("approximators")
    ]


def reordered(claim: Sentence, source: Sequence[Sentence]) -> list[str]:
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


def _same_thing(claim: Sentence, amount: Amount, equal: Sequence[tuple[Sentence, Amount]]) -> bool:
    """Whether the noun right after a number stands in a sentence that has the number."""
    head = _head(claim, amount)
    if head is None or amount.unit or head.light or head.verb:
        return True
    return any(found_in(head, s) for s, _ in equal)


def _beside(claim: Sentence, mine: Amount, sentence: Sentence, theirs: Amount) -> bool:
    """Whether what follows one amount ("-year-old nurse") follows the other too."""
    first = [w for w in claim.words if 0 <= w.at - mine.end <= _OBJECT and w.key != "old"]
    second = [w for w in sentence.words if 0 <= w.at - theirs.end <= _OBJECT]
    return any(same(a, b) for a in first[:1] for b in second)


def _same_head(claim: Sentence, mine: Amount, sentence: Sentence, theirs: Amount) -> bool:
    """Whether the same word follows two amounts."""
    first, second = _head(claim, mine), _head(sentence, theirs)
    return first is not None and second is not None and same(first, second)


def _head(sentence: Sentence, amount: Amount) -> Word | None:
    return next((w for w in sentence.words if 0 <= w.at - amount.end <= 1), None)


def equal_amounts(mine: Amount, theirs: Amount, sentence: Sentence) -> bool:
    rounded = mine.about and _digits(mine.value) < _digits(theirs.value)
    slack = 0.05 * abs(theirs.value) if rounded else 1e-9 * abs(theirs.value)
    if abs(mine.value - theirs.value) > slack:
        return False
    unknown = not theirs.unit and any(a.unit == mine.unit for a in sentence.amounts)
    return mine.unit == theirs.unit or not mine.unit or unknown


def _digits(value: float) -> int:
    """How many digits a number has before its trailing zeros."""
    return len(f"{value:.12g}".replace(".", "").strip("0"))


def _turned(mine: Amount, theirs: Amount, sentence: Sentence) -> bool:
    """Whether an amount is the other end of a range here than there."""
    ends = {a.lead for a in sentence.amounts if a.unit == theirs.unit or not a.unit}
    return {"from", "to"} <= ends and bool(theirs.lead) and theirs.lead != mine.lead


def _kind(amount: Amount) -> str:
    year = amount.value.is_integer() and 1800 <= amount.value <= 2100
    return amount.unit or ("in a year" if year else "count")


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
