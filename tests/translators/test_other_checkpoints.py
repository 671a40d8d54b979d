"""Checkpoints of other families, tiny and with random weights, in the form that they are published
in: their ids are right, and digest, translate and the cache work with them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from sentencepiece import SentencePieceTrainer
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    M2M100Tokenizer,
    MarianConfig,
    MarianMTModel,
    MarianTokenizer,
    T5Config,
    T5ForConditionalGeneration,
    T5Tokenizer,
)

from toolkit import pipeline
from toolkit.bench import subjects
from toolkit.cli.doctor import examine
from toolkit.config import Config
from toolkit.errors import ConfigError, ModelError, UnknownLanguageError
from toolkit.hub.resolve import resolve
from toolkit.translators.build import load_translator
from toolkit.translators.nllb import Nllb, load_tokenizer
from toolkit.translators.optimise import prepare
from toolkit.translators.pieces import PieceTokenizer
from toolkit.translators.seq2seq import Seq2Seq

SEEDS = Path(__file__).parents[2] / "seeds"
LINES = [line for path in sorted(SEEDS.glob("*.txt")) for line in path.read_text().splitlines()]
M2M100_LANGUAGES = 100
SMALL: dict[str, Any] = {
    "d_model": 16,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
}


def _pieces(path: Path, *, symbols: list[str] | None = None, **ids: int) -> list[str]:
    """Train SentencePiece on the samples, write its model to ``path``, and return its pieces."""
    from sentencepiece import SentencePieceProcessor

    written = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(line for line in LINES if line.strip()),
        model_writer=written,
        vocab_size=600,
        model_type="bpe",
        character_coverage=1.0,
        user_defined_symbols=symbols or [],
        minloglevel=2,
        **ids,
    )
    path.write_bytes(written.getvalue())
    loaded = SentencePieceProcessor(model_proto=written.getvalue())
    return [loaded.id_to_piece(i) for i in range(loaded.get_piece_size())]


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def _m2m100(folder: Path, *, decoder_layers: int = 1, encoder_layers: int = 1) -> None:
    pieces = _pieces(folder / "sentencepiece.bpe.model")
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    names = [*special, *(piece for piece in pieces if piece not in special)]
    _write(folder / "vocab.json", {name: i for i, name in enumerate(names)})
    config = M2M100Config(
        vocab_size=len(names) + M2M100_LANGUAGES + 8,
        **SMALL,
        encoder_layers=encoder_layers,
        decoder_layers=decoder_layers,
    )
    M2M100ForConditionalGeneration(config).save_pretrained(folder)
    _write(folder / "tokenizer_config.json", {"tokenizer_class": "M2M100Tokenizer"})


def _small100(folder: Path) -> None:
    _m2m100(folder, encoder_layers=12, decoder_layers=3)


def _madlad(folder: Path) -> None:
    symbols = ["<2en>", "<2gu>", "<2hi>", "<2ar>"]
    ids = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}
    pieces = _pieces(folder / "spiece.model", symbols=symbols, **ids)
    vocabulary = [(piece, -float(i)) for i, piece in enumerate(pieces)]
    T5Tokenizer(vocab=vocabulary, extra_ids=0).save_pretrained(folder)
    config = T5Config(
        vocab_size=len(pieces),
        d_model=16,
        d_kv=8,
        d_ff=32,
        num_layers=1,
        num_heads=2,
        decoder_start_token_id=0,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)


def _opus(folder: Path) -> None:
    _pieces(folder / "target.spm")
    pieces = _pieces(folder / "source.spm")
    names = ["</s>", "<unk>", *(p for p in pieces if p not in ("</s>", "<unk>", "<s>")), "<pad>"]
    _write(folder / "vocab.json", {name: i for i, name in enumerate(names)})
    config = MarianConfig(
        vocab_size=len(names),
        **SMALL,
        encoder_layers=1,
        decoder_layers=1,
        eos_token_id=0,
        pad_token_id=len(names) - 1,
        decoder_start_token_id=len(names) - 1,
        max_position_embeddings=512,
    )
    MarianMTModel(config).save_pretrained(folder)
    about = {"tokenizer_class": "MarianTokenizer", "source_lang": "gu", "target_lang": "en"}
    _write(folder / "tokenizer_config.json", about)


def _loaded(folder: Path, *, beam: int, ours: bool | None = None) -> Nllb | Seq2Seq:
    """The translator for a checkpoint, without checks: random weights pass none."""
    ours = folder.name == "m2m100" if ours is None else ours
    return (Nllb if ours else Seq2Seq)(resolve(str(folder)), device="cpu", beam=beam)


MAKERS: dict[str, Callable[[Path], None]] = {
    "m2m100": _m2m100,
    "small100": _small100,
    "madlad": _madlad,
    "opus": _opus,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function that returns the folder of a checkpoint, made when it is first asked for."""
    root = tmp_path_factory.mktemp("checkpoints")

    def folder_of(kind: str) -> Path:
        folder = root / kind
        if not folder.exists():
            folder.mkdir()
            torch.manual_seed(5)
            MAKERS[kind](folder)
        return folder

    return folder_of


