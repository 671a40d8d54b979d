"""Every error that the toolkit raises on purpose.

    ToolkitError
    ├── ConfigError      an option, environment variable or toolkit.toml that makes no sense
    │   └── UnknownLanguageError   no such language; carries suggestions
    ├── InputError       an input that cannot be read (missing, empty, binary, unknown encoding)
    ├── ModelError       weights that are absent, damaged or of another family; device trouble
    ├── PromptError      a prompt template that is missing or does not render
    ├── OutputError      a result that could not be written (disk full, no permission)
    └── LockedError      another run holds the lock of the same outputs folder

``str(error)`` is one line for people and ``error.remedy`` says what to do. Errors of torch,
transformers, the hub and the operating system are mapped to these where they are caught first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# The remedy of an error that nobody foresaw.
REPORT = "Please report it (a plug-in's to its author); the run.log of a digest has the trace."


class ToolkitError(Exception):
    """The root of the tree. ``remedy`` is a sentence for the user, or empty."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy

    def _render_traceback_(self) -> list[str]:
        """Return the lines that a notebook shows: where in the toolkit it was raised helps nobody,
        and the remedy does."""
        return [f"{type(self).__name__}: {self}", *[self.remedy] * bool(self.remedy)]

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles are made of what the error holds: the arguments that it was made
        from are gone, and by default Python would call the constructor with the message."""
        return _remade, (type(self), self.args), self.__dict__


def described(error: BaseException) -> str:
    """Return the kind and the message of ``error`` on one line.

    >>> described(ValueError("two\\nlines"))
    'ValueError: two lines'
    """
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _remade(kind: type[ToolkitError], args: tuple[Any, ...]) -> ToolkitError:
    return kind.__new__(kind, *args)


class ConfigError(ToolkitError):
    """An option or setting that cannot be used."""


class UnknownLanguageError(ConfigError):
    """No language, or more than one, goes by the name given. ``suggestions`` are codes, or codes
    with the names to show next to them."""

    def __init__(
        self,
        name: str,
        suggestions: Sequence[str] | Mapping[str, str] = (),
        *,
        reason: str = "",
    ) -> None:
        if isinstance(suggestions, Mapping):
            shown = [f"{code} ({known})" for code, known in suggestions.items()]
        else:
            shown = list(suggestions)
        hint = f" Did you mean {', '.join(shown)}?" if shown else ""
        super().__init__(
            f"{reason or f'unknown language {name!r}'}.{hint}",
            remedy="'toolkit languages' lists all that can be used.",
        )
        self.suggestions = tuple(suggestions)


class InputError(ToolkitError):
    """An input that cannot be read."""


class ModelError(ToolkitError):
    """Weights or a device that cannot be used."""


class PromptError(ToolkitError):
    """A prompt template that cannot be used."""


class OutputError(ToolkitError):
    """A result that cannot be written."""


class LockedError(ToolkitError):
    """Another run is writing to the same folder."""
