"""Read JSON: an article a line, an array of them, or an object that holds some.

Lines are read one by one, whatever the size of the file, so that a bad one costs itself alone.
Documents are read item by item: where one is broken, those before it are read. An array may stand
within objects, as programs that serve articles wrap it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from toolkit.data import Article, Failure
from toolkit.errors import InputError
from toolkit.readers import records
from toolkit.readers.base import Columns, Items, Stream
from toolkit.readers.encodings import decode, refuse_other

# Bytes of the start of a file in which UTF-16 shows itself by a zero after the first brace.
_HEAD = 64
# Bytes in which the first line of JSON Lines should end.
LONG_HEAD = 4 << 20
# Files of lines that are larger than this are read in parts, in bytes: enough text to detect its
# encoding by. In memory a part is there some four times.
_SLICE = 128 << 10
_MEND = "Mend or remove the line."
# Objects inside one another around an array of records.
_DEEPEST = 6
# Characters between two items of an array, or between objects that stand in a row.
_BETWEEN = " \t\r\n,\ufeff"
# A byte order mark that was decoded wrongly and saved so.
_SPOILT_MARK = "\xef\xbb\xbf"
_OWN_DIGEST = {"signature", "stories", "failures"}
_OWN_RUN = {"signature", "counts", "timings"}


def read_json(stream: Stream, source: str, columns: Columns = None) -> Items:
    """Yield the articles of a document, or of lines where the first is an object by itself."""
    head = stream.peek(LONG_HEAD)
    if is_wide(head) or not _begins_with_lines(head, source):
        data = stream.whole(source)
        yield from _document(data, source, columns)
    else:
        yield from read_jsonl(stream, source, columns)


def read_jsonl(stream: Stream, source: str, columns: Columns = None) -> Items:
    """Yield an article for each line that is not blank; a bad line is a failure with its
    number. A file that begins with an array, or a brace alone, is a document all the same."""
    head = stream.peek(_SLICE)
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0].strip()
    if first.startswith(b"[") or first == b"{":
        yield from _document(stream.whole(source), source, columns)
        return
    if is_wide(head):
        # In UTF-16 the byte of a line's end stands in other characters, too.
        yield from _read_lines(stream.whole(source), source, columns)
        return
    before = 0
    while data := stream.read(_SLICE) + stream.readline():
        if data.strip():
            # A blank line first, so that no line within a file looks like the start of one.
            for item in _read_lines(b"\n" * bool(before) + data, source, columns):
                yield _shifted(item, source, before - bool(before))
        before += data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
    if not before and not head:
        refuse_other(b"", source)


def _begins_with_lines(head: bytes, source: str) -> bool:
    """Return whether the first line is an object by itself, and not the only line."""
    line, end, rest = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    if not line.startswith(b"{") or not (
        end and rest.lstrip().startswith((b"{", b"\xef\xbb\xbf{"))
    ):
        return False
    try:
        return isinstance(json.loads(line.strip().rstrip(b",").decode("utf-8", "replace")), dict)
    except (ValueError, RecursionError):
        return False


def _read_lines(data: bytes, source: str, columns: Columns) -> Items:
    for number, line in enumerate(_lines(data, source), start=1):
        if not line.strip():
            continue
        where = f"{source}:{number}"
        try:
            text = line if isinstance(line, str) else decode(line, where)
        except InputError as error:
            reason = str(error).removeprefix(f"{where}: ")
            yield Failure(where, "read", reason, _MEND)
        else:
            yield from _read_line(text, where, columns)


def _read_line(line: str, where: str, columns: Columns) -> Items:
    """Yield the article of a line; of several objects that stand in it, each one's."""
    try:
        values = list(_values(line.removeprefix(_SPOILT_MARK)))
    # Plain ValueError is what an integer of thousands of digits raises.
    except (ValueError, RecursionError) as error:
        yield Failure(where, "read", f"not valid JSON ({error})", _MEND)
        return
    for value in values:
        if isinstance(value, dict):
            yield from _articles(value, where, columns)
        else:
            yield Failure(where, "read", "not a JSON object", "Each line must be {...}.")


def _values(text: str) -> Iterator[Any]:
    """Yield the JSON values that stand in a row, with or without commas between them."""
    decoder = json.JSONDecoder(strict=False)
    at = _after_space(text, 0)
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        yield value
        at = _after_space(text, at)


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BETWEEN:
        at += 1
    return at


def _document(data: bytes, source: str, columns: Columns) -> Items:
    text = decode(data, source)
    at = _after_space(text, 0)
    inside = text[at : at + 1] == "["
    decoder = json.JSONDecoder(strict=False)
    number = 0
    at += inside
    while (at := _after_space(text, at)) < len(text):
        if inside and text[at] == "]":
            return
        number += 1
        where = f"{source}:{number}"
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            place = f" from item {number} on" if inside or number > 1 else ""
            reason = f"not valid JSON{place} ({error})"
            yield Failure(source, "read", reason, "Mend the file, or fetch it again.")
            return
        if isinstance(value, dict):
            yield from _articles(value, where if inside else source, columns)
        elif isinstance(value, list):
            yield from _all(value, where, columns, 0)
        else:
            yield Failure(where, "read", "not a JSON object", "Each item must be {...}.")
    if not number:
        yield Failure(source, "read", "no article in the file", "Remove it, or fetch it again.")


