"""The decoding loop against transformers' ``generate`` on the demo checkpoint, which has learnt
its articles and ends its outputs; texts that it never saw make it hesitate between tokens."""

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
from toolkit.hub.resolve import resolve
from toolkit.translators.engine.batching import Decoded
from toolkit.translators.engine.decoding import Decoder, Limits
from toolkit.translators.engine.fused import FusedNetwork, make_network
from toolkit.translators.engine.linear import (
    Int8Dense,
    float_sums,
    int8_is_exact,
    quantise_weight,
    top,
)
from toolkit.translators.engine.native_kernels import load
from toolkit.translators.engine.network import Shape
from toolkit.translators.engine.search import Beams, Greedy, SpecialTokens
from toolkit.translators.engine.torch_network import TorchNetwork
from toolkit.translators.engine.weights import Weights

SEEDS = Path(__file__).parents[3] / "seeds"
CAP = 32
END = 2
SEED = st.integers(0, 1 << 20)


class Demo:
    """The demo checkpoint, its tokenizer, and sequences of learnt sentences and shuffled words."""

    def __init__(self, path: Path | None = None) -> None:
        self.path: Path = path or resolve("demo").path
        self.weights = Weights(self.path)
        self.tokenizer = Tokenizer.from_file(str(self.path / "tokenizer.json"))
        self.english: int = self.tokenizer.get_vocab()["eng_Latn"]
        texts = []
        for seed in sorted(SEEDS.glob("*.txt")):
            text = seed.read_text(encoding="utf-8").replace("।", ".")
            texts += [s.strip() for s in text.replace("\n", ".").split(".") if 10 < len(s) < 150]
        chance = random.Random(5)
        words = " ".join(texts).split()
        mixed = [" ".join(chance.choices(words, k=chance.randint(1, 9))) for _ in range(36)]
        self.texts = chance.sample(texts, 28) + mixed
        self.sequences = [self.encode(text) for text in self.texts]

    def encode(self, text: str) -> list[int]:
        ids = self.tokenizer.encode(text, add_special_tokens=False).ids
        return [self.tokenizer.get_vocab()["hin_Deva"], *ids, END]

    def decoder(self, precision: str = "float32", kept: list[int] | None = None) -> Decoder:
        """``precision`` "fused" is int8 with the C kernels."""
        if precision != "fused":
            return Decoder(TorchNetwork(self.weights, precision, kept=kept), kept=kept)  # type: ignore[arg-type]
        kernels = load()
        if kernels is None:
            pytest.skip("no C compiler")
        return Decoder(FusedNetwork(self.weights, kernels, kept=kept), kept=kept)

    def decode(self, decoder: Decoder, **options: Any) -> list[Decoded]:
        return decoder.decode(self.sequences, self.english, [CAP] * len(self.sequences), **options)


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
def looping(tiny_checkpoint: Path) -> Demo:
    """Random weights: hardly an end, and nearly every sequence says something over and over."""
    return Demo(tiny_checkpoint)


@pytest.fixture(scope="module")
def greedy(demo: Demo, decoder: Decoder) -> list[Decoded]:
    return demo.decode(decoder)


def generate(
    demo: Demo, beams: int, ngram: int = 0
) -> list[tuple[tuple[int, ...], bool, float | None]]:
    """Tokens without language and end, whether there was an end, and the score where beams
    have one: by transformers."""
    from transformers import GenerationConfig, M2M100ForConditionalGeneration

    model = M2M100ForConditionalGeneration.from_pretrained(demo.path).eval()
    model.generation_config = GenerationConfig()
    longest = max(map(len, demo.sequences))
    ids = torch.tensor([sequence + [1] * (longest - len(sequence)) for sequence in demo.sequences])
    options = GenerationConfig(
        num_beams=beams,
        early_stopping=False,
        no_repeat_ngram_size=ngram,
        max_new_tokens=CAP + 1,
        forced_bos_token_id=demo.english,
        decoder_start_token_id=END,
        eos_token_id=END,
        pad_token_id=1,
        do_sample=False,
        return_dict_in_generate=True,
        output_scores=True,
    )
    out = model.generate(input_ids=ids, attention_mask=ids != 1, generation_config=options)
    scores = out.sequences_scores.tolist() if beams > 1 else [None] * len(ids)
    sequences = [[i for i in sequence if i != 1] for sequence in out.sequences[:, 2:].tolist()]
    return [
        (tuple(i for i in sequence if i != END), END in sequence, score)
        for sequence, score in zip(sequences, scores, strict=True)
    ]


