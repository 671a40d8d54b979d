"""The tokens of an English text, and the classes of tokens that grounding distinguishes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from toolkit.languages import scripts
from toolkit.summarisers.grounding.lexicon import calendar, key, number_words, phrasal, words

STOPS = frozenset('.,;:!?()"—')

_TOKEN = re.compile(
    r"\d+[-–]\d+(?![\d.,]*\d)|\d+(?:st|nd|rd|th)\b|\d+(?:[.,:]\d+)*|[$€£¥₹%]"
    r"|[^\W\d_]+(?:'[^\W\d_]+)*|[.,;:!?()\"—]"
)
_SENTENCE_END = re.compile(r"(?:(?<=[^A-Z][.!?])|(?<=[.!?]\")) +(?=[\"'(]?[A-Z0-9])")
_ABBREVIATION = re.compile(r"\b(?:[A-Z]\.){2,}|\b(?:Mr|Mrs|Ms|Dr|St|Gen|Sen|Rep|Lt|Col|No)\.(?= )")
# Characters that are read as one sentence: a text without full stops is read in pieces, since the
# rules compare every word of a sentence with every other.
_LONGEST = 1000
_PIECE = re.compile(rf".{{1,{_LONGEST}}}(?: |$)|.{{{_LONGEST}}}", re.DOTALL)
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "‑": "-"})


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text, spelt in one way."""
    return [
        piece
        for sentence in _SENTENCE_END.split(_normal(text))
        if sentence
        for piece in (_PIECE.findall(sentence) if len(sentence) > _LONGEST else [sentence])
    ]


def tokenise(sentence: str) -> tuple[str, ...]:
    """Return the tokens of a sentence with their capitals."""
    return tuple(_TOKEN.findall(_normal(sentence)))


@lru_cache(maxsize=256)
def _normal(text: str) -> str:
    text = scripts.normal("NFKC", text).translate(_PLAIN)
    text = _ABBREVIATION.sub(lambda m: m.group().replace(".", ""), text)
    return re.sub(r"\bper cent\b", "percent", " ".join(text.split()))


def clause_numbers(tokens: Sequence[str]) -> tuple[int, ...]:
    """Return the number of the clause that each token belongs to. Clauses end at punctuation and at
    conjunctions."""
    bounds = STOPS | words("clause_splitters") | words("clause_joiners")
    numbers, current = [], 0
    for token in tokens:
        current += token in bounds
        numbers.append(current)
    return tuple(numbers)


def token_at(tokens: Sequence[str], at: int) -> str:
    """Return the token at a position, or an empty text where none is."""
    return tokens[at] if 0 <= at < len(tokens) else ""


def key_at(tokens: Sequence[str], at: int) -> str:
    """Return the key of a token; of a phrasal verb ("turn down") that of the simple verb."""
    simple = key(tokens[at])
    return phrasal().get((simple, token_at(tokens, at + 1)), simple)


@lru_cache(maxsize=4096)
def is_content(token: str) -> bool:
    """Say whether a token is a content word: no function word, number or negation."""
    return (
        token[:1].isalpha()
        and len(token) > 1
        and token.removesuffix("'s") not in words("function_words")
        and token not in words("honorifics")
        and not is_verbatim(token)
        and not token.endswith("n't")
        and token not in number_words()
    )


def is_verbatim(token: str) -> bool:
    """Say whether a summary has to repeat a token as it is: "Monday", "half", "3-1"."""
    return (
        token in calendar("weekday")
        or token in words("time_words")
        or token in words("vague_amounts")
        or "-" in token
    )


def is_negator(token: str) -> bool:
    """Say whether a token is "not", "no" or the like."""
    return token in words("negators") or token.endswith("n't")
