"""The C kernels in ``native/``: those that came with the package for this processor, or compiled
when they are first needed.

They are an acceleration and nothing else: where there are none and no C compiler, or the processor
is not of x86's family with AVX2, ``load`` returns None and torch does the same work more slowly.
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
from toolkit.translators.engine.kernel_kinds import FLAGS, KINDS, file_name

log = logging.getLogger(__name__)

_FOLDER = Path(__file__).with_name("native")
# Layers have a multiple of so many inputs,
DEEP = 64
# and, padded, of so many outputs.
PANEL = 32
# The dim of a head is a multiple of this.
DIM_STEP = 16
# There are no more heads, dims of a head, and positions of a sequence than this.
MOST_HEADS = 256
MOST_DIM = 256
MOST_POSITIONS = 2000


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
        *((name, NormStruct) for name in ("self_norm", "cross_norm", "feed_norm")),
        *((name, DenseStruct) for name in ("self_qkv", "self_out")),
        *((name, DenseStruct) for name in ("cross_query", "cross_out", "cross_kv")),
        *((name, DenseStruct) for name in ("inner", "outer")),
    ]


class NetworkStruct(Structure):
    _fields_: ClassVar = [
        ("encoder", POINTER(LayerStruct)),
        ("decoder", POINTER(LayerStruct)),
        ("encoder_norm", NormStruct),
        ("decoder_norm", NormStruct),
        ("output", DenseStruct),
        *((name, c_int) for name in ("encoder_layers", "decoder_layers")),
        *((name, c_int) for name in ("width", "inner", "heads", "tokens")),
    ]


class CohortStruct(Structure):
    _fields_: ClassVar = [
        *((name, c_void_p) for name in ("output", "source", "slots", "lengths", "ancestors")),
        *((name, c_int) for name in ("sequences", "capacity")),
        *((name, c_int) for name in ("output_positions", "source_positions", "beams", "step")),
    ]


class Kernels:
    """The functions of ``network.c`` and ``multiply.h``; see there. Tensors are contiguous, on the
    CPU and of the types that these name."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        # Whether the sizes of neighbouring weights sum to 128 at most: see ``quantise_weight``.
        self.pairs = bool(library.toolkit_wants_pairs())
        library.toolkit_cache_size.restype = c_size_t
        library.toolkit_cache_size.argtypes = [c_int, c_int, c_int]
        library.toolkit_pack.argtypes = [c_void_p, c_int, c_int, c_void_p, c_void_p, c_int]
        library.toolkit_encode.argtypes = [
            POINTER(NetworkStruct), c_void_p, c_void_p, c_int, POINTER(CohortStruct), c_int
        ]  # fmt: skip
        library.toolkit_step.argtypes = [
            POINTER(NetworkStruct), c_void_p, POINTER(CohortStruct), c_int, c_int, c_int, c_void_p,
            c_void_p, c_int,
        ]  # fmt: skip

    def cache_size(self, heads: int, dim: int, positions: int) -> int:
        """Return the bytes of the KV cache of one sequence in one layer, for so many positions."""
        return int(self.library.toolkit_cache_size(heads, dim, positions))

    def pack(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return a weight, (outputs, inputs) in int8, laid out for the products, and the sum of
        each output's, (outputs,). Raises ``ValueError`` for weights that are too large."""
        packed, totals = torch.empty_like(weight), torch.empty(len(weight), dtype=torch.int32)
        if self.library.toolkit_pack(
            weight.data_ptr(), *weight.shape, packed.data_ptr(), totals.data_ptr(), _threads()
        ):
            raise ValueError("neighbouring weights are too large for this processor's products")
        return packed, totals

    def encode(self, network: NetworkStruct, x: Tensor, starts: Tensor, to: CohortStruct) -> None:
        """Encode ``x``, (tokens, width), which is overwritten, and put the keys and values for
        cross-attention into ``to``. Sequence i begins at ``starts[i]`` and ends where the next
        begins."""
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
        """Return the log-probabilities and indices of the ``count`` likeliest tokens of each
        hypothesis, best first, without ``banned``: (hypotheses, count) each. ``x``, (hypotheses,
        width), is overwritten."""
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
    """Return the kernels that came with the package, or else compiled once into ``folder`` (the
    cache, if None) and kept there while their source stays the same. None where there are none
    for this processor, or they cannot be compiled or do not run.

    ``ONEDNN_MAX_CPU_ISA`` holds them to older instructions, as it does torch.
    """
    return _load(folder or cache_home() / "kernels", machine.vectors())


@functools.cache
def _load(folder: Path, widest: machine.Vectors) -> Kernels | None:
    if not widest or platform.machine().lower() not in ("x86_64", "amd64"):
        return None
    kinds = list(KINDS)
    failure = ""
    for kind in kinds[kinds.index(widest) :]:
        try:
            library = _packaged(kind) or _compiled(kind, folder)
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


def _packaged(kind: str) -> ctypes.CDLL | None:
    """Return the library that a wheel brought, which is as trustworthy as the code beside it."""
    path = _FOLDER / file_name(kind)
    try:
        return ctypes.CDLL(str(path)) if path.is_file() else None
    except OSError as error:  # made for another C library
        log.info("%s cannot be loaded (%s)", path, error)
        return None


def _compiled(kind: str, folder: Path) -> ctypes.CDLL:
    flags = [*FLAGS, *KINDS[kind]]
    sources = [path.read_bytes() for path in sorted(_FOLDER.glob("*.[ch]"))]
    made_of = hashlib.sha256(b"\0".join([*sources, " ".join(flags).encode()])).hexdigest()[:16]
    path = folder / f"kernels-{kind}-{made_of}.so"
    return load_or_compile(path, _FOLDER / "network.c", flags)


def _threads() -> int:
    """Return how many threads work: more than there are cores would only wait for one another."""
    return min(torch.get_num_threads(), machine.cores())


def address(tensor: Tensor | None) -> Any:
    """Return a tensor's address for a field of a structure. The caller keeps the tensor alive."""
    return None if tensor is None else tensor.data_ptr()
