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
    ".epub": "epub",
    **dict.fromkeys((".po", ".pot"), "catalogues"),
    **dict.fromkeys((".xlf", ".xliff"), "xliff"),
    ".eml": "mail",
    ".pdf": "pdf",
    **dict.fromkeys(TEXT, "plain"),
    **dict.fromkeys((".csv", ".tsv"), "tables.translate_csv"),
    **dict.fromkeys((".jsonl", ".ndjson"), "tables.translate_json_lines"),
    ".parquet": "tables.translate_parquet",
}
SUFFIXES = frozenset(_MODULES)
# Tables, of which columns are named.
TABLES = frozenset(suffix for suffix, name in _MODULES.items() if name.startswith("tables"))
# Suffixes of what is written, where these differ.
WRITTEN = {".pdf": (".md", ".html"), ".pot": (".po",)}


def format_of(path: Path) -> Format:
    """Return what translates a file and keeps its form. Its suffix is one of ``SUFFIXES``."""
    name, _, function = _MODULES[path.suffix.lower()].partition(".")
    module = import_module(f"toolkit.documents.{name}")
    found: Format = getattr(module, function or "translate")
    return found
