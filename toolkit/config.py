"""Every option, once: its name, its default and where it may come from.

Defaults give way to ``toolkit.toml``, that to the environment (``TOOLKIT_MODEL=1.3B``), that to
the options of the command line or the arguments of a call. Importing this module does no work.
"""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from toolkit.errors import ConfigError, OutputError
from toolkit.storage import write_whole

CONFIG_NAME = "toolkit.toml"
_PREFIX = "TOOLKIT_"
_CHOICES = {
    "engine": ("auto", "torch", "ctranslate2"),
    "device": ("auto", "cpu", "cuda"),
    "executor": ("local", "ray"),
}


class UnconfirmedUrl(str):
    """An address out of the ``toolkit.toml`` that lies in the working folder, which may not be the
    user's own: no key is sent there unless the user confirms its host."""

    __slots__ = ()


def cache_home() -> Path:
    """The folder for what can be made again: ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "news-toolkit"
    except RuntimeError:
        raise ConfigError(
            "there is no home folder for the cache", remedy="Set XDG_CACHE_HOME or TOOLKIT_CACHE."
        ) from None


@dataclass(frozen=True, slots=True)
class Config:
    """What a run is told. Paths may be relative to the working folder.

    ``model``: ``demo``, a size (``600M``, ``1.3B``, ``3.3B``), a hub id or a folder.
    ``bullets``: at most so many per article, 1 to 10. ``beam``: 1 is greedy; Meta evaluated
    with 4. ``summariser``: ``extractive``, ``prompted`` (a language model, see below), or the
    folder or hub id of a summarisation checkpoint. ``llm_url`` and ``llm_model``: an
    OpenAI-compatible server and the model it serves; without a URL, ``llm_model`` is a folder,
    hub id or GGUF file that is loaded here. ``deadline``: wall-clock time after which no new
    translation is begun.
    ``templates`` and ``prompts``: folders whose files replace the packaged ones.
    ``executor``: who cleans and segments: this machine (``local``), with several processes when
    there is much, or the Ray cluster that the environment variable ``RAY_ADDRESS`` names (``ray``).
    """

    inputs: tuple[Path, ...] = (Path("seeds"),)
    outputs: Path = Path("outputs")
    date: dt.date | None = None
    model: str = "600M"
    engine: str = "auto"
    device: str = "auto"
    beam: int = 4
    summariser: str = "extractive"
    llm_url: str | None = None
    llm_model: str | None = None
    bullets: int = 4
    deadline: dt.time | None = None
    cache: Path = field(default_factory=lambda: cache_home() / "segments.sqlite")
    templates: Path | None = None
    prompts: Path | None = None
    executor: str = "local"

    def __post_init__(self) -> None:
        # Paths may be given as text, as notebooks do.
        object.__setattr__(self, "inputs", tuple(Path(path) for path in self.inputs))
        for name in ("outputs", "cache", "templates", "prompts"):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else Path(value))
        if not self.inputs:
            raise ConfigError("inputs is empty", remedy="Name files or a folder of them.")
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ConfigError(
                    f"{name} must be one of {', '.join(allowed)}, not {getattr(self, name)!r}"
                )
        if self.deadline is not None and self.deadline.tzinfo is not None:
            raise ConfigError("deadline is a local time such as 06:30, without a zone")
        for name, low, high in (("bullets", 1, 10), ("beam", 1, 16)):
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"{name} must be from {low} to {high}, not {getattr(self, name)}")


def load(
    overrides: Mapping[str, Any] | None = None,
    *,
    path: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Config:
    """The configuration in force. ``overrides`` that are None count as not given.

    ``path`` names a configuration file, which must exist; without it ``toolkit.toml`` in the
    working folder is read if it is there. Raises ``ConfigError`` naming the file or variable.
    """
    env = os.environ if environment is None else environment
    values = _from_file(path)
    if path is None and "llm_url" in values:
        values["llm_url"] = UnconfirmedUrl(values["llm_url"])
    for item in fields(Config):
        text = env.get(_PREFIX + item.name.upper())
        if text:
            values[item.name] = _convert(item.name, text, f"{_PREFIX}{item.name.upper()}")
    values.update({k: v for k, v in (overrides or {}).items() if v is not None})
    return Config(**values)


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
        raise ConfigError(f"{found}: cannot be read ({error})") from None
    document[name] = value
    try:
        write_whole(found.resolve(), tomlkit.dumps(document).encode())  # A link stays a link.
    except OSError as error:
        raise OutputError(
            f"{found}: cannot be written ({error.strerror or error})",
            remedy="Mend its folder's permissions, or name another with --config.",
        ) from None
    return found


def _from_file(path: Path | None) -> dict[str, Any]:
    found = path or Path(CONFIG_NAME)
    try:
        with found.open("rb") as file:
            table = tomllib.load(file)
    except FileNotFoundError:
        if path is None:
            return {}
        raise ConfigError(f"{found}: no such configuration file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{found}: cannot be read ({error})") from None
    known = [item.name for item in fields(Config)]
    for name in table:
        if name not in known:
            raise ConfigError(
                f"{found}: unknown setting {name!r}", remedy=f"Known are: {', '.join(known)}."
            )
    values = {name: _convert(name, value, str(found)) for name, value in table.items()}
    # Paths in a configuration file are meant from where the file stands.
    base = found.parent
    for name, value in values.items():
        if isinstance(value, Path):
            values[name] = base / value
        elif name == "inputs":
            values[name] = tuple(base / p for p in value)
    return values


def _convert(name: str, value: Any, origin: str) -> Any:
    """A value as TOML or the environment gives it, in the type that the field has."""
    try:
        match name:
            case "inputs":
                parts = value.split(os.pathsep) if isinstance(value, str) else value
                return tuple(Path(part).expanduser() for part in parts)
            case "outputs" | "cache" | "templates" | "prompts":
                return Path(value).expanduser()
            case "beam" | "bullets":
                if isinstance(value, bool | float):
                    raise ValueError("a whole number is wanted")
                return int(value)
            case "date":
                if isinstance(value, dt.datetime):
                    return value.date()
                return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
            case "deadline":
                return value if isinstance(value, dt.time) else dt.time.fromisoformat(value)
            case _:
                return str(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigError(f"{origin}: {name} cannot be {value!r} ({error})") from None
