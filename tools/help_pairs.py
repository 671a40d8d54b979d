"""Pairs of a sentence and its English from help pages that people translated.

Debian's ``gnome-user-docs`` has Mallard pages, ``libreoffice-help-en-us`` and its sisters HTML;
both are unpacked into one folder (``dpkg-deb -x``). Pages are aligned by element, and only those
whose elements correspond one to one are used.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from lxml import etree, html

from toolkit.languages import codes

GNOME = "usr/share/help"
LIBREOFFICE = "usr/share/libreoffice/help"
# Files of a language that are looked at, and pairs of it that are kept.
FILES = 700
PAIRS = 400
# Characters of the shortest and the longest English that is used.
LENGTHS = range(25, 350)

# Formulas and code of spreadsheets are no language, and their pages are aligned badly.
_FORMULA = re.compile(r"=[A-Z(]|\w\(\w*[;\")]|::")

Pair = tuple[str, str]


def help_pairs(root: Path) -> dict[str, list[Pair]]:
    """Return pairs of single sentences by FLORES-200 code."""
    found: dict[str, set[Pair]] = defaultdict(set)
    for folder in sorted((root / GNOME).glob("*")):
        for guide in sorted((root / GNOME / "C").iterdir()):
            found[code_of(folder.name)].update(aligned(guide, folder / guide.name, "*.page"))
    for folder in sorted((root / LIBREOFFICE).glob("*")):
        english = root / LIBREOFFICE / "en-US"
        found[code_of(folder.name)].update(aligned(english / "text", folder / "text", "*.html"))
    kept = {code: sorted(filter(usable, pairs)) for code, pairs in found.items() if code}
    for pairs in kept.values():
        random.Random(4).shuffle(pairs)
    return {code: pairs[:PAIRS] for code, pairs in sorted(kept.items()) if len(pairs) > 100}


def code_of(folder: str) -> str:
    """Return the code of a folder's language ("zh_CN"), empty for English and for others."""
    named = {"zh-CN": "zho_Hans", "zh_CN": "zho_Hans", "sk": "C"}  # called Slovak, it is Czech
    name = named.get(folder, re.split("[-_@]", folder)[0])
    entries = codes.candidates(name)
    return entries[0].code if entries and name not in ("C", "en") and "@" not in folder else ""


def aligned(english: Path, other: Path, pattern: str) -> Iterator[Pair]:
    """Yield the texts of the elements of pages that have the same elements."""
    files = sorted(english.rglob(pattern))
    random.Random(3).shuffle(files)
    for path in files[:FILES] if other.is_dir() else ():
        ours = texts(other / path.relative_to(english))
        theirs = texts(path)
        if [tag for tag, _ in ours] == [tag for tag, _ in theirs]:
            yield from ((one, two) for (_, one), (_, two) in zip(ours, theirs, strict=True))


def texts(path: Path) -> list[tuple[str, str]]:
    """Return the tag and the text of each paragraph and heading of a page."""
    if not path.is_file():
        return []
    try:
        tree = html.parse(path) if path.suffix == ".html" else etree.parse(path)
    except (etree.XMLSyntaxError, OSError):
        return []
    tags = ("p", "title", "h1", "h2", "h3")
    elements = (e for e in tree.iter() if isinstance(e.tag, str))
    return [
        (e.tag, " ".join("".join(e.itertext()).split()))
        for e in elements
        if etree.QName(e).localname in tags
    ]


def usable(pair: Pair) -> bool:
    """Return whether a pair is one sentence and its translation, not left in English."""
    source, english = pair
    words = english.split()
    left = sum(word in source.split() for word in words)
    return (
        len(english) in LENGTHS
        and len(source) > 5
        and not re.search(r"[.!?:] ", english)
        and left < 0.3 * len(words)
        and not _FORMULA.search(english)
    )
