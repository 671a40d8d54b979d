"""Compares what must stay as it is: addresses, handles, hashtags, placeholders and code; and finds
words of a source in Latin script that were left untranslated."""

from __future__ import annotations

import re
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
_LOWER_WORD = re.compile(r"(?<![\w'’./@#-])[^\W\d_A-ZÀ-Þ][^\W\d_]{3,}(?![\w'’/@-]|\.\w)")
_QUOTED = re.compile(r"[\"“«‘][^\"”»’]{2,80}[\"”»’]|\([^()]{2,80}\)")


def has_address(text: str) -> bool:
    """Return whether a text has an address, a handle or a hashtag."""
    return any(sign in text for sign in _IN_ADDRESSES) and bool(ADDRESS.search(text))


def kept_differ(source: str, output: str) -> bool:
    """Return whether an address, a handle, a hashtag, a placeholder or code differs; the address
    of a page may be left out ("on our website").

    >>> kept_differ("Näheres: https://a.example/b.", "More: https://a.example/c.")
    True
    """
    ours, theirs = _kept(source), _kept(output)
    lost = (item for item in ours - theirs if "://" not in item and not item.startswith("www."))
    return bool(theirs - ours) or any(lost)


def _kept(text: str) -> set[str]:
    if not any(sign in text for sign in _IN_KEPT):
        return set()
    return {match.rstrip(".,;:!?…'’") for match in _KEPT.findall(text)}


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
