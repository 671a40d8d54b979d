"""Articles and texts from pandas, Datasets and numpy, and results back to them: the calls of the
table in the README, and the rows that they refuse."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pytest

import toolkit
from toolkit.data import ARTICLE_COLUMNS, article_features
from toolkit.runs.records import article_record, card
from toolkit.testing import FakeTranslator

ROOT = Path(__file__).parent.parent
HINDI, HELLO = "नमस्ते दुनिया।", "Hello, world."
FRENCH, RAINS = "Il pleut beaucoup aujourd'hui.", "It rains a lot today."
TITLE, BUDGET = "परिषद ने बजट पारित किया", "The council approved the budget"
DAYS = {
    "2026-11-21": {"text": "It rained all day in Porto, and the river rose."},
    "2026-11-22": {
        **{"title": TITLE, "author": "A. Sharma", "published": "2026-11-22"},
        "text": "परिषद ने सोमवार को बजट पारित किया। बहस तीन घंटे चली।\n\nShare on Facebook\n",
    },
}
TEXT = [HINDI, FRENCH, None]

_TABLE = (ROOT / "README.md").read_text(encoding="utf-8").partition("| a call | gives |")[2]
CALLS = re.findall(r"^\| `(.+?)` \|", _TABLE.partition("\n\n")[0], re.M)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[toolkit.RunResult]:
    """The runs of two days; the articles of the first have no author, no day, nothing dropped."""
    folder = tmp_path_factory.mktemp("days")
    made = []
    for day, record in DAYS.items():
        path = folder / f"{day}.jsonl"
        path.write_text(json.dumps(record), encoding="utf-8")
        config = toolkit.Config(inputs=path, outputs=folder / "outputs", date=day, all=True)
        config = replace(config, cache=folder / "cache.sqlite", parquet=True)
        made.append(toolkit.run(config, translator=FakeTranslator({TITLE: BUDGET})))
    return made


@pytest.fixture(scope="module")
def outputs(runs: list[toolkit.RunResult]) -> Path:
    return runs[0].paths["articles"].parents[1]


@pytest.fixture(scope="module")
def names(runs: list[toolkit.RunResult]) -> dict[str, Any]:
    """The names in the table's calls."""
    frame = pd.DataFrame({"text": TEXT}, index=["a", "b", "c"])
    return {
        **{"toolkit": toolkit, "datasets": datasets, "result": runs[1], "sentence": HINDI},
        **{"frame": frame, "dataset": datasets.Dataset.from_pandas(frame[:2])},
        **{"array": np.array(TEXT[:2]), "lines": (text for text in TEXT[:2])},
    }


def _pairs(found: list[Any]) -> list[Any]:
    return [row and (row.text, row.language) for row in found]


# Of each call in the table: a plain form of its value, and what that is.
ENGLISH = [HELLO, RAINS]
GIVES: dict[str, tuple[Any, Any]] = {
    "toolkit.load_articles(frame)": (lambda v: [a.text for a in v], TEXT[:2]),
    "toolkit.load_articles(dataset)": (lambda v: [a.text for a in v], TEXT[:2]),
    'frame["text"].dropna().map(toolkit.detect_language)': (
        dict,
        {"a": "hin_Deva", "b": "fra_Latn"},
    ),
    "toolkit.translate(sentence)": (str, HELLO),
    'toolkit.translate([sentence, None], source="hi")': (list, [HELLO, None]),
    "toolkit.translate([sentence, None], details=True)": (_pairs, [(HELLO, "hin_Deva"), None]),
    "toolkit.translate(lines)": (list, ENGLISH),
    "toolkit.translate(array)": (list, ENGLISH),
    'toolkit.translate(frame["text"])': (
        lambda v: (v.name, [*v.index], [*v[:2]], v.isna()["c"]),
        ("text", ["a", "b", "c"], ENGLISH, True),
    ),
    'toolkit.translate(frame["text"], details=True)': (
        lambda v: (v.loc["b", ["text", "language"]].tolist(), v.isna().loc["c"].all()),
        ([RAINS, "fra_Latn"], True),
    ),
    'toolkit.translate(dataset["text"])': (list, ENGLISH),
    'dataset.map(lambda rows: {"english": toolkit.translate(rows["text"])}, batched=True)': (
        lambda v: v["english"][:],
        ENGLISH,
    ),
    "result.to_pandas()": (
        lambda v: (v.loc[0, "published"], v.loc[0, "segments"][0]["kind"], [*v]),
        ("2026-11-22", "title", [*ARTICLE_COLUMNS]),
    ),
    'datasets.load_dataset("outputs", split="train")': (
        lambda v: (v["author"][:], [bool(d) for d in v["dropped"]], v.features),
        (["", "A. Sharma"], [False, True], article_features()),
    ),
}


