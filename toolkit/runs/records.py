"""Writes translated articles as the lines of ``articles.jsonl``, and reads them back."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolkit.data import Article, Dropped, PreparedArticle, Segment, TranslatedArticle

log = logging.getLogger(__name__)


def json_line(record: dict[str, Any]) -> str:
    """Return ``record`` as one line of JSON that can be encoded as UTF-8."""
    # Lone surrogates, legal in JSON escapes, cannot be.
    line = json.dumps(record, ensure_ascii=False)
    return line.encode("utf-8", "replace").decode("utf-8") + "\n"


def article_record(article: TranslatedArticle) -> dict[str, Any]:
    """Return one article as it is written to ``articles.jsonl``."""
    prepared = article.prepared
    return {
        "id": article.id,
        "source": article.source,
        "publisher": prepared.article.publisher,
        "language": article.language,
        "language_doubt": prepared.language_doubt,
        "title": article.title,
        "original_title": article.original_title,
        "author": prepared.author,
        "published": prepared.article.published,
        "segments": [
            {
                "index": t.segment.index,
                "paragraph": t.segment.paragraph,
                "line": t.segment.line,
                "kind": t.segment.kind,
                "source": t.segment.text,
                "english": t.english,
                "flags": list(t.flags),
                "score": None if t.score is None else round(t.score, 4),
                "corrected": t.corrected,
            }
            for t in article.translations
        ],
        "dropped": [{"line": d.line, "text": d.text, "reason": d.reason} for d in prepared.dropped],
    }


def records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the articles of an ``articles.jsonl``; damaged lines are logged and passed over."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                prepared_article(record)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                log.warning("%s:%d: passed over (%s)", path, number, error)
                continue
            yield record


def prepared_article(record: dict[str, Any]) -> PreparedArticle:
    """Return the article of ``record`` as it was before it was translated, but for the body's text,
    which is the segments and nothing else. Raises what a damaged record leads to."""
    segments = tuple(
        Segment(
            article_id=record["id"],
            index=row["index"],
            paragraph=row["paragraph"],
            text=row["source"],
            line=row["line"],
            kind=row["kind"],
        )
        for row in record["segments"]
    )
    article = Article(
        id=record["id"],
        source=record["source"],
        text="\n".join(segment.text for segment in segments),
        title=record["original_title"],
        language=record["language"],
        author=record["author"],
        published=record["published"],
        publisher=record["publisher"],
    )
    return PreparedArticle(
        article=article,
        language=record["language"],
        segments=segments,
        dropped=tuple(Dropped(d["line"], d["text"], d["reason"]) for d in record["dropped"]),
        title=record["original_title"],
        author=record["author"],
        language_doubt=record["language_doubt"],
    )
