"""Scores against references, through the command line and with the demo checkpoint."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolkit.bench.evaluation import Pair, evaluate, read_reference
from toolkit.cli.commands import main
from toolkit.data import Hypothesis
from toolkit.errors import InputError

REFERENCE = Path(__file__).parents[2] / "tools" / "demo" / "reference.tsv"


class Parrot:
    signature = "parrot"
    notice = ""

    def translate(self, texts: list[str], *, source: str, target: str) -> list[Hypothesis]:
        return [Hypothesis(text) for text in texts]


def test_a_perfect_translation_scores_100_and_another_less() -> None:
    pairs = [
        Pair("fra_Latn", "the cat sat on the mat today", "the cat sat on the mat today"),
        Pair("deu_Latn", "a wholly different sentence", "the cat sat on the mat today"),
    ]
    french, german = evaluate(pairs, Parrot(), target="eng_Latn")
    assert (french.language, french.rows, french.chrf, french.bleu) == ("fra_Latn", 1, 100, 100)
    assert german.chrf < 30
    assert "chrF2++" in french.signature or "nw:2" in french.signature


def test_the_demo_is_scored_per_language(tmp_path: Path) -> None:
    lines = REFERENCE.read_text(encoding="utf-8").splitlines()
    arabic = [lines[0], *(line for line in lines if line.startswith("003"))]
    few = tmp_path / "few.tsv"
    few.write_text("\n".join(arabic), encoding="utf-8")
    done = CliRunner().invoke(
        main, ["evaluate", "--reference", str(few), "--model", "demo", "--json"]
    )
    assert done.exit_code == 0
    score = json.loads(done.stdout)
    assert (score["language"], score["rows"]) == ("arb_Arab", len(arabic) - 3)
    assert score["chrf"] > 90
    assert "demo checkpoint" in done.stderr


@pytest.mark.parametrize("text", ["", "one\ttwo\n1\t2\n", "no tabs at all\n"])
def test_what_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"bad\.tsv"):
        read_reference(path)


def test_a_table_that_a_program_quoted_is_read_as_it_was_meant() -> None:
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file, delimiter="\t") if r["kind"] != "boilerplate"]
    pairs = read_reference(REFERENCE, language="hin_Deva")
    assert [(p.source, p.reference) for p in pairs] == [(r["source"], r["english"]) for r in rows]


def test_quotation_marks_and_long_cells_keep_to_their_row(tmp_path: Path) -> None:
    path = tmp_path / "quotes.tsv"
    rows = [
        ('"Wir kommen", sagte er.', '"We come," he said.'),
        ('"Wir bleiben.', '"We stay.'),
        ("eins\u2028zwei", "one\u2028two"),
        ('"Ja," sagt "sie"', '"Yes," says "she"'),
        ("lang " * 40_000 + "x", "long"),
    ]
    lines = ["source\tenglish", *("\t".join(row) for row in rows)]
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    pairs = read_reference(path, language="deu_Latn")
    assert [(p.source, p.reference) for p in pairs] == rows


@pytest.mark.parametrize("row", ["only one", "one\ttwo\tthree"])
def test_a_row_of_another_length_is_refused_by_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text(f"source\tenglish\neins\tone\n\n{row}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"bad\.tsv:4: "):
        read_reference(path, language="deu_Latn")


CHECKED = """source\tenglish\tlanguage
Er kommt heute nicht.\tHe is coming today.\tdeu_Latn
Es kamen 25 Gäste.\tThere were 25 guests.\tdeu_Latn
Il est mort en 1998.\tHe died in 1989.\tfra_Latn
Elle habite à Paris.\tShe lives in Paris.\tspa_Latn
"""


def test_what_the_checks_find_is_counted_by_language_the_worst_first(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text(CHECKED, encoding="utf-8")
    done = CliRunner().invoke(main, ["evaluate", "--reference", str(path), "--checks", "--json"])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["language"], row["rows"], row["flagged"], row["flags"]) for row in rows] == [
        ("fra_Latn", 1, 1, {"numbers": 1}),
        ("deu_Latn", 2, 1, {"negation": 1}),
        ("spa_Latn", 1, 0, {}),
    ]
    shown = CliRunner().invoke(main, ["evaluate", "--reference", str(path), "--checks"])
    assert "deu_Latn        2    50.0%  negation 1" in shown.stdout
