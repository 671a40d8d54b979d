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
    free_memory,
    multiplies_bfloat16,
    settle,
    vectors,
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


@pytest.mark.parametrize(
    ("flags", "held", "expected"),
    [
        ({"amx_int8", "avx512_vnni", "avx2"}, "", "amx"),
        ({"amx_int8", "avx512_vnni", "avx2"}, "AVX512_CORE_AMX", "amx"),
        ({"amx_int8", "avx512_vnni", "avx2"}, "AVX512_CORE_VNNI", "avx512"),
        ({"amx_int8", "avx512_vnni", "avx2"}, "avx2", "avx2"),
        ({"amx_int8", "avx512_vnni", "avx2"}, "ALL", "amx"),
        ({"amx_int8", "avx512_vnni", "avx2"}, "DEFAULT", "amx"),
        ({"amx_int8", "avx512_vnni", "avx2"}, "AVX10_1_512_AMX_FP16", "amx"),
        ({"amx_int8", "avx512_vnni", "avx2"}, "AVX10_1_512", "avx512"),
        ({"amx_int8", "avx512_vnni", "avx2"}, "AVX512_CORE_BF16", "avx512"),
        ({"amx_int8", "avx512_vnni", "avx2"}, "AVX512_CORE_FP16", "avx512"),
        ({"amx_int8", "avx512_vnni", "avx2"}, "AVX512_CORE", "avx2"),
        ({"amx_int8", "avx512_vnni", "avx2"}, "AVX", ""),
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


@pytest.mark.parametrize(
    ("folder", "limit", "used", "prefix"),
    [
        ("", "memory.max", "memory.current", ""),
        ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_"),
    ],
)
def test_a_container_has_what_its_limit_leaves(
    folder: str, limit: str, used: str, prefix: str, tmp_path: Path
) -> None:
    assert free_memory(tmp_path) == Machine().memory
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    8000 kB\n")
    assert free_memory(tmp_path) == 8000 << 10
    group = tmp_path / "sys/fs/cgroup" / folder
    group.mkdir(parents=True)
    (group / limit).write_text("4096000\n")
    assert free_memory(tmp_path) == 4_096_000
    (group / used).write_text("3000000\n")
    (group / "memory.stat").write_text(
        f"anon 5\n{prefix}inactive_file 500000\n{prefix}active_file 200000\n"
    )
    assert free_memory(tmp_path) == 4_096_000 - 3_000_000 + 700_000
    (group / limit).write_text("max\n")
    assert free_memory(tmp_path) == 8000 << 10


@pytest.mark.parametrize(
    ("held", "expected"),
    [("", True), ("avx512_core_bf16", True), ("AVX512_CORE_VNNI", False), ("AVX2", False)],
)
def test_bfloat16_is_fast_only_where_it_may_be_used(
    monkeypatch: pytest.MonkeyPatch, held: str, expected: bool
) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", held)
    assert multiplies_bfloat16({"avx512_bf16", "avx512_vnni", "avx2"}) == expected
    assert not multiplies_bfloat16({"avx512_vnni", "avx2"})


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
    monkeypatch.setattr("toolkit.translators.choice.cpu_flags", lambda: {"avx2"})
    monkeypatch.setattr("toolkit.translators.choice.sizes", lambda checkpoint: (600_000_000, True))
    monkeypatch.setattr("toolkit.translators.choice.free_memory", lambda: 1 << 40)
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
