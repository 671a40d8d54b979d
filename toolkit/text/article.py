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
from typing import TYPE_CHECKING, NamedTuple

from toolkit.text.layout import Row
from toolkit.text.row_features import features, title_features

if TYPE_CHECKING:
    from toolkit.text.row_features import Column

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
_NO_ITEM = ("phrase", "links", "address", "account", "no words")
_LABELLED = re.compile(r"\S.{0,15}?[:：] ?\S")


class Choice(NamedTuple):
    """Whether each paragraph is the article's, and the position of the headline, if any."""

    kept: list[bool]
    title: int | None


def choose(page: Sequence[Row]) -> Choice | None:
    """Return which paragraphs are the article's; None where the text is no saved page."""
    import numpy as np

    if not page:
        return None
    model = _model()
    known = features(page)
    names = [name for name in model.body if name in known]
    weights = np.array([model.body[name] for name in names])
    scores = weights @ np.array([known[name] for name in names])
    limit = math.log(model.threshold / (1 - model.threshold))
    kept = scores > limit
    outside = ~kept
    signs = sum(known[sign] for sign in _SIGNS) + known["part"] * outside * (1 - known["prose"])
    if (
        outside.sum() < _LEAST_OUTSIDE
        or (signs > 0).sum() < _LEAST_SIGNS
        or (outside & (known["phrase"] == 0)).sum() < _LEAST_UNNAMED
        or not (kept & (known["solid"] > 0)).any()
    ):
        return None
    chosen = kept.tolist()
    _keep_lists(page, known, chosen)
    candidates = title_features(page, known, scores.tolist(), limit)
    best = max(candidates, key=lambda at: _weigh(candidates[at], model.title), default=None)
    return Choice(chosen, best)


def _keep_lists(page: Sequence[Row], known: dict[str, Column], kept: list[bool]) -> None:
    """Keep the items that a colon announces within the article, and tables of labelled rows."""
    import numpy as np

    no_item: list[bool] = np.any([known[name] > 0 for name in _NO_ITEM], axis=0).tolist()
    phrase = known["phrase"].tolist()
    for at, row in enumerate(page):
        if row.line.announces and (kept[at] or (at and kept[at - 1])) and not phrase[at]:
            end = _end_of_items(page, no_item, kept, at + 1)
            inside = end < len(page) and kept[end] and page[end].line.prose
            if 0 < end - at - 1 <= _MOST_ITEMS and inside:
                kept[at:end] = [True] * (end - at)
        elif kept[at] and row.line.prose:
            end = _end_of_items(page, no_item, kept, at + 1)
            labelled = at + 1
            while labelled < end and _LABELLED.match(page[labelled].line.text):
                labelled += 1
            if labelled - at > _LEAST_LABELLED:
                kept[at:labelled] = [True] * (labelled - at)


def _end_of_items(
    page: Sequence[Row], no_item: Sequence[bool], kept: Sequence[bool], start: int
) -> int:
    """Return where the paragraphs from ``start`` on end that may be items: no prose that is kept,
    no link, no phrase of boilerplate."""
    end = start
    while end < len(page) and not no_item[end] and not (kept[end] and page[end].line.prose):
        end += 1
    return end


class _Model(NamedTuple):
    """The least probability with which a paragraph is kept, and the weights of the features."""

    threshold: float
    body: dict[str, float]
    title: dict[str, float]


def _weigh(row: dict[str, float], weights: dict[str, float]) -> float:
    """Return the sum of a headline's features by their weights: log odds."""
    return sum(value * weights[name] for name, value in row.items() if name in weights)


@lru_cache(maxsize=1)
def _model() -> _Model:
    text = files("toolkit.text").joinpath("article_weights.json").read_text(encoding="utf-8")
    return _Model(**json.loads(text))
