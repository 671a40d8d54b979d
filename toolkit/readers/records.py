"""From a record, a row of a table or an object of JSON, to an article.

Records go by many names: ``columns.json`` lists those of each part of an article, the better one
first. Case, accents, spaces and signs in a name do not count, so that ``articleBody``,
``article_body`` and ``Article Body`` are one. A part may be nested as crawlers, feeds and
publishing systems do it. HTML is read as a page or as a part of one.
"""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, lru_cache
from importlib import resources
from typing import Any, NamedTuple

from toolkit.data import Article, Failure
from toolkit.options import PARTS
from toolkit.readers.base import article_id
from toolkit.readers.dates import moment
from toolkit.readers.markup import fragment_text, is_fragment, is_page

Record = Mapping[str, Any]

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
# Words for nothing that programs write into tables; in any other case they may be names.
_NOTHING = frozenset({"nan", "NaN", "None", "none", "null", "NULL", "NaT", "<NA>", "N/A", "n/a"})
_INLINE = ("paragraph", "heading", "blockquote", "list-item")
_NO_TEXT = re.compile(r"image|photo|video|audio|embed|gallery|advert|\bad\b|related|promo", re.I)
# Objects inside one another, of JSON that is text.
_DEEPEST = 30
# Characters of a list of authors that is written as Python or JSON writes lists.
_MOST_LITERAL = 10_000
# Columns, and characters of each, that a message lists.
_LISTED, _SHOWN = 20, 30


def article(
    record: Record, where: str, columns: Mapping[str, str] | None = None
) -> Article | Failure:
    """Return the article of ``record``, which stands at ``where``; a failure lists its columns.

    ``columns`` says which column holds a part (``text``, ``title``, ...) where its name does not.
    """
    record = _unwrapped(_spread(record))
    if _is_ours(record):
        reason = "an article of the toolkit's own output"
        return Failure(where, "read", reason, "Name what is to be read, not the outputs folder.")
    places = _places(tuple(map(str, record)), tuple((columns or {}).items()))
    named = _Named(list(record.values()), places)
    found = {
        "text": _first(named, "text", _text) or _first(named, "summary", _text),
        "html": _first(named, "html", _text),
        "language": _first(named, "language", _name),
        "published": _published(named),
        "address": _first(named, "address", _address),
        "title": _unmarked(_first(named, "title", _name)),
        "publisher": _unmarked(_first(named, "publisher", _publisher)),
        "author": _unmarked(_authors(named)),
    }
    text = found["text"]
    if text and not is_page(text):
        text = _unmarked(text)
    elif text or found["html"]:
        return _page(found, where, text or found["html"] or "")
    if not text:
        reason = f"no text in the record, which has {listed(record)}"
        return Failure(where, "read", reason, _remedy())
    return Article(
        id=article_id(found["title"], text),
        source=found["address"] or where,
        text=text,
        title=found["title"],
        language=found["language"],
        author=found["author"],
        published=found["published"],
        publisher=found["publisher"],
    )


def has_text(names: Sequence[str], columns: Mapping[str, str] | None = None) -> bool:
    """Return whether a table with columns of these names may hold articles."""
    known = {plain_name(part) for name in names for part in (name, name.partition(".")[0])}
    wanted = {*_names()["text"], *_names()["summary"], *_names()["html"], *_names()["wrappers"]}
    named = columns or {}
    return not known.isdisjoint(wanted) or any(named.get(p) in names for p in ("text", "html"))


def is_known(name: str) -> bool:
    """Return whether a column of this name is understood."""
    plain = plain_name(name)
    return any(plain in _names()[part] for part in (*PARTS, "summary", "wrappers"))


def listed(names: Record | Sequence[str]) -> str:
    """Return the names of columns as a part of a sentence."""
    shown = [str(name)[:_SHOWN] for name in names]
    more = f" and {len(shown) - _LISTED} more" if len(shown) > _LISTED else ""
    return f"the columns {', '.join(shown[:_LISTED])}{more}" if shown else "no columns"


