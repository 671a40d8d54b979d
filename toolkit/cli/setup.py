"""The commands around the morning run: ``init``, ``schedule``, ``deliver``, ``prune``."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli.console import say
from toolkit.cli.options import NAME, PATH, Time

if TYPE_CHECKING:
    from toolkit.runs.schedule import Schedule

_CONFIG = click.option(
    "--config", "config_path", type=PATH, help="A configuration file [toolkit.toml]."
)
_MARK = "# news-toolkit: the morning's digest"
# Minutes for which mails are tried again after a run: greylisting asks for 1 to 10.
_WAIT = "30"


@click.command()
@click.argument("inputs", metavar="[PATH|URL]...", nargs=-1)
@click.option("--model", help="demo, 600M, 1.3B, 3.3B, a hub id or a folder [600M].")
@click.option("--deadline", type=Time(), help="Write what is ready at this time of day.")
@_CONFIG
@click.option("--yes", is_flag=True, help="Ask nothing.")
def init(
    inputs: tuple[str, ...],
    model: str | None,
    deadline: dt.time | None,
    config_path: Path | None,
    yes: bool,
) -> None:
    """Write a commented toolkit.toml, asking for what is not given."""
    from toolkit.cli.settings import write_new
    from toolkit.config import CONFIG_NAME

    path = config_path or Path(CONFIG_NAME)
    ask = not yes and sys.stdin is not None and sys.stdin.isatty()
    if ask and not inputs:
        answer = click.prompt("Feeds, pages, files or folders to read", default="inbox", err=True)
        inputs = tuple(answer.split())
    if ask and model is None:
        model = click.prompt("Model (demo, 600M, 1.3B, 3.3B)", default="600M", err=True)
    if ask and deadline is None:
        answer = click.prompt("Ready at what time, such as 06:30", default="", err=True)
        deadline = Time().convert(answer, None, None) if answer else None
    given = {
        "inputs": list(inputs) or ["inbox"],
        "model": model or "600M",
        "deadline": f"{deadline:%H:%M}" if deadline else None,
    }
    write_new(path, given)
    say(f"{path} is written. Next: toolkit doctor, toolkit digest, toolkit schedule.")


@click.command()
@click.option("--at", type=Time(), default="05:45", help="When it starts, in local time [05:45].")
@click.option("--days", help="Such as mon-sat [every day].")
@click.option(
    "--for", "kind", type=click.Choice(["cron", "systemd"]), default="cron", help="[cron]"
)
@click.option("--key-file", type=PATH, help="A file with the key of the language model's server.")
@click.option("--password-file", type=PATH, help="A file with the password of the mail server.")
@click.option("--install", is_flag=True, help="Put it in its place instead of printing it.")
@NAME
@_CONFIG
def schedule(kind: str, install: bool, **options: Any) -> None:
    """Print the crontab line, or the systemd units, that make the digest of toolkit.toml."""
    from toolkit.runs import schedule as plans

    own = install and os.geteuid() != 0  # A user's own systemd runs as that user.
    plan = _plan(**options, user=None if own else getpass.getuser())
    if kind == "cron":
        line = plans.crontab_line(plan)
        if install:
            _into_crontab(line, _MARK + (f", {plan.name}" if plan.name else ""))
        else:
            click.echo(line)
        return
    units = {
        f"{plan.unit}.service": plans.service(plan),
        f"{plan.unit}.timer": plans.timer(plan),
    }
    if install:
        _into_systemd(units, plan, own=own)
        return
    for name, text in units.items():
        click.echo(f"# /etc/systemd/system/{name}\n{text}")


def _plan(
    at: dt.time,
    days: str | None,
    key_file: Path | None,
    password_file: Path | None,
    config_path: Path | None,
    name: str | None,
    user: str | None,
) -> Schedule:
    from toolkit.config import CONFIG_NAME, cache_home, find, load, names
    from toolkit.errors import ConfigError
    from toolkit.runs import schedule as plans

    found = config_path or find()
    if found is None:
        raise ConfigError(f"{CONFIG_NAME}: no such file", remedy="Make one: toolkit init")
    config, path = load({"name": name}, path=found), found.absolute()
    if name is None and (others := names(found)):
        say(f"{found} has more digests: {', '.join(others)}. Schedule each of them with --name.")
    try:
        chosen = plans.parse_days(days) if days else ()
    except ValueError:
        raise click.BadParameter(
            f"{days!r} is not like mon-sat or mon,wed", param_hint="--days"
        ) from None
    places = [config.outputs, config.cache.parent, config.corrections.parent, cache_home()]
    if config.metrics:
        places.append(config.metrics.parent)
    toolkit, settings = (sys.executable, "-m", "toolkit"), ["--config", str(path)]
    if name:
        settings += ["--name", name]
    after = (*toolkit, "deliver", *settings, "--wait", _WAIT)
    return plans.Schedule(
        command=(*toolkit, "digest", *settings),
        folder=path.parent,
        at=at,
        days=chosen,
        writes=tuple(dict.fromkeys(place.absolute() for place in places)),
        key=key_file.absolute() if key_file else None,
        password=password_file.absolute() if password_file else None,
        after=after if config.mail_to or config.notify else (),
        name=name or "",
        user=user,
    )


def _into_crontab(line: str, mark: str) -> None:
    """Put ``line`` into the user's crontab below ``mark``, in the place of one that was put there
    before."""
    from toolkit.errors import OutputError

    try:
        now = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False)
        lines = now.stdout.splitlines() if now.returncode == 0 else []
        if mark in lines:
            place = lines.index(mark)
            del lines[place : place + 2]
        text = "\n".join([*lines, mark, line, ""])
        subprocess.run(["crontab", "-"], input=text, text=True, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise OutputError(
            f"the crontab cannot be changed ({said.strip()})",
            remedy="Install cron, or print the line without --install and put it there yourself.",
        ) from None
    say("It is in your crontab (crontab -l shows it).")


def _into_systemd(units: Mapping[str, str], plan: Schedule, *, own: bool) -> None:
    from toolkit.errors import OutputError
    from toolkit.storage import write_whole

    folder = Path.home() / ".config/systemd/user" if own else Path("/etc/systemd/system")
    try:
        for place in plan.writes:  # The service cannot make them.
            place.mkdir(parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in units.items():
            write_whole(folder / name, text.encode())
    except OSError as error:
        raise OutputError(
            f"{error.filename or folder}: cannot be written ({error.strerror or error})",
            remedy="Print the units without --install and put them there yourself.",
        ) from None
    user = "--user " if own else ""
    names = " and ".join(units)
    say(f"{names} are in {folder}. Start them: systemctl {user}enable --now {list(units)[1]}")


@click.command()
@click.option("--outputs", type=PATH, help="Where digests are [outputs].")
@click.option("--wait", type=click.IntRange(0), default=0, metavar="MINUTES", help="Go on trying.")
@NAME
@_CONFIG
def deliver(outputs: Path | None, wait: int, name: str | None, config_path: Path | None) -> None:
    """Send the digests that could not be delivered yet."""
    from toolkit.config import load
    from toolkit.runs import delivery
    from toolkit.runs.outcome import NOTHING_DONE

    config = load({"outputs": outputs, "name": name}, path=config_path)
    left = delivery.keep_trying(config, say, seconds=60.0 * wait)
    if left.waiting:
        raise SystemExit(NOTHING_DONE)


@click.command()
@click.option("--keep", type=click.IntRange(0), metavar="DAYS", help="[as configured]")
@click.option("--outputs", type=PATH, help="Where digests are [outputs].")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@NAME
@_CONFIG
def prune(
    keep: int | None,
    outputs: Path | None,
    dry_run: bool,
    name: str | None,
    config_path: Path | None,
) -> None:
    """Remove digests of more than DAYS days ago. The latest stays."""
    from toolkit.config import load
    from toolkit.runs import retention

    config = load({"outputs": outputs, "keep": keep, "name": name}, path=config_path)
    if config.keep is None:
        raise click.UsageError("Say how many days are kept: --keep DAYS, or keep in toolkit.toml.")
    done = retention.prune(config.outputs, config.keep, dt.date.today(), dry_run=dry_run)
    for folder in done.removed:
        click.echo(str(folder))
    for folder in done.kept:
        say(f"{folder}: not removed: it holds files that are not of the toolkit.")
