"""Decode the code pages that Python has no codec for: Armenian, Georgian, Vietnamese, Lao, Indian.

``legacy_pages.json`` is written by ``tools/build_code_pages.py``. ISCII (IS 13194:1991) writes nine
scripts with the same bytes, which stand at the same places of their blocks in Unicode.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from importlib import resources

# The blocks of the scripts of ISCII, and the bytes that announce them after the one for that.
_BLOCKS = {
    "iscii-deva": (0x0900, b"\x42"),
    "iscii-beng": (0x0980, b"\x43\x46"),
    "iscii-taml": (0x0B80, b"\x44"),
    "iscii-telu": (0x0C00, b"\x45"),
    "iscii-orya": (0x0B00, b"\x47"),
    "iscii-knda": (0x0C80, b"\x48"),
    "iscii-mlym": (0x0D00, b"\x49"),
    "iscii-gujr": (0x0A80, b"\x4a"),
    "iscii-guru": (0x0A00, b"\x4b"),
}
# Places in the block of Devanagari of the bytes from 0xA1 on; 0 is the danda, -1 no letter.
_PLACES = (
    *(0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0E, 0x0F, 0x10, 0x0D, 0x12),
    *(0x13, 0x14, 0x11, *range(0x15, 0x30), 0x5F, *range(0x30, 0x3A), -1),
    *(*range(0x3E, 0x44), 0x46, 0x47, 0x48, 0x45, 0x4A, 0x4B, 0x4C, 0x49, 0x4D, 0x3C, 0),
)
_FIRST, _ZERO, _ANNOUNCES = 0xA1, 0xF1, 0xEF
_DANDA, _JOINER, _NONE = "\u0964", "\u200d", "\ufffd"
# Places in a block: two viramas, or one and a nukta, say how letters join.
_VIRAMA, _NUKTA = 0x4D, 0x3C
_ALIASES = {
    "armscii8": "armscii-8",
    "tcvn5712-1": "tcvn",
    "tcvn-5712": "tcvn",
    "x-viet-tcvn5712": "tcvn",
    "viscii1.1-1": "viscii",
    "iscii": "iscii-deva",
    "x-iscii91": "iscii-deva",
    "iscii91": "iscii-deva",
    **{f"x-iscii-{name[-4:-2]}": name for name in _BLOCKS},
}
# After these letters and signs Gurmukhi writes a nasal as a tippi, which ISCII has not.
_TIPPI = re.compile("(?<=[\u0a05\u0a07\u0a15-\u0a39\u0a3c\u0a3f\u0a41\u0a42])\u0a02")
# Of the bytes beyond ASCII in such a text, all; of its letters, nearly all.
_ISCII = re.compile(rb"[\xa1-\xea\xef\xf0\xf1-\xfa]")
_MOST_OTHER, _LEAST_SHARE = 0.02, 0.5


def known(name: str) -> str | None:
    """Return our name of a code page that is read here, or None."""
    name = _ALIASES.get(name.lower(), name.lower())
    return name if name in _BLOCKS or name in _tables() else None


def names(data: bytes) -> tuple[str, ...]:
    """Return the code pages that ``data`` may be in."""
    beyond = sum(map((0x7F).__lt__, data))
    letters = len(_ISCII.findall(data))
    dense = beyond > _LEAST_SHARE * len(data)
    indian = dense and beyond - letters <= _MOST_OTHER * beyond
    return (*_tables(), *(_BLOCKS if indian else ()))


def decode(data: bytes, name: str) -> str:
    """Return the text of ``data``, with U+FFFD for what stands for nothing."""
    if name in _BLOCKS:
        return _iscii(data, name)
    return unicodedata.normalize("NFC", data.decode("latin-1").translate(_tables()[name]))


@cache
def _tables() -> dict[str, dict[int, str]]:
    path = resources.files("toolkit.readers").joinpath("legacy_pages.json")
    pages = json.loads(path.read_text(encoding="utf-8"))
    return {name: dict(enumerate(characters)) for name, characters in pages.items()}


def _iscii(data: bytes, name: str) -> str:
    block = _BLOCKS[name][0]
    first, *others = data.split(bytes([_ANNOUNCES]))
    parts = [_in_block(first, block)]
    for piece in others:
        found = [start for start, codes in _BLOCKS.values() if piece[:1] and piece[:1] in codes]
        block = found[0] if found else block
        parts.append(_in_block(piece[1:], block))
    return unicodedata.normalize("NFC", "".join(parts))


def _in_block(data: bytes, block: int) -> str:
    text = data.decode("latin-1").translate(_block(block)).replace(_DANDA * 2, "\u0965")
    virama, nukta = chr(block + _VIRAMA), chr(block + _NUKTA)
    text = text.replace(virama * 2, virama + "\u200c").replace(virama + nukta, virama + _JOINER)
    return _TIPPI.sub("\u0a70", text)


@cache
def _block(start: int) -> dict[int, str]:
    table = dict.fromkeys(range(0x80, 0x100), _NONE)
    for byte, place in enumerate(_PLACES, _FIRST):
        letter = chr(start + place)
        assigned = unicodedata.category(letter) != "Cn"
        table[byte] = _DANDA if place == 0 else letter if place > 0 and assigned else _NONE
    table[_FIRST + _PLACES.index(-1)] = _JOINER
    for digit in range(10):
        table[_ZERO + digit] = chr(start + 0x66 + digit)
    return table
