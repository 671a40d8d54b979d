"""Scores against references, through the command line and with the demo checkpoint."""

from __future__ import annotations

import csv
import gzip
import html
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import html5lib
import pandas as pd
import pytest
from click.testing import CliRunner
from sacrebleu.metrics import CHRF

import toolkit
from toolkit.bench.evaluation import evaluate
from toolkit.bench.evaluation_page import page
from toolkit.bench.references import Pair, read_reference
from toolkit.cli.commands import main
from toolkit.config import Config
from toolkit.data import Hypothesis
from toolkit.errors import InputError, ToolkitError
from toolkit.testing import FakeTranslator

REFERENCE = Path(__file__).parents[2] / "tools" / "demo" / "reference.tsv"


ROWS = (
    ("Der Zug kam um acht Uhr an.", "The train arrived at eight o'clock."),
    ("Es regnet seit Montag.", "It has been raining since Monday."),
    ("Die Brücke bleibt geschlossen.", "The bridge remains closed."),
    ("Zwölf Menschen wurden verletzt.", "Twelve people were injured."),
    ("Der Minister trat nicht zurück.", "The minister did not resign."),
    ("Morgen wählt das Parlament.", "Parliament votes tomorrow."),
)
BETTER = (
    "The train arrived at eight.",
    "It is raining since Monday.",
    "The bridge remains closed.",
    "Twelve people have been injured.",
    "The minister did not resign.",
    "Tomorrow parliament votes.",
)
WORSE = (
    "Train came at eight clock on.",
    "It rains Monday.",
    "The bridge stays shut for all.",
    "12 humans hurt.",
    "The minister resigned.",
    "Elections tomorrow.",
)
SOURCES, ENGLISH = zip(*ROWS, strict=True)


