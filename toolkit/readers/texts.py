"""Reads a column of texts as other programs hold them, and gives what was made of it their form."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from toolkit.errors import InputError

_ACCEPTED = "Give a string, a list or generator of strings, a Series or a column of a Dataset."


def read_texts(texts: Any) -> list[str | None]:
    """Return the texts of a string, a Series, an array, a column of a Dataset, or whatever else
    yields strings; None where a value is missing.

    Raises ``InputError``, which names the row, for a value that is neither.

    >>> read_texts(("one", None, float("nan")))
    ['one', None, None]
    """
    if isinstance(texts, str):
        return [str(texts)]
    if isinstance(texts, Mapping) or hasattr(texts, "column_names") or hasattr(texts, "columns"):
        kind = type(texts).__name__
        raise InputError(
            f"texts is a {kind}, not one column of it", remedy='Give a column: table["text"].'
        )
    if hasattr(texts, "to_pylist"):  # an array of Arrow yields values of its own types
        texts = texts.to_pylist()
    refuse_unless_text("texts", texts, or_many=True)
    rows: list[str | None] = []
    for value in texts:
        if not _is_missing(value):
            refuse_unless_text(row_name(texts, len(rows)), value)
        rows.append(None if _is_missing(value) else str(value))
    return rows


def row_name(texts: Any, number: int) -> str:
    """Return the name of a row for an error: its place, and its label where there is another."""
    if isinstance(texts, str):
        return "texts"
    if not _is_series(texts) or (label := texts.index[number]) == number:
        return f"texts[{number}]"
    return f"texts.iloc[{number}] (row {label!r})"


def refuse_unless_text(name: str, value: object, *, or_many: bool = False) -> None:
    """Raise ``InputError`` unless ``value`` is a string, or yields values where ``or_many``."""
    raw = isinstance(value, bytes | bytearray | memoryview)
    many = or_many and not raw and isinstance(value, Iterable) and getattr(value, "ndim", 1) != 0
    if isinstance(value, str) or many:
        return
    kind = "None" if value is None else f"of type {type(value).__name__}"
    remedy = "Decode it first." if raw else _ACCEPTED if or_many else "Give a string."
    raise InputError(f"{name} is {kind}, not text", remedy=remedy)


def shaped_like(texts: Any, results: Sequence[Any], record: type[Any] | None = None) -> Any:
    """Return ``results``, one of each row of ``texts``, in its form: one result for a string, a
    Series for a Series, with its name and index, else a list. Results that are each a ``record`` (a
    dataclass, or None) make a DataFrame of a Series."""
    if isinstance(texts, str):
        return results[0]
    if not _is_series(texts):
        return list(results)
    import pandas

    if record is None:
        kept = texts.dtype if isinstance(texts.dtype, pandas.StringDtype) else None
        return pandas.Series(results, index=texts.index, name=texts.name, dtype=kept)
    names = [field.name for field in dataclasses.fields(record)]
    rows = [[getattr(result, name, None) for name in names] for result in results]
    return pandas.DataFrame(rows, index=texts.index, columns=names)


def _is_series(value: Any) -> bool:
    pandas = sys.modules.get("pandas")  # without it, nobody can have made one
    return pandas is not None and isinstance(value, pandas.Series)


def _is_missing(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    if pandas is not None and (value is pandas.NA or value is pandas.NaT):
        return True
    return value is None or (isinstance(value, float) and math.isnan(value))
