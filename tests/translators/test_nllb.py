"""NLLB on torch: ids as the reference builds them, order, length, limits, and honest failures.

What is compared with what transformers does by itself runs on random weights; what needs a model
that knows something runs on the demo checkpoint.
"""

from __future__ import annotations

import itertools
import json
import random
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from toolkit.data import Hypothesis
from toolkit.errors import ConfigError, ModelError, UnknownLanguageError
from toolkit.hub.resolve import resolve
from toolkit.text.normalise import normalise
from toolkit.translators.choice import choose_precision
from toolkit.translators.engine.batching import Decoded
from toolkit.translators.engine.linear import Precision
from toolkit.translators.nllb import Nllb, language_ids

LONG = "કિર્ગિસ્તાન રશિયાનો નજીકનો મિત્ર છે, અને બંને દેશો સભ્યો છે; "
TEXTS = [
    "રશિયા મધ્ય એશિયામાં પોતાની સ્થિતિ મજબૂત બનાવે છે",
    "કિર્ગિસ્તાન રશિયાનો નજીકનો મિત્ર છે.",
    "ઊર્જા ક્ષેત્રે નવા પ્રોજેક્ટ્સ (ખાસ કરીને હાઇડ્રોઇલેક્ટ્રિક પાવર પ્લાન્ટ્સ)",
    "છે",
    "42",
    LONG * 3,
]
GUJARATI, ENGLISH = "guj_Gujr", "eng_Latn"


@pytest.fixture(scope="module")
def tiny(tiny_checkpoint: Path) -> Nllb:
    return Nllb(resolve(str(tiny_checkpoint)), device="cpu", beam=1)


@pytest.fixture(scope="module")
def demo() -> Nllb:
    return Nllb(resolve("demo"), device="cpu", beam=4)


def sequences_given_to_the_model(
    translator: Nllb, monkeypatch: pytest.MonkeyPatch, texts: Sequence[str], source: str
) -> list[list[int]]:
    seen: list[list[int]] = []

    def spy(sequences: Sequence[list[int]], target: int) -> list[Decoded]:
        seen.extend(sequences)
        return [Decoded((), None, True) for _ in sequences]

    monkeypatch.setattr(translator, "decode", spy)
    translator.translate(texts, source=source, target=ENGLISH)
    return seen


