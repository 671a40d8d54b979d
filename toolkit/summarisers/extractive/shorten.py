"""Shortens sentences without changing what they say.

Only what adds to a sentence is cut: asides between brackets, dashes or commas, clauses before or
after the main one. A phrase stays if it negates, sets a condition or a contrast, says whose claim
something is, or holds a figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.summarisers.extractive.quotations import balanced
from toolkit.text.english import words
from toolkit.text.similarity import WORD

MIN_WORDS = 6
# Commas, dashes, brackets and the like in a sentence that is shortened at all. One with more is a
# list, and each mark is a cut to be tried, with every other one.
_MOST_MARKS = 20
# Characters of a word, at most and on average over a sentence; in English it is six.
_WORD_CHARACTERS = 10

Cut = tuple[int, int]

_BRACKETS = re.compile(r" ?\([^()]*\)| ?\[[^\[\]]*\]")
_DASHES = re.compile(r" (?:--|—|–) [^—–]+? (?:--|—|–)(?= )")
_TAIL = re.compile(r"; |,? (?:--|—|–) |, (?=[a-z])")
_INNER = re.compile(r", [^,;]+(?=, )")
_MARKER = re.compile(r"\b(?:who|whose|which|where|that|as|after|before)\b")
_ARTICLE = re.compile(r"\b[Aa]n? \S+$")
_DASH_MARK = re.compile(r" (?:--|—|–) ")
_OPENING = re.compile(r"([^,;:]+), (?=[A-Z]|the |a |an )")
_STATEMENT = re.compile(r"In an? (?:statement|post|speech|interview|tweet|letter|message)\b")
_MARK = re.compile(r"[,;()\[\]—–]|--")
_JOINT = re.compile(
    r",? (?:and|or|as|after|before|while|when|where|who|which|that|in|on|at|for|from|with|to|of"
    r"|over|by|about|into|during|against|under|near) "
)
_RELATIVE_CLAUSE = re.compile(r", (?:who|whom|whose|which|where)\b[^,]*$")
_PLACE = re.compile(r"[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*)*, ")


def tidy(sentence: str) -> str:
    """Return ``sentence`` without the asides in brackets that hold no figure; whole where it has
    nothing else.

    >>> tidy("The dam (see page four) broke."), tidy("(The dam broke.)")
    ('The dam broke.', '(The dam broke.)')
    """
    whole = " ".join(sentence.split())
    text = _BRACKETS.sub(lambda m: m[0] if not harmless(m[0]) else "", whole).strip() or whole
    return text[:1].upper() + text[1:]


def shorten(sentence: str, limit: int) -> str:
    """Return ``sentence`` in at most ``limit`` words where safe cuts reach that far; else as short
    as safe cuts make it, which may be the sentence itself."""
    text = sentence
    if len(_MARK.findall(text)) > _MOST_MARKS:
        return text
    while len(text.split()) > limit:
        shorter = [_without(text, cut) for cut in _cuts(text)]
        shorter = [s for s in shorter if len(s.split()) >= MIN_WORDS and balanced(s)]
        if not shorter:
            break
        fitting = [s for s in shorter if len(s.split()) <= limit]
        text = max(fitting, key=len) if fitting else min(shorter, key=len)
    return text


def clip(text: str, limit: int, *, sure: bool = False) -> str:
    """Return the start of ``text`` in at most ``limit`` words of usual length and an ellipsis;
    ``text`` itself where it is no longer.

    It ends where a phrase does, if possible where what is left unsaid neither denies nor attributes
    what is said; ``sure`` gives ``text`` itself where there is no such place.
    """
    head = text[: limit * _WORD_CHARACTERS]
    tokens = head.split(maxsplit=limit)
    if len(head) == len(text) and len(tokens) <= limit:
        return text
    head = " ".join(tokens[: min(limit, len(tokens) - 1)] or tokens)
    ends = [m.start() for m in _JOINT.finditer(head) if _could_end(head[: m.start()])]
    safe = [end for end in ends if harmless(text[end:])]
    if sure and not safe:
        return text
    end = max(safe or [e for e in ends if 2 * e > len(head)], default=len(head))
    return f"{head[:end].rstrip(',;:-–— ')}…"


def _could_end(said: str) -> bool:
    """Say whether a text that is cut could end here: its verb is not in a clause about a noun."""
    return is_whole(_RELATIVE_CLAUSE.sub("", said)) and said.rsplit(" ", 1)[-1] not in words(
        "speech_verbs"
    )


def _cuts(text: str) -> Iterator[Cut]:
    for pattern in (_BRACKETS, _DASHES):
        for match in pattern.finditer(text):
            if harmless(match.group()):
                yield match.start(), match.end()
    yield from _tails(text)
    yield from _asides(text)
    yield from _openings(text)


def _tails(text: str) -> Iterator[Cut]:
    dashes = len(_DASH_MARK.findall(text))
    for match in _TAIL.finditer(text):
        start, mark, rest = match.start(), match.group(), text[match.end() :]
        if not is_whole(text[:start]):
            continue
        if mark == "; ":
            follows = rest.split(" ", 1)[0].lower() not in words("contrast_words")
            fine = follows and not _denies(text[:start]) and not _speaks(rest.split(", ")[-1])
        elif mark == ", ":
            fine = _is_addition(rest, text[:start])
        else:
            fine = dashes == 1 and harmless(rest) and not _denies(text[:start])
        if fine:
            yield start, len(text)


def is_whole(phrase: str) -> bool:
    """Say whether the start of a sentence could be all of it: it has a verb, after its opening
    clause if it has one, and does not break off at a word that wants more."""
    tokens = [word.lower() for word in WORD.findall(phrase)]
    if not tokens or tokens[-1] in words("unfinished") or not balanced(phrase):
        return False
    subordinate = tokens[0] in words("subordinators") or _is_participle(tokens[0])
    if subordinate:
        _, comma, phrase = phrase.partition(", ")
        return bool(comma) and has_verb(phrase)
    return has_verb(phrase)


def _is_addition(rest: str, before: str) -> bool:
    """Say whether ``rest``, which follows a comma and ends the sentence, only adds to it."""
    first, *others = (word.lower() for word in WORD.findall(rest))
    chunks = rest.split(", ")[1:]
    attributed = bool(chunks) and _speaks(chunks[-1])
    if any(_resumes(chunk) for chunk in chunks) or attributed or not harmless(rest):
        return False
    if first in words("listers") or (first == "as" and others[:2] == ["well", "as"]):
        own, *_ = _MARKER.split(rest, maxsplit=1)
        return not has_verb(own)
    if first in ("while", "as", "amid", "following"):
        return not _denies(before) and not _speaks(rest)
    # "a common, frustrating occurrence": the comma may stand between two adjectives.
    return first in words("closers") or (_is_participle(first) and not _ARTICLE.search(before))


def _asides(text: str) -> Iterator[Cut]:
    for match in _INNER.finditer(text):
        inner, after = match.group()[2:], text[match.end() + 2 :]
        first = inner.split(" ", 1)[0].lower()
        named = re.search(r"[A-Z][\w'’.-]*$", text[: match.start()])
        describes = named and first in ("a", "an", "the") and match.start() > 3
        if (
            (first in words("relatives") or describes)
            and harmless(inner)
            and has_verb(after.split(" ", 1)[0])
        ):
            yield match.start(), match.end() + (0 if _is_framed(text[: match.start()]) else 1)


def _is_framed(before: str) -> bool:
    """Say whether the name that ends ``before`` stands between commas itself, which then stay: "the
    leader, Ana Prado, the daughter of ..." """
    start, comma, name = before.rpartition(", ")
    first = start.split(" ", 1)[0].lower()
    opening = "," not in start and (first in words("subordinators") or _is_participle(first))
    # "..., since Oakham, which ...": there the comma belongs to the clause.
    clause = name.split(" ", 1)[0].lower() in words("subordinators")
    return bool(comma) and not clause and not opening and not has_verb(name)


