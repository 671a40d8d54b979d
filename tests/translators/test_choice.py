"""Which engine ``auto`` takes, on machines that are described and on this one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolkit.config import Config
from toolkit.doctor import examine
from toolkit.errors import ModelError
from toolkit.translators.build import load_translator
from toolkit.translators.choice import Machine, choose, settle, vectors
from toolkit.translators.hub import resolve

CASES = json.loads(
    (Path(__file__).parents[1] / "cases" / "engines.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=[case["about"] for case in CASES])
def test_the_table(case: dict[str, Any]) -> None:
    found = choose(Machine(**case["machine"]), case["parameters"])
    engine, device, *precision = case["expected"]
    assert (found.engine, found.device) == (engine, device)
    assert found.precision == (precision[0] if precision else None)
    assert found.why
    assert found.needs > case["parameters"]


@pytest.mark.parametrize(
    ("flags", "held", "expected"),
    [
        ({"amx_int8", "avx512_vnni", "avx2"}, "", "amx"),
        ({"amx_int8", "avx512_vnni", "avx2"}, "AVX512_CORE_AMX", "amx"),
        ({"amx_int8", "avx512_vnni", "avx2"}, "AVX512_CORE_VNNI", "avx512"),
        ({"amx_int8", "avx512_vnni", "avx2"}, "avx2", "avx2"),
        ({"avx512_vnni", "avx2"}, "", "avx512"),
        ({"avx512f", "avx2"}, "", "avx2"),
        ({"avx2", "avx_vnni"}, "AVX2_VNNI", "avx2"),
        ({"avx2"}, "SSE41", ""),
        ({"neon"}, "", ""),
    ],
)
def test_the_best_of_a_processor(
    monkeypatch: pytest.MonkeyPatch, flags: set[str], held: str, expected: str
) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", held)
    assert vectors(flags) == expected


def test_what_is_named_stays(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    checkpoint = resolve(str(tiny_checkpoint))
    assert settle(checkpoint, engine="ctranslate2", device="cpu").engine == "ctranslate2"
    assert settle(checkpoint, engine="torch", device="cpu").engine == "torch"
    with pytest.raises(ModelError, match="--device cuda"):
        settle(checkpoint, device="cuda")


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
