"""Makes text from outside safe to show, in HTML and in Markdown.

A reader sees the words of the article, and nothing in them acts on the page around them. Escaping
for HTML is left to Jinja.
"""

from __future__ import annotations

import re

# Control characters other than tabs and line ends, which count as blanks; byte order marks;
# interlinear annotation marks; noncharacters.
_CONTROLS = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff]"
)
# Lone surrogates, which no encoding can write.
_SURROGATES = re.compile("[\ud800-\udfff]")
# No-break spaces are not among them: they stay as they are.
_BLANKS = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029 ]+")

_EMBEDDINGS = "\u202a\u202b"
_OVERRIDES = "\u202d\u202e"
_POP_EMBEDDING = "\u202c"
_ISOLATES = "\u2066\u2067\u2068"
_POP_ISOLATE = "\u2069"
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def storable(text: str) -> str:
    """Return ``text`` with U+FFFD for each lone surrogate, so that a file can hold it."""
    return _SURROGATES.sub("\ufffd", text)


def clean(text: str) -> str:
    """Return ``text`` on one line, without characters that act on the text around it.

    Control characters are removed, blanks fold into single spaces, lone surrogates become U+FFFD.
    Balanced directional embeddings and isolates stay. Unbalanced ones are removed, and so are
    overrides, which can make a text read as something else (Unicode Annex 9, sections 2 and 3.3).
    """
    text = storable(_CONTROLS.sub("", text))
    if _BIDI.search(text):
        text = _balanced(text)
    return _BLANKS.sub(" ", text).strip()


def clean_line(text: str) -> str:
    """Return a line as ``clean`` does, but with its blanks as they are."""
    text = storable(_CONTROLS.sub("", text)).replace("\r", "")
    return _balanced(text) if _BIDI.search(text) else text


def _balanced(text: str) -> str:
    """Return ``text`` without overrides and unbalanced directional characters."""
    drop: set[int] = set()
    opened: list[int] = []
    for at, char in enumerate(text):
        if char in _OVERRIDES:
            drop.add(at)
            # Its closing mark must not close another's embedding.
            opened.append(at)
        elif char in _EMBEDDINGS or char in _ISOLATES:
            opened.append(at)
        elif char == _POP_EMBEDDING:
            if opened and text[opened[-1]] not in _ISOLATES:
                if opened.pop() in drop:
                    drop.add(at)
            else:
                drop.add(at)
        elif char == _POP_ISOLATE:
            inner = next(
                (i for i in range(len(opened) - 1, -1, -1) if text[opened[i]] in _ISOLATES), None
            )
            if inner is None:
                drop.add(at)
            else:
                # Closing an isolate ends every embedding left open inside it.
                drop.update(opened[inner + 1 :])
                del opened[inner:]
    drop.update(opened)
    return "".join(char for at, char in enumerate(text) if at not in drop)


class Verbatim(str):
    """Text that is Markdown already: ``markdown`` returns it unchanged."""

    __slots__ = ()


# Characters that are markup wherever they stand, and the start of an entity.
_ANYWHERE = re.compile(r"[\\`*_\[\]<>|~$]|&(?=#?\w+;)")
_ORDERED = re.compile(r"^(\d{1,9})([.)])")
_CLOSING_HASHES = re.compile(r"#(?=#*$)")
# Parts of addresses that GitHub and others turn into links: a scheme, www, a host name, which may
# end in a vowel sign.
_LINKED = re.compile(
    r":(?=//)|/(?=/)|(?<=mailto):|(?<=xmpp):|(?<=www)\.|(?<=\S)\.(?=[^\W\d_]{2})",
    re.IGNORECASE,
)
# E-mail addresses and mentions are found after backslashes are removed, so a character must part
# them: a word joiner, which is invisible.
_AT_SIGN = re.compile(r"@(?=[\w.-])")


def markdown(value: object) -> str:
    """Return ``value`` as Markdown that shows its text and nothing else, in CommonMark and on
    GitHub: no markup, HTML, entity, link, table, formula or mention."""
    if isinstance(value, Verbatim):
        return value
    text = clean(str(value))
    text = _ANYWHERE.sub(r"\\\g<0>", text)
    text = _LINKED.sub(r"\\\g<0>", text)
    text = _AT_SIGN.sub("@\u2060", text)
    text = _CLOSING_HASHES.sub(r"\\#", text)
    if text[:1] in ("#", "+", "=", "-", ":"):
        text = "\\" + text
    return _ORDERED.sub(r"\1\\\2", text)


def code(text: str) -> Verbatim:
    """Return ``text`` as a code span of Markdown, for paths and signatures, which people copy."""
    text = clean(text)
    ticks = max(map(len, re.findall("`+", text)), default=0)
    # The blank, which Markdown removes, parts the fence from ticks at either end of the text.
    blank = " " if ticks else ""
    return Verbatim(f"{'`' * (ticks + 1)}{blank}{text}{blank}{'`' * (ticks + 1)}" if text else "")
