"""A causal language model on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from toolkit.errors import ConfigError, ModelError
from toolkit.llm.base import GeneratorError
from toolkit.llm.local_causal import LocalCausal

PROMPT = "What happened?"
ANSWER = "1. The dam burst on Monday. [1]"
MakeModel = Callable[..., Path]


@pytest.fixture(scope="module")
def model(causal_model: MakeModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return causal_model(tmp_path_factory.mktemp("causal") / "tiny-chat", PROMPT, ANSWER)


def test_it_answers_as_it_was_trained(model: Path) -> None:
    generator = LocalCausal(str(model), device="cpu")
    assert generator.generate(PROMPT, max_tokens=60) == ANSWER
    assert generator.context == 2048
    assert generator.signature.startswith("tiny-chat@")


def test_an_answer_is_cut_at_the_limit(model: Path) -> None:
    generator = LocalCausal(str(model), device="cpu")
    short = generator.generate(PROMPT, max_tokens=3)
    assert ANSWER.startswith(short)
    assert short != ANSWER


def test_the_frame_of_a_chat_turn_is_counted(model: Path) -> None:
    assert LocalCausal(str(model)).count("") > 0


def test_a_model_without_a_chat_format_gets_the_prompt_as_it_is(
    causal_model: MakeModel, tmp_path: Path
) -> None:
    folder = causal_model(tmp_path / "base", PROMPT, ANSWER, chat=False)
    generator = LocalCausal(str(folder))
    assert generator.count("") == 0
    assert generator.generate(PROMPT, max_tokens=60) == ANSWER


def test_a_prompt_that_is_too_long_is_refused(model: Path) -> None:
    with pytest.raises(GeneratorError, match="too long"):
        LocalCausal(str(model)).generate("river " * 3000, max_tokens=10)


def test_the_signature_follows_the_weights(causal_model: MakeModel, tmp_path: Path) -> None:
    one = causal_model(tmp_path / "a" / "tiny", PROMPT, ANSWER)
    other = causal_model(tmp_path / "b" / "tiny", PROMPT, "Nothing.")
    assert LocalCausal(str(one)).signature == LocalCausal(str(one)).signature
    assert LocalCausal(str(one)).signature != LocalCausal(str(other)).signature


def test_only_weights_without_code_are_taken(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    folder.mkdir()
    for file in model.iterdir():
        if file.suffix != ".safetensors":
            (folder / file.name).write_bytes(file.read_bytes())
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match="run code") as caught:
        LocalCausal(str(folder))
    assert "safetensors" in caught.value.remedy


def test_a_damaged_file_and_another_kind_of_model_are_named(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    for file in model.iterdir():
        (folder / file.name).write_bytes(file.read_bytes()[:200])
    with pytest.raises(ModelError, match="damaged@"):
        LocalCausal(str(folder))
    with pytest.raises(ModelError, match="not there"):
        LocalCausal(str(tmp_path))
    with pytest.raises(ConfigError, match="no language model"):
        LocalCausal("no such thing")
    (tmp_path / "broken.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelError):
        LocalCausal(str(tmp_path / "broken.gguf"))
