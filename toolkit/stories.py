"""Briefs that report one event become one story."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from toolkit.data import Brief, Bullet, Citation, Story, StoryBullet, TranslatedArticle
from toolkit.similarity import Vector, cosine, terms

SAME_EVENT = 0.3
SAME_FACT = 0.6
MAX_BULLETS = 6


def group(briefs: Sequence[Brief], articles: Sequence[TranslatedArticle]) -> tuple[Story, ...]:
    """The stories of a day, largest first, then in the order of ``briefs``.

    Every brief is in exactly one story; ``articles`` holds at least the briefs' articles.
    """
    texts = {a.id: " ".join(t.english for t in a.translations) for a in articles}
    vectors = _vectors([terms(texts.get(b.article_id, "")) for b in briefs])
    members: list[list[int]] = []
    for i, vector in enumerate(vectors):
        best, likeness = None, SAME_EVENT
        for cluster in members:
            mean = sum(cosine(vector, vectors[j]) for j in cluster) / len(cluster)
            if mean >= likeness:
                best, likeness = cluster, mean
        if best is None:
            members.append([i])
        else:
            best.append(i)
    members.sort(key=lambda cluster: -len(cluster))
    return tuple(_story([briefs[i] for i in cluster]) for cluster in members)


def _vectors(documents: Sequence[Sequence[str]]) -> list[Vector]:
    counts = [Counter(document) for document in documents]
    spread = Counter(term for count in counts for term in count)
    return [_weigh(count, spread, len(documents)) for count in counts]


def _weigh(count: Mapping[str, int], spread: Mapping[str, int], documents: int) -> Vector:
    return {
        term: (1 + math.log(n)) * math.log(1 + (documents + 1) / spread[term])
        for term, n in count.items()
    }


def _story(briefs: Sequence[Brief]) -> Story:
    lead = briefs[0]
    rows: list[tuple[Bullet, str, Vector]] = []
    for brief in briefs:
        rows += [
            (bullet, brief.article_id, dict.fromkeys(terms(bullet.text), 1.0))
            for bullet in brief.bullets
        ]
    merged: list[tuple[StoryBullet, Vector]] = []
    for bullet, article_id, vector in rows:
        cite = Citation(article_id, bullet.cites)
        for at, (known, known_vector) in enumerate(merged):
            if cosine(vector, known_vector) >= SAME_FACT:
                merged[at] = (
                    StoryBullet(known.text, (*known.cites, cite)),
                    known_vector,
                )
                break
        else:
            merged.append((StoryBullet(bullet.text, (cite,)), vector))
    return Story(
        headline=lead.headline,
        bullets=tuple(bullet for bullet, _ in merged[:MAX_BULLETS]),
        articles=tuple(brief.article_id for brief in briefs),
    )
