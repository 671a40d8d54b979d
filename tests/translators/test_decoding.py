"""The decoding loop against transformers' ``generate`` on the demo checkpoint, which has learnt
its articles and ends its outputs; texts that it never saw make it hesitate between pieces."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from toolkit.errors import ModelError
from toolkit.translators.batching import Decoded
from toolkit.translators.decoding import Decoder, Limits
from toolkit.translators.fused import FusedNetwork, make_network
from toolkit.translators.hub import resolve
from toolkit.translators.kernels import Int8Dense, quantise_weight, top
from toolkit.translators.native_kernels import load
from toolkit.translators.network import Network, Shape
from toolkit.translators.weights import Weights

SEEDS = Path(__file__).parents[2] / "seeds"
CAP = 32
END = 2


class Demo:
    """The demo checkpoint, its tokenizer and some rows: learnt sentences and shuffled words."""

    def __init__(self) -> None:
        self.path: Path = resolve("demo").path
        self.weights = Weights(self.path)
        self.tokenizer = Tokenizer.from_file(str(self.path / "tokenizer.json"))
        self.english: int = self.tokenizer.token_to_id("eng_Latn")
        texts = []
        for seed in sorted(SEEDS.glob("*.txt")):
            text = seed.read_text(encoding="utf-8").replace("।", ".")
            texts += [s.strip() for s in text.replace("\n", ".").split(".") if 10 < len(s) < 150]
        chance = random.Random(5)
        words = " ".join(texts).split()
        mixed = [" ".join(chance.choices(words, k=chance.randint(1, 9))) for _ in range(36)]
        self.texts = chance.sample(texts, 28) + mixed
        self.rows = [self.row(text) for text in self.texts]

    def row(self, text: str) -> list[int]:
        ids = self.tokenizer.encode(text, add_special_tokens=False).ids
        return [self.tokenizer.token_to_id("hin_Deva"), *ids, END]

    def decoder(self, precision: str = "float32", kept: list[int] | None = None) -> Decoder:
        """``precision`` "fused" is int8 with the C kernels."""
        if precision != "fused":
            return Decoder(Network(self.weights, precision, kept=kept), kept=kept)  # type: ignore[arg-type]
        kernels = load()
        if kernels is None:
            pytest.skip("no C compiler")
        return Decoder(FusedNetwork(self.weights, kernels, kept=kept), kept=kept)

    def decode(self, decoder: Decoder, **options: Any) -> list[Decoded]:
        return decoder.decode(self.rows, self.english, [CAP] * len(self.rows), **options)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """A model this small only waits for a second one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def demo() -> Demo:
    return Demo()


@pytest.fixture(scope="module")
def decoder(demo: Demo) -> Decoder:
    return demo.decoder()


@pytest.fixture(scope="module")
def greedy(demo: Demo, decoder: Decoder) -> list[Decoded]:
    return demo.decode(decoder)


def generate(demo: Demo, beams: int) -> list[tuple[tuple[int, ...], bool]]:
    """Pieces without language and end, and whether there was an end, by transformers."""
    from transformers import GenerationConfig, M2M100ForConditionalGeneration

    model = M2M100ForConditionalGeneration.from_pretrained(demo.path).eval()
    model.generation_config = GenerationConfig()
    longest = max(map(len, demo.rows))
    ids = torch.tensor([row + [1] * (longest - len(row)) for row in demo.rows])
    options = GenerationConfig(
        num_beams=beams,
        max_new_tokens=CAP + 1,
        forced_bos_token_id=demo.english,
        decoder_start_token_id=END,
        eos_token_id=END,
        pad_token_id=1,
        do_sample=False,
    )
    out = model.generate(input_ids=ids, attention_mask=ids != 1, generation_config=options)
    rows = [[i for i in row if i != 1] for row in out[:, 2:].tolist()]
    return [(tuple(i for i in row if i != END), END in row) for row in rows]


def alike(left: Sequence[object], right: Sequence[object]) -> float:
    return sum(a == b for a, b in zip(left, right, strict=True)) / len(left)