def _articles(value: dict[str, Any], where: str, columns: Columns) -> Items:
    """Yield the article of an object, or those of the array that it holds."""
    if kind := _own(value):
        yield Failure(where, "read", kind, "Name what is to be read, not the outputs folder.")
        return
    item = records.article(value, where, columns)
    if isinstance(item, Article):
        yield item
        return
    inner = _inner(value, 0)
    if inner is None:
        yield item
    else:
        yield from _all(inner, where, columns, 1)


def _all(values: Sequence[Any], where: str, columns: Columns, depth: int) -> Items:
    for number, value in enumerate(values, start=1):
        place = f"{where}:{number}"
        if isinstance(value, dict):
            yield from (
                _articles(value, place, columns)
                if depth < 2
                else [records.article(value, place, columns)]
            )
        else:
            yield Failure(place, "read", "not a JSON object", "Each item must be {...}.")


def _own(value: dict[str, Any]) -> str | None:
    if value.keys() >= _OWN_DIGEST:
        return "a digest that the toolkit wrote"
    return "the record of a run of the toolkit" if value.keys() >= _OWN_RUN else None


def _inner(value: dict[str, Any], depth: int) -> list[Any] | None:
    """Return the records that an object holds: a list of objects under one of the usual names,
    the values where all are objects, the columns of a table; None where it holds none."""
    if depth > _DEEPEST:
        return None
    if table := _table(value):
        return table
    named = {records.plain_name(key): item for key, item in value.items()}
    for name in records.record_lists():
        item = named.get(name)
        if isinstance(item, list) and item and isinstance(item[0], dict):
            return item
        if isinstance(item, dict) and (inner := _inner(item, depth + 1)) is not None:
            return inner
    if len(value) > 1 and all(isinstance(item, dict) for item in value.values()):
        return list(value.values())
    return None


def _table(value: dict[str, Any]) -> list[Any] | None:
    """Return the rows of a table as pandas writes it: by columns, or ``columns`` and ``data``."""
    names, rows = value.get("columns"), value.get("data")
    if (
        isinstance(names, list)
        and isinstance(rows, list)
        and all(isinstance(r, list) for r in rows)
    ):
        return [dict(zip(map(str, names), row, strict=False)) for row in rows]
    columns = {key: item for key, item in value.items() if isinstance(item, dict)}
    if len(columns) < len(value) or not columns or not records.has_text(list(columns)):
        return None
    first = next(iter(columns.values()))
    if any(item.keys() != first.keys() for item in columns.values()) or "0" not in first:
        return None
    return [{name: item[key] for name, item in columns.items()} for key in first]


def _lines(data: bytes, source: str) -> Sequence[str | bytes]:
    """Return the lines of ``data``, as bytes where each can be decoded for itself.

    A line ends at ``\\n`` alone: the other characters that ``splitlines()`` cuts at may stand
    unescaped inside a JSON string.
    """
    refuse_other(data, source)
    if is_wide(data):
        return decode(data, source).split("\n")
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    foreign = [line for line in lines if not line.isascii()]
    # A zero, which no such text has, would spoil the detection for all lines.
    if foreign and b"\x00" not in data and not any(map(_is_utf8, foreign)):
        # No line is UTF-8: the encoding is detected better from the whole than line by line.
        try:
            return decode(data, source).split("\n")
        except InputError:
            pass
    return lines


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_wide(data: bytes) -> bool:
    """Return whether ``data`` begins as JSON in UTF-16 or UTF-32 does. Zeros alone are no sign: a
    broken download or a crash leaves them in files of any encoding."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    brace = data[:_HEAD].find(b"{")
    # After the brace stands the rest of it or the first part of what follows, which is ASCII.
    return brace >= 0 and data[brace + 1 : brace + 2] == b"\x00"


def is_json(data: bytes) -> bool:
    """Return whether ``data``, the beginning of a stream, is JSON: an object in the first line
    that is not blank, or an array of objects."""
    if is_wide(data):
        try:
            text = decode(data[: len(data) // 4 * 4], "")
        except InputError:
            return False
    else:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    text = text.lstrip()
    if text.startswith(("[{", "[\n", "[ ", "[\r", "{\n", "{\r")):
        return text.lstrip("[{ \r\n\t").startswith(('"', "}", "]"))
    try:
        return isinstance(next(_values(text.split("\n", 1)[0]), None), dict)
    except (ValueError, RecursionError):
        return text.startswith('{"') and len(data) >= LONG_HEAD


def _shifted(item: Article | Failure, name: str, lines: int) -> Article | Failure:
    """Return ``item`` with the number of its line counted from the start of the file."""
    number = item.source.removeprefix(f"{name}:")
    if not lines or not (number.isdecimal() and item.source == f"{name}:{number}"):
        return item
    return replace(item, source=f"{name}:{int(number) + lines}")
