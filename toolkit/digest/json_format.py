"""Writes a digest as JSON; ``schema/digest.schema.json`` describes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from toolkit.data import (
    Citation,
    Digest,
    Failure,
    Spelling,
    Story,
    StoryBullet,
    TranslatedArticle,
    Watched,
)
from toolkit.digest.safe_text import storable


def to_json(digest: Digest) -> dict[str, Any]:
    """Return ``digest`` as the object of ``digest.json``.

    Texts are unchanged but for lone surrogates, which no file can hold (they become U+FFFD).
    """
    return {k: v if isinstance(v, str) else list(v) for k, v in _fields(digest).items()}


def json_parts(digest: Digest) -> Iterator[str]:
    """Yield ``to_json`` as indented text, in parts."""
    opening = "{\n"
    for name, value in _fields(digest).items():
        yield f"{opening}  {json.dumps(name)}: "
        if isinstance(value, str):
            yield json.dumps(value, ensure_ascii=False)
        else:
            empty = True
            for item in value:
                text = json.dumps(item, ensure_ascii=False, indent=2)
                yield ("[\n    " if empty else ",\n    ") + text.replace("\n", "\n    ")
                empty = False
            yield "[]" if empty else "\n  ]"
        opening = ",\n"
    yield "\n}\n"


def _fields(digest: Digest) -> dict[str, str | Iterator[Any]]:
    return {
        "date": digest.date.isoformat(),
        "signature": storable(digest.signature),
        "notices": map(storable, digest.notices),
        "articles": map(_article, digest.articles),
        "stories": map(_story, digest.stories),
        "spellings": map(_spelling, digest.spellings),
        "failures": map(_failure, digest.failures),
    }


def _article(article: TranslatedArticle) -> dict[str, Any]:
    title, original = article.title, article.original_title
    return {
        "id": article.id,
        "source": storable(article.source),
        "language": article.language,
        "title": None if title is None else storable(title),
        "original_title": None if original is None else storable(original),
    }


def _story(story: Story) -> dict[str, Any]:
    return {
        "headline": storable(story.headline),
        "bullets": [_bullet(b) for b in story.bullets],
        "articles": list(story.articles),
        "continues": None if story.continues is None else story.continues.isoformat(),
        "notes": [storable(n) for n in story.notes],
        "sources": [
            {
                "articles": list(source.articles),
                "publishers": source.publishers,
                "agency": storable(source.agency) or None,
            }
            for source in story.sources
        ],
        "why": [storable(reason) for reason in story.why],
        "section": storable(story.section),
        "place": storable(story.place),
        "before": storable(story.before) or None,
        "new": list(story.new),
        "watched": list(map(_watched, story.watched)),
        "muted": list(map(_watched, story.muted)),
        "disputed": [
            {
                "about": [storable(a) for a in dispute.about],
                "versions": [
                    {**_bullet(version), "later": place == dispute.latest}
                    for place, version in enumerate(dispute.versions)
                ],
            }
            for dispute in story.disputed
        ],
    }


def _bullet(bullet: StoryBullet) -> dict[str, Any]:
    return {"text": storable(bullet.text), "cites": _cites(bullet.cites)}


def _watched(found: Watched) -> dict[str, Any]:
    return {"term": storable(found.term), "cites": _cites(found.cites)}


def _cites(cites: Iterable[Citation]) -> list[dict[str, Any]]:
    return [{"article": c.article_id, "segments": list(c.segments)} for c in cites]


def _spelling(spelling: Spelling) -> dict[str, Any]:
    variants = zip(spelling.variants, spelling.articles, strict=True)
    return {
        "name": storable(spelling.name),
        "variants": [{"text": storable(text), "articles": list(ids)} for text, ids in variants],
        "by": spelling.by,
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "source": storable(failure.source),
        "stage": failure.stage,
        "reason": storable(failure.reason),
        "remedy": storable(failure.remedy),
    }