def bare(results: Sequence[Decoded]) -> list[tuple[tuple[int, ...], bool]]:
    return [(r.tokens, r.finished) for r in results]


def test_greedy_is_what_generate_gives(demo: Demo, greedy: list[Decoded]) -> None:
    assert len({r.tokens for r in greedy}) > len(greedy) / 2  # rows that differ prove more
    assert alike(bare(greedy), generate(demo, 1)) >= 0.99


def test_beam_search_is_what_generate_gives(
    demo: Demo, decoder: Decoder, greedy: list[Decoded]
) -> None:
    beams = demo.decode(decoder, beams=4)
    assert alike(bare(beams), bare(greedy)) < 0.95  # or nothing would be shown
    assert alike(bare(beams), generate(demo, 4)) >= 0.99


@pytest.mark.parametrize("beams", [1, 4])
def test_order_and_company_of_rows_change_nothing(demo: Demo, decoder: Decoder, beams: int) -> None:
    order = list(range(len(demo.rows)))
    random.Random(3).shuffle(order)
    plain = demo.decode(decoder, beams=beams)
    few = Limits(rows=7 * beams, tokens=90)
    shuffled = decoder.decode(
        [demo.rows[i] for i in order], demo.english, [CAP] * len(order), beams=beams, limits=few
    )
    assert [r.tokens for r in shuffled] == [plain[i].tokens for i in order]
    for i, again in zip(order, shuffled, strict=True):
        assert again.score == pytest.approx(plain[i].score, abs=1e-4)


def test_score_is_the_mean_log_probability(demo: Demo, greedy: list[Decoded]) -> None:
    from transformers import M2M100ForConditionalGeneration

    model = M2M100ForConditionalGeneration.from_pretrained(demo.path).eval()
    for row, result in list(zip(demo.rows, greedy, strict=True))[:6]:
        written = [*result.tokens, *([END] if result.finished else [])]
        with torch.inference_mode():
            logits = model(
                input_ids=torch.tensor([row]),
                decoder_input_ids=torch.tensor([[END, demo.english, *written[:-1]]]),
            ).logits[0, 1:]
        scores = logits.log_softmax(-1)[range(len(written)), written]
        assert result.score == pytest.approx(scores.mean().item(), abs=1e-3)


@pytest.mark.parametrize("precision", ["bfloat16", "int8", "fused"])
def test_smaller_numbers_leave_what_the_model_knows(
    demo: Demo, greedy: list[Decoded], precision: str
) -> None:
    """Where float32 is sure of itself the output is the same; elsewhere nearly always."""
    rough = demo.decode(demo.decoder(precision))
    sure = [i for i, r in enumerate(greedy) if r.finished and (r.score or -9) > -0.1]
    assert len(sure) >= 15
    assert alike([rough[i].tokens for i in sure], [greedy[i].tokens for i in sure]) == 1
    assert alike(bare(rough), bare(greedy)) >= 0.9


@pytest.mark.parametrize("precision", ["float32", "int8", "fused"])
def test_cut_vocabulary_changes_nothing_within_it(demo: Demo, precision: str) -> None:
    whole = demo.decode(demo.decoder(precision))
    used = {i for r in whole for i in r.tokens}
    kept = sorted(used | {END, demo.english})
    assert len(kept) < demo.tokenizer.get_vocab_size() / 2
    cut = demo.decode(demo.decoder(precision, kept))
    assert bare(cut) == bare(whole)


@pytest.mark.parametrize("beams", [1, 4])
def test_fused_beams_and_company(demo: Demo, beams: int) -> None:
    """Sums of int8 products are exact: order and company of rows change nothing at all."""
    decoder = demo.decoder("fused")
    exact = demo.decode(demo.decoder(), beams=beams)
    plain = demo.decode(decoder, beams=beams)
    sure = [i for i, r in enumerate(exact) if r.finished and (r.score or -9) > -0.1]
    assert alike([plain[i].tokens for i in sure], [exact[i].tokens for i in sure]) == 1
    assert alike(bare(plain), bare(exact)) >= 0.9
    order = list(range(len(demo.rows)))
    random.Random(3).shuffle(order)
    few = Limits(rows=9 * beams, tokens=70)
    shuffled = decoder.decode(
        [demo.rows[i] for i in order], demo.english, [CAP] * len(order), beams=beams, limits=few
    )
    assert [r.tokens for r in shuffled] == [plain[i].tokens for i in order]


