"""The torch path on a device that is not the CPU: nothing is mixed, nothing waits needlessly,
and the results are those of the CPU.

No GPU is needed: ``pretended`` makes tensors that say they are on another device, hold their
numbers on the CPU, and refuse what a GPU refuses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from toolkit.hub.resolve import resolve
from toolkit.translators.engine.decoding import Decoder, Limits
from toolkit.translators.engine.kv_cache import Cache
from toolkit.translators.engine.linear import Precision
from toolkit.translators.engine.network import Network
from toolkit.translators.engine.torch_network import TorchNetwork
from toolkit.translators.engine.weights import Weights

LANGUAGE, END = 7, 2
SEQUENCES = [[5, *(10 + i * j % 500 for j in range(3 + i % 6)), END] for i in range(20)]
CAPS = [4 + i % 9 for i in range(20)]
LAYERS = 3

DEVICE = "meta"  # the one device besides the CPU that every build of torch knows
# What only looks at memory in another way.
_VIEWS = frozenset(
    {"view", "_unsafe_view", "expand", "slice", "select", "t", "transpose", "permute", "split"}
    | {"split_with_sizes", "unbind", "alias", "unsqueeze", "squeeze", "detach"}
    | {"empty", "empty_like", "new_empty"}
)
_WAITS = ("_local_scalar_dense", "equal", "nonzero", "masked_select", "_unique2")
_ALIGNED = 8  # of 16 bits each: masks whose rows begin elsewhere are copied at every call


class OnGpu(Tensor):
    """Wraps the tensor ``held``."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> OnGpu:
        made: OnGpu = Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), storage_offset=held.storage_offset(),
            dtype=held.dtype, device=torch.device(DEVICE),
        )  # fmt: skip
        made.held = held
        return made

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def __setitem__(self, index: Any, value: Any) -> None:
        # Torch itself would make a list a tensor of this device, which holds no numbers.
        if isinstance(index, list):
            index = torch.tensor(index, dtype=torch.long, device=DEVICE)
        super().__setitem__(index, value)

    @classmethod
    def __torch_dispatch__(cls, *call: Any, **options: Any) -> Any:
        raise AssertionError("a tensor of the GPU was used outside of it")


