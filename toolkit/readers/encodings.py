"""Decode bytes: Unicode by its marks and its rules, code pages by how well the text reads.

In this order: a byte order mark; the escapes of ISO 2022 and HZ; valid UTF-8; UTF-16 without a
mark (charset-normalizer); UTF-8 but for a few bytes; the declared code page, unless another reads
clearly better; the code page that reads best (``code_pages``). Text that was decoded twice is then
mended (``mojibake``).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from toolkit.errors import InputError
from toolkit.readers import code_pages, mojibake

_MAGIC = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"\x1f\x8b": "a gzip archive",
    b"\x7fELF": "a program",
    b"{\\rtf": "an RTF document",
    b"\xd0\xcf\x11\xe0": "an office document",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"SQLite format 3\x00": "an SQLite database",
}
# Nothing but a mark and white space, in any form of Unicode.
_EMPTY = re.compile(rb"\x00*(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[ \t\r\n\x00]*")
_CONVERT = "Save it as plain text in UTF-8 and run again."
# Of the characters of a text, the part that may be controls or unassigned before it is
# called binary: form feeds and the odd stray control do occur in real dumps.
_MAX_CONTROLS = 0.02
# An XML declaration, or a meta tag with charset= in it or in its content; HTML looks for it in the
# first 1,024 bytes, real pages have it later.
_DECLARED_WITHIN = 4_096
_DECLARED = re.compile(
    rb"""<(?:\?xml\b[^>]{0,99}?\bencoding|meta\b[^>]{0,200}?\bcharset)\s*=\s*["']?([\w.:-]+)""",
    re.IGNORECASE,
)
# Encodings of seven bits and the bytes that they cannot do without.
_ESCAPED = {"iso2022_jp_ext": b"\x1b$", "iso2022_kr": b"\x1b$)C", "hz": b"~}"}
# Valid sequences of several bytes for each bad byte that make a text UTF-8 all the same.
_VALID_PER_BAD = 4


def decode(data: bytes, source: str, declared: str | None = None) -> str:
    """Return the text in ``data``, with line ends as ``\\n`` and without a byte order mark.

    ``declared`` is the encoding that a server or a page names (``declared_encoding``); it is not
    believed where the bytes are UTF-8, or read clearly better in another code page. Raises
    ``InputError`` naming ``source`` where it is empty, binary, or in an unknown encoding.
    """
    refuse_other(data, source)
    text = _escaped(data) or _unicode(data) or _legacy(data, source, declared)
    text = mojibake.mend(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    if _controls(text) > _MAX_CONTROLS:
        raise InputError(f"{source}: this is a binary file, not text", remedy=_CONVERT)
    if not text.strip():
        raise InputError(f"{source}: the file is empty", remedy="Remove it, or fetch it again.")
    return text


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that an XML declaration or a ``meta`` tag in ``data`` names, or None."""
    found = _DECLARED.search(data[:_DECLARED_WITHIN])
    return found[1].decode("ascii").lower() if found else None


def refuse_other(data: bytes, source: str) -> None:
    """Raise ``InputError`` where ``data`` is empty or a well-known format that is not text."""
    if _EMPTY.fullmatch(data):
        raise InputError(f"{source}: the file is empty", remedy="Remove it, or fetch it again.")
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            raise InputError(f"{source}: this is {kind}, not text", remedy=_CONVERT)


def _unicode(data: bytes) -> str | None:
    """Return the text if the bytes are UTF-8, but for a few, or carry a mark; else None."""
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        encoding = "utf-32"
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\x00" in data:
        return None
    else:
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return _nearly_utf8(data) if encoding == "utf-8-sig" else None


def _nearly_utf8(data: bytes) -> str | None:
    """Return UTF-8 with U+FFFD where a stray byte or a broken download spoilt it, or None.

    The letters of other encodings seldom make a valid sequence by chance: 84 bad bytes against
    none in the Arabic of the tests' cases in windows-1256, 47 against one in Russian in 1251.
    """
    text = data.decode("utf-8-sig", "replace")
    bad = text.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    valid = sum(c > "\x7f" for c in text) - bad
    return text if valid >= _VALID_PER_BAD * bad else None


def _legacy(data: bytes, source: str, declared: str | None) -> str:
    if b"\x00" not in data:
        text = code_pages.tell(data, declared)
        if text is not None:
            return text
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    if best is None:
        raise InputError(
            f"{source}: this is a binary file or its encoding is unknown", remedy=_CONVERT
        )
    return str(best)


def _escaped(data: bytes) -> str | None:
    """Return the text of seven-bit East Asian bytes, or None."""
    if not data.isascii():
        return None
    for encoding, sign in _ESCAPED.items():
        if sign in data:
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if not text.isascii():
                return text
    return None


def _controls(text: str) -> float:
    """Return the share of control and unassigned characters."""
    bad = sum(
        times
        for c, times in Counter(text).items()
        if unicodedata.category(c) in ("Cc", "Cn", "Co") and c not in "\n\t\f"
    )
    return bad / len(text) if text else 0.0
