"""Tell how the last run ended, and what would make the next one fail: the half of the doctor that
looks at a configuration, its folders and those whom it talks to."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTimeError
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import toolkit
from toolkit.config import DEFAULT_INPUTS, Config, cache_home
from toolkit.errors import ToolkitError
from toolkit.hub import resolve
from toolkit.options import is_address
from toolkit.runs import mail, notify
from toolkit.runs.delivery import State as Deliveries
from toolkit.runs.outcome import DONE, GOOD, LastRun
from toolkit.runs.outputs import LOCK
from toolkit.storage import locked

State = Literal["ok", "warn", "fail"]
# A run writes little, a first fetch 2.5 GB.
_LOW_DISK, _FETCH_DISK = 200 * 2**20, 4 * 2**30
# A run needs the size of its folder for what waits, for its files, and for those they replace.
_TIMES_A_FOLDER = 3
# After a weekend without a run nobody need worry.
_LONG_AGO = dt.timedelta(days=4)
# From then on a run that writes nothing into its log hangs: a call to the model takes minutes.
_SILENT = dt.timedelta(hours=2)
# Seconds for a mail server to answer, in all, and for a feed.
_PATIENCE, _LIMIT, _FEED = 5.0, 15.0, 60.0
# Things that a line names.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one examination. ``detail`` is what was seen and, unless ok, what to do."""

    name: str
    state: State
    detail: str


def in_one(error: ToolkitError) -> str:
    """Return the error and its remedy on one line."""
    return " ".join(f"{error}. {error.remedy}".split()).replace("..", ".")


def last_run(config: Config) -> Finding:
    name = "last run"
    try:
        run = LastRun.read(config.outputs)
    except (OSError, ValueError) as error:
        detail = f"its record in {config.outputs} cannot be read ({error}): remove it"
        return Finding(name, "warn", detail)
    if run is None:
        return Finding(name, "ok", f"none in {config.outputs} yet")
    when = dt.datetime.fromtimestamp(run.started)
    minutes = (run.ended - run.started) / 60
    detail = f"{when:%Y-%m-%d %H:%M}, {minutes:.0f} min, {run.summary}"
    if run.failures:
        detail += f"; not processed: {'; '.join(run.failures[:_NAMED])}"
    if run.exit not in GOOD:
        good = dt.datetime.fromtimestamp(run.succeeded)
        since = f"; the last good one ended {good:%Y-%m-%d %H:%M}" if run.succeeded else ""
        return Finding(name, "fail", f"{detail}{since}. {run.remedy}".rstrip())
    if dt.datetime.now() - when > _LONG_AGO:
        return Finding(name, "warn", f"{detail}; long ago: is it scheduled (toolkit schedule)?")
    return Finding(name, "ok" if run.exit == DONE else "warn", detail)


def outputs(config: Config) -> Finding:
    """Look whether the files of a run can be written, and fit on the disk."""
    name, place = "outputs", config.outputs.absolute()
    existing = next(p for p in (place, *place.parents) if p.exists())
    files = [*place.glob("*"), place / dt.date.today().isoformat() / "run.log"]
    closed = [p for p in (existing, *files) if p.exists() and not os.access(p, os.W_OK)]
    if closed:
        detail = f"{closed[0]} (of user {closed[0].stat().st_uid}) cannot be written"
        return Finding(name, "fail", f"{detail}: mend its permissions")
    disk, used = os.statvfs(existing), shutil.disk_usage(existing)
    detail = f"{config.outputs} ({used.free >> 20} MiB free)"
    if disk.f_files and not disk.f_favail:
        return Finding(name, "fail", f"{detail}, but no inodes: remove files there")
    with contextlib.suppress(OSError, ValueError):
        if (run := LastRun.read(config.outputs)) and used.free < _TIMES_A_FOLDER * run.size:
            needs = f"a run like the last needs {_TIMES_A_FOLDER * run.size >> 20} MiB"
            return Finding(name, "fail", f"{detail}; {needs}: free space, or toolkit prune")
    low = used.free < (_LOW_DISK if _is_here(config) else _FETCH_DISK)
    return Finding(name, "warn" if low else "ok", detail + "; free space" * low)


def _is_here(config: Config) -> bool:
    try:
        return resolve.resolve(config.model, fetch_missing=False) is not None
    except (ToolkitError, OSError):
        return False


def lock(config: Config) -> Finding:
    """Look whether a run is at work. A lock of a process that ended does not hold."""
    name, path = "lock", config.outputs / LOCK
    if not path.exists():
        return Finding(name, "ok", "free")
    try:
        with locked(path, wait=False):
            return Finding(name, "ok", "free")
    except BlockingIOError:
        pass
    except OSError as error:
        detail = f"{path} cannot be opened ({error.strerror or error}): mend its permissions"
        return Finding(name, "fail", detail)
    logs = [log.stat().st_mtime for log in config.outputs.glob("????-??-??/run.log")]
    silent = dt.timedelta(seconds=time.time() - max(logs, default=time.time()))
    detail = f"a run is at work in {config.outputs}; it wrote its log {_ago(silent)}"
    if silent < _SILENT:
        return Finding(name, "warn", f"{detail}: another one must wait for it")
    return Finding(name, "fail", f"{detail}: if it hangs, find it (fuser {path}) and end it")


