"""Which tokens English keeps: all that it can need, and little else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from toolkit.hub.resolve import resolve
from toolkit.text.english import frequencies
from toolkit.translators.engine.vocabulary import english_tokens

WORDS = ["river", "government", "Bishkek", "translation", "e-mail", "naïve"]


@pytest.fixture(scope="module")
def demo() -> Tokenizer:
    return Tokenizer.from_file(str(resolve("demo").path / "tokenizer.json"))


@pytest.fixture(scope="module")
def mixed() -> Tokenizer:
    """A vocabulary like NLLB's in small: tokens of several scripts and languages."""
    texts = [
        "the government of the river translation (Bishkek) e-mail 1,234.50 € – naïve",
        "правительство реки перевод", "નદી સરકાર અનુવાદ", "किताब। सरकार", "翻訳、政府。",
        "Donaudampfschifffahrtsgesellschaft Rechtsschutzversicherung",
    ]  # fmt: skip
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts * 50, trainer)
    tokenizer.add_special_tokens(["eng_Latn", "fra_Latn"])
    return tokenizer


@pytest.fixture(scope="module")
def kept(mixed: Tokenizer) -> set[int]:
    english = mixed.token_to_id("eng_Latn")
    return set(english_tokens(mixed, [english], words=WORDS, small=0))


def test_a_small_vocabulary_is_kept_whole(demo: Tokenizer) -> None:
    assert english_tokens(demo, []) == list(range(demo.get_vocab_size()))


def test_special_tokens_and_asked_languages_stay(mixed: Tokenizer, kept: set[int]) -> None:
    assert {0, 1, 2, 3, mixed.token_to_id("eng_Latn")} <= kept
    assert mixed.token_to_id("fra_Latn") not in kept


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("form", ["{}", "the {} (", '("{}")', "e-{}"])
def test_words_stay_in_every_form(mixed: Tokenizer, kept: set[int], word: str, form: str) -> None:
    for text in (word, word.upper(), word.capitalize()):
        ids = mixed.encode(form.format(text)).ids
        assert {i for i in ids if i > 3} <= kept


@pytest.mark.parametrize(
    "text", ["правительство", "સરકાર", "सरकार।", "翻訳、政府。", "versicherung"]
)
def test_other_languages_go(mixed: Tokenizer, kept: set[int], text: str) -> None:
    tokens = mixed.encode(text).ids
    assert any(i not in kept for i in tokens)
    if not text.isascii():
        assert {i for i in tokens if mixed.id_to_token(i) not in ("▁", "<unk>")}.isdisjoint(kept)


def test_digits_and_signs_stay(mixed: Tokenizer, kept: set[int]) -> None:
    for character in "123450.,()-–€ï":
        assert mixed.token_to_id(character) in kept


@settings(max_examples=50)
@given(st.text(alphabet="abeghiklmnorstuvBETGK12345 .,()-€", min_size=1, max_size=30))
def test_any_latin_text_can_be_spelt(mixed: Tokenizer, kept: set[int], text: str) -> None:
    """Character by character at worst; nothing that the whole vocabulary could spell is lost."""
    for character in text.replace(" ", ""):
        whole = mixed.token_to_id(character)
        assert whole is None or whole in kept


def test_the_real_word_list_covers_names_in_the_news(demo: Tokenizer) -> None:
    tokens = set(english_tokens(demo, [], words=frequencies(), small=0))
    text = "Kyrgyzstan's President met Narendra Modi, the Indian PM, in London on 12 May 2013."
    assert set(demo.encode(text, add_special_tokens=False).ids) <= tokens
    assert len(tokens) < demo.get_vocab_size()