def alike(left: Sequence[object], right: Sequence[object]) -> float:
    return sum(a == b for a, b in zip(left, right, strict=True)) / len(left)


def bare(results: Sequence[Decoded]) -> list[tuple[tuple[int, ...], bool]]:
    return [(r.tokens, r.finished) for r in results]


def test_greedy_is_what_generate_gives(demo: Demo, greedy: list[Decoded]) -> None:
    assert len({r.tokens for r in greedy}) > len(greedy) / 2  # sequences that differ prove more
    assert alike(bare(greedy), [sequence[:2] for sequence in generate(demo, 1)]) >= 0.99


def test_beam_search_is_what_generate_gives(
    demo: Demo, decoder: Decoder, greedy: list[Decoded]
) -> None:
    beams = demo.decode(decoder, beams=4)
    assert alike(bare(beams), bare(greedy)) < 0.95  # or nothing would be shown
    theirs = generate(demo, 4)
    assert alike(bare(beams), [sequence[:2] for sequence in theirs]) >= 0.99
    for ours, (tokens, finished, score) in zip(beams, theirs, strict=True):
        if (ours.tokens, ours.finished) == (tokens, finished):
            assert ours.score is not None
            counted = len(tokens) + finished  # transformers counts the language code, too
            assert ours.score * counted / (counted + 1) == pytest.approx(score, abs=1e-5)


@pytest.mark.parametrize("beams", [1, 4])
@pytest.mark.parametrize("ngram", [2, 3])
def test_repeats_are_forbidden_as_generate_does_it(looping: Demo, beams: int, ngram: int) -> None:
    decoder = looping.decoder()
    free = looping.decode(decoder, beams=beams)
    assert sum(repeats(r.tokens, ngram) for r in free) > len(free) / 2
    bound = looping.decode(decoder, beams=beams, no_repeat_ngram=ngram)
    assert not any(repeats(r.tokens, ngram) for r in bound)
    theirs = [sequence[:2] for sequence in generate(looping, beams, ngram)]
    assert alike(bare(bound), theirs) == 1


def test_repeats_are_forbidden_in_a_cut_vocabulary(looping: Demo) -> None:
    whole = looping.decode(looping.decoder(), no_repeat_ngram=2)
    kept = sorted({i for r in whole for i in r.tokens} | {END, looping.english})
    assert len(kept) < looping.tokenizer.get_vocab_size() / 2
    assert bare(looping.decode(looping.decoder(kept=kept), no_repeat_ngram=2)) == bare(whole)


@pytest.mark.parametrize("beams", [1, 4])
def test_what_does_not_repeat_itself_is_left_alone(
    demo: Demo, decoder: Decoder, beams: int
) -> None:
    free = demo.decode(decoder, beams=beams)
    bound = demo.decode(decoder, beams=beams, no_repeat_ngram=4)
    for one, other in zip(free, bound, strict=True):
        assert not repeats(one.tokens, 4)
        assert (other.tokens, other.finished) == (one.tokens, one.finished)


def repeats(tokens: Sequence[int], ngram: int) -> bool:
    grams = list(zip(*(tokens[i:] for i in range(ngram)), strict=False))
    return len(set(grams)) < len(grams)


@settings(max_examples=60)
@given(st.data())
def test_enough_candidates_are_asked_for(data: st.DataObject) -> None:
    """Of a handful of tokens many are soon forbidden at once: asking for ``wanted`` of them finds
    what asking for all does."""
    size, ngram = data.draw(st.integers(4, 7)), data.draw(st.integers(2, 3))
    beams = data.draw(st.integers(1, 3))
    chance = torch.Generator().manual_seed(data.draw(SEED))
    steps = torch.randn(30, size, size, generator=chance) + 2 * torch.randn(size, generator=chance)
    steps[:, :, 0] -= 5  # the end
    table = steps.log_softmax(2)

    def run(enough: bool) -> list[Decoded]:
        special = SpecialTokens(start=0, language=1, end=0)
        caps = [20, 25]
        search: Greedy | Beams = Greedy(special, caps, ngram=ngram)
        if beams > 1:
            search = Beams(special, caps, beams, ngram=ngram)
        done: dict[int, Decoded] = {}
        ids = [0, 1]
        for likely in table:
            if not ids:
                break
            count = min(size, search.wanted) if enough else size
            scores, found = likely[search.tokens].topk(count)
            search.advance(scores, found)
            done |= dict(zip([ids[i] for i in search.ended], search.results(), strict=True))
            left = [i for i in range(len(ids)) if i not in search.ended]
            ids = [ids[i] for i in left]
            search.keep(left)
        return [done[0], done[1]]

    found = run(True)
    assert found == run(False)
    assert not any(repeats((0, 1, *r.tokens), ngram) for r in found)


