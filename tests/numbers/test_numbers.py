"""Numbers and dates, in digits and words, of many scripts."""

from __future__ import annotations

import json
import unicodedata
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.numbers.parsing import read
from toolkit.numbers.words import fold, vocabulary

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "cases" / "numbers.json").read_text(encoding="utf-8")
)
# The first digit of each decimal system that living languages are written with.
ZEROS = "0٠۰߀०০੦૦୦௦౦೦൦෦๐໐༠၀႐០᠐᱐᱀꩐꯰０"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['language']} {case['text']}")
def test_values(case: dict[str, Any]) -> None:
    pool = read(case["text"], case["language"]).pool
    for value in case["values"]:
        assert value in pool
    for value in case.get("absent", ()):
        assert value not in pool


@given(st.integers(0, 10**12), st.sampled_from(ZEROS))
def test_every_digit_system_says_the_same(number: int, zero: str) -> None:
    written = "".join(chr(ord(zero) + int(digit)) for digit in str(number))
    assert fold(written) == str(number)
    assert read(f"x {written} x", "eng_Latn").pool >= {float(f"{number:.9g}")}


@given(st.integers(1000, 10**8))
def test_grouping_does_not_change_a_number(number: int) -> None:
    western = f"{number:,}"
    head, tail = str(number)[:-3], str(number)[-3:]
    pairs = [head[max(i - 2, 0) : i] for i in range(len(head), 0, -2)][::-1]
    indian = ",".join([*pairs, tail])
    value = float(f"{number:.9g}")
    for written in (western, indian, western.replace(",", "\u00a0")):
        assert value in read(written, "hin_Deva").pool
    assert value in read(western.replace(",", "."), "deu_Latn").pool


@given(st.text())
def test_reading_takes_any_text(text: str) -> None:
    for language in ("eng_Latn", "hin_Deva", "zho_Hans", "tha_Thai", "kor_Hang", "fij_Latn"):
        assert read(text, language) == read(text, language)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    once = fold(text)
    assert fold(unicodedata.normalize("NFC", once)) == fold(once)


@pytest.mark.parametrize(
    ("text", "language", "date"),
    [
        ("26 नवंबर 2025 को", "hin_Deva", (11, 26)),
        ("26 नवम्बर", "hin_Deva", (11, 26)),
        ("૨૬મી નવેમ્બરના રોજ", "guj_Gujr", (11, 26)),
        ("12 જૂને", "guj_Gujr", (6, 12)),
        ("يوم 26 نوفمبر", "arb_Arab", (11, 26)),
        ("26 تشرين الثاني", "arb_Arab", (11, 26)),
        ("في 3 جويلية", "aeb_Arab", (7, 3)),
        ("26-го ноября", "rus_Cyrl", (11, 26)),
        ("26 de noviembre", "spa_Latn", (11, 26)),
        ("am 1. Mai", "deu_Latn", (5, 1)),
        ("29 Ekim'de", "tur_Latn", (10, 29)),
        ("26. november", "nob_Latn", (11, 26)),
        ("26. desember", "nno_Latn", (12, 26)),
        ("v červenci 5.", "ces_Latn", (7, 5)),
        ("1. septembril", "est_Latn", (9, 1)),
        ("november 26-án", "hun_Latn", (11, 26)),
        ("Ngày 26 tháng 11", "vie_Latn", (11, 26)),
        ("11月26日", "zho_Hans", (11, 26)),
        ("十一月二十六日", "zho_Hant", (11, 26)),
        ("１１月２６日", "jpn_Jpan", (11, 26)),
        ("11월 26일", "kor_Hang", (11, 26)),
        ("วันที่ ๒๖ พฤศจิกายน", "tha_Thai", (11, 26)),
        ("နိုဝင်ဘာ ၂၆ ရက်", "mya_Mymr", (11, 26)),
        ("on May 5", "eng_Latn", (5, 5)),
        ("the 26th of November", "eng_Latn", (11, 26)),
        ("Nov. 26", "eng_Latn", (11, 26)),
    ],
)
def test_dates(text: str, language: str, date: tuple[int, int]) -> None:
    assert read(text, language).dates == (date,)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("They may march on 5 roads", "eng_Latn"),
        ("May 5,000 flowers bloom", "eng_Latn"),
        ("5个月内", "zho_Hans"),
        ("3ヶ月後", "jpn_Jpan"),
        ("5 लोग मारे गए", "hin_Deva"),
    ],
)
def test_no_dates(text: str, language: str) -> None:
    assert read(text, language).dates == ()


@pytest.mark.parametrize(
    ("text", "language", "weekday"),
    [
        ("शुक्रवार को", "hin_Deva", 4),
        ("يوم الأربعاء", "arb_Arab", 2),
        ("周三", "zho_Hans", 2),
        ("水曜日", "jpn_Jpan", 2),
        ("목요일에", "kor_Hang", 3),
        ("в пятницу", "rus_Cyrl", 4),
        ("thứ hai", "vie_Latn", 0),
        ("segunda-feira", "por_Latn", 0),
    ],
)
def test_weekdays(text: str, language: str, weekday: int) -> None:
    assert read(text, language).weekdays == {weekday}


def test_words_of_one_language_do_not_leak_into_another() -> None:
    vocabulary("hin_Deva")
    for language, script in (("srp_Cyrl", "CYRILLIC"), ("tha_Thai", "THAI"), ("kat_Geor", "GEOR")):
        for name in vocabulary(language).calendar:
            letters = {unicodedata.name(c).split()[0] for c in name if c.isalpha()}
            assert any(script in letter or letter == "LATIN" for letter in letters), name


@pytest.mark.parametrize("text", ["26.11.2025", "1.2.3 million", "v1.2.3-4", "1/0", "0:99", "½½"])
def test_odd_numerals_are_read(text: str) -> None:
    assert read(text, "eng_Latn").pool


def test_every_word_has_one_value() -> None:
    words = (
        resources.files("toolkit.numbers").joinpath("number_words.json").read_text(encoding="utf-8")
    )
    for code, table in json.loads(words).items():
        values: dict[str, float] = {}
        rows = [(0.0, 1.0, table.get("from_0", "")), (10.0, 10.0, table.get("tens", ""))]
        pairs = [
            (form, start + step * index)
            for start, step, forms in rows
            for index, alternatives in enumerate(forms.split())
            for form in alternatives.split("/")
            if form != "_"
        ]
        for kind in ("fixed", "scales"):
            pairs += [
                (form, float(amount))
                for amount, forms in table.get(kind, {}).items()
                for form in forms.split()
            ]
        for form, value in pairs:
            assert values.setdefault(form, value) == value, (code, form)
