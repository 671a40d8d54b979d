"""Readers' corrections: kept, found again, exchanged with other programs, and used."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import toolkit
from toolkit.cli.commands import main
from toolkit.config import Config
from toolkit.errors import ConfigError, InputError
from toolkit.languages import codes
from toolkit.pipeline import run
from toolkit.runs.cited import cited
from toolkit.terminology import tmx
from toolkit.terminology.corrections import Correction, Corrections
from toolkit.testing import FakeTranslator

HINDI = "दिल्ली में सोमवार को नई मेट्रो लाइन शुरू हुई।"
SECOND = "पहले दिन 40 हज़ार लोगों ने सफ़र किया।"
ENGLISH = "A new metro line was opened in Delhi on Monday."
ANSWERS = {HINDI: "In Delhi began the new line of metre.", SECOND: "On day one 40,000 people rode."}
DAY = dt.date(2026, 11, 21)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    news = tmp_path / "news"
    news.mkdir()
    (news / "1.txt").write_text(f"{HINDI} {SECOND}\n", encoding="utf-8")
    return Config(
        inputs=news,
        outputs=tmp_path / "out",
        cache=tmp_path / "c.sqlite",
        corrections=tmp_path / "data" / "corrections.sqlite",
        date=DAY,
        all=True,
    )


@pytest.fixture
def kept(config: Config) -> Corrections:
    return Corrections(config.corrections)


def rows(config: Config, date: dt.date) -> list[dict[str, object]]:
    path = config.outputs / date.isoformat() / "articles.jsonl"
    found: list[dict[str, object]] = json.loads(path.read_text(encoding="utf-8"))["segments"]
    return found


def correct(config: Config, *arguments: str) -> str:
    """The output of ``toolkit correct``, which must succeed."""
    environment = {"TOOLKIT_CORRECTIONS": str(config.corrections)}
    given = ["correct", *arguments, "--outputs", str(config.outputs)]
    done = CliRunner().invoke(main, given, env=environment)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_sentence_corrected_today_is_used_tomorrow(config: Config) -> None:
    translator = FakeTranslator(ANSWERS)
    run(config, translator=translator)
    before = rows(config, DAY)
    assert "Hindi" in correct(config, "1.1", ENGLISH)
    tomorrow = DAY + dt.timedelta(days=1)
    result = run(replace(config, date=tomorrow), translator=translator)
    after = rows(config, tomorrow)
    assert (after[0]["english"], after[0]["corrected"]) == (ENGLISH, True)
    assert after[1:] == before[1:]
    assert result.counts["corrected"] == 1
    assert len(translator.calls) == 1
    page = result.paths["html"].read_text(encoding="utf-8")
    assert "corrected by a reader" in page
    assert (
        ENGLISH.rstrip(".")
        in json.loads(result.paths["json"].read_text())["stories"][0]["headline"]
    )


def test_a_failed_check_is_shown_and_does_not_outrank_the_reader(
    config: Config, kept: Corrections
) -> None:
    kept.add([Correction("hin_Deva", "eng_Latn", SECOND, "People rode it on its first day of 90.")])
    translator = FakeTranslator({**ANSWERS, HINDI: "shut shut shut shut"})
    result = run(config, translator=translator)
    flags = {row["source"]: row["flags"] for row in rows(config, DAY)}
    assert flags[SECOND] == ["numbers"]
    assert result.digest.stories[0].headline.startswith("People rode it")
    assert result.counts["flagged"] == 1


def test_a_correction_serves_single_sentences_and_files(
    config: Config, kept: Corrections, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = toolkit.load_articles(config.inputs[0])[0]
    monkeypatch.setenv("TOOLKIT_CORRECTIONS", str(config.corrections))
    kept.add([Correction("hin_Deva", "eng_Latn", HINDI, ENGLISH)])
    assert toolkit.translate([HINDI], source="hi", model="demo") == [ENGLISH]
    article = toolkit.translate_article(seed, translator=FakeTranslator(ANSWERS))
    assert [t.corrected for t in article.translations] == [True, False]
    shown = CliRunner().invoke(
        main, ["translate", str(config.inputs[0]), "--model", "demo", "--format", "side-by-side"]
    )
    assert f"{ENGLISH}   [corrected]" in shown.output


def test_another_quotation_mark_or_space_hides_no_correction(kept: Corrections) -> None:
    kept.add([Correction("fra_Latn", "eng_Latn", "Il a dit « non ».", "He said “no”.")])
    same = 'Il a dit "non".'
    assert kept.find([same], source="fra_Latn", target="eng_Latn") == {same: "He said “no”."}
    assert kept.find([same], source="fra_Latn", target="deu_Latn") == {}


def test_the_last_correction_counts_and_one_is_forgotten(config: Config) -> None:
    correct(config, HINDI, "First.", "--from", "hi")
    correct(config, HINDI, ENGLISH)
    cells = [line.split("\t") for line in correct(config, "--list").splitlines()]
    assert [row[:4] for row in cells] == [["hin_Deva", "eng_Latn", HINDI, ENGLISH]]
    correct(config, "--forget", HINDI)
    assert correct(config, "--list") == ""


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["1.1"], 2, "Give SENTENCE and TRANSLATION"),
        (["--list", "x", "y"], 2, "Give SENTENCE and TRANSLATION"),
        (["1.1", "English."], 1, "no such digest"),
        (["The council met on Monday.", "It met."], 2, "English already"),
        (["--forget", HINDI], 1, "no correction"),
        (["--import", "nowhere.tmx"], 1, "nowhere.tmx"),
    ],
)
def test_a_mistake_is_told_in_a_line(
    config: Config, arguments: list[str], code: int, told: str
) -> None:
    given = ["correct", *arguments, "--outputs", str(config.outputs)]
    environment = {"TOOLKIT_CORRECTIONS": str(config.corrections)}
    done = CliRunner().invoke(main, given, env=environment)
    assert (done.exit_code, told in done.output) == (code, True), done.output


def test_a_damaged_file_costs_a_run_its_corrections_and_stays(
    config: Config, kept: Corrections
) -> None:
    config.corrections.parent.mkdir()
    config.corrections.write_bytes(b"no database" * 100)
    result = run(config, translator=FakeTranslator(ANSWERS))
    assert any(str(config.corrections) in notice for notice in result.digest.notices)
    with pytest.raises(ConfigError, match="cannot be used"):
        kept.add([Correction("hin_Deva", "eng_Latn", HINDI, ENGLISH)])
    assert config.corrections.read_bytes() == b"no database" * 100


def test_the_database_of_another_program_is_refused(config: Config, kept: Corrections) -> None:
    config.corrections.parent.mkdir()
    with sqlite3.connect(config.corrections) as connection:
        connection.execute("CREATE TABLE corrections (name TEXT)")
    connection.close()
    with pytest.raises(ConfigError, match="holds no corrections"):
        kept.add([Correction("hin_Deva", "eng_Latn", HINDI, ENGLISH)])


def test_corrections_go_out_as_tmx_and_come_back(tmp_path: Path) -> None:
    made = "2026-11-21T06:30:00+00:00"
    given = [
        Correction(language.code, "eng_Latn", f"<{language.name}> & \x0bword", "A & B < C", made)
        for language in codes.all_languages()
        if language.code != "eng_Latn"
    ]
    first = Corrections(tmp_path / "1.sqlite")
    first.add(given)
    path = tmp_path / "all.tmx"
    assert tmx.write(path, first) == len(given)
    found = tmx.read(path, target="eng_Latn")
    assert not found.unknown
    second = Corrections(tmp_path / "2.sqlite")
    second.add(found.corrections)
    expected = {(c.language, "A & B < C", made) for c in given}
    assert {(c.language, c.translation, c.made) for c in second} == expected


def test_a_memory_of_another_program_is_read(tmp_path: Path) -> None:
    path = tmp_path / "other.tmx"
    path.write_text(
        """<?xml version="1.0" encoding="utf-16"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header creationtool="x" creationtoolversion="1" segtype="sentence"
 o-tmf="x" adminlang="en-us" srclang="EN-US" datatype="html"/><body>
