"""Briefs made of the article's own sentences: nothing in them was invented."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolkit.data import Brief, Bullet, TranslatedArticle
from toolkit.summarisers.ranking import Weights, choose
from toolkit.summarisers.shorten import shorten
from toolkit.summarisers.units import Unit, units

HEADLINE_WORDS = 16


class Extractive:
    """Ranks sentences by place, centrality and new information; shortens what it shows."""

    signature = "extractive-1"

    def __init__(self, weights: Weights | None = None) -> None:
        self._weights = weights or Weights()

    def summarise(self, article: TranslatedArticle, *, bullets: int) -> Brief:
        """See ``Summariser.summarise``. An article of no sentence gives a brief of no bullets."""
        candidates = units(article)
        headline, cites = _headline(article, candidates)
        chosen = choose(candidates, headline if article.title else "", bullets, self._weights)
        return Brief(
            article_id=article.id,
            headline=headline,
            bullets=tuple(Bullet(text=unit.text, cites=unit.cites) for unit in chosen),
            headline_cites=cites,
        )


def _headline(
    article: TranslatedArticle, candidates: Sequence[Unit]
) -> tuple[str, tuple[int, ...]]:
    title = article.title
    if title:
        cites = tuple(t.segment.index for t in article.translations if t.segment.kind == "title")
        return re.sub(r"[\s:;,-]+$", "", title), cites
    if not candidates:
        return "No text", ()
    lead = min(candidates, key=lambda unit: (unit.doubt, unit.place))
    return shorten(lead.text, HEADLINE_WORDS).rstrip("."), lead.cites
