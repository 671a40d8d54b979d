"""The GPU's kernels against torch's attention and log-sum-exp, in Triton's interpreter on the CPU.

Triton (a gigabyte) is no dependency of the tests: these are skipped unless it is installed.
"""

from __future__ import annotations

from importlib.util import find_spec

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from toolkit.translators.engine import gpu_kernels

pytestmark = pytest.mark.skipif(find_spec("triton") is None, reason="Triton is not installed")
HEADS, DIM = 3, 32
BEAMS = pytest.mark.parametrize("beams", [1, 3, 4])
# The interpreter multiplies no matrices of bfloat16.
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float16])


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def expected(query: Tensor, both: Tensor, beams: int, seen: Tensor) -> Tensor:
    """``seen`` has shape (sequences, 1, beams, positions)."""
    by_head = query.reshape(both.shape[1], beams, HEADS, DIM).transpose(1, 2)
    keys, values = both.float()
    found = functional.scaled_dot_product_attention(by_head.float(), keys, values, seen)
    return found.transpose(1, 2).reshape(len(query), -1)


def assert_near(found: Tensor, wanted: Tensor) -> None:
    most = 2e-6 if found.dtype == torch.float32 else 2e-3
    assert (found.float() - wanted).abs().max() < most


@BEAMS
@DTYPES
def test_attention_to_sources_of_many_lengths(beams: int, dtype: torch.dtype) -> None:
    lengths = torch.tensor([1, 16, 17, 40])
    both = torch.randn(2, 4, HEADS, 40, DIM).to(dtype)
    for i, length in enumerate(lengths):
        both[:, i, :, length:] = float("nan")  # padding is never read
    query = torch.randn(4 * beams, HEADS * DIM).to(dtype)
    seen = (torch.arange(40) < lengths[:, None])[:, None, None].expand(-1, 1, beams, -1)
    found = gpu_kernels.attend(query, both, beams, lengths=lengths)
    assert_near(found, expected(query, both.nan_to_num(), beams, seen))


@BEAMS
@DTYPES
def test_attention_to_what_a_beam_wrote(beams: int, dtype: torch.dtype) -> None:
    """Queries, keys and values come side by side, and the cache has room for more steps."""
    steps = 23
    both = torch.randn(2, 4, HEADS, (steps + 5) * beams, DIM).to(dtype)
    wrote = torch.randint(beams, (4, beams, steps))
    query = torch.randn(4 * beams, 3 * HEADS * DIM).to(dtype)[:, : HEADS * DIM]
    seen = (wrote[..., None] == torch.arange(beams)).flatten(2)[:, None]
    found = gpu_kernels.attend(
        query, both, beams, count=steps * beams, wrote=wrote if beams > 1 else None
    )
    assert_near(found, expected(query, both[..., : steps * beams, :], beams, seen))


@pytest.mark.parametrize("banned", [-1, 7])
def test_the_likeliest_token(banned: int) -> None:
    logits = torch.randn(5, 5000)
    logits[:, 7] = 9.0
    total, best, found = gpu_kernels.likeliest(logits, banned)
    assert torch.allclose(total, logits.logsumexp(1, keepdim=True))
    if banned >= 0:
        logits[:, banned] = float("-inf")
    largest = logits.max(1, keepdim=True)
    assert torch.equal(best, largest.values)
    assert torch.equal(found, largest.indices)
