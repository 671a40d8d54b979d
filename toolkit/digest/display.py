"""Text made fit to be shown: by anyone, anywhere, whatever it holds.

What a reader sees must be the words of the article and nothing that they do to the page around
them. HTML escaping is the template engine's work; this is what it leaves undone. Where a text came
from and of which day it is are put into words here, too.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from pathlib import PurePosixPath
from urllib.parse import quote, urlsplit

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Seconds since 1970, of this century.
_SECONDS = re.compile(r"[1-4]\d{9}(?:\.\d+)?")

# Controls but for tab and line ends, which are blanks here; halves of surrogate pairs, which no
# encoding can write; noncharacters; byte order marks; and interlinear annotation marks.
_CONTROLS = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
# A no-break space is a letter of its own to a typesetter, so it stays.
_BLANKS = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029 ]+")

_EMBEDDINGS = "\u202a\u202b"
_OVERRIDES = "\u202d\u202e"
_POP_EMBEDDING = "\u202c"
_ISOLATES = "\u2066\u2067\u2068"
_POP_ISOLATE = "\u2069"
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def whole(text: str) -> str:
    """``text`` with U+FFFD for each half of a surrogate pair, so that a file can hold it."""
    return _SURROGATES.sub("\ufffd", text)


def clean(text: str) -> str:
    """``text`` on one line without characters that act on what stands around it.

    Control characters go, blanks fold into single spaces, lone surrogates become U+FFFD.
    Directional embeddings and isolates stay where they are balanced; overrides, which can make
    a text read as what it is not, and unbalanced ones go (Unicode Annex 9, sections 2 and 3.3).
    """
    text = whole(_CONTROLS.sub("", text))
    if _BIDI.search(text):
        text = _balanced(text)
    return _BLANKS.sub(" ", text).strip()


def _balanced(text: str) -> str:
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
    """Markdown that is meant as Markdown: ``markdown`` leaves it as it is."""

    __slots__ = ()


# Active wherever they stand.
_ANYWHERE = re.compile(r"[\\`*_\[\]<>|~$]|&(?=#?\w+;)")
_ORDERED = re.compile(r"^(\d{1,9})([.)])")
_CLOSING_HASHES = re.compile(r"#(?=#*$)")
# What GitHub and others link without being asked: a scheme, a host name, www.
_LINKED = re.compile(
    r":(?=//)|/(?=/)|(?<=mailto):|(?<=xmpp):|(?<=www)\.|(?<=\w)\.(?=[^\W\d_]{2})",
    re.IGNORECASE,
)
# E-mail addresses and mentions are looked for in the finished text, where no backslash is left:
# only a character between can part them, and a word joiner cannot be seen.
_AT_SIGN = re.compile(r"@(?=[\w.-])")


def markdown(value: object) -> str:
    """``value`` as Markdown that shows its text and does nothing else, in CommonMark and on
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
    """``text`` as a code span of Markdown, for paths and signatures, which people copy."""
    text = clean(text)
    ticks = max(map(len, re.findall("`+", text)), default=0)
    # A blank next to the fence keeps ticks at either end apart from it; Markdown drops it.
    blank = " " if ticks else ""
    return Verbatim(f"{'`' * (ticks + 1)}{blank}{text}{blank}{'`' * (ticks + 1)}" if text else "")


def source_name(source: str, publisher: str | None = None) -> str:
    """A short name of where an article came from: its publisher, the host of a web address, or
    both, since whoever writes a feed can name anybody; else the last part of the path."""
    said = clean(publisher or "")
    if link := source_link(source):
        host = (urlsplit(link).hostname or link).removeprefix("www.")
        return f"{said} ({host})" if said and said.casefold() != host else host
    if said:
        return said
    return PurePosixPath(clean(source).replace("\\", "/")).name or clean(source)


def source_link(source: str) -> str:
    """``source`` as an address that is safe to link to, or nothing unless it is http(s)."""
    source = clean(source)
    try:
        parts = urlsplit(source)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        return ""
    # What no address holds unquoted would be read differently by every reader.
    return quote(source, safe="/:?#[]@!$&'()*+,;=%~-._") if usable else ""


def published(text: str) -> str:
    """The day of a date or time in words, where it is one of ISO 8601, of RFC 5322 as in RSS, or
    seconds since 1970 (in UTC); what is none of these, as it came."""
    try:
        if _SECONDS.fullmatch(text):
            return day(dt.datetime.fromtimestamp(float(text), dt.UTC).date())
        return day(dt.date.fromisoformat(text[:10]))
    except ValueError:
        pass
    try:
        return day(email.utils.parsedate_to_datetime(text).date())
    except (ValueError, TypeError, IndexError):
        return clean(text)


def day(date: dt.date) -> str:
    """``21 November 2026``, whatever the machine's locale."""
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def weekday(date: dt.date) -> str:
    """``Saturday 21 November 2026``."""
    return f"{_DAYS[date.weekday()]} {day(date)}"
