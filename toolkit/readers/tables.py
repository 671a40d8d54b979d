"""Read tables: CSV and its kin row by row, Parquet by batches of rows, in memory that is flat."""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from toolkit.data import Failure
from toolkit.errors import InputError
from toolkit.readers import records
from toolkit.readers.base import Columns, Items, Stream
from toolkit.readers.encodings import decode, refuse_other

# Bytes of a CSV file from which its encoding is told; smaller files are decoded as a whole.
_HEAD = 16 << 20
# Lines and characters of one row, beyond which a quotation mark in it was never closed.
_MOST_LINES, _MOST_CHARACTERS = 20_000, 20_000_000
_OPEN = "unexpected end of data"
_DELIMITERS = ",;\t|"
_MEND_ROW = "Mend or remove the row."
# Rows of a batch, and bytes read of a column of Parquet at a time.
_BATCH, _BUFFER = 256, 1 << 20


def read_csv(stream: Stream, source: str, columns: Columns = None) -> Items:
    """Yield an article for each row of a table in text, whose first row names its columns.

    Rows are separated by commas, semicolons, tabs or bars. A row that is broken is a failure with
    its number.
    """
    csv.field_size_limit(_MOST_CHARACTERS)
    lines = _Lines(_decoded_lines(stream, source))
    delimiter, names = _header(lines, source, columns)
    for row in _rows(lines, delimiter, len(names)):
        where = f"{source}:{row.line}"
        if row.fault:
            yield Failure(where, "read", row.fault, _MEND_ROW)
        else:
            yield records.article(dict(zip(names, row.cells, strict=False)), where, columns)


def read_parquet(stream: Stream, source: str, columns: Columns = None) -> Items:
    """Yield an article for each row of a Parquet file."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(stream.file(), pre_buffer=False, buffer_size=_BUFFER)
        names = table.schema_arrow.names
        if not records.has_text(names, columns):
            raise _no_text(names, source)
        named = set((columns or {}).values())
        needed = [n for n in names if n in named or records.is_known(n.partition(".")[0])]
        number = 0
        for batch in table.iter_batches(_BATCH, columns=needed):
            for record in batch.to_pylist():
                number += 1
                yield records.article(record, f"{source}:{number}", columns)
    except (pa.ArrowException, OSError) as error:
        reason = f"a damaged Parquet file ({str(error).splitlines()[0]})"
        yield Failure(source, "read", reason, "Fetch it again, or write it anew.")


def _no_text(names: Sequence[str], source: str) -> InputError:
    reason, remedy = records.no_text_column(names)
    return InputError(f"{source}: {reason}", remedy=remedy)


def _decoded_lines(stream: Stream, source: str) -> Iterator[str]:
    """Yield the lines of a text, each with its end."""
    head = stream.peek(_HEAD)
    refuse_other(head, source)
    if len(head) < _HEAD:
        yield from io.StringIO(decode(stream.read(), source), newline="\n")
        return
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        # A code page is told from the whole.
        yield from io.StringIO(decode(stream.whole(source), source), newline="\n")
        return
    while line := stream.readline():
        yield line.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")


class _Lines:
    """Lines that can be put back, and the number of the next."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._back: deque[str] = deque()
        self.number = 1

    def next(self) -> str | None:
        line = self._back.popleft() if self._back else next(self._lines, None)
        self.number += line is not None
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)


@dataclass(slots=True)
class _Row:
    line: int
    cells: list[str] = field(default_factory=list)
    fault: str = ""


def _header(lines: _Lines, source: str, columns: Columns) -> tuple[str, list[str]]:
    """Return the delimiter and the names of the columns."""
    while (first := lines.next()) is not None and not first.strip():
        pass
    if first is None:
        raise InputError(f"{source}: the file is empty", remedy="Remove it, or fetch it again.")
    if first.lower().startswith("sep=") and first.strip()[-1] in _DELIMITERS:  # written by Excel
        first = lines.next() or ""
    named = set((columns or {}).values())

    def known(delimiter: str) -> tuple[int, int]:
        names = _cells([first], delimiter)
        return sum(n.strip() in named or records.is_known(n) for n in names), len(names)

    delimiter = max(_DELIMITERS, key=known)
    names = [name.strip() for name in _cells([first], delimiter)]
    if not records.has_text(names, columns):
        raise _no_text(names, source)
    return delimiter, names


def _rows(lines: _Lines, delimiter: str, width: int) -> Iterator[_Row]:
    """Yield the rows. A quotation mark that is never closed costs its own row: the next one is the
    first line after it that has as many cells as there are columns."""
    while (line := lines.next()) is not None:
        if not line.strip():
            continue
        row = _Row(lines.number - 1)
        held = _whole_row(line, lines, delimiter)
        if held is None:
            row.fault = "a quotation mark that is not closed"
            _skip_to_row(lines, delimiter, width)
        else:
            row.cells = _cells(held, delimiter)
            while len(row.cells) > width and not row.cells[-1].strip():
                row.cells.pop()
            if len(row.cells) > width:
                row.fault = f"{len(row.cells)} cells in a table of {width} columns"
        yield row


def _whole_row(first: str, lines: _Lines, delimiter: str) -> list[str] | None:
    """Return the lines of a row; None, with those after the first put back, where a quotation
    mark in it is not closed, or only by one that opens another cell."""
    held, size = [first], len(first)
    while (fault := _fault(held, delimiter)) == _OPEN:
        line: str | None = ""
        while line is not None and '"' not in line:
            if (line := lines.next()) is not None:
                held.append(line)
                size += len(line)
            if len(held) > _MOST_LINES or size > _MOST_CHARACTERS:
                line = None
        if line is None:
            break
    if fault == _OPEN or (fault and len(held) > 1):
        lines.put_back(held[1:])
        return None
    return held


def _fault(held: list[str], delimiter: str) -> str:
    """Return what is wrong with a row, in the words of ``csv``; nothing if it is whole."""
    try:
        next(csv.reader(held, delimiter=delimiter, strict=True))
    except csv.Error as error:
        return str(error)
    return ""


def _cells(held: list[str], delimiter: str) -> list[str]:
    rows = csv.reader(held, delimiter=delimiter)
    return list(chain.from_iterable(rows))


def _skip_to_row(lines: _Lines, delimiter: str, width: int) -> None:
    while (line := lines.next()) is not None:
        if line.strip() and len(_cells([line], delimiter)) == width:
            lines.put_back([line])
            return


def read_rows(rows: Iterator[Any], source: str, columns: Columns = None) -> Items:
    """Yield an article for each of ``rows``, records that are in memory or come one by one."""
    for number, record in enumerate(rows, start=1):
        yield records.article(record, f"{source}:{number}", columns)
