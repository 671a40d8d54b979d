"""Which English sentences can stand on their own, away from the ones around them."""

from __future__ import annotations

import re
from enum import Enum

from toolkit.similarity import WORD
from toolkit.summarisers.quotations import marks
from toolkit.summarisers.words import phrases, words

MIN_WORDS = 5

_BARE_THIS = re.compile(r"\b(?:this|that|these|those)(?:[.,;:]|$| (?:is|was|are|were|has|will)\b)")
_BACKWARD = re.compile(
    r"\b(?:there|then|here)[.,]?$|\b(?:met|held|done|been) (?:there|then)\b", re.I
)
_OBJECT = re.compile(r"\b(?:him|them)\b", re.I)
_CLAUSE = re.compile(r"\b(?:that|who|which|when|if|and|as|but|because|says|said)\b|[,;:]", re.I)
_NAME = re.compile(r"\b[A-Z][\w'’-]*(?: (?:of |the |de |al-)?[A-Z][\w'’-]*)*")


class Standing(Enum):
    """How a sentence does by itself."""

    ALONE = "alone"
    LEANS = "leans on the sentence before it"
    NEVER = "is no statement of the article's"


def standing(text: str) -> Standing:
    """Whether ``text``, without a connective at its start, can be shown by itself."""
    spoken = [word.lower() for word in WORD.findall(unquoted(text))]
    heads = [word.lower().replace("’", "'") for word in WORD.findall(text)]
    lowered = text.lower()
    if (
        len(heads) < MIN_WORDS
        or text.rstrip("\"”'’»)").endswith(("?", ":"))
        or any(phrase in lowered for phrase in phrases("service_phrases"))
        or any(word.replace("’", "'") in words("first_person") for word in spoken)
        or len(spoken) < 3
    ):
        return Standing.NEVER
    opening = " ".join(heads[:6]) + " "
    if heads[0] in words("leaning_words") or any(
        opening.startswith(phrase + " ") for phrase in phrases("leaning_phrases")
    ):
        return Standing.LEANS
    return Standing.ALONE


def unquoted(text: str) -> str:
    """``text`` without what stands between double quotation marks."""
    kept, start = [], 0
    for at, opens in marks(text):
        if opens:
            kept.append(text[start:at])
        start = at + 1
    return " ".join([*kept, text[start:]])


def vagueness(text: str) -> float:
    """From 0 to 1: how much of ``text`` points at something that only its surroundings name."""
    bare = unquoted(text)
    opening = " ".join(word.lower() for word in WORD.findall(bare)[:4]) + " "
    points = 0.0
    if any(opening.startswith(phrase + " ") for phrase in phrases("vague_openings")):
        points += 0.4
    if _BARE_THIS.search(bare.rstrip(". ")) or _BACKWARD.search(bare.rstrip(". ")):
        points += 0.3
    if not _NAME.search(bare[1:]):
        points += 0.2
    for match in _OBJECT.finditer(bare):
        clause = _CLAUSE.split(bare[: match.start()])[-1]
        if len(_NAME.findall(bare[: match.start()])) < 2 and clause.strip():
            points += 0.3
            break
    return min(points, 1.0)


def without_connective(sentence: str) -> str:
    """``sentence`` without the words that only tie it to the one before it: "Meanwhile,", "And",
    an "also" in the middle."""
    text = sentence
    stripped = True
    while stripped:
        stripped = False
        for phrase in phrases("stripped_openings"):
            match = re.match(re.escape(phrase) + r"(?:, | (?![,-]))", text, re.I)
            if match and _may_go(phrase, text, match.end()):
                rest = text[match.end() :]
                text, stripped = rest[:1].upper() + rest[1:], True
                break
    inner = "|".join(sorted(words("inner_connectives")))
    text = re.sub(rf", (?:{inner})(?:, |(?=\.$))", lambda m: " " if m[0][-1] == " " else "", text)
    return re.sub(r"(?<!but )(?<!not )(?<!and )\balso (?=[a-z])", "", text)


def _may_go(phrase: str, text: str, end: int) -> bool:
    """One-word openings can be the first word of a name or of the subject ("Still images")."""
    comma = text[:end].endswith(", ")
    return comma or phrase in ("and", "but", "also") or phrase.endswith(" that")
