"""Format the output of commands: text for people, JSON for programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.cli.console import for_terminal
from toolkit.data import Brief, TranslatedArticle, Translation
from toolkit.languages import ENGLISH
from toolkit.languages.codes import Language
from toolkit.runs.records import article_record, json_line

if TYPE_CHECKING:
    from toolkit.bench.evaluation import CheckRate, Score
    from toolkit.cli.tonight import Finding
    from toolkit.documents.translation import Outcome


# The chance below which a difference is marked, by custom.
_SIGNIFICANT = 0.05


def article_text(articles: Sequence[TranslatedArticle]) -> str:
    """Return the English alone: a line a paragraph, a blank line between them."""
    pages = []
    for article in articles:
        lines = [" ".join(t.english for t in rows) for rows in _paragraphs(article)]
        pages.append("\n\n".join(lines))
    return for_terminal("\n\n\n".join(pages)) + "\n" if pages else ""


def article_jsonl(articles: Sequence[TranslatedArticle]) -> str:
    """Return the lines of ``articles.jsonl``."""
    return "".join(json_line(article_record(a)) for a in articles)


def side_by_side(articles: Sequence[TranslatedArticle]) -> str:
    """Return each sentence over its English, with its warnings."""
    lines: list[str] = []
    for article in articles:
        lines += [f"# {article.source} ({article.language})", ""]
        for row in article.translations:
            marks = ["corrected"] * row.corrected + list(row.flags)
            warning = f"   [{', '.join(marks)}]" if marks else ""
            lines += [row.segment.text, f"{row.english}{warning}", ""]
    return for_terminal("\n".join(lines)) + "\n" if lines else ""


def doubts(articles: Sequence[TranslatedArticle]) -> list[str]:
    """Return a line for each article whose language is in doubt."""
    found = ((a.source, a.prepared.language_doubt) for a in articles)
    return [
        f"{source}: {doubt}; name its language with --from." for source, doubt in found if doubt
    ]


def losses(articles: Sequence[TranslatedArticle]) -> list[str]:
    """Return a line for each article with warnings or dropped lines, which plain text does not
    show."""
    lines = []
    for article in articles:
        flagged = sum(row.doubtful for row in article.translations)
        dropped = len(article.prepared.dropped)
        found = [f"{flagged} sentences with a warning"] if flagged else []
        found += [f"{dropped} lines dropped as not part of the article"] if dropped else []
        if found:
            shown = "--format side-by-side" if flagged else "--format jsonl"
            lines.append(f"{article.source}: {', '.join(found)}; {shown} shows them.")
    return lines


def summary(outcome: Outcome, *, written: bool) -> str:
    """Return a line on what was done with a file."""
    task, doubtful, moved = outcome.task, outcome.doubtful, outcome.moved
    parts = [_count(outcome.sentences, "sentence"), f"{doubtful} with a warning"]
    if moved:
        parts.append(f"{_count(moved, 'mark')} put at the end of the sentence")
    if outcome.sentences and outcome.language == ENGLISH and task.tag == "en":
        parts = [f"{parts[0]}, in English already"]
    return f"{task.target if written else task.source}: {', '.join(parts)}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + "s" * (number != 1)


def _paragraphs(article: TranslatedArticle) -> list[list[Translation]]:
    key: Callable[[Translation], int] = lambda t: t.segment.paragraph  # noqa: E731
    return [list(rows) for _, rows in groupby(article.translations, key=key)]


FORMATS: dict[str, Callable[[Sequence[TranslatedArticle]], str]] = {
    "text": article_text,
    "jsonl": article_jsonl,
    "side-by-side": side_by_side,
}


def briefs_text(briefs: Sequence[Brief]) -> str:
    """Return headline and bullets, the numbers of the cited sentences in brackets (from 1)."""
    blocks = []
    for brief in briefs:
        bullets = [
            f"- {bullet.text} [{', '.join(str(i + 1) for i in bullet.cites)}]"
            for bullet in brief.bullets
        ]
        blocks.append("\n".join([brief.headline, *bullets]))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def briefs_json(briefs: Sequence[Brief]) -> str:
    """Return one JSON object a brief and line; ``cites`` are segment indices from 0."""
    return rows_json(briefs)


def languages_text(found: Sequence[Language]) -> str:
    """Return a line a language: code, tag, name, autonym."""
    return "".join(f"{x.code:<9} {x.bcp47:<8} {x.name:<32} {x.autonym}\n" for x in found)


def languages_json(found: Sequence[Language]) -> str:
    """Return one JSON object a language and line."""
    return rows_json(found)


def models_text(rows: Sequence[Any]) -> str:
    """Return a line a checkpoint."""
    lines = [
        f"{row.name:<6} {row.hub_id or '(in the package)':<36} {row.size:>8}  {row.licence:<16} "
        f"{row.location or 'not here: toolkit models fetch ' + row.name}"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def scores_text(scores: Sequence[Score]) -> str:
    """Return a line for each language and system, and how the scores were made: ± is half of the
    95 % interval, ``*`` a difference from the first system with p < .05."""
    several = len({score.system for score in scores}) > 1
    width = max([6, *(len(score.system) for score in scores)])
    names = f"{'language':<10} " + (f"{'system':<{width}} " if several else "")
    lines = [f"{names}{'rows':>6} {'chrF++':>12} {'BLEU':>12} {'TER':>12} {'flagged':>8}"]
    for score in scores:
        named = f"{score.language or 'all':<10} " + (f"{score.system:<{width}} " * several)
        measures = " ".join(f"{_measure(score, name):>12}" for name in ("chrf", "bleu", "ter"))
        comet = "" if score.comet is None else f"  COMET {score.comet:.4f}"
        lines.append(f"{named}{score.rows:>6} {measures} {score.flagged:>8}{comet}")
    signatures = dict.fromkeys(score.signature for score in scores)
    others = {sign for s in scores for sign in list((s.signatures or {}).values())[1:]}
    return for_terminal("\n".join([*lines, *signatures, *sorted(others)])) + "\n"


def _measure(score: Score, name: str) -> str:
    half, chance = (score.ci or {}).get(name), (score.p or {}).get(name)
    star = "*" if chance is not None and chance < _SIGNIFICANT else " " * (score.p is not None)
    return f"{getattr(score, name):.1f}" + ("" if half is None else f" ±{half:.1f}{star}")


def rates_text(rates: Sequence[CheckRate]) -> str:
    """Return a line a language: how many sentences the checks flag, and for what."""
    lines = [f"{'language':<10} {'rows':>6} {'flagged':>8}  flags"]
    for rate in rates:
        flags = ", ".join(f"{flag} {count}" for flag, count in rate.flags.items())
        lines.append(f"{rate.language:<10} {rate.rows:>6} {rate.share:>8.1%}  {flags}".rstrip())
    return "\n".join(lines) + "\n"


def findings_text(findings: Sequence[Finding]) -> str:
    """Return a line a finding."""
    marks = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}
    return "".join(f"{marks[f.state]}  {f.name:<12} {f.detail}\n" for f in findings)


def rows_json(rows: Sequence[Any]) -> str:
    """Return dataclasses as JSON, one a line."""
    return "".join(f"{row_json(row)}\n" for row in rows)


def row_json(row: Any) -> str:
    """Return one dataclass as JSON on one line."""
    return json.dumps(dataclasses.asdict(row), ensure_ascii=False, default=_as_text)


def _as_text(value: object) -> str:
    return str(value) if isinstance(value, Path) else repr(value)
