"""The C kernels of ``native/kernels.c``, compiled when they are first wanted.

They are an acceleration and nothing else: where there is no C compiler ``load`` returns None
and torch does the same work in more passes over memory.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

import torch
from torch import Tensor

from toolkit.config import cache_home

_SOURCE = Path(__file__).with_name("native") / "kernels.c"
_FLAGS = [
    "-O3",
    "-std=gnu11",
    "-fopenmp",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffinite-math-only",
    "-fassociative-math",
    "-fno-signed-zeros",
    "-freciprocal-math",
]
WIDEST = 16384
LOWEST = -3e38


class Kernels:
    """One method a kernel; see the C file for what each computes. Tensors are contiguous, on the
    CPU, and of the types that the C file names. There are as many rows as scales; other tensors
    may have rows to spare."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def norm(
        self,
        x: Tensor,
        sums: Tensor | None,
        scale: Tensor | None,
        bias: Tensor | None,
        gain: Tensor,
        shift: Tensor,
        *,
        plain: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Adds to ``x`` in place; the quantised norm and its scales."""
        out, out_scale = empty(*x.shape)
        self._library.toolkit_norm(
            _p(x), _p(sums), _p(scale), _p(bias), _p(gain), _p(shift), *x.shape, _p(out),
            _p(out_scale), _p(plain),
        )  # fmt: skip
        return out, out_scale

    def relu(self, sums: Tensor, scale: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        out, out_scale = empty(len(scale), sums.shape[1])
        self._library.toolkit_relu(
            _p(sums), _p(scale), _p(bias), len(scale), sums.shape[1], _p(out), _p(out_scale)
        )
        return out, out_scale

    def bf16(self, sums: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
        out = torch.empty(len(scale), sums.shape[1], dtype=torch.bfloat16)
        self._library.toolkit_bf16(_p(sums), _p(scale), _p(bias), *out.shape, _p(out))
        return out

    def quantise(self, x: Tensor) -> tuple[Tensor, Tensor]:
        out, out_scale = empty(*x.shape)
        self._library.toolkit_quantise(_p(x), *x.shape, _p(out), _p(out_scale))
        return out, out_scale

    def store(
        self, sums: Tensor, scale: Tensor, bias: Tensor, place: Tensor, cache: Tensor, to: Tensor
    ) -> None:
        """``sums`` is a view of (rows, heads x width of a head) whose rows may lie apart."""
        _, room, heads, dim = cache.shape
        self._library.toolkit_store(
            _p(sums), sums.stride(0), _p(scale), _p(bias), len(scale), heads, dim, room,
            _p(place), _p(cache), _p(to),
        )  # fmt: skip

    def attend(
        self,
        query: Tensor,
        scale: Tensor,
        bias: Tensor,
        caches: tuple[Tensor, Tensor, Tensor, Tensor],
        counts: Tensor,
        chosen: Tensor | None,
        beams: int,
        out: tuple[Tensor, Tensor],
        *,
        fresh: int = -1,
    ) -> None:
        """``caches`` are keys, their scales, values, their scales; ``out`` is written."""
        _, room, heads, dim = caches[0].shape
        failed = self._library.toolkit_attend(
            _p(query), query.stride(0), _p(scale), _p(bias), *map(_p, caches),
            len(scale) // beams, beams, heads, dim, room, _p(counts), _p(chosen), fresh,
            *map(_p, out),
        )  # fmt: skip
        if failed:
            raise MemoryError("attention found no memory")

    def best(
        self,
        sums: Tensor,
        scale: Tensor,
        offset: int,
        banned: int,
        best: Tensor,
        index: Tensor,
        state: Tensor,
    ) -> None:
        self._library.toolkit_best(
            _p(sums), _p(scale), len(scale), sums.shape[1], offset, banned, best.shape[1],
            _p(best), _p(index), _p(state),
        )  # fmt: skip


def empty(rows: int, width: int) -> tuple[Tensor, Tensor]:
    """Memory for int8 rows and their scales. There are rows to spare, whose contents mean
    nothing: oneDNN compiles code for every number of rows that it meets, so few should do."""
    step = 16 if rows <= 64 else 32 if rows <= 512 else 128
    spare = torch.empty(-(-rows // step) * step, width, dtype=torch.int8)
    return spare, torch.empty(rows)


def _p(tensor: Tensor | None) -> ctypes.c_void_p | None:
    return None if tensor is None else ctypes.c_void_p(tensor.data_ptr())


def load(folder: Path | None = None) -> Kernels | None:
    """The kernels, compiled once into ``folder`` (the cache, if None) and kept there for as long
    as the source is the same. None where there is no C compiler, or it cannot compile them."""
    return _load(folder or cache_home() / "kernels")


@functools.cache
def _load(folder: Path) -> Kernels | None:
    source = _SOURCE.read_bytes()
    name = hashlib.sha256(source + " ".join(_FLAGS).encode()).hexdigest()[:16]
    library = folder / f"kernels-{platform.machine()}-{name}.so"
    try:
        if not library.is_file() and not _compile(library):
            return None
        return Kernels(ctypes.CDLL(str(library)))
    except OSError:
        return None


def _compile(library: Path) -> bool:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return False
    library.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=library.parent) as scratch:
        made = Path(scratch) / "kernels.so"
        command = [compiler, *_FLAGS, "-fPIC", "-shared", str(_SOURCE), "-o", str(made), "-lm"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return False
        made.replace(library)
    return True
