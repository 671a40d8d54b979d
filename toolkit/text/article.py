"""Which paragraphs of a saved page are its article, and which is its headline.

A logistic regression weighs what is known of each paragraph (``row_features.py``); a second one
picks the headline among the paragraphs above and at the beginning of the body. The weights are in
``article_weights.json``; ``tools/train_text.py`` makes them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from toolkit.text.layout import Row
from toolkit.text.row_features import features, is_solid, title_features

# A text is a saved page if so many paragraphs are not the article's by their weights, so many
# betray a page by themselves (a phrase, a repetition, an address), and some prose is left. Of real
# pages, through seven programs, one in 100 has less; of their articles alone none has as much.
_LEAST_OUTSIDE, _LEAST_SIGNS = 16, 3
# Of those outside, so many that no phrase drops anyway: what a page has beside its article.
_LEAST_UNNAMED = 8
_SIGNS = ("phrase", "repeated", "address", "form", "account")
# Items of a list between two paragraphs of the article at most, and rows with a label at least that
# are a table without a paragraph below it.
_MOST_ITEMS, _LEAST_LABELLED = 20, 3
_LABELLED = re.compile(r"\S.{0,15}?[:：] ?\S")


_Features = dict[str, float]


class Choice(NamedTuple):
    """Whether each paragraph is the article's, and the position of the headline, if any."""

    kept: list[bool]
    title: int | None


def choose(page: Sequence[Row]) -> Choice | None:
    """Return which paragraphs are the article's; None where the text is no saved page."""
    model = _model()
    known = features(page)
    scores = [_weigh(row, model.body) for row in known]
    limit = math.log(model.threshold / (1 - model.threshold))
    kept = [score > limit for score in scores]
    signs = sum(
        any(row[sign] for sign in _SIGNS) or (row["part"] and not yes and not row["prose"])
        for yes, row in zip(kept, known, strict=True)
    )
    unnamed = sum(not yes and not row["phrase"] for yes, row in zip(kept, known, strict=True))
    if kept.count(False) < _LEAST_OUTSIDE or signs < _LEAST_SIGNS or unnamed < _LEAST_UNNAMED:
        return None
    if not any(yes and is_solid(row) for yes, row in zip(kept, known, strict=True)):
        return None
    _keep_lists(page, known, kept)
    candidates = title_features(page, known, scores, limit)
    best = max(candidates, key=lambda at: _weigh(candidates[at], model.title), default=None)
    return Choice(kept, best)


def _keep_lists(page: Sequence[Row], known: Sequence[_Features], kept: list[bool]) -> None:
    """Keep the items that a colon announces within the article, and tables of labelled rows."""
    for at, row in enumerate(page):
        run = _items(known, kept, at + 1)
        end = at + 1 + len(run)
        if row.line.announces and (kept[at] or (at and kept[at - 1])) and not known[at]["phrase"]:
            inside = end < len(page) and kept[end] and known[end]["prose"]
            if run and len(run) <= _MOST_ITEMS and inside:
                kept[at:end] = [True] * (end - at)
        elif kept[at] and known[at]["prose"]:
            labelled = 0
            while labelled < len(run) and _LABELLED.match(page[at + 1 + labelled].line.text):
                labelled += 1
            if labelled >= _LEAST_LABELLED:
                kept[at : at + 1 + labelled] = [True] * (labelled + 1)


def _items(known: Sequence[_Features], kept: Sequence[bool], start: int) -> range:
    """Return the positions from ``start`` on that may be items: no prose that is kept, no link, no
    phrase of boilerplate."""
    end = start
    while end < len(kept) and not (kept[end] and known[end]["prose"]):
        row = known[end]
        if row["phrase"] or row["links"] or row["address"] or row["account"] or row["no words"]:
            break
        end += 1
    return range(start, end)


class _Model(NamedTuple):
    """The least probability with which a paragraph is kept, and the weights of the features."""

    threshold: float
    body: dict[str, float]
    title: dict[str, float]


def _weigh(row: dict[str, float], weights: dict[str, float]) -> float:
    """Return the sum of the features by their weights: log odds."""
    return sum(value * weights[name] for name, value in row.items() if name in weights)


@lru_cache(maxsize=1)
def _model() -> _Model:
    text = files("toolkit.text").joinpath("article_weights.json").read_text(encoding="utf-8")
    return _Model(**json.loads(text))
