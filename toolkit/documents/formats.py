"""Which format a file is in, by its suffix."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from toolkit.documents.base import Format

# Suffixes of plain text, which commands print unless they are asked for files.
TEXT = frozenset({".txt", ".text"})
# The module of each suffix, which is loaded when a file needs it.
_MODULES = {
    **dict.fromkeys((".md", ".markdown"), "markdown"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "web_pages"),
    **dict.fromkeys((".docx", ".docm", ".dotx", ".dotm"), "ooxml"),
    **dict.fromkeys((".pptx", ".pptm", ".ppsx", ".potx"), "ooxml"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx"), "ooxml"),
    **dict.fromkeys((".odt", ".ott", ".ods", ".odp", ".odg"), "odf"),
    **dict.fromkeys((".srt", ".vtt"), "subtitles"),
    **dict.fromkeys(TEXT, "plain"),
}
SUFFIXES = frozenset(_MODULES)


def format_of(path: Path) -> Format:
    """Return what translates a file and keeps its form. Its suffix is one of ``SUFFIXES``."""
    name = _MODULES[path.suffix.lower()]
    found: Format = import_module(f"toolkit.documents.{name}").translate
    return found
