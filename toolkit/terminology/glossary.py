"""The user's terms: how a name or a word of a source language is put in English.

A term is found in a source sentence with a bounded ending (and Arabic and Hebrew prefixes), since
most languages inflect names. In the translation it is put in the place of another rendering only
where that is certain: one that the glossary lists, the source's own word left as it was, or another
spelling of the same name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from toolkit.errors import ConfigError, InputError, UnknownLanguageError
from toolkit.languages import UNSPACED, codes, script_of
from toolkit.readers.encodings import decode
from toolkit.text.normalise import normalise
from toolkit.text.places import plain
from toolkit.text.spelling import key, variants

_COLUMNS = ("source", "language", "english")
_SHAPE = "source, language, english and, if you like, variants, with tabs between them"
# What stands for any language.
_ANY = ("", "*")
# What a word ends before: anything but letters and their marks.
_NO_LETTER = r"[\s\d.,;:!?()\[\]{}<>\"'«»“”„‘’‚…–—/|।॥،؛؟。、，！？・\-]"
# Letters that may follow a term of three letters or more: Russian "-ого", Gujarati "-માંથી".
_ENDING = 5
# Shorter ones take so few.
_SHORT, _SHORT_ENDING = 4, 2
# Scripts with capitals inflect by replacing the end; so many letters of a word so long may go.
_REPLACED = ((7, 2), (5, 1))
_PREFIXES = {"Arab": "(?:[وف]?(?:[بكل]?(?:ال)?|لل))", "Hebr": "[והבכלמש]{0,2}"}
# A word of English, with its possessive apart.
_ENGLISH_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*?(?=['’]s\b|\b)")


@dataclass(frozen=True)
class Term:
    """A line of a glossary: ``source`` in ``language`` (None for any) is ``english``, which takes
    the place of its ``variants``."""

    source: str
    language: str | None
    english: str
    variants: tuple[str, ...] = ()

    def places(self, text: str, language: str) -> list[str]:
        """Return the words of a normalised source ``text`` that are the term."""
        found = _pattern(self.source, script_of(language)).finditer(text)
        return [m["term"] for m in found if m["term"][0].isupper() >= self.source[0].isupper()]

    def stands_in(self, english: str) -> int:
        """Return how often an English text has the term exactly."""
        return len(re.findall(rf"(?<!\w){re.escape(self.english)}(?!\w)", english))

    def is_in(self, english: str) -> bool:
        """Return whether an English text has the term, whatever its ending."""
        return bool(self._in_english.search(plain(english)))

    def put_into(self, english: str, places: list[str]) -> str | None:
        """Return ``english`` with the term in the place of another rendering, None where it is not
        certain which that is."""
        for other in (*self.variants, *places):
            changed, count = re.subn(rf"(?<!\w){re.escape(other)}(?!\w)", self._put, english)
            # A common word that stands there more often may mean something else.
            if count and (count <= len(places) or other[0].isupper()):
                return changed
        words = self.english.split()
        written = list(_ENGLISH_WORD.finditer(english))
        spans: dict[str, None] = {}
        for start in range(len(written) - len(words) + 1):
            window = written[start : start + len(words)]
            between = english[window[0].start() : window[-1].end()]
            if len(between.split()) == len(words) and _respelt(words, window):
                spans[between] = None
        if len(spans) != 1:
            return None
        (rendering,) = spans
        return re.sub(rf"(?<!\w){re.escape(rendering)}(?!\w)", self._put, english)

    def _put(self, _: re.Match[str]) -> str:
        return self.english

    @cached_property
    def stem(self) -> str:
        """The small letters that every form of the term begins with."""
        return _letters_kept(self.source.split()[0]).casefold()

    @cached_property
    def _in_english(self) -> re.Pattern[str]:
        words = r"\W+".join(map(re.escape, plain(self.english).split()))
        return re.compile(rf"(?<!\w){words}(?:'s|\w{{0,4}})(?!\w)")


def _respelt(words: list[str], window: list[re.Match[str]]) -> bool:
    """Return whether the words that match are other spellings of ``words``. That the source has the
    term is evidence enough for names of the same consonants."""
    found = [match.group() for match in window]
    pairs = list(zip(words, found, strict=True))
    return words != found and all(
        f[0].isupper() and (variants(w, f) or key(plain(w)) == key(plain(f))) for w, f in pairs
    )


@lru_cache(maxsize=4096)
def _pattern(source: str, script: str) -> re.Pattern[str]:
    """Return a pattern of all forms of a source term in a script."""
    if script in UNSPACED:
        return re.compile(f"(?P<term>{re.escape(source)})")
    words = r"\s+".join(map(_inflected, source.split()))
    before = _PREFIXES.get(script, "")
    return re.compile(
        rf"(?:^|(?<={_NO_LETTER})){before}(?P<term>{words})(?={_NO_LETTER}|$)", re.IGNORECASE
    )


def _letters_kept(word: str) -> str:
    """Return the part of a source word that stays where it is inflected."""
    if word.upper() != word.lower():
        for length, replaced in _REPLACED:
            if len(word) >= length:
                return word[:-replaced]
    return word


def _inflected(word: str) -> str:
    kept = _letters_kept(word)
    most = _ENDING if len(word) >= _SHORT else _SHORT_ENDING if len(word) > 2 else 0
    ending = rf"(?:(?!{_NO_LETTER}).){{0,{most}}}"
    return re.escape(kept) + ending


@dataclass(frozen=True)
class Glossary:
    """The terms of a file, the longest first."""

    terms: tuple[Term, ...]

    def of(self, text: str, language: str) -> list[tuple[Term, list[str]]]:
        """Return the terms that a source ``text`` has, each with the words that are it. A term
        that is a part of a longer one there is not found again."""
        left, found = normalise(text), []
        folded = left.casefold()
        for term in self.terms:
            if term.language not in (None, language) or term.stem not in folded:
                continue
            if places := term.places(left, language):
                found.append((term, places))
                for place in places:
                    left = left.replace(place, "|")
        return found


def read(path: Path) -> Glossary:
    """Return the glossary in a file of cells with tabs between them.

    Its first line names the columns; empty lines and those that begin with ``#`` are passed over.
    Raises ``ConfigError``, naming the file, the line and the remedy.
    """
    try:
        text = decode(path.read_bytes(), str(path))
    except (OSError, InputError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"{path}: the glossary cannot be read ({reason})",
            remedy="Check the path after glossary, or save the file as UTF-8.",
        ) from None
    numbered = [
        (number, [cell.strip() for cell in line.split("\t")])
        for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not numbered:
        raise ConfigError(f"{path}: the glossary is empty", remedy=f"Its columns are {_SHAPE}.")
    (first, header), *rows = numbered
    names = [name.lower() for name in header]
    if not set(_COLUMNS) <= set(names):
        raise ConfigError(
            f"{path}, line {first}: no names of columns", remedy=f"Begin with a line of {_SHAPE}."
        )
    found: dict[tuple[str, str | None], Term] = {}
    for number, cells in rows:
        term = _term(dict(zip(names, cells, strict=False)), path, number)
        earlier = found.setdefault((term.source, term.language), term)
        if earlier.english != term.english:
            raise ConfigError(
                f"{path}, line {number}: {term.source!r} is {earlier.english!r} in a line before",
                remedy="Keep one of the two.",
            )
    return Glossary(tuple(sorted(found.values(), key=lambda term: -len(term.source))))


def _term(row: dict[str, str], path: Path, number: int) -> Term:
    source, english = normalise(row.get("source", "")), row.get("english", "")
    if not any(map(str.isalnum, source)) or not any(map(str.isalnum, english)):
        raise ConfigError(
            f"{path}, line {number}: a term needs its source and its English",
            remedy=f"The columns are {_SHAPE}.",
        )
    name = row.get("language", "")
    try:
        language = None if name in _ANY else codes.resolve(name).code
    except UnknownLanguageError as error:
        raise ConfigError(f"{path}, line {number}: {error}", remedy=error.remedy) from None
    others = tuple(filter(None, map(str.strip, row.get("variants", "").split(";"))))
    return Term(source, language, english, others)
