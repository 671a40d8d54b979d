"""The Triton kernels of ``gpu_kernels``, which describes what they compute."""

# Triton ships no types, and a kernel's pointers and constants have none.
# mypy: disable-error-code="untyped-decorator, no-untyped-def"

import triton
import triton.language as tl


@triton.jit
def attention(
    query, keys, values, found, lengths, wrote,
    query_row, of_sequence, of_head, of_position, wrote_sequence, wrote_beam,
    count, scale,
    beams: tl.constexpr, padded: tl.constexpr, dim: tl.constexpr, block: tl.constexpr,
    product: tl.constexpr, by_length: tl.constexpr, by_beam: tl.constexpr,
):  # fmt: skip
    """Attend in one head of one sequence: ``padded`` beams (a power of 2), ``block`` keys at
    once."""
    sequence = tl.program_id(0).to(tl.int64)
    head = tl.program_id(1)
    dims = tl.arange(0, dim)
    beam = tl.arange(0, padded)
    real = (beam < beams)[:, None]
    row = sequence * beams + beam
    q = tl.load(query + row[:, None] * query_row + head * dim + dims[None, :], mask=real, other=0.0)
    stop = count
    if by_length:
        stop = tl.load(lengths + sequence).to(tl.int32)
    highest = tl.full((padded,), -1.0e30, tl.float32)
    total = tl.zeros((padded,), tl.float32)
    mixed = tl.zeros((padded, dim), tl.float32)
    for start in range(0, stop, block):
        at = start + tl.arange(0, block)
        inside = at < stop
        place = sequence * of_sequence + head * of_head
        place += at[:, None] * of_position + dims[None, :]
        k = tl.load(keys + place, mask=inside[:, None], other=0.0)
        if product:
            scores = tl.dot(q, tl.trans(k)) * scale
        else:
            scores = tl.sum(q.to(tl.float32)[:, None, :] * k.to(tl.float32)[None], 2) * scale
        seen = inside[None, :] & real
        if by_beam:
            cell = sequence * wrote_sequence + beam[:, None] * wrote_beam
            by = tl.load(wrote + cell + (at // beams)[None, :], mask=seen, other=-1)
            seen = seen & (by == (at % beams)[None, :])
        scores = tl.where(seen, scores, -1.0e30)
        above = tl.maximum(highest, tl.max(scores, axis=1))
        share = tl.where(seen, tl.exp(scores - above[:, None]), 0.0)
        before = tl.exp(highest - above)
        v = tl.load(values + place, mask=inside[:, None], other=0.0)
        mixed = mixed * before[:, None]
        if product:
            mixed += tl.dot(share.to(v.dtype), v)
        else:
            mixed += tl.sum(share[:, :, None] * v.to(tl.float32)[None], axis=1)
        total = total * before + tl.sum(share, axis=1)
        highest = above
    result = mixed / tl.where(total > 0.0, total, 1.0)[:, None]
    to = found + row[:, None] * (tl.num_programs(1) * dim) + head * dim + dims[None, :]
    tl.store(to, result.to(found.dtype.element_ty), mask=real)


@triton.jit
def rows(logits, total, best, found, stride, tokens, banned, block: tl.constexpr):
    """Read one row of logits once."""
    row = tl.program_id(0).to(tl.int64)
    highest = tl.full((), -1.0e30, tl.float32)
    shares = tl.zeros((block,), tl.float32)
    largest = tl.full((block,), float("-inf"), tl.float32)
    where = tl.zeros((block,), tl.int32)
    for start in range(0, tokens, block):
        at = start + tl.arange(0, block)
        x = tl.load(logits + row * stride + at, mask=at < tokens, other=float("-inf"))
        x = x.to(tl.float32)
        above = tl.maximum(highest, tl.max(x, axis=0))
        shares = shares * tl.exp(highest - above) + tl.exp(x - above)
        highest = above
        larger = (x > largest) & (at != banned)
        largest = tl.where(larger, x, largest)
        where = tl.where(larger, at, where)
    top = tl.max(largest, axis=0)
    tl.store(total + row, highest + tl.log(tl.sum(shares, axis=0)))
    tl.store(best + row, top)
    tl.store(found + row, tl.min(tl.where(largest == top, where, 2147483647), 0).to(tl.int64))
