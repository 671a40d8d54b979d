"""Terms of a glossary: found in the source whatever their ending, put in place of the model's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolkit.cli.commands import main
from toolkit.config import Config
from toolkit.data import Hypothesis
from toolkit.errors import ConfigError
from toolkit.pipeline import run
from toolkit.terminology import glossary
from toolkit.terminology.terms import Terms
from toolkit.testing import FakeTranslator

CASES = json.loads(
    (Path(__file__).parents[1] / "cases" / "glossary.json").read_text(encoding="utf-8")
)
HINDI = "राष्ट्रपति ज़ेलेंस्की सोमवार को दिल्ली पहुँचे और मंत्री से मिले।"
MODEL = "President Jelensky reached Delhi on Monday and met the minister."


def terms_of(path: Path, *lines: str) -> Terms:
    path.write_text("\n".join(("source\tlanguage\tenglish\tvariants", *lines)), encoding="utf-8")
    return Terms(terms=glossary.read(path), target="eng_Latn")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["source"][:40])
def test_terms(case: dict[str, str], tmp_path: Path) -> None:
    terms = terms_of(tmp_path / "g.tsv", case["term"])
    found = terms.revised(case["source"], Hypothesis(case["model"]), source=case["language"])
    expected = case.get("english", case["model"])
    missed = case.get("missed", False)
    assert (found.text, "glossary" in found.flags) == (expected, missed)
    assert (terms.applied, terms.missed) == (expected != case["model"], missed)


def test_a_changed_glossary_translates_nothing_again(tmp_path: Path) -> None:
    news = tmp_path / "news"
    news.mkdir()
    (news / "1.txt").write_text(HINDI, encoding="utf-8")
    path = tmp_path / "glossary.tsv"
    path.write_text("source\tlanguage\tenglish\nज़ेलेंस्की\thi\tZelensky\n", encoding="utf-8")
    config = Config(
        inputs=news, outputs=tmp_path / "out", cache=tmp_path / "c.sqlite", date="2026-11-21"
    )
    translator = FakeTranslator({HINDI: MODEL})
    plain = run(config, translator=translator)
    result = run(replace(config, glossary=path, all=True), translator=translator)
    assert len(translator.calls) == 1
    assert plain.digest.articles[0].translations[0].english == MODEL
    translation = result.digest.articles[0].translations[0]
    assert (translation.english, translation.flags) == (MODEL, ("glossary",))
    path.write_text(
        "source\tlanguage\tenglish\tvariants\nज़ेलेंस्की\thi\tZelensky\tJelensky\n", encoding="utf-8"
    )
    result = run(replace(config, glossary=path, all=True), translator=translator)
    assert "Zelensky" in result.digest.stories[0].headline
    counts = json.loads(result.paths["run"].read_text(encoding="utf-8"))["counts"]
    assert (counts["terms_applied"], counts["terms_missed"], counts["from_model"]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("मोदी\thi\tModi\n", "line 1: no names of columns"),
        (
            "source\tlanguage\tenglish\n# ok\nमोदी\thindu\tModi\n",
            "line 3: unknown language 'hindu'",
        ),
        ("source\tlanguage\tenglish\nमोदी\thi\n", "line 2: a term needs"),
        ("source\tlanguage\tenglish\nमोदी\thi\tModi\nमोदी\thi\tMody\n", "line 3: 'मोदी' is 'Modi'"),
    ],
)
def test_a_broken_file_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "terms.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        glossary.read(path)
    assert str(path) in str(error.value)
    assert told in str(error.value)
    assert error.value.remedy


def test_a_glossary_that_is_not_there_ends_the_command_in_a_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["digest", "--glossary", str(tmp_path / "none.tsv")])
    assert done.exit_code != 0
    assert "none.tsv: the glossary cannot be read" in done.output


def test_other_sentences_stay_as_they_are(tmp_path: Path) -> None:
    terms = terms_of(tmp_path / "g.tsv", "Зеленский\tru\tZelensky", "банк\tru\tlender\tbank")
    plain = Hypothesis("The council met on the bank of the river.", -0.2, ("low_score",))
    assert terms.revised("Совет собрался на берегу.", plain, source="rus_Cyrl") == plain
    found = terms.around(["Совет."], lambda rest: [plain for _ in rest], source="ukr_Cyrl")
    assert found == [plain]


def test_a_name_in_three_spellings_comes_out_one_way(tmp_path: Path) -> None:
    said = {
        "Зеленский прибыл в Варшаву на переговоры.": "Zelensky came to Warsaw for talks.",
        "Зеленський приїхав до Варшави на переговори.": "Zelenskyy came to Warsaw for talks.",
        "Selenskyj kam zu Gesprächen nach Warschau.": "Selenskyj came to Warsaw for talks.",
    }
    news = tmp_path / "news"
    news.mkdir()
    for number, source in enumerate(said):
        (news / f"{number}.txt").write_text(source, encoding="utf-8")
    config = Config(
        inputs=news, outputs=tmp_path / "out", cache=tmp_path / "c.sqlite", date="2026-11-21"
    )
    result = run(config, translator=FakeTranslator(said))
    written = json.loads(result.paths["json"].read_text(encoding="utf-8"))
    (spelling,) = written["spellings"]
    assert {spelling["name"], *(v["text"] for v in spelling["variants"])} == {
        *("Zelensky", "Zelenskyy", "Selenskyj")
    }
    stories = json.dumps(written["stories"], ensure_ascii=False)
    assert spelling["name"] in stories
    assert not any(v["text"] in stories for v in spelling["variants"])
    page = result.paths["html"].read_text(encoding="utf-8")
    assert all(v["text"] in page for v in spelling["variants"])
