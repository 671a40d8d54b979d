"""Read the values of other programs: records, data frames, data sets, and what yields them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from toolkit.data import Article, Failure
from toolkit.errors import InputError, described
from toolkit.readers import records
from toolkit.readers.base import Columns, Items
from toolkit.readers.not_articles import screened

# How the name of a data set on the hub begins: ``hf://OWNER/NAME`` or ``hf://datasets/OWNER/NAME``.
HUB = "hf://"
_DATASETS = "datasets/"
_ACCEPTED = "Give paths, records (dict), a DataFrame, a Dataset, or a list or generator of these."


def read_values(
    values: Iterable[Any], columns: Columns
) -> Iterator[Article | Failure | Path | str]:
    """Yield the articles of ``values``, and the paths and addresses among them as they are.

    Raises ``InputError`` for a value of another kind, and for a data set without a column of text.
    """
    for value in values:
        if isinstance(value, str) and value.startswith(HUB):
            yield from _rows(from_hub(value), value, columns)
        elif isinstance(value, str | os.PathLike):
            yield value if isinstance(value, str) else Path(value)
        elif isinstance(value, Article):
            yield value
        elif (tables := _tables(value)) is not None:
            for name, table in tables.items():
                yield from _rows(table, name, columns)
        elif isinstance(value, Mapping):
            yield screened(records.article(value, "record", columns))
        elif isinstance(value, Iterable) and not isinstance(value, bytes | bytearray | memoryview):
            yield from _numbered(value, columns)
        else:
            kind = type(value).__name__
            raise InputError(f"a value of type {kind} holds no articles", remedy=_ACCEPTED)


def _numbered(values: Iterable[Any], columns: Columns) -> Iterator[Article | Failure | Path | str]:
    for number, value in enumerate(values, start=1):
        if isinstance(value, Mapping) and _tables(value) is None:
            yield screened(records.article(value, f"record:{number}", columns))
        else:
            yield from read_values([value], columns)


def _tables(value: Any) -> dict[str, Any] | None:
    """Return the tables that ``value`` is or holds, by their names; None where it is none."""
    if isinstance(value, Mapping):
        splits = value and all(hasattr(part, "column_names") for part in value.values())
        if splits:
            return {str(name): part for name, part in value.items()}
        lists = [part for part in value.values() if isinstance(part, list)]
        if len(lists) == len(value) > 1 and len({len(part) for part in lists}) == 1:
            return {"row": value}
        return None
    kinds = ("itertuples", "iter_rows", "to_batches", "column_names")
    return {type(value).__name__: value} if any(hasattr(value, k) for k in kinds) else None


def _rows(table: Any, name: str, columns: Columns) -> Items:
    names = [*_names(table)]
    rows = _records(table, names)
    if not names and (first := next(rows, None)):  # A stream may not know its columns before.
        names, rows = [*first], chain([first], rows)
    if names and not records.has_text(names, columns):
        reason, remedy = records.no_text_column(names)
        raise InputError(f"{name}: {reason}", remedy=remedy)
    for number, record in enumerate(rows, start=1):
        yield screened(records.article(record, f"{name}:{number}", columns))


def _names(table: Any) -> list[str]:
    if isinstance(table, Mapping):
        return [str(name) for name in table]
    named = getattr(table, "columns", None) if hasattr(table, "itertuples") else None
    if named is None:
        named = getattr(table, "column_names", None)
    if named is None:
        named = getattr(table, "columns", None)
    return [str(name) for name in named] if named is not None else []


def _records(table: Any, names: list[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a table of pandas, polars, Arrow or Datasets, or of one list a column."""
    if isinstance(table, Mapping):
        rows: Iterable[Any] = zip(*table.values(), strict=True)
    elif hasattr(table, "itertuples"):
        rows = table.itertuples(index=False, name=None)
    elif hasattr(table, "iter_rows"):
        rows = table.iter_rows()
    elif hasattr(table, "to_batches"):
        rows = (row.values() for batch in table.to_batches() for row in batch.to_pylist())
    else:
        yield from table
        return
    for row in rows:
        yield dict(zip(names, row, strict=True))


def read_hub(name: str, columns: Columns, time_is_up: Callable[[], bool]) -> Items:
    """Yield the articles of a data set on the hub as they arrive, until ``time_is_up``. Where it
    cannot be had, or no further, that is a failure."""
    try:
        if not time_is_up():
            for item in _rows(from_hub(name), name, columns):
                yield item
                if time_is_up():
                    break
            else:
                return
        reason = "not read to its end: the deadline came first"
        yield Failure(name, "read", reason, "Run again, or earlier.")
    except InputError as error:
        yield Failure(name, "read", str(error).removeprefix(f"{name}: "), error.remedy)
    except Exception as error:  # the network, in the midst of it
        reason = f"not read to its end ({described(error)[:200]})"
        yield Failure(name, "read", reason, "Check the network, and run again.")


def from_hub(name: str) -> Any:
    """Return the first part of a data set on the hub, which is fetched as it is read."""
    import datasets

    try:
        found = datasets.load_dataset(
            name.removeprefix(HUB).removeprefix(_DATASETS), streaming=True
        )
    except Exception as error:  # the hub, the network, or a script of the data set
        raise InputError(
            f"{name}: cannot be had ({described(error)[:200]})",
            remedy="Check its name and the network; some data sets want 'hf auth login'.",
        ) from None
    return next(iter(found.values())) if isinstance(found, Mapping) else found