def no_text_column(names: Sequence[str]) -> tuple[str, str]:
    """Return the reason and the remedy of a failure over a table without a column of text."""
    return f"no column of text among {listed(names)}", _remedy()


def _remedy() -> str:
    return 'Call it text, or say which it is: columns = {text = "..."} in toolkit.toml.'


def is_missing(value: object) -> bool:
    """Return whether ``value`` stands for nothing, as None, NaN, NaT and ``pandas.NA`` do."""
    if value is None or isinstance(value, str):
        return value is None or value.strip() in _NOTHING
    if isinstance(value, Mapping | list):
        return False
    try:
        return bool(value != value)
    except (TypeError, ValueError):  # pandas.NA, and arrays, which are no single value
        return type(value).__name__ == "NAType"


@cache
def _names() -> dict[str, tuple[str, ...]]:
    path = resources.files("toolkit.readers").joinpath("columns.json")
    lists = json.loads(path.read_text(encoding="utf-8"))
    return {part: tuple(map(plain_name, names)) for part, names in lists.items()}


def record_lists() -> tuple[str, ...]:
    """Return the names under which objects hold lists of records."""
    return _names()["records"]


@lru_cache(maxsize=10_000)
def plain_name(name: object) -> str:
    """Return a name as it is compared: without case, accents, spaces and signs."""
    letters = unicodedata.normalize("NFKD", str(name)).casefold()
    return re.sub(r"[\W_]+", "", letters)


def _spread(record: Record) -> Record:
    """Return ``record`` with names such as ``title.rendered`` turned into objects."""
    if not any("." in str(key) for key in record):
        return record
    spread: dict[str, Any] = {}
    for key, value in record.items():
        outer, dot, inner = str(key).strip(".").partition(".")
        if dot and isinstance(spread.setdefault(outer, {}), dict):
            spread[outer][inner] = value
        else:
            spread[str(key)] = value
    return spread


def _unwrapped(record: Record) -> Record:
    """Return ``record`` with what its wrapper holds: ``_source``, ``fields``, ``attributes`` ..."""
    for key, value in record.items():
        if plain_name(key) in _names()["wrappers"] and isinstance(value, Mapping):
            inner = {plain_name(name) for name in value}
            if not inner.isdisjoint({*_names()["text"], *_names()["html"]}) and (
                len(inner) > 1 or plain_name(key) not in _names()["text"]
            ):
                return {**{k: v for k, v in record.items() if k != key}, **value}
    return record


class _Named(NamedTuple):
    """The values of a record, and where among them those of each part stand, the best first."""

    values: list[Any]
    places: dict[str, list[int]]

    def of(self, part: str) -> Iterator[Any]:
        values = (self.values[place] for place in self.places[part])
        return (value for value in values if not is_missing(value))


@lru_cache(maxsize=256)
def _places(keys: tuple[str, ...], columns: tuple[tuple[str, str], ...]) -> dict[str, list[int]]:
    plain = {plain_name(key): place for place, key in reversed(list(enumerate(keys)))}
    places = {
        part: [plain[name] for name in names if name in plain] for part, names in _names().items()
    }
    for part, column in columns:
        places[part] = [keys.index(column)] * (column in keys) + places[part]
    return places


def _is_ours(record: Record) -> bool:
    return "segments" in record and "dropped" in record and "source" in record


def _first(named: _Named, part: str, read: Callable[[Any], str]) -> str | None:
    """Return what ``read`` makes of the first column of this part that holds something."""
    for value in named.of(part):
        text = read(value).strip()
        if text and text not in _NOTHING:
            # Lone surrogates and NUL are legal in JSON escapes and in no text.
            return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8").strip()
    return None


def _text(value: Any) -> str:
    return "\n".join(_parts(value, 0))


