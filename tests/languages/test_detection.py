"""Which language a document is in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.errors import InputError
from toolkit.languages import codes, detection, noise, scripts

CASES = json.loads(
    (Path(__file__).parents[1] / "cases" / "detection.json").read_text(encoding="utf-8")
)
CODES = {language.code for language in codes.all_languages()}


@pytest.mark.parametrize(
    ("code", "declared", "text"), CASES["documents"], ids=[row[0] for row in CASES["documents"]]
)
def test_documents(code: str, declared: str | None, text: str) -> None:
    found = detection.detect(text, declared=declared)
    assert (found.code, found.doubt) == (code, "")
    assert detection.detect_language(text) == code


@pytest.mark.parametrize(
    ("declared", "text", "doubt"),
    [row[1:] for row in CASES["doubtful"]],
    ids=[row[0] for row in CASES["doubtful"]],
)
def test_what_may_be_another_language_is_doubted(
    declared: str | None, text: str, doubt: str
) -> None:
    found = detection.detect(text, declared=declared).doubt
    assert (doubt in found) if doubt else not found


@pytest.mark.parametrize(
    ("code", "declared", "text"),
    [row[1:] for row in CASES["mixed"]],
    ids=[row[0] for row in CASES["mixed"]],
)
def test_mixed_short_and_declared(code: str, declared: str | None, text: str) -> None:
    assert detection.detect(text, declared=declared).code == code


@pytest.mark.parametrize(("code", "declared", "text"), CASES["posts"])
def test_addresses_handles_tags_and_names_do_not_decide(
    code: str, declared: str | None, text: str
) -> None:
    found = detection.detect(text, declared=declared)
    assert found.code == code
    assert not (declared and found.doubt)


@pytest.mark.parametrize(
    "piece", ["a", "a.", "aa.", "a-", "<a ", "&a", "@a", "#a", "http://", "a+", "aA", "a@a."]
)
def test_noise_is_found_in_time_by_the_length_of_the_text(
    piece: str, assert_linear: Callable[[Callable[[str], object], str], None]
) -> None:
    assert_linear(noise.strip, piece * (60_000 // len(piece)))


@pytest.mark.parametrize("text", [None, b"plain bytes", 7])
def test_what_is_no_text_is_refused_in_a_line(text: Any) -> None:
    with pytest.raises(InputError, match=f"{type(text).__name__}, not a string"):
        detection.detect(text)


@pytest.mark.parametrize(
    ("text", "writing", "fits"),
    [
        ("પુલ ખુલ્લો મુકાયો", "Deva", False),
        ("Мост открыли в понедельник", "Latn", False),
        ("다리가 열렸다", "Hans", False),
        ("新医院将开业", "Hant", True),
        ("新しい病院", "Jpan", True),
        ("iPhone 17 Pro Max, MacBook Air और iPad", "Deva", True),
        ("2026 — 11", "Gujr", True),
    ],
)
def test_a_language_that_the_script_contradicts(text: str, writing: str, fits: bool) -> None:
    assert scripts.fits(text, writing) is fits


@pytest.mark.parametrize("text", ["", "  \n", "12,345.67 — 2026!", "☃ 🎉"])
def test_text_without_letters(text: str) -> None:
    with pytest.raises(InputError, match="no letters") as caught:
        detection.detect(text)
    assert caught.value.remedy
    assert detection.detect(text, declared="gu") == detection.Detection("guj_Gujr", 0.0)
    with pytest.raises(InputError):
        detection.detect(text, declared="ku")


def test_a_script_that_no_language_has() -> None:
    with pytest.raises(InputError, match="Thaa"):
        detection.detect("ދިވެހިރާއްޖެ އަކީ ޖަޒީރާ ޤައުމެއް", declared="hi")


def test_confidence_grows_with_the_text() -> None:
    text = CASES["documents"][0][2]
    short, long = detection.detect(text[:30]), detection.detect(text)
    assert short.confidence < long.confidence
    assert long.confidence > 0.9


def test_runners_up_are_others_in_order() -> None:
    found = detection.detect("Nyheter")
    confidences = [found.confidence, *(confidence for _, confidence in found.runners_up)]
    assert len(found.runners_up) == 3
    assert found.code not in {code for code, _ in found.runners_up}
    assert confidences == sorted(confidences, reverse=True)


def test_every_language_can_be_declared() -> None:
    """Where the text alone does not tell, what is declared is believed."""
    letters = {"Arab": "سلام", "Latn": "Ba", "Deva": "सलाम", "Beng": "সালাম", "Tfng": "ⴰⵣⵓⵍ"}
    for language in codes.all_languages():
        if text := letters.get(language.script):
            assert detection.detect(text, declared=language.code).code == language.code


@settings(max_examples=60)
@given(st.text(max_size=200), st.none() | st.sampled_from(sorted(CODES)) | st.text(max_size=5))
def test_any_text_has_a_language_or_is_refused(text: str, declared: str | None) -> None:
    expected = {language.script for language in codes.candidates(declared or "")}
    writing = scripts.writing_system(noise.strip(text), expected=expected)
    try:
        found = detection.detect(text, declared=declared)
    except InputError:
        assert writing not in {language.script for language in codes.all_languages()}
        return
    assert {found.code, *(code for code, _ in found.runners_up)} <= CODES
    assert 0 <= found.confidence <= 1
    assert writing in (None, codes.get(found.code).script)


@settings(max_examples=60)
@given(st.sampled_from(CASES["documents"]), st.integers(1, 4))
def test_repeating_a_document_changes_nothing(row: tuple[str, None, str], times: int) -> None:
    code, _, text = row
    assert detection.detect("\n".join([text] * times)).code == code


@pytest.mark.parametrize(
    ("text", "writing"),
    [
        ("Plain English", "Latn"),
        ("新しい病院", "Jpan"),
        ("カタカナ", "Jpan"),
        ("新医院将开业", "Hans"),
        ("新醫院將開業", "Hant"),
        ("大韓民國은 한국", "Hang"),
        ("BBC हिन्दी समाचार", "Deva"),
        ("The word हिन्दी in English prose", "Latn"),
        ("2026 — 11", None),
        ("ߒߞߏ", "Nkoo"),
        ("𐀀", "Zzzz"),
    ],
)
def test_writing_system(text: str, writing: str | None) -> None:
    assert scripts.writing_system(text) == writing


def test_scripts_of_a_text() -> None:
    assert scripts.of("abc абв १२३ 漢字") == {"Latn", "Cyrl", "Hani"}
    assert scripts.count("ab भारत!") == {"Latn": 2, "Deva": 3}
    assert scripts.of("123") == frozenset()


@given(st.text())
def test_only_keeps_length_and_blanks_other_scripts(text: str) -> None:
    kept = scripts.only(text, "Latn")
    assert len(kept) == len(text)
    assert scripts.of(kept) <= {"Latn"}
    assert all(a in (b, " ") for a, b in zip(kept, text, strict=True))
    assert scripts.only(kept, "Latn") == kept
