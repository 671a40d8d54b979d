"""Compares two bullets: whether they say the same, contradict each other, or neither."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from toolkit.stories.attribution import without_speaker
from toolkit.stories.contrasts import with_places
from toolkit.stories.core import linked_alike, same_core
from toolkit.stories.differences import ROLES, SAYS, SURE, WHETHER, WHO, Differences, differences
from toolkit.summarisers.grounding.reading import read_all, read_bullet
from toolkit.summarisers.grounding.sentence import Sentence, matched_at
from toolkit.summarisers.grounding.verdict import Verdict, supported

# The part of a bullet's words that another has at least if both tell of one matter. The part of
# the words that may be its own in a contradiction, and where one only limits what the other says.
ALIKE = 0.5
OWN = 0.34
OWN_BESIDE_LIMIT = 0.2
# The letters of a word by which it is known before two texts are compared, and the part of the
# words of the shorter text that the other then has at least.
_LETTERS = 4
_WORTH_COMPARING = 0.3
# Things of which a story has many: where they differ, nothing else may, or it is another matter.
_ALONE = frozenset({"who", "where", "when", "which one"})
# The most differences in a contradiction.
_MOST = 2

_ROLE_RULES = frozenset({"exchanged_arguments", "wrong_complements", "wrong_arguments"})
# "3rd week"; with a word before it, which may be a month.
_ORDINAL = re.compile(r"(\b[A-Z]\w+ )?\b([2-9])(?:nd|rd|th)\b(?= (?!of\b)[a-z])")
_ORDINALS = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
# Other words for a number of deaths, and the plain ones.
_AMOUNT = r"((?:(?:at least|more than|about|some|nearly) )?[\w.,]+)"
_DEATHS = (
    (re.compile(rf"\bclaim(?:ed|s) {_AMOUNT} lives\b"), r"killed \1 people"),
    (re.compile(rf"\b(?:left|leaves) {_AMOUNT}(?: people)? dead\b"), r"killed \1 people"),
    (re.compile(rf"\b(?:left|leaves) {_AMOUNT} (\w+) dead\b"), r"killed \1 \2"),
    (re.compile(r"\blost their lives\b"), "died"),
)
_ACRONYM = re.compile(r"\b[A-Z]{2,6}\b")


Text = tuple[Sentence, ...]


class Relation(Enum):
    """How two bullets stand to each other: ``AKIN`` tell of one matter and may differ."""

    SAME = "same"
    DISPUTED = "disputed"
    AKIN = "akin"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The relation of two bullets; the things in which they differ; and
    whether each of them says no more than both do, where they are the same."""

    relation: Relation
    about: frozenset[str] = frozenset()
    common: tuple[bool, bool] = (False, False)


_OTHER = Comparison(Relation.OTHER)


def plain(texts: Sequence[str]) -> list[str]:
    """Return texts with places and organisations named in one way, "EU" where another of them has
    "European Union", and numbers of deaths told in one way.

    >>> plain(["The EU paid.", "The European Union paid."])
    ['The EU paid.', 'The EU paid.']
    """
    texts = [re.sub(r"\b(?:[A-Z]\.){2,}", _undotted, text) for text in texts]
    for pattern, plainly in _DEATHS:
        texts = [pattern.sub(plainly, text) for text in texts]
    texts = [with_places(_ORDINAL.sub(_spelt, text)) for text in texts]
    for acronym in sorted({a for t in texts if not t.isupper() for a in _ACRONYM.findall(t)}):
        capitals = r"(?:\s+(?:of|the|and|for|in|on))*\s+".join(rf"{c}[a-z]\w+" for c in acronym)
        texts = [re.sub(rf"\b{capitals}\b", acronym, text) for text in texts]
    return texts


def _spelt(match: re.Match[str]) -> str:
    return match[0] if match[1] else _ORDINALS[int(match[2]) - 2]


def _undotted(match: re.Match[str]) -> str:
    return match.group().replace(".", "")


def word_starts(text: str) -> frozenset[str]:
    """Return the first letters of each content word of a text: what ``may_be_alike`` compares."""
    words = (w for sentence in read_all([text]) for w in sentence.words)
    return frozenset(word.key[:_LETTERS] for word in words)


