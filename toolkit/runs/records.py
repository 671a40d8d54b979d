"""Writes translated articles as the lines of ``articles.jsonl``, and reads them back."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from toolkit.data import (
    ARTICLE_COLUMNS,
    Article,
    Dropped,
    PreparedArticle,
    Segment,
    TranslatedArticle,
    article_features,
)
from toolkit.storage import whole

log = logging.getLogger(__name__)

# Articles of a row group of ``articles.parquet``, some 6 MB of text.
_GROUP = 200
# How ``datasets`` learns the types of the columns, which values that are absent do not tell: with
# this in ``outputs/README.md``, ``load_dataset("outputs")`` has all days. ``latest`` is none.
_CARD = """\
---
configs:
- config_name: default
  data_files: "[0-9]*/articles.jsonl"
dataset_info:
  features:
{columns}
---

Runs write here, one folder a day (`2026-11-21/`), with `latest` pointing to the newest.
All days are one data set: `datasets.load_dataset(FOLDER, split="train")`, this one's path.
"""


def card() -> str:
    """Return the description of the folder ``outputs``, for people and for ``datasets``."""
    return _CARD.format(columns="\n".join(_described(ARTICLE_COLUMNS)))


def _described(columns: dict[str, Any]) -> Iterator[str]:
    for name, kind in columns.items():
        yield f"  - name: {name}"
        match kind:
            case [dict(parts)]:
                yield "    list:"
                yield from (f"  {line}" for line in _described(parts))
            case [str(part)]:
                yield f"    list: {part}"
            case _:
                yield f"    dtype: {kind}"


def write_parquet(articles: Path, target: Path) -> None:
    """Write the articles of an ``articles.jsonl`` to ``target`` as Parquet, some at a time."""
    import pyarrow
    from pyarrow import parquet

    schema = article_features().arrow_schema
    with whole(target) as made, parquet.ParquetWriter(made, schema) as writer:
        rows = records(articles)
        while group := list(islice(rows, _GROUP)):
            writer.write_table(pyarrow.Table.from_pylist(group, schema=schema))


def json_line(record: dict[str, Any]) -> str:
    """Return ``record`` as one line of JSON that can be encoded as UTF-8."""
    # Lone surrogates, legal in JSON escapes, cannot be.
    line = json.dumps(record, ensure_ascii=False)
    return line.encode("utf-8", "replace").decode("utf-8") + "\n"


def article_record(article: TranslatedArticle) -> dict[str, Any]:
    """Return one article as it is written to ``articles.jsonl``: with an empty string for what is
    absent, since readers take the type of a column from its values."""
    prepared = article.prepared
    return {
        "id": article.id,
        "source": article.source,
        "publisher": prepared.article.publisher or "",
        "language": article.language,
        "language_doubt": prepared.language_doubt,
        "title": article.title or "",
        "original_title": article.original_title or "",
        "author": prepared.author or "",
        "published": prepared.article.published or "",
        "segments": [
            {
                "index": t.segment.index,
                "paragraph": t.segment.paragraph,
                "line": t.segment.line,
                "kind": t.segment.kind,
                "source": t.segment.text,
                "english": t.english,
                "flags": list(t.flags),
                "score": round(t.score or 0.0, 4),  # 0 where no model was asked
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
        title=record["original_title"] or None,
        language=record["language"],
        author=record["author"] or None,
        published=record["published"] or None,
        publisher=record["publisher"] or None,
    )
    return PreparedArticle(
        article=article,
        language=record["language"],
        segments=segments,
        dropped=tuple(Dropped(d["line"], d["text"], d["reason"]) for d in record["dropped"]),
        title=record["original_title"] or None,
        author=record["author"] or None,
        language_doubt=record["language_doubt"],
    )
