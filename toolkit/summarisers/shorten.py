"""Shorter sentences that say nothing else.

Only what adds to a sentence is cut: asides between brackets, dashes or commas, clauses before or
after the main one. A piece stays if it negates, sets a condition or a contrast, says whose claim
something is, or holds a figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.similarity import WORD
from toolkit.summarisers.quotations import balanced
from toolkit.summarisers.words import words

MIN_WORDS = 6

Cut = tuple[int, int]

_DASH = r"(?:--|—|–|-)"
_DATELINE = re.compile(
    rf"^(?:[A-Z][\w.'’-]*,? ){{1,6}}(?:\([^()]{{2,30}}\) ?)?{_DASH} "
    rf"|^\([A-Z][^()]{{1,30}}\) ?(?:{_DASH} )?"
)
_BRACKETS = re.compile(r" ?\([^()]*\)| ?\[[^\[\]]*\]")
_DASHES = re.compile(r" (?:--|—|–) [^—–]+? (?:--|—|–)(?= )")
_TAIL = re.compile(r"; |,? (?:--|—|–) |, (?=[a-z])")
_INNER = re.compile(r", [^,;]+,(?= )")
_PARTICIPLE = re.compile(r"[a-z]{2,}ing\b")


def tidy(sentence: str) -> str:
    """``sentence`` without its dateline and the asides in brackets that hold no figure."""
    text = _DATELINE.sub("", " ".join(sentence.split()), count=1)
    text = _BRACKETS.sub(lambda m: m[0] if not _harmless(m[0]) else "", text)
    return text[:1].upper() + text[1:]


def shorten(sentence: str, limit: int) -> str:
    """``sentence`` in at most ``limit`` words where safe cuts reach that far; else as short as
    safe cuts make it, which may be the sentence itself."""
    text = sentence
    while len(text.split()) > limit:
        shorter = [_without(text, cut) for cut in _cuts(text)]
        shorter = [s for s in shorter if len(s.split()) >= MIN_WORDS and balanced(s)]
        if not shorter:
            break
        fitting = [s for s in shorter if len(s.split()) <= limit]
        text = max(fitting, key=len) if fitting else min(shorter, key=len)
    return text


def _cuts(text: str) -> Iterator[Cut]:
    for pattern in (_BRACKETS, _DASHES):
        for match in pattern.finditer(text):
            if _harmless(match.group()):
                yield match.start(), match.end()
    yield from _tails(text)
    yield from _asides(text)
    yield from _openings(text)


def _tails(text: str) -> Iterator[Cut]:
    for match in _TAIL.finditer(text):
        start, rest = match.start(), text[match.end() :]
        if not _has_verb(text[:start]) or not balanced(text[:start]):
            continue
        first = rest.split(" ", 1)[0].strip(".,").lower()
        if match.group() == "; ":
            fine = first not in words("contrast_words")
        elif match.group() == ", ":
            fine = _is_addition(first) and _harmless(rest)
        else:
            fine = _harmless(rest)
        if fine:
            yield start, len(text)


def _asides(text: str) -> Iterator[Cut]:
    for match in _INNER.finditer(text):
        inner, after = match.group()[2:-1], text[match.end() + 1 :]
        first = inner.split(" ", 1)[0].lower()
        named = re.search(r"[A-Z][\w'’.-]*$", text[: match.start()])
        describes = named and first in ("a", "an", "the") and match.start() > 3
        if (
            (first in ("who", "which", "whose", "where") or describes)
            and _harmless(inner)
            and after.split(" ", 1)[0].lower() in words("finite_verbs")
        ):
            yield match.start(), match.end()


def _openings(text: str) -> Iterator[Cut]:
    match = re.match(r"([^,;:]+), (?=[A-Z]|the |a |an )", text)
    if not match:
        return
    first = match.group(1).split(" ", 1)[0].lower()
    opener = first in words("openers") or (
        _PARTICIPLE.fullmatch(first) is not None and first not in words("not_participles")
    )
    heads = {word.lower() for word in WORD.findall(text[match.end() :])[:12]}
    if opener and _harmless(match.group(1)) and not heads & words("pronouns"):
        yield 0, match.end()


def _is_addition(first: str) -> bool:
    return first in words("closers") or (
        _PARTICIPLE.fullmatch(first) is not None and first not in words("not_participles")
    )


def _harmless(piece: str) -> bool:
    """Whether what remains is as true without ``piece``."""
    if any(char.isdigit() for char in piece):
        return False
    tokens = [word.lower().replace("’", "'") for word in WORD.findall(piece)]
    if any(t in words("contrast_words") or t.endswith("n't") for t in tokens):
        return False
    spoken = any(t in words("speech_verbs") for t in tokens)
    first = tokens[0] if tokens else ""
    return not spoken or first in ("who", "which", "whose") or first.endswith("ing")


def _has_verb(piece: str) -> bool:
    return any(
        word.lower() in words("finite_verbs") or (word.endswith("ed") and word[0].islower())
        for word in WORD.findall(piece)
    )


def _without(text: str, cut: Cut) -> str:
    start, end = cut
    if end == len(text):
        stop = re.search(r"[.!?]?[\"”»]?$", text)
        mark = stop.group() if stop else ""
        return text[:start].rstrip(",;:- ") + (mark[:1] if mark[:1] in ".!?" else ".")
    left, right = text[:start].rstrip(), text[end:].lstrip()
    joined = f"{left} {right}" if left else right
    return re.sub(r" (?=[.,;:!?])", "", joined[:1].upper() + joined[1:])