BFLOAT16 = pytest.param("bfloat16", marks=pytest.mark.needs("bfloat16"))
PRECISIONS = ["float32", BFLOAT16, "int8", "fused"]


@pytest.mark.parametrize("beams", [1, 4])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_order_of_sequences_changes_nothing(demo: Demo, precision: str, beams: int) -> None:
    decoder = demo.decoder(precision)
    plain = demo.decode(decoder, beams=beams)
    order = random.Random(3).sample(range(len(plain)), len(plain))
    sequences = [demo.sequences[i] for i in order]
    shuffled = decoder.decode(sequences, demo.english, [CAP] * len(sequences), beams=beams)
    assert shuffled == [plain[i] for i in order]


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("beams", [1, 4])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_company_of_sequences_changes_nothing(
    demo: Demo, precision: str, beams: int, alone: bool
) -> None:
    """In int8 nothing at all, since sums are exact; else how many rows are multiplied at once
    decides in which order sums are formed, and so how they are rounded."""
    decoder = demo.decoder(precision)
    limits = Limits(hypotheses=1, tokens=1) if alone else Limits(hypotheses=28, tokens=90)
    some = slice(None, None, 5 if alone else 1)
    plain = demo.decode(decoder, beams=beams)[some]
    sequences = demo.sequences[some]
    other = decoder.decode(
        sequences, demo.english, [CAP] * len(sequences), beams=beams, limits=limits
    )
    if precision in ("int8", "fused"):
        assert other == plain
        return
    rounding = 1e-5 if precision == "float32" else 3e-2
    assert alike(bare(other), bare(plain)) >= (1 if precision == "float32" else 0.9)
    for one, again in zip(plain, other, strict=True):
        if one.tokens == again.tokens:
            assert again.score == pytest.approx(one.score, abs=rounding)


def test_score_is_the_mean_log_probability(demo: Demo, greedy: list[Decoded]) -> None:
    from transformers import M2M100ForConditionalGeneration

    model = M2M100ForConditionalGeneration.from_pretrained(demo.path).eval()
    for sequence, result in list(zip(demo.sequences, greedy, strict=True))[:6]:
        written = [*result.tokens, *([END] if result.finished else [])]
        with torch.inference_mode():
            logits = model(
                input_ids=torch.tensor([sequence]),
                decoder_input_ids=torch.tensor([[END, demo.english, *written[:-1]]]),
            ).logits[0, 1:]
        scores = logits.log_softmax(-1)[range(len(written)), written]
        assert result.score == pytest.approx(scores.mean().item(), abs=1e-3)


@pytest.mark.parametrize("precision", [BFLOAT16, "int8", "fused"])
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


@pytest.mark.parametrize("precision", ["int8", "fused"])
def test_smaller_numbers_leave_the_best_beams(demo: Demo, decoder: Decoder, precision: str) -> None:
    exact = demo.decode(decoder, beams=4)
    plain = demo.decode(demo.decoder(precision), beams=4)
    sure = [i for i, r in enumerate(exact) if r.finished and (r.score or -9) > -0.1]
    assert len(sure) >= 15
    assert alike([plain[i].tokens for i in sure], [exact[i].tokens for i in sure]) == 1
    assert alike(bare(plain), bare(exact)) >= 0.9


def test_without_a_compiler_torch_does_it(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("toolkit.translators.engine.native_kernels._packaged", lambda kind: None)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    network = make_network(demo.weights, "int8")
    assert type(network) is TorchNetwork


def test_prepared_weights_are_the_same(demo: Demo, tmp_path: Path) -> None:
    first = TorchNetwork(Weights(demo.path, prepared=tmp_path), "int8")
    made = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = TorchNetwork(Weights(demo.path, prepared=tmp_path), "int8")
    assert len(made) > 10
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == made
    plain = demo.decode(demo.decoder("int8"))
    assert demo.decode(Decoder(first)) == demo.decode(Decoder(again)) == plain


def test_damaged_prepared_weights_are_named(demo: Demo, tmp_path: Path) -> None:
    TorchNetwork(Weights(demo.path, prepared=tmp_path), "int8")
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"\.pt is damaged"):
        TorchNetwork(Weights(demo.path, prepared=tmp_path), "int8")


