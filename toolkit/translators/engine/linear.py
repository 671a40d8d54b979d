"""Linear layers for inference, in the precisions that a processor or GPU multiplies fast.

Weights are laid out once for the processor's matrix units. Inputs have shape (rows, inputs),
outputs (rows, outputs). No gradients, no training.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

Precision = Literal["float32", "bfloat16", "float16", "int8"]
# Rows of input for which oneDNN lays out weights.
_TYPICAL_ROWS = 256
# The largest number in 8 bits.
_LARGEST = 127.0
# Values of which the largest is found at once.
_TOGETHER = 128
# Inputs whose products float32 sums exactly, in any order: 1,024 x 127 x 127 is below 2^24.
_EXACT_INPUTS = 1024
# Outputs whose weights are made float32 at once: 2 MB of them stay in a cache while they are used.
_PANEL_OUTPUTS = 512


class Dense(Protocol):
    """A linear layer, with ReLU behind it where ``relu`` is set."""

    def __call__(self, x: Tensor, *, relu: bool = False) -> Tensor: ...


class FloatDense:
    """Weights as they are: float32 anywhere, float16 and bfloat16 on a GPU."""

    def __init__(self, weight: Tensor, bias: Tensor | None, dtype: torch.dtype) -> None:
        self._weight = weight.to(dtype)
        self._bias = None if bias is None else bias.to(dtype)

    def __call__(self, x: Tensor, *, relu: bool = False) -> Tensor:
        y = functional.linear(x.to(self._weight.dtype), self._weight, self._bias)
        return y.relu_() if relu else y


class PackedDense:
    """bfloat16 on a CPU, weights reordered once by oneDNN rather than in every call."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        reorder = torch.ops.mkldnn._reorder_linear_weight
        self._weight = reorder(weight.bfloat16().contiguous(), _TYPICAL_ROWS)
        self._bias = None if bias is None else bias.bfloat16()

    def __call__(self, x: Tensor, *, relu: bool = False) -> Tensor:
        post = "relu" if relu else "none"
        y: Tensor = torch.ops.mkldnn._linear_pointwise(
            x.bfloat16(), self._weight, self._bias, post, [], ""
        )
        return y


class Int8Dense:
    """8-bit weights, one scale an output; 8-bit inputs, one scale a row, found as they come.

    Products are summed exactly, so a row's result does not depend on the rows beside it.
    ``weight`` is (outputs, inputs) in int8 and ``scale`` (outputs,) in float32, as from
    ``quantise_weight``. ``nonnegative`` promises inputs from a ReLU.
    """

    def __init__(
        self, weight: Tensor, scale: Tensor, bias: Tensor | None, *, nonnegative: bool = False
    ) -> None:
        make = _onednn_sums if int8_is_exact() else float_sums
        self.sums = make(weight, scale)
        self.bias = torch.zeros(len(scale)) if bias is None else bias
        self._nonnegative = nonnegative

    def __call__(self, x: Tensor, *, relu: bool = False) -> Tensor:
        rows, scale = quantise_rows(x, nonnegative=self._nonnegative)
        y = self.sums(rows).mul_(scale).add_(self.bias)
        return y.relu_() if relu else y


# From int8 rows, (rows, inputs), their products with a weight: (rows, outputs) in float32, times
# the scales of the outputs.
Sums = Callable[[Tensor], Tensor]


def _onednn_sums(weight: Tensor, scale: Tensor) -> Sums:
    """Multiply by oneDNN's 8-bit layer, which is exact only where ``int8_is_exact``."""
    shape = [_TYPICAL_ROWS, weight.shape[1]]
    packed = torch.ops.onednn.qlinear_prepack(weight.contiguous(), shape)
    zeros = torch.zeros(len(scale), dtype=torch.long)

    def sums(rows: Tensor) -> Tensor:
        y: Tensor = torch.ops.onednn.qlinear_pointwise(
            rows, 1.0, 0, packed, scale, zeros, None, 1.0, 0, torch.float32, "none", [], ""
        )
        return y

    return sums


