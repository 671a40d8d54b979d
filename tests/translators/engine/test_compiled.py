"""Libraries that were compiled before: loaded only if they are whole and nobody else's."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from toolkit.translators.engine import compiled, native_kernels
from toolkit.translators.engine.compiled import CompileError, load_or_compile

SOURCE = "int answer(void) { return 42; }\n"
# What a stranger's library does when it is loaded.
PLANTED = """
#include <stdio.h>
__attribute__((constructor)) static void begin(void) {{ fclose(fopen("{mark}", "w")); }}
int answer(void) {{ return 13; }}
"""
needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, compiled.COMPILERS)), reason="there is no C compiler"
)


# A library is loaded in a process of its own: a truncated one ends the process, and one that is
# loaded already is not loaded again.
SCRIPT = """
import logging, sys
from pathlib import Path
from toolkit.translators.engine import compiled
logging.basicConfig()
path, source, *compilers = sys.argv[1:]
compiled.COMPILERS = compilers
print(compiled.load_or_compile(Path(path), Path(source), []).answer())
"""


def answer(
    path: Path, source: Path, *, compilers: Sequence[str] = compiled.COMPILERS
) -> tuple[str, str]:
    """Return the answer of the library kept at ``path`` and what was logged."""
    command = [sys.executable, "-c", SCRIPT, str(path), str(source), *compilers]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "answer.c"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def kept(tmp_path: Path, source: Path) -> Path:
    """A library that an earlier process made and kept."""
    path = tmp_path / "kernels" / "answer.so"
    assert answer(path, source) == ("42", "")
    assert path.is_file()
    return path


def compiler(folder: Path, script: str) -> None:
    folder.mkdir()
    path = folder / "cc"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)


@needs_compiler
def test_a_library_is_compiled_once(kept: Path, source: Path) -> None:
    assert answer(kept, source, compilers=()) == ("42", "")


@needs_compiler
def test_two_first_starts_at_once_both_have_the_library(tmp_path: Path, source: Path) -> None:
    path = tmp_path / "kernels" / "answer.so"
    command = [sys.executable, "-c", SCRIPT, str(path), str(source), *compiled.COMPILERS]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [start.communicate(timeout=60)[0].strip() for start in starts] == ["42"] * 3
    assert answer(path, source) == ("42", "")


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def empty(data: bytes) -> bytes:
    return b""


@needs_compiler
@pytest.mark.parametrize("damage", [truncated, flipped, empty])
def test_a_damaged_library_is_made_again(
    kept: Path, source: Path, damage: Callable[[bytes], bytes]
) -> None:
    whole = kept.read_bytes()
    kept.write_bytes(damage(whole))
    assert answer(kept, source) == ("42", "")
    assert kept.read_bytes() == whole


@needs_compiler
def test_a_library_without_its_checksum_is_made_again(kept: Path, source: Path) -> None:
    kept.with_name("answer.so.sha256").unlink()
    assert answer(kept, source) == ("42", "")
    assert kept.with_name("answer.so.sha256").is_file()


def writable_folder(path: Path, elsewhere: Path) -> None:
    path.parent.chmod(0o777)


def writable_file(path: Path, elsewhere: Path) -> None:
    path.chmod(0o666)


def linked_folder(path: Path, elsewhere: Path) -> None:
    path.parent.rename(elsewhere)
    path.parent.symlink_to(elsewhere)


def linked_file(path: Path, elsewhere: Path) -> None:
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def foreign_folder(path: Path, elsewhere: Path) -> None:
    os.chown(path.parent, 65534, -1)


def foreign_file(path: Path, elsewhere: Path) -> None:
    os.chown(path, 65534, -1)


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@needs_compiler
@pytest.mark.parametrize(
    ("expose", "reason"),
    [
        (writable_folder, "others may write it"),
        (writable_file, "others may write it"),
        (linked_folder, "it is a link"),
        (linked_file, "it is a link"),
        pytest.param(foreign_folder, "it belongs to another user", marks=as_root),
        pytest.param(foreign_file, "it belongs to another user", marks=as_root),
    ],
)
def test_a_library_that_others_may_have_planted_is_not_run(
    expose: Callable[[Path, Path], None],
    reason: str,
    tmp_path: Path,
    source: Path,
) -> None:
    path, mark, hostile = (
        tmp_path / name for name in ("kernels/answer.so", "was run", "planted.c")
    )
    hostile.write_text(PLANTED.format(mark=mark))
    assert answer(path, hostile) == ("13", "")  # planted, with its checksum
    mark.unlink()
    expose(path, tmp_path / "elsewhere")
    found, logged = answer(path, source)
    assert not mark.exists()
    assert found == "42"
    assert reason in logged


def test_a_full_temporary_folder_costs_no_time(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compilers take many seconds to find out that there is no room, at each start."""
    run = tmp_path / "run"
    compiler(tmp_path / "bin", f"touch {run}; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    full = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    with pytest.raises(CompileError, match="no room") as caught:
        load_or_compile(tmp_path / "kernels" / "answer.so", source, [])
    assert caught.value.final
    assert not run.exists()


def test_without_a_compiler_nothing_helps(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "COMPILERS", ())
    with pytest.raises(CompileError, match="there is no C compiler") as raised:
        load_or_compile(tmp_path / "kernels" / "answer.so", source, [])
    assert raised.value.final


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'network.c:1: no such header' >&2; echo more >&2; exit 1", "no such header"),
        ("exit 3", "exit status 3"),
        ("exit 0", "it wrote nothing"),
        ("/bin/sleep 60; exit 0", "given up after 0.2 seconds"),
    ],
)
def test_a_compiler_that_fails_or_hangs_is_logged(
    script: str,
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("toolkit.machine.cpu_flags", lambda: frozenset({"avx2"}))
    monkeypatch.setattr(native_kernels, "_packaged", lambda kind: None)
    monkeypatch.setattr(compiled, "TIMEOUT", 0.2)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    compiler(tmp_path / "bin", script)
    with caplog.at_level(logging.WARNING):
        assert native_kernels.load(tmp_path / "kernels") is None
    assert reason in caplog.text
    assert "more\n" not in caplog.text
