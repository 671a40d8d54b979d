"""Finds a translation that lost a "not" of its source, or added one.

``negation.json`` has, by ISO 639-3 code, the ways in which each language says no: ``strong`` words
are translated by a negation, ``wide`` ones may be or are at least akin to one ("without",
"refuse", "un-"), and ``exempt`` ones look like strong ones and may be no negation ("not only"):
beside a phrase of these nothing is said. ``half`` ones may be part of one ("ne"): beside them
none is said to be added. ``nominal`` ones negate a noun ("عدم"): they are strong unless the English
has a word with a prefix like "un-". "*" stands for any letters and "_" for a space; a strong word
without "*" is strong whatever else it looks like. The lists were written from grammars and
tried on human translations (``tools/score_checks.py``). A negation is lost where the source has a
strong word and the English has none, nor more that is akin to one than the source has, and added
the other way round; so double negation and rewording are no differences.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from toolkit.languages import ENGLISH, UNSPACED, iso639_3_of, script_of

# Letters of a word; marks and joiners that belong to it count, hyphens and apostrophes do not.
_TOKEN = re.compile(r"[^\s\d!-/:-@\[-`{-~¡-©«-´¶-¹»-¿×÷‐-⁯、-〿।॥،؛؟۔։።-፼⁄]+")
_JOINERS = ("\u200c", "\u200d", "\u00ad")

# Words that are remembered for a language.
_KNOWN_WORDS = 50_000
# Spaces in the shortest output that is looked at: less may be an exclamation.
_FEWEST_SPACES = 2
_NOT_ENGLISH = re.compile(
    r"\bnot (?:only|just|merely|simply|solely|least|to mention)\b"
    r"|\bno (?:doubt|matter|wonder|sooner)\b"
    r"|\bno (?:more|less|fewer|later|earlier) than\b|\bno\.? ?\d|\bwhether or not\b|\bif not\b"
    r"|\bnothing but\b|\bwhy not\b|, no\?|\bor not\b|\bnot (?:so )?long (?:after|before|ago)\b"
    r"|\byes(?:,| ?/| or| and) ?no\b|\bnot (?:optional|muted?|wrong|rare|un(?!der|til|i)\w+)"
    r"|\b\w+n['’]t (?:I|you|s?he|it|we|they|this|that)\b",
    re.IGNORECASE,
)
_STRONG_ENGLISH = re.compile(
    r"\b(?:not|no(?!-[a-z])|never|none|nobody|nothing|nowhere|neither|cannot)\b|n['’]t\b",
    re.IGNORECASE,
)
_WIDE_ENGLISH = re.compile(
    r"\b(?:nor|without|unless|except(?:ing|ed)?|until|rather|lack\w*|fail\w*|refus\w*"
    r"|den(?:y|ie)\w*"
    r"|avoid\w*|prevent\w*|prohibit\w*|forb[ia]\w+|bann?(?:ed|s|ing)?|reject\w*|declin\w*|ignor\w*"
    r"|exclu\w+|omit\w*|absen\w+|oppos\w+|hardly|barely|scarcely|rarely|seldom"
    r"|(?<!a )(?:few|little)|noo+"
    r"|ceas\w+|too \w+ to|unlike\w*|empty|imposs\w+|incorrect\w*"
    r"|invalid|insuffic\w+|inaccess\w+|inabilit\w+|incapab\w+|incompat\w+|inactive|illegal\w*"
    r"|dis(?:agree|allow|approv|regard)\w*|non-?\w+|neglect\w*|overlook\w*"
    r"|un(?!der|til|i[a-z]|fortunate|mark|mount|link|lock|do|cles?\b|pack|plug|wind)\w{3,}"
    r"|out of|far from|short of|other than|apart from|free (?:of|from)|even if"
    r"|idle|mis(?!s)\w{4,}|difficult\w*|hard to|else|alternatively|gr[ae]yed|read-only|no-[a-z]+"
    r"|(?:is|are|was|were|be|went|still|reported) missing|irre(?!g)\w+|inex\w+"
    r"|(?!wireless|regardless|nevertheless|nonetheless)\w{3,}less(?:ly)?"
    r"|inaccura\w+|stuck|(?-i:L[ao]s?))\b",
    re.IGNORECASE,
)
# Words that say no with their beginning, as a noun with "not" before it may be translated ("عدم
# الاستقرار", instability).
_PREFIXED = re.compile(
    r"\b(?:dis|il(?=l)|im(?=[bmp])|in(?!clu|dee|divid|dustr|form|itia|sid|sist|stead|stitut|ter|to\b|"
    r"vest|vol)|ir(?=r)|mis|non|un(?!der|i[otv]))[a-z]{4,}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Patterns:
    """Words of one kind: whole ones, parts of words, and phrases with a space."""

    words: frozenset[str] = frozenset()
    openings: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()

    def match(self, token: str) -> bool:
        """Return whether a word in lower case is one of these."""
        return (
            token in self.words
            or token.startswith(self.openings)
            or token.endswith(self.endings)
            or (bool(self.inner) and any(part in token for part in self.inner))
        )


_COLUMNS = ("strong", "wide", "exempt", "half", "nominal")
# What a word may be: it says no, or is akin to that, or both; or it is half of a negation; or it
# negates a noun.
_STRONG, _WIDE, _HALF, _NOMINAL = 1, 2, 4, 8


class _Language(dict[str, int]):
    """What each word of a language is: worked out when the word is first met."""

    def __init__(
        self,
        strong: _Patterns,
        wide: _Patterns,
        exempt: _Patterns,
        half: _Patterns,
        nominal: _Patterns,
    ) -> None:
        super().__init__()
        self.strong, self.wide, self.exempt, self.half = strong, wide, exempt, half
        self.nominal = nominal

    def __missing__(self, token: str) -> int:
        if len(self) > _KNOWN_WORDS:
            self.clear()
        found = _STRONG * self.strong.match(token) | _WIDE * self.wide.match(token)
        if found and token not in self.strong.words and self.exempt.match(token):
            found = 0
        if self.nominal.match(token):
            found = _NOMINAL
        self[token] = found = _HALF if self.half.match(token) else found
        return found


def polarity_differs(source: str, output: str, *, source_language: str) -> bool:
    """Return whether ``output``, which is English, lost or added a negation.

    >>> polarity_differs("Er kommt heute nicht.", "He is coming today.", source_language="deu_Latn")
    True
    """
    words = _language(source_language)
    if words is None or output.count(" ") < _FEWEST_SPACES:
        return False
    negated, alike = _english(output)
    said = _negations(source, words)
    if alike or said.unsure:
        return False
    if negated:
        added = not said.strong and not said.nominal
        return added and said.wide <= len(_WIDE_ENGLISH.findall(output))
    akin = len(_WIDE_ENGLISH.findall(output))
    if said.strong:
        return akin <= said.wide
    return said.nominal and not (akin or said.wide or _PREFIXED.search(output))


def _english(output: str) -> tuple[bool, bool]:
    """Return whether an English text says no, and whether something in it only looks like it."""
    if not _may_be_negated(output) or not _STRONG_ENGLISH.search(output):
        return False, False
    without = _NOT_ENGLISH.sub(" ", output)
    return bool(_STRONG_ENGLISH.search(without)), without != output


def _may_be_negated(output: str) -> bool:
    """Return whether a text has letters that every English negation has; this is fast."""
    lowered = output.lower()
    return any(letters in lowered for letters in ("no", "n't", "n’t", "neve", "neit"))


@dataclass(frozen=True, slots=True)
class _Said:
    """How a text says no: whether it does, whether it does before a noun, whether something in it
    only looks like it, and how often it says something akin to it."""

    strong: bool
    nominal: bool
    unsure: bool
    wide: int


def _negations(source: str, words: _Language) -> _Said:
    plain = text = " " + _without_joiners(source.lower()).replace("’", "'")
    for phrase in words.exempt.phrases:
        text = text.replace(phrase, " ")
    found = Counter(map(words.__getitem__, _TOKEN.findall(text)))
    strong = any(kind & _STRONG for kind in found)
    strong = strong or any(phrase in text for phrase in words.strong.phrases)
    nominal = any(kind & _NOMINAL for kind in found)
    unsure = not strong and (text != plain or found[_HALF] > 0)
    wide = found[_WIDE] + sum(phrase in text for phrase in words.wide.phrases)
    return _Said(strong, nominal, unsure, wide)


def _without_joiners(text: str) -> str:
    for joiner in _JOINERS:
        text = text.replace(joiner, "")
    return text


@lru_cache(maxsize=256)
def _language(code: str) -> _Language | None:
    entry = _table().get(iso639_3_of(code))
    if code == ENGLISH or entry is None:
        return None
    kinds = (entry.get(kind, "").split() for kind in _COLUMNS)
    return _Language(*(_patterns(entries, script_of(code)) for entries in kinds))


def _patterns(entries: Iterable[str], script: str) -> _Patterns:
    entries = [_without_joiners(entry).lower() for entry in entries]
    if script in UNSPACED:
        phrases = sorted((e.replace("_", " ") for e in entries), key=len, reverse=True)
        return _Patterns(phrases=tuple(phrases))
    lead = "" if script == "Hang" else " "  # a Korean phrase may begin inside a word
    single = [entry for entry in entries if _TOKEN.fullmatch(entry.strip("*")) and "_" not in entry]
    leads = [lead, " و", " ف"] if script == "Arab" else [lead]  # "and" and "so" are written to it
    return _Patterns(
        frozenset(e for e in single if "*" not in e),
        tuple(e[:-1] for e in single if e.endswith("*") and not e.startswith("*")),
        tuple(e[1:] for e in single if e.startswith("*") and not e.endswith("*")),
        tuple(e[1:-1] for e in single if e.startswith("*") and e.endswith("*")),
        tuple(
            before + e.replace("_", " ").strip("*")
            for e in entries
            if e not in single
            for before in leads
        ),
    )


@cache
def _table() -> dict[str, dict[str, str]]:
    path = resources.files("toolkit.translators.checks").joinpath("negation.json")
    table: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return table