def may_be_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Say whether two texts share so many beginnings of words that comparing them is worth while:
    ``compare`` takes a thousand times as long."""
    return len(one & other) >= _WORTH_COMPARING * min(len(one), len(other)) > 0


def compare(one: str, other: str) -> Comparison:
    """Return how two bullets stand to each other. They are the same only where one says all that
    the other says, and nothing tells of a difference.

    >>> compare("The flood killed 14 people.", "Fourteen people died in the flood.").relation
    <Relation.SAME: 'same'>
    >>> found = compare("The flood killed 14 people.", "The flood killed 16 people.")
    >>> found.relation, sorted(found.about)
    (<Relation.DISPUTED: 'disputed'>, ['how many'])
    """
    if one.casefold().split() == other.casefold().split():
        return Comparison(Relation.SAME, common=(True, True))
    folded = _but_for_speaker(one, other)
    return folded if folded.relation is Relation.SAME else compare_with_speakers(one, other)


def _but_for_speaker(one: str, other: str) -> Comparison:
    """Return the comparison of two bullets of which one says who says so, without these words. Only
    the bullet that has them says no more than both do: the other is surer."""
    bare, other_bare = without_speaker(one), without_speaker(other)
    if bool(bare) == bool(other_bare):
        return _OTHER
    found = compare_with_speakers(bare or one, other_bare or other)
    common, first, second = found.common, bool(bare), bool(other_bare)
    return Comparison(found.relation, found.about, (first and common[0], second and common[1]))


def compare_with_speakers(one: str, other: str) -> Comparison:
    """Return how two bullets stand to each other, where one that says who says so says more."""
    first, second = (tuple(read) for read in read_bullet(one, [other]))
    shares = _share(first, second), _share(second, first)
    if max(shares) < ALIKE:
        akin = same_core(first, second)
        return Comparison(Relation.AKIN) if akin else _OTHER
    found = differences(first, second)
    kinds = found.kinds
    if not kinds and (min(found.rests) == 0 or max(found.rests) <= OWN):
        verdicts = supported(one, [other]), supported(other, [one])
        # "Lift a ban" denies it, "lift a rate" does not.
        kinds = _by_rules(verdicts) - ({WHETHER} if found.denials else set())
        sure = not (kinds or found.limits or found.unclear) and min(shares) >= ALIKE
        if sure and any(v.ok for v in verdicts) and linked_alike(first, second):
            return Comparison(Relation.SAME, common=(verdicts[0].ok, verdicts[1].ok))
    if SAYS in kinds:
        kinds -= {WHO}
    about = kinds | found.limits
    if _is_contradiction(kinds, found, shares):
        return Comparison(Relation.DISPUTED, about)
    if (about and max(shares) >= ALIKE) or _is_akin(first, second, shares):
        return Comparison(Relation.AKIN, about)
    return _OTHER


def _is_akin(first: Text, second: Text, shares: tuple[float, float]) -> bool:
    times = {t for s in first for t in s.verbatim} & {t for s in second for t in s.verbatim}
    several = shares[0] * sum(len(s.words) for s in first) + len(times) > 1
    return (several and min(shares) >= ALIKE) or same_core(first, second)


def _share(text: Text, other: Text) -> float:
    """Return the part of a text's content words that the other has."""
    words = sum(len(s.words) for s in text)
    return sum(len(matched_at(s, other)) for s in text) / words if words else 0.0


def _by_rules(verdicts: Iterable[Verdict]) -> frozenset[str]:
    """Return the differences that the rules of grounding tell of."""
    rules: frozenset[str] = frozenset().union(*(v.rules for v in verdicts))
    return frozenset(
        kind
        for kind, found in (
            (ROLES, rules & _ROLE_RULES and not rules & {"missing_words", "unlinked_words"}),
            (WHETHER, "wrong_polarity" in rules),
            (SURE, "wrong_modality" in rules),
            (SAYS, "wrong_speakers" in rules),
        )
        if found
    )


def _is_contradiction(
    kinds: frozenset[str], found: Differences, shares: tuple[float, float]
) -> bool:
    about = kinds | found.limits
    few = len(about) == 1 or (len(about) <= _MOST and not kinds & _ALONE)
    near = min(found.rests) <= OWN and max(found.rests) <= ALIKE
    if not found.kinds:
        near = max(found.rests) <= (OWN if kinds else OWN_BESIDE_LIMIT)
    return bool(about) and few and near and min(shares) >= OWN