class Gpu(TorchDispatchMode):
    """Counts what it is told to do: ``calls`` by operator, and ``reads``, for which the CPU
    waits."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: Counter[str] = Counter()
        self.reads = 0

    @property
    def launches(self) -> int:
        return sum(count for name, count in self.calls.items() if name not in _VIEWS)

    def forget(self) -> None:
        self.calls.clear()
        self.reads = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        flat, spec = tree_flatten((args, kwargs))
        here = [x for x in flat if isinstance(x, OnGpu)]
        to = kwargs.get("device")
        if not here and (to is None or torch.device(to).type == "cpu"):
            return func(*args, **kwargs)
        name = func.overloadpacket._qualified_op_name.removeprefix("aten::")
        strangers = [
            x for x in flat if isinstance(x, Tensor) and x.dim() and not isinstance(x, OnGpu)
        ]
        assert not any(x.is_meta for x in strangers), f"{name} gets a tensor without numbers"
        # Indices, too, may come from the CPU: they are copied.
        if strangers and name not in ("_to_copy", "copy_", "index", "index_put_"):
            raise AssertionError(f"{name} mixes devices")
        leaves = to is not None and torch.device(to).type == "cpu"
        self.reads += leaves or name in _WAITS
        self.calls[name] += 1
        args, kwargs = tree_unflatten([_plain(x) for x in flat], spec)
        result = func(*args, **kwargs)
        if leaves:
            return result
        # What changes a tensor in place returns that tensor.
        known = {id(x.held): x for x in here}
        return tree_map(lambda x: _wrapped(x, known) if isinstance(x, Tensor) else x, result)

    def attend(self, query: Any, key: Any, value: Any, mask: Any = None) -> OnGpu:
        """One call, where torch would take attention apart."""
        self.calls["attention"] += 1
        if mask is not None:
            strides = [s for s, n in zip(mask.stride()[:-1], mask.shape, strict=False) if n > 1]
            assert all(stride % _ALIGNED == 0 for stride in strides), "a mask is out of line"
        mask = None if mask is None else mask.held
        return OnGpu(_attention(query.held, key.held, value.held, mask))


_attention = functional.scaled_dot_product_attention


def _plain(value: object) -> object:
    if isinstance(value, torch.device):
        return torch.device("cpu")
    return value.held if isinstance(value, OnGpu) else value


def _wrapped(held: Tensor, known: dict[int, OnGpu]) -> OnGpu:
    return known[id(held)] if id(held) in known else OnGpu(held)


@contextmanager
def pretended(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gpu]:
    """Such a GPU for everything in the block that asks for ``DEVICE``."""

    def tensor(data: Any, *, device: Any = None, **options: Any) -> Tensor:
        made = plain(data, **options)
        return made if device is None else made.to(device)

    # Tensors of lists are made without asking any mode, and inference mode allows no tensors
    # but its own.
    plain = torch.tensor
    monkeypatch.setattr(torch, "tensor", tensor)
    monkeypatch.setattr(torch, "inference_mode", torch.no_grad)
    with Gpu() as gpu:
        monkeypatch.setattr(functional, "scaled_dot_product_attention", gpu.attend)
        yield gpu
    monkeypatch.undo()


@pytest.fixture(scope="module")
def weights() -> Weights:
    weights = Weights(resolve("demo").path)
    assert weights.config["decoder_layers"] == LAYERS
    return weights


def cohort(network: Network, sequences: int, gpu: Gpu) -> Cache:
    """A cache after its first step."""
    cache = network.begin(SEQUENCES[:sequences], 1, 12)
    step(network, [cache], gpu)
    return cache


def step(network: Network, caches: list[Cache], gpu: Gpu) -> int:
    """How many calls a step takes."""
    gpu.forget()
    for cache in caches:
        cache.advance(None)
    tokens = torch.full((sum(map(len, caches)),), LANGUAGE, device=DEVICE)
    network.step(tokens, caches, 1, END)
    assert gpu.reads == 0
    return gpu.launches


@pytest.mark.parametrize("beams", [1, 4])
@pytest.mark.parametrize("kept", [None, list(range(3000))], ids=["whole", "cut"])
def test_results_are_those_of_the_cpu(
    weights: Weights, monkeypatch: pytest.MonkeyPatch, beams: int, kept: list[int] | None
) -> None:
    few = Limits(hypotheses=8 * beams, tokens=40)
    known = Decoder(TorchNetwork(weights, "float32", kept=kept), kept=kept)
    expected = known.decode(SEQUENCES, LANGUAGE, CAPS, beams=beams, limits=few)
    with pretended(monkeypatch):
        there = Decoder(TorchNetwork(weights, "float32", kept=kept, device=DEVICE), kept=kept)
        found = there.decode(SEQUENCES, LANGUAGE, CAPS, beams=beams, limits=few)
    assert [r.tokens for r in found] == [r.tokens for r in expected]
    assert len({r.tokens for r in found}) > 10


def test_the_cpu_waits_once_a_step(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    """To know which sequences have ended, whatever their number and that of the layers, and in
    the last step for tokens and scores. The first step feeds the decoder's start."""
    with pretended(monkeypatch) as gpu:
        decoder = Decoder(TorchNetwork(weights, "bfloat16", device=DEVICE))
        gpu.forget()
        decoder.decode(SEQUENCES, LANGUAGE, [9] * len(SEQUENCES), stops=False)
        assert gpu.reads <= 9 + 2


@pytest.mark.parametrize(("precision", "most"), [("float32", 17), ("bfloat16", 20)])
def test_calls_of_a_layer(
    weights: Weights, monkeypatch: pytest.MonkeyPatch, precision: Precision, most: int
) -> None:
    with pretended(monkeypatch) as gpu:
        network = TorchNetwork(weights, precision, device=DEVICE)
        one = step(network, [cohort(network, 6, gpu)], gpu)
        two = step(network, [cohort(network, 6, gpu), cohort(network, 3, gpu)], gpu)
    assert one <= LAYERS * most + 20
    assert two - one <= LAYERS * 7 + 5


def test_sequences_that_end_together_move_together(
    weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretended(monkeypatch) as gpu:
        network = TorchNetwork(weights, "bfloat16", device=DEVICE)
        costs = []
        for dropped in ([], [3], [1, 3, 4, 7, 9]):
            cache = cohort(network, 14, gpu)
            for index in reversed(dropped):
                cache.drop(index)
            costs.append(step(network, [cache], gpu))
            assert len(cache) == 14 - len(dropped)
    assert costs[1] == costs[2]
    assert costs[1] - costs[0] <= 4 * LAYERS + 8


def test_the_table_and_the_output_layer_are_on_the_device(
    weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token's embedding is looked up there: nothing of the vocabulary's size travels."""
    with pretended(monkeypatch) as gpu:
        network = TorchNetwork(weights, "bfloat16", device=DEVICE)
        gpu.forget()
        network.begin(SEQUENCES[:6], 1, 12)
        written = gpu.calls["_to_copy"]
        network.begin(SEQUENCES, 1, 12)
        assert gpu.calls["_to_copy"] == 2 * written
