"""The fake keeps the contract of real translators, so tests that stand on it mean something."""

from __future__ import annotations

import pytest

from toolkit.data import Hypothesis
from toolkit.errors import UnknownLanguageError
from toolkit.hub.resolve import resolve
from toolkit.testing.fakes import FakeTranslator
from toolkit.translators.base import Translator
from toolkit.translators.nllb import Nllb


@pytest.fixture(scope="module", params=["fake", "real"])
def translator(request: pytest.FixtureRequest) -> Translator:
    return FakeTranslator() if request.param == "fake" else Nllb(resolve("demo"), device="cpu")


def test_one_hypothesis_for_each_text_in_order(translator: Translator) -> None:
    texts = ["એક", "", "બે ત્રણ", "એક"]
    found = translator.translate(texts, source="guj_Gujr", target="eng_Latn")
    assert len(found) == 4
    assert found[0].text == found[3].text != found[2].text
    assert found[1] == Hypothesis("")
    assert translator.translate([], source="guj_Gujr", target="eng_Latn") == []


def test_english_passes_through(translator: Translator) -> None:
    texts = ["As it is. ", ""]
    found = translator.translate(texts, source="eng_Latn", target="eng_Latn")
    assert found == [Hypothesis(text) for text in texts]


@pytest.mark.parametrize("codes", [("gu", "eng_Latn"), ("guj_Gujr", "english")])
def test_what_is_no_code_is_refused(codes: tuple[str, str], translator: Translator) -> None:
    with pytest.raises(UnknownLanguageError):
        translator.translate(["એક"], source=codes[0], target=codes[1])


def test_the_fake_says_what_it_was_told_and_remembers_what_it_was_asked() -> None:
    flagged = Hypothesis("Two", -3.0, ("low_score",))
    fake = FakeTranslator({"એક": "One", "બે": flagged}, signature="fake@2", notice="Invented.")
    texts = ["એક", "બે", "ત્રણ"]
    found = fake.translate(texts, source="guj_Gujr", target="eng_Latn")
    assert [h.text for h in found] == ["One", "Two", "[guj_Gujr] ત્રણ"]
    assert found[1] == flagged
    assert fake.calls == [(tuple(texts), "guj_Gujr", "eng_Latn")]
    assert (fake.signature, fake.notice) == ("fake@2", "Invented.")