def test_a_language_that_was_cut_away_is_refused(demo: Demo) -> None:
    decoder = demo.decoder(kept=[END, demo.english])
    with pytest.raises(ValueError, match="not in"):
        decoder.decode(demo.sequences[:1], demo.tokenizer.get_vocab()["hin_Deva"], [5])


@pytest.mark.parametrize("beams", [1, 2])
def test_caps_hold_for_each_sequence(demo: Demo, decoder: Decoder, beams: int) -> None:
    caps = [1 + i % 7 for i in range(len(demo.sequences))]
    for cap, result in zip(
        caps, decoder.decode(demo.sequences, demo.english, caps, beams=beams), strict=True
    ):
        assert len(result.tokens) + result.finished <= cap
        assert result.finished or len(result.tokens) == cap


@pytest.mark.parametrize("beams", [1, 4])
def test_lengths_can_be_forced(demo: Demo, decoder: Decoder, beams: int) -> None:
    caps = [2 + i % 9 for i in range(len(demo.sequences))]
    results = decoder.decode(demo.sequences, demo.english, caps, beams=beams, stops=False)
    assert [len(r.tokens) for r in results] == caps


def test_nothing_in_nothing_out(demo: Demo, decoder: Decoder) -> None:
    assert decoder.decode([], demo.english, []) == []


def test_another_architecture_is_refused(demo: Demo) -> None:
    with pytest.raises(ModelError, match="variant"):
        Shape.of({**demo.weights.config, "activation_function": "gelu"})


@settings(max_examples=40)
@given(st.integers(1, 5), st.integers(1, 1500), st.integers(1, 8), st.integers(0, 99))
def test_top_is_topk(rows: int, width: int, count: int, seed: int) -> None:
    values = torch.randn(rows, width, generator=torch.Generator().manual_seed(seed))
    count = min(count, width)
    best, indices = top(values, count)
    assert torch.equal(best, values.topk(count).values)
    assert torch.equal(values.gather(1, indices), best)


@settings(max_examples=20)
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


@pytest.mark.parametrize("largest", [False, True], ids=["random", "largest"])
@pytest.mark.parametrize(
    ("rows", "inputs", "outputs"),
    [(1, 2, 1), (3, 64, 70), (16, 1024, 32), (5, 1025, 513), (2, 4096, 600), (300, 100, 9)],
)
def test_int8_products_are_sums_of_whole_numbers(
    rows: int, inputs: int, outputs: int, largest: bool
) -> None:
    """The yardstick is exact: 64-bit whole numbers. float32 holds sums up to 2^24, and beyond
    them its nearest number is right."""
    chance = torch.Generator().manual_seed(inputs)
    low = 127 if largest else -127
    x, weight = (
        torch.randint(low, 128, (n, inputs), generator=chance).to(torch.int8)
        for n in (rows, outputs)
    )
    x[::2] *= -1
    scale = torch.rand(outputs, generator=chance)
    exact = (x.long() @ weight.long().T).double() * scale
    kinds = [float_sums(weight, scale), Int8Dense(weight, scale, None).sums]
    for found in [kind(x) for kind in kinds]:
        assert torch.allclose(found.double(), exact, rtol=3e-7, atol=1e-4)


def test_whether_int8_is_exact_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch's own layer, taken where the toolkit would not take it, is wrong there."""
    weight = torch.full((32, 64), 127, dtype=torch.int8)
    monkeypatch.setattr("toolkit.translators.engine.linear.int8_is_exact", lambda: True)
    found = Int8Dense(weight, torch.ones(32), None).sums(weight)
    assert bool((found == 64 * 127 * 127).all()) == int8_is_exact()


@pytest.mark.parametrize(
    ("free", "layers", "width", "positions"),
    [(64 << 30, 12, 1024, 349_525), (64 << 30, 24, 2048, 87_381), (1 << 30, 12, 1024, 5461)],
)
def test_a_gpu_is_given_as_much_as_it_holds(
    free: int, layers: int, width: int, positions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the free memory, with two vectors of float32 a layer for each position."""
    shape = Shape(width, 16, layers, layers, 1024, 32.0)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 80 << 30))
    assert Limits.on(torch.device("cuda"), shape) == Limits(8192, 65_536, positions)
    assert Limits.on(torch.device("cpu"), shape) == Limits()


@pytest.mark.parametrize("beams", [1, 4])
def test_little_memory_is_enough(demo: Demo, decoder: Decoder, beams: int) -> None:
    """One sequence at a time where there is room for none."""
    plain = demo.decode(decoder, beams=beams)
    again = demo.decode(decoder, beams=beams, limits=Limits(hypotheses=64, tokens=500, positions=1))
    assert bare(again) == bare(plain)
