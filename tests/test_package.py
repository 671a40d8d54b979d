"""The source distribution, the wheel that is built from it, and the toolkit in an empty folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from toolkit import machine

ROOT = Path(__file__).parent.parent
# Folders that are made, not written.
MADE = (".*", "build", "dist", "*.egg-info", "__pycache__", "outputs")
BUILD = "from setuptools import build_meta; build_meta.build_sdist({folder!r})"
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of the project, unpacked."""
    copy = tmp_path_factory.mktemp("project") / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*MADE))
    folder = tmp_path_factory.mktemp("sdist")
    subprocess.run(
        [sys.executable, "-c", BUILD.format(folder=str(folder))],
        cwd=copy,
        check=True,
        capture_output=True,
    )
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built from the source distribution."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    environment = {**os.environ, "TOOLKIT_KERNELS": machine.vectors()}
    command = [*PIP, "wheel", *options, str(source)]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    (built,) = folder.glob("*.whl")
    return built


def _files(folder: str) -> set[str]:
    """The files in a folder of the project, but for those that Python makes."""
    found = (p for p in (ROOT / folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {str(p.relative_to(ROOT)) for p in found if ".ipynb_checkpoints" not in p.parts}


def test_the_source_distribution_can_run_its_tests(source: Path) -> None:
    wanted = {"Makefile", "constraints.txt", "setup.cfg", "pyproject.toml", "CHANGELOG.md"}
    for folder in ("docs", "notebooks", "prompts", "seeds", "tests", "toolkit", "tools"):
        wanted |= _files(folder)
    there = {str(p.relative_to(source)) for p in source.rglob("*") if p.is_file()}
    assert wanted <= there, sorted(wanted - there)[:5]


def test_the_wheel_holds_all_code_and_data(wheel: Path) -> None:
    wanted = _files("toolkit")
    wanted |= {f"toolkit/prompt_templates/{Path(name).name}" for name in _files("prompts")}
    wanted |= {f"toolkit/samples/{Path(name).name}" for name in _files("seeds")}
    with zipfile.ZipFile(wheel) as packed:
        there = set(packed.namelist())
    assert wanted <= there, sorted(wanted - there)[:5]
    strangers = {name for name in there if not name.startswith(("toolkit/", "news_toolkit-"))}
    assert not strangers


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel is installed in."""
    folder = tmp_path_factory.mktemp("site")
    command = [*PIP, "install", "--no-deps", "--target", str(folder), str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.mark.skipif(not machine.vectors(), reason="this processor has no AVX2")
@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")
def test_the_kernels_come_with_the_wheel(site: Path, tmp_path: Path) -> None:
    """Where it is installed there need be no compiler, and nothing is compiled."""
    loaded = "native_kernels.load().library._name"
    code = f"from toolkit.translators.engine import native_kernels; print({loaded})"
    environment = {**os.environ, "PYTHONPATH": str(site), "PATH": str(tmp_path)}
    environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(site)
    assert not (tmp_path / "cache").exists()


def test_an_installed_toolkit_makes_a_digest_in_an_empty_folder(site: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(site),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        [sys.executable, "-P", "-m", "toolkit", "digest", "--model", "demo"],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "No articles are named: taking the five samples that come with the toolkit."
    ]
    page = (empty / "outputs" / "latest" / "digest.html").read_text(encoding="utf-8")
    assert "Kyrgyzstan" in page
