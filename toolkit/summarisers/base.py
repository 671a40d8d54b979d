"""The protocol of summarisers."""

from __future__ import annotations

from typing import Protocol

from toolkit.data import Brief, TranslatedArticle


class Summariser(Protocol):
    """Condenses one translated article into a headline and cited bullets.

    ``signature`` names the algorithm and all that its output depends on. One that asks a model
    may have a ``notice`` too: a sentence on all the articles so far that readers must see (how
    often the model did not answer), or empty.
    """

    @property
    def signature(self) -> str: ...

    def summarise(self, article: TranslatedArticle, *, bullets: int) -> Brief:
        """Return a brief of at most ``bullets`` bullets, at least one where the article has any
        sentence. Every bullet cites the indices of the segments that it rests on."""
        ...
