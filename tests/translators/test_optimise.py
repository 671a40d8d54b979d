"""``toolkit models optimise``: after it a first start has nothing left to make."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from toolkit.progress import Silent
from toolkit.translators import choice, decoder
from toolkit.translators.build import load_translator
from toolkit.translators.engine import native_kernels
from toolkit.translators.engine.vocabulary import english_tokens
from toolkit.translators.optimise import prepare


class Recorder(Silent):
    def __init__(self) -> None:
        self.stages: list[tuple[str, int]] = []
        self.done = 0

    def begin(self, stage: str, total: int) -> None:
        self.stages.append((stage, total))
        self.done = 0

    def advance(self, amount: int = 1) -> None:
        self.done += amount


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a tiny checkpoint that is treated as a large one is."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(choice, "LARGE", 0)
    few = partial(english_tokens, words=["the", "news", "of", "today"], small=0)
    monkeypatch.setattr(decoder, "english_tokens", few)
    return tmp_path


def state(folder: Path) -> dict[Path, tuple[int, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


@pytest.mark.parametrize("name", ["torch", "ctranslate2"])
def test_nothing_is_written_after_it(home: Path, tiny_checkpoint: Path, name: str) -> None:
    recorder = Recorder()
    done = prepare(str(tiny_checkpoint), engine=name, device="cpu", progress=recorder)
    made = state(home)
    assert done.engine == name
    assert (done.folder / "english-1.json") in made
    assert len([path for path in made if path.is_relative_to(done.folder)]) > 2
    if name == "torch" and native_kernels.load() is not None:
        brought = Path(native_kernels.__file__).parent.glob("native/*.so")  # by the wheel
        assert any(path.suffix == ".so" for path in made) != any(brought)
    translator = load_translator(str(tiny_checkpoint), engine=name, device="cpu", beam=1)
    translator.translate(["आज की खबर।"], source="hin_Deva", target="eng_Latn")
    assert state(home) == made


def test_it_reports_how_far_it_is(home: Path, tiny_checkpoint: Path) -> None:
    recorder = Recorder()
    prepare(str(tiny_checkpoint), engine="torch", device="cpu", progress=recorder)
    (stage, total) = recorder.stages[-1]
    assert stage == "prepare weights"
    assert total * 0.8 <= recorder.done <= total


def test_a_second_time_changes_nothing(home: Path, tiny_checkpoint: Path) -> None:
    first = prepare(str(tiny_checkpoint), device="cpu")
    made = state(home)
    assert prepare(str(tiny_checkpoint), device="cpu") == first
    assert state(home) == made
