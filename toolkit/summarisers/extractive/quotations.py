"""Mends quotations that run over several sentences, so that each sentence can stand alone."""

from __future__ import annotations

import re
from collections.abc import Iterable

from toolkit.text.english import words

_MARK = re.compile('["“”„«»]')
_CLOSING = {'"': '"', "“": "”", "„": "”", "«": "»"}
_OPENING = {'"': '"', "”": "“", "»": "«"}


def marks(text: str) -> list[tuple[int, bool]]:
    """Return where the double quotation marks of ``text`` stand, and whether each one opens."""
    found: list[tuple[int, bool]] = []
    for match in _MARK.finditer(text):
        at, mark = match.start(), match.group()
        inside = bool(found) and found[-1][1]
        found.append((at, mark in "“„«" if mark != '"' else _opens(text, at, inside)))
    return found


def _opens(text: str, at: int, inside: bool) -> bool:
    """Say whether a mark opens, judged by the spaces around it or else by the mark before it."""
    free_before = not at or text[at - 1].isspace() or text[at - 1] in "([—–-"
    free_after = not text[at + 1 : at + 2].strip()
    return not inside if free_before == free_after else free_before


def balanced(text: str) -> bool:
    """Say whether every quotation that opens in ``text`` closes in it, and the other way round."""
    turns = [opens for _, opens in marks(text)]
    return turns == [True, False] * (len(turns) // 2)


def mend(sentences: Iterable[tuple[int, str]]) -> list[str | None]:
    """Return each sentence with whole quotations, or None where it cannot be understood alone.

    ``sentences`` are pairs of paragraph number and text, in order. A quotation that goes on in
    the next sentence is closed at the end of the one that names its speaker; a sentence from
    its middle, which names nobody, gives None.
    """
    mended: list[str | None] = []
    inside, last = False, None
    for paragraph, text in sentences:
        inside = inside and paragraph == last
        turns = marks(text)
        starts_inside = not turns[0][1] if turns else inside
        inside = turns[-1][1] if turns else inside
        last = paragraph
        if starts_inside:
            mended.append(_without_start(text, turns) if turns else None)
        elif inside:
            mended.append(_closed(text, turns[-1][0]))
        else:
            mended.append(text if balanced(text) else None)
    return mended


def _closed(text: str, opening: int) -> str | None:
    if len(text[:opening].split()) < 2:
        return None
    whole = text + _CLOSING[text[opening]]
    return whole if balanced(whole) else None


def _without_start(text: str, turns: list[tuple[int, bool]]) -> str | None:
    closing = turns[0][0]
    rest = text[closing + 1 :].strip()
    if not rest:
        return None
    heads = [word.strip(".,:").lower() for word in rest.split()[:5]]
    spoken = any(head in words("speech_verbs") for head in heads)
    if text[closing - 1] in ".?!" and rest[0].isupper() and not spoken:
        whole = rest
    elif spoken:
        whole = _OPENING.get(text[closing], '"') + text
    else:
        return None
    if balanced(whole):
        return whole
    after = marks(whole)
    return _closed(whole, after[-1][0]) if after and after[-1][1] else None
