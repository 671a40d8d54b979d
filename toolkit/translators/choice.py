"""Which engine ``--engine auto`` takes on a machine, and why."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from toolkit.translators.checkpoint import Checkpoint

if TYPE_CHECKING:
    from toolkit.translators.kernels import Precision

TORCH, CTRANSLATE2 = "torch", "ctranslate2"
Vectors = Literal["amx", "avx512", "avx2", ""]
_NAMES = {"amx": "AMX", "avx512": "AVX-512", "avx2": "AVX2", "": "no AVX2"}
_SMALL = 100_000_000  # parameters below which every engine waits for nothing but itself
# Where our loop is the fastest, by what multiplies 8-bit numbers: with its C kernels, and without
# them. Anywhere else CTranslate2 is, where it is installed.
_OURS_WITH_KERNELS: tuple[Vectors, ...] = ("amx", "avx512", "avx2", "")
_OURS_WITHOUT: tuple[Vectors, ...] = ("amx", "avx512")
# Bytes in memory for each parameter, caches of the usual number of rows included.
_ON_CPU, _CONVERTING, _ON_GPU, _ON_GPU_INT8 = 1.6, 9.0, 2.5, 1.3
_BESIDES = 1 << 30  # what a GPU holds besides: torch itself, and rows


@dataclass(frozen=True, slots=True)
class Machine:
    """What the speed of the engines depends on.

    ``vectors`` are the processor's best instructions for 8-bit products (``avx512`` with VNNI).
    ``memory`` and ``gpu`` are free bytes, ``gpu`` 0 where there is none to use. ``kernels``: ours
    are compiled, or can be. ``ctranslate2``: it is installed; ``ctranslate2_gpu``: and finds the
    GPU too.
    """

    vectors: Vectors = ""
    memory: int = 1 << 40
    gpu: int = 0
    kernels: bool = False
    ctranslate2: bool = False
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


def choose(machine: Machine, parameters: int) -> Choice:
    """The fastest engine on ``machine`` for a checkpoint with so many ``parameters``."""
    wanted = int(_ON_GPU * parameters) + _BESIDES
    if machine.gpu >= wanted:
        return Choice(TORCH, "cuda", f"a GPU with {_gb(machine.gpu)} free", needs=wanted)
    less = int(_ON_GPU_INT8 * parameters) + _BESIDES
    if machine.ctranslate2_gpu and machine.gpu >= less:
        why = f"a GPU with {_gb(machine.gpu)} free, enough for 8 bits only"
        # CTranslate2's own name for 8-bit weights beside 16-bit sums.
        return Choice(CTRANSLATE2, "cuda", why, "int8_float16", less)  # type: ignore[arg-type]
    short = f"; the GPU has {_gb(machine.gpu)} free and needs {_gb(wanted)}" if machine.gpu else ""
    engine, why = _on_cpu(machine, parameters)
    return Choice(engine, "cpu", why + short, needs=int(_ON_CPU * parameters))


def _on_cpu(machine: Machine, parameters: int) -> tuple[str, str]:
    vectors = _NAMES[machine.vectors]
    if parameters < _SMALL:
        return TORCH, "a small checkpoint"
    if machine.kernels and machine.vectors in _OURS_WITH_KERNELS:
        return TORCH, f"C kernels and {vectors}"
    if machine.vectors in _OURS_WITHOUT:
        return TORCH, vectors
    lacks = "" if machine.kernels else ", and no C compiler for our kernels"
    if not machine.ctranslate2:
        return TORCH, f"{vectors}{lacks}; CTranslate2 may be faster and is not installed"
    needs = int(_CONVERTING * parameters)
    if machine.memory < needs:
        return TORCH, f"converting for CTranslate2 needs {_gb(needs)} of memory"
    return CTRANSLATE2, f"{vectors}{lacks}"


def settle(checkpoint: Checkpoint, *, engine: str = "auto", device: str = "auto") -> Choice:
    """What ``auto`` is on this machine for ``checkpoint``; an engine that is named stays.

    Raises ``ModelError`` for a GPU that is asked for and is not there.
    """
    from toolkit.translators.torch_nllb import choose_device, parameters

    config = json.loads((checkpoint.path / "config.json").read_text(encoding="utf-8"))
    usable = choose_device(device)
    if engine == "auto":
        chosen = choose(describe(usable), parameters(config))
        if device == "cuda" and chosen.device == "cpu":
            return Choice(TORCH, device, "a GPU that was asked for, though its memory is short")
        return chosen
    half = engine == CTRANSLATE2 and usable == "cuda"
    return Choice(engine, usable, "as set", "float16" if half else None)


def describe(device: str) -> Machine:
    """This machine, its GPU included where ``device`` is ``cuda``. Compiles our kernels, unless
    they are."""
    from toolkit.translators.native_kernels import load

    gpu, found = 0, False
    installed = find_spec("ctranslate2") is not None
    if device == "cuda":
        import torch

        gpu = torch.cuda.mem_get_info()[0]
        found = installed and _ctranslate2_finds_gpu()
    return Machine(
        vectors=vectors(cpu_flags()),
        memory=_free_memory(),
        gpu=gpu,
        kernels=load() is not None,
        ctranslate2=installed,
        ctranslate2_gpu=found,
    )


def vectors(flags: set[str]) -> Vectors:
    """The best of a processor's ``flags``, as far as ``ONEDNN_MAX_CPU_ISA`` lets them be used."""
    held = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()
    if "amx_int8" in flags and (not held or "AMX" in held):
        return "amx"
    if "avx512_vnni" in flags and not held.startswith(("SSE", "AVX2")):
        return "avx512"
    return "avx2" if "avx2" in flags and not held.startswith("SSE") else ""


def cpu_flags() -> set[str]:
    """What the processor can do, in Linux's names; empty elsewhere."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    return set(text.partition("flags")[2].partition("\n")[0].split())


def _ctranslate2_finds_gpu() -> bool:
    import ctranslate2

    return bool(ctranslate2.get_cuda_device_count())


def _free_memory() -> int:
    """Bytes that can be had without swapping, the container's limit respected."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        free = int(text.partition("MemAvailable:")[2].split()[0]) << 10
    except (OSError, IndexError, ValueError):
        return Machine().memory  # Not known: nothing is refused for it.
    try:
        return min(free, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    except (OSError, ValueError):
        return free


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
