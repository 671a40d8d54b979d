"""The protocol of translators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from toolkit.data import Hypothesis


class Translator(Protocol):
    """An engine with its weights loaded.

    ``signature`` names all that an output depends on (checkpoint@revision, engine, precision,
    beam): it is part of the cache key. Options live in constructors. One may have a ``notice``
    too: a sentence that readers of the output must see (the demo checkpoint says that it is one),
    and say how many texts it wants ``at_once`` to be busy.
    """

    @property
    def signature(self) -> str: ...

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        """Translate each text by itself: same length, same order, empty in, empty out.

        ``source`` and ``target`` are FLORES-200 codes that the checkpoint knows; another one
        raises ``UnknownLanguageError``.
        """
        ...


@runtime_checkable
class Searching(Protocol):
    """A translator that can give more than one hypothesis of a text."""

    def candidates(
        self, texts: Sequence[str], *, source: str, target: str
    ) -> list[list[Hypothesis]]:
        """Return the hypotheses of each text, best first: the first is that of ``translate``, the
        others are taken where a check finds fault with it."""
        ...
