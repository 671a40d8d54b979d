"""What the machine has, on systems that are described in files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from toolkit import machine


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
        ({"avx2", "avx_vnni"}, "", "avx-vnni"),
        ({"avx2", "avx_vnni"}, "AVX2_VNNI", "avx-vnni"),
        ({"avx2", "avx_vnni"}, "AVX2", "avx2"),
        ({"avx2"}, "SSE41", ""),
        ({"neon"}, "", ""),
    ],
)
def test_the_best_of_a_processor(
    monkeypatch: pytest.MonkeyPatch, flags: set[str], held: str, expected: str
) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", held)
    assert machine.vectors(frozenset(flags)) == expected


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
    assert machine.free_memory(tmp_path) == machine.UNKNOWN_MEMORY
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    8000 kB\n")
    assert machine.free_memory(tmp_path) == 8000 << 10
    group = tmp_path / "sys/fs/cgroup" / folder
    group.mkdir(parents=True)
    (group / limit).write_text("4096000\n")
    assert machine.free_memory(tmp_path) == 4_096_000
    (group / used).write_text("3000000\n")
    (group / "memory.stat").write_text(
        f"anon 5\n{prefix}inactive_file 500000\n{prefix}active_file 200000\n"
    )
    assert machine.free_memory(tmp_path) == 4_096_000 - 3_000_000 + 700_000
    (group / limit).write_text("max\n")
    assert machine.free_memory(tmp_path) == 8000 << 10


@pytest.mark.parametrize(
    ("held", "expected"),
    [("", True), ("avx512_core_bf16", True), ("AVX512_CORE_VNNI", False), ("AVX2", False)],
)
def test_bfloat16_is_fast_only_where_it_may_be_used(
    monkeypatch: pytest.MonkeyPatch, held: str, expected: bool
) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", held)
    flags = frozenset({"avx512_vnni", "avx2"})
    assert machine.multiplies_bfloat16(flags | {"avx512_bf16"}) == expected
    assert not machine.multiplies_bfloat16(flags)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000"}, 8),
        ({"cpu.max": "250000 100000"}, 3),
        ({"cpu.max": "10000 100000"}, 1),
        ({"cpu.max": "1600000 100000"}, 8),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ({"cpu/cpu.cfs_quota_us": "150000", "cpu/cpu.cfs_period_us": "100000"}, 2),
        ({"cpu.max": "nonsense"}, 8),
    ],
)
def test_a_container_keeps_no_more_cores_busy_than_it_may(
    files: dict[str, str], expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    for name, text in files.items():
        path = tmp_path / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    assert machine.cores(tmp_path) == expected
