"""The client for OpenAI-compatible servers, against one that misbehaves in every way."""

from __future__ import annotations

import email.utils
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from toolkit.config import Config, UnconfirmedUrl, load
from toolkit.data import Article, TranslatedArticle, Translation
from toolkit.errors import ConfigError
from toolkit.llm import openai_server
from toolkit.llm.base import GeneratorError
from toolkit.llm.keys import KEY_VARIABLE, TRUST_VARIABLE, ServerKey
from toolkit.llm.openai_server import OpenAIServer
from toolkit.runs.stages import prepare
from toolkit.summarisers.build import load_writers
from toolkit.summarisers.extractive.summariser import Extractive
from toolkit.summarisers.models.prompted import Prompted

KEY = "sk-test-0123456789"
TEXT = (
    "The river Tamsa burst its banks on Monday and flooded the town of Orsk. Firefighters brought "
    "46 people to safety, mayor Anna Kovac said. Schools in the town stay closed until Thursday."
)
GOOD = "1. Schools in the town stay closed until Thursday. [2]"
Reply = Callable[["_Handler"], None]


class _Handler(BaseHTTPRequestHandler):
    """Answers each request with the next of the server's replies, the last one for ever."""

    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = json.loads(self.rfile.read(length))
        self.server.seen.append((self.path, dict(self.headers), body))
        replies = self.server.replies
        (replies.pop(0) if len(replies) > 1 else replies[0])(self)

    def say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    seen: list[tuple[str, dict[str, str], dict[str, Any]]]
    replies: list[Reply]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


@pytest.fixture
def server() -> Iterator[_Server]:
    yield from _serving()


@pytest.fixture
def other() -> Iterator[_Server]:
    """A second server, on another port."""
    yield from _serving()


