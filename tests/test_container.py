"""The files that make a container."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def copied() -> set[str]:
    lines = re.findall(r"^COPY (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return {source for line in lines for source in line.split()[:-1]}


def test_what_is_copied_is_there_and_nothing_else_is_sent() -> None:
    assert all((ROOT / source).exists() for source in copied())
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in rules
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied()


def test_the_service_writes_into_its_volume_alone() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["digest"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    kept = [volume.split(":")[1] for volume in service["volumes"]]
    text = (ROOT / "Dockerfile").read_text()
    assert kept == re.findall(r"^VOLUME (\S+)$", text, re.MULTILINE) == ["/news"]
    folders = re.findall(r"(\w+)=(/news/\S+)", text)
    assert {name for name, _ in folders} == {"XDG_CACHE_HOME", "XDG_DATA_HOME", "HF_HOME"}


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint is not installed")
def test_hadolint_finds_no_fault() -> None:
    done = subprocess.run(
        ["hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
