"""The line of a crontab, and the units of systemd, that make the digest every morning."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolkit.llm.keys import CREDENTIAL, KEY_FILE_VARIABLE
from toolkit.runs.mail import PASSWORD_CREDENTIAL, PASSWORD_VARIABLE

UNIT = "news-digest"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A command that runs at the local time ``at`` on ``days`` (0 is Monday, none is every day).

    ``command`` begins with an absolute path; ``writes`` are the folders that it must be able to
    write; ``key`` is a file with the key of a language model's server, ``password`` one with that
    of the mail server; ``user`` runs it, None for the user whose own systemd it is; ``after`` is a
    command that follows, whatever becomes of it; ``name`` is the digest's.
    """

    command: tuple[str, ...]
    folder: Path
    at: dt.time
    days: tuple[int, ...] = ()
    writes: tuple[Path, ...] = ()
    key: Path | None = None
    user: str | None = None
    password: Path | None = None
    after: tuple[str, ...] = ()
    name: str = ""

    @property
    def unit(self) -> str:
        """The name of its units."""
        return f"{UNIT}-{self.name}" if self.name else UNIT


def parse_days(text: str) -> tuple[int, ...]:
    """Return days of the week: ``mon-sat``, ``mon,wed``. Raises ``ValueError``.

    >>> parse_days("mon-wed, sat"), parse_days("sat-mon")
    ((0, 1, 2, 5), (0, 5, 6))
    """
    found: set[int] = set()
    for part in text.lower().split(","):
        start, *stop = (_DAYS.index(name.strip()) for name in part.split("-", 1))
        last = stop[0] if stop else start
        found |= {day % 7 for day in range(start, last + 1 + 7 * (last < start))}
    return tuple(sorted(found))


def crontab_line(schedule: Schedule) -> str:
    """Return the line for the crontab of a user."""
    days = ",".join(str((day + 1) % 7) for day in schedule.days) or "*"  # Sunday is 0
    files = {KEY_FILE_VARIABLE: schedule.key, f"{PASSWORD_VARIABLE}_FILE": schedule.password}
    secrets = "".join(f"{name}={shlex.quote(str(file))} " for name, file in files.items() if file)
    command = secrets + shlex.join(schedule.command)
    if schedule.after:
        command = f"{{ {command}; {secrets}{shlex.join(schedule.after)}; }}"
    command = f"cd {shlex.quote(str(schedule.folder))} && {command}"
    # Cron takes a bare % for the end of a line.
    return f"{schedule.at:%-M %-H} * * {days}  {command.replace('%', chr(92) + '%')}"


def service(schedule: Schedule) -> str:
    """Return the unit that makes one digest, and may write nowhere but in its own folders."""
    lines = [
        "[Unit]",
        "Description=Digest of the world's news",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        "Type=oneshot",
        f"WorkingDirectory={_path(schedule.folder)}",
        f"ExecStart={_joined(schedule.command)}",
        *([f"ExecStartPost=-{_joined(schedule.after)}"] if schedule.after else []),
        "# Some articles failed, or the deadline came: the digest says which.",
        "SuccessExitStatus=3 5",
        "Nice=10",
    ]
    if schedule.user:
        lines += [f"User={schedule.user}"]
    if schedule.key:
        lines += [f"LoadCredential={CREDENTIAL}:{_path(schedule.key)}"]
    if schedule.password:
        lines += [f"LoadCredential={PASSWORD_CREDENTIAL}:{_path(schedule.password)}"]
    lines += ["", *_HARDENING, *(f"ReadWritePaths={_path(path)}" for path in schedule.writes)]
    return "\n".join(lines) + "\n"


def timer(schedule: Schedule) -> str:
    """Return the unit that starts ``service``; a morning that was slept through is made up for."""
    days = ",".join(_DAYS[day].capitalize() for day in schedule.days)
    return "\n".join(
        (
            "[Unit]",
            "Description=Digest of the world's news, every morning",
            "",
            "[Timer]",
            f"OnCalendar={days + ' ' if days else ''}*-*-* {schedule.at:%H:%M}:00",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        )
    )


# ``MemoryDenyWriteExecute`` is not among them: torch and the kernels are compiled code that is
# loaded, which it allows, but Triton and ONNX write code as they run.
_HARDENING = (
    "# What an article holds must not reach beyond this service.",
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    "PrivateDevices=no",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "UMask=0027",
)


def _path(path: Path) -> str:
    return str(path).replace("%", "%%")


def _joined(command: Sequence[str]) -> str:
    """Return a command as systemd reads it."""
    return " ".join(_word(word) for word in command)


def _word(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if not word or any(c in word for c in " \t'\";") else escaped
