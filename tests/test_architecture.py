"""The structure that ARCHITECTURE.md describes, held by the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import toolkit

PACKAGE = Path(toolkit.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
# Each layer may import from those before it and from itself.
LAYERS = (
    {"version", "errors", "data"},
    {
        "config",
        "progress",
        "beside",
        "sequences",
        "scripts",
        "languages",
        "numbers",
        "numerals",
        "vocabulary",
        "prompts",
        "cache",
        "display",
        "normalise",
    },
    {"furniture", "segmentation", "profiles", "similarity"},
    {"cleaning", "detection"},
    {"readers", "translators", "generators", "executors"},
    {"summarisers"},
    {"events", "merging", "inputs", "store", "page"},
    {"stories"},
    {"render", "stages"},
    {"flow"},
    {"views", "pipeline"},
    {"api", "single", "doctor", "subjects", "bench", "evaluation"},
    {"present", "console"},
    {"cli"},
)


def _part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            parts = node.module.split(".")
            if parts == ["toolkit"]:
                found.update(alias.name for alias in node.names)
            elif parts[0] == "toolkit":
                found.add(parts[1])
        elif isinstance(node, ast.Import):
            found.update(a.name.split(".")[1] for a in node.names if a.name.startswith("toolkit."))
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    part = _part(path)
    if part in ("__init__", "checkpoints"):
        return
    level = next((i for i, layer in enumerate(LAYERS) if part in layer), None)
    assert level is not None, f"{part} stands in no layer: add it where it belongs"
    allowed = set().union(*LAYERS[: level + 1])
    assert _imports(path) <= allowed


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno <= 60, node.name


def test_importing_the_toolkit_loads_nothing_heavy() -> None:
    heavy = ("torch", "transformers", "ctranslate2", "datasets", "numpy", "ray", "rich")
    script = (
        f"import sys, toolkit.api, toolkit.cli\nprint([m for m in {heavy!r} if m in sys.modules])"
    )
    seen = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True
    )
    assert seen.stdout.strip() == "[]"


def test_the_package_carries_its_data() -> None:
    for name in ("py.typed", "languages.tsv", "templates", "checkpoints/demo/model.safetensors"):
        assert (PACKAGE / name).exists(), name
    assert list((PACKAGE / "templates").glob("*.j2"))
