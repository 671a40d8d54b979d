"""Text with tags (HTML, XHTML, XML) as a row of tokens: each tag stays as it is written, and only
the text between tags is replaced. So whatever a page holds, broken or new, stays as it was."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from toolkit.documents.base import OBJECT, English, Mark, Unit
from toolkit.documents.marks import nested

# A tag has at most 200 attributes: without a bound, pages of open quotation marks take hours.
_TAG = re.compile(
    r"<\d[\d:.]*>|<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?[^>]*+>|<![^>]*+>"
    r"|<(?P<close>/)?(?P<name>[A-Za-z][^\s/>]*+)(?:\"[^\"]*+\"|'[^']*+'|[^'\">]++){0,400}+>",
    re.DOTALL,
)
_LEFT_ALONE = re.compile(r"(?i)\stranslate\s*=\s*[\"']?no\b|[\s\"']notranslate[\s\"']")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_INLINE = """
    a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark math nobr
    output picture q rp rt ruby s samp small source span strike strong sub sup svg time tt u var
    wbr g x bx ex bpt ept ph it mrk pc sc ec
"""
_OPAQUE = "script style pre textarea code kbd samp tt var svg math template noscript object"
_ALONE = "area base br col embed hr img input link meta source track wbr x bx ex"
# Elements within a paragraph. Every other tag ends it.
INLINE = frozenset(_INLINE.split())
# Elements whose content is no prose. The words of some are a part of the sentence even so.
OPAQUE = frozenset(_OPAQUE.split())
_CODE = frozenset(["code", "kbd", "samp", "tt", "var"])
_VOID = frozenset(_ALONE.split())
# Parts of a page that are only read for their text, so that tags in them are none.
_RAW = frozenset(["script", "style", "textarea", "title"])


class Token(NamedTuple):
    """A tag, with its ``name`` in small letters (empty for comments and the like), or a text."""

    raw: str
    kind: str  # "open", "close", "alone", "other", "text"
    name: str = ""


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of ``text``; joined, they are ``text`` again."""
    position = 0
    while match := _TAG.search(text, position):
        if match.start() > position:
            yield Token(text[position : match.start()], "text")
        name = (match["name"] or "").lower().partition(".")[0]  # WebVTT has classes after it.
        kind = "other" if not name else "close" if match["close"] else "open"
        if kind == "open" and (match.group().endswith("/>") or name in _VOID):
            kind = "alone"
        yield Token(match.group(), kind, name)
        position = match.end()
        if kind == "open" and name in _RAW:
            end = re.compile(rf"</{name}", re.IGNORECASE).search(text, position)
            stop = end.start() if end else len(text)
            if stop > position:
                yield Token(text[position:stop], "text")
            position = stop
    if position < len(text):
        yield Token(text[position:], "text")


def unit(found: Sequence[Token], *, breaks: bool = True) -> Unit:
    """Return the text of ``found``, which hold one paragraph, with its inline tags as marks.

    Tags that are not closed, or close nothing, are objects. With ``breaks``, lines of the source
    are no lines of the text.
    """
    text = ""
    marks: list[Mark] = []
    opened: list[tuple[Token, int, int]] = []  # tag, where it is in the text, and in ``marks``
    pairs = _pairs(found)
    closing = set(pairs.values())
    number = 0
    while number < len(found):
        token = found[number]
        last = pairs.get(number)
        if token.kind == "text":
            shown = html.unescape(token.raw)
            text += _SPACES.sub(" ", shown) if breaks else shown
        elif token.kind == "open" and last is not None and not _is_object(found[number : last + 1]):
            opened.append((token, len(text), len(marks)))
            marks.append(Mark(0, 0))
        elif token.kind == "close" and opened and number in closing:
            tag, start, place = opened.pop()
            inside = text[start:]
            if OBJECT in inside or any(map(str.isalnum, inside)):
                marks[place] = Mark(start, len(text), (tag.raw, token.raw))
            else:  # An icon, a dot between two items.
                text = text[:start] + OBJECT + " " * inside.isspace()
                key = tag.raw + html.escape(inside, quote=False) + token.raw
                marks[place:] = [Mark(start, start + 1, key, "kept")]
        else:
            end = number if last is None else last
            raw = "".join(t.raw for t in found[number : end + 1])
            words = html.unescape("".join(t.raw for t in found[number : end + 1] if not t.name))
            worded = token.name in _CODE or _LEFT_ALONE.search(token.raw)
            shown = "\n" if token.name == "br" else words.strip() if worded else OBJECT
            shown = shown if shown and OBJECT not in shown else OBJECT
            marks.append(Mark(len(text), len(text) + len(shown), raw, "kept"))
            text += shown
            number = end
        number += 1
    return Unit(text, tuple(m for m in marks if m.end > m.start))


def is_alone(token: Token) -> bool:
    """Return whether an element is left as it is: code, or what its page says not to translate."""
    return token.name in OPAQUE or _LEFT_ALONE.search(token.raw) is not None


def _is_object(element: Sequence[Token]) -> bool:
    """Return whether an element stays as it is, the figure of a note too."""
    if element[0].name in ("sup", "sub"):
        words = "".join(token.raw for token in element if token.kind == "text")
        return not any(map(str.isalpha, words))
    return is_alone(element[0])


def _pairs(found: Sequence[Token]) -> dict[int, int]:
    """Return for each opening tag the place of the tag that closes it, if both nest as they
    should."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for number, token in enumerate(found):
        if token.kind == "open":
            opened.append(number)
        elif token.kind == "close" and any(found[n].name == token.name for n in opened):
            while found[opened[-1]].name != token.name:
                opened.pop()
            pairs[opened.pop()] = number
    return pairs


class Asides:
    """Texts within tags (what an image shows), as units. Each leaves a mark in the tag, which no
    text can hold, until its English is ``filled`` in."""

    def __init__(self) -> None:
        self.units: list[Unit] = []

    def hold(self, text: str) -> str:
        """Keep ``text`` for translation, and return the mark that stands for it."""
        self.units.append(Unit(text))
        return f"\ufdd0{len(self.units) - 1}\ufdd1"

    def filled(self, text: str, english: Sequence[English], escape: Callable[[str], str]) -> str:
        """Return ``text`` with the English, escaped, in place of each mark."""
        return _HELD.sub(lambda held: escape(english[int(held[1])].text), text)


_HELD = re.compile("\ufdd0(\\d+)\ufdd1")


def raw(english: English) -> str:
    """Return English with the tags that ``unit`` made marks of."""
    parts = []
    for kind, value in nested(english.runs):
        match kind:
            case "open":
                parts.append(value.key[0])
            case "close":
                parts.append(value.key[1])
            case "kept":
                parts.append(value.key)
            case _:
                parts.append(html.escape(value, quote=False).replace("\xa0", "&#160;"))
    return "".join(parts)


# A tag or an entity in a text that may have none.
_MARKED_UP = re.compile(r"</?[A-Za-z][^<>]*>|&(?:[A-Za-z]{2,8}|#\d{2,6}|#x[0-9A-Fa-f]{2,5});")


def loose_unit(text: str) -> Unit:
    """Return a text that may or may not have tags, as those of programs and tables."""
    return unit(list(tokens(text)), breaks=False) if _MARKED_UP.search(text) else Unit(text)


def loose(english: English, source: str) -> str:
    """Return the English of ``loose_unit(source)``."""
    return raw(english) if _MARKED_UP.search(source) else english.text