def lines(path: Path, text: Sequence[str]) -> str:
    content = "".join(f"{line}\n" for line in text).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return str(path)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Sources, references and the output of two systems, a sentence a line."""
    return {
        "source": lines(tmp_path / "source.txt", SOURCES),
        "reference": lines(tmp_path / "reference.txt.gz", ENGLISH),
        "better": lines(tmp_path / "better.txt", BETTER),
        "worse": lines(tmp_path / "worse.txt.gz", WORSE),
    }


def scores(*arguments: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(main, ["evaluate", *arguments, "--json"])
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def by_sacrebleu(*arguments: str) -> str:
    """The output of the command, with 14 digits after the point."""
    command = [sys.executable, "-m", "sacrebleu", *arguments, "-w", "14"]
    metrics = ["-m", "chrf", "bleu", "ter", "--chrf-word-order", "2"]
    return subprocess.run([*command, *metrics], capture_output=True, text=True, check=True).stdout


def test_two_systems_have_the_numbers_of_sacrebleu_with_its_bootstrap(
    files: dict[str, str],
) -> None:
    given = ("--reference", files["reference"], "--source", files["source"])
    ours = scores(*given, "--hypothesis", files["better"], "--hypothesis", files["worse"])
    told = by_sacrebleu(
        files["reference"], "-i", files["better"], files["worse"], "--paired-bs", "-f", "text"
    )
    theirs = re.findall(r"([\d.]+) \([\d.]+ ± ([\d.]+)\)", told)
    wanted = [
        (f"{score[name]:.14f}", f"{score['ci'][name]:.14f}")
        for score in ours
        for name in ("chrf", "bleu", "ter")
    ]
    assert (theirs, len(theirs)) == (wanted, 6)
    chances = re.findall(r"p = ([\d.]+)", told)
    assert chances == [f"{ours[1]['p'][name]:.4f}" for name in ("chrf", "bleu", "ter")]
    for sign in ours[0]["signatures"].values():
        assert f"{sign}\n" in told
    assert "bs:1000|seed:12345" in ours[0]["signatures"]["ter"]


def test_one_system_has_the_numbers_of_sacrebleu_with_its_intervals(files: dict[str, str]) -> None:
    (ours,) = scores("--reference", files["reference"], "--hypothesis", files["worse"])
    told = json.loads(by_sacrebleu(files["reference"], "-i", files["worse"], "--confidence"))
    for name, theirs in zip(("bleu", "chrf", "ter"), told, strict=True):
        assert theirs["score"] == round(ours[name], 14)
        assert theirs["confidence_var"] == round(ours["ci"][name], 14)
        assert theirs["signature"] == ours["signatures"][name]
    assert (ours["language"], ours["flags"], ours["comet"]) == ("", {}, None)


def test_the_checks_are_counted_beside_the_scores(files: dict[str, str]) -> None:
    given = ("--source", files["source"], "--reference", files["reference"], "--from", "de")
    systems = ("--hypothesis", f"good={files['better']}", "--hypothesis", f"bad={files['worse']}")
    good, bad = scores(*given, *systems, "--resamples", "0")
    assert (good["system"], good["flagged"], good["rows"]) == ("good", 0, 6)
    assert bad["flags"]["negation"] == 1
    assert bad["ci"] == {}
    shown = CliRunner().invoke(main, ["evaluate", *given, *systems, "--resamples", "200"])
    (line,) = (line for line in shown.stdout.splitlines() if " bad " in line)
    assert line.startswith("deu_Latn   bad ")
    assert "*" in line
    assert "COMET" in shown.stderr


def test_settings_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "pairs.tsv"
    table.write_text("source\tenglish\n" + "".join(f"{s}\t{e}\n" for s, e in ROWS), "utf-8")
    by_beam = {4: BETTER, 1: WORSE}

    def load(config: Config, **others: Any) -> FakeTranslator:
        answers = dict(zip(SOURCES, by_beam[config.beam], strict=True))
        return FakeTranslator(answers, signature=f"b{config.beam}")

    monkeypatch.setattr("toolkit.bench.systems.load_configured", load)
    wide, greedy = scores("--reference", str(table), "--model", "demo", "--against", "beam=1")
    assert (wide["system"], greedy["system"]) == ("demo", "beam=1")
    assert greedy["signature"].endswith("| b1")
    assert greedy["chrf"] < wide["chrf"]
    assert greedy["p"]["chrf"] < 0.05


@pytest.mark.parametrize("kind", ["records", "frame", "dataset", "parquet", "jsonl", "csv", "disk"])
def test_references_come_from_every_kind_of_table(kind: str, tmp_path: Path) -> None:
    rows = [{"src": s, "reference": e, "language": "de"} for s, e in ROWS]
    rows.append({"src": "Ohne Vorlage.", "reference": None, "language": "de"})
    frame, data = pd.DataFrame(rows), datasets.Dataset.from_list(rows)
    frame.to_parquet(tmp_path / "rows.parquet")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    frame.to_json(tmp_path / "rows.jsonl", orient="records", lines=True)
    data.save_to_disk(tmp_path / "rows.disk")
    values = {"records": rows, "frame": frame, "dataset": data}
    table = values.get(kind, tmp_path / f"rows.{kind}")
    found = toolkit.evaluate(table, {"better": BETTER, "worse": pd.Series(WORSE)}, resamples=0)
    assert [(score.rows, score.language) for score in found.scores] == [(6, "deu_Latn")] * 2
    chrf = CHRF(word_order=2)
    alone = [chrf.corpus_score(list(lines), [list(ENGLISH)]).score for lines in (BETTER, WORSE)]
    assert found.to_pandas()["chrf"].tolist() == alone


def test_languages_are_scored_apart() -> None:
    pairs = [
        Pair("fra_Latn", "", "the cat sat on the mat today"),
        Pair("deu_Latn", "", "the cat sat on the mat today"),
    ]
    made = [Hypothesis("the cat sat on the mat today"), Hypothesis("a wholly different sentence")]
    french, german = evaluate(pairs, {"one": made}, resamples=0).scores
    found = (french.language, french.rows, french.chrf, french.bleu, french.ter)
    assert found == ("fra_Latn", 1, 100, pytest.approx(100), 0)
    assert german.chrf < 30
    assert "nw:2" in french.signature


def test_the_report_is_one_inert_page(files: dict[str, str], tmp_path: Path) -> None:
    report, evil = tmp_path / "report.html", "<script>alert(1)</script>"
    given = ("--reference", files["reference"], "--source", files["source"], "--resamples", "9")
    systems = ("--hypothesis", files["better"], "--hypothesis", f"{evil}={files['worse']}")
    scores(*given, *systems, "--html", str(report))
    text = report.read_text(encoding="utf-8")
    assert evil not in text
    assert "<script" not in text
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    drawn = Counter(element.tag.rpartition("}")[2] for element in tree.iter())
    assert (drawn["svg"], drawn["rect"]) == (3, 6)
    assert not [e for e in tree.iter() if {"src", "href", "style"} & set(e.attrib)]
    for row in (*WORSE, *ENGLISH):
        assert html.escape(row, quote=False).split("'")[0] in text


def test_an_evaluation_shows_itself() -> None:
    rows = [{"source": s, "english": e, "language": "de"} for s, e in ROWS]
    found = toolkit.evaluate(rows, {"better": BETTER}, resamples=0)
    assert html.escape(page(found)) in found._repr_html_()


def test_comet_is_computed_where_it_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    class Model:
        def predict(self, rows: list[dict[str, str]], **options: Any) -> Any:
            return SimpleNamespace(system_score=len(rows) / 10)

    comet = SimpleNamespace(load_from_checkpoint=lambda path: Model())
    monkeypatch.setitem(sys.modules, "comet", comet)
    pairs, made = [Pair("deu_Latn", *ROWS[0])], {"one": [Hypothesis(BETTER[0])]}
    there: dict[str, Any] = {"path": None}
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *of: there["path"])
    absent = evaluate(pairs, made, resamples=0)
    assert (absent.scores[0].comet, len(absent.notes)) == (None, 1)
    there["path"] = "model.ckpt"
    assert evaluate(pairs, made, resamples=0).scores[0].comet == 0.1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--reference", "reference", "--hypothesis", "short"], "short.txt has 2 lines, and"),
        (["--reference", "reference", "--source", "short"], "short.txt has 2 lines, and"),
        (["--reference", "reference", "--hypothesis", "nowhere.txt"], "nowhere.txt: No such file"),
        (["--reference", "nowhere.parquet"], "nowhere.parquet: cannot be read (FileNotFound"),
        (["--reference", "broken.parquet"], "broken.parquet: cannot be read ("),
        (
            ["--reference", "reference", "--source", "source", "--against", "bream=1"],
            "'bream=1' is no setting",
        ),
        (
            ["--reference", "reference", "--hypothesis", "better", "--model", "demo"],
            "there are no sources to translate",
        ),
        (
            ["--reference", "reference", *(["--hypothesis", "better"] * 2)],
            "two systems are called",
        ),
    ],
)
def test_bad_input_has_one_line(
    arguments: list[str],
    told: str,
    files: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("toolkit.bench.systems.load_configured", lambda *a, **k: FakeTranslator())
    files["short"] = lines(tmp_path / "short.txt", ENGLISH[:2])
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    done = CliRunner().invoke(main, ["evaluate", *(files.get(a, a) for a in arguments)])
    assert done.exit_code in (1, 2)
    assert told in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_references_without_a_source_column_are_refused() -> None:
    with pytest.raises(ToolkitError, match="no columns source and english"):
        toolkit.evaluate([{"text": "eins"}], {"one": ["one"]})


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
