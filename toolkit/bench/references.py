"""Reads sentences with their reference translations, and what systems made of them, from tables,
parallel files of text, data frames and data sets."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from toolkit.errors import InputError, described
from toolkit.languages import codes, detection
from toolkit.readers.compressed import inner_suffix
from toolkit.readers.encodings import decode
from toolkit.readers.values import HUB, from_hub

_SHAPE = "a table with tabs between its columns and a first line that names them: source, english"
_NEEDED = "Each row needs the columns source and english (or reference), and may have language."
# The names that a column of a table may have; TSV files have the first of each.
_COLUMNS = {
    "source": ("source", "src"),
    "english": ("english", "reference", "ref", "target", "translation"),
    "language": ("language", "lang", "source_language"),
}
_READERS = {
    ".parquet": "read_parquet",
    ".jsonl": "read_json",
    ".json": "read_json",
    ".csv": "read_csv",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence with its reference translation. ``source`` and ``language`` are empty where a
    reference stands alone."""

    language: str
    source: str
    reference: str


@dataclass(frozen=True, slots=True)
class References:
    """Pairs, and the other columns of their table, which may hold translations to score."""

    pairs: list[Pair]
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_references(data: Any, *, language: str | None = None) -> References:
    """Return what the file, folder or address ``data`` holds, or a DataFrame, a Dataset or records.

    A file is a TSV (see ``read_reference``), CSV, JSON Lines or Parquet; a folder is what
    ``Dataset.save_to_disk`` wrote; ``hf://OWNER/NAME`` is on the hub. Raises ``InputError``.
    """
    if not isinstance(data, str | os.PathLike):
        return _from_rows(_records(data), type(data).__name__, language)
    name = os.fspath(data)
    if name.startswith(HUB):
        return _from_rows(from_hub(name), name, language)
    path = Path(name)
    if path.is_dir():
        return _from_rows(_load(path, _from_disk), name, language)
    if reader := _READERS.get(inner_suffix(name)):
        return _from_rows(_load(path, partial(_by_pandas, reader)), name, language)
    return _from_rows(_rows(_text(path), path), name, language)


def read_parallel(
    source: Path | None, reference: Path, *, language: str | None = None
) -> References:
    """Return the pairs in two files of text, possibly packed, with a sentence a line."""
    wanted = read_lines(reference)
    sources = read_lines(source) if source else [""] * len(wanted)
    _refuse_unequal(source or reference, len(sources), reference, len(wanted))
    code = codes.resolve(language).code if language else ""
    if source and not code:
        code = detection.detect("\n".join(sources)).code
    return References([Pair(code, s, r) for s, r in zip(sources, wanted, strict=True)])


def is_table(path: Path) -> bool:
    """Return whether a file is one of the tables that ``read_references`` reads."""
    if inner_suffix(path.name) in _READERS:
        return True
    names = _text(path).split("\n", 1)[0].split("\t")
    return {"source", "english"} <= set(map(_unquoted, map(str.strip, names)))


def read_lines(path: Path) -> list[str]:
    """Return the lines of a file of text, possibly packed, without blanks at their ends, as
    sacrebleu reads them."""
    return [line.rstrip() for line in _text(path).removesuffix("\n").split("\n")]


def read_hypotheses(path: Path, references: References, where: Path | str) -> list[str]:
    """Return the translations in a file with one a line; raises ``InputError`` unless there is one
    for each of ``references``, which were read from ``where``."""
    lines = read_lines(path)
    _refuse_unequal(path, len(lines), where, len(references.pairs))
    return lines


def _refuse_unequal(one: Path | str, lines: int, other: Path | str, expected: int) -> None:
    if lines != expected:
        raise InputError(
            f"{one} has {lines} lines, and {other} {expected} sentences",
            remedy="Give files in which line n of each belongs to line n of the others.",
        )


