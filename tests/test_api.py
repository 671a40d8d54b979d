"""The functions and types of ``import toolkit``."""

from __future__ import annotations

import dataclasses
import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import toolkit
from toolkit import data, errors

ROOT = Path(__file__).parent.parent
# Packages whose own types are not looked at: it takes half a minute, and no public type is theirs.
OTHERS = (
    *("torch", "numpy", "pandas", "datasets", "pyarrow", "transformers", "tokenizers"),
    *("huggingface_hub", "rich", "click", "jinja2", "httpx2", "httpcore2", "lxml", "tomlkit"),
    *("charset_normalizer", "anyascii", "filelock", "trafilatura", "tqdm", "IPython"),
)


def test_each_public_function_has_two_examples() -> None:
    finder = doctest.DocTestFinder(recurse=False)
    for name in toolkit.__all__:
        function = getattr(toolkit, name)
        if inspect.isfunction(function) and function.__module__ == "toolkit.api":
            (found,) = finder.find(function, name)
            assert sum(bool(example.want) for example in found.examples) >= 2, name


def test_every_type_protocol_and_error_is_public() -> None:
    for name in toolkit.__all__:
        assert getattr(toolkit, name) is not None
    kinds = [k for k in vars(data).values() if dataclasses.is_dataclass(k)]
    kinds += [k for k in vars(errors).values() if inspect.isclass(k) and issubclass(k, Exception)]
    assert {k.__name__ for k in kinds if isinstance(k, type)} <= set(toolkit.__all__)
    assert {"Translator", "Summariser", "Reader", "Progress"} <= set(toolkit.__all__)


def test_what_is_public_is_documented() -> None:
    for name in toolkit.__all__:
        value = getattr(toolkit, name)
        if callable(value) and name not in ("Reader",):
            assert inspect.getdoc(value), name


def test_python_m_toolkit_is_the_command_line() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "toolkit", "--help"], capture_output=True, text=True, check=True
    )
    assert "digest" in shown.stdout


def test_a_users_file_with_the_readmes_examples_is_typed(tmp_path: Path) -> None:
    """mypy sees what the package says of its types, in strict mode."""
    file = tmp_path / "morning.py"
    file.write_text("\n".join(_examples(ROOT / "README.md")), encoding="utf-8")
    settings = tmp_path / "mypy.ini"
    others = ",".join(f"{name}.*" for name in OTHERS)
    settings.write_text(
        "[mypy]\nstrict = True\nfollow_imports = silent\n"
        f"[mypy-{others}]\nfollow_imports = skip\nignore_missing_imports = True\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "mypy", "--config-file", str(settings), str(file)]
    checked = subprocess.run(
        [*command, "--cache-dir", str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def _examples(page: Path) -> list[str]:
    """The Python in the page's indented blocks: those that begin with an import."""
    blocks = page.read_text(encoding="utf-8").split("\n\n")
    lines: list[str] = []
    inside = False
    for block in blocks:
        code = block.startswith("    ")
        inside = code and (inside or block.strip().startswith(("import ", "from ")))
        if inside:
            lines += [line.removeprefix("    ") for line in block.splitlines()]
    assert lines
    return lines
