"""The C kernels on small random checkpoints of many sizes, with each set of instructions that this
processor has, against the same network in float32 and in sums of whole numbers."""

from __future__ import annotations

import ctypes
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import M2M100Config, M2M100ForConditionalGeneration

from toolkit import machine
from toolkit.errors import ModelError
from toolkit.translators.engine.decoding import Decoder
from toolkit.translators.engine.fused import FusedNetwork, make_network
from toolkit.translators.engine.kernel_kinds import FLAGS, KINDS
from toolkit.translators.engine.linear import quantise_weight
from toolkit.translators.engine.native_kernels import _FOLDER as FOLDER
from toolkit.translators.engine.native_kernels import (
    DEEP,
    DIM_STEP,
    MOST_DIM,
    MOST_HEADS,
    PANEL,
    CohortStruct,
    DenseStruct,
    Kernels,
    LayerStruct,
    NetworkStruct,
    NormStruct,
    load,
)
from toolkit.translators.engine.network import Network
from toolkit.translators.engine.torch_network import TorchNetwork
from toolkit.translators.engine.weights import Weights

# Sets of instructions, by what ONEDNN_MAX_CPU_ISA says to have them taken.
HELD = {"amx": "", "avx512": "AVX512_CORE_VNNI", "avx-vnni": "AVX2_VNNI", "avx2": "AVX2"}
# Width, heads, inner width, tokens: one head and many, narrow ones and NLLB's 64, a vocabulary
# that ends inside a panel and one that ends with a chunk.
SIZES = [(64, 1, 128, 70), (128, 8, 64, 512), (192, 3, 320, 530), (256, 2, 128, 1100)]


def checkpoint(folder: Path, width: int, heads: int, feed: int, tokens: int) -> Weights:
    """Weights large enough that attention looks at something and outputs differ."""
    config = M2M100Config(
        vocab_size=tokens, d_model=width, encoder_layers=2, decoder_layers=2,
        encoder_attention_heads=heads, decoder_attention_heads=heads, encoder_ffn_dim=feed,
        decoder_ffn_dim=feed, max_position_embeddings=512, scale_embedding=True,
    )  # fmt: skip
    torch.manual_seed(width)
    state = M2M100ForConditionalGeneration(config).state_dict()
    shared = state["model.shared.weight"]
    tensors = {
        name: torch.randn_like(tensor) * (2 / tensor.shape[-1] ** 0.5)
        for name, tensor in state.items()
        if tensor.shape != shared.shape
    }
    for name in tensors:
        if name.endswith("norm.weight"):
            tensors[name] = 1 + 0.1 * torch.randn_like(tensors[name])
    tensors["model.shared.weight"] = torch.randn_like(shared) / width**0.5
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return Weights(folder)


@pytest.fixture(params=HELD)
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Kernels:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", HELD[request.param])
    if (best := machine.vectors()) != request.param:
        pytest.skip(f"this processor has no {request.param}: what would run is {best or 'nothing'}")
    found = load()
    if found is None:
        pytest.skip("no C compiler, or not such a processor")
    return found


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def sequences_of(lengths: list[int], tokens: int) -> list[list[int]]:
    chance = random.Random(1)
    return [[5, *chance.choices(range(6, tokens), k=n - 2), 2] for n in sorted(lengths)[::-1]]


def scores(
    network: Network, sequences: list[list[int]], written: list[list[int]], beams: int
) -> torch.Tensor:
    """The three best scores and tokens of every step that writes ``written``, beam b its own
    shift of it; beams swap places at each step."""
    found = []
    with torch.inference_mode():
        cache = network.begin(sequences, beams, len(written[0]))
        for step in range(len(written[0])):
            swap = torch.arange(beams).roll(step).repeat(len(sequences), 1)
            cache.advance(swap if beams > 1 else None)
            tokens = [
                sequence[(step + 3 * b) % len(sequence)]
                for sequence in written
                for b in range(beams)
            ]
            found.append(network.step(torch.tensor(tokens), [cache], 3, 2)[0])
            if step == len(written[0]) // 2:
                cache.drop(0)
                written = [written[-1], *written[1:-1]]
                sequences = [sequences[-1], *sequences[1:-1]]
    return torch.cat(found)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("beams", [1, 3])
