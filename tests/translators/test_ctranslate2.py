"""CTranslate2 against our own loop: two engines, one output, on the demo checkpoint."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
from tokenizers import Tokenizer

from toolkit.errors import ModelError
from toolkit.hub.resolve import resolve
from toolkit.translators.ctranslate2 import Ct2Decoder, convert, int8_is_exact
from toolkit.translators.engine.batching import Decoded
from toolkit.translators.engine.decoding import Decoder
from toolkit.translators.engine.torch_network import TorchNetwork
from toolkit.translators.engine.weights import Weights

SEEDS = Path(__file__).parents[2] / "seeds"
END = 2
CAP = 32


class Demo:
    """The demo checkpoint and sequences of its sentences and of shuffled words."""

    def __init__(self) -> None:
        path = resolve("demo").path
        self.weights = Weights(path)
        self.tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
        self.english: int = self.tokenizer.get_vocab()["eng_Latn"]
        source: int = self.tokenizer.get_vocab()["hin_Deva"]
        texts = []
        for seed in sorted(SEEDS.glob("*.txt")):
            text = seed.read_text(encoding="utf-8").replace("।", ".").replace("\n", ".")
            texts += [s.strip() for s in text.split(".") if 10 < len(s) < 150]
        chance = random.Random(11)
        words = " ".join(texts).split()
        texts = chance.sample(texts, 60)
        texts += [" ".join(chance.choices(words, k=chance.randint(1, 9))) for _ in range(40)]
        tokens = [self.tokenizer.encode(t, add_special_tokens=False).ids for t in texts]
        self.sequences = [[source, *ids, END] for ids in tokens]
        self.caps = [CAP] * len(self.sequences)

    def by_torch(self, beams: int) -> list[Decoded]:
        decoder = Decoder(TorchNetwork(self.weights, "float32"))
        return decoder.decode(self.sequences, self.english, self.caps, beams=beams)


@pytest.fixture(scope="module")
def demo() -> Demo:
    return Demo()


@pytest.fixture(scope="module")
def folder(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ct2") / "whole"
    convert(demo.weights, folder, quantization=None)
    return folder


@pytest.fixture(scope="module")
def decoder(folder: Path) -> Ct2Decoder:
    return Ct2Decoder(folder, precision="float32", threads=1)


@pytest.fixture(scope="module")
def greedy(demo: Demo, decoder: Ct2Decoder) -> list[Decoded]:
    return decoder.decode(demo.sequences, demo.english, demo.caps)


def alike(left: list[Decoded], right: list[Decoded]) -> float:
    same = [
        (a.tokens, a.finished) == (b.tokens, b.finished) for a, b in zip(left, right, strict=True)
    ]
    return sum(same) / len(same)


def test_greedy_engines_agree(demo: Demo, greedy: list[Decoded]) -> None:
    ours = demo.by_torch(1)
    assert len({r.tokens for r in ours}) > len(ours) / 2
    assert alike(greedy, ours) >= 0.99
    for one, other in zip(greedy, ours, strict=True):
        if one.tokens == other.tokens and one.finished:
            assert one.score == pytest.approx(other.score, abs=1e-3)


def test_beam_search_agrees(demo: Demo, decoder: Ct2Decoder) -> None:
    ours = demo.by_torch(4)
    theirs = decoder.decode(demo.sequences, demo.english, demo.caps, beams=4)
    sure = [i for i, r in enumerate(ours) if r.finished and (r.score or -9) > -0.1]
    assert len(sure) > 30
    assert alike([theirs[i] for i in sure], [ours[i] for i in sure]) >= 0.99
    assert alike(theirs, ours) >= 0.99
    for one, other in zip(theirs, ours, strict=True):
        if one.tokens == other.tokens:
            assert one.score == pytest.approx(other.score, abs=1e-4)


@pytest.mark.parametrize("beams", [1, 4])
def test_repeats_are_forbidden(demo: Demo, decoder: Ct2Decoder, beams: int) -> None:
    """Greedy as our loop does it. With beams scores differ, and so may the choice."""
    free = decoder.decode(demo.sequences, demo.english, demo.caps, beams=beams)
    bound = decoder.decode(demo.sequences, demo.english, demo.caps, beams=beams, no_repeat_ngram=2)
    assert sum(repeats(r) for r in free) > 1
    assert not any(repeats(r) for r in bound)
    ours = Decoder(TorchNetwork(demo.weights, "float32")).decode(
        demo.sequences, demo.english, demo.caps, beams=beams, no_repeat_ngram=2
    )
    assert alike(bound, ours) >= (0.99 if beams == 1 else 0.9)


def repeats(decoded: Decoded) -> bool:
    pairs = list(itertools.pairwise(decoded.tokens))
    return len(set(pairs)) < len(pairs)


@pytest.mark.parametrize("beams", [1, 4])
@pytest.mark.parametrize(
    "precision", ["float32", pytest.param("int8", marks=pytest.mark.needs("ctranslate2-int8"))]
)
def test_shuffled_sequences_come_out_the_same(
    demo: Demo, folder: Path, precision: str, beams: int
) -> None:
    decoder = Ct2Decoder(folder, precision=precision, threads=1, token_budget=300 * beams)
    plain = decoder.decode(demo.sequences, demo.english, demo.caps, beams=beams)
    order = random.Random(2).sample(range(len(plain)), len(plain))
    sequences = [demo.sequences[i] for i in order]
    shuffled = decoder.decode(sequences, demo.english, demo.caps, beams=beams)
    assert shuffled == [plain[i] for i in order]


def test_cut_vocabulary_changes_nothing_within_it(
    demo: Demo, greedy: list[Decoded], tmp_path: Path
) -> None:
    used = {i for r in greedy for i in r.tokens}
    kept = sorted(used | {0, 1, 2, 3, demo.english})
    convert(demo.weights, tmp_path / "cut", kept=kept, quantization=None)
    cut = Ct2Decoder(tmp_path / "cut", precision="float32", threads=1)
    assert alike(cut.decode(demo.sequences, demo.english, demo.caps), greedy) == 1


@pytest.mark.needs("ctranslate2-int8")
def test_int8_leaves_what_the_model_knows(
    demo: Demo, greedy: list[Decoded], tmp_path: Path
) -> None:
    convert(demo.weights, tmp_path / "int8")
    rough = Ct2Decoder(tmp_path / "int8", threads=1).decode(demo.sequences, demo.english, demo.caps)
    sure = [i for i, r in enumerate(greedy) if r.finished and (r.score or -9) > -0.1]
    assert alike([rough[i] for i in sure], [greedy[i] for i in sure]) == 1


@pytest.mark.parametrize("kept", [None, range(3000)], ids=["whole", "cut"])
def test_a_second_conversion_in_one_process_is_the_same(
    kept: range | None, demo: Demo, tmp_path: Path
) -> None:
    """Whatever was converted before, and other targets after English are."""
    convert(demo.weights, tmp_path / "before", kept=range(100))
    made = [tmp_path / name for name in ("one", "two")]
    for folder in made:
        convert(demo.weights, folder, kept=kept)
    fresh = Demo()
    convert(fresh.weights, tmp_path / "fresh", kept=kept)
    files = [
        {path.name: path.read_bytes() for path in folder.iterdir()}
        for folder in (*made, tmp_path / "fresh")
    ]
    assert "model.bin" in files[0]
    assert files[0] == files[1] == files[2]


def test_caps_hold(demo: Demo, decoder: Ct2Decoder) -> None:
    caps = [1 + i % 7 for i in range(len(demo.sequences))]
    for cap, result in zip(caps, decoder.decode(demo.sequences, demo.english, caps), strict=True):
        assert len(result.tokens) + result.finished <= cap
        assert result.finished or len(result.tokens) == cap


def test_long_sequences_are_not_truncated_silently(demo: Demo, decoder: Ct2Decoder) -> None:
    """CTranslate2 by itself would read 1,024 tokens and write 256."""
    (result,) = decoder.decode([demo.sequences[0]], demo.english, [300], stops=False)
    assert len(result.tokens) == 300


def test_nothing_in_nothing_out(demo: Demo, decoder: Ct2Decoder) -> None:
    assert decoder.decode([], demo.english, []) == []


def test_the_tiny_product_tells_what_whole_networks_do(
    demo: Demo, folder: Path, tmp_path: Path
) -> None:
    """8-bit weights cost the same in float32 products and, as these are exact, little more in
    8-bit ones (1.6 times); where pairs of products overflow it is ten times that."""
    convert(demo.weights, tmp_path / "int8")
    chance = random.Random(3)
    written = [chance.choices(range(10, 3000), k=20) for _ in demo.sequences]

    def scores(folder: Path, precision: str) -> np.ndarray:
        loaded = ctranslate2.Translator(str(folder), compute_type=precision, intra_threads=1)
        sources = [[str(i) for i in sequence] for sequence in demo.sequences]
        targets = [[str(i) for i in (demo.english, *sequence)] for sequence in written]
        found = loaded.score_batch(sources, targets, max_input_length=0)
        return np.concatenate([sequence.log_probs for sequence in found])

    exact = scores(folder, "float32")
    weights, both = (
        np.sqrt(((scores(tmp_path / "int8", precision) - exact) ** 2).mean())
        for precision in ("float32", "int8")
    )
    assert weights < 0.02 * exact.std()
    assert (both < 4 * weights) == int8_is_exact()


def test_a_damaged_folder_is_named(folder: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for file in folder.iterdir():
        (damaged / file.name).write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(ModelError, match="damaged"):
        Ct2Decoder(damaged, precision="float32")


def test_a_precision_that_the_machine_lacks_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="float16"):
        Ct2Decoder(folder, precision="float16")
