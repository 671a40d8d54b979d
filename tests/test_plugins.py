"""Translators, summarisers and readers that other packages bring."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.config import Config
from toolkit.errors import ConfigError
from toolkit.pipeline import run
from toolkit.plugins import make

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")


def _blocks() -> dict[str, str]:
    """The files of the example plug-in, by name, and its test."""
    files: dict[str, str] = {}
    for section in PAGE.split("\n## ")[1:]:
        head, _, rest = section.partition("\n")
        if code := re.search(r"^```\w+\n(.*?)^```", rest, re.M | re.S):
            name = re.search(r"`(.*)`", head)
            files[name[1] if name else "test_example.py"] = code[1]
    return files


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the plug-ins of ``docs/plugins.md`` are installed from another one."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    for name, code in _blocks().items():
        file = source / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(code, encoding="utf-8")
    (source / "toolkit_example" / "__init__.py").touch()
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target)]
    (source / "test_example.py").rename(target / "test_example.py")
    subprocess.run([*command, str(source)], check=True, capture_output=True, cwd=source)
    return target


def _run(site: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(cwd / "cache")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True
    )


def test_the_examples_are_short() -> None:
    modules = [code for name, code in _blocks().items() if name.startswith("toolkit_example/")]
    assert len(modules) == 3
    assert all(code.count("\n") <= 25 for code in modules)


def test_the_examples_keep_their_contract(site: Path) -> None:
    done = _run(site, site, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_example.py")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_digest_is_made_with_all_three(site: Path, tmp_path: Path) -> None:
    table = "title,text\nबारिश हुई।,बारिश हुई। स्कूल बंद रहेंगे।\n,\n"
    (tmp_path / "news.csv").write_text(table, encoding="utf-8")
    options = ["--model", "glossary", "--summariser", "first-lines", "--date", "2026-11-21"]
    done = _run(site, tmp_path, "-m", "toolkit", "digest", "news.csv", *options)
    assert done.returncode == 3, done.stderr  # the second row has no text
    assert done.stderr == "not processed: news.csv:3: a row without text. Fill its text.\n"
    digest = json.loads((tmp_path / "outputs/2026-11-21/digest.json").read_text(encoding="utf-8"))
    (story,) = digest["stories"]
    assert story["headline"] == "It rained."
    assert [bullet["text"] for bullet in story["bullets"]] == ["Schools will stay closed."]
    assert digest["signature"].startswith("glossary@1 checks")
    assert "first-lines@1" in digest["signature"]


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package whose plug-ins are all broken, of which only some can be imported."""
    site = tmp_path / "site"
    metadata = site / "broken-2.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 2.0\n")
    (metadata / "entry_points.txt").write_text(
        "[news_toolkit.translators]\n"
        "gone = broken_gone:make\nraising = broken_here:raising\nempty = broken_here:empty\n"
        "demo = broken_here:raising\n"
        "[news_toolkit.summarisers]\nmute = broken_here:empty\n"
        "[news_toolkit.readers]\nraw = broken_here:raising\nodd = broken_here:odd\n"
    )
    (site / "broken_here.py").write_text(
        "def raising(*_):\n    raise KeyError('no\\nkey')\n\n"
        "def empty():\n    return None\n\n"
        "def odd(data, source):\n    return [{'text': 'no article'}]\n"
    )
    monkeypatch.syspath_prepend(site)
    return site


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gone", "the translator gone of broken 2.0 cannot be used (ModuleNotFoundError: No mod"),
        ("raising", r"the translator raising of broken 2.0 cannot be used (KeyError: 'no\nkey')"),
        ("empty", "the translator empty of broken 2.0 cannot be used (a NoneType has no translate"),
        ("broken_here:odd", "the translator broken_here:odd cannot be used (TypeError"),
        ("broken_here:none", "the translator broken_here:none cannot be used (AttributeError"),
    ],
)
@pytest.mark.usefixtures("broken")
def test_a_broken_plug_in_is_one_line_that_names_it(name: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("बारिश हुई।", encoding="utf-8")
    config = Config(inputs=tmp_path / "a.txt", outputs=tmp_path / "out", model=name)
    with pytest.raises(ConfigError) as caught:
        run(config)
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


@pytest.mark.usefixtures("broken")
def test_a_summariser_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^the summariser mute of broken 2\.0 .* no summarise"):
        make("summariser", "mute")


def test_names_of_ours_are_never_a_plug_ins(broken: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("It rained in Porto.", encoding="utf-8")
    done = _run(broken, tmp_path, "-m", "toolkit", "digest", "a.txt", "--model", "demo")
    assert done.returncode == 0, done.stderr


def test_a_broken_reader_costs_its_files(broken: Path, tmp_path: Path) -> None:
    for name in ("a.raw", "b.odd", "c.txt"):
        (tmp_path / name).write_text("It rained in Porto.", encoding="utf-8")
    names = ["a.raw", "b.odd", "c.txt"]
    done = _run(broken, tmp_path, "-m", "toolkit", "digest", *names, "--model", "demo")
    assert done.returncode == 3, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("not processed: a.raw: the reader raw of broken 2.0 cannot be used")
    assert "a dict is no Article or Failure" in lines[1]
