"""Reads an English sentence into what can be checked: its words with their polarity and mood,
and its amounts and dates.

There is no grammar here, only word order and word lists: clauses end at punctuation and at
conjunctions, and a negation or a "may" reaches to the end of its clause.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from toolkit.summarisers.grounding.amounts import Amount, amounts, dates
from toolkit.summarisers.grounding.lexicon import alike, key, keys, number_words, phrasal, words

_TOKEN = re.compile(
    r"\d+[-–]\d+(?![\d.,]*\d)|\d+(?:st|nd|rd|th)\b|\d+(?:[.,:]\d+)*|[$€£¥₹%]"
    r"|[^\W\d_]+(?:'[^\W\d_]+)*|[.,;:!?()\"—]"
)
_SENTENCE_END = re.compile(r"(?:(?<=[^A-Z][.!?])|(?<=[.!?]\")) +(?=[\"'(]?[A-Z0-9])")
_STOPS = frozenset('.,;:!?()"—')
_ABBREVIATION = re.compile(r"\b(?:[A-Z]\.){2,}|\b(?:Mr|Mrs|Ms|Dr|St|Gen|Sen|Rep|Lt|Col|No)\.(?= )")
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "‑": "-"})
_UNDONE = re.compile(r"(?:un|non)(?=[a-z]{4})")


# How many content words a "not", and a "deny" or "refuse", turn round.
_REACH = 2
_ENDS = frozenset(["and", "which", "who"])
_IMPLIED_REACH = 3
_NEAR = 4


class Mood(IntEnum):
    """How sure a sentence is of a word in it."""

    FACT = 0
    FUTURE = 1
    POSSIBLE = 2


@dataclass(frozen=True, slots=True)
class Word:
    """A word that claims something.

    ``at`` is its place among the sentence's tokens and ``clause`` its clause's number.
    ``participle`` tells of a form in -ed or like it; ``past`` of one that tells of something done.
    ``negated_by`` is the key of the word that turns it round, or empty. ``undone`` is what is
    left without "un-". ``definite`` tells of a "the" before it.
    """

    text: str
    key: str
    at: int
    clause: int
    name: bool
    verb: bool
    participle: bool
    past: bool
    mood: Mood
    negated_by: str
    undone: str
    definite: bool

    @property
    def light(self) -> bool:
        """Whether it is too general to count as a claim of its own."""
        return self.key in keys("light_words")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, read. ``tokens`` are lower-case, ``clauses`` the number of each one's clause.

    ``dates`` are pairs of month and day (0 where none is named). ``exact`` are words that a
    summary has to repeat as they are: weekdays, "tomorrow", "half", "dozens", scores ("3-1").
    """

    tokens: tuple[str, ...]
    clauses: tuple[int, ...]
    words: tuple[Word, ...]
    amounts: tuple[Amount, ...]
    dates: frozenset[tuple[int, int]]
    exact: frozenset[str]

    def negates(self, word: Word) -> bool:
        """Whether a plain negation ("not", "no") stands near a word, before or after it."""
        near = range(max(0, word.at - _NEAR), min(len(self.tokens), word.at + _NEAR + 1))
        return any(
            _plain_negator(self.tokens[at]) for at in near if self.clauses[at] == word.clause
        )

    @property
    def denies(self) -> bool:
        """Whether a plain negation stands anywhere in the sentence."""
        return any(_plain_negator(token) for token in self.tokens)

    def has(self, wanted: str) -> bool:
        """Whether a word like the key ``wanted`` stands anywhere in the sentence."""
        return any(alike(word.key, wanted) for word in self.words)


def read_all(texts: Iterable[str], names: frozenset[str] = frozenset()) -> list[Sentence]:
    """Every sentence of ``texts``, read. ``names`` are the keys of words known to be names: a
    sentence's first word has its capital either way."""
    parts = (part for text in texts for part in _SENTENCE_END.split(_normal(text)))
    return [read(part, names) for part in parts if part]


