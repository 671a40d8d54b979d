"""What every back end that writes text for a prompt offers."""

from __future__ import annotations

from typing import Protocol

from toolkit.errors import ModelError


class GeneratorError(ModelError):
    """A back end gave no usable answer. The caller goes on without it."""


class Generator(Protocol):
    """A language model, near or far.

    ``signature`` names all that an answer depends on, and never a key. ``context`` is how many
    tokens a prompt and its answer may have together.
    """

    signature: str
    context: int

    def count(self, text: str) -> int:
        """How many tokens ``text`` has; rather too many where the model's tokenizer is not at
        hand."""
        ...

    def generate(self, prompt: str, *, max_tokens: int) -> str:
        """The model's answer to ``prompt``, of at most ``max_tokens`` tokens.

        Raises ``GeneratorError`` when there is none: no connection, refused, out of time, over
        the budget, or nothing that could be read.
        """
        ...
