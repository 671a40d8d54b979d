"""What the doctor says of the last run, and of what would make the next one fail."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from toolkit.cli import tonight
from toolkit.config import Config
from toolkit.errors import ConfigError, OutputError
from toolkit.runs import outcome
from toolkit.runs.outcome import LastRun

NOW = time.time


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "out").mkdir()
    return Config(model="demo", outputs=tmp_path / "out", cache=tmp_path / "cache.sqlite")


def keep(config: Config, exit_code: int, ago: dt.timedelta, **more: object) -> None:
    ended = NOW() - ago.total_seconds()
    run = LastRun(started=ended - 60, ended=ended, exit=exit_code, **more)  # type: ignore[arg-type]
    outcome.write(config.outputs, run)


@pytest.mark.parametrize(
    ("code", "days", "more", "state", "words"),
    [
        (0, 0, {"counts": {"articles": 3, "stories": 2}}, "ok", "exit 0: 3 articles, 2 stories"),
        (
            3,
            1,
            {"failures": ("feed.xml: no answer",)},
            "warn",
            "not processed: feed.xml: no answer",
        ),
        (1, 0, {"error": "nowhere: gone", "remedy": "Mend it."}, "fail", "nowhere: gone. Mend it."),
        (0, 9, {}, "warn", "is it scheduled"),
    ],
)
def test_the_last_run_is_told(
    code: int, days: int, more: dict[str, object], state: str, words: str, config: Config
) -> None:
    assert tonight.last_run(config).state == "ok"
    keep(config, code, dt.timedelta(days=days), **more)
    found = tonight.last_run(config)
    assert found.state == state
    assert words in found.detail


def test_a_damaged_record_is_named(config: Config) -> None:
    for text in ("{", "[]", '{"exit": 0}'):
        (config.outputs / outcome.LAST_RUN).write_text(text)
        assert tonight.last_run(config).state == "warn"
        assert tonight.outputs(config).state == "ok"


def test_a_disk_too_small_for_a_run_like_the_last(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(config, 0, dt.timedelta(), size=400 << 20)
    for free, state in ((1000 << 20, "fail"), (1300 << 20, "ok")):
        used = SimpleNamespace(free=free)
        monkeypatch.setattr("shutil.disk_usage", lambda path, used=used: used)
        assert tonight.outputs(config).state == state
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_files=9, f_favail=0))
    assert "inodes" in tonight.outputs(config).detail


def test_what_belongs_to_somebody_else_is_named(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    (config.outputs / "seen.sqlite").touch()
    monkeypatch.setattr(os, "access", lambda path, how: path.name != "seen.sqlite")
    found = tonight.outputs(config)
    assert found.state == "fail"
    assert "seen.sqlite" in found.detail


def test_a_lock_is_told_with_whether_its_run_still_works(config: Config) -> None:
    path = config.outputs / ".lock"
    path.touch()
    assert tonight.lock(config).detail == "free", "a lock that nobody holds"
    log = config.outputs / "2026-11-21" / "run.log"
    log.parent.mkdir()
    log.touch()
    with FileLock(path):
        assert tonight.lock(config).state == "warn"
        os.utime(log, (NOW() - 9000,) * 2)
        found = tonight.lock(config)
    assert found.state == "fail"
    assert f"fuser {path}" in found.detail


def test_a_clock_that_is_wrong_is_told(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    assert tonight.clock(config).state == "ok"
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    monkeypatch.setattr(tonight, "_system_zone", lambda: tonight.ZoneInfo("Europe/Lisbon"))
    found = tonight.clock(config)
    monkeypatch.delenv("TZ")
    time.tzset()
    assert found.state == "warn"
    assert "Asia/Kathmandu" in found.detail
    (config.outputs / "2999-01-01").mkdir()
    (config.outputs / "2999-01-01/run.json").touch()
    assert "2999-01-01" in tonight.clock(config).detail


def test_delivery_that_would_fail_is_told(config: Config, tmp_path: Path) -> None:
    assert tonight.delivery(config).state == "ok"
    dead = replace(config, mail_to=("a@b.example",), mail_server="smtp+plain://127.0.0.1:1")
    with pytest.raises(OutputError, match="no connection"):
        tonight.delivery(dead)
    with pytest.raises(ConfigError, match="no password"):
        tonight.delivery(replace(dead, mail_server="smtp://x@127.0.0.1:1"))
    with pytest.raises(OutputError, match="apprise knows"):
        tonight.delivery(replace(config, notify=("nothing://x",)))
    lost = tonight.delivery(replace(config, metrics=tmp_path / "no/file.prom"))
    assert lost.state == "fail"


def test_inputs_that_are_gone_are_told(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, gone = tmp_path, tmp_path / "gone"
    for inputs, state in (((here,), "ok"), ((here, gone), "warn"), ((gone,), "fail")):
        assert tonight.inputs(replace(config, inputs=inputs)).state == state
    monkeypatch.chdir(tmp_path)
    assert tonight.inputs(config).state == "ok", "the demo has samples"
    assert tonight.inputs(replace(config, model="600M")).state == "warn"


@pytest.fixture
def site() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/feed" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_address[1]}"
    listening.shutdown()
    listening.server_close()


def test_feeds_are_asked_online(
    config: Config, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    asked = replace(config, allow_private=True, inputs=(f"{site}/feed",))
    assert tonight.feeds(asked).state == "ok"
    found = tonight.feeds(replace(asked, feeds=(f"{site}/gone",)))
    assert found.state == "warn"
    assert f"1 of 2 answer; {site}/gone: " in found.detail
    assert "feeds" not in dict(tonight.looks(online=False))
