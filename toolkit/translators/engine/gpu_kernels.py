"""Triton kernels for a decoding step on a GPU: attention of one query per hypothesis, and the
log-sum-exp of logits with the likeliest token.

torch's attention is made for many queries against keys of one length. A step of decoding has one
query of each beam against keys that are padded, or of which most belong to other beams. Here one
program serves one head of one sequence: it reads each key and value once for all beams, no
padding, and no mask. Softmax goes block by block with a running maximum, as in FlashAttention
(Dao et al., 2022); sums run in float32. Triton comes with torch's builds for CUDA.
"""

from __future__ import annotations

from importlib.util import find_spec

import torch
from torch import Tensor

# Keys that a program reads at once, and its warps of 32 threads: the fastest of sweeps on an H200,
# for one beam and for four.
_KEYS, _WARPS = 16, 1
# Rows that matrix products on tensor cores need at least.
_PRODUCT_ROWS = 16
# Logits that a program reads at once, and its warps, likewise.
_LOGITS, _LOGITS_WARPS = 2048, 4


def serves(device: torch.device, dim: int) -> bool:
    """Return whether heads of size ``dim`` can be attended to here."""
    if device.type != "cuda" or find_spec("triton") is None:
        return False
    return dim >= 16 and dim & (dim - 1) == 0


def attend(
    query: Tensor,
    both: Tensor,
    beams: int,
    *,
    count: int = 0,
    lengths: Tensor | None = None,
    wrote: Tensor | None = None,
) -> Tensor:
    """Return attention, of shape (sequences x beams, heads x dim).

    ``query`` has shape (sequences x beams, heads x dim), its rows at any distance. ``both`` are
    keys and values, (2, sequences, heads, positions, dim). Every sequence has ``count`` keys, or
    as many as ``lengths`` (sequences) says. With ``wrote``, (sequences, beams, steps), the keys of
    a step are those of each beam in turn, and a beam attends to the key of the one that it names.
    """
    from toolkit.translators.engine.triton_kernels import attention

    _, sequences, heads, _, dim = both.shape
    keys, values = both[0], both[1]
    found = query.new_empty(sequences * beams, heads * dim)
    product = beams > 1 and query.dtype != torch.float32
    padded = max(1 << (beams - 1).bit_length(), _PRODUCT_ROWS if product else 1)
    attention[(sequences, heads)](
        query, keys, values, found,
        found if lengths is None else lengths, found if wrote is None else wrote,
        query.stride(0), *keys.stride()[:3],
        *((0, 0) if wrote is None else wrote.stride()[:2]),
        count, dim**-0.5,
        beams=beams, padded=padded, dim=dim, block=_KEYS, product=product,
        by_length=lengths is not None, by_beam=wrote is not None, num_warps=_WARPS,
    )  # fmt: skip
    return found


def likeliest(logits: Tensor, banned: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return for each row of ``logits`` (rows, tokens) its log-sum-exp, the largest logit of a
    token other than ``banned`` (-1 bans none), and that token: each of shape (rows, 1)."""
    from toolkit.translators.engine.triton_kernels import rows

    count, tokens = logits.shape
    total = logits.new_empty(count, 1, dtype=torch.float32)
    best, found = torch.empty_like(total), logits.new_empty(count, 1, dtype=torch.long)
    rows[(count,)](
        logits, total, best, found, logits.stride(0), tokens, banned,
        block=_LOGITS, num_warps=_LOGITS_WARPS,
    )  # fmt: skip
    return total, best, found
