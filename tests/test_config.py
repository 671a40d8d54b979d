"""Where options come from, which wins, and how a wrong one is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from toolkit.config import Config, load
from toolkit.errors import ConfigError


def test_defaults_file_environment_and_options_in_that_order(tmp_path: Path) -> None:
    file = tmp_path / "toolkit.toml"
    file.write_text('model = "1.3B"\nbeam = 2\nbullets = 5\noutputs = "out"\n', encoding="utf-8")
    environment = {"TOOLKIT_BEAM": "3", "TOOLKIT_BULLETS": "6", "TOOLKIT_DEADLINE": "05:45"}
    config = load({"bullets": 7, "device": None}, path=file, environment=environment)
    assert (config.model, config.beam, config.bullets) == ("1.3B", 3, 7)
    assert config.device == Config().device
    assert config.deadline == dt.time(5, 45)
    assert config.outputs == tmp_path / "out"


def test_the_file_in_the_working_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(environment={}).model == "600M"
    Path("toolkit.toml").write_text('inputs = ["news", "more"]\n', encoding="utf-8")
    assert load(environment={}).inputs == (Path("news"), Path("more"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colour = 'red'", "unknown setting 'colour'"),
        ("beam = 'wide'", "beam cannot be 'wide'"),
        ("beam = 0", "beam must be from 1 to 16"),
        ("bullets = 99", "bullets must be from 1 to 10"),
        ("device = 'tpu'", "device must be one of auto, cpu, cuda"),
        ("deadline = 'soon'", "deadline cannot be 'soon'"),
        ("beam = ", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "my.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=says) as caught:
        load(path=file, environment={})
    assert "\n" not in str(caught.value)


def test_a_missing_file_that_was_named_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such configuration file"):
        load(path=tmp_path / "none.toml", environment={})


def test_paths_may_be_text() -> None:
    config = Config(inputs=("seeds",), outputs="out")  # type: ignore[arg-type]
    assert (config.inputs, config.outputs) == ((Path("seeds"),), Path("out"))
