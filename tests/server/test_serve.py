"""The server as its clients meet it: over HTTP, on loopback, with LibreTranslate's own client."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from libretranslatepy import LibreTranslateAPI

from toolkit.config import Config
from toolkit.data import Hypothesis
from toolkit.errors import ConfigError, ModelError
from toolkit.runs.cache import Cache
from toolkit.server import batching
from toolkit.server.app import Limits, Service, create_app
from toolkit.server.batching import Batcher
from toolkit.server.serve import open_socket
from toolkit.testing import FakeTranslator
from toolkit.translators.checks.retry import checked


@dataclass
class Running:
    """A server with a fake translator, and what it was asked."""

    url: str
    translator: FakeTranslator
    batcher: Batcher
    service: Service = field(repr=False)

    def post(self, path: str, body: bytes | dict[str, Any], **headers: str) -> tuple[int, Any]:
        if isinstance(body, dict):
            body, headers = json.dumps(body).encode(), {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", body, headers)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.url}{path}") as answer:
            return str(answer.read().decode())


ANSWERS = {
    "Llueve.": "It rains.",
    "No hay luz.": Hypothesis("There is light.", -0.2),
    "今天下雨。": "It rains today.",
    "学校关门。": "Schools are shut.",
}
CHINESE = "q=今天下雨。学校关门。&source=zh&target=en".encode()


@pytest.fixture
def serving(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Running]:
    options: dict[str, Any] = getattr(request, "param", {})
    fake = FakeTranslator(ANSWERS)
    config = Config(cache=tmp_path / "cache.sqlite", corrections=tmp_path / "corrections.tmx")
    cache = Cache(config.cache)
    batcher = Batcher(checked(fake), config, cache)
    service = Service(batcher, **options)
    listening = open_socket("127.0.0.1", 0, key=None)
    server = uvicorn.Server(uvicorn.Config(create_app(service), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    port = listening.getsockname()[1]
    yield Running(f"http://127.0.0.1:{port}", fake, batcher, service)
    server.should_exit = True
    thread.join()
    batcher.close()
    cache.close()


def test_libretranslates_own_client_translates_detects_and_lists(serving: Running) -> None:
    client = LibreTranslateAPI(serving.url)
    assert client.translate("Llueve.", source="es", target="en") == "It rains."
    assert client.detect("El gobierno anunció ayer nuevas medidas.")[0]["language"] == "es"
    listed = {language["code"]: language for language in client.languages()}
    assert len(listed) == 202
    assert "en" in listed["zh-Hant"]["targets"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"q=Llueve.&source=es&target=en", "It rains."),
        (
            "q=今天下雨。学校关门。&source=zh&target=en".encode(),
            "It rains today. Schools are shut.",
        ),
        (json.dumps({"q": "Llueve.", "source": "es", "target": "en"}).encode(), None),
    ],
    ids=["form", "form of plain UTF-8", "JSON sent as a form"],
)
def test_a_form_is_read(serving: Running, body: bytes, expected: str | None) -> None:
    status, answer = serving.post("/translate", body)
    assert (status, answer.get("translatedText")) == ((200, expected) if expected else (400, None))


def test_texts_keep_their_order_their_space_and_their_warnings(serving: Running) -> None:
    texts = ["  Llueve.\n\nNo hay luz.\n", "", "Llueve."]
    status, answer = serving.post("/translate", {"q": texts, "source": "es", "target": "en"})
    assert status == 200
    assert answer["translatedText"] == ["  It rains.\n\nThere is light.\n", "", "It rains."]
    assert [[w["source"] for w in warnings] for warnings in answer["warnings"]] == [
        ["No hay luz."],
        [],
        [],
    ]
    assert "detectedLanguage" not in answer


def test_tags_are_kept(serving: Running) -> None:
    asked = {"q": "<p>Llueve. <a href='/x'>No hay luz.</a></p>", "format": "html"}
    status, answer = serving.post("/translate", asked | {"source": "es", "target": "en"})
    assert status == 200
    assert answer["translatedText"] == "<p>It rains. <a href='/x'>There is light.</a></p>"
    assert [warning["source"] for warning in answer["warnings"]] == ["No hay luz."]


def test_a_language_that_is_not_named_is_detected(serving: Running) -> None:
    status, answer = serving.post("/translate", {"q": "今天下雨。", "target": "en"})
    assert (status, answer["translatedText"]) == (200, "It rains today.")
    assert answer["detectedLanguage"]["language"] == "zh"
    status, answer = serving.post("/translate", {"q": "12,5", "source": "auto", "target": "en"})
    assert (status, answer["translatedText"]) == (200, "12,5")


@pytest.mark.parametrize("serving", [{"limits": Limits(characters=20, texts=2)}], indirect=True)
@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"q": "a", "source": "es"}, 400, "target must be the code of a language"),
        ({"q": "a", "source": "es", "target": "xx"}, 400, "unknown language 'xx'"),
        ({"q": 7, "source": "es", "target": "en"}, 400, "q must be a text"),
        ({"q": "a" * 21, "source": "es", "target": "en"}, 400, "at most 20 characters"),
        ({"q": ["a"] * 3, "source": "es", "target": "en"}, 400, "at most 2 texts"),
        ({"q": "a" * 9000, "source": "es", "target": "en"}, 413, "larger than"),
        ({"q": "a", "source": "es", "target": "en", "format": "pdf"}, 400, "format"),
        (b"\xff\xfe", 400, "UTF-8"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_request_is_told_why(
    serving: Running, body: bytes | dict[str, Any], status: int, said: str
) -> None:
    found, answer = serving.post("/translate", body)
    assert found == status
    assert said in answer["error"]
    assert not serving.translator.calls


@pytest.mark.parametrize("serving", [{"key": "schlüssel"}], indirect=True)
def test_a_key_is_asked_for(serving: Running) -> None:
    asked = {"q": "Llueve.", "source": "es", "target": "en"}
    assert serving.post("/translate", asked)[0] == 403
    assert serving.post("/translate", asked | {"api_key": "other"})[0] == 403
    assert serving.post("/translate", asked | {"api_key": "schlüssel"})[0] == 200
    assert json.loads(serving.get("/frontend/settings"))["keyRequired"]


def test_other_machines_need_a_key() -> None:
    with pytest.raises(ConfigError, match="no key is set"):
        open_socket("0.0.0.0", 0, key=None)
    open_socket("0.0.0.0", 0, key="key").close()
    taken = open_socket("127.0.0.1", 0, key=None)
    with taken, pytest.raises(ConfigError, match="cannot be listened at"):
        open_socket("127.0.0.1", taken.getsockname()[1], key=None)


def test_many_clients_get_their_own_answers_in_common_batches(serving: Running) -> None:
    """32 clients, each with one sentence at a time: none is lost, and they share batches."""
    client = LibreTranslateAPI(serving.url)

    def ask(number: int) -> str:
        return str(client.translate(f"Frase número {number}.", source="es", target="en"))

    with ThreadPoolExecutor(32) as clients:
        found = list(clients.map(ask, range(320)))
    assert found == [f"[spa_Latn] Frase número {number}." for number in range(320)]
    assert len(serving.translator.calls) < 160
    metrics = serving.get("/metrics")
    assert 'toolkit_requests_total{path="/translate",status="200"} 320' in metrics
    assert "toolkit_segments_translated_total 320" in metrics


def test_an_error_of_the_model_is_told_and_the_next_request_served(
    serving: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"q": "Llueve.", "source": "es", "target": "en"}
    with monkeypatch.context() as broken:

        def fail(*_: object, **__: object) -> list[Hypothesis]:
            raise ModelError("out of memory", remedy="Use a smaller model.")

        broken.setattr(serving.translator, "translate", fail)
        status, answer = serving.post("/translate", asked)
        assert (status, answer["error"]) == (500, "out of memory. Use a smaller model.")
    assert serving.post("/translate", asked)[1]["translatedText"] == "It rains."


def test_a_request_too_many_is_turned_away(
    serving: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "MOST_WAITING", 3)
    begun, go_on = threading.Event(), threading.Event()
    translate = serving.translator.translate

    def slowly(*arguments: Any, **options: Any) -> list[Hypothesis]:
        begun.set()
        go_on.wait()
        return translate(*arguments, **options)

    monkeypatch.setattr(serving.translator, "translate", slowly)
    asked = {"source": "es", "target": "en"}
    with ThreadPoolExecutor(2) as clients:
        first = clients.submit(serving.post, "/translate", asked | {"q": "Uno."})
        begun.wait()
        second = clients.submit(serving.post, "/translate", asked | {"q": ["Dos.", "Tres."]})
        while serving.batcher.waiting < 2:
            pass
        status, answer = serving.post("/translate", asked | {"q": ["Cuatro.", "Cinco."]})
        assert (status, answer["error"]) == (503, "too much waits to be translated")
        go_on.set()
        assert first.result()[1]["translatedText"] == "[spa_Latn] Uno."
        assert second.result()[1]["translatedText"] == ["[spa_Latn] Dos.", "[spa_Latn] Tres."]
