"""The table of languages, and what people call them."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import UnknownLanguageError
from toolkit.languages import CHINESE, UNSPACED, codes, iso639_3_of, script_of

CASES = json.loads(
    (Path(__file__).parents[1] / "cases" / "languages.json").read_text(encoding="utf-8")
)
ALL = codes.all_languages()


def test_codes_are_those_of_the_hub() -> None:
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    assert [language.code for language in ALL] == sorted(FAIRSEQ_LANGUAGE_CODES)
    assert len(ALL) == 202


@pytest.mark.parametrize("field", ["code", "name", "autonym", "bcp47"])
def test_every_language_is_found_by_each_of_its_names(field: str) -> None:
    wrong = {
        name: found.code
        for language in ALL
        if (found := codes.resolve(name := getattr(language, field))) is not language
    }
    assert wrong == {}


def test_every_language_is_found_by_its_iso_code_with_its_script() -> None:
    for language in ALL:
        assert codes.resolve(f"{language.iso639_3}-{language.script}") is language
        assert codes.resolve(f"{language.bcp47.split('-')[0]}_{language.script}") is language


@given(st.sampled_from(ALL), st.randoms(use_true_random=False), st.sampled_from("-_"))
def test_case_and_separator_of_a_code_do_not_matter(
    language: codes.Language, chance: random.Random, separator: str
) -> None:
    letters = (chance.choice((c.lower(), c.upper())) for c in language.code)
    assert codes.resolve("".join(letters).replace("_", separator)) is language


@pytest.mark.parametrize(("name", "code"), CASES["resolved"])
def test_resolves(name: str, code: str) -> None:
    assert codes.resolve(name).code == code


@pytest.mark.parametrize(("name", "suggestions"), CASES["refused"])
def test_refuses_and_suggests(name: str, suggestions: list[str]) -> None:
    with pytest.raises(UnknownLanguageError) as caught:
        codes.resolve(name)
    assert list(caught.value.suggestions[: len(suggestions)]) == suggestions
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    if len(suggestions) > 1:
        assert [language.code for language in codes.candidates(name)] == suggestions


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("guj_Guj", "Did you mean guj_Gujr (Gujarati)?"),
        ("ku", "Did you mean ckb_Arab (Central Kurdish), kmr_Latn (Northern Kurdish)?"),
        ("hi-Latn", "only another script of it. Did you mean hin_Deva (Hindi)?"),
    ],
)
def test_suggestions_are_shown_with_their_names(name: str, hint: str) -> None:
    with pytest.raises(UnknownLanguageError) as caught:
        codes.resolve(name)
    assert str(caught.value).endswith(hint)


@given(st.text(max_size=40))
def test_any_text_is_resolved_or_refused(name: str) -> None:
    found = codes.candidates(name)
    if len(found) == 1:
        assert codes.resolve(name) is found[0]
    else:
        with pytest.raises(UnknownLanguageError):
            codes.resolve(name)


def test_get_wants_the_exact_code() -> None:
    assert codes.get("guj_Gujr").name == "Gujarati"
    with pytest.raises(UnknownLanguageError) as caught:
        codes.get("guj_gujr")
    assert "guj_Gujr" in caught.value.suggestions


def test_a_code_tells_its_script_and_iso_code() -> None:
    assert {(iso639_3_of(a.code), script_of(a.code)) for a in ALL} == {
        (language.iso639_3, language.script) for language in ALL
    }
    assert {script_of(language.code) for language in ALL} > UNSPACED > CHINESE


def test_facts_of_some_languages() -> None:
    urdu, punjabi, santali = map(codes.get, ("urd_Arab", "pan_Guru", "sat_Beng"))
    assert (urdu.direction, urdu.bcp47, urdu.script) == ("rtl", "ur", "Arab")
    assert (punjabi.direction, punjabi.iso639_1, punjabi.iso639_3) == ("ltr", "pa", "pan")
    assert (santali.script, santali.iso639_1) == ("Olck", None)
    assert codes.get("ydd_Hebr").direction == "rtl"
    assert codes.get("zho_Hant").bcp47 == "zh-Hant"
    assert codes.get("kas_Deva").bcp47 == "ks-Deva"


def test_tags_and_names_are_unique() -> None:
    for field in ("bcp47", "name", "autonym"):
        assert len({getattr(language, field) for language in ALL}) == len(ALL), field


@pytest.mark.parametrize(
    ("query", "first", "among"),
    [
        ("arabic", "arb_Arab", "ary_Arab"),
        ("kurd", "ckb_Arab", "kmr_Latn"),
        ("hi", "hin_Deva", "hin_Deva"),
        ("ગુજ", "guj_Gujr", "guj_Gujr"),
        ("chinese trad", "zho_Hant", "zho_Hant"),
    ],
)
def test_search(query: str, first: str, among: str) -> None:
    found = [language.code for language in codes.search(query)]
    assert found[0] == first
    assert among in found


def test_search_for_nothing_finds_all_and_for_nonsense_none() -> None:
    assert codes.search("") == list(ALL)
    assert codes.search("qqqq") == []


def test_nothing_heavy_is_imported() -> None:
    program = (
        "import sys, toolkit.languages.codes as l, toolkit.languages.detection; l.resolve('gu');"
        "print([m for m in ('numpy', 'torch', 'transformers') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
