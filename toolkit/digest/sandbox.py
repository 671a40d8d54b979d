"""Renders templates in a sandbox, since their folder may be somebody else's.

A template reads the values it is given and the files of its folder. Everything else is refused:
the insides of Python's objects, files elsewhere, ranges of more than 100,000 numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import ConfigError, ToolkitError

if TYPE_CHECKING:
    from jinja2 import Environment

PACKAGED = Path(__file__).with_name("templates")
_REMEDY = "Correct the template, or take it out of the folder to have the packaged one."


def environment(
    folder: Path | None,
    filters: Mapping[str, Callable[..., Any]],
    finalize: Callable[[Any], Any] | None = None,
) -> Environment:
    """An environment whose templates come from ``folder``, then from the package.

    HTML is escaped by Jinja; ``finalize`` is applied to every value that is written.
    Raises ``ConfigError`` where ``folder`` is missing.
    """
    from jinja2 import FunctionLoader, StrictUndefined, select_autoescape
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    if folder is not None and not folder.is_dir():
        raise ConfigError(
            f"{folder}: no such folder of templates",
            remedy="Name a folder that holds digest.html.j2, digest.css or digest.md.j2.",
        )
    folders = [PACKAGED] if folder is None else [folder.resolve(), PACKAGED]
    made = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(lambda name: _read(folders, name)),
        # Named in full: Jinja's own list goes by the last suffix, and .j2 is not on it.
        autoescape=select_autoescape(
            enabled_extensions=("html.j2", "atom.j2"), disabled_extensions=("md.j2",), default=True
        ),
        undefined=StrictUndefined,
        finalize=finalize,
        keep_trailing_newline=True,
    )
    made.filters.update(filters)
    return made


def _read(folders: Sequence[Path], name: str) -> tuple[str, str, None] | None:
    """The text and the path of a template, from the first of ``folders`` that has it."""
    for folder in folders:
        file = folder / name
        if not file.is_file():
            continue
        if not file.resolve().is_relative_to(folder):
            raise ConfigError(f"{file}: not in the folder of templates", remedy=_REMEDY)
        try:
            return file.read_text(encoding="utf-8"), str(file), None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: cannot be read ({error})", remedy=_REMEDY) from None
    return None


@contextmanager
def template_errors(name: str) -> Iterator[None]:
    """Raise whatever goes wrong in the template ``name``, or in one that it includes, as
    ``ConfigError`` with the file and the line."""
    from jinja2 import TemplateNotFound, TemplateSyntaxError

    try:
        yield
    except ToolkitError:
        raise
    except TemplateSyntaxError as error:
        place, reason = f"{error.filename or name}, line {error.lineno}", error.message
    except TemplateNotFound as error:
        place, reason = _place(error) or name, f"there is no template {error.name!r}"
    except Exception as error:  # an expression may raise anything
        place, reason = _place(error) or name, str(error) or type(error).__name__
    else:
        return
    raise ConfigError(f"{place}: {' '.join((reason or '').split())}", remedy=_REMEDY)


def _place(error: Exception) -> str:
    """The template and the line where ``error`` was raised, empty where it was in none. Jinja
    gives its traceback the templates' own paths and lines."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if Path(file).is_absolute() and not file.endswith(".py"):
            place = f"{file}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place
