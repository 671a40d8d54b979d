"""The protocol of language models that answer a prompt."""

from __future__ import annotations

from typing import Protocol

from toolkit.errors import ModelError


class GeneratorError(ModelError):
    """A language model gave no usable answer. The caller goes on without it."""


class Generator(Protocol):
    """A language model on this machine or behind a server.

    ``signature`` names all that an answer depends on, and never a key. ``context`` is how many
    tokens a prompt and its answer may have together.
    """

    signature: str
    context: int

    def count(self, text: str) -> int:
        """Return how many tokens ``text`` has, or a high estimate of it."""
        ...

    def generate(self, prompt: str, *, max_tokens: int) -> str:
        """Return the model's answer to ``prompt``, of at most ``max_tokens`` tokens.

        Raises ``GeneratorError`` when there is none: no connection, refused, out of time, over
        the budget, or nothing that could be read.
        """
        ...