def test_without_a_compiler_torch_does_it(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    network = make_network(demo.weights, "int8")
    assert type(network) is Network


def test_prepared_weights_are_the_same(demo: Demo, tmp_path: Path) -> None:
    first = Network(Weights(demo.path, prepared=tmp_path), "int8")
    made = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = Network(Weights(demo.path, prepared=tmp_path), "int8")
    assert len(made) > 10
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == made
    plain = demo.decode(demo.decoder("int8"))
    assert demo.decode(Decoder(first)) == demo.decode(Decoder(again)) == plain


def test_damaged_prepared_weights_are_named(demo: Demo, tmp_path: Path) -> None:
    Network(Weights(demo.path, prepared=tmp_path), "int8")
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"\.pt is damaged"):
        Network(Weights(demo.path, prepared=tmp_path), "int8")


def test_a_language_that_was_cut_away_is_refused(demo: Demo) -> None:
    decoder = demo.decoder(kept=[END, demo.english])
    with pytest.raises(ValueError, match="not in"):
        decoder.decode(demo.rows[:1], demo.tokenizer.token_to_id("hin_Deva"), [5])


@pytest.mark.parametrize("beams", [1, 2])
def test_caps_hold_row_by_row(demo: Demo, decoder: Decoder, beams: int) -> None:
    caps = [1 + i % 7 for i in range(len(demo.rows))]
    for cap, result in zip(
        caps, decoder.decode(demo.rows, demo.english, caps, beams=beams), strict=True
    ):
        assert len(result.tokens) + result.finished <= cap
        assert result.finished or len(result.tokens) == cap


@pytest.mark.parametrize("beams", [1, 4])
def test_lengths_can_be_forced(demo: Demo, decoder: Decoder, beams: int) -> None:
    caps = [2 + i % 9 for i in range(len(demo.rows))]
    results = decoder.decode(demo.rows, demo.english, caps, beams=beams, stops=False)
    assert [len(r.tokens) for r in results] == caps


def test_nothing_in_nothing_out(demo: Demo, decoder: Decoder) -> None:
    assert decoder.decode([], demo.english, []) == []


def test_another_architecture_is_refused(demo: Demo) -> None:
    with pytest.raises(ModelError, match="variant"):
        Shape.of({**demo.weights.config, "activation_function": "gelu"})


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(1, 1500), st.integers(1, 8), st.integers(0, 99))
def test_top_is_topk(rows: int, width: int, count: int, seed: int) -> None:
    values = torch.randn(rows, width, generator=torch.Generator().manual_seed(seed))
    count = min(count, width)
    best, places = top(values, count)
    assert torch.equal(best, values.topk(count).values)
    assert torch.equal(values.gather(1, places), best)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 300), st.booleans(), st.integers(0, 99))
def test_int8_layers_are_close_and_alike_in_any_company(rows: int, relu: bool, seed: int) -> None:
    chance = torch.Generator().manual_seed(seed)
    weight = torch.randn(48, 64, generator=chance)
    bias = torch.randn(48, generator=chance)
    x = torch.randn(rows, 64, generator=chance) * 10 ** torch.randn(rows, 1, generator=chance)
    layer = Int8Dense(*quantise_weight(weight), bias)
    got = layer(x, relu=relu)
    exact = torch.nn.functional.linear(x, weight, bias)
    exact = exact.relu() if relu else exact
    size = x.norm(dim=1, keepdim=True) * weight.norm(dim=1)
    assert ((got - exact).abs() <= 0.02 * size).all()
    assert torch.equal(layer(x[:1], relu=relu), got[:1])
