"""The weights of language models come from the hub as those of translators do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toolkit.errors import ConfigError, ModelError
from toolkit.hub import download
from toolkit.hub.language_models import find_weights

NAME = "someone/tiny-nllb"


def test_weights_are_fetched_once_and_without_code(hub: Any) -> None:
    weights = find_weights(NAME)
    assert weights.signature == "tiny-nllb@01234567"
    names = {file.name for file in weights.folder.iterdir()}
    assert {"config.json", "model.safetensors"} <= names
    assert not names & {"pytorch_model.bin", "a.py"}
    asked = len(hub.requests)
    assert find_weights(NAME) == weights
    assert len(hub.requests) == asked


def test_a_transfer_that_was_cut_is_continued(hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_PAUSE", 0.01)
    hub.cut, hub.cuts = "model.safetensors", 2
    weights = find_weights(NAME)
    data = (weights.folder / "model.safetensors").read_bytes()
    assert data == hub.files["main"]["model.safetensors"]


def test_a_snapshot_without_its_weights_is_completed(hub: Any) -> None:
    folder = find_weights(NAME).folder
    (folder / "model.safetensors").unlink()
    assert find_weights(NAME).folder == folder
    assert (folder / "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("someone/else", "the hub has no someone/else"),
        (f"{NAME}@no-such", "no such revision"),
    ],
)
def test_refusals_name_the_model(hub: Any, name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message) as raised:
        find_weights(name)
    assert raised.value.remedy


def test_weights_that_can_run_code_are_not_fetched(hub: Any) -> None:
    del hub.files["main"]["model.safetensors"]
    with pytest.raises(ModelError, match="no safetensors"):
        find_weights(NAME)
    assert not [request for request in hub.requests if "/resolve/" in request]


def test_a_name_that_means_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no language model"):
        find_weights(str(tmp_path / "none"))
