"""Writes the report of an evaluation: one self-contained page with plots, without a script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest
from html import escape

from toolkit.bench.evaluation import Evaluation, Score, Sentence
from toolkit.data import as_html
from toolkit.digest.render import style
from toolkit.digest.safe_text import clean
from toolkit.digest.sandbox import environment
from toolkit.languages import codes
from toolkit.version import VERSION

# Widths and heights of the plots, in the units of their viewBox.
_LEFT, _WIDTH, _AFTER = 150, 720, 40
_BAR, _GAP, _GROUP, _AXIS = 18, 6, 26, 20
# Characters of a system's name beside its bar.
_NAME = 22
# Sentences of each system that are shown.
_LOWEST = 10
_METRICS = (
    ("chrf", "chrF++", "higher is better"),
    ("bleu", "BLEU", "higher is better"),
    ("ter", "TER", "lower is better"),
)
_CSS = """
figure { margin: 1.2rem 0; overflow-x: auto; }
figcaption { font: 0.9rem/1.5 var(--sans); margin-bottom: 0.4rem; }
svg { width: 100%; min-width: 34rem; height: auto; font: 12px var(--sans); }
svg text { fill: var(--ink); }
.grid { stroke: var(--rule); }
.tick { text-anchor: middle; fill: var(--soft); font-size: 10px; }
.system { text-anchor: end; }
.group { font-weight: 600; }
.bar { fill: var(--accent); }
.s1 { fill: var(--warn-rule); }
.s2 { fill: var(--soft); }
.s3 { fill: var(--rule); stroke: var(--ink); }
.interval { stroke: var(--ink); fill: none; stroke-width: 1.5; }
.value { font-variant-numeric: tabular-nums; }
.soft { color: var(--soft); white-space: nowrap; }
.wide { overflow-x: auto; margin: 1.2rem 0; }
table { border-collapse: collapse; width: 100%; font: 0.875rem/1.5 var(--sans); }
caption { text-align: start; color: var(--soft); margin-bottom: 0.5rem; }
th, td { text-align: start; vertical-align: top; overflow-wrap: normal; }
th, td { padding: 0.3rem 0.7rem 0.3rem 0; border-bottom: 1px solid var(--rule); }
td { font-variant-numeric: tabular-nums; }
td:last-child { min-width: 14rem; }
.case { margin: 0.8rem 0; padding-inline-start: 0.9rem; }
.case { border-inline-start: 2px solid var(--rule); }
details, footer { margin-top: 1rem; font-size: 0.95rem; }
footer { color: var(--soft); font: 0.8125rem/1.5 var(--sans); }
"""


@dataclass(frozen=True, slots=True)
class _Bar:
    name: str
    group: str
    system: int
    y: int
    width: float
    value: str
    end: float
    low: float | None
    high: float | None


def register() -> None:
    """Let a notebook show an evaluation by its report."""
    as_html.register(Evaluation, _shown)


def page(evaluation: Evaluation) -> str:
    """Return the report as one page of HTML, which loads nothing."""
    from markupsafe import Markup

    jinja = environment(None, {"line": clean})
    css, css_hash = style(jinja, _CSS)
    scores = evaluation.scores
    systems = list(dict.fromkeys(score.system for score in scores))
    languages = dict.fromkeys(score.language for score in scores)
    names = {code: _language(code) for code in languages}
    signatures = {m: sign for s in scores[:1] for m, sign in (s.signatures or {}).items()}
    return jinja.get_template("evaluation.html.j2").render(
        **{"css": Markup(css), "css_hash": css_hash, "version": VERSION, "scores": scores},
        **{"systems": systems, "languages": list(languages), "names": names},
        rows=sum(score.rows for score in scores if score.system == systems[0]) if scores else 0,
        comet=any(score.comet is not None for score in scores),
        plots=[
            {"name": name, "better": better, "left": _LEFT, **_plot(scores, metric, names, systems)}
            for metric, name, better in _METRICS
        ],
        lowest=[(system, _lowest(evaluation.sentences, system)) for system in systems],
        notes=[
            *(f"{name}: {signatures[m]}" for m, name, _ in _METRICS if m in signatures),
            *dict.fromkeys(f"{s.system}: {s.signature.partition(' | ')[2]}" for s in scores),
            *evaluation.notes,
        ],
    )


def _language(code: str) -> str:
    return codes.resolve(code).name if code else "all"


def _lowest(sentences: Sequence[Sentence], system: str) -> list[Sentence]:
    mine = (sentence for sentence in sentences if sentence.system == system)
    return nsmallest(_LOWEST, mine, key=lambda sentence: sentence.chrf)


def _plot(
    scores: Sequence[Score], metric: str, names: dict[str, str], systems: list[str]
) -> dict[str, object]:
    """Return the bars of one metric, and the ticks of its axis."""
    half = [(s.ci or {}).get(metric) for s in scores]
    most = max(
        (getattr(s, metric) + (h or 0) for s, h in zip(scores, half, strict=True)), default=1
    )
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if most <= 10 * step)
    top = step * max(math.ceil(most / step), 1)
    scale = (_WIDTH - _LEFT - _AFTER) / top

    bars: list[_Bar] = []
    y, before = 0, None
    for score, interval in zip(scores, half, strict=True):
        first = score.language != before
        y += _GROUP if first else 0
        value = getattr(score, metric)
        low, high = (
            (None, None)
            if interval is None
            else (_LEFT + max(value - interval, 0) * scale, _LEFT + (value + interval) * scale)
        )
        name = score.system if len(score.system) <= _NAME else score.system[: _NAME - 1] + "…"
        bars.append(
            _Bar(
                name=clean(name),
                group=names[score.language] if first else "",
                system=systems.index(score.system),
                y=y,
                width=value * scale,
                value=f"{value:.1f}",
                end=max(_LEFT + value * scale, high or 0),
                low=low,
                high=high,
            )
        )
        y, before = y + _BAR + _GAP, score.language
    ticks = [{"x": _LEFT + n * scale, "label": f"{n:g}"} for n in range(0, top + 1, step)]
    return {"bars": bars, "ticks": ticks, "width": _WIDTH, "height": y + _AXIS}


def _shown(evaluation: Evaluation) -> str:
    return (
        f'<iframe title="Evaluation" srcdoc="{escape(page(evaluation))}" sandbox="" '
        'style="width:100%;height:40rem;border:1px solid rgba(128,128,128,.4)"></iframe>'
    )
