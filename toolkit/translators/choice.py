"""Decides device, engine and precision: those that are asked for, or the fastest on this machine
that compute rightly."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from toolkit import machine as this_machine
from toolkit.errors import ConfigError, ModelError
from toolkit.hub.checkpoint import OURS, Checkpoint, is_small100
from toolkit.machine import UNKNOWN_MEMORY, VECTOR_NAMES, Vectors

if TYPE_CHECKING:
    from toolkit.translators.engine.linear import Precision

log = logging.getLogger(__name__)

TORCH, CTRANSLATE2, TRANSFORMERS = "torch", "ctranslate2", "transformers"
# Parameters from which on the engines differ, and from which 8 bits pay on a CPU: smaller weights
# fit into its cache.
LARGE = 100_000_000
# What our loop is the fastest with even without its C kernels. Anywhere else CTranslate2 is, where
# it is installed.
_OURS_WITHOUT: tuple[Vectors, ...] = ("amx", "avx512")
# Bytes in memory for each parameter, caches of the usual number of hypotheses included.
_ON_CPU, _CONVERTING, _ON_GPU, _ON_GPU_INT8 = 1.6, 9.0, 2.5, 1.3
# Bytes that a GPU holds besides: torch itself, and hypotheses.
_BESIDES = 1 << 30


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine, as far as the speed of the engines depends on it.

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
    """Return the fastest engine on ``machine`` for a checkpoint with so many ``parameters``.

    ``fits``: our kernels take its sizes. With ``device`` ``cuda`` it is the GPU, however full.
    """
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
    if parameters < LARGE:
        return TORCH, "a small checkpoint"
    if machine.kernels and fits:
        return TORCH, f"C kernels and {vectors}"
    if machine.vectors in _OURS_WITHOUT:
        return TORCH, vectors
    lacks = ", and sizes that our kernels do not take"
    if not machine.kernels:
        lacks = ", and neither our kernels nor a C compiler"
    if not machine.ctranslate2:
        return TORCH, f"{vectors}{lacks}; CTranslate2 may be faster and is not installed"
    if not machine.ctranslate2_int8:
        return TORCH, f"{vectors}{lacks}; CTranslate2's int8 is wrong on this processor"
    needs = int(_CONVERTING * parameters)
    if machine.memory < needs:
        return TORCH, f"converting for CTranslate2 needs {_gb(needs)} of memory"
    return CTRANSLATE2, f"{vectors}{lacks}"


def choose_device(device: str) -> str:
    """Return ``cpu`` or ``cuda``; ``auto`` takes the GPU where torch can use one."""
    if device == "cpu":
        return device
    import torch

    usable = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if usable else "cpu"
    if device != "cuda":
        raise ConfigError(f"unknown device {device!r}", remedy="Say auto, cpu or cuda.")
    if not usable:
        built = "finds no GPU" if torch.version.cuda else "was built without CUDA"
        raise ModelError(
            f"--device cuda, but torch {torch.__version__} {built}",
            remedy="Use --device cpu, or install a driver and a CUDA build of torch.",
        )
    return device


def choose_precision(device: str, config: Mapping[str, Any], engine: str = TORCH) -> Precision:
    """Return the fastest that computes rightly: bfloat16 on a GPU that has it, and on a CPU 8 bits
    for a model large enough to wait for memory, unless the engine is CTranslate2 and has these
    wrong."""
    if device == "cuda":
        import torch

        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    if count_parameters(config) < LARGE:
        return "float32"
    if engine == CTRANSLATE2 and not ctranslate2_int8():
        log.warning(
            "CTranslate2's int8 is wrong on this processor, so it computes in float32; "
            "--engine torch is right in int8"
        )
        return "float32"
    return "int8"


def settle(checkpoint: Checkpoint, *, engine: str = "auto", device: str = "auto") -> Choice:
    """Return what ``auto`` is on this machine for ``checkpoint``; an engine that is named stays.

    Raises ``ModelError`` for a GPU that is asked for and is not there, and ``ConfigError`` for an
    engine that cannot run the checkpoint.
    """
    usable = choose_device(device)
    if checkpoint.family != OURS or is_small100(checkpoint.path):
        if engine not in ("auto", TRANSFORMERS):
            raise ConfigError(
                f"{checkpoint.name} is no NLLB or M2M100, so the engine {engine} cannot run it",
                remedy=f"Use --engine {TRANSFORMERS}, or leave the choice to auto.",
            )
        return Choice(TRANSFORMERS, usable, "no checkpoint of NLLB's or M2M100's")
    if engine == "auto":
        parameters, fits = sizes(checkpoint)
        return choose(describe(usable, fits=fits), parameters, fits=fits, device=device)
    half = engine == CTRANSLATE2 and usable == "cuda"
    return Choice(engine, usable, "as set", "float16" if half else None)


def sizes(checkpoint: Checkpoint) -> tuple[int, bool]:
    """Return about how many parameters a checkpoint has, and whether our kernels take its sizes."""
    from toolkit.translators.engine.fused import fits
    from toolkit.translators.engine.weights import Weights

    config = Weights(checkpoint.path).config
    return count_parameters(config), fits(config)


def count_parameters(config: Mapping[str, Any]) -> int:
    """Return about how many weights a checkpoint with this ``config.json`` has."""
    width = config["d_model"]
    feed = config["encoder_ffn_dim"] + config["decoder_ffn_dim"]
    layers = config["encoder_layers"] + config["decoder_layers"]
    return int(width * (config["vocab_size"] + layers * (6 * width + feed)))


def describe(device: str, *, fits: bool = True) -> Machine:
    """Return what this machine has, its GPU included where ``device`` is ``cuda``.

    Compiles our kernels, unless they came with the package. Tries CTranslate2's products where our
    loop would be slow: without kernels that serve (``fits``: they take the checkpoint's sizes),
    AVX-512 or AMX.
    """
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
    """Return whether CTranslate2's 8-bit products are exact here, or it is not installed."""
    from toolkit.translators.ctranslate2 import int8_is_exact

    return find_spec("ctranslate2") is None or int8_is_exact()


def _ctranslate2_finds_gpu() -> bool:
    import ctranslate2

    return bool(ctranslate2.get_cuda_device_count())


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
