"""How much is said on stderr, and in which form."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolkit.cli.commands import main

FAKE = "toolkit.testing.fakes:FakeTranslator"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "good.txt").write_text("Rain in Porto\n\nIt rained in Porto on Monday.\n")
    (tmp_path / "bad.txt").write_bytes(b"")
    return tmp_path


def digest(*options: str) -> Result:
    return CliRunner().invoke(main, ["digest", "good.txt", "bad.txt", "--model", FAKE, *options])


def test_what_is_logged_is_said_on_request_and_once() -> None:
    usual, more = digest("--all"), digest("--all", "-v")
    assert usual.exit_code == more.exit_code == 3
    assert usual.stderr.count("not processed: bad.txt") == 1
    assert "translate: " not in usual.stderr
    assert "translate: " in more.stderr
    assert more.stderr.count("not processed: bad.txt") == 1
    assert not logging.getLogger("toolkit").handlers
    assert (Path("outputs/latest/run.log")).read_text().count("translate: ") >= 1


@pytest.mark.parametrize("by_variable", [False, True])
def test_as_json_every_line_is_an_object(
    by_variable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by_variable:
        monkeypatch.setenv("TOOLKIT_LOG_FORMAT", "json")
    done = digest("-v", *([] if by_variable else ["--log-format", "json"]))
    rows = [json.loads(line) for line in done.stderr.splitlines()]
    assert {row["level"] for row in rows} >= {"info", "warning"}
    assert all(row.keys() == {"time", "level", "message"} for row in rows)


def test_errors_are_said_whatever_is_asked() -> None:
    runner = CliRunner()
    for options in (["-q"], ["--log-format", "json"]):
        done = runner.invoke(main, ["digest", "nowhere", "--model", FAKE, *options])
        assert done.exit_code == 1
        assert "nowhere" in done.stderr
    json.loads(done.stderr.splitlines()[0])


def test_quiet_leaves_out_what_needs_nobody() -> None:
    runner = CliRunner()
    told = runner.invoke(main, ["languages", "-q", "guj"])
    assert "Gujarati" in told.stdout
    assert digest("-q").stderr.count("\n") == 1