def _parts(value: Any, depth: int) -> Iterator[str]:
    """Yield the paragraphs of a text: a string, a list of them, an object that has them."""
    value = _listed(value)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth < _DEEPEST:
        for item in value:
            yield from _parts(item, depth + 1)
    elif isinstance(value, Mapping) and depth < _DEEPEST:
        yield from _of_object(value, depth)


def _of_object(value: Record, depth: int) -> Iterator[str]:
    kind = str(value.get("type") or value.get("nodeType") or value.get("@type") or "")
    if _NO_TEXT.search(kind):
        return
    named = {plain_name(key): item for key, item in value.items()}
    for key in _names()["within_text"]:
        if parts := [part for part in _parts(named.get(key), depth + 1) if part.strip()]:
            for heading in _names()["within_headings"]:
                yield from _parts(named.get(heading), depth + 1)
            # Words of one paragraph may be objects of their own.
            yield from ["".join(parts)] if kind.lower().startswith(_INLINE) else parts
            return


def _listed(value: Any) -> Any:
    """Return arrays, tuples and their kin as lists."""
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    to_list = None if isinstance(value, str | list | Mapping) else getattr(value, "tolist", None)
    return to_list() if to_list else value


def _name(value: Any) -> str:
    """Return a name: a string, or the one that an object or the first of a list holds."""
    return next(iter(_all_names(value)), "")


def _all_names(value: Any, within: str = "within_names") -> list[str]:
    value = _listed(value)
    if isinstance(value, Mapping):
        named = {plain_name(key): item for key, item in value.items()}
        keys = (key for key in _names()[within] if isinstance(named.get(key), str))
        return [named[key] for key in keys if named[key].strip()][:1]
    if isinstance(value, list):
        return [name for item in value for name in _all_names(item, within)]
    return [value] if isinstance(value, str) and not is_missing(value) else []


def _publisher(value: Any) -> str:
    return next((name for name in _all_names(value) if not _ADDRESS.match(name)), "")


def _address(value: Any) -> str:
    return next((a for a in _all_names(value, "within_addresses") if _ADDRESS.match(a)), "")


def _authors(named: _Named) -> str | None:
    def read(value: Any) -> str:
        if isinstance(value, str) and value.lstrip().startswith("[") and len(value) < _MOST_LITERAL:
            # Tables hold lists as Python or JSON writes them.
            with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
                value = ast.literal_eval(value.strip())
        names = (", ".join(name.splitlines()) for name in _all_names(value))
        return ", ".join(dict.fromkeys(name.strip() for name in names))

    return _first(named, "author", read)


def _published(named: _Named) -> str | None:
    """Return the first date that can be read, else the first as it is written."""
    raw = None
    for value in named.of("published"):
        if found := moment(value if isinstance(value, list | tuple) else _scalar(value)):
            return found
        if raw is None and isinstance(value, str) and value.strip():
            raw = value.strip()
    return raw


def _scalar(value: Any) -> Any:
    """Return a date that an object holds, and a number of numpy as one of Python."""
    if isinstance(value, Mapping):
        return next((v for v in value.values() if isinstance(v, str | int)), None)
    return value.item() if hasattr(value, "item") and hasattr(value, "dtype") else value


def _unmarked(text: str | None) -> str | None:
    return fragment_text(text).strip() if text and is_fragment(text) else text


def _page(found: Mapping[str, str | None], where: str, page: str) -> Article | Failure:
    """Return the article of a record that has a page's HTML; what the record says of it counts
    before what the page says."""
    from toolkit.readers.html import read_page

    read = read_page(page, where, title=found["title"])
    if isinstance(read, Failure):
        return read
    return replace(
        read,
        source=found["address"] or where,
        language=found["language"] or read.language,
        author=found["author"] or read.author,
        published=found["published"] or read.published,
        publisher=found["publisher"] or read.publisher,
    )
