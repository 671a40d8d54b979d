"""Briefs made of the article's own sentences: nothing in them was invented."""

from __future__ import annotations

import datetime as dt

from toolkit.data import Brief, Bullet, TranslatedArticle
from toolkit.summarisers.extractive.days import with_dates, with_day, written_on
from toolkit.summarisers.extractive.headlines import headline
from toolkit.summarisers.extractive.ranking import Ranking, Weights
from toolkit.summarisers.extractive.units import Unit, units


class Extractive:
    """Ranks sentences by place, centrality and new information; shortens what it shows.

    ``reads`` is how many of an article's sentences it looks at, the first ones; None is all.
    ``weights`` replaces those that were chosen.
    """

    signature = "extractive-3"

    def __init__(self, *, reads: int | None = None, weights: Weights | None = None) -> None:
        self._reads = reads
        self._weights = weights

    def summarise(self, article: TranslatedArticle, *, bullets: int) -> Brief:
        """See ``Summariser.summarise``. Bullets are in document order. An article of no sentence
        gives a brief of no bullets."""
        found = units(article, self._reads)
        dateline = next((unit.dateline for unit in found if unit.dateline), None)
        day = written_on(article.prepared.article, dateline)
        ranking = Ranking(found, self._weights)
        line, cites = headline(article, ranking)
        return Brief(
            article_id=article.id,
            headline=with_dates(line, day) if day else line,
            bullets=tuple(
                Bullet(_with_days(unit, day), unit.cites)
                for unit in ranking.choose(bullets, line, cites)
            ),
            headline_cites=cites,
        )


def _with_days(unit: Unit, day: dt.date | None) -> str:
    """Return the text of ``unit`` with the dates of its days, and the day of its dateline."""
    text = with_dates(unit.text, day) if day else unit.text
    return with_day(text, unit.dateline) if unit.dateline else text
