"""Shows the values of ``toolkit.data`` in a notebook.

Styles are attributes, so that none applies to the rest of the notebook; a digest is its page in a
frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from html import escape
from itertools import islice

from toolkit.data import (
    Article,
    Brief,
    Digest,
    Failure,
    RunResult,
    Shown,
    Story,
    TranslatedArticle,
    as_html,
)
from toolkit.digest import render
from toolkit.digest.safe_text import clean
from toolkit.digest.sources import language_label
from toolkit.digest.wording import source_name

# Characters of an article that are shown.
_EXCERPT = 600
# Rows of a table that are shown.
_ROWS = 200
_LEFT = 'style="text-align:start;vertical-align:top"'
_BOX = "max-width:44rem;padding:.2rem 0 .6rem;line-height:1.5;overflow-wrap:anywhere"
_SOFT = "opacity:.75;font-size:.9em;margin:.2rem 0"


def register() -> None:
    """Register the views of this module with ``toolkit.data.as_html``."""
    as_html.register(Shown, record)
    as_html.register(Article, article)
    as_html.register(TranslatedArticle, translated_article)
    as_html.register(Story, story)
    as_html.register(Brief, brief)
    as_html.register(Digest, digest)
    as_html.register(RunResult, run_result)


def article(value: Article) -> str:
    """Return the title, the source and the beginning of the text, in its own direction."""
    language = language_label(value.language)
    facts = [source_name(value.source, value.publisher), language.name if value.language else ""]
    facts += [value.author or "", value.published or "", f"{len(value.text):,} characters"]
    attributes = f'lang="{_text(language.tag)}" dir="{language.direction}"'
    title = f"<p {attributes}><strong>{_text(value.title)}</strong></p>" if value.title else ""
    more = " …" if len(value.text) > _EXCERPT else ""
    return (
        f'<div style="{_BOX}">{title}<p style="{_SOFT}">{_facts(facts)}</p>'
        f"<p {attributes}>{_text(value.text[:_EXCERPT])}{more}</p></div>"
    )


def brief(value: Brief) -> str:
    """Return the headline and the bullets, with the numbers of the sentences that each cites."""
    bullets = "".join(
        f'<li dir="auto">{_text(b.text)} <span style="{_SOFT}">[{_numbers(b.cites)}]</span></li>'
        for b in value.bullets
    )
    notes = "".join(f'<p style="{_SOFT}">{_text(note)}</p>' for note in value.notes)
    return (
        f'<div style="{_BOX}"><p dir="auto"><strong>{_text(value.headline)}</strong></p>'
        f"<ul>{bullets}</ul>{notes}</div>"
    )


def translated_article(value: TranslatedArticle) -> str:
    """Return each sentence beside its English, with its number and its warnings."""
    tag, direction = (label := language_label(value.language)).tag, label.direction
    rows = "".join(
        f'<tr><td {_LEFT}>{t.segment.index + 1}</td><td {_LEFT} lang="{_text(tag)}" '
        f'dir="{direction}">{_text(t.segment.text)}</td><td {_LEFT}>{_text(t.english)}</td>'
        f"<td {_LEFT}>{_text(', '.join(t.flags))}</td></tr>"
        for t in value.translations[:_ROWS]
    )
    more = _more(len(value.translations) - _ROWS)
    facts = [value.source, label.name, f"{len(value.translations)} sentences"]
    return f'<p style="{_SOFT}">{_facts(facts)}</p><table>{rows}</table>{more}'


def story(value: Story) -> str:
    """Return the headline and the bullets, with how many articles report each, and why it stands
    where it does."""
    bullets = "".join(
        f'<li dir="auto">{_text(b.text)} '
        f'<span style="{_SOFT}">[{_articles(len(b.cites))}]</span></li>'
        for b in value.bullets
    )
    notes = [_articles(len(value.articles)), value.section, value.place, *value.why, *value.notes]
    return (
        f'<div style="{_BOX}"><p dir="auto"><strong>{_text(value.headline)}</strong></p>'
        f'<ul>{bullets}</ul><p style="{_SOFT}">{_facts(notes)}</p></div>'
    )


def record(value: object) -> str:
    """Return the fields of any other value; those that hold records are tables."""
    facts, tables = [], []
    for field in fields(value):  # type: ignore[arg-type]  # only dataclasses are registered
        held = getattr(value, field.name)
        name = f'<th scope="row" {_LEFT}>{_text(field.name)}</th>'
        if isinstance(held, Sequence) and held and is_dataclass(held[0]):
            tables.append(f"<p><strong>{_text(field.name)}</strong></p>{_table(held)}")
        else:
            facts.append(f"<tr>{name}{_cell(held)}</tr>")
    return f'<div style="{_BOX}"><table>{"".join(facts)}</table>{"".join(tables)}</div>'


def _table(rows: Sequence[object]) -> str:
    names = [field.name for field in fields(rows[0])]  # type: ignore[arg-type]
    head = "".join(f"<th {_LEFT}>{_text(name)}</th>" for name in names)
    body = "".join(
        f"<tr>{''.join(_cell(getattr(row, name)) for name in names)}</tr>"
        for row in islice(rows, _ROWS)
    )
    return f"<table><tr>{head}</tr>{body}</table>{_more(len(rows) - _ROWS)}"


def _cell(value: object) -> str:
    if isinstance(value, tuple) and not any(map(is_dataclass, value)):
        value = ", ".join(map(str, value))
    shown = "" if value is None else str(value)
    return f'<td {_LEFT} dir="auto">{_text(shown[:_EXCERPT])}{" …" * (len(shown) > _EXCERPT)}</td>'


def _more(left: int) -> str:
    return f'<p style="{_SOFT}">… and {left} more</p>' if left > 0 else ""


def _articles(number: int) -> str:
    return f"{number} article{'s' * (number != 1)}"


def digest(value: Digest) -> str:
    """Return the page in a frame in which no script can run."""
    return (
        f'<iframe title="Morning briefing, {value.date.isoformat()}" srcdoc="'
        f'{escape(render.html(value))}" sandbox="allow-popups allow-popups-to-escape-sandbox" '
        'style="width:100%;height:40rem;border:1px solid rgba(128,128,128,.4)"></iframe>'
    )


def run_result(value: RunResult) -> str:
    """Return counts, times, files and failures of the run, and its digest."""
    rows = [(name.replace("_", " "), f"{count:,}") for name, count in value.counts.items()]
    rows += [(f"{stage}, seconds", f"{seconds:.1f}") for stage, seconds in value.timings.items()]
    rows += [(f"{name} file", str(path)) for name, path in value.paths.items()]
    table = "".join(
        f'<tr><th scope="row" style="text-align:left">{_text(name)}</th>'
        f'<td style="text-align:left">{_text(shown)}</td></tr>'
        for name, shown in rows
    )
    failed = "".join(f"<li>{_failure(f)}</li>" for f in value.failures)
    missed = f"<p><strong>Not processed</strong></p><ul>{failed}</ul>" if failed else ""
    return f'<div style="{_BOX}"><table>{table}</table>{missed}</div>{digest(value.digest)}'


def _failure(value: Failure) -> str:
    remedy = f" {_text(value.remedy)}" if value.remedy else ""
    return f"{_text(value.source)}: {_text(value.reason)} ({value.stage}).{remedy}"


def _numbers(segments: tuple[int, ...]) -> str:
    numbers = ", ".join(str(index + 1) for index in segments)
    return f"sentence{'s' if len(segments) > 1 else ''} {numbers}"


def _facts(facts: list[str]) -> str:
    return " · ".join(f"<bdi>{_text(fact)}</bdi>" for fact in facts if fact)


def _text(text: str) -> str:
    return escape(clean(text))