<tu><tuv xml:lang="EN-US"><seg>Press
 <bpt i="1">&lt;b&gt;</bpt>the <hi>red</hi> key<ept i="1"/>.</seg>
</tuv><tuv xml:lang="HI-IN"><seg>लाल  बटन दबाएँ।</seg></tuv></tu>
<tu><tuv lang="fr"><seg>Seul.</seg></tuv></tu>
<tu><tuv xml:lang="tlh"><seg>Qapla'</seg></tuv><tuv xml:lang="en"><seg>Success</seg></tuv></tu>
</body></tmx>""",
        encoding="utf-16",
    )
    found = tmx.read(path, target="eng_Latn")
    told = [(c.language, c.text, c.translation) for c in found.corrections]
    assert told == [("hin_Deva", "लाल बटन दबाएँ।", "Press the red key.")]
    assert (found.unknown, found.without) == ({"tlh": 1}, 2)


@pytest.mark.parametrize("content", ["no xml", "<html/>", "<tmx><body><tu>", ""])
def test_what_is_no_tmx_is_refused_with_its_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.tmx"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"bad\.tmx"):
        tmx.read(path, target="eng_Latn")


def test_an_article_and_a_sentence_that_are_not_there_are_named(config: Config) -> None:
    run(config, translator=FakeTranslator(ANSWERS))
    for citation, told in (("2.1", "no article 2"), ("1.9", "2 sentences, and no 9")):
        with pytest.raises(InputError, match=told):
            cited(config.outputs, None, citation)
