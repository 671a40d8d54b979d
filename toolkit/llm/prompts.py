"""Loads, renders and hashes the templates that a language model is given.

The templates are Jinja files (``brief.j2``, ``headline.j2``, ``merge.j2``). Nothing in them is
escaped for HTML; instead every value that is put in is made harmless as data: it stays on one
line and cannot look like a numbered sentence, a fence or a token of a chat format.
"""

from __future__ import annotations

import hashlib
import traceback
import unicodedata
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import PromptError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    import jinja2

SUFFIX = ".j2"
_HASH_LENGTH = 12
_REMEDY = "Correct the template, or take it out of the folder to have the packaged one."
_HARMLESS = str.maketrans({"[": "(", "]": ")", "<": "‹", ">": "›", "`": "'", "{": "(", "}": ")"})


class Prompts:
    """The prompt templates, those in ``folder`` in place of the packaged ones of the same name.

    Raises ``PromptError`` where ``folder`` is not a folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise PromptError(
                f"{folder}: no such folder of prompts",
                remedy="Name a folder that holds templates such as brief.j2, or leave it out.",
            )
        self._folder = folder

    def render(self, name: str, **values: object) -> str:
        """Return the text of the template ``name`` (``brief``) with ``values`` put in.

        Raises ``PromptError``, naming the file and the line, where the template is missing, is
        not valid Jinja, or uses a value that it is not given.
        """
        import jinja2

        source, origin = self._source(name)
        try:
            return _template(source).render(**values).strip() + "\n"
        except jinja2.TemplateSyntaxError as error:
            place, reason = f"{origin}, line {error.lineno}", error.message or "not valid Jinja"
        except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            place, reason = f"{origin}{_line(error)}", str(error)
        raise PromptError(f"{place}: {reason}", remedy=_REMEDY)

    def hash(self, name: str) -> str:
        """Return the first 12 hexadecimal digits of the SHA-256 of the template's text."""
        source, _ = self._source(name)
        return hashlib.sha256(source.encode()).hexdigest()[:_HASH_LENGTH]

    def _source(self, name: str) -> tuple[str, str]:
        """Return the text of a template, and its path for messages."""
        file: Traversable = _packaged() / f"{name}{SUFFIX}"
        if self._folder is not None and (self._folder / f"{name}{SUFFIX}").exists():
            file = self._folder / f"{name}{SUFFIX}"
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise PromptError(
                f"{file}: no such prompt template", remedy=f"Write it, or use one of: {_names()}."
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise PromptError(f"{file}: cannot be read ({error})", remedy=_REMEDY) from None
        return text.replace("\r\n", "\n"), str(file)


def harmless(text: str) -> str:
    """Return ``text`` as one line of plain data: brackets, angle brackets, braces and backticks
    become look-alikes, control and invisible formatting characters and line breaks go."""
    shown = "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Co", "Cs", "Cn")
    )
    return " ".join(shown.translate(_HARMLESS).split())


def _finalize(value: Any) -> Any:
    return harmless(value) if isinstance(value, str) else value


@lru_cache(maxsize=16)
def _template(source: str) -> jinja2.Template:
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    return environment.from_string(source)


def _line(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == "<template>"]
    return f", line {lines[-1]}" if lines else ""


def _packaged() -> Traversable:
    try:
        return resources.files("toolkit.prompt_templates")
    except ModuleNotFoundError:
        # A source tree that was not installed has them next to the package.
        return Path(__file__).parents[2] / "prompts"


def _names() -> str:
    names = (item.name for item in _packaged().iterdir())
    return ", ".join(sorted(n.removesuffix(SUFFIX) for n in names if n.endswith(SUFFIX)))
