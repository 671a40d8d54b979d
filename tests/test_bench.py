"""The measuring: rows, ratios, the table, and one real run on a tiny checkpoint."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from toolkit import bench
from toolkit.bench import BenchReport, BenchRow, as_text, with_ratios, workload
from toolkit.translators.timing import END, Work, by_output, make_rows


def row(name: str, beam: int, speed: float) -> BenchRow:
    return BenchRow(name, "torch", "int8", beam, 192, speed, speed / 22, 900.0, 3.5)


REPORT = BenchReport(
    "x86_64 amx_int8",
    2,
    "512 sentences",
    tuple(
        with_ratios(
            [row(bench.STOCK, 1, 400), row("torch-english", 1, 1300), row("torch-english", 4, 200)]
        )
    ),
)


def test_ratios_are_to_the_stock_engine_with_the_same_beam() -> None:
    assert [r.ratio for r in REPORT.rows] == [1.0, 3.25, None]


def test_json_has_the_promised_fields() -> None:
    (first, *_) = json.loads(json.dumps(asdict(REPORT)))["rows"]
    assert list(first) == [
        "name", "engine", "precision", "beam", "batch", "tokens_per_second",
        "sentences_per_second", "peak_mb", "first_sentence_s", "ratio",
    ]  # fmt: skip


def test_the_table_says_what_to_use() -> None:
    text = as_text(REPORT)
    assert "3.25" in text
    assert "Fastest with beam 1: torch-english (torch, int8)." in text
    lines = [line for line in text.splitlines() if line.startswith(("engine ", "torch-", "ctr"))]
    assert len(lines) == 4
    assert len({line.index("  int8") for line in lines[1:]}) == 1


@pytest.mark.parametrize(("sentences", "share", "expected"), [(512, 1, 512), (512, 1 / 64, 8)])
def test_every_length_is_there_equally_often(sentences: int, share: float, expected: int) -> None:
    lengths = workload(sentences, share)
    assert len(lengths) == expected
    assert {lengths.count(length) for length in bench.LENGTHS} == {expected // len(bench.LENGTHS)}


def test_batches_hold_one_output_length() -> None:
    lengths = [(5, 4), (9, 8), (5, 4), (7, 8), (6, 4), (9, 8)]
    batches = by_output(lengths, 2)
    assert sorted(i for batch in batches for i in batch) == list(range(6))
    assert all(len({lengths[i][1] for i in batch}) == 1 for batch in batches)
    assert max(map(len, batches)) == 2


def test_all_engines_get_the_same_rows() -> None:
    lengths = workload(16, 1)
    works = [
        Work("torch", "int8", 1, 9, Path(), kept, lengths, 1, 0.0) for kept in (None, (1, 2, 9))
    ]
    rows = make_rows(works[0])
    assert rows == make_rows(works[1])
    assert [len(r) for r in rows] == [n for n, _ in lengths]
    assert all(r[-1] == END for r in rows)


def test_a_run_measures_each_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny checkpoint stands where the random one would be made."""
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    config = M2M100Config(
        vocab_size=256_206, d_model=16, encoder_layers=1, decoder_layers=1, encoder_ffn_dim=32,
        decoder_ffn_dim=32, encoder_attention_heads=2, decoder_attention_heads=2,
    )  # fmt: skip
    M2M100ForConditionalGeneration(config).save_pretrained(tmp_path / "checkpoint")
    monkeypatch.setattr(bench, "LENGTHS", ((5, 4), (6, 3)))
    names = ["transformers-single", bench.STOCK, "torch-english"]
    report = bench.run(beams=[2], sentences=16, rounds=1, names=names, folder=tmp_path, threads=1)
    assert [r.name for r in report.rows] == names
    for measured in report.rows:
        assert measured.tokens_per_second > 0
        assert measured.peak_mb > 50
        assert measured.first_sentence_s > 0.1
        assert measured.ratio is not None
    assert report.rows[1].ratio == 1
