"""Which engine ``--engine auto`` takes on a machine, and why."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from toolkit import machine as this_machine
from toolkit.hub.checkpoint import Checkpoint
from toolkit.machine import UNKNOWN_MEMORY, VECTOR_NAMES, Vectors

if TYPE_CHECKING:
    from toolkit.translators.engine.linear import Precision

TORCH, CTRANSLATE2 = "torch", "ctranslate2"
_SMALL = 100_000_000  # parameters below which every engine waits for nothing but itself
# What our loop is the fastest with even without its C kernels. Anywhere else CTranslate2 is, where
# it is installed.
_OURS_WITHOUT: tuple[Vectors, ...] = ("amx", "avx512")
# Bytes in memory for each parameter, caches of the usual number of rows included.
_ON_CPU, _CONVERTING, _ON_GPU, _ON_GPU_INT8 = 1.6, 9.0, 2.5, 1.3
_BESIDES = 1 << 30  # what a GPU holds besides: torch itself, and rows


@dataclass(frozen=True, slots=True)
class Machine:
    """What the speed of the engines depends on.

    ``vectors`` are the processor's best instructions for 8-bit products (``avx512`` with VNNI).
    ``memory`` and ``gpu`` are free bytes, ``gpu`` 0 where there is none to use. ``kernels``: ours
    are compiled, or can be. ``ctranslate2``: it is installed; ``ctranslate2_int8``: and its 8-bit
    products are exact, where it matters; ``ctranslate2_gpu``: and it finds the GPU too.
    """

    vectors: Vectors = ""
    memory: int = UNKNOWN_MEMORY
    gpu: int = 0
    kernels: bool = False
    ctranslate2: bool = False
    ctranslate2_int8: bool = True
    ctranslate2_gpu: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """``device`` is ``cpu`` or ``cuda`` (``auto`` where it was left open); ``precision`` None is
    the engine's own choice. ``needs`` are bytes of memory on that device, about."""

    engine: str
    device: str
    why: str
    precision: Precision | None = None
    needs: int = 0


def choose(machine: Machine, parameters: int, *, fits: bool = True, device: str = "auto") -> Choice:
    """The fastest engine on ``machine`` for a checkpoint with so many ``parameters``. ``fits``: our
    kernels take its sizes. With ``device`` ``cuda`` it is the GPU, however full that is."""
    wanted = int(_ON_GPU * parameters) + _BESIDES
    if machine.gpu >= wanted:
        return Choice(TORCH, "cuda", f"a GPU with {_gb(machine.gpu)} free", needs=wanted)
    less = int(_ON_GPU_INT8 * parameters) + _BESIDES
    if machine.ctranslate2_gpu and machine.gpu >= less:
        why = f"a GPU with {_gb(machine.gpu)} free, enough for 8 bits only"
        # CTranslate2's own name for 8-bit weights beside 16-bit sums.
        return Choice(CTRANSLATE2, "cuda", why, "int8_float16", less)  # type: ignore[arg-type]
    if device == "cuda":
        why = f"a GPU that was asked for, with {_gb(machine.gpu)} free of {_gb(wanted)} needed"
        return Choice(TORCH, "cuda", why, needs=wanted)
    short = f"; the GPU has {_gb(machine.gpu)} free and needs {_gb(wanted)}" if machine.gpu else ""
    engine, why = _on_cpu(machine, parameters, fits)
    return Choice(engine, "cpu", why + short, needs=int(_ON_CPU * parameters))


def _on_cpu(machine: Machine, parameters: int, fits: bool) -> tuple[str, str]:
    vectors = VECTOR_NAMES[machine.vectors]
    if parameters < _SMALL:
        return TORCH, "a small checkpoint"
    if machine.kernels and fits:
        return TORCH, f"C kernels and {vectors}"
    if machine.vectors in _OURS_WITHOUT:
        return TORCH, vectors
    lacks = ", and sizes that our kernels do not take"
    if not machine.kernels:
        lacks = ", and no C compiler for our kernels"
    if not machine.ctranslate2:
        return TORCH, f"{vectors}{lacks}; CTranslate2 may be faster and is not installed"
    if not machine.ctranslate2_int8:
        return TORCH, f"{vectors}{lacks}; CTranslate2's int8 is wrong on this processor"
    needs = int(_CONVERTING * parameters)
    if machine.memory < needs:
        return TORCH, f"converting for CTranslate2 needs {_gb(needs)} of memory"
    return CTRANSLATE2, f"{vectors}{lacks}"


def settle(checkpoint: Checkpoint, *, engine: str = "auto", device: str = "auto") -> Choice:
    """What ``auto`` is on this machine for ``checkpoint``; an engine that is named stays.

    Raises ``ModelError`` for a GPU that is asked for and is not there.
    """
    from toolkit.translators.nllb import choose_device

    usable = choose_device(device)
    if engine == "auto":
        parameters, fits = sizes(checkpoint)
        return choose(describe(usable, fits=fits), parameters, fits=fits, device=device)
    half = engine == CTRANSLATE2 and usable == "cuda"
    return Choice(engine, usable, "as set", "float16" if half else None)


def sizes(checkpoint: Checkpoint) -> tuple[int, bool]:
    """About how many parameters a checkpoint has, and whether our kernels take its sizes."""
    from toolkit.translators.engine.fused import _fits
    from toolkit.translators.engine.weights import Weights
    from toolkit.translators.nllb import parameters

    weights = Weights(checkpoint.path)
    return parameters(weights.config), _fits(weights)


def describe(device: str, *, fits: bool = True) -> Machine:
    """This machine, its GPU included where ``device`` is ``cuda``. Compiles our kernels, unless
    they are, and tries CTranslate2's products where neither these serve (``fits``: they take the
    checkpoint's sizes) nor instructions that are known to be right."""
    from toolkit.translators.engine.native_kernels import load

    gpu, found = 0, False
    installed = find_spec("ctranslate2") is not None
    if device == "cuda":
        import torch

        try:
            gpu = torch.cuda.mem_get_info()[0]
        except RuntimeError:
            gpu = 0  # No room even to ask, or others have it to themselves.
        found = installed and _ctranslate2_finds_gpu()
    best, kernels = this_machine.vectors(), load() is not None
    matters = best not in _OURS_WITHOUT and not (kernels and fits)
    return Machine(
        vectors=best,
        memory=this_machine.free_memory(),
        gpu=gpu,
        kernels=kernels,
        ctranslate2=installed,
        ctranslate2_int8=not matters or ctranslate2_int8(),
        ctranslate2_gpu=found,
    )


def ctranslate2_int8() -> bool:
    """Whether CTranslate2's 8-bit products are exact here, or it is not installed."""
    from toolkit.translators.ctranslate2 import int8_is_exact

    return find_spec("ctranslate2") is None or int8_is_exact()


def _ctranslate2_finds_gpu() -> bool:
    import ctranslate2

    return bool(ctranslate2.get_cuda_device_count())


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