def _ago(past: dt.timedelta) -> str:
    minutes = past.total_seconds() / 60
    return f"{minutes:.0f} min ago" if minutes < 120 else f"{minutes / 60:.0f} h ago"


def clock(config: Config) -> Finding:
    """Look whether the clock can be right, and whether cron reads hours in the zone of here."""
    name, now = "clock", dt.datetime.now().astimezone()
    detail = f"{now:%Y-%m-%d %H:%M} {now.tzname()}"
    made = Path(toolkit.__file__).stat().st_mtime
    days = [path.name for path in config.outputs.glob("????-??-??") if (path / "run.json").exists()]
    if now.timestamp() < made - 86400:
        return Finding(name, "fail", f"{detail} is before the toolkit was installed: set the clock")
    if max(days, default="") > (now.date() + dt.timedelta(days=1)).isoformat():
        wrong = f"there is a digest of {max(days)}: set the clock, or remove that digest"
        return Finding(name, "warn", f"{detail}, but {wrong}")
    zone = _system_zone()
    if "TZ" in os.environ and zone and now.utcoffset() != now.astimezone(zone).utcoffset():
        here = f"here TZ={os.environ['TZ']}, but cron and systemd start runs in {zone.key}"
        return Finding(name, "warn", f"{detail}: {here}: unset TZ, or set it there, too")
    return Finding(name, "ok", detail)


def _system_zone() -> ZoneInfo | None:
    try:
        key = str(Path("/etc/localtime").resolve()).rpartition("zoneinfo/")[2]
        return ZoneInfo(key)
    except (OSError, ValueError, KeyError):
        return None


def delivery(config: Config) -> Finding:
    """Log in to the mail server, and look at addresses and at what waits."""
    name = "delivery"
    if not (config.mail_to or config.notify or config.metrics):
        return Finding(name, "ok", "not set (mail_to, notify)")
    said = []
    if config.mail_to:
        server = mail.Server.of(config)
        with mail.connected(server, patience=_PATIENCE, limit=_LIMIT):
            said.append(f"{server} takes mail" + (f" of {server.user}" if server.user else ""))
    for address in config.notify:
        notify.service(address)
        said.append(f"{notify.label(address)} is known")
    if config.metrics and not os.access(config.metrics.parent, os.W_OK):
        detail = f"metrics: {config.metrics.parent} cannot be written: make it, or its permissions"
        return Finding(name, "fail", detail)
    waiting = Deliveries.read(config.outputs).waiting
    if waiting:
        said.append(f"{len(waiting)} to be delivered (toolkit deliver): {waiting[0].reason}")
    missing = mail.lacks() if config.mail_to else ""
    detail = "; ".join(filter(None, [*said, missing]))
    return Finding(name, "warn" if waiting or missing else "ok", detail)


def inputs(config: Config) -> Finding:
    """Look whether files and folders are there."""
    gone = [
        source
        for source in config.sources
        if isinstance(source, Path) and str(source) != "-" and not source.exists()
    ]
    if gone and config.sources == DEFAULT_INPUTS:
        state: State = "ok" if config.model == "demo" else "warn"  # The demo has samples.
        return Finding("inputs", state, "none named: name them on the command line or by init")
    if gone:
        state = "fail" if len(gone) == len(config.sources) else "warn"
        named = ", ".join(map(str, gone[:_NAMED]))
        return Finding("inputs", state, f"{named}: not there: make it, or correct inputs and feeds")
    return Finding("inputs", "ok", f"{len(config.sources)}, as configured")


def feeds(config: Config) -> Finding:
    """Fetch every address."""
    from toolkit.readers.fetch import Fetcher

    addresses = [s for s in config.sources if isinstance(s, str) and is_address(s)]
    web = [address for address in addresses if address.lower().startswith("http")]
    if not web:
        return Finding("feeds", "ok", "none")
    fetcher = Fetcher(cache=cache_home() / "web", allow_private=config.allow_private)
    try:
        asked = [(address, fetcher.submit(address)) for address in web]
        dead = [f"{address}: {reason}" for address, f in asked if (reason := _failure(f))]
    finally:
        fetcher.close()
    detail = f"{len(web) - len(dead)} of {len(web)} answer"
    if not dead:
        return Finding("feeds", "ok", detail)
    named = "; ".join(dead[:_NAMED])
    state: State = "fail" if len(dead) == len(config.sources) else "warn"
    return Finding("feeds", state, f"{detail}; {named}: correct or remove them")


def _failure(asked: Future[Any]) -> str:
    try:
        asked.result(_FEED)
    except ToolkitError as error:
        return str(error)
    except NotInTimeError:
        return "no answer"
    return ""


def looks(*, online: bool) -> Iterator[tuple[str, Callable[[Config], Finding]]]:
    """Yield the examinations by their names; those that fetch only if ``online``."""
    yield from {"inputs": inputs, "outputs": outputs, "lock": lock, "clock": clock}.items()
    if online:
        yield "feeds", feeds
    yield from {"delivery": delivery, "last run": last_run}.items()