def test_the_table_has_fourteen_calls() -> None:
    assert len(CALLS) == 14
    assert set(CALLS) == set(GIVES)


@pytest.mark.parametrize("call", CALLS)
def test_a_call_of_the_table(
    call: str, names: dict[str, Any], outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeTranslator({HINDI: HELLO, FRENCH: RAINS})
    monkeypatch.setattr("toolkit.api._any_translator", lambda model: fake)
    monkeypatch.chdir(outputs.parent)
    plain, expected = GIVES[call]
    assert plain(eval(call, names)) == expected


def test_days_are_one_table_as_parquet(outputs: Path) -> None:
    table = pd.concat(map(pd.read_parquet, sorted(outputs.glob("2*/articles.parquet"))))
    assert table["published"].tolist() == ["", "2026-11-22"]
    assert table["segments"].iloc[1][0]["english"] == BUDGET


def test_columns_have_their_types_whatever_is_absent() -> None:
    article = toolkit.Article("1", "a.txt", "25")
    segment = toolkit.Segment("1", 0, 0, "25")
    prepared = toolkit.PreparedArticle(article, "hin_Deva", (segment,))
    translated = toolkit.TranslatedArticle(prepared, (toolkit.Translation(segment, "25"),))
    record = article_record(translated)
    (row,) = record["segments"]
    kinds = {"string": str, "int64": int, "float64": float, "bool": bool}
    for columns, values in ((ARTICLE_COLUMNS, record), (ARTICLE_COLUMNS["segments"][0], row)):
        assert list(columns) == list(values)
        for name, value in values.items():
            assert isinstance(value, kinds.get(str(columns[name]), list)), name


def test_the_folder_of_outputs_describes_itself(outputs: Path) -> None:
    assert (outputs / "README.md").read_text(encoding="utf-8") == card()
    kept = (ROOT / "outputs" / "README.md").read_text(encoding="utf-8")
    assert kept.startswith(card())


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["eins", 5], "texts[1] is of type int"),
        ([b"eins"], "texts[0] is of type bytes"),
        (b"eins", "texts is of type bytes"),
        (None, "texts is None"),
        (np.array(5), "texts is of type ndarray"),
        (pd.Series(["eins", 7], index=["k", "l"]), "texts.iloc[1] (row 'l') is of type int"),
        (pd.Series(["eins", 7.5]), "texts[1] is of type float"),
        (pd.DataFrame({"text": ["eins"]}), "texts is a DataFrame, not one column"),
        (datasets.Dataset.from_dict({"text": ["eins"]}), "texts is a Dataset, not one column"),
        (["Guten Tag.", "ᚠᚢᚦᚨᚱᚲ"], "texts[1]: NLLB has no language"),
    ],
)
def test_a_row_that_is_no_text_is_named(texts: Any, told: str) -> None:
    fake = FakeTranslator()
    with pytest.raises(toolkit.InputError) as raised:
        toolkit.translate(texts, translator=fake)
    assert str(raised.value).startswith(told)
    assert raised.value.remedy in raised.value._render_traceback_()
    assert not fake.calls


def test_rows_that_the_translator_fails_on_are_named() -> None:
    class Broken(FakeTranslator):
        def translate(self, texts: Any, *, source: str, target: str) -> Any:
            raise toolkit.ModelError("out of memory")

    with pytest.raises(toolkit.ToolkitError, match=r"texts\[1\]: out of memory"):
        toolkit.translate([None, HINDI], translator=Broken())


@pytest.mark.parametrize("kind", ["string", "category", "object", "string[pyarrow]"])
def test_missing_values_of_every_type_stay_missing(kind: str) -> None:
    column = pd.Series([HINDI, None, pd.NA, float("nan"), "25"], dtype=kind)
    found = toolkit.translate(column, translator=FakeTranslator({HINDI: HELLO}))
    assert found.isna().tolist() == [False, True, True, True, False]
    assert [found[0], found[4]] == [HELLO, "25"]


def test_progress_is_told_to_functions_and_shown_on_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told: list[tuple[str, int, int]] = []
    fake = FakeTranslator()
    texts = [HINDI, FRENCH, FRENCH]
    toolkit.translate(texts, translator=fake, progress=lambda *step: told.append(step))
    assert (told[0], told[-1]) == (("translate", 0, 3), ("translate", 3, 3))
    toolkit.translate(texts, translator=fake)
    assert capsys.readouterr().err == ""
    toolkit.translate(texts, translator=fake, progress=True)
    assert "translate:" in capsys.readouterr().err