@lru_cache(maxsize=1024)
def read(text: str, names: frozenset[str] = frozenset()) -> Sentence:
    """One sentence, read."""
    raw = tuple(_TOKEN.findall(_normal(text)))
    tokens = tuple(token.lower() for token in raw)
    clauses = _clauses(tokens)
    found_dates, taken = dates(raw)
    found_amounts = amounts(tokens, taken)
    taken |= {at for amount in found_amounts for at in range(amount.start, amount.end)}
    negations, moods = _negations(tokens), _moods(tokens, taken)
    found = [
        Word(
            text=raw[at],
            key=_key(tokens, at),
            at=at,
            clause=clauses[at],
            name=_is_name(raw, at) or (raw[at][0].isupper() and _known(token, names)),
            verb=_is_verb(raw, at),
            participle=_is_participle(token),
            past=_is_past(tokens, at),
            mood=moods[at],
            negated_by=negations[at],
            undone=key(_UNDONE.sub("", token)) if _UNDONE.match(token) else "",
            definite="the" in tokens[max(0, at - 2) : at],
        )
        for at, token in enumerate(tokens)
        if at not in taken and (_claims(token) or _turns(tokens, at, taken))
    ]
    exact = frozenset(t for t in tokens if _must_stay(t))
    return Sentence(tokens, clauses, tuple(found), found_amounts, found_dates, exact)


@lru_cache(maxsize=1024)
def _normal(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).translate(_PLAIN)
    text = _ABBREVIATION.sub(lambda m: m.group().replace(".", ""), text)
    return re.sub(r"\bper cent\b", "percent", " ".join(text.split()))


def _key(tokens: Sequence[str], at: int) -> str:
    """The key of a token, that of the simple verb for one like "turn down"."""
    following = tokens[at + 1] if at + 1 < len(tokens) else ""
    return phrasal().get((key(tokens[at]), following), key(tokens[at]))


def _clauses(tokens: Sequence[str]) -> tuple[int, ...]:
    numbers, current = [], 0
    for token in tokens:
        if (
            token in _STOPS
            or token in words("clause_splitters")
            or token in words("clause_joiners")
        ):
            current += 1
        numbers.append(current)
    return tuple(numbers)


def _claims(token: str) -> bool:
    return (
        token[:1].isalpha()
        and len(token) > 1
        and token.removesuffix("'s") not in words("function_words")
        and not _must_stay(token)
        and not token.endswith("n't")
        and token not in number_words()
    )


def _turns(tokens: Sequence[str], at: int, taken: frozenset[int]) -> bool:
    """Whether "up" or "down" tells which way an amount went."""
    return tokens[at] in ("up", "down") and (
        at + 1 in taken or tokens[at + 1 : at + 2] in (("by",), ("from",))
    )


def _must_stay(token: str) -> bool:
    return (
        token in words("weekdays")
        or token in words("time_words")
        or token in words("vague_amounts")
        or "-" in token
    )


def _plain_negator(token: str) -> bool:
    return token in words("negators") or token.endswith("n't")


def _negations(tokens: Sequence[str]) -> list[str]:
    """For each token the key of the word that negates it, or "". Two negations cancel; the
    reach is a few content words, since what follows them is mostly a circumstance."""
    found, cue, left = [], "", 0
    for at, token in enumerate(tokens):
        aside = cue == "not" and left < _REACH and token in words("prepositions")
        if aside or token in _STOPS or token in words("clause_splitters") or token in _ENDS:
            cue = ""
        found.append(cue if left > 0 else "")
        left -= _claims(token)
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        plain = _plain_negator(token) and following != "only"
        plain = plain or (token == "yet" and following == "to")
        implied = _key(tokens, at) in keys("implicit_negators") or (
            key(token) == "rule" and "out" in tokens[at + 1 : at + 3]
        )
        if plain or implied:
            cue = "" if cue and left > 0 else ("not" if plain else _key(tokens, at))
            left = _REACH if plain else _IMPLIED_REACH
            if token == "without":
                left = 1
    return found


def _moods(tokens: Sequence[str], taken: frozenset[int]) -> list[Mood]:
    """For each token how sure the sentence is of it. "X is possible" speaks of what is before."""
    found = _moods_after(tokens, taken)
    for at, token in enumerate(tokens):
        if token in words("predicates") and {"is", "are", "be"} & set(tokens[max(0, at - 2) : at]):
            start = max((i + 1 for i in range(at) if tokens[i] in _STOPS), default=0)
            found[start:at] = [Mood.POSSIBLE] * (at - start)
    return found


