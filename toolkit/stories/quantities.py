"""Finds amounts of one thing that two bullets give differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from toolkit.stories.contrasts import markers, measure_alike
from toolkit.summarisers.grounding.amounts import Amount
from toolkit.summarisers.grounding.figures import equal_amounts
from toolkit.summarisers.grounding.lexicon import key
from toolkit.summarisers.grounding.sentence import Sentence, Word, matched, once, same
from toolkit.summarisers.grounding.tokens import token_at

HOW_MANY, WHEN = "how many", "when"

# By how much "about" and "nearly" may be off, as a part of the number.
_ROUNDING = 0.1
# Tokens behind an amount that tell of what it is.
_BESIDE = 4
_ARTICLES = frozenset({"a", "an", "the"})
_YEARS = range(1800, 2101)
# Words that say what became of people.
_FATES = {
    "dead": "kill die dead death life claim perish drown murder shoot",
    "hurt": "injure wound hurt injury casualty",
    "missing": "missing",
}

Text = Sequence[Sentence]


def amounts(one: Text, other: Text) -> Iterator[tuple[str, bool]]:
    """Yield for each pair of amounts of one thing that differ the kind of the difference, and
    whether it is sure: 14 may be "more than 10"."""
    theirs = [(s, a) for s in other for a in s.amounts]
    mine = [(s, a) for s in one for a in s.amounts]
    free = [(s, a) for s, a in theirs if not any(_equal(t, b, s, a) for t, b in mine)]
    for sentence, amount in mine:
        equal = [(s, a) for s, a in theirs if _equal(sentence, amount, s, a)]
        if equal:
            if not any(_of_one_thing(sentence, amount, s, a) for s, a in equal):
                counted = _counted(sentence, amount)
                yield HOW_MANY, counted is not None and matched(counted, other)
            elif not any(_bound(sentence, amount) == _bound(s, a) for s, a in equal):
                yield HOW_MANY, all(_disjoint(sentence, amount, s, a) for s, a in equal)
            continue
        for s, a in free:
            if _of_one_thing(sentence, amount, s, a):
                kind = WHEN if _is_time(sentence, amount) else HOW_MANY
                yield kind, _disjoint(sentence, amount, s, a)


def _equal(sentence: Sentence, amount: Amount, other: Sentence, theirs: Amount) -> bool:
    return equal_amounts(amount, theirs, other) and equal_amounts(theirs, amount, sentence)


@once
def _is_time(sentence: Sentence, amount: Amount) -> bool:
    after = token_at(sentence.tokens, amount.end)
    clock = after in ("am", "pm", "a", "p") or after.startswith("o'")
    return clock or (not amount.unit and amount.value % 1 == 0 and int(amount.value) in _YEARS)


def _of_one_thing(sentence: Sentence, mine: Amount, other: Sentence, theirs: Amount) -> bool:
    """Say whether two amounts may count the same: no noun or unit behind them tells otherwise."""
    if mine.unit and theirs.unit and not measure_alike(mine.unit, theirs.unit):
        return False
    in_time = _is_time(sentence, mine), _is_time(other, theirs)
    if any(in_time):
        return all(in_time)
    if is_part(sentence, mine) != is_part(other, theirs):
        return False
    first, second = _counted(sentence, mine), _counted(other, theirs)
    if bool(mine.unit) != bool(theirs.unit):
        # "12 people", "120 kilometres"; but "14 million" may be "16 million euros".
        counted = second if mine.unit else first
        bare = counted is None or counted.verb
        return bare and _is_led_alike(sentence, mine, other, theirs)
    if first is None or second is None:
        # "Rose to 14", "rose to 16 people"; not "magnitude 6.1", "12 people".
        return first is second or _is_led_alike(sentence, mine, other, theirs)
    tolls = _toll(sentence, mine), _toll(other, theirs)
    if all(tolls) and tolls[0] != tolls[1]:
        return False
    if same(first, second):
        return True
    return (first.general or second.general) and _is_led_alike(sentence, mine, other, theirs)


@cache
def _tolls() -> dict[str, str]:
    """Return the keys of words that say what became of people, and a name for each fate."""
    return {key(word): fate for fate, listed in _FATES.items() for word in listed.split()}


@once
def _toll(sentence: Sentence, amount: Amount) -> str:
    """Return what became of those that an amount counts, by the nearest word for it in the same
    clause; empty where none is there."""
    clause = sentence.clauses[amount.start]
    found = [
        (max(amount.start - w.at, w.at - amount.end), _tolls()[w.key])
        for w in sentence.words
        if w.key in _tolls() and w.clause == clause
    ]
    return min(found, default=(0, ""))[1]


def is_part(sentence: Sentence, amount: Amount) -> bool:
    """Say whether an amount counts some of those told of: "three of the wounded"."""
    return not amount.unit and token_at(sentence.tokens, amount.end) == "of"


def _is_led_alike(sentence: Sentence, mine: Amount, other: Sentence, theirs: Amount) -> bool:
    """Say whether two amounts have a word beside them in common: "killed 12", "12 people died"."""
    first, second = _beside(sentence, mine), _beside(other, theirs)
    return any(same(a, b) for a in first for b in second)


def _beside(sentence: Sentence, amount: Amount) -> list[Word]:
    before = [w for w in sentence.words if w.at < amount.start]
    after = [w for w in sentence.words if 0 <= w.at - amount.end < _BESIDE]
    return [w for w in (*before[-1:], *after) if not (w.general or w.name)]


@once
def _counted(sentence: Sentence, amount: Amount) -> Word | None:
    """Return the noun that an amount counts: the last of the words behind it."""
    found, at = None, amount.end
    content = sentence.content
    while at in content and not content[at].verb:
        found, at = content[at], at + 1
    # "Magnitude 6.1 struck the town" counts nothing.
    acts = found is not None and found.participle and token_at(sentence.tokens, at) in _ARTICLES
    return None if acts else found


@once
def _bound(sentence: Sentence, amount: Amount) -> str:
    """Return the bound that an amount is, or "about"; empty where it is exact."""
    start = amount.start - (token_at(sentence.tokens, amount.start - 1) in "$€£¥₹")
    tokens = sentence.tokens[max(0, start - 4) : start]
    last = [m for _, m, places in markers(tokens, "bounds") if places.stop == len(tokens)]
    return last[-1] if last else ""


def _disjoint(sentence: Sentence, mine: Amount, other: Sentence, theirs: Amount) -> bool:
    """Say whether no number can be both amounts, with their bounds."""
    if mine.unit != theirs.unit and mine.unit and theirs.unit:
        return True
    low, high = _interval(mine.value, _bound(sentence, mine))
    other_low, other_high = _interval(theirs.value, _bound(other, theirs))
    # "At least 40" and "at most 40" leave one number, which neither means.
    touch = high == other_low or low == other_high
    bounds = low < high and other_low < other_high
    return high < other_low or other_high < low or (touch and bounds)


def _interval(value: float, bound: str) -> tuple[float, float]:
    slack = _ROUNDING * abs(value)
    return {
        "at least": (value, float("inf")),
        "more than": (value, float("inf")),
        "at most": (float("-inf"), value),
        "less than": (float("-inf"), value),
        "nearly": (value - slack, value),
        "about": (value - slack, value + slack),
    }.get(bound, (value, value))