def _openings(text: str) -> Iterator[Cut]:
    match = _OPENING.match(text)
    if not match or _PLACE.match(text, match.end()):
        return
    first = match.group(1).split(" ", 1)[0].lower()
    heads = {word.lower() for word in WORD.findall(text[match.end() :])[:12]}
    opener = first in words("openers") or _is_participle(first) or _STATEMENT.match(text)
    if opener and harmless(match.group(1)) and not heads & words("third_person"):
        yield 0, match.end()


def harmless(phrase: str) -> bool:
    """Say whether what remains is as true without ``phrase``: it holds no negation, condition or
    contrast, no figure unless it is about a noun that remains ("which", "who"), and does not say
    whose claim something is."""
    first = next((word.lower() for word in WORD.findall(phrase)), "")
    relative = first in words("relatives")
    if _denies(phrase) or (not relative and any(char.isdigit() for char in phrase)):
        return False
    return not _speaks(phrase) or relative or _is_participle(first)


def _denies(phrase: str) -> bool:
    tokens = [word.lower().replace("’", "'") for word in WORD.findall(phrase)]
    return any(t in words("contrast_words") or t.endswith("n't") for t in tokens)


def _resumes(chunk: str) -> bool:
    """Say whether the main clause may go on in ``chunk``, after an aside."""
    first = chunk.split(" ", 1)[0]
    if first.lower() in words("finite_verbs"):
        return True
    subject = first[:1].isupper() or first in (
        "the",
        "a",
        "an",
        "he",
        "she",
        "it",
        "they",
    )
    return subject and has_verb(chunk)


def _speaks(phrase: str) -> bool:
    return any(word.lower() in words("speech_verbs") for word in WORD.findall(phrase))


def _is_participle(word: str) -> bool:
    return word.endswith("ing") and len(word) > 4 and word not in words("not_participles")


def has_verb(phrase: str) -> bool:
    return any(
        word.lower() in words("finite_verbs") or (word.endswith("ed") and word[0].islower())
        for word in WORD.findall(phrase)
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
