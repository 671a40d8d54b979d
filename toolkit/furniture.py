"""What one line of a page is, judged by itself: prose, or a piece of page furniture.

The phrases stand in ``phrases/*.json``, by language; all of them are tried on every page, since
sites mix languages. A line of prose is never furniture unless it says so word for word.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import Any

# Sentence-final marks, and what may close a quotation or bracket after them.
_STOP = re.compile(r"[.!?…।॥؟۔؛։።។။။。！？｡༎༏᙮᱾]+[\"'”’»›)\]」』）*_]*(?=\s|$|[\u3040-\u9fff])")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_NETWORKS = re.compile(
    r"\b(?:facebook|twitter|instagram|telegram|whatsapp|youtube|tiktok|linkedin|google news)\b"
)
_CRUMB = re.compile(r"\s[>›»→]\s|\s?[›»]\s")
_LIST_MARK = re.compile(r"^(?:[-–—•▪●◦*·]|\(?\w{1,2}[.)])\s+")
_DIGITS = re.compile(r"\d+")
# A sentence of prose: so many words, or so many characters where words are not spaced.
_PROSE_WORDS, _PROSE_CHARACTERS = 6, 20
# A line this long is prose even without a stop: Thai and Lao have none.
_LONG_WORDS, _LONG_CHARACTERS = 40, 90
_MOST_FURNITURE_WORDS = 25
_NEEDS_NUMBER = ("date line", "counter")


def fold(text: str) -> str:
    """``text`` for comparison: case, width and runs of white space do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def bare(text: str) -> str:
    """``fold`` without punctuation and signs at the ends."""
    folded = fold(text)
    start, end = 0, len(folded)
    while start < end and not _solid(folded[start]):
        start += 1
    while end > start and not _solid(folded[end - 1]):
        end -= 1
    return folded[start:end]


