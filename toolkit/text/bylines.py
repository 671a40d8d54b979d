"""Who wrote an article, as its byline says: the words of ``phrases/bylines.json`` and the form of
names."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

from toolkit.text.boilerplate import count_words, is_prose

_MOST_WORDS, _MOST_SUFFIXED_WORDS, _MOST_NAME_WORDS = 14, 4, 6
_PARTICLES = frozenset(
    (
        *("and", "y", "et", "und", "e", "i", "og", "och", "en", "ve", "dan", "și", "και", "и"),
        *("та", "de", "da", "do", "dos", "van", "von", "der", "den", "del", "della", "di", "la"),
        *("le", "bin", "al", "el", "ter", "ten", "zu", "af", "of", "for"),
    )
)
# What parts a name from the outlet, the place and the time.
_AFTER_NAME = re.compile(r"\s*(?:[|·•/(\[]|\s[-–—]\s|\d|,\s(?=in\b)|@).*", re.DOTALL)
# A time and a byline in one line: "Posted 4 hours ago by Ana Berg".
_BY_INSIDE = re.compile(r"\d.*?\bby\s+(?=[^\W\d_])", re.I)
_ROLE_MARK = re.compile(r"\s*(?:,|\s[-–—])\s*")
_EDGES = " \t\u00a0:：/|•·-–—,"
_NAME_WORD = re.compile(r"[^\W\d_]+(?:[-'’.][^\W\d_]*)*")
_FEWEST, _MOST = 2, 4
# Words of several names in a row, where a date or a time ends them.
_MOST_IN_A_ROW = 6
# A Korean reporter, before an address of mail, a count of others or the end.
_KOREAN = re.compile(r"([가-힣]{2,4})\s기자(?=\s*(?:$|[\w.+-]+@|외\s|[,·/|]))")
# The desk or the agency after names: ", dpa".
_AFTER_COMMA = re.compile(r",\s*[^\W\d_]{2,4}$")
_JOINTS = re.compile(r",|/| and | und | y | et | e | og | och | i | и | та | en | ve ")
# Networks and agencies of pictures, and the count of a button: "Share Comment (14)".
_NOT_NAMES = re.compile(
    r"\b(?:facebook|twitter|whatsapp|linkedin|getty|shutterstock|alamy|istock)\b|\(\d{1,3}\)"
)
# Characters of a line with a byline: the patterns above take time by its square.
_MOST_CHARACTERS = 300


def author(text: str, *, below_headline: bool) -> str | None:
    """Return the name in a byline, None where ``text`` is none.

    ``below_headline`` takes "By" and a name for one too, which may be a heading elsewhere.

    >>> author("By Ana Berg | Norvik Post", below_headline=True)
    'Ana Berg'
    >>> bare_name("Udostępnij Skomentuj (14)", frozenset(["news"]))
    """
    line = " ".join(text.split()).strip(" |•·-–—*")
    if len(line) > _MOST_CHARACTERS or count_words(line) > _MOST_WORDS or is_prose(line):
        return None
    if reporters := _KOREAN.findall(line):
        return ", ".join(reporters)
    folded = line.casefold()
    for prefix in _words("sure"):
        if folded.startswith(prefix) and (name := _name(line[len(prefix) :])):
            labelled = not prefix[-1].isalpha()
            return name if labelled or _are_capitalised(name) else None
    if not below_headline:
        return None
    if inside := _BY_INSIDE.search(line):
        line = f"by {line[inside.end() :]}"
        folded = line.casefold()
    for prefix in _words("likely"):
        if folded.startswith(prefix + " "):
            name = _name(_AFTER_COMMA.sub("", line[len(prefix) :]))
            if name and _are_capitalised(name) and line[len(prefix) :].strip():
                return name
    return _named_after(line, folded)


def _named_after(line: str, folded: str) -> str | None:
    """Return the name before a word that follows names, or before a role."""
    for suffix in _words("after"):
        if folded.endswith(suffix) and count_words(line) <= _MOST_SUFFIXED_WORDS:
            return _name(line[: -len(suffix)])
    name, *role = _ROLE_MARK.split(line, maxsplit=1)
    if not role:
        # "Ana Berg Travel News Reporter"
        words = line.split()
        name, role = " ".join(words[:_FEWEST]), words[_FEWEST:]
        if not all(map(_is_capitalised, words)):
            return None
    is_role = role and role[-1].casefold().endswith(_words("roles"))
    return name if is_role and looks_like_name(name) else None


def bare_name(text: str, small: frozenset[str]) -> str | None:
    """Return the name or names that a line is or begins with, or the agency that it is, without a
    word that says so; no word of a name may be among ``small``, those that the page writes with a
    small letter.

    >>> bare_name("Ana Berg · Norvik Post · 3 March 2026", frozenset(["news"]))
    'Ana Berg'
    """
    line = " ".join(text.split()).strip(_EDGES)
    if len(line) > _MOST_CHARACTERS or _NOT_NAMES.search(line.casefold()):
        return None
    if (agency := line.split("/")[0]) in _agencies():
        return agency
    names = [name.strip(_EDGES) for name in _JOINTS.split(line)]
    if len(names) == 1 or not all(map(looks_like_name, names)):
        found = _AFTER_NAME.sub("", line).strip(_EDGES)
        dated = line[len(found) :].lstrip(_EDGES)[:1].isdigit()
        names = [name.strip() for name in _JOINTS.split(found)]
        most = _MOST_IN_A_ROW if dated and len(names) == 1 else _MOST
        if not all(looks_like_name(name, most) for name in names):
            return None
    words = {word.casefold() for name in names for word in _NAME_WORD.findall(name)}
    return None if (words - _PARTICLES) & small else ", ".join(names)


def looks_like_name(text: str, most: int = _MOST) -> bool:
    """Return whether a text is a few capitalised words, as names are in scripts with capitals."""
    words = [word for word in text.split() if word not in _PARTICLES]
    return (
        _FEWEST <= len(words) <= most
        and all(_NAME_WORD.fullmatch(word) and word[0].isupper() for word in words)
        and any(len(word) > 2 for word in words)
    )


def small_words(lines: Sequence[str]) -> frozenset[str]:
    """Return the words that stand in ``lines`` with a small letter."""
    found = (word for line in lines for word in _NAME_WORD.findall(line))
    return frozenset(word for word in found if word[0].islower())


def _name(text: str) -> str | None:
    name = _AFTER_NAME.sub("", text.strip(_EDGES)).strip(_EDGES)
    return name if any(map(str.isalpha, name)) and len(name.split()) <= _MOST_NAME_WORDS else None


def _are_capitalised(name: str) -> bool:
    return all(map(_is_capitalised, name.split()))


def _is_capitalised(word: str) -> bool:
    first = next((c for c in word if c.isalpha()), "")
    return first == first.upper() or word in _PARTICLES


@lru_cache(maxsize=4)
def _words(kind: str) -> tuple[str, ...]:
    """Return the words of a kind in all languages, the longest first."""
    folder = resources.files("toolkit.text").joinpath("phrases")
    table = json.loads(folder.joinpath("bylines.json").read_text(encoding="utf-8"))[kind]
    words = {word.casefold() for found in table.values() for word in found}
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


@lru_cache(maxsize=1)
def _agencies() -> frozenset[str]:
    """Return the names of news agencies, as they write them."""
    folder = resources.files("toolkit.text").joinpath("phrases")
    table = json.loads(folder.joinpath("agencies.json").read_text(encoding="utf-8"))
    return frozenset(name for names in table.values() for name in names)
