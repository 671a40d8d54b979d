"""Finds the English sentences that can stand alone, without those around them."""

from __future__ import annotations

import re
from enum import Enum
from functools import cache

from toolkit.summarisers.extractive.quotations import marks
from toolkit.summarisers.extractive.shorten import has_verb
from toolkit.text.english import phrases, words
from toolkit.text.similarity import WORD

MIN_WORDS = 5
# Words from which on a sentence says something if it has a verb and a full stop: "A man was held."
_MIN_WITH_VERB = 3

_BARE_THIS = re.compile(r"\b(?:this|that|these|those)(?:[.,;:]|$| (?:is|was|are|were|has|will)\b)")
_BACKWARD = re.compile(
    r"\b(?:there|then|here)[.,]?$|\b(?:met|held|done|been) (?:there|then)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(r"\b(?:he|she|his|her|him)\b", re.IGNORECASE)
_OBJECT = re.compile(r"\b(?:him|them)\b", re.IGNORECASE)
_CLAUSE = re.compile(
    r"\b(?:that|who|whom|which|when|if|and|as|but|because|while|after|before|says|said|to)\b",
    re.IGNORECASE,
)
_ALSO = re.compile(r"(?<!but )(?<!not )(?<!and )\balso (?=[a-z])")
_PAST = r"[a-z]+ed|left|went|met|flew|held|took|gave|spoke|won|began|came|made|told|said"
_THEN = re.compile(rf"(?<=\bwill )then (?=[a-z])|(?<=[a-z] )(?<!and )then (?=(?:{_PAST})\b)")
_LATE_PRONOUN = re.compile(r"([^,;:\"“]+), (?:he|she|they)\b")
_EARLY_PRONOUN = re.compile(r"([A-Z]\w+(?: [^,;:\"“]{1,60}?)?) (?:he|she|they) (?!who\b)")
# A place or a time that no pronoun stands for.
_PLACE = re.compile(
    r"\b(?:in|at|from|near|since|until|on|by|of|last|next|this) (?:the )?[A-Z][\w'’-]*"
    r"(?: [A-Z][\w'’-]*)*",
    re.IGNORECASE,
)
# "Three of them died".
_PART_OF_THEM = re.compile(r"\w+ of (?:them|these|those|whom)\b")
# Words that tie a sentence to the one before it without a comma, too.
_FREE = frozenset(
    ["and", "but", "also", "nevertheless", "nonetheless", "meanwhile", "moreover", "furthermore"]
)
# A name with a numeral that looks like a pronoun, such as "World War I".
_NUMBERED = re.compile(r"(?<=\w )([A-Z][\w'’-]+) I\b(?!['’])")
_HYPOTHESIS = re.compile(r"\b(?:would|could|might) have\b")
_NAME = re.compile(r"\b[A-Z][\w'’-]*(?: (?:of |the |de |al-)?[A-Z][\w'’-]*)*")


class Standing(Enum):
    """How well a sentence can be understood by itself."""

    ALONE = "alone"
    LEANS = "leans on the sentence before it"
    NEVER = "is no statement of the article's"


def standing(text: str) -> Standing:
    """Say whether ``text``, without a connective at its start, can be shown by itself."""
    heads = _tokens(text)
    spoken = _tokens(_NUMBERED.sub(r"\1", unquoted(text)))
    if (
        len(heads) < (_MIN_WITH_VERB if text.endswith(".") and has_verb(text) else MIN_WORDS)
        or len(spoken) < 3
        or text.rstrip("\"”'’»)").endswith(("?", ":", "...", "…"))
        or text.count("(") != text.count(")")
        or not words("first_person").isdisjoint(spoken)
        or _starts(heads, words("imperatives"))
        or _service().search(text)
    ):
        return Standing.NEVER
    first = heads[0].split("'")[0]
    leans = (
        first in words("leaning_words")
        or spoken[0] in words("third_person")
        or (first in words("subordinators") and heads[1] in words("leaning_words"))
        or _starts(heads, words("leaning_phrases"))
        or _PART_OF_THEM.match(text) is not None
        or _subject_is_elsewhere(text)
    )
    if leans:
        return Standing.LEANS if len(heads) >= MIN_WORDS else Standing.NEVER
    return Standing.ALONE


def _subject_is_elsewhere(text: str) -> bool:
    """Say whether the subject is a pronoun that no name before it explains: "Announcing the change
    on Monday, he wrote", "On Monday he wrote", but
    not "When Mr Jones arrived, he was arrested"."""
    early = _EARLY_PRONOUN.match(text)
    if early and early.group(1).split(" ", 1)[0].lower() in words("adverbial_openings"):
        opening = early.group(1)
        return not has_verb(opening) and not _NAME.search(_PLACE.sub("", opening)[1:])
    match = _LATE_PRONOUN.match(text)
    if not match:
        return False
    opening = match.group(1)
    clause = opening.split(" ", 1)[0].lower() in words("clause_openings")
    return not clause or not _NAME.search(opening[1:])


@cache
def _service() -> re.Pattern[str]:
    return re.compile("|".join(phrases("service_phrases")), re.IGNORECASE)


def _tokens(text: str) -> list[str]:
    """Return the words, lower-case but for initials: "US" is not "us"."""
    found = [word.replace("’", "'") for word in WORD.findall(text)]
    shouted = text.isupper()
    return [w if w.isupper() and len(w) > 1 and not shouted else w.lower() for w in found]


def _starts(heads: list[str], listed: frozenset[str]) -> bool:
    return any(" ".join(heads[:length]) in listed for length in range(1, 7))


def unquoted(text: str) -> str:
    """Return ``text`` without what stands between double quotation marks."""
    kept, start = [], 0
    for at, opens in marks(text):
        if opens:
            kept.append(text[start:at])
        start = at + 1
    return " ".join([*kept, text[start:]])


def vagueness(text: str) -> float:
    """Return how much of ``text``, from 0 to 1, refers to something that only its surroundings
    name."""
    bare = unquoted(text)
    points = 0.0
    if _starts(_tokens(bare), words("vague_openings")):
        points += 0.4
    if any(word in words("second_person") for word in _tokens(bare)):
        points += 0.8
    if _HYPOTHESIS.search(bare) and " if " not in bare.lower():
        points += 0.4
    if _BARE_THIS.search(bare.rstrip(". ")) or _BACKWARD.search(bare.rstrip(". ")):
        points += 0.3
    if not _NAME.search(bare[1:]):
        points += 0.2
    if not has_verb(bare):
        points += 0.5
    match = _PERSON.search(bare)
    if match and not _NAME.search(bare[1 : match.start()]):
        points += 0.3
    match = _OBJECT.search(bare)
    if match and not _CLAUSE.search(bare[: match.start()]):
        points += 0.3
    return min(points, 1.0)


def without_connective(sentence: str) -> str:
    """Return ``sentence`` without the words that only tie it to the one before it: "Meanwhile,",
    "And", an "also" in the middle."""
    opening, inner = _connectives()
    text = sentence
    while match := opening.match(text):
        rest = text[match.end() :]
        text = rest[:1].upper() + rest[1:]
    text = inner.sub(lambda m: " " if m[0].endswith(" ") else "", text)
    text = _ALSO.sub("", text)
    return _THEN.sub("", text)


@cache
def _connectives() -> tuple[re.Pattern[str], re.Pattern[str]]:
    # Without a comma most of these words can be the first of a subject ("Still images show").
    listed = phrases("stripped_openings")
    free = [p for p in listed if p in _FREE or p.endswith(" that")]
    opening = (
        rf"(?:{'|'.join(listed)}), |(?:{'|'.join(free)}) (?![,-])|yet (?=(?:the|a|he|she|they) )"
    )
    inner = rf", (?:{'|'.join(phrases('inner_connectives'))})(?:, |(?=\.$))"
    return re.compile(opening, re.IGNORECASE), re.compile(inner)