def float_sums(weight: Tensor, scale: Tensor) -> Sums:
    """Multiply the same whole numbers in float32: exact on every processor.

    Weights stay in 8 bits until they are used. Sums over at most ``_EXACT_INPUTS`` inputs are
    exact, and these are added in one order, whatever the number of rows.
    """

    def sums(rows: Tensor) -> Tensor:
        parts = torch.split(rows.float(), _EXACT_INPUTS, 1)
        y = torch.empty(len(rows), len(weight))
        panels = torch.split(weight, _PANEL_OUTPUTS)
        for panel, to in zip(panels, torch.split(y, _PANEL_OUTPUTS, 1), strict=True):
            some = [w.float() for w in torch.split(panel, _EXACT_INPUTS, 1)]
            to.copy_(functional.linear(parts[0], some[0]))
            for part, w in zip(parts[1:], some[1:], strict=True):
                to.add_(functional.linear(part, w))
        return y.mul_(scale)

    return sums


@functools.cache
def int8_is_exact() -> bool:
    """Try whether torch's 8-bit layers (oneDNN's) sum exactly on this processor.

    Without VNNI they add pairs of products in 16 bits, where two of the largest do not fit.
    """
    most = torch.full((16, _TOGETHER), int(_LARGEST), dtype=torch.int8)
    try:
        found = _onednn_sums(most, torch.ones(len(most)))(most)
    except RuntimeError:  # torch was built without oneDNN
        return False
    return bool((found == _TOGETHER * _LARGEST * _LARGEST).all())


@functools.cache
def bfloat16_works() -> bool:
    """Try whether torch multiplies bfloat16 on this processor: oneDNN refuses to without
    AVX-512 or AVX-NE-CONVERT."""
    ones = torch.ones(16, _TOGETHER)
    try:
        return bool((PackedDense(ones, None)(ones) == _TOGETHER).all())
    except RuntimeError:
        return False


def quantise_weight(weight: Tensor, *, pairs: bool = False) -> tuple[Tensor, Tensor]:
    """Return a weight, (outputs, inputs), in int8 and the scale of each output, (outputs,).

    ``pairs`` bounds the sizes of inputs 2i and 2i + 1 together, to 127 before each is rounded, so
    that they sum to 128 at most.
    """
    sizes = weight.float().abs()
    if pairs:
        sizes = sizes[:, ::2] + sizes[:, 1::2]
    scale = sizes.amax(1).clamp_min_(1e-12) / _LARGEST
    return (weight.float() / scale[:, None]).round_().to(torch.int8), scale


def quantise_rows(x: Tensor, *, nonnegative: bool = False) -> tuple[Tensor, Tensor]:
    """Return ``x``, (rows, inputs), in int8 and the scale of each row, (rows, 1)."""
    x = x.float()
    largest = x.amax(1, keepdim=True)
    if not nonnegative:
        largest = torch.maximum(largest, x.amin(1, keepdim=True).neg_())
    largest.clamp_min_(1e-12)
    return torch.mul(x, _LARGEST / largest).round_().to(torch.int8), largest.div_(_LARGEST)


def top(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return ``values.topk(count)``, (rows, count) each, for ``values`` (rows, width), faster where
    ``width`` is large: the largest values lie in the ``count`` blocks with the largest maxima."""
    rows, width = values.shape
    whole = width // _TOGETHER
    if whole < 4 * count:
        best, indices = values.topk(count)
        return best, indices
    blocks = values[:, : whole * _TOGETHER].view(rows, whole, _TOGETHER)
    found = blocks.amax(2).topk(count).indices
    inside = blocks.gather(1, found[:, :, None].expand(-1, -1, _TOGETHER)).flatten(1)
    indices = (
        found[:, :, None] * _TOGETHER + torch.arange(_TOGETHER, device=values.device)
    ).flatten(1)
    if width > whole * _TOGETHER:
        inside = torch.cat([inside, values[:, whole * _TOGETHER :]], dim=1)
        rest = torch.arange(whole * _TOGETHER, width, device=values.device)
        indices = torch.cat([indices, rest.expand(rows, -1)], dim=1)
    best, order = inside.topk(count)
    return best, indices.gather(1, order)


def attention_kernels(device: torch.device) -> AbstractContextManager[None]:
    """Return a context in which attention on a GPU does without cuDNN.

    cuDNN compiles a plan for every new shape, and keys grow by one position a step: on an H200
    128 sentences took 31 s, of which the kernels ran for less than one.
    """
    if device.type != "cuda":
        return nullcontext()
    return sdpa_kernel(
        [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
    )
