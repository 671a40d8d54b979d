"""Asks once what this machine has and a container lets us use: instructions, cores, memory."""

from __future__ import annotations

import functools
import math
import os
import platform
from pathlib import Path
from typing import Literal

# The widest instructions of a processor for 8-bit products; ``avx512`` is with VNNI.
Vectors = Literal["amx", "avx512", "avx-vnni", "avx2", ""]
VECTOR_NAMES: dict[Vectors, str] = {
    "amx": "AMX",
    "avx512": "AVX-512",
    "avx-vnni": "AVX-VNNI",
    "avx2": "AVX2",
    "": "no AVX2",
}
# Linux's flag for each, the widest first.
_FLAGS: dict[Vectors, str] = {
    "amx": "amx_int8",
    "avx512": "avx512_vnni",
    "avx-vnni": "avx_vnni",
    "avx2": "avx2",
}
# Bytes, where the system does not tell how much memory is free: nothing is refused for it.
UNKNOWN_MEMORY = 1 << 40


@functools.cache
def cpu_flags() -> frozenset[str]:
    """Return what the processor can do, in Linux's names; empty on other systems."""
    text = _read(Path("/proc/cpuinfo"))
    return frozenset(text.partition("flags")[2].partition("\n")[0].split())


def isa_limit() -> str:
    """Return the instructions that ``ONEDNN_MAX_CPU_ISA`` holds oneDNN, and so the toolkit, to;
    empty where there is no limit."""
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()
    return "" if limit in ("ALL", "DEFAULT") else limit


def vectors(flags: frozenset[str] | None = None) -> Vectors:
    """Return the widest instructions among ``flags`` (this processor's, if None) that
    ``isa_limit`` lets be used."""
    flags = cpu_flags() if flags is None else flags
    widest = _widest_allowed()
    kinds = list(_FLAGS)
    usable = kinds[kinds.index(widest) :] if widest else []
    return next((kind for kind in usable if _FLAGS[kind] in flags), "")


def _widest_allowed() -> Vectors:
    limit = isa_limit()
    if limit in ("SSE41", "AVX"):
        return ""
    if limit.startswith("AVX2_VNNI"):
        return "avx-vnni"
    if limit == "AVX512_CORE" or limit.startswith("AVX2"):  # AVX512_CORE is without VNNI
        return "avx2"
    return "avx512" if limit.startswith(("AVX512", "AVX10")) and "AMX" not in limit else "amx"


def multiplies_bfloat16(flags: frozenset[str] | None = None) -> bool:
    """Return whether a processor with ``flags`` (this one's, if None) is fast with bfloat16."""
    flags = cpu_flags() if flags is None else flags
    wide = vectors(flags) in ("amx", "avx512") and isa_limit() != "AVX512_CORE_VNNI"
    return wide and bool(flags & {"amx_bf16", "avx512_bf16"})


def processor() -> str:
    """Return the processor's family, its widest instructions, and what holds it to fewer."""
    limit = isa_limit()
    parts = [platform.machine(), vectors(), f"held to {limit}" if limit else ""]
    return " ".join(part for part in parts if part)


@functools.cache
def cores(root: Path = Path("/")) -> int:
    """Return how many processors this process may keep busy: those that it is bound to, and no
    more than its container may use. ``root`` is where the system's files are."""
    bound = getattr(os, "sched_getaffinity", None)  # macOS has none
    count = len(bound(0)) if bound else os.cpu_count() or 1
    return min(count, _container_cores(root / "sys/fs/cgroup"))


def _container_cores(folder: Path) -> int:
    """Return the limit of a control group in processors, of version 2 or 1 of Linux's."""
    version_1 = [_read(folder / "cpu" / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
    try:
        quota, period = map(int, _read(folder / "cpu.max").split() or version_1)
    except ValueError:
        return 1 << 10  # "max", or no control groups
    return max(1, math.ceil(quota / period)) if quota > 0 else 1 << 10


def free_memory(root: Path = Path("/")) -> int:
    """Return the bytes that can be had without swapping, no more than the container has left.
    ``root`` is where the system's files are."""
    try:
        text = _read(root / "proc/meminfo")
        free = int(text.partition("MemAvailable:")[2].split()[0]) << 10
    except (IndexError, ValueError):
        return UNKNOWN_MEMORY
    folder = root / "sys/fs/cgroup"
    return min(
        free,
        _container_memory(folder, "memory.max", "memory.current", ""),
        _container_memory(
            folder / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_"
        ),
    )


def _container_memory(folder: Path, limit: str, used: str, prefix: str) -> int:
    """Return the bytes that a control group has left. Files that it has cached count as used and
    can be dropped."""
    try:
        most = int(_read(folder / limit))
    except ValueError:
        return UNKNOWN_MEMORY  # no control group, or no limit
    try:
        taken = int(_read(folder / used))
        lines = _read(folder / "memory.stat").splitlines()
        counts = dict(line.split(maxsplit=1) for line in lines)
        cached = sum(int(counts[f"{prefix}{kind}_file"]) for kind in ("active", "inactive"))
    except (ValueError, KeyError):
        return most
    return max(0, most - max(0, taken - cached))


def _read(path: Path) -> str:
    """Return the text of one of the system's files, empty where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def keep_freed_memory() -> None:
    """Tell the C library to reuse large blocks instead of returning them: otherwise every step in
    torch pays for the same pages again. For processes of our own alone, since it holds for all that
    runs in one. Does nothing where there is no ``mallopt``."""
    trim_threshold, mmap_threshold = -1, -3
    _libc("mallopt", trim_threshold, 256 << 20)
    _libc("mallopt", mmap_threshold, 32 << 20)


def return_freed_memory() -> None:
    """Give memory that is free back to the system."""
    _libc("malloc_trim", 0)


def _libc(name: str, *values: int) -> None:
    import ctypes

    try:
        function = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return
    function(*values)
