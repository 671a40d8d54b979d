"""Cuts a long article to what a model can read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from toolkit.data import TranslatedArticle, Translation
from toolkit.summarisers.base import Summariser

# Of the room, the share that the article's first sentences get; the rest goes to those that the
# ranking puts first, wherever they stand.
_LEADING = 0.6
_RANKED = 40


def body(article: TranslatedArticle) -> list[Translation]:
    """Return the translations that say something, without title, headings and captions; all of them
    where there is nothing else."""
    spoken = [t for t in article.translations if t.english.strip()]
    running = [t for t in spoken if t.segment.kind in ("text", "list")]
    return running or spoken


def excerpt(
    article: TranslatedArticle, room: int, count: Callable[[str], int], ranking: Summariser
) -> list[Translation]:
    """Return the translations of ``body`` that fit into ``room`` tokens, in order: all of them
    where they do, else the first ones and those that ``ranking`` cites.

    ``count`` returns how many tokens a text has. Empty where not even one sentence fits.
    """
    texts = body(article)
    sizes = {t.segment.index: count(t.english) for t in texts}
    if sum(sizes.values()) <= room:
        return texts
    chosen: set[int] = set()
    left = room
    for translation in texts:
        size = sizes[translation.segment.index]
        if room - left + size > room * _LEADING:
            break
        chosen.add(translation.segment.index)
        left -= size
    best = ranking.summarise(article, bullets=_RANKED).bullets
    for index in (cite for bullet in best for cite in bullet.cites):
        if index not in chosen and sizes.get(index, left + 1) <= left:
            chosen.add(index)
            left -= sizes[index]
    return [t for t in texts if t.segment.index in chosen]


def excerpt_notes(article: TranslatedArticle, seen: Sequence[Translation]) -> tuple[str, ...]:
    """Return a note for readers where the model saw only a part of ``body``; else none."""
    total = len(body(article))
    if len(seen) == total:
        return ()
    return (f"The model saw {len(seen)} of the article's {total} sentences.",)
