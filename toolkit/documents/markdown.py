"""Markdown (CommonMark with tables). Every line that holds no prose stays as it is: code, front
matter, the lines of a table, comments. Of the others, what stands before and after the text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from toolkit.documents.base import OBJECT, English, Mark, Part, Steps, Task, Unit
from toolkit.documents.marks import nested
from toolkit.documents.tags import Asides
from toolkit.documents.web_pages import Page
from toolkit.readers.encodings import decode

_FRONT = re.compile(r"(---|\+\+\+)[ \t]*\n.*?\n(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
# What dialects of Markdown add, and CommonMark takes for text.
_ADDED = re.compile(
    r"\$\$[^$]+\$\$|\$(?![\s\d])[^$\n]*[^$\s\\]\$(?!\d)|\[\^[^\]\s]+\]:?|\{\{.*?\}\}|\{%.*?%\}"
    r"|\{[#.:%][^{}\n]*\}|\[![A-Z]+\]|\[[ xX]\](?=\s)|:[a-z][a-z0-9_+-]+:(?!\w)|:::+ ?\w*"
)
_MARKUP = re.compile(r"[\\`*]|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])|[\[\]]|~(?=~)|&(?=#?\w+;)")
_BLOCK_START = re.compile(r"(?:#{1,6}(?=\s)|[-+](?=\s)|>|=+$|\d{1,9}(?=[.)]\s))")
_CLOSING_TAG = re.compile(r"</([A-Za-z][\w-]*)")
_LINE_BREAK = re.compile(r"(?i)<br\b")
_OPENING_TAG = re.compile(r"(?i)<(?!(?:br|hr|img|wbr)\b)([a-z][\w-]*)(?![^>]*/>)")


class Document:
    """The units of a text in Markdown, and the text in English."""

    def __init__(self, text: str, tag: str) -> None:
        front = _FRONT.match(text)
        self._front = front.group() if front else ""
        self._lines = text[len(self._front) :].split("\n")
        self._asides = Asides()
        self.missed = 0
        # Where English comes: first and last line, where it begins and ends in them, and of what.
        self._places: list[tuple[int, int, int, int, Unit | Page]] = []
        cell = 0
        for token in _parser().parse(text[len(self._front) :]):
            cell = 0 if token.type in ("tr_open", "paragraph_open", "heading_open") else cell
            if token.map and token.type == "inline":
                cell = self._inline(token, cell)
            elif token.map and token.type == "html_block" and token.level:
                self.missed += 1
            elif token.map and token.type == "html_block":
                start, end = token.map
                page = Page("\n".join(self._lines[start:end]), tag)
                self._places.append((start, end - 1, 0, len(self._lines[end - 1]), page))

    @property
    def units(self) -> list[Unit]:
        """What is to be translated: paragraphs, then what images show."""
        found: list[Unit] = []
        for *_, piece in self._places:
            found += [piece] if isinstance(piece, Unit) else piece.units
        return [*found, *self._asides.units]

    def text(self, english: Sequence[English]) -> str:
        """Return the whole text with the English of each unit."""
        written: list[tuple[int, int, int, int, str]] = []
        position = 0
        for first, last, start, end, piece in self._places:
            if isinstance(piece, Unit):
                row, prefix = english[position], self._lines[first][:start]
                shown = _raw(row).replace("\n", "\n" + self._continued(first, last, prefix))
                in_table = start and self._lines[first].lstrip(" >").startswith("|")
                shown = re.sub(r"(?<!\\)\|", r"\|", shown) if in_table else shown
                position += 1
            else:
                shown = piece.text(english[position : position + len(piece.units)])
                position += len(piece.units)
            written.append((first, last, start, end, shown))
        # From the end, so that the places before stay right.
        for first, last, start, end, shown in reversed(written):
            whole = f"{self._lines[first][:start]}{shown}{self._lines[last][end:]}"
            self._lines[first : last + 1] = whole.split("\n")
        body = "\n".join(self._lines)
        filled = self._asides.filled(body, english[position:], _escaped)
        return self._front + filled

    def _continued(self, first: int, last: int, prefix: str) -> str:
        """Return what stands before the second line of a paragraph."""
        if last > first:
            line = self._lines[first + 1]
            return line[: len(line) - len(line.lstrip(" \t>"))]
        return re.sub(r"[^>\s]", " ", prefix)

    def _inline(self, token: Token, start: int) -> int:
        """Take the place of an inline token, which is searched from ``start`` in its first line
        (cells of one row), and return where it ends."""
        assert token.map is not None
        first, end_line = token.map
        lines = token.content.split("\n")
        last = min(first + len(lines), end_line) - 1
        begin = self._lines[first].find(lines[0], start)
        if begin < 0 and "|" in lines[0]:
            lines[0] = lines[0].replace("|", "\\|")
            begin = self._lines[first].find(lines[0], start)
        end = begin + len(lines[0]) if last == first else self._lines[last].rfind(lines[-1])
        if begin < 0 or end < 0:
            self.missed += 1
            return start
        if last > first:
            end += len(lines[-1])
        held = len(self._asides.units)
        text = _unit(token.children or [], self._asides)
        if any(char.isalpha() for char in text.text) or len(self._asides.units) > held:
            self._places.append((first, last, begin, end, text))
        return end


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"store_labels": True}).enable(["table", "strikethrough"])
    parser.inline.ruler.before("escape", "added", _added)
    parser.inline.ruler2.disable("fragments_join", True)
    return parser


def _added(state: StateInline, silent: bool) -> bool:
    match = _ADDED.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        state.push("added", "", 0).content = match.group()
    state.pos = match.end()
    return True


def _unit(children: Sequence[Token], asides: Asides) -> Unit:
    """Return inline tokens as a text with marks. A mark's key is what stands before and after the
    words, or all of it."""
    text = ""
    marks: list[Mark] = []
    opened: dict[int, tuple[int, int]] = {}  # By the token that closes: where, and its mark.
    pairs = _pairs(children)
    for number, child in enumerate(children):
        shown, key = "", ""
        if number in pairs:
            opened[pairs[number]] = len(text), len(marks)
            marks.append(Mark(0, 0))
        elif number in opened:
            start, place = opened.pop(number)
            opening = children[_opener(pairs, number)]
            marks[place] = _around(start, text, opening, child)
            inside = text[start:]
            if OBJECT not in inside and not any(map(str.isalnum, inside)):  # An anchor, an icon.
                before, after = marks[place].key
                key = f"{before}{_escaped(inside)}{after}"
                marks[place:] = [Mark(start, start + 1, key, "kept")]
                text = text[:start] + OBJECT
        elif child.type in ("text", "text_special"):
            text += child.content
        elif child.type == "softbreak":
            text += " "
        else:
            shown, key = _alone(child, asides)
            marks.append(Mark(len(text), len(text) + len(shown), key, "kept"))
            text += shown
    return Unit(text, tuple(m for m in marks if m.end > m.start))


def _pairs(children: Sequence[Token]) -> dict[int, int]:
    """Return for each token that opens something, a tag of HTML too, which one closes it."""
    pairs: dict[int, int] = {}
    opened: list[tuple[int, str]] = []
    for number, child in enumerate(children):
        name, nesting = child.type.removesuffix("_open").removesuffix("_close"), child.nesting
        if child.type == "html_inline":
            if tag := _CLOSING_TAG.match(child.content):
                name, nesting = tag[1].lower(), -1
            elif tag := _OPENING_TAG.match(child.content):
                name, nesting = tag[1].lower(), 1
        if nesting > 0:
            opened.append((number, name))
        elif nesting < 0 and any(other == name for _, other in opened):
            while opened[-1][1] != name:
                opened.pop()
            pairs[opened.pop()[0]] = number
    return pairs


def _opener(pairs: dict[int, int], closer: int) -> int:
    return next(opener for opener, other in pairs.items() if other == closer)


def _alone(child: Token, asides: Asides) -> tuple[str, str]:
    """Return how a token that stays as it is shows in the text, and its Markdown."""
    match child.type:
        case "hardbreak":
            return "\n", f"{child.markup or '  '}\n"
        case "code_inline":
            pad = " " if child.content[:1] == "`" or child.content[-1:] == "`" else ""
            code = f"{child.markup}{pad}{child.content}{pad}{child.markup}"
            return child.content.strip() or OBJECT, code
        case "image":
            return OBJECT, f"![{asides.hold(child.content)}]{_target(child, 'src')}"
        case "added" if child.content.startswith("$"):
            return child.content, child.content
        case "html_inline" if _LINE_BREAK.match(child.content):
            return "\n", child.content
        case "added" | "html_inline":
            return OBJECT, child.content
    return OBJECT, child.markup


def _around(start: int, text: str, opening: Token, closing: Token) -> Mark:
    """Return the mark of what stands between two tokens."""
    if opening.type == "html_inline":
        return Mark(start, len(text), (opening.content, closing.content))
    if opening.type != "link_open":
        return Mark(start, len(text), (opening.markup, opening.markup))
    if opening.markup == "autolink":
        return Mark(start, len(text), f"<{text[start:]}>", "kept")
    return Mark(start, len(text), ("[", f"]{_target(opening, 'href')}"))


def _target(token: Token, name: str) -> str:
    """Return where a link or an image leads, as Markdown writes it."""
    if label := token.meta.get("label"):
        return f"[{label}]"
    address = str(token.attrGet(name) or "")
    address = f"<{address}>" if re.search(r"[\s()]", address) else address
    title = str(token.attrGet("title") or "").replace('"', '\\"')
    return f'({address} "{title}")' if title else f"({address})"


def _raw(english: English) -> str:
    """Return English as Markdown."""
    parts: list[str] = []
    for kind, value in nested(english.runs):
        match kind:
            case "open":
                if value.key[0] == "[" and parts and parts[-1].endswith("!"):
                    parts[-1] = parts[-1][:-1] + "\\!"  # With a bracket it would be an image.
                parts.append(value.key[0])
            case "close":
                parts.append(value.key[1])
            case "kept":
                parts.append(value.key)
            case _:
                parts.append(_escaped(value))
    return _BLOCK_START.sub(_literal, "".join(parts), count=1)


def _literal(match: re.Match[str]) -> str:
    if match.start():
        return match.group()
    return f"{match.group()}\\" if match.group()[0].isdigit() else f"\\{match.group()}"


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", text)


def translate(task: Task) -> Steps:
    """Translate a text in Markdown."""
    document = Document(decode(task.source.read_bytes(), str(task.source)), task.tag)
    if document.missed:
        task.say(f"{document.missed} paragraphs stay as they are (HTML within lists)")
    english = yield Part(document.units)
    task.target.write_text(document.text(english), encoding="utf-8", errors="replace", newline="\n")
