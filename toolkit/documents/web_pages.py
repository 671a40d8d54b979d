"""Web pages: HTML and XHTML. Text, descriptions of images and titles are translated."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import pairwise

from toolkit.documents.base import English, Part, Steps, Task, Unit
from toolkit.documents.tags import INLINE, Asides, Token, is_alone, raw, tokens, unit
from toolkit.readers.encodings import declared_encoding, decode

# Attributes that are shown or read out.
_SHOWN = "alt|title|aria-label|placeholder|summary"
_VALUE = r"(?i)(\s(?:{})\s*=\s*)(?:\"([^\"]+)\"|'([^']+)')"
_ATTRIBUTE = re.compile(_VALUE.format(_SHOWN))
_CONTENT = re.compile(_VALUE.format("content"))
_META = re.compile(
    r"(?i)\b(?:name|property)\s*=\s*[\"']?(?:description|(?:og|twitter):(?:title|description))[\"'\s]"
)
# Tokens of a paragraph, beyond which it ends at the next line: a page may have nothing but lines.
_MOST_TOKENS = 200
_WITHIN_WORDS = frozenset({"sup", "sub"})
_LANGUAGE = re.compile(r"(?i)((?<![\w:-])(?:xml:)?lang\s*=\s*)(\"[^\"]*\"|'[^']*'|[\w-]+)")
_RIGHT_TO_LEFT = re.compile(r"(?i)((?<![\w:-])dir\s*=\s*[\"']?)rtl\b")
_CHARSET = re.compile(r"(?i)((?:charset|encoding)\s*=\s*[\"']?)[\w-]+")


class Page:
    """The units of a text with tags, and the text in English. ``blocks``, if given, are the only
    elements whose text is translated."""

    def __init__(self, text: str, tag: str, blocks: frozenset[str] | None = None) -> None:
        self.language: str | None = None
        self._tag = tag
        self._blocks = blocks
        self._asides = Asides()
        self._pieces: list[str | Unit] = []
        self._inside: list[str] = []
        self._waiting: list[Token] = []
        self._read(list(tokens(text)))

    @property
    def units(self) -> list[Unit]:
        """What is to be translated: paragraphs in order, then attributes."""
        return [*(p for p in self._pieces if isinstance(p, Unit)), *self._asides.units]

    def text(self, english: Sequence[English]) -> str:
        """Return the whole text with the English of each unit."""
        left = iter(english)
        text = "".join(p if isinstance(p, str) else raw(next(left)) for p in self._pieces)
        return self._asides.filled(text, list(left), html.escape)

    def _read(self, found: list[Token]) -> None:
        alone, depth = "", 0
        for before, token in pairwise([Token("", "other"), *found]):
            if _parts(before, token):
                self._end()
            if alone:  # An element that is left alone, until it is closed.
                depth += (token.name == alone) * ((token.kind == "open") - (token.kind == "close"))
                self._take(token, inline=alone in INLINE)
                alone = alone if depth else ""
            elif token.kind == "open" and is_alone(token):
                alone, depth = token.name, 1
                self._take(token, inline=alone in INLINE)
            elif token.kind == "text" or token.name in INLINE or token.name == "br":
                self._take(self._turned(token), inline=True)
                if token.name == "br" and len(self._waiting) > _MOST_TOKENS:
                    self._end()
            else:
                self._take(self._turned(token), inline=False)
                if token.kind == "open":
                    self._inside.append(token.name)
                elif token.kind == "close" and token.name in self._inside:
                    while self._inside.pop() != token.name:
                        pass
        self._end()

    def _take(self, token: Token, *, inline: bool) -> None:
        """Add a token to the paragraph, or end that and leave the token as it is."""
        if inline:
            self._waiting.append(token)
        else:
            self._end()
            self._pieces.append(token.raw)

    def _end(self) -> None:
        """End a paragraph: take the tokens of it that wait."""
        waiting, self._waiting = self._waiting, []
        wanted = self._blocks is None or bool(self._inside and self._inside[-1] in self._blocks)
        if not waiting:
            return
        if not wanted:
            self._pieces += [t.raw for t in waiting]
            return
        before, after = _edges(waiting)
        text = unit(waiting)
        kept = {n for m in text.marks if m.kind == "kept" for n in range(m.start, m.end)}
        if any(c.isalpha() and n not in kept for n, c in enumerate(text.text)):
            self._pieces += [before, text, after]
        else:
            self._pieces += [before, *(t.raw for t in waiting), after]

    def _turned(self, token: Token) -> Token:
        """Return a tag with the language and direction of the English, and with what it shows
        held for translation."""
        if token.kind == "other" and token.raw.startswith("<?"):
            return token._replace(raw=_CHARSET.sub(r"\1utf-8", token.raw))
        if token.kind not in ("open", "alone"):
            return token
        shown = token.raw
        if found := _LANGUAGE.search(shown):
            language = found[2].strip("\"'")
            if token.name in ("html", "package", "ncx"):
                self.language = language
            # A word in yet another language keeps it.
            if language == self.language:
                shown = _LANGUAGE.sub(rf'\1"{self._tag}"', shown)
        shown = _RIGHT_TO_LEFT.sub(r"\1ltr", shown)
        if token.name == "meta":
            shown = _CHARSET.sub(r"\1utf-8", shown)
            shown = _CONTENT.sub(self._held, shown) if _META.search(shown) else shown
        return token._replace(raw=_ATTRIBUTE.sub(self._held, shown))

    def _held(self, match: re.Match[str]) -> str:
        value = html.unescape(match[2] or match[3])
        if not any(char.isalpha() for char in value):
            return match.group()
        return f'{match[1]}"{self._asides.hold(value)}"'


def _parts(before: Token, token: Token) -> bool:
    """Return whether one inline element follows another at once: two items of a menu, which stand
    apart on the page, and no parts of a word."""
    adjacent = before.kind == "close" and token.kind == "open"
    return adjacent and before.name in INLINE and token.name in INLINE - _WITHIN_WORDS


def _edges(waiting: list[Token]) -> tuple[str, str]:
    """Take the white space at both ends of a paragraph off its tokens, and return it."""
    before = after = ""
    if waiting[0].kind == "text":
        words = waiting[0].raw.lstrip()
        before = waiting[0].raw[: len(waiting[0].raw) - len(words)]
        waiting[0] = waiting[0]._replace(raw=words)
    if waiting[-1].kind == "text":
        words = waiting[-1].raw.rstrip()
        after = waiting[-1].raw[len(words) :]
        waiting[-1] = waiting[-1]._replace(raw=words)
    return before, after


def translate(task: Task) -> Steps:
    """Translate a page."""
    data = task.source.read_bytes()
    page = Page(decode(data, str(task.source), declared_encoding(data)), task.tag)
    english = yield Part(page.units, page.language)
    task.target.write_text(page.text(english), encoding="utf-8", errors="replace", newline="\n")
