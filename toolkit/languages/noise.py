"""Leave out what stands in posts and pages and is in no language: addresses, handles, tags."""

from __future__ import annotations

import re

# What an address is made of; no letter of a script that is written without spaces, since there
# the text goes on right after it. Parts have a length, so that each place is looked at briefly.
_ADDRESS = r"[!-~\u00a1-\u024f]"
_ADDRESSES = re.compile(
    rf"(?i:https?://|www\.){_ADDRESS}+"
    r"|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
    r"|(?<![\w.-])[a-z0-9-]{2,63}(?:\.[a-z0-9-]{2,63}){0,8}"
    rf"\.[a-z]{{2,6}}(?:/{_ADDRESS}*|(?![\w.]))"
    r"|</?[A-Za-z][^<>]{0,300}>|&#?\w{2,8};",
    re.ASCII,
)
_HANDLES = re.compile(r"(?<!\w)[@＠][A-Za-z0-9_.]+")
_HASHTAGS = re.compile(r"[#＃][^\s#＃.,;:!?。、।،]+")


def strip(text: str) -> str:
    """Return ``text`` without what is in no language; of a text that is nothing else as much as
    leaves a letter.

    >>> strip("Neue Brücke offen https://example.org/bridge-opens @BBCNews #Breaking").split()
    ['Neue', 'Brücke', 'offen']
    >>> strip("#Brücke @BBCNews").strip()
    '#Brücke'
    """
    for pattern in (_ADDRESSES, _HANDLES, _HASHTAGS):
        rest = pattern.sub(" ", text)
        if not any(map(str.isalpha, rest)):
            return text
        text = rest
    return text
