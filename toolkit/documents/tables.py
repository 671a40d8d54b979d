"""Tables: the named columns of CSV, JSON Lines and Parquet, some rows at a time."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

from toolkit.documents.base import English, Part, Steps, Task
from toolkit.documents.tags import loose, loose_unit
from toolkit.errors import InputError
from toolkit.readers.encodings import decode
from toolkit.storage import open_text

# Rows that are translated together.
_ROWS = 1000
# Bytes from which the encoding of a larger file is told, characters of a cell.
_HEAD, _MOST_CHARACTERS = 16 << 20, 20_000_000
_DELIMITERS = ",;\t|"
_NAME = "Name columns of it with --columns NAME,..."


def translate_csv(task: Task) -> Steps:
    """Translate columns of a table in text, whose first row names them."""
    csv.field_size_limit(_MOST_CHARACTERS)
    with task.source.open("rb") as raw:
        start = raw.readline(_HEAD)
    # Excel takes a file without this mark for one in the code page of the machine.
    encoding = "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"
    with _opened(task.source) as file, task.target.open("w", encoding=encoding, newline="") as made:
        first = file.readline()
        file.seek(0)
        delimiter = max(_DELIMITERS, key=first.count)
        rows = csv.reader(file, delimiter=delimiter, strict=True)
        writer = csv.writer(
            made,
            delimiter=delimiter,
            quoting=csv.QUOTE_ALL if first.startswith('"') else csv.QUOTE_MINIMAL,
            lineterminator="\r\n" if start.endswith(b"\r\n") else "\n",
        )
        try:
            header = [name.strip().removeprefix("\ufeff") for name in next(rows, [])]
            places = [header.index(name) for name in _chosen(task, header)]
            writer.writerow(header)
            while batch := list(islice(rows, _ROWS)):
                cells = [(row, n) for row in batch for n in places if n < len(row) and row[n]]
                english = yield from _english([row[n] for row, n in cells])
                for (row, n), text in zip(cells, english, strict=True):
                    row[n] = text
                writer.writerows(batch)
        except csv.Error as error:
            raise InputError(
                f"{task.source}: line {rows.line_num} is broken ({error})", remedy="Mend the row."
            ) from None


def translate_json_lines(task: Task) -> Steps:
    """Translate fields of records. ``a.b`` is the field ``b`` of the record in ``a``."""
    broken = 0
    with _opened(task.source) as file, open_text(task.target) as made:
        while lines := list(islice(file, _ROWS)):
            records = [_record(line) for line in lines]
            broken += sum(
                record is None and bool(line.strip())
                for record, line in zip(records, lines, strict=True)
            )
            kept = [record for record in records if record is not None]
            if not task.columns:
                _chosen(task, list(kept[0]) if kept else [])
            places = [p for r in kept for name in task.columns for p in _places(r, name.split("."))]
            english = yield from _english([holder[key] for holder, key in places])
            for (holder, key), text in zip(places, english, strict=True):
                holder[key] = text
            for line, record in zip(lines, records, strict=True):
                shown = line if record is None else f"{json.dumps(record, ensure_ascii=False)}\n"
                made.write(shown)
    if broken:
        task.say(f"{broken:,} lines are no records and stay as they are")


def translate_parquet(task: Task) -> Steps:
    """Translate columns of a Parquet file, a batch of rows at a time."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(task.source, pre_buffer=False) as table:
            schema = table.schema_arrow
            texts = [f.name for f in schema if pa.types.is_string(f.type) or _is_large(f.type)]
            names = _chosen(task, texts)
            packing = "snappy"
            if table.metadata.num_row_groups and table.metadata.num_columns:
                packing = table.metadata.row_group(0).column(0).compression.lower()
            with parquet.ParquetWriter(
                task.target, schema, compression="none" if packing == "uncompressed" else packing
            ) as made:
                for batch in table.iter_batches(_ROWS):
                    columns = {name: batch.column(name).to_pylist() for name in names}
                    places = [(c, n) for c in columns.values() for n, text in enumerate(c) if text]
                    english = yield from _english([column[n] for column, n in places])
                    for (column, n), text in zip(places, english, strict=True):
                        column[n] = text
                    for name, column in columns.items():
                        place = batch.schema.get_field_index(name)
                        field = schema.field(name)
                        batch = batch.set_column(place, field, pa.array(column, field.type))
                    made.write_batch(batch)
    except pa.ArrowException as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{task.source}: a damaged Parquet file ({reason})", remedy="Fetch it again."
        ) from None


def _is_large(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_large_string(kind))


def _english(texts: Sequence[str]) -> Generator[Part, list[English], list[str]]:
    """Yield the part that texts make, and return their English."""
    rows = yield Part([loose_unit(text) for text in texts], mixed=True)
    return [loose(row, text) for row, text in zip(rows, texts, strict=True)]


def _chosen(task: Task, names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that are translated. Raises ``InputError`` where one is missing."""
    missing = [name for name in task.columns if name not in names]
    if missing or not task.columns:
        reason = f"no column of text {', '.join(missing)}" if missing else "no columns are named"
        raise InputError(f"{task.source}: {reason} (it has {', '.join(names)})", remedy=_NAME)
    return task.columns


def _record(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _places(record: Any, path: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    """Yield where the texts of a field are: what holds each, and its key."""
    if isinstance(record, list):
        for item in record:
            yield from _places(item, path)
    elif isinstance(record, dict) and path[0] in record:
        found = record[path[0]]
        if len(path) > 1:
            yield from _places(found, path[1:])
        elif isinstance(found, list):
            yield from ((found, n) for n, item in enumerate(found) if isinstance(item, str))
        elif isinstance(found, str):
            yield record, path[0]


def _opened(path: Path) -> IO[str]:
    """Open a file of lines. One in UTF-8 is read as it goes, others as a whole."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if len(head) < _HEAD:
            return io.StringIO(decode(head, str(path)), newline="")
    try:
        head[: head.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError:
        return io.StringIO(decode(path.read_bytes(), str(path)), newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")
