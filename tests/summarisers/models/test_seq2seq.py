"""Briefs by a summarisation checkpoint, with tiny ones made here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolkit.data import TranslatedArticle
from toolkit.errors import ConfigError, ModelError
from toolkit.summarisers.extractive.summariser import Extractive
from toolkit.summarisers.models.seq2seq import Seq2Seq

ArticleOf = Callable[..., TranslatedArticle]
FLOOD = (
    "The river Tamsa burst its banks on Monday and flooded the town of Orsk.",
    "Firefighters brought 46 people to safety, mayor Anna Kovac said.",
    "Schools in the town stay closed until Thursday.",
)
TRUE = "Schools in the town stay closed until Thursday."
INVENTED = "Nine people drowned in Orsk."
WRITTEN = f"{TRUE} {INVENTED}"


def _model(family: str, vocabulary: int) -> Any:
    from transformers import (
        BartConfig,
        BartForConditionalGeneration,
        T5Config,
        T5ForConditionalGeneration,
    )

    ids = {"pad_token_id": 0, "eos_token_id": 2, "vocab_size": vocabulary}
    if family == "t5":
        return T5ForConditionalGeneration(
            T5Config(
                d_model=32, d_kv=16, d_ff=64, num_layers=1, num_heads=2, n_positions=128,
                decoder_start_token_id=0, **ids,
            )
        )  # fmt: skip
    return BartForConditionalGeneration(
        BartConfig(
            d_model=32, encoder_layers=1, decoder_layers=1, encoder_ffn_dim=64, decoder_ffn_dim=64,
            encoder_attention_heads=2, decoder_attention_heads=2, max_position_embeddings=128,
            bos_token_id=1, decoder_start_token_id=2, forced_eos_token_id=None, dropout=0.0, **ids,
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def checkpoints(
    tmp_path_factory: pytest.TempPathFactory, byte_level_tokenizer: Callable[[list[str]], Any]
) -> dict[str, Path]:
    """A T5 and a BART with random weights, and a BART that always writes ``WRITTEN``."""
    import torch
    from tokenizers.processors import TemplateProcessing

    found = {}
    tokenizer = byte_level_tokenizer([*FLOOD, WRITTEN, "summarize: "])
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 2)]
    )
    for name in ("t5", "bart", "trained"):
        torch.manual_seed(5)
        model = _model(name, len(tokenizer))
        if name == "trained":
            _train(model, tokenizer)
        folder = tmp_path_factory.mktemp("seq2seq") / name
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        found[name] = folder
    return found


def _train(model: Any, tokenizer: Any) -> None:
    import torch

    source = tokenizer(" ".join(FLOOD), return_tensors="pt")["input_ids"]
    target = tokenizer(WRITTEN, return_tensors="pt")["input_ids"]
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(200):
        loss = model(input_ids=source, labels=target).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if loss.item() < 0.01:
            break


@pytest.mark.parametrize("family", ["t5", "bart"])
def test_a_model_that_writes_nonsense_costs_no_brief(
    checkpoints: dict[str, Path], article_of: ArticleOf, family: str
) -> None:
    article = article_of(*FLOOD)
    summariser = Seq2Seq(str(checkpoints[family]), device="cpu", beams=1, max_new_tokens=20)
    brief = summariser.summarise(article, bullets=2)
    own = Extractive().summarise(article, bullets=2)
    assert brief.headline == own.headline
    assert brief.bullets
    assert {b.text for b in brief.bullets} <= {b.text for b in own.bullets}
    assert brief.notes


def test_the_sentences_of_the_output_are_the_bullets_if_the_article_says_so(
    checkpoints: dict[str, Path], article_of: ArticleOf
) -> None:
    brief = Seq2Seq(str(checkpoints["trained"]), device="cpu").summarise(
        article_of(*FLOOD), bullets=2
    )
    assert (brief.bullets[0].text, brief.bullets[0].cites) == (TRUE, (2,))
    assert INVENTED not in [b.text for b in brief.bullets]
    assert len(brief.bullets) == 2
    assert brief.notes[0].startswith("1 of the model's 2 bullets was not supported")


def test_no_more_bullets_than_asked_for(
    checkpoints: dict[str, Path], article_of: ArticleOf
) -> None:
    brief = Seq2Seq(str(checkpoints["trained"]), device="cpu").summarise(
        article_of(*FLOOD), bullets=1
    )
    assert [b.text for b in brief.bullets] == [TRUE]


def test_a_long_article_is_read_in_parts(
    checkpoints: dict[str, Path], article_of: ArticleOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = article_of(*(f"Village number {n} of the valley was flooded." for n in range(30)))
    summariser = Seq2Seq(str(checkpoints["bart"]), device="cpu", beams=1, max_new_tokens=5)
    parts: list[str] = []

    def write(text: str) -> str:
        parts.append(text)
        return text.split(". ")[0].rstrip(".") + "."

    monkeypatch.setattr(summariser, "_write", write)
    brief = summariser.summarise(article, bullets=3)
    assert len(parts) > 2
    assert (
        " ".join(parts) == " ".join(t.english for t in article.translations)[: len(" ".join(parts))]
    )
    assert brief.bullets[0].cites == (0,)
    cites = [b.cites[0] for b in brief.bullets]
    assert cites == sorted(cites)


def test_a_very_long_article_is_cut_and_says_so(
    checkpoints: dict[str, Path], article_of: ArticleOf
) -> None:
    article = article_of(*(f"Village number {n} of the valley was flooded." for n in range(300)))
    summariser = Seq2Seq(str(checkpoints["bart"]), device="cpu", beams=1, max_new_tokens=5)
    assert summariser.summarise(article, bullets=2).notes[0].endswith("article's 300 sentences.")


def test_a_sentence_longer_than_the_model_reads(
    checkpoints: dict[str, Path], article_of: ArticleOf
) -> None:
    article = article_of(f"The flood reached {', '.join(f'village {n}' for n in range(200))}.")
    summariser = Seq2Seq(str(checkpoints["bart"]), device="cpu", beams=1, max_new_tokens=5)
    assert len(summariser.summarise(article, bullets=2).bullets) == 1


def test_an_article_of_nothing(checkpoints: dict[str, Path], article_of: ArticleOf) -> None:
    assert Seq2Seq(str(checkpoints["bart"])).summarise(article_of(), bullets=2).bullets == ()


def test_the_signature_names_checkpoint_and_beam(checkpoints: dict[str, Path]) -> None:
    signature = Seq2Seq(str(checkpoints["bart"]), beams=2).signature
    assert signature.startswith("seq2seq-1 bart@")
    assert signature.endswith("beam 2")
    assert signature.split()[1] != Seq2Seq(str(checkpoints["trained"])).signature.split()[1]


def test_what_is_no_summarisation_model_is_named(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    for file in checkpoints["bart"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[:100])
    with pytest.raises(ModelError, match="cannot be loaded as a sequence-to-sequence model"):
        Seq2Seq(str(tmp_path))
    for file in tmp_path.glob("*.safetensors"):
        file.rename(tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelError, match="run code"):
        Seq2Seq(str(tmp_path))
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelError, match="GGUF"):
        Seq2Seq(str(tmp_path / "model.gguf"))
    with pytest.raises(ConfigError, match="no language model"):
        Seq2Seq("extractif")