def _serving() -> Iterator[_Server]:
    found = _Server(("127.0.0.1", 0), _Handler)
    found.seen, found.replies = [], []
    threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the client would have waited; it does not."""
    found: list[float] = []
    monkeypatch.setattr(openai_server.time, "sleep", found.append)
    return found


def chat(text: object, **usage: int) -> Reply:
    choices = [{"index": 0, "message": {"role": "assistant", "content": text}}]
    body = json.dumps({"choices": choices, "usage": usage}).encode()
    return lambda handler: handler.say(200, body)


def status(code: int, body: bytes = b"{}", **headers: str) -> Reply:
    return lambda handler: handler.say(code, body, **headers)


def hang(handler: _Handler) -> None:
    time.sleep(1.5)


def drip(handler: _Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(40):
        try:
            handler.wfile.write(b" ")
        except OSError:
            return
        time.sleep(0.05)


def cut(handler: _Handler) -> None:
    handler.send_response(200)
    handler.send_header("content-length", "500")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [{"mess')
    handler.close_connection = True


def endless(handler: _Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b"x" * (1 << 20))
    except OSError:
        pass


FAILURES: dict[str, Reply] = {
    "hangs": hang,
    "drips": drip,
    "cuts off": cut,
    "sends without end": endless,
    "429": status(429),
    "429 for an hour": status(429, retry_after="3600"),
    "500": status(500, b"Internal Server Error"),
    "404": status(404, b'{"error": {"message": "no such model"}}'),
    "redirects": status(302, location="http://127.0.0.1:9/elsewhere"),
    "garbage": lambda handler: handler.say(200, b"\xff\xfe<html>not JSON"),
    "another JSON": lambda handler: handler.say(200, b'["choices"]'),
    "empty list": lambda handler: handler.say(200, b'{"choices": []}'),
    "no content": chat(None),
    "blank": chat(" \n"),
}


def article() -> TranslatedArticle:
    prepared = prepare(Article("a", "a.txt", TEXT), language="eng_Latn")
    return TranslatedArticle(prepared, tuple(Translation(s, s.text) for s in prepared.segments))


def test_a_good_answer_and_what_was_asked(server: _Server) -> None:
    server.replies = [chat("It rained.")]
    client = OpenAIServer(server.url, "small", thinking=100)
    assert client.generate("What happened?", max_tokens=20) == "It rained."
    path, headers, body = server.seen[0]
    assert path == "/v1/chat/completions"
    assert body == {
        "model": "small",
        "messages": [{"role": "user", "content": "What happened?"}],
        "stream": False,
        "max_tokens": 120,
        "temperature": 0.0,
    }
    assert "authorization" not in {name.lower() for name in headers}
    assert client.signature == f"small at 127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("failure", FAILURES)
def test_a_brief_comes_out_whatever_the_server_does(
    server: _Server, waits: list[float], caplog: pytest.LogCaptureFixture, failure: str
) -> None:
    server.replies = [FAILURES[failure]]
    client = OpenAIServer(server.url, "small", timeout=0.4, retries=1)
    with caplog.at_level(logging.WARNING):
        brief = Prompted(client).summarise(article(), bullets=2)
    own = Extractive().summarise(article(), bullets=2)
    assert (brief.headline, brief.bullets) == (own.headline, own.bullets)
    assert brief.notes[-1].startswith("The language model gave no brief")
    assert "brief without the language model" in caplog.text


def test_a_brief_comes_out_when_nobody_listens(waits: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = OpenAIServer(f"http://127.0.0.1:{port}/v1", "small")
    brief = Prompted(client).summarise(article(), bullets=2)
    assert brief.bullets == Extractive().summarise(article(), bullets=2).bullets
    assert len(waits) == 2


def test_a_good_answer_becomes_the_brief(server: _Server) -> None:
    server.replies = [chat(GOOD), chat("Schools in Orsk closed")]
    brief = Prompted(OpenAIServer(server.url, "small")).summarise(article(), bullets=2)
    assert [(b.text, b.cites) for b in brief.bullets] == [(GOOD[3:-4], (2,))]
    assert brief.headline == "Schools in Orsk closed"
    assert brief.notes == ()


def test_it_tries_again_and_waits_longer_each_time(server: _Server, waits: list[float]) -> None:
    server.replies = [status(500), status(503), status(502), chat("It rained.")]
    client = OpenAIServer(server.url, "small", retries=3)
    assert client.generate("What?", max_tokens=9) == "It rained."
    assert len(waits) == 3
    assert waits == sorted(waits)
    assert 0 < waits[0] < 1


def test_it_waits_as_long_as_the_server_asks(
    server: _Server, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)
    moment = email.utils.formatdate(1_800_000_012, usegmt=True)
    server.replies = [
        status(429, retry_after="7"),
        status(429, retry_after=moment),
        status(429, retry_after="soon"),
        chat("It rained."),
    ]
    OpenAIServer(server.url, "small", retries=3).generate("What?", max_tokens=9)
    assert waits[0] == 7
    assert waits[1] == 12
    assert waits[2] < 4


def test_it_does_not_wait_for_an_hour(server: _Server, waits: list[float]) -> None:
    server.replies = [status(429, retry_after="3600")]
    with pytest.raises(GeneratorError, match="429"):
        OpenAIServer(server.url, "small").generate("What?", max_tokens=9)
    assert waits == []
    assert len(server.seen) == 1


@pytest.mark.parametrize("code", [400, 401, 403, 404])
def test_what_will_not_pass_is_not_tried_again(
    server: _Server, waits: list[float], code: int
) -> None:
    server.replies = [status(code)]
    with pytest.raises(GeneratorError, match=str(code)):
        OpenAIServer(server.url, "small").generate("What?", max_tokens=9)
    assert len(server.seen) == 1


def test_a_server_that_is_down_is_not_asked_for_every_article(
    server: _Server, waits: list[float]
) -> None:
    server.replies = [status(500)]
    summariser = Prompted(OpenAIServer(server.url, "small", retries=0))
    for _ in range(10):
        summariser.summarise(article(), bullets=2)
    assert len(server.seen) == 3


def test_the_budget_of_a_run_is_kept(server: _Server) -> None:
    server.replies = [chat("It rained.", total_tokens=900)]
    client = OpenAIServer(server.url, "small", budget=1000, thinking=0)
    client.generate("What?", max_tokens=50)
    with pytest.raises(GeneratorError, match="budget"):
        client.generate("What?", max_tokens=100)
    assert len(server.seen) == 1


def test_the_newer_name_of_the_limit_is_taken_up(server: _Server) -> None:
    complaint = b'{"error": {"message": "max_tokens: use max_completion_tokens"}}'
    server.replies = [status(400, complaint), chat("It rained.")]
    client = OpenAIServer(server.url, "small", thinking=0)
    assert client.generate("What?", max_tokens=9) == "It rained."
    assert server.seen[1][2]["max_completion_tokens"] == 9
    assert "temperature" not in server.seen[1][2]


def test_the_key_goes_into_the_header_and_nowhere_else(
    server: _Server,
    waits: list[float],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    echo = json.dumps({"error": {"message": f"bad key {KEY}"}}).encode()
    server.replies = [status(500), status(400, echo)]
    client = OpenAIServer(server.url, "small", retries=1)
    with caplog.at_level(logging.DEBUG), pytest.raises(GeneratorError) as caught:
        client.generate("What?", max_tokens=9)
    assert server.seen[0][1]["Authorization"] == f"Bearer {KEY}"
    said = [str(caught.value), caught.value.remedy, caplog.text, repr(client), client.signature]
    assert "***" in said[0]
    assert not any(KEY in text for text in said)
    assert KEY not in repr(vars(client))
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_the_key_does_not_follow_a_redirect(
    server: _Server, other: _Server, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    server.replies = [status(code, location=f"{other.url}/stolen")]
    other.replies = [chat("It rained.")]
    with pytest.raises(GeneratorError, match=str(code)):
        OpenAIServer(server.url, "small").generate("What?", max_tokens=9)
    assert len(server.seen) == 1
    assert other.seen == []


def _keys(server: _Server) -> list[str | None]:
    """The key that each request brought."""
    return [headers.get("Authorization") for _, headers, _ in server.seen]


def _ask_as_configured(server: _Server, config: Config) -> None:
    server.replies = [chat(GOOD), chat("Schools in Orsk closed")]
    load_writers(config).summariser.summarise(article(), bullets=2)
    assert server.seen


@pytest.fixture
def found_config(server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``toolkit.toml`` in the working folder that names the server, while a key is set."""
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    monkeypatch.delenv(TRUST_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "toolkit.toml"
    path.write_text(
        f'summariser = "prompted"\nllm_url = "{server.url}"\nllm_model = "small"\n',
        encoding="utf-8",
    )
    return path


def test_a_server_named_by_a_file_of_the_working_folder_gets_no_key(
    server: _Server, found_config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        _ask_as_configured(server, replace(load(), bullets=2))
    assert set(_keys(server)) == {None}
    assert f"set {TRUST_VARIABLE}=127.0.0.1" in caplog.text
    server.replies = [status(401)]
    with pytest.raises(GeneratorError) as caught:
        OpenAIServer(load().llm_url or "", "small").generate("What?", max_tokens=9)
    assert "--config" in caught.value.remedy


def test_a_server_that_the_user_named_gets_the_key(
    server: _Server, found_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_config = load(path=found_config)
    by_call = load({"llm_url": server.url})
    by_environment = load(environment={"TOOLKIT_LLM_URL": server.url})
    in_python = Config(summariser="prompted", llm_url=server.url, llm_model="small")
    for config in (by_config, by_call, by_environment, in_python):
        _ask_as_configured(server, config)
    for host in ("127.0.0.1", f"example.org, 127.0.0.1:{server.server_port}"):
        monkeypatch.setenv(TRUST_VARIABLE, host)
        _ask_as_configured(server, load())
    assert set(_keys(server)) == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    ("url", "trusted", "sent"),
    [
        ("https://api.example.org/v1", "api.example.org", True),
        ("https://api.example.org/v1", "example.com, API.example.org:443", True),
        ("https://api.example.org:8443/v1", "api.example.org:8443", True),
        ("https://api.example.org:8443/v1", "api.example.org:443", False),
        ("https://api.example.org.evil.net/v1", "api.example.org", False),
        ("https://evil.net/api.example.org", "api.example.org", False),
        ("http://api.example.org/v1", "api.example.org", False),
        ("https://api.example.org/v1", "", False),
    ],
)
def test_a_confirmed_host_is_the_whole_host_and_encrypted(
    monkeypatch: pytest.MonkeyPatch, url: str, trusted: str, sent: bool
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    monkeypatch.setenv(TRUST_VARIABLE, trusted)
    assert bool(ServerKey(UnconfirmedUrl(url), httpx2.URL(url)).header()) is sent


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://localhost:1", "/v1/chat/completions"),
        ("http://localhost:1/", "/v1/chat/completions"),
        ("http://localhost:1/v1/", "/v1/chat/completions"),
        ("http://localhost:1/openai/v1/chat/completions", "/openai/v1/chat/completions"),
    ],
)
def test_addresses_are_taken_as_people_write_them(url: str, path: str) -> None:
    assert OpenAIServer(url, "small").endpoint == f"http://localhost:1{path}"


@pytest.mark.parametrize(
    "url", ["", "localhost:11434", "ftp://localhost/v1", "http://", "http://x:port"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="no address"):
        OpenAIServer(url, "small")


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        OpenAIServer(f"http://me:{KEY}@localhost/v1", "small")
    assert KEY not in str(caught.value)
    assert KEY_VARIABLE in caught.value.remedy
