"""The checks on translations."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.data import Hypothesis
from toolkit.translators.checks.rules import EXPLANATIONS, RETRY, SEVERITY, check

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "cases" / "checks.json").read_text(encoding="utf-8")
)
FLOOR = 0.95
# Language, source, English, and the flag that is due, "any", or none: after public reports of
# people who translate news.
FIELD: list[tuple[str, str, str, str]] = [
    tuple(row)
    for row in json.loads(
        (Path(__file__).parents[2] / "cases" / "field_checks.json").read_text(encoding="utf-8")
    )
]


def flags_of(case: dict[str, Any]) -> set[str]:
    hypothesis = Hypothesis(case["hypothesis"], case.get("score"), tuple(case.get("given", ())))
    return set(
        check(
            case["source"],
            hypothesis,
            source_language=case["language"],
            target_language=case.get("target", "eng_Latn"),
        )
    )


@pytest.mark.parametrize(("due", "least"), [("", 0.99), ("any", 0.99), ("dates", 0.98)])
def test_reports_from_the_field(due: str, least: float) -> None:
    rows = [row for row in FIELD if row[3] == due]
    right = 0
    for language, source, english, _ in rows:
        flags = check(source, Hypothesis(english), source_language=language)
        right += bool(flags) if due == "any" else due in flags if due else not flags
    assert len(rows) > 50
    assert right / len(rows) >= least


# The encoder's flag has tests of its own.
@pytest.mark.parametrize("flag", sorted(EXPLANATIONS.keys() - {"meaning"}))
def test_recall_and_precision(flag: str) -> None:
    results = Counter((flag in case["flags"], flag in flags_of(case)) for case in CASES)
    right, missed, wrong = results[True, True], results[True, False], results[False, True]
    assert right >= 5
    assert right / (right + missed) >= FLOOR
    assert right / (right + wrong) >= FLOOR


def test_the_cases_are_many_and_half_of_them_good() -> None:
    assert len(CASES) >= 120
    assert len({case["language"] for case in CASES}) >= 12
    good = sum(not case["flags"] for case in CASES)
    assert len(CASES) / 3 < good < len(CASES) * 2 / 3


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case['language']} {case['hypothesis'][:60]}"
)
def test_flags(case: dict[str, Any]) -> None:
    assert flags_of(case) == set(case["flags"])


def test_every_flag_is_explained_and_weighed() -> None:
    assert set(EXPLANATIONS) == set(SEVERITY)
    assert set(EXPLANATIONS) > RETRY
    assert all(text.endswith(".") for text in EXPLANATIONS.values())


def test_flags_of_the_engine_stay_in_front() -> None:
    found = check(
        "आग में 12 लोग मारे गए।",
        Hypothesis("Fire killed 13 people.", -0.2, ("cut_short", "of_the_engine")),
        source_language="hin_Deva",
    )
    assert found == ("cut_short", "of_the_engine", "numbers")


def test_a_text_in_the_target_language_is_not_checked() -> None:
    for text in ("Nothing to do.", "", "() () ()", "12"):
        found = check(text, Hypothesis(text), source_language="eng_Latn")
        assert found == ()
    assert check("March 21, 2023", Hypothesis("March 21, 2023"), source_language="hin_Deva") == ()


def test_nothing_to_translate_needs_no_translation() -> None:
    assert check("***", Hypothesis(""), source_language="guj_Gujr") == ()


TEMPLATES = {
    "hin_Deva": ("आग में {} लोगों की मौत हो गई और कई घायल हैं।", "०"),
    "guj_Gujr": ("આગમાં {} લોકોનાં મોત થયાં અને ઘણા ઘાયલ છે.", "૦"),
    "ben_Beng": ("আগুনে {} জনের মৃত্যু হয়েছে এবং অনেকে আহত।", "০"),
    "arb_Arab": ("قتل {} شخصا في الحريق وأصيب كثيرون.", "٠"),
    "pes_Arab": ("در آتش‌سوزی {} نفر کشته و بسیاری زخمی شدند.", "۰"),
    "tha_Thai": ("ไฟไหม้ทำให้มีผู้เสียชีวิต {} คนและบาดเจ็บจำนวนมาก", "๐"),
    "mya_Mymr": ("မီးလောင်မှုတွင် လူ {} ဦး သေဆုံးပြီး အများအပြား ဒဏ်ရာရသည်။", "၀"),
    "khm_Khmr": ("ភ្លើងឆេះបានសម្លាប់មនុស្ស {} នាក់ និងរបួសជាច្រើន។", "០"),
    "zho_Hans": ("火灾造成{}人死亡，多人受伤。", "0"),
    "kor_Hang": ("화재로 {}명이 숨지고 여러 명이 다쳤다.", "0"),
    "rus_Cyrl": ("При пожаре погибли {} человек, многие ранены.", "0"),
    "fij_Latn": ("E {} na tamata era mate ena kama.", "0"),
}


@given(
    st.sampled_from(sorted(TEMPLATES)),
    st.integers(2, 99_999),
    st.integers(2, 99_999),
    st.booleans(),
)
def test_a_changed_number_never_passes(
    language: str, number: int, other: int, grouped: bool
) -> None:
    template, zero = TEMPLATES[language]
    digits = "".join(chr(ord(zero) + int(d)) for d in str(number))
    source = template.format(digits)
    right = f"The fire killed {number:,} people and many are injured."
    wrong = f"The fire killed {other:,} people and many are injured."
    right, wrong = (right, wrong) if grouped else (right.replace(",", ""), wrong.replace(",", ""))
    assert "numbers" not in check(source, Hypothesis(right), source_language=language)
    if number != other:
        assert "numbers" in check(source, Hypothesis(wrong), source_language=language)


@given(
    st.text(max_size=80),
    st.text(max_size=80),
    st.sampled_from(["hin_Deva", "zho_Hans", "tha_Thai", "spa_Latn", "fij_Latn", "sat_Beng"]),
    st.none() | st.floats(-10, 0),
)
def test_any_text_gets_known_flags(
    source: str, output: str, language: str, score: float | None
) -> None:
    found = check(source, Hypothesis(output, score), source_language=language)
    assert set(found) <= set(EXPLANATIONS)
    assert len(set(found)) == len(found)


@given(st.text(alphabet="abcdefgh ", min_size=3, max_size=12).filter(str.strip))
def test_saying_a_sentence_over_and_over_is_a_loop(phrase: str) -> None:
    source = "मंत्री ने कहा कि सड़कें अगले साल तक बन जाएंगी और लोगों को राहत मिलेगी।"
    output = " ".join([f"The minister said the {phrase.strip()} road would be built."] * 3)
    assert "loop" in check(source, Hypothesis(output), source_language="hin_Deva")


def test_a_line_of_a_megabyte_that_was_copied_is_flagged() -> None:
    line = "Der Fluss stieg um zwei Meter und " * 30_000
    flags = check(
        line,
        Hypothesis(f"EN {line}"),
        source_language="deu_Latn",
        target_language="eng_Latn",
    )
    assert "copied" in flags