def _text(path: Path) -> str:
    """Return the text of a file, unpacked by its suffix."""
    import bz2
    import gzip
    import lzma

    openers: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    try:
        with openers.get(path.suffix.lower(), Path.open)(path, "rb") as file:
            return decode(file.read(), str(path))
    except (OSError, EOFError, lzma.LZMAError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: {reason}", remedy="Check the path.") from None


def _load(path: Path, load: Callable[[Path], Any]) -> Any:
    try:
        return load(path)
    except InputError:
        raise
    except Exception as error:  # of pandas, Arrow or datasets
        raise InputError(
            f"{path}: cannot be read ({described(error)[:200]})", remedy="Check the file."
        ) from None


def _from_disk(path: Path) -> Any:
    import datasets

    found = datasets.load_from_disk(str(path))
    return next(iter(found.values())) if isinstance(found, Mapping) else found


def _by_pandas(reader: str, path: Path) -> Iterable[Any]:
    import pandas

    options: dict[str, dict[str, Any]] = {
        "read_csv": {"dtype": str, "keep_default_na": False},
        "read_json": {"lines": ".jsonl" in path.name, "dtype": False},
    }
    return _records(getattr(pandas, reader)(path, **options.get(reader, {})))


def _records(table: Any) -> Iterable[Any]:
    """Return the rows of a DataFrame as records, and of anything else itself."""
    rows: Iterable[Any] = table.to_dict("records") if hasattr(table, "iterrows") else table
    return rows


def read_reference(path: Path, *, language: str | None = None) -> list[Pair]:
    """Return the pairs in a TSV file with the columns ``source`` and ``english``.

    The language is ``language`` if given, else the column ``language``, else detected over all
    rows that share a ``file`` (or over all rows). Rows whose ``kind`` is ``boilerplate`` are left
    out. Raises ``InputError`` naming the file where it is no such table.
    """
    return _from_rows(_rows(_text(path), path), str(path), language).pairs


def _from_rows(found: Iterable[Any], name: str, language: str | None) -> References:
    rows = _checked(found, name)
    together: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        together[row.get("file") or ""].append(row["source"])
    detected: dict[str, str] = {}
    pairs = []
    for row in rows:
        named = language or row.get("language")
        key = row.get("file") or ""
        if named:
            code = codes.resolve(named).code
        else:
            if key not in detected:
                detected[key] = detection.detect("\n".join(together[key])).code
            code = detected[key]
        pairs.append(Pair(code, row["source"], row["english"]))
    names = dict.fromkeys(name for row in rows for name in row) if rows else {}
    columns = {name: [row.get(name, "") for row in rows] for name in names}
    return References(pairs, columns)


def _checked(found: Iterable[Any], name: str) -> list[dict[str, str]]:
    """Return the rows with a source and a reference, all text, under the names of ``_COLUMNS``."""
    rows = []
    for number, record in enumerate(found, start=1):
        if not isinstance(record, Mapping):
            kind = type(record).__name__
            raise InputError(f"{name}:{number}: a {kind}, not a record", remedy=_NEEDED)
        row = {str(key): value if isinstance(value, str) else "" for key, value in record.items()}
        for wanted, names in _COLUMNS.items():
            for other in names[1:]:
                if wanted not in row and other in row:
                    row[wanted] = row[other]
        if number == 1 and not {"source", "english"} <= row.keys():
            raise InputError(f"{name}: no columns source and english", remedy=_NEEDED)
        if row.get("source") and row.get("english") and row.get("kind") != "boilerplate":
            rows.append(row)
    if not rows:
        raise InputError(f"{name}: no row has a source and its English", remedy=_NEEDED)
    return rows


def _rows(text: str, path: Path) -> list[dict[str, str]]:
    # Not the csv module: to it, a sentence that begins with a quotation mark and does not end
    # with one goes on over the next lines.
    numbered = [(n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip()]
    names = [_unquoted(cell) for cell in numbered[0][1].split("\t")]
    if len(numbered) < 2 or not {"source", "english"} <= set(names):
        raise InputError(f"{path}: not a table of references", remedy=f"It must be {_SHAPE}.")
    rows = []
    for number, line in numbered[1:]:
        cells = [_unquoted(cell) for cell in line.split("\t")]
        if len(cells) != len(names):
            raise InputError(
                f"{path}:{number}: {len(cells)} cells where the first line names {len(names)}",
                remedy="Each line must hold one row, with one tab between two cells.",
            )
        rows.append(dict(zip(names, cells, strict=True)))
    return rows


def _unquoted(cell: str) -> str:
    """Return ``cell`` without the quotation marks that programs put around cells, inner ones
    doubled."""
    inner = cell[1:-1]
    if len(cell) < 2 or cell[0] != '"' or cell[-1] != '"' or '"' in inner.replace('""', ""):
        return cell
    return inner.replace('""', '"')
