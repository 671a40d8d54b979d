"""Find the translators, summarisers and readers that other packages bring.

A package offers one by an entry point of the group ``news_toolkit.translators``,
``news_toolkit.summarisers`` or ``news_toolkit.readers``. Code that is in no package goes by
``package.module:factory``. Nothing of a plug-in is imported before it is asked for.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from toolkit.data import Article, Failure
from toolkit.errors import ConfigError, ToolkitError, described

Kind = Literal["translator", "summariser", "reader"]

_FACTORY = re.compile(r"[^\W\d][\w.]*:[^\W\d]\w*")

log = logging.getLogger(__name__)


def is_factory(name: str) -> bool:
    """Return whether ``name`` reads ``package.module:factory``.

    >>> is_factory("my_package.back_ends:make"), is_factory("facebook/bart-large-cnn")
    (True, False)
    """
    return _FACTORY.fullmatch(name) is not None


def make(kind: Literal["translator", "summariser"], name: str) -> Any:
    """Return what the plug-in ``name`` makes, its factory called without arguments; None where no
    plug-in has that name. Raises ``ConfigError`` where it fails or makes something else."""
    point = _find(kind, name)
    if point is None:
        return None
    try:
        made = point.load()()
    except Exception as error:  # a plug-in may raise anything
        raise _broken(kind, point, described(error)) from error
    method = "translate" if kind == "translator" else "summarise"
    signature = getattr(made, "signature", None)
    if not callable(getattr(made, method, None)) or not isinstance(signature, str):
        raise _broken(kind, point, f"a {type(made).__name__} has no {method} and signature")
    return made


def readers() -> tuple[str, ...]:
    """Return the suffixes of files that plug-ins read: the names of their entry points."""
    return tuple(_suffixes())


def reader(suffix: str) -> Callable[[bytes, str], list[Article | Failure]] | None:
    """Return the function that reads files with ``suffix``, or None where no plug-in does.
    Raises ``ConfigError`` where it cannot be imported, as the function does for whatever it
    raises that is no error of ours, or gives that is no article and no failure."""
    point = _suffixes().get(suffix)
    if point is None:
        return None
    try:
        function = point.load()
    except Exception as error:  # a plug-in may raise anything
        raise _broken("reader", point, described(error)) from error
    if not callable(function):
        raise _broken("reader", point, f"a {type(function).__name__} is no function")

    def read(data: bytes, source: str) -> list[Article | Failure]:
        try:
            items = list(function(data, source))
        except ToolkitError:
            raise
        except Exception as error:
            raise _broken("reader", point, described(error)) from error
        for item in items:
            if not isinstance(item, Article | Failure):
                raise _broken("reader", point, f"a {type(item).__name__} is no Article or Failure")
        return items

    return read


def _find(kind: Kind, name: str) -> EntryPoint | None:
    group = _group(kind)
    if is_factory(name):
        return EntryPoint(name, name, group)
    return next(iter(entry_points(group=group, name=name)), None)


@cache
def _suffixes() -> dict[str, EntryPoint]:
    """Return the readers' entry points by suffix, the dot before it being optional in a name."""
    points = entry_points(group=_group("reader"))
    return {f".{point.name.lstrip('.').lower()}": point for point in points}


def _group(kind: Kind) -> str:
    return f"news_toolkit.{kind}s"


def _broken(kind: Kind, point: EntryPoint, reason: str) -> ConfigError:
    log.info("%s: %s", point.value, reason, exc_info=True)
    owner = f" of {point.dist.name} {point.dist.version}" if point.dist else ""
    line = " ".join(reason.split())
    return ConfigError(
        f"the {kind} {point.name}{owner} cannot be used ({line})",
        remedy="Mend the plug-in, or name another.",
    )
