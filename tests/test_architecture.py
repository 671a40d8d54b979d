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
# Each room may import from those before it and from itself.
ROOMS = (
    "version",
    "errors",
    "data",
    "progress",
    "machine",
    "storage",
    "plugins",
    "options",
    "config",
    "languages",
    "numbers",
    "text",
    "hub",
    "readers",
    "translators",
    "terminology",
    "llm",
    "executors",
    "summarisers",
    "stories",
    "digest",
    "runs",
    "pipeline",
    "documents",
    "server",
    "bench",
    "api",
    "testing",
    "cli",
    "__main__",
)
# Inside two rooms, each wing may import from those before it and from itself. A module that is
# named stands alone; "" stands for the room's other modules.
WINGS = {
    "translators": ("base", "engine", "checks", ""),
    "summarisers": ("base", "extractive", "grounding", "models", ""),
}


def _place(name: str) -> tuple[str, str]:
    """The room and the wing of a module, by its dotted name below ``toolkit``."""
    parts = name.split(".")
    wings = WINGS.get(parts[0], ())
    return parts[0], parts[1] if len(parts) > 1 and parts[1] in wings else ""


def _name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


NAMES = {_name(path) for path in MODULES}


def _imports(path: Path) -> set[str]:
    """The modules of the package that ``path`` imports or reads the data of, by dotted name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=str(module), names=aliases):
                found.update(f"{module}.{alias.name}" for alias in aliases)
            case ast.Import(names=aliases):
                found.update(alias.name for alias in aliases)
            case ast.Call(
                func=ast.Attribute(attr="files") | ast.Name(id="files"),
                args=[ast.Constant(value=str(package))],
            ):
                found.add(package)
    ours = (name.removeprefix("toolkit.") for name in found if name.startswith("toolkit."))
    data = ("prompt_templates", "samples")  # prompts/ and seeds/, installed beside the rooms
    return {
        name if name in NAMES else name.rpartition(".")[0] or name
        for name in ours
        if not name.startswith(data)
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    room, wing = _place(_name(path))
    if path.parent == PACKAGE and path.name == "__init__.py":
        return
    assert room in ROOMS, f"{room} is no room: add it where it belongs"
    for name in _imports(path):
        other, their_wing = _place(name)
        assert ROOMS.index(other) <= ROOMS.index(room), f"{room} imports {name}"
        if other == room and path.name != "__init__.py":
            order = WINGS.get(room, ("",))
            assert order.index(their_wing) <= order.index(wing), f"{_name(path)} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno <= 60, node.name


def test_no_module_has_the_name_of_a_public_function() -> None:
    """Importing ``toolkit.clean`` would replace the function of that name."""
    modules = {name.rpartition(".")[2] for name in NAMES}
    functions = {name for name in toolkit.__all__ if name.islower()} - {"__version__"}
    assert not modules & functions


def test_the_top_holds_what_users_import() -> None:
    top = {path.stem for path in PACKAGE.glob("*.py")}
    assert top <= {
        *("__init__", "__main__", "api", "config", "data", "errors", "machine"),
        *("options", "pipeline", "plugins", "progress", "storage", "version"),
    }


def test_importing_the_toolkit_loads_nothing_heavy() -> None:
    heavy = ("torch", "transformers", "ctranslate2", "datasets", "numpy", "ray", "rich")
    script = (
        f"import sys, toolkit.api, toolkit.cli.commands\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    seen = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True
    )
    assert seen.stdout.strip() == "[]"


def test_the_package_carries_its_data() -> None:
    for name in ("py.typed", "languages/languages.tsv", "hub/demo/model.safetensors"):
        assert (PACKAGE / name).exists(), name
    assert list((PACKAGE / "digest" / "templates").glob("*.j2"))
