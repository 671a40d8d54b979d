"""The C kernels in ``native/``, compiled for this processor when they are first wanted.

They are an acceleration and nothing else: where there is no C compiler, or the processor is not
of x86's family with AVX2, ``load`` returns None and torch does the same work more slowly.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import logging
import platform
from ctypes import POINTER, Structure, c_int, c_size_t, c_void_p
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from toolkit import machine
from toolkit.config import cache_home
from toolkit.translators.engine.compiled import CompileError, load_or_compile

log = logging.getLogger(__name__)

_FOLDER = Path(__file__).with_name("native")
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
# From the widest instructions to the narrowest; the first that compiles and runs is taken.
_AMX = ["-march=native", "-mprefer-vector-width=512"]
_AVX512 = [*_AMX, "-mno-amx-int8"]
_AVX2 = ["-march=native", "-mno-avx512f"]
# Layers have a multiple of so many inputs, and of outputs; heads a multiple of so many parts,
# and no more of them, and of positions, than the kernels have room for.
DEEP, PANEL, PARTS, MOST_HEADS, MOST_PARTS, MOST_PLACES = 64, 32, 16, 256, 256, 2000


class NormStruct(Structure):
    _fields_: ClassVar = [("gain", c_void_p), ("shift", c_void_p)]


class DenseStruct(Structure):
    _fields_: ClassVar = [
        *((name, c_void_p) for name in ("weights", "totals", "scale", "bias")),
        ("inputs", c_int),
        ("outputs", c_int),
    ]


class LayerStruct(Structure):
    _fields_: ClassVar = [
        *((name, NormStruct) for name in ("own_norm", "cross_norm", "feed_norm")),
        *((name, DenseStruct) for name in ("own", "own_out", "cross", "cross_out", "memory")),
        *((name, DenseStruct) for name in ("inner", "outer")),
    ]


class NetworkStruct(Structure):
    _fields_: ClassVar = [
        ("encoder", POINTER(LayerStruct)),
        ("decoder", POINTER(LayerStruct)),
        ("encoder_norm", NormStruct),
        ("decoder_norm", NormStruct),
        ("output", DenseStruct),
        *(
            (name, c_int)
            for name in ("encoder_layers", "decoder_layers", "width", "feed", "heads", "pieces")
        ),
    ]


class CohortStruct(Structure):
    _fields_: ClassVar = [
        *((name, c_void_p) for name in ("own", "memory", "slots", "counts", "chosen")),
        *(
            (name, c_int)
            for name in ("rows", "room", "own_places", "memory_places", "beams", "step")
        ),
    ]


class Kernels:
    """What ``network.c`` and ``multiply.h`` offer; see there. Tensors are contiguous, on the CPU
    and of the types that they name."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        library.toolkit_cache_size.restype = c_size_t
        library.toolkit_cache_size.argtypes = [c_int, c_int, c_int]
        library.toolkit_pack.argtypes = [c_void_p, c_int, c_int, c_void_p, c_void_p]
        library.toolkit_encode.argtypes = [
            POINTER(NetworkStruct), c_void_p, c_void_p, c_int, POINTER(CohortStruct), c_int
        ]  # fmt: skip
        library.toolkit_step.argtypes = [
            POINTER(NetworkStruct), c_void_p, POINTER(CohortStruct), c_int, c_int, c_int, c_void_p,
            c_void_p, c_int,
        ]  # fmt: skip

    def cache_size(self, heads: int, dim: int, places: int) -> int:
        """Bytes for what one row remembers of ``places`` positions in one layer."""
        return int(self.library.toolkit_cache_size(heads, dim, places))

    def pack(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """(outputs, inputs) in int8 as the products want it, and the sum of each output's."""
        packed, totals = torch.empty_like(weight), torch.empty(len(weight), dtype=torch.int32)
        self.library.toolkit_pack(
            weight.data_ptr(), *weight.shape, packed.data_ptr(), totals.data_ptr()
        )
        return packed, totals

    def encode(self, network: NetworkStruct, x: Tensor, starts: Tensor, to: CohortStruct) -> None:
        """``x``, (pieces, width), is overwritten; row i begins at ``starts[i]`` and ends where
        the next begins. Fills the memory of ``to``."""
        failed = self.library.toolkit_encode(
            network, x.data_ptr(), starts.data_ptr(), len(starts) - 1, to, _threads()
        )
        if failed:
            raise MemoryError("the encoder found no memory")

    def step(
        self,
        network: NetworkStruct,
        x: Tensor,
        cohorts: ctypes.Array[CohortStruct],
        count: int,
        banned: int,
    ) -> tuple[Tensor, Tensor]:
        """``x``, (rows, width), is overwritten. Log-probabilities and indices of the ``count``
        likeliest pieces of each row, best first, without ``banned``."""
        scores = torch.empty(len(x), count)
        found = torch.zeros(len(x), count, dtype=torch.long)
        failed = self.library.toolkit_step(
            network, x.data_ptr(), cohorts, len(cohorts), count, banned, scores.data_ptr(),
            found.data_ptr(), _threads(),
        )  # fmt: skip
        if failed:
            raise MemoryError("the decoder found no memory")
        return scores, found


def load(folder: Path | None = None) -> Kernels | None:
    """The kernels, compiled once into ``folder`` (the cache, if None) and kept there for as long
    as source and processor are the same. None where they cannot be compiled or do not run.

    ``ONEDNN_MAX_CPU_ISA`` holds them to older instructions, as it does torch.
    """
    return _load(folder or cache_home() / "kernels", machine.isa_limit())


@functools.cache
def _load(folder: Path, held: str) -> Kernels | None:
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return None
    failure = ""
    for flags in _kinds(held):
        path = folder / f"kernels-{_name(flags)}.so"
        try:
            library = load_or_compile(path, _FOLDER / "network.c", [*_FLAGS, *flags])
        except CompileError as error:
            failure = str(error)
            if error.final:
                break
            continue
        if library.toolkit_ready():
            return Kernels(library)
    if failure:
        log.warning("there are no C kernels, so torch works more slowly (%s)", failure)
    return None


def _kinds(held: str) -> list[list[str]]:
    if not held or "AMX" in held:
        return [_AMX, _AVX512, _AVX2]
    if held.startswith(("AVX512_CORE_", "AVX10")):
        return [_AVX512, _AVX2]
    return [_AVX2] if held.startswith(("AVX2", "AVX512_CORE")) else []


def _name(flags: list[str]) -> str:
    """Differs with the source, the flags and the processor that they are native to."""
    sources = [path.read_bytes() for path in sorted(_FOLDER.iterdir())]
    processor = " ".join(sorted(machine.cpu_flags())) or platform.processor()
    parts = [*sources, " ".join(_FLAGS + flags).encode(), processor.encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _threads() -> int:
    """Return how many threads work: more than there are cores would only wait for one another."""
    return min(torch.get_num_threads(), machine.cores())


def address(tensor: Tensor | None) -> Any:
    """For a field of a structure. The caller keeps the tensor alive."""
    return None if tensor is None else tensor.data_ptr()