def _moods_after(tokens: Sequence[str], taken: frozenset[int]) -> list[Mood]:
    found, mood = [], Mood.FACT
    for at, token in enumerate(tokens):
        if token in _STOPS or token in words("clause_splitters"):
            mood = Mood.FACT
        infinitive = at > 0 and tokens[at - 1] == "to" and not _factive(tokens, at)
        found.append(max(mood, Mood.FUTURE) if infinitive else mood)
        if at in taken:
            continue
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        asked = key(token) in ("call", "ask") and following == "for"
        noun = token.rstrip("s") in words("possible_nouns") and following not in words(
            "noun_scopes"
        )
        if (key(token) in keys("possible") and not noun) or asked:
            mood = Mood.POSSIBLE
        elif key(token) in keys("future") or (token in ("set", "going") and following == "to"):
            mood = max(mood, Mood.FUTURE)
    return found


def _factive(tokens: Sequence[str], at: int) -> bool:
    return at > 1 and key(tokens[at - 2]) in keys("factive_before_to")


def _is_name(raw: Sequence[str], at: int) -> bool:
    token = raw[at]
    if not token[0].isupper():
        return False
    first = at == 0 or raw[at - 1] in ('"', ":", ".")
    follows = at + 1 < len(raw) and raw[at + 1][0].isupper()
    return not first or follows or (len(token) > 1 and token.isupper())


def _known(token: str, names: frozenset[str]) -> bool:
    return any(alike(key(token), name) for name in names)


def _is_verb(raw: Sequence[str], at: int) -> bool:
    token = raw[at].lower()
    before = raw[at - 1].lower() if at else ""
    if before in words("determiners") or before[:1].isdigit():
        return False
    return (
        key(token) in keys("sayings")
        or (key(token) in keys("verbs") and key(token) not in keys("nouns_too"))
        or (before in words("modals") and not token.endswith(("s", "s'", "'s")))
        or (token.endswith("ing") and (before in words("be_forms") or before in (",", "and")))
        or _is_participle(token)
        or (key(token) in keys("verbs") and _acts(raw, at))
    )


def _acts(raw: Sequence[str], at: int) -> bool:
    """Whether a word that may be a noun or a verb stands as a verb does: after a subject and
    before an object."""
    before = raw[at - 1].lower() if at else ""
    after = raw[at + 1] if at + 1 < len(raw) else "."
    subject = before in words("pronouns") or _claims(before) or before in ("who", "which", ",")
    return subject and (after in words("object_starts") or after[0].isdigit() or after[0].isupper())


def _is_past(tokens: Sequence[str], at: int) -> bool:
    if at and tokens[at - 1] in words("determiners"):
        return False
    return _is_participle(tokens[at]) and not any(
        t in words("modals") or t == "be" for t in tokens[max(0, at - 2) : at]
    )


def _is_participle(token: str) -> bool:
    return token in words("past_forms") or (
        token.endswith("ed") and len(token) > 3 and token not in words("no_participles")
    )


def same(word: Word, other: Word) -> bool:
    """Whether one word may stand for the other."""
    if word.name and other.name and word.key != other.key:
        # Names have no synonyms, only adjectives made from them.
        return alike(word.key, other.key) and word.key[:4] == other.key[:4]
    return (
        alike(word.key, other.key)
        or bool(word.undone and alike(word.undone, other.key))
        or bool(other.undone and alike(word.key, other.undone))
    )


def found_in(word: Word, sentence: Sentence) -> bool:
    """Whether a sentence has the word or one that may stand for it."""
    return any(same(word, other) for other in sentence.words)


def matched(word: Word, source: Sequence[Sentence]) -> bool:
    """Whether any sentence has the word, as a claim of its own or at all."""
    return any(found_in(word, s) or word.text.lower() in s.tokens for s in source)


def aligned(wanted: Sequence[Word], source: Sequence[Sentence]) -> Sentence:
    """The sentence that has most of these words."""
    return max(source, key=lambda s: sum(found_in(w, s) for w in wanted if not w.light))
