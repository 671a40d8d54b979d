"""What the doctor finds, and what it says to do."""

from __future__ import annotations

import ast
import json
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from toolkit.cli.doctor import Finding, examine
from toolkit.config import Config
from toolkit.hub.resolve import resolve
from toolkit.runs.cache import Cache
from toolkit.translators.choice import settle


@pytest.fixture
def config(tmp_path: Path) -> Config:
    cache = tmp_path / "cache" / "segments.sqlite"
    return Config(model="demo", outputs=tmp_path / "out", cache=cache)


@pytest.fixture
def server() -> Iterator[str]:
    """A server of language models that offers two."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            rows = [{"id": "gemma3:latest"}, {"id": "qwen"}] if self.path == "/v1/models" else []
            body = json.dumps({"data": rows}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_address[1]}/v1"
    listening.shutdown()
    listening.server_close()


def look(config: Config, name: str) -> Finding:
    (found,) = (f for f in examine(config) if f.name == name)
    assert "\n" not in found.detail
    return found


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def test_nothing_fails_where_all_is_well(config: Config) -> None:
    found = examine(config)
    assert [f for f in found if f.state == "fail"] == []
    assert {f.name for f in found} >= {"kernels", "llm", "prompts", "templates", "ray", "cache"}


@pytest.mark.parametrize(
    ("model", "state", "said"),
    [
        ("gemma3", "ok", "gemma3 at 127.0.0.1"),
        ("qwen", "ok", "answers"),
        ("llama", "warn", "the server has gemma3:latest, qwen"),
    ],
)
def test_the_server_of_the_language_model_is_asked(
    model: str, state: str, said: str, server: str, config: Config
) -> None:
    found = look(replace(config, summariser="prompted", llm_url=server, llm_model=model), "llm")
    assert found.state == state
    assert said in found.detail


def test_a_language_model_that_is_not_there_is_named(config: Config) -> None:
    url = f"http://127.0.0.1:{closed_port()}/v1"
    asked = replace(config, summariser="prompted", llm_url=url, llm_model="gemma3")
    found = look(asked, "llm")
    assert found.state == "warn"
    assert "no connection" in found.detail
    assert "Start the server" in found.detail
    assert look(replace(config, summariser="prompted"), "llm").state == "fail"
    assert look(replace(asked, llm_url="ftp://x"), "llm").state == "fail"


def test_broken_prompts_and_templates_are_named(config: Config, tmp_path: Path) -> None:
    (tmp_path / "brief.j2").write_text("{{ nothing }}")
    (tmp_path / "digest.md.j2").write_text("{% if %}")
    for summariser, state in (("extractive", "warn"), ("prompted", "fail")):
        found = look(replace(config, prompts=tmp_path, summariser=summariser), "prompts")
        assert found.state == state
        assert "brief.j2, line 1" in found.detail
    found = look(replace(config, templates=tmp_path), "templates")
    assert found.state == "fail"
    assert "digest.md.j2" in found.detail


def test_a_ray_cluster_that_is_not_there_is_named(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replace(config, executor="ray")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install ray" in look(asked, "ray").detail
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setenv("RAY_ADDRESS", f"ray://127.0.0.1:{closed_port()}")
    found = look(asked, "ray")
    assert found.state == "fail"
    assert "nothing answers at RAY_ADDRESS" in found.detail
    monkeypatch.delenv("RAY_ADDRESS")
    assert look(asked, "ray").state == "ok"


def test_the_cache_has_a_size(config: Config) -> None:
    assert "0 segments, 0.0 MiB" in look(config, "cache").detail
    config.cache.unlink()
    config.cache.mkdir()
    assert look(config, "cache").state == "fail"


def test_a_cache_with_damage_in_later_pages_is_found(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(cache: Cache) -> int:
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(Cache, "__len__", count)
    found = look(config, "cache")
    assert found.state == "fail"
    assert str(config.cache) in found.detail


def test_the_doctor_outlives_what_is_broken(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask() -> bool:
        raise RuntimeError("CUDA error: out of memory\nmore lines")

    monkeypatch.setattr("torch.cuda.is_available", ask)
    found = look(config, "gpu")
    assert found.state == "fail"
    assert found.detail == "cannot be looked at (RuntimeError: CUDA error: out of memory)"


def test_without_torch_the_doctor_says_so(tmp_path: Path) -> None:
    """In a process of its own: here torch is loaded."""
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from toolkit.config import Config\n"
        "from toolkit.cli.doctor import examine\n"
        "print({f.name: f.state for f in examine(Config(model='demo'))})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    states = ast.literal_eval(done.stdout)
    assert states["gpu"] == states["kernels"] == states["engine"] == "fail"
    assert states["prompts"] == "ok"


def test_a_full_gpu_that_is_asked_for_is_one_that_a_run_takes(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: "GPU")
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda: (100 << 20, 8 << 30))
    found = look(replace(config, device="cuda"), "engine")
    assert found.state == "warn"
    assert "auto is torch on cuda" in found.detail
    assert "100 MiB of memory are free" in found.detail
    chosen = settle(resolve("demo"), device="cuda")
    assert (chosen.engine, chosen.device) == ("torch", "cuda")


@pytest.mark.parametrize("engine", ["auto", "ctranslate2"])
@pytest.mark.parametrize("right", [True, False])
def test_precisions_that_are_wrong_here_are_named(
    right: bool, engine: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "engine.linear.int8_is_exact",
        "ctranslate2.int8_is_exact",
        "engine.linear.bfloat16_works",
    ):
        monkeypatch.setattr(f"toolkit.translators.{name}", lambda: right)
    found = look(replace(config, engine=engine), "precisions")
    told = ("torch's own int8 is wrong", "CTranslate2's int8 is wrong", "no bfloat16")
    assert [part in found.detail for part in told] == [not right] * 3
    assert found.state == ("warn" if engine == "ctranslate2" and not right else "ok")


def test_without_a_compiler_the_remedy_is_to_install_one(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolkit.translators.engine.native_kernels.load", lambda: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    found = look(config, "kernels")
    assert found.state == "warn"
    assert "install gcc" in found.detail