def test_as_near_to_float32_as_8_bits_can_be(
    kernels: Kernels,
    tmp_path: Path,
    size: tuple[int, int, int, int],
    beams: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As near to float32 as exact sums of products of the same 8-bit weights are, give or take keys
    and values in 8 bits."""
    monkeypatch.setattr("toolkit.translators.engine.linear.int8_is_exact", lambda: False)
    weights = checkpoint(tmp_path, *size)
    sequences = sequences_of([2, 3, 16, 17, 40, 40, 300], size[3])
    chance = random.Random(2)
    written = [chance.choices(range(3, size[3]), k=40) for _ in sequences]
    exact = scores(TorchNetwork(weights, "float32"), sequences, written, beams)
    alike = partial(weights.quantised, pairs=kernels.pairs)
    monkeypatch.setattr(weights, "quantised", alike)
    whole = scores(TorchNetwork(weights, "int8"), sequences, written, beams)
    fused = scores(FusedNetwork(weights, kernels), sequences, written, beams)
    ours, least = ((x - exact).square().mean().sqrt() for x in (fused, whole))
    assert least < 0.25 * exact.std()
    assert ours < 1.3 * least


@pytest.fixture(scope="module")
def watching() -> list[str]:
    """A C compiler with the sanitisers of addresses and of undefined behaviour."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    command = [compiler, "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1"]
    with tempfile.TemporaryDirectory() as folder:
        empty, program = Path(folder, "empty.c"), Path(folder, "empty")
        empty.write_text("int main(void) { return 0; }\n", encoding="ascii")
        made = subprocess.run([*command, empty, "-o", program], capture_output=True, check=False)
        if made.returncode or subprocess.run([program], check=False).returncode:
            pytest.skip("the C compiler's sanitisers have no runtime here")
    return command


@pytest.mark.parametrize("kind", HELD)
def test_the_c_code_is_right_and_stays_within_its_memory(
    kind: str, watching: list[str], tmp_path: Path
) -> None:
    """``kernels_check.c``: the kernels against plain loops."""
    kinds, best = list(HELD), machine.vectors()
    if not best or kinds.index(kind) < kinds.index(best):
        pytest.skip(f"this processor has no {kind}")
    program = tmp_path / "check"
    source = Path(__file__).with_name("kernels_check.c")
    flags = [*FLAGS, *KINDS[kind], *watching[1:], f"-I{FOLDER}"]
    subprocess.run([watching[0], *flags, source, "-o", program, "-lm"], check=True)
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}
    for seed in ("1", "2"):
        done = subprocess.run(
            [program, seed], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_child_forked_between_translations_translates(
    kernels: Kernels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With threads of its own: those of its parent are not in it. One that hangs is ended."""
    monkeypatch.setattr("toolkit.translators.engine.native_kernels._threads", lambda: 3)
    decoder = Decoder(FusedNetwork(checkpoint(tmp_path, *SIZES[0]), kernels))
    sequences = sequences_of([3, 20], SIZES[0][3])

    def decode() -> bytes:
        return repr(decoder.decode(sequences, 5, [10, 10], stops=False)).encode()

    before = decode()
    reading, writing = os.pipe()
    if not (child := os.fork()):
        try:
            signal.alarm(20)
            os.write(writing, decode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:  # noqa: PTH123
        assert pipe.read() == before
    os.waitpid(child, 0)
    assert decode() == before


@pytest.mark.parametrize("beams", [1, 4])
def test_threads_change_nothing(
    kernels: Kernels, tmp_path: Path, beams: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolkit.machine.cores", lambda: 5)
    weights = checkpoint(tmp_path, *SIZES[2])
    sequences = sequences_of([3, 9, 9, 20, 33, 70], SIZES[2][3])
    caps = [30] * len(sequences)
    decoder = Decoder(FusedNetwork(weights, kernels))
    found = []
    for threads in (1, 2, 5):
        torch.set_num_threads(threads)
        found.append(decoder.decode(sequences, 5, caps, beams=beams, stops=False))
    assert len({sequence.tokens for sequence in found[0]}) > len(sequences) / 2
    assert found[0] == found[1] == found[2]


def test_both_sides_agree_on_layout(kernels: Kernels) -> None:
    found = (ctypes.c_int * 10)()
    kernels.library.toolkit_layout(found)
    structures = (NormStruct, DenseStruct, LayerStruct, NetworkStruct, CohortStruct)
    assert list(found) == [*map(ctypes.sizeof, structures), DEEP, PANEL, DIM_STEP, MOST_HEADS,
                           MOST_DIM]  # fmt: skip


def test_weights_of_other_sizes_than_the_config_says_are_refused(
    kernels: Kernels, tmp_path: Path
) -> None:
    checkpoint(tmp_path, 64, 1, 128, 70)
    config = json.loads((tmp_path / "config.json").read_text("utf-8"))
    config |= {"encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(ModelError, match="fc1"):
        FusedNetwork(Weights(tmp_path), kernels)


def test_neighbouring_weights_that_would_overflow_are_refused(kernels: Kernels) -> None:
    weight = torch.zeros(PANEL, DEEP, dtype=torch.int8)
    weight[3, 10], weight[3, 11] = 100, -28
    packed, totals = kernels.pack(weight)
    assert totals[3] == 72
    assert packed.count_nonzero() == 2
    weight[3, 11] = -29
    if kernels.pairs:
        with pytest.raises(ValueError, match="too large"):
            kernels.pack(weight)
    else:
        kernels.pack(weight)


@pytest.mark.parametrize("spread", [0.01, 1.0, 300.0])
def test_weights_by_pairs_never_exceed_what_the_products_take(spread: float) -> None:
    torch.manual_seed(1)
    weight = spread * torch.randn(64, 128)
    weight[1] = spread  # every pair is the largest
    weight[2, ::2] = 0
    weight[3] = 0
    found, scale = quantise_weight(weight, pairs=True)
    pairs = found.int().abs().unflatten(1, (-1, 2)).sum(2)
    assert 126 <= pairs.max() <= 128
    assert (found * scale[:, None] - weight).abs().max() <= 0.501 * scale.max()


def test_a_folder_that_cannot_be_written_costs_only_the_keeping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolkit.translators.engine.native_kernels._packaged", lambda kind: None)
    (tmp_path / "file").touch()
    assert (load(tmp_path / "file" / "kernels") is None) == (load(tmp_path / "good") is None)


def test_what_the_kernels_cannot_do_is_left_to_torch(kernels: Kernels, tmp_path: Path) -> None:
    for number, (width, heads, feed) in enumerate([(96, 2, 128), (64, 8, 128), (64, 2, 100)]):
        weights = checkpoint(tmp_path / str(number), width, heads, feed, 70)
        assert type(make_network(weights, "int8")) is TorchNetwork
    fitting = checkpoint(tmp_path / "fits", 64, 4, 128, 70)
    assert type(make_network(fitting, "int8")) is FusedNetwork


@pytest.mark.parametrize("held", ["SSE41", "AVX"])
def test_too_old_a_processor_is_left_to_torch(monkeypatch: pytest.MonkeyPatch, held: str) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", held)
    assert load() is None


def test_a_processor_of_another_kind_is_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert load(Path("nowhere")) is None
