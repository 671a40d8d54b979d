"""Briefs made of the article's own sentences: nothing in them was invented."""

from __future__ import annotations

from toolkit.data import Brief, Bullet, TranslatedArticle
from toolkit.summarisers.extractive.headlines import headline
from toolkit.summarisers.extractive.ranking import Ranking
from toolkit.summarisers.extractive.units import units


class Extractive:
    """Ranks sentences by place, centrality and new information; shortens what it shows.

    ``reads`` is how many of an article's sentences it looks at, the first ones; None is all.
    """

    signature = "extractive-2"

    def __init__(self, *, reads: int | None = None) -> None:
        self._reads = reads

    def summarise(self, article: TranslatedArticle, *, bullets: int) -> Brief:
        """See ``Summariser.summarise``. Bullets are in document order. An article of no sentence
        gives a brief of no bullets."""
        ranking = Ranking(units(article, self._reads))
        line, cites = headline(article, ranking)
        return Brief(
            article_id=article.id,
            headline=line,
            bullets=tuple(Bullet(u.text, u.cites) for u in ranking.choose(bullets, line, cites)),
            headline_cites=cites,
        )
