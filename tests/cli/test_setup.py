"""Setting up the morning run: a configuration, a schedule, and what is kept."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolkit.cli.commands import main
from toolkit.config import Config, load
from toolkit.runs import schedule
from toolkit.runs.schedule import Schedule

STRANGE = Schedule(
    command=(
        "/opt/news kit/bin/python",
        "-m",
        "toolkit",
        "digest",
        "--config",
        "/srv/50%/it's.toml",
    ),
    folder=Path("/srv/50% of it"),
    at=dt.time(5, 45),
    days=(0, 5, 6),
    writes=(Path("/srv/outputs"),),
)


def run(*arguments: str, answers: str = "") -> Result:
    return CliRunner().invoke(main, arguments, input=answers)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    return tmp_path


def test_a_new_configuration_is_in_force_and_shows_every_setting(folder: Path) -> None:
    done = run("init", "https://example.org/feed.xml", "inbox", "--deadline", "06:30", "--yes")
    assert done.exit_code == 0
    file = folder / "toolkit.toml"
    config = load(path=file, environment={})
    assert config.inputs == ("https://example.org/feed.xml", folder / "inbox")
    assert config.deadline == dt.time(6, 30)
    text = file.read_text(encoding="utf-8")
    # What stands there as an example is right, too.
    shown = folder / "shown.toml"
    lines = [
        line.removeprefix("# ")
        for line in text.splitlines()
        if " = " in line or line.startswith("# [")
    ]
    shown.write_text("\n".join(lines), encoding="utf-8")
    assert load(path=shown, environment={}).keep == 90
    assert load({"name": "energy"}, path=shown, environment={}).watch == ("gas pipeline",)
    names = set(Config.__dataclass_fields__) - {"date", "name"}
    own = lines[: lines.index("[digests.energy]")]
    assert names == {line.split(" = ")[0] for line in own}


def test_a_configuration_is_not_overwritten(folder: Path) -> None:
    (folder / "toolkit.toml").write_text("beam = 2\n", encoding="utf-8")
    done = run("init", "--yes")
    assert done.exit_code == 2
    assert "is there already" in done.output
    assert load(environment={}).beam == 2


def test_a_schedule_wants_a_configuration() -> None:
    done = run("schedule")
    assert done.exit_code == 2
    assert "toolkit init" in done.output


def test_the_crontab_line_does_what_it_says(folder: Path) -> None:
    """A shell runs its command as cron does, once the signs that cron takes are gone."""
    place = folder / "50% of it"
    place.mkdir()
    plan = Schedule(
        ("/bin/echo", "it's", "50%"), place, dt.time(5, 45), (0, 5, 6), after=("/bin/pwd",)
    )
    fields, command = schedule.crontab_line(plan).split("  ", 1)
    assert fields == "45 5 * * 1,6,0"
    assert "%" not in command.replace("\\%", "")
    done = subprocess.run(
        command.replace("\\%", "%"), shell=True, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"it's 50%\n{place}\n"


def test_the_crontab_keeps_its_other_lines(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = folder / "table"
    table.write_text("0 1 * * *  backup\n", encoding="utf-8")
    program = folder / "bin/crontab"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nif [ "$1" = -l ]; then cat {table}; else cat > {table}; fi\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    run("init", "--yes")
    for at in ("05:45", "06:00"):
        assert run("schedule", "--at", at, "--install").exit_code == 0
    lines = table.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "0 1 * * *  backup"
    assert len(lines) == 3
    assert lines[2].startswith("0 6 * * *  cd ")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("user", [None, "root"])
def test_systemd_takes_the_units(folder: Path, user: str | None) -> None:
    program = folder / "news kit"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    key = folder / "key 100%"
    command = (str(program), *STRANGE.command[1:])
    plan = Schedule(
        *(command, folder, dt.time(5), (0, 4), (folder,), key, user, key),
        after=(str(program), "deliver"),
        name="energy",
    )
    service = folder / f"{plan.unit}.service"
    service.write_text(schedule.service(plan))
    timer = folder / f"{plan.unit}.timer"
    timer.write_text(schedule.timer(plan))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", service, timer], capture_output=True, text=True
    )
    about = [line for line in done.stderr.splitlines() if schedule.UNIT in line]
    assert not about
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=40", service],
        capture_output=True,
        text=True,
        check=False,
    )
    assert rated.returncode == 0, rated.stdout[-600:]


def test_words_are_quoted_for_systemd() -> None:
    text = schedule.service(STRANGE)
    assert "WorkingDirectory=/srv/50%% of it" in text
    assert 'ExecStart="/opt/news kit/bin/python" -m toolkit' in text
    assert '"/srv/50%%/it\'s.toml"' in text


def test_each_digest_of_a_configuration_is_scheduled_by_its_name(folder: Path) -> None:
    (folder / "toolkit.toml").write_text(
        'mail_server = "smtp://news@example.org:587"\nmail_to = ["a@example.org"]\n'
        'inputs = ["inbox"]\n[digests.energy]\nfeeds = ["https://example.org/energy.xml"]\n'
    )
    plain, named = run("schedule"), run("schedule", "--name", "energy", "--for", "systemd")
    assert "--name" not in plain.stdout
    assert "more digests: energy" in plain.stderr
    assert "deliver --config" in plain.stdout
    assert "news-digest-energy.timer" in named.stdout
    assert "digest --config /" in named.stdout.replace(str(folder), "/x")
    assert f"ReadWritePaths={folder}/outputs/energy" in named.stdout
    assert "ExecStartPost=-" in named.stdout
    unknown = run("schedule", "--name", "sport")
    assert unknown.exit_code == 2
    assert "no digest is named 'sport'" in unknown.output


@pytest.mark.parametrize("text", ["foo", "mon-", "", "mon;tue"])
def test_days_that_are_none(text: str) -> None:
    run("init", "--yes")
    done = run("schedule", f"--days={text}")
    assert (done.exit_code == 2) == bool(text)


def test_pruning_from_the_command_line(folder: Path) -> None:
    old = folder / "outputs/2001-01-01"
    old.mkdir(parents=True)
    (old / "digest.html").write_text("x")
    assert run("prune").exit_code == 2
    assert str(old.relative_to(folder)) in run("prune", "--keep", "30", "--dry-run").output
    assert old.exists()
    assert run("prune", "--keep", "30").exit_code == 0
    assert not old.exists()


def test_delivering_from_the_command_line(folder: Path) -> None:
    assert "no such folder" in run("deliver").output
    (folder / "outputs").mkdir()
    assert run("deliver").exit_code == 0
    row = {"channel": "mail", "to": "a@b.example", "date": "2026-11-21", "identity": "x"}
    row["since"] = dt.datetime.now(dt.UTC).isoformat()
    (folder / "outputs/deliveries.json").write_text(
        json.dumps({"waiting": [row], "delivered": {}}), encoding="utf-8"
    )
    (folder / "toolkit.toml").write_text('mail_to = ["a@b.example"]\n')
    done = run("deliver")
    assert done.exit_code == 1
    assert "mail_to is set without mail_server" in done.output
