"""The figures of a comparison of engines: a table, ratios, and the engine to choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from toolkit.translators.choice import CTRANSLATE2, TORCH

STOCK = "ctranslate2-stock"
# The engines that ``--engine`` can name, by the name of their row.
_PRODUCT = {"torch-english": TORCH, "ctranslate2-english": CTRANSLATE2}


@dataclass(frozen=True, slots=True)
class BenchRow:
    """The figures of one engine, a row of the table.

    ``ratio`` is to the row ``ctranslate2-stock`` with the same beam, None where that was not
    measured. ``batch`` None is the engine's own limit. ``tried`` are pairs of a batch size and its
    tokens per second on sentences of middle length, ``rounds`` the tokens per second of each round.
    ``device_mb`` is the GPU's memory. An engine that ``failed`` for want of memory has no figures.
    """

    name: str
    engine: str
    precision: str
    beam: int
    batch: int | None
    tokens_per_second: float
    sentences_per_second: float
    peak_mb: float
    first_sentence_s: float
    ratio: float | None = None
    sentences: int = 0
    device_mb: float | None = None
    rounds: tuple[float, ...] = ()
    tried: tuple[tuple[int, float], ...] = ()
    failed: bool = False


@dataclass(frozen=True, slots=True)
class BenchReport:
    """The rows of a comparison, with the machine and the workload they were measured on."""

    machine: str
    threads: int
    workload: str
    rows: tuple[BenchRow, ...]
    device: str = "cpu"
    versions: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def as_text(report: BenchReport) -> str:
    """Write the table for people, with the fastest engine for each beam."""
    head = ("engine", "precision", "beam", "batch", "rows", "tokens/s", "sentences/s", "peak MB",
            "GPU MB", "first s", "ratio")  # fmt: skip
    lines: list[tuple[str, ...]] = [head]
    for row in report.rows:
        lines.append(
            (row.name, row.precision, str(row.beam), str(row.batch or "own"), str(row.sentences),
             *(["failed", *[""] * 5] if row.failed else [
             f"{row.tokens_per_second:.0f}", f"{row.sentences_per_second:.1f}",
             f"{row.peak_mb:.0f}", "" if row.device_mb is None else f"{row.device_mb:.0f}",
             f"{row.first_sentence_s:.1f}", "" if row.ratio is None else f"{row.ratio:.2f}"]))
        )  # fmt: skip
    columns = [c for c in zip(*lines, strict=True) if any(c[1:])]
    widths = [max(map(len, column)) for column in columns]
    table = [
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in zip(*columns, strict=True)
    ]
    device = "" if report.device == "cpu" else f", {report.device}"
    about = f"{report.machine}, {report.threads} threads{device}. {report.workload}."
    return "\n".join([about, "", *table, "", *_advice(report.rows)])


def _advice(rows: Sequence[BenchRow]) -> list[str]:
    """Name the fastest engine for each beam."""
    rows, lines = [row for row in rows if not row.failed], []
    for beam in dict.fromkeys(row.beam for row in rows):
        best = max((r for r in rows if r.beam == beam), key=lambda r: r.tokens_per_second)
        lines.append(f"Fastest with beam {beam}: {best.name} ({best.engine}, {best.precision}).")
    return lines


def best_engine(report: BenchReport, beam: int) -> str | None:
    """Return the fastest engine that the setting ``engine`` can name, for runs with ``beam``.

    Rows with that beam decide or, without any, all rows. None where fewer than two such engines
    were measured.
    """
    rows = [row for row in report.rows if row.name in _PRODUCT and not row.failed]
    rows = [row for row in rows if row.beam == beam] or rows
    if len({row.name for row in rows}) < 2:
        return None
    return _PRODUCT[max(rows, key=lambda row: row.tokens_per_second).name]


def with_ratios(rows: Sequence[BenchRow]) -> list[BenchRow]:
    """Return each row with its speed relative to ``ctranslate2-stock`` at the same beam."""
    stock = {r.beam: r.tokens_per_second for r in rows if r.name == STOCK and not r.failed}
    speeds = [(row, None if row.failed else stock.get(row.beam)) for row in rows]
    return [replace(row, ratio=s and row.tokens_per_second / s) for row, s in speeds]