@pytest.mark.parametrize("source", ["guj_Gujr", "hin_Deva", "arb_Arab", "sat_Beng", "zul_Latn"])
def test_ids_are_those_of_the_reference_tokenizer(
    source: str, tiny: Nllb, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoTokenizer

    reference = AutoTokenizer.from_pretrained(tiny_checkpoint, src_lang=source)
    wanted = [reference(normalise(text))["input_ids"] for text in TEXTS]
    assert sequences_given_to_the_model(tiny, monkeypatch, TEXTS, source) == wanted


def test_all_codes_of_the_hub_are_known(tiny: Nllb) -> None:
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    for code in FAIRSEQ_LANGUAGE_CODES:
        assert tiny.translate([""], source=code, target=ENGLISH) == [Hypothesis("")]


@pytest.mark.parametrize("beam", [1, 4])
def test_output_and_score_are_those_of_the_reference_loop(beam: int) -> None:
    """One sequence at a time through transformers alone, with its own tokenizer and scores."""
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    path = resolve("demo").path
    tokenizer = AutoTokenizer.from_pretrained(path, src_lang=GUJARATI)
    model = AutoModelForSeq2SeqLM.from_pretrained(path).eval()
    ours = Nllb(resolve("demo"), device="cpu", precision="float32", beam=beam)
    for text, hypothesis in zip(
        TEXTS[:5], ours.translate(TEXTS[:5], source=GUJARATI, target=ENGLISH), strict=True
    ):
        with torch.inference_mode():
            out = model.generate(
                **tokenizer(normalise(text), return_tensors="pt"),
                forced_bos_token_id=tokenizer.convert_tokens_to_ids(ENGLISH),
                num_beams=beam,
                early_stopping=False,
                max_new_tokens=400,
                output_logits=True,
                output_scores=True,
                return_dict_in_generate=True,
            )
            indices = out.beam_indices if beam > 1 else None
            steps = model.compute_transition_scores(
                out.sequences, out.scores, indices, normalize_logits=beam == 1
            )
        assert hypothesis.text == tokenizer.decode(out.sequences[0], skip_special_tokens=True)
        assert hypothesis.score is not None
        real = steps[0][1:][out.sequences[0][2:] != 1]  # without the forced code and padding
        assert hypothesis.score == pytest.approx(real.mean().item(), abs=1e-3)
        assert hypothesis.flags == ()


@pytest.mark.parametrize("beam", [1, 4])
@pytest.mark.parametrize(
    "precision",
    ["float32", pytest.param("bfloat16", marks=pytest.mark.needs("bfloat16")), "int8"],
)
def test_shuffled_texts_give_the_same(
    precision: Precision, beam: int, tiny_checkpoint: Path
) -> None:
    """To the last bit, though few sequences fit a batch and many are equally long."""
    translator = Nllb(
        resolve(str(tiny_checkpoint)),
        device="cpu",
        precision=precision,
        beam=beam,
        token_budget=60 * beam,
    )
    texts = [text for text in TEXTS[:5] for _ in range(2)] + [f"{i} છે" for i in range(9)]
    plain = translator.translate(texts, source=GUJARATI, target=ENGLISH)
    order = random.Random(1).sample(range(len(texts)), len(texts))
    shuffled = translator.translate([texts[i] for i in order], source=GUJARATI, target=ENGLISH)
    assert shuffled == [plain[i] for i in order]


@pytest.mark.parametrize("budget", [100, 100_000])
def test_alone_together_and_shuffled_give_the_same(budget: int, tiny_checkpoint: Path) -> None:
    translator = Nllb(resolve(str(tiny_checkpoint)), device="cpu", beam=1, token_budget=budget)
    texts = [f"{text} {i}" for i, text in enumerate(TEXTS * 2)]
    together = translator.translate(texts, source=GUJARATI, target=ENGLISH)
    assert len({h.text for h in together}) > len(texts) // 2  # the sequences differ, so order shows
    backwards = translator.translate(texts[::-1], source=GUJARATI, target=ENGLISH)
    assert [h.text for h in backwards[::-1]] == [h.text for h in together]
    order = random.Random(1).sample(range(len(texts)), len(texts))
    shuffled = translator.translate([texts[i] for i in order], source=GUJARATI, target=ENGLISH)
    assert [h.text for h in shuffled] == [together[i].text for i in order]
    for text, hypothesis in list(zip(texts, together, strict=True))[:6]:
        (alone,) = translator.translate([text], source=GUJARATI, target=ENGLISH)
        assert (alone.text, alone.flags) == (hypothesis.text, hypothesis.flags)
        assert alone.score == pytest.approx(hypothesis.score, abs=1e-4)


@settings(max_examples=15)
@given(texts=st.lists(st.text(max_size=40), max_size=5))
def test_any_text_gives_one_hypothesis(tiny: Nllb, texts: list[str]) -> None:
    found = tiny.translate(texts, source="hin_Deva", target=ENGLISH)
    assert len(found) == len(texts)
    for text, hypothesis in zip(texts, found, strict=True):
        if not normalise(text):
            assert hypothesis == Hypothesis("")


def test_nothing_in_nothing_out(tiny: Nllb, monkeypatch: pytest.MonkeyPatch) -> None:
    blank = ["", "  \n\t", "\u200b", "\ufeff "]
    assert sequences_given_to_the_model(tiny, monkeypatch, blank, GUJARATI) == []
    assert tiny.translate([], source=GUJARATI, target=ENGLISH) == []


def test_one_language_to_itself_passes_through(tiny: Nllb) -> None:
    texts = ["“Quoted” …", "", "  kept  "]
    assert tiny.translate(texts, source=ENGLISH, target=ENGLISH) == [Hypothesis(t) for t in texts]


@pytest.mark.parametrize("code", ["hin", "hin_deva", "eng", "<unk>", "</s>", "xxx_Latn", ""])
@pytest.mark.parametrize("side", ["source", "target"])
def test_codes_that_are_not_known_are_refused(code: str, side: str, tiny: Nllb) -> None:
    codes = {"source": "hin_Deva", "target": ENGLISH, side: code}
    with pytest.raises(UnknownLanguageError) as raised:
        tiny.translate(["text"], **codes)
    if code == "hin_deva":
        assert "hin_Deva" in raised.value.suggestions


def test_special_tokens_in_a_text_are_text(tiny: Nllb, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a </s> eng_Latn <s><pad><mask> <unk> b"
    (sequence,) = sequences_given_to_the_model(tiny, monkeypatch, [text], "hin_Deva")
    assert all(i > 3 for i in sequence[1:-1])
    assert not set(sequence[1:-1]) & set(tiny._languages.values())


def test_what_the_model_cannot_write_shows(tiny: Nllb, monkeypatch: pytest.MonkeyPatch) -> None:
    word = tiny._tokenizer.encode("Putin", add_special_tokens=False).ids
    answer = Decoded((*word, 3, *word, tiny._languages["zul_Latn"]), -1.0, True)
    monkeypatch.setattr(tiny, "decode", lambda sequences, target: [answer])
    (found,) = tiny.translate(["છે"], source=GUJARATI, target=ENGLISH)
    assert found.text == "Putin ⁇ Putin zul_Latn"


def test_long_texts_are_split_and_nothing_is_left_out(
    tiny: Nllb, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = LONG * 60
    sequences = sequences_given_to_the_model(tiny, monkeypatch, [text, "છે"], GUJARATI)
    assert len(sequences) > 3
    assert all(len(sequence) <= 182 for sequence in sequences)
    spelt = tiny._tokenizer.decode([i for sequence in sequences[:-1] for i in sequence[1:-1]])
    assert spelt.replace(" ", "") == normalise(text).replace(" ", "")


def test_a_variant_splits_and_searches_otherwise(
    tiny: Nllb, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ", ".join(["ગુજરાતમાં આજે ભારે વરસાદ"] * 6)
    narrow = tiny.variant(beam=2, longest=16)
    (whole,) = sequences_given_to_the_model(tiny, monkeypatch, [text], GUJARATI)
    parts = sequences_given_to_the_model(narrow, monkeypatch, [text], GUJARATI)
    assert len(parts) > 1
    assert all(len(part) <= 18 < len(whole) for part in parts)
    assert narrow.signature != tiny.signature


def test_a_variant_forbids_repeats(tiny: Nllb) -> None:
    bound = tiny.variant(beam=2, no_repeat_ngram=2)
    code = tiny._languages[ENGLISH]
    sequences = [[tiny._languages[GUJARATI], *tiny._encode(text), 2] for text in TEXTS]

    def repeating(translator: Nllb) -> int:
        pairs = [list(itertools.pairwise(d.tokens)) for d in translator.decode(sequences, code)]
        return sum(len(set(sequence)) < len(sequence) for sequence in pairs)

    assert repeating(tiny.variant(beam=2)) > len(sequences) / 2
    assert repeating(bound) == 0
    assert bound.signature != tiny.variant(beam=2).signature


def test_a_part_that_was_stopped_by_the_cap_is_flagged(tiny: Nllb) -> None:
    """Random weights hardly ever write an end; the demo always does."""
    for hypothesis in tiny.translate(TEXTS, source=GUJARATI, target=ENGLISH):
        assert hypothesis.flags == ("cut_short",)
        assert hypothesis.text
        assert hypothesis.score is not None


def test_batches_are_halved_when_memory_runs_out(
    tiny: Nllb, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    wanted = tiny.translate(TEXTS, source=GUJARATI, target=ENGLISH)
    generate = tiny._generate
    sizes: list[int] = []

    def short_of_memory(sequences: Sequence[list[int]], target: int) -> Any:
        sizes.append(len(sequences))
        if len(sequences) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return generate(sequences, target)

    monkeypatch.setattr(tiny, "_generate", short_of_memory)
    found = tiny.translate(TEXTS, source=GUJARATI, target=ENGLISH)
    assert [h.text for h in found] == [h.text for h in wanted]
    assert max(sizes) > 2 >= sizes[-1]


def test_threads_may_share_a_translator(demo: Nllb) -> None:
    languages = [GUJARATI, "hin_Deva", "arb_Arab", GUJARATI]
    wanted = [demo.translate(TEXTS[:2], source=code, target=ENGLISH) for code in languages]
    found: dict[int, list[Hypothesis]] = {}

    def work(i: int) -> None:
        found[i] = demo.translate(TEXTS[:2], source=languages[i], target=ENGLISH)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(languages))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [[h.text for h in found[i]] for i in range(4)] == [[h.text for h in w] for w in wanted]


def test_the_signature_names_what_the_output_depends_on(demo: Nllb, tiny: Nllb) -> None:
    revision = resolve("demo").revision[:8]
    assert demo.signature == f"demo@{revision} torch float32 beam4 text1"
    assert tiny.signature.endswith(" torch float32 beam1 text1")
    assert "five sample articles" in demo.notice
    assert tiny.notice == ""


@pytest.mark.needs("bfloat16")
def test_other_precisions_run(tiny_checkpoint: Path) -> None:
    translator = Nllb(resolve(str(tiny_checkpoint)), device="cpu", precision="bfloat16", beam=2)
    assert "bfloat16" in translator.signature
    assert len(translator.translate(TEXTS, source=GUJARATI, target=ENGLISH)) == len(TEXTS)


def test_bfloat16_is_refused_where_the_processor_lacks_it(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolkit.translators.engine.torch_network.bfloat16_works", lambda: False)
    with pytest.raises(ModelError, match="does not multiply bfloat16") as raised:
        Nllb(resolve(str(tiny_checkpoint)), device="cpu", precision="bfloat16")
    assert "float32" in raised.value.remedy


def test_the_gpu_is_refused_where_there_is_none(tiny_checkpoint: Path) -> None:
    import torch

    if torch.cuda.is_available():
        assert Nllb(resolve(str(tiny_checkpoint)), device="cuda").device == "cuda"
        return
    with pytest.raises(ModelError, match="--device cuda") as raised:
        Nllb(resolve(str(tiny_checkpoint)), device="cuda")
    assert "--device cpu" in raised.value.remedy
    assert Nllb(resolve(str(tiny_checkpoint)), device="auto").device == "cpu"
    with pytest.raises(ConfigError, match="tpu"):
        Nllb(resolve(str(tiny_checkpoint)), device="tpu")


def edited(source: Path, folder: Path, name: str, edit: dict[str, Any]) -> Path:
    """A copy of ``source`` with some keys of a JSON file replaced."""
    copy = Path(shutil.copytree(source, folder / "edited"))
    value = json.loads((copy / name).read_text(encoding="utf-8"))
    (copy / name).write_text(json.dumps(value | edit), encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        ("config.json", {"pad_token_id": 0}, "pad_token_id 0, not 1"),
        ("config.json", {"d_model": 48}, "damaged"),
        ("config.json", {"decoder_layers": 2}, "damaged"),
        ("tokenizer.json", {"model": {}}, "tokenizer.json is damaged"),
        ("tokenizer.json", {"added_tokens": []}, "not laid out as NLLB's"),
    ],
)
def test_files_that_do_not_belong_together_are_named(
    name: str, edit: dict[str, Any], message: str, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    folder = edited(tiny_checkpoint, tmp_path, name, edit)
    with pytest.raises(ModelError, match=message) as raised:
        Nllb(resolve(str(folder)), device="cpu")
    assert str(folder) in str(raised.value)


def published_layout(shift: int) -> Tokenizer:
    """A tokenizer of the published size, its codes moved by ``shift``."""
    from tokenizers.models import BPE
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    names = ["<s>", "<pad>", "</s>", "<unk>", *(f"p{i}" for i in range(255_997 + shift))]
    tokenizer = Tokenizer(BPE({name: i for i, name in enumerate(names)}, [], unk_token="<unk>"))
    tokenizer.add_special_tokens([*names[:4], *FAIRSEQ_LANGUAGE_CODES, "<mask>"])
    return tokenizer


def test_codes_of_a_published_checkpoint_are_where_they_belong() -> None:
    ids = language_ids(published_layout(0), resolve("demo"))
    assert len(ids) == 202
    assert (ids["ace_Arab"], ids["eng_Latn"], ids["zul_Latn"]) == (256_001, 256_047, 256_202)


@pytest.mark.parametrize("shift", [1, 2])
def test_codes_that_are_shifted_are_refused(shift: int) -> None:
    with pytest.raises(ModelError, match="eng_Latn out of place"):
        language_ids(published_layout(shift), resolve("demo"))


@pytest.mark.parametrize(("name", "wanted"), [("tiny", "float32"), ("600M", "int8")])
def test_the_precision_follows_the_size(name: str, wanted: str, tiny_checkpoint: Path) -> None:
    config = json.loads((tiny_checkpoint / "config.json").read_text(encoding="utf-8"))
    if name == "600M":
        config |= {"d_model": 1024, "vocab_size": 256_206, "encoder_layers": 12}
        config |= {"decoder_layers": 12, "encoder_ffn_dim": 4096, "decoder_ffn_dim": 4096}
    assert choose_precision("cpu", config) == wanted


@pytest.mark.parametrize(("exact", "wanted"), [(True, "int8"), (False, "float32")])
def test_ctranslate2_computes_in_what_is_right_here(
    exact: bool,
    wanted: str,
    tiny_checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("toolkit.translators.ctranslate2.int8_is_exact", lambda: exact)
    monkeypatch.setattr("toolkit.translators.choice.LARGE", 1)
    checkpoint = resolve(str(tiny_checkpoint))
    chosen = Nllb(checkpoint, engine="ctranslate2", device="cpu")
    assert f" ctranslate2 {wanted} " in chosen.signature
    assert ("int8 is wrong on this processor" in caplog.text) != exact
    assert len(chosen.translate(TEXTS[:2], source=GUJARATI, target=ENGLISH)) == 2


def test_the_int8_of_ctranslate2_is_refused_where_it_is_wrong(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolkit.translators.ctranslate2.int8_is_exact", lambda: False)
    checkpoint = resolve(str(tiny_checkpoint))
    with pytest.raises(ModelError, match="int8 is wrong on this processor") as raised:
        Nllb(checkpoint, engine="ctranslate2", device="cpu", precision="int8")
    assert "--engine torch" in raised.value.remedy


def test_the_users_logging_is_left_alone(
    tiny_checkpoint: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    translator = Nllb(resolve(str(tiny_checkpoint)), device="cpu")
    translator.translate(TEXTS, source=GUJARATI, target=ENGLISH)
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
    assert capfd.readouterr() == ("", "")
