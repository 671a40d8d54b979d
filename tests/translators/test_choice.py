"""Which engine ``auto`` takes, on machines that are described and on this one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolkit.cli.doctor import examine
from toolkit.config import Config
from toolkit.errors import ModelError
from toolkit.hub.resolve import resolve
from toolkit.translators.build import load_translator
from toolkit.translators.choice import (
    Machine,
    choose,
    settle,
)

CASES = json.loads(
    (Path(__file__).parents[1] / "cases" / "engines.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=[case["about"] for case in CASES])
def test_the_table(case: dict[str, Any]) -> None:
    found = choose(Machine(**case["machine"]), case["parameters"], **case.get("options", {}))
    engine, device, *precision = case["expected"]
    assert (found.engine, found.device) == (engine, device)
    assert found.precision == (precision[0] if precision else None)
    assert found.why
    assert found.needs > case["parameters"]


def test_what_is_named_stays(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    checkpoint = resolve(str(tiny_checkpoint))
    assert settle(checkpoint, engine="ctranslate2", device="cpu").engine == "ctranslate2"
    assert settle(checkpoint, engine="torch", device="cpu").engine == "torch"
    with pytest.raises(ModelError, match="--device cuda"):
        settle(checkpoint, device="cuda")


@pytest.mark.parametrize("exact", [True, False])
def test_this_machine_without_kernels_takes_what_is_right(
    exact: bool, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolkit.translators.engine.native_kernels.load", lambda: None)
    monkeypatch.setattr("toolkit.machine.cpu_flags", lambda: frozenset({"avx2"}))
    monkeypatch.setattr("toolkit.translators.choice.sizes", lambda checkpoint: (600_000_000, True))
    monkeypatch.setattr("toolkit.machine.free_memory", lambda: 1 << 40)
    monkeypatch.setattr("toolkit.translators.ctranslate2.int8_is_exact", lambda: exact)
    chosen = settle(resolve(str(tiny_checkpoint)), device="cpu")
    assert chosen.engine == ("ctranslate2" if exact else "torch")
    assert ("int8 is wrong on this processor" in chosen.why) != exact


def test_the_translator_says_which_engine_it_is(tiny_checkpoint: Path) -> None:
    def signature(engine: str) -> str:
        return load_translator(str(tiny_checkpoint), engine=engine, device="cpu").signature

    assert " torch " in signature("auto") == signature("torch")
    assert " ctranslate2 " in signature("ctranslate2")


@pytest.mark.parametrize("engine", ["auto", "ctranslate2"])
def test_the_doctor_says_what_auto_is_and_why(engine: str) -> None:
    found = {f.name: f for f in examine(Config(model="demo", engine=engine, device="cpu"))}
    assert found["engine"].state == "ok"
    assert "auto is torch on cpu (a small checkpoint)" in found["engine"].detail
    assert ("ctranslate2, as set" in found["engine"].detail) == (engine == "ctranslate2")
