"""Scores against references, through the command line and with the demo checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolkit.cli import main
from toolkit.data import Hypothesis
from toolkit.errors import InputError
from toolkit.evaluation import Pair, evaluate, read_reference

REFERENCE = Path(__file__).parent.parent / "tools" / "demo" / "reference.tsv"


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
