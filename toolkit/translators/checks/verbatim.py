"""Compares what must stay as it is (addresses, handles, hashtags, placeholders, code) and puts it
back where it was altered; finds words of a source in Latin script that were left untranslated.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

from toolkit.text import english
from toolkit.translators.checks.english_names import is_amount

ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[^\s@]{1,64}@\S+|[@#]\S+")
# Every address has one of these,
_IN_ADDRESSES = ("@", "#", "://", "www.")
# and everything that is kept has one of these.
_IN_KEPT = (*_IN_ADDRESSES, "{", "%", "<", "`")
_KEPT = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'“”«»（）)\]，。、；]+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w@/.])@[A-Za-z0-9_]\w+"
    r"|(?<![\w&#/])#[^\W\d_]\w+"
    r"|\{\{[^{}]*\}\}|\$?\{[A-Za-z_0-9.]*\}|%\([A-Za-z_]+\)[sdif]|(?<![\d%])%(?:\d\$)?[sdif]\b"
    r"|</?(?!unk>|s>|pad>)[a-z][a-z0-9]*(?: [^<>]*)?/?>|`[^`\s]+`"
)
_PAGE = re.compile(r"https?://|www\.")
_WORD = re.compile(r"[^\W\d_]{4,}")
_OF_ANY_PAGE = frozenset({"http", "https"})
# Characters of the longest address that is looked for with spaces in it.
_LONGEST = 300
# The least share of characters of two addresses that they must have in common, in order, to be
# one: one in five may differ.
_NEARLY = 0.8
_LOWER_WORD = re.compile(r"(?<![\w'’./@#-])[^\W\d_A-ZÀ-Þ][^\W\d_]{3,}(?![\w'’/@-]|\.\w)")
_QUOTED = re.compile(r"[\"“«‘][^\"”»’]{2,80}[\"”»’]|\([^()]{2,80}\)")


def has_address(text: str) -> bool:
    """Return whether a text has an address, a handle or a hashtag."""
    return any(sign in text for sign in _IN_ADDRESSES) and bool(ADDRESS.search(text))


def kept_differ(source: str, output: str) -> bool:
    """Return whether an address, a handle, a hashtag, a placeholder or code differs; the address
    of a page may be left out ("on our website"), but no part of it may be left standing.

    >>> kept_differ("Näheres: https://a.example/b.", "More: https://a.example/c.")
    True
    """
    ours, theirs = _kept(source), _kept(output)
    return bool(theirs - ours) or any(
        not _PAGE.match(item) or _leaves_traces(item, output) for item in ours - theirs
    )


def _leaves_traces(item: str, output: str) -> bool:
    """Return whether an output has a word of an address of a page, written as in one."""
    words = "|".join({word for word in _WORD.findall(item) if word not in _OF_ANY_PAGE})
    trace = rf"(?i:www\W{{0,3}}|//\s?)(?i:{words})|(?i:{words})(?:\s?\.\s?[a-z]{{2,6}}\b|/)"
    return bool(words) and re.search(trace, output) is not None


def put_back(source: str, output: str) -> str:
    """Return an output in which whatever must stay as it is has the form of the source, wherever
    an altered form can be told for sure: with other spaces or capitals, or the one of its kind
    that is nearly the same.

    >>> put_back("Näheres: https://a.example/b, @Mond.", "More: https: //a.example/b, @ mond.")
    'More: https://a.example/b, @Mond.'
    """
    ours, theirs = _kept(source), _kept(output)
    lost, strange = sorted(ours - theirs), sorted(theirs - ours)
    for item in lost:
        pattern = r"\s*".join(map(re.escape, item[:_LONGEST]))
        loose = re.compile(rf"(?<!\w){pattern}(?![\w/@-]|\.\w)", re.IGNORECASE)
        found = loose.findall(output)
        near = [other for other in strange if _near(item, other)]
        rivals = [other for other in lost if near and _near(other, near[0])]
        if len(found) == 1:
            output = output.replace(found[0], item)
        elif len(near) == len(rivals) == 1 and output.count(near[0]) == 1:
            output = output.replace(near[0], item)
    return output


def _near(one: str, other: str) -> bool:
    """Return whether two addresses, handles or the like are of one kind and nearly the same."""
    kinds = [(bool(_PAGE.match(item)), "@" in item, item[0] in "@#{$%<`") for item in (one, other)]
    if kinds[0] != kinds[1] or (kinds[0][2] and one[0] != other[0]):
        return False
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _NEARLY


def kept_spans(text: str) -> list[tuple[int, int]]:
    """Return where a text has what must stay as it is, without the stops after it.

    >>> kept_spans("See https://a.example/b.")
    [(4, 23)]
    """
    if not any(sign in text for sign in _IN_KEPT):
        return []
    found = ((m.start(), m.group().rstrip(".,;:!?…'’")) for m in _KEPT.finditer(text))
    return [(start, start + len(item)) for start, item in found]


def _kept(text: str) -> set[str]:
    return {text[start:end] for start, end in kept_spans(text)}


def left_over(source: str, output: str) -> bool:
    """Return whether an English output has a word of its source that English hardly knows, in
    small letters and not quoted; names are capitalised.

    >>> left_over("El gobierno aprobó la ley.", "The gobierno passed the law.")
    True
    """
    shared = set(_LOWER_WORD.findall(source)).intersection(_LOWER_WORD.findall(output))
    foreign = [word for word in shared if word.islower() and not _is_english(word)]
    return bool(foreign) and not set(_LOWER_WORD.findall(_QUOTED.sub(" ", output))).isdisjoint(
        foreign
    )


@lru_cache(maxsize=16384)
def _is_english(word: str) -> bool:
    """Return whether a word is common in English, or put together from such words."""
    known = english.frequencies()
    if word in known or word.rstrip("s") in known or is_amount(word):
        return True
    return any(word[:cut] in known and word[cut:] in known for cut in range(3, len(word) - 2))
