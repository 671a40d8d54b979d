"""A web page as its blocks: the lines that a reader would see, each with where it stands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from toolkit.data import ParagraphKind
from toolkit.readers.html_tree import ancestors
from toolkit.text.lines import Line

# Elements that run within a line; all others begin a line of their own.
_INLINE = frozenset(
    (
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn"),
        *("em", "font", "i", "ins", "kbd", "label", "mark", "nobr", "q", "rp", "ruby", "s", "samp"),
        *("small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"),
    )
)
# Elements whose content is no text of the page.
_SKIPPED = frozenset(
    (
        *("area", "audio", "canvas", "datalist", "embed", "head", "iframe", "img", "input", "link"),
        *("map", "math", "meta", "noscript", "object", "option", "picture", "rt", "script"),
        *("select", "source", "style", "svg", "template", "textarea", "title", "video"),
    )
)
_STRONG = ("b", "strong")
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_SPACES = re.compile(r"[\s\u00a0\u200b\ufeff]+")
_TOKEN = re.compile(r"[^\W_]+")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)


def tokens(text: str) -> list[str]:
    """Return words in small letters; characters where words are not spaced."""
    words = _TOKEN.findall(text.lower())
    if UNSPACED.search(text) is None:
        return words
    return [part for word in words for part in (word if UNSPACED.search(word) else [word])]


@dataclass(slots=True, eq=False)
class Block:
    """One line of a page, where it stands and how it is marked. ``path`` is the block element that
    it stands in and those around that one; ``linked`` and ``strong`` are the parts of its
    characters in links and in bold. ``hidden`` is whether the page says that it is not shown."""

    line: Line
    path: tuple[HtmlElement, ...]
    linked: float
    strong: float
    hidden: bool = False
    tokens: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = tokens(self.line.text)

    @property
    def text(self) -> str:
        """Its text on one line."""
        return self.line.text

    @property
    def tag(self) -> str:
        """The name of its element."""
        return str(self.path[0].tag)

    @property
    def kind(self) -> ParagraphKind:
        """Its part in an article, as far as the markup says."""
        names = [str(e.tag) for e in self.path[:3]]
        if self.tag in _HEADINGS:
            return "heading"
        if "figcaption" in names or names[0] == "caption":
            return "caption"
        return "list" if {"li", "dd", "dt"} & set(names[:2]) else "text"

    def inside(self, *tags: str) -> bool:
        """Return whether it stands in an element of one of these names."""
        return any(e.tag in tags for e in self.path)


@dataclass(slots=True)
class _Open:
    """The block that is being read."""

    element: HtmlElement | None = None
    parts: list[str] = field(default_factory=list)
    linked: int = 0
    strong: int = 0
    hidden: bool = False

    def add(self, text: str | None, element: HtmlElement, around: Counter[str]) -> None:
        if not text:
            return
        if self.element is None and text.strip():
            self.element, self.hidden = element, bool(around["hidden"])
        self.parts.append(text)
        length = len(_SPACES.sub(" ", text))
        self.linked += length * bool(around["link"])
        self.strong += length * bool(around["strong"])

    def closed(self) -> Iterator[Block]:
        """Yield the block, unless it is blank."""
        text = _SPACES.sub(" ", "".join(self.parts)).strip()
        if text and self.element is not None:
            path = tuple(ancestors(_block_of(self.element)))
            linked, strong = min(1, self.linked / len(text)), min(1, self.strong / len(text))
            yield Block(Line(text), path, linked, strong, self.hidden)


def blocks(root: HtmlElement) -> Iterator[Block]:
    """Yield the lines of a page in order. What no reader sees as text (scripts, pictures) is left
    out; what is hidden is not, since pages hide articles until a script shows them."""
    line = _Open()
    # How many elements of each kind the walk is in.
    around: Counter[str] = Counter()
    # Elements to open, and elements to close with what they make of the text in them.
    todo: list[tuple[HtmlElement, list[str] | None]] = [(root, None)]
    while todo:
        element, marks = todo.pop()
        tag = element.tag
        if tag not in _INLINE and tag not in _SKIPPED:
            if tag == "br" and _block_of(element.getparent()).tag in _HEADINGS:
                # The two lines of a headline are one.
                line.add(" ", element.getparent(), around)
            else:
                yield from line.closed()
                line = _Open()
        if marks is None and tag not in _SKIPPED:
            marks = _marks(element)
            for mark in marks:
                around[mark] += 1
            line.add(element.text, element, around)
            todo.append((element, marks))
            todo += [(child, None) for child in reversed(element)]
            continue
        for mark in marks or ():
            around[mark] -= 1
        if element is not root:
            line.add(element.tail, element.getparent(), around)
    yield from line.closed()


def _marks(element: HtmlElement) -> list[str]:
    """Return what ``element`` makes of the text in it."""
    tag = element.tag
    found = ["link"] if tag == "a" else ["strong"] if tag in _STRONG else []
    if (
        "hidden" in element.attrib
        or element.get("aria-hidden") == "true"
        or _HIDDEN_STYLE.search(element.get("style", ""))
    ):
        found.append("hidden")
    return found


def _block_of(element: HtmlElement) -> HtmlElement:
    return next((e for e in ancestors(element) if e.tag not in _INLINE), element)