def _solid(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def words(text: str) -> int:
    """How many words ``text`` has; two characters count as one where words are not spaced."""
    unspaced = len(_UNSPACED.findall(text))
    return len(_UNSPACED.sub(" ", text).split()) + unspaced // 2 if unspaced else len(text.split())


def is_prose(text: str) -> bool:
    """Whether ``text`` reads as one sentence or more."""
    unspaced = len(_UNSPACED.findall(text)) > len(text) // 3
    if unspaced:
        long, short = len(text) >= _LONG_CHARACTERS, len(text) < _PROSE_CHARACTERS
    else:
        number = len(text.split())
        long, short = number >= _LONG_WORDS, number < _PROSE_WORDS
    return long or (not short and _STOP.search(text) is not None)


def ends_sentence(text: str) -> bool:
    """Whether ``text`` ends with a full stop of any script (a question mark is not one)."""
    tail = text.rstrip("\"'”’»›)]」』）*_ ")
    return tail.endswith((".", "।", "॥", "۔", "。", "｡", "։", "።", "។", "။", "༎", "᱾"))


def asks(text: str) -> bool:
    """Whether ``text`` is one question or exclamation and nothing else."""
    stops = _STOP.findall(text)
    return len(stops) == 1 and text.rstrip("\"'”’»›)]」』）*_ ").endswith(tuple("?!؟？！"))


def is_list_item(text: str) -> bool:
    """Whether ``text`` begins with a bullet or a number."""
    return _LIST_MARK.match(text) is not None


def reason(text: str) -> str | None:
    """Why ``text`` is page furniture, or None where it may be part of the article."""
    if not any(c.isalpha() for c in text):
        return "no words, only digits or signs"
    if is_date(text):
        return "date line"
    folded = fold(text)
    if _is_breadcrumb(text, folded):
        return "breadcrumb"
    prose = is_prose(text)
    kind = _phrase(folded, prose)
    if kind is None and not prose and _is_invitation(folded):
        kind = "invitation to follow or share"
    return kind


def opens_tail(text: str) -> bool:
    """Whether what follows such a line is usually no longer the article."""
    kind = _phrase(fold(text), is_prose(text))
    return kind is not None and kind in _furniture()[3]


def is_date(text: str) -> bool:
    """Whether ``text`` is a date or a time and nothing else."""
    tokens = re.split(r"[\s,./:|()\-–—]+", fold(text))
    parts = [part for token in tokens for part in re.findall(r"\d+|[^\W\d_]+\w*", token)]
    if not 2 <= len(parts) <= 12 or not any(part.isdigit() for part in parts):
        return False
    known = _dates()
    named = [part for part in parts if not part.isdigit()]
    return all(part in known or re.fullmatch(r"th|st|nd|rd", part) for part in named) and any(
        len(part) == 4 or len(parts) >= 3 for part in parts if part.isdigit()
    )


def author(text: str, *, below_headline: bool) -> str | None:
    """The name in a byline, None where ``text`` is none."""
    line = text.strip(" \t\u00a0|•·-–—")
    if words(line) > 8 or is_prose(line):
        return None
    folded = line.casefold()
    rules = _bylines()
    for prefix in rules["sure"]:
        if folded.startswith(prefix) and (rest := _name(line[len(prefix) :])):
            return rest
    if not below_headline:
        return None
    for prefix in rules["likely"]:
        if folded.startswith(prefix + " "):
            rest = _name(line[len(prefix) :])
            if rest and all(_is_capitalised(word) for word in rest.split()):
                return rest
    for suffix in rules["after"]:
        if folded.endswith(suffix) and words(line) <= 4:
            return _name(line[: -len(suffix)])
    return None


def _name(text: str) -> str | None:
    name = text.strip(" \t\u00a0:：/|•·-–—,")
    return name if any(c.isalpha() for c in name) and len(name.split()) <= 6 else None


def _is_capitalised(word: str) -> bool:
    first = next((c for c in word if c.isalpha()), "")
    return first == first.upper() or word in (
        "and",
        "y",
        "et",
        "und",
        "e",
        "dan",
        "en",
        "de",
        "van",
    )


def _is_breadcrumb(text: str, folded: str) -> bool:
    marks = len(_CRUMB.findall(text))
    return marks >= 2 or (marks == 1 and words(folded) <= 6 and not is_prose(text))


def _is_invitation(folded: str) -> bool:
    """Two networks, or one after a verb of following, in a line that is no sentence."""
    named = set(_NETWORKS.findall(folded))
    verb = folded.startswith(("follow ", "join ", "subscribe ", "share ", "find ", "like "))
    return len(named) >= 2 or (len(named) == 1 and verb)


def _phrase(folded: str, prose: bool) -> str | None:
    if words(folded) > _MOST_FURNITURE_WORDS:
        return None
    whole, starts, ends, _ = _furniture()
    stripped = bare(folded)
    kind = whole.get(stripped) or whole.get(folded)
    if kind is None:
        # Only phrases that begin with the same letter can fit.
        kind = next((k for p, k in starts.get(folded[:1], ()) if folded.startswith(p)), None)
    if kind is None and not prose:
        kind = next((k for p, k in ends if stripped.endswith(p)), None)
    if kind in _NEEDS_NUMBER:
        at_an_end = _DIGITS.match(stripped) or re.search(r"\d+$", stripped)
        has_number = _DIGITS.search(folded) if kind == "date line" else at_an_end
        return kind if has_number and words(folded) <= 12 else None
    # In a sentence the opening words may be chance, unless they are many.
    if prose and kind is not None and kind != "comment form" and words(folded) > 12:
        return None
    return kind


_Furniture = tuple[
    dict[str, str], dict[str, list[tuple[str, str]]], list[tuple[str, str]], frozenset[str]
]


@lru_cache(maxsize=1)
def _furniture() -> _Furniture:
    """Whole lines, openings by their first letter, endings, and the kinds of a tail."""
    whole: dict[str, str] = {}
    starts: dict[str, list[tuple[str, str]]] = {}
    ends: list[tuple[str, str]] = []
    tails: set[str] = set()
    for kind, table in _load("furniture.json").items():
        if not isinstance(table, dict):
            continue
        for key, phrases in table.items():
            if key == "tail":
                tails.add(kind)
                continue
            for phrase in phrases:
                text = fold(phrase.strip("*"))
                if phrase.endswith("*"):
                    starts.setdefault(text[:1], []).append((text, kind))
                elif phrase.startswith("*"):
                    ends.append((f" {text}", kind))
                else:
                    whole[text] = kind
    return whole, starts, ends, frozenset(tails)


@lru_cache(maxsize=1)
def _bylines() -> dict[str, list[str]]:
    table = _load("bylines.json")
    by_length = {k: sorted(v, key=len, reverse=True) for k, v in table.items() if k != "about"}
    return {kind: [phrase.casefold() for phrase in v] for kind, v in by_length.items()}


@lru_cache(maxsize=1)
def _dates() -> frozenset[str]:
    return frozenset(fold(word) for word in _load("months.json")["words"])


def _load(name: str) -> dict[str, Any]:
    text = resources.files("toolkit").joinpath("phrases").joinpath(name).read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table
