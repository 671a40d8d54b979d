"""What works on this machine, and what to do about what does not."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from toolkit.cache import Cache
from toolkit.config import Config
from toolkit.errors import ToolkitError
from toolkit.store import LATEST
from toolkit.translators import hub
from toolkit.version import VERSION

State = Literal["ok", "warn", "fail"]
# A run writes little, a first fetch 2.5 GB.
_LOW_DISK = 4 * 2**30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``detail`` says what was seen and, unless ok, what to do."""

    name: str
    state: State
    detail: str


def examine(config: Config) -> list[Finding]:
    """Look at everything that a run needs. No weights are loaded and nothing is fetched."""
    looks: list[Callable[[Config], Finding]] = [
        _versions,
        _processor,
        _gpu,
        _model,
        _cache,
        _outputs,
        _last_run,
    ]
    return [look(config) for look in looks]


def _versions(config: Config) -> Finding:
    found = [f"toolkit {VERSION}", f"Python {sys.version.split()[0]}"]
    for name in ("torch", "transformers"):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            return Finding("versions", "fail", f"{name} is not installed: pip install {name}")
    return Finding("versions", "ok", ", ".join(found))


def _processor(config: Config) -> Finding:
    flags = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        flags = next((line for line in lines if line.startswith("flags")), "")
    names = {"amx_tile": "AMX", "avx512f": "AVX-512", "avx2": "AVX2"}
    have = [name for flag, name in names.items() if flag in flags.split()]
    return Finding("processor", "ok", f"{os.cpu_count()} cores, {', '.join(have) or 'no AVX2'}")


def _gpu(config: Config) -> Finding:
    try:
        import torch
    except ImportError:
        return Finding("gpu", "fail", "torch is not installed")
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        name = torch.cuda.get_device_name()
        return Finding("gpu", "ok", f"{name}, {free >> 20} of {total >> 20} MiB free")
    state: State = "fail" if config.device == "cuda" else "ok"
    return Finding("gpu", state, "none that torch can use; translating on the CPU")


def _model(config: Config) -> Finding:
    try:
        checkpoint = hub.resolve(config.model, fetch_missing=False)
    except ToolkitError as error:
        return Finding("model", "warn", f"{config.model}: {str(error).splitlines()[0]}")
    return Finding("model", "ok", f"{checkpoint.name}@{checkpoint.revision} in {checkpoint.path}")


def _cache(config: Config) -> Finding:
    try:
        cache = Cache(config.cache)
        number = len(cache)
        cache.close()
    except ToolkitError as error:
        return Finding("cache", "fail", str(error))
    if cache.warning:
        return Finding("cache", "warn", cache.warning)
    return Finding("cache", "ok", f"{number} segments in {config.cache}")


def _outputs(config: Config) -> Finding:
    existing = next(
        p for p in (config.outputs.absolute(), *config.outputs.absolute().parents) if p.exists()
    )
    if not os.access(existing, os.W_OK):
        return Finding("outputs", "fail", f"{existing} cannot be written: mend its permissions")
    free = shutil.disk_usage(existing).free
    detail = f"{config.outputs} ({free >> 20} MiB free)"
    return Finding("outputs", "warn" if free < _LOW_DISK else "ok", detail)


def _last_run(config: Config) -> Finding:
    record = config.outputs / LATEST / "run.json"
    try:
        run = json.loads(record.read_text(encoding="utf-8"))
        counts = run["counts"]
        detail = f"{run['date']}: {counts['articles']} articles, {counts['failed']} not processed"
    except FileNotFoundError:
        return Finding("last run", "ok", f"none in {config.outputs} yet")
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Finding("last run", "warn", f"{record} cannot be read ({error})")
    return Finding("last run", "warn" if counts["failed"] else "ok", detail)
