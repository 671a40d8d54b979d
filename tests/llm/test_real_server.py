"""A whole brief through ``transformers serve``, a server that this project did not write."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from toolkit.data import Article, TranslatedArticle, Translation
from toolkit.llm.base import GeneratorError
from toolkit.llm.openai_server import OpenAIServer
from toolkit.runs.stages import prepare
from toolkit.summarisers.models.prompted import Prompted
from toolkit.testing.fakes import FakeGenerator

pytest.importorskip("fastapi", reason="transformers serve needs transformers[serving]")
pytest.importorskip("uvicorn", reason="transformers serve needs transformers[serving]")

TEXT = (
    "The river Tamsa burst its banks on Monday and flooded the town of Orsk. Firefighters brought "
    "46 people to safety, mayor Anna Kovac said. Schools in the town stay closed until Thursday."
)
ANSWER = "1. Schools in the town stay closed until Thursday. [2]\n2. Nine people drowned. [1]"
START_SECONDS = 120
PAUSE = 0.3  # seconds between two looks whether it has started


def article() -> TranslatedArticle:
    prepared = prepare(Article("a", "a.txt", TEXT), language="eng_Latn")
    return TranslatedArticle(prepared, tuple(Translation(s, s.text) for s in prepared.segments))


@pytest.fixture(scope="module")
def model(causal_model: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that answers the prompt for the article with one true and one invented bullet."""
    asked = FakeGenerator([GeneratorError("only the prompt is wanted")])
    Prompted(asked).summarise(article(), bullets=2)
    return causal_model(tmp_path_factory.mktemp("served") / "tiny", asked.prompts[0], ANSWER)


@pytest.fixture(scope="module")
def url(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server on the loopback interface that offers ``model``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("log") / "serve.log"
    command = [
        *(sys.executable, "-c", "from transformers.cli.transformers import main; main()"),
        *("serve", str(model), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(log.parent)},
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", process, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(int(START_SECONDS / PAUSE)):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(PAUSE)
    pytest.fail(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")


def test_a_brief_through_a_real_server(url: str, model: Path) -> None:
    client = OpenAIServer(url, str(model), context=2048, thinking=0)
    brief = Prompted(client).summarise(article(), bullets=2)
    assert (brief.bullets[0].text, brief.bullets[0].cites) == (
        "Schools in the town stay closed until Thursday.",
        (2,),
    )
    assert "drowned" not in "".join(b.text for b in brief.bullets)
    assert len(brief.bullets) == 2
    assert brief.notes[0].startswith("1 of the model's 2 bullets was not supported")


def test_a_model_that_the_server_does_not_have(url: str) -> None:
    with pytest.raises(GeneratorError, match=r"answered 4\d\d"):
        OpenAIServer(url, "another").generate("Hello", max_tokens=5)