# Short: random weights write on until they are stopped.
GUJARATI = ["વરસાદ પડ્યો.", "શાળા બંધ છે.", "તે આવ્યા."]


@pytest.mark.parametrize("kind", MAKERS)
def test_a_checkpoint_translates_and_its_signature_names_it(
    made: Callable[[str], Path], kind: str
) -> None:
    translator = _loaded(made(kind), beam=2)
    found = translator.translate([*GUJARATI, ""], source="guj_Gujr", target="eng_Latn")
    assert len(found) == len(GUJARATI) + 1
    assert found[-1].text == ""
    again = translator.translate(GUJARATI[::-1], source="guj_Gujr", target="eng_Latn")
    assert [h.text for h in again[::-1]] == [h.text for h in found[:-1]]
    assert translator.signature.startswith(f"{kind}@")
    with pytest.raises(UnknownLanguageError):
        translator.translate(GUJARATI, source="guj_Gujr", target="dzo_Tibt")


@pytest.mark.parametrize("kind", ["m2m100", "madlad", "opus"])
def test_a_digest_is_made_and_a_second_one_asks_the_model_nothing(
    made: Callable[[str], Path], kind: str, tmp_path: Path
) -> None:
    page = tmp_path / "page.txt"
    page.write_text(" ".join(GUJARATI), encoding="utf-8")
    config = Config(
        inputs=page,
        outputs=tmp_path / "outputs",
        cache=tmp_path / "cache.sqlite",
        corrections=tmp_path / "corrections.tmx",
        model=made(kind),
        device="cpu",
        beam=1,
        date="2026-11-21",
        all=True,
    )
    first = pipeline.run(config)
    assert first.counts["articles"] == 1
    assert first.counts["from_model"] > 0
    assert pipeline.run(config).counts["from_model"] == 0
    assert first.digest.signature.startswith(f"{kind}@")


def test_the_ids_of_m2m100_are_those_of_transformers(made: Callable[[str], Path]) -> None:
    folder = made("m2m100")
    theirs, ours = M2M100Tokenizer.from_pretrained(folder), PieceTokenizer(folder)
    sentences = [part.strip() for line in LINES for part in line.split(". ") if part.strip()]
    sentences += [f"{a} {b}" for a, b in zip(sentences, sentences[7:], strict=False)]
    for sentence in sentences[:1000]:
        expected = theirs(sentence, add_special_tokens=False)["input_ids"]
        assert ours.encode(sentence).ids == expected
        assert ours.decode(expected) == theirs.decode(expected)
    hindi = next(i for i, t in ours.get_added_tokens_decoder().items() if t.content == "hin_Deva")
    assert hindi == theirs.get_lang_id("hi")


def test_the_loop_writes_the_ids_that_transformers_writes(made: Callable[[str], Path]) -> None:
    """M2M100 in our loop and through transformers, greedily."""
    ours, theirs = (_loaded(made("m2m100"), beam=1, ours=ours) for ours in (True, False))
    pair = {"source": "guj_Gujr", "target": "eng_Latn"}

    def shown(translator: Nllb | Seq2Seq) -> list[str]:
        # Random weights write tags of languages, too, which have two names.
        found = [translator.translate([text], **pair)[0].text for text in GUJARATI]
        return [re.sub(r" ?(?:[a-z]{3}_[A-Z][a-z]{3}|__[a-z]+__) ?", "#", text) for text in found]

    assert shown(ours) == shown(theirs)


def test_an_opus_checkpoint_is_told_its_text_as_its_tokenizer_would(
    made: Callable[[str], Path],
) -> None:
    checkpoint = resolve(str(made("opus")))
    theirs = MarianTokenizer.from_pretrained(checkpoint.path)
    loaded = Seq2Seq(checkpoint, device="cpu")
    tags = loaded._tags("guj_Gujr", "eng_Latn")
    for text in GUJARATI:
        assert [*tags.before, *loaded._parts(text)[0], *tags.after] == theirs(text)["input_ids"]


@pytest.mark.parametrize("engine", ["torch", "ctranslate2"])
def test_an_engine_that_cannot_run_a_checkpoint_says_so(
    made: Callable[[str], Path], engine: str
) -> None:
    with pytest.raises(ConfigError, match=f"the engine {engine} cannot run it"):
        load_translator(str(made("madlad")), engine=engine)


def test_other_commands_know_such_a_checkpoint(made: Callable[[str], Path], tmp_path: Path) -> None:
    """There is nothing to prepare, no engine to choose, and none of ours to compare it with."""
    model = str(made("madlad"))
    assert prepare(model).engine == "transformers"
    found = {row.name: row for row in examine(Config(model=model, outputs=tmp_path))}
    assert found["engine"].detail.startswith("transformers")
    with pytest.raises(ModelError, match="whose engines are compared here"):
        subjects.find(model, (), asked=True)


def test_a_damaged_vocabulary_is_named(made: Callable[[str], Path], tmp_path: Path) -> None:
    for file in made("m2m100").iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "vocab.json").unlink()
    (tmp_path / "vocab.json").write_text('{"<unk>": 3}', encoding="utf-8")
    with pytest.raises(ModelError, match=r"vocab\.json is damaged"):
        load_tokenizer(resolve(str(tmp_path)))
