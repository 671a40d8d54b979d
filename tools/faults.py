"""Bring about what nights bring, one fault after the other, and show what a run says and does.

    python tools/faults.py [PART OF A NAME...]        # prints a table in Markdown

Each row of ``faults.json`` has a folder of its own with articles in ``in/``. The command ``before``
brings the fault about, ``command`` runs under it, and ``after`` must succeed afterwards. ``T`` is
the toolkit with a translator that needs no model, ``D`` and, in the
background, ``E`` with the demo checkpoint. Checked of each
row: the exit code, the line that people see, no trace of Python, no unfinished file, the articles
as they were. Mounts need root; rows with them are left out elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
# Seconds after which a command is taken to hang.
_PATIENCE = 240


class Fault(NamedTuple):
    """``codes`` are the exit codes that are right, separated by blanks; ``line`` is a pattern."""

    name: str
    command: str
    codes: str
    before: str = ":"
    line: str = ""
    after: str = ""


_PRELUDE = """
T() { python -m toolkit digest --model toolkit.testing:FakeTranslator --outputs out "$@"; }
D() { python -m toolkit digest --model demo --beam 1 --outputs out "$@"; }
E() { exec python -m toolkit digest --model demo --outputs out "$@"; }
sql() { python -c 'import sqlite3,sys
sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])' "$@"; }
small() { mkdir -p "$1"; mount -t tmpfs -o size=$2 tmpfs "$1"; }
"""


def prepared(folder: Path) -> dict[str, str]:
    """Put articles into ``folder``; return the environment of its commands."""
    (folder / "in").mkdir()
    for number, path in enumerate(sorted((ROOT / "seeds").glob("*.txt"))[2:], start=1):
        shutil.copy(path, folder / "in" / f"{number}.txt")
    own = {k: v for k, v in os.environ.items() if not k.startswith(("TOOLKIT_", "XDG_"))}
    return own | {
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TOOLKIT_CACHE": str(folder / "c.sqlite"),
        "DEMO": str(ROOT / "toolkit" / "hub" / "demo"),
        "HOME": str(folder),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
    }


def sums(folder: Path) -> dict[str, str]:
    """Return a hash of each article."""
    files = [folder / "in" / f"{number}.txt" for number in (1, 2)]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def tried(fault: Fault, folder: Path) -> tuple[int, str, list[str]]:
    """Return the exit code under ``fault``, the line that people see, and what is wrong."""
    environment, before = prepared(folder), sums(folder)
    # Limits and variables are of the shell that the command runs in.
    lasts = re.search(r"\b(ulimit|export|unset)\b", fault.before)
    opened, closed = ("{ ", "\n}") if lasts else ("( ", "\n)")
    script = f"{_PRELUDE}\n{opened}{fault.before}{closed} >/dev/null 2>&1\n"
    script += f"{{ {fault.command}\n}} >stdout 2>stderr; echo $? >code\n"
    script += f"( {fault.after or ':'}\n) >after 2>&1; echo $? >then\n"
    command = ["bash", "-c", script]
    hangs = False
    try:
        subprocess.run(command, cwd=folder, env=environment, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        hangs = True
    finally:
        for mount in ("m", "out"):
            subprocess.run(["umount", "-l", folder / mount], capture_output=True, check=False)
    said, code = _text(folder / "stderr"), int(_text(folder / "code") or -1)
    lines = [x for x in said.splitlines() if not re.match(r"bash:|.*(Killed|Terminated)", x)]
    line = next((x for x in lines if fault.line and re.search(fault.line, x)), "")
    wrong = {
        "it hangs": hangs,
        f"exit code {code}: {said[-200:]}": str(code) not in fault.codes.split(),
        f"it says {said[-200:]!r}": fault.line and not line,
        f"a trace: {said[-300:]!r}": "Traceback" in said or "unforeseen" in said,
        f"afterwards: {_text(folder / 'after')[-200:]}": _text(folder / "then").strip() != "0",
        "unfinished files are left": code != 137 and list(folder.rglob(".toolkit-*")),
        "an article is changed": sums(folder) != before,
    }
    return (
        code,
        line or (lines[0] if lines else ""),
        [what for what, is_so in wrong.items() if is_so],
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def main() -> None:
    faults = [Fault(**row) for row in json.loads(Path(__file__).with_suffix(".json").read_text())]
    bad = 0
    print("| fault | exit code | the line that people see |\n|---|---|---|")
    for fault in faults:
        if sys.argv[1:] and not any(part in fault.name for part in sys.argv[1:]):
            continue
        if "small " in fault.before and os.geteuid():
            continue
        with tempfile.TemporaryDirectory() as folder:
            code, line, wrong = tried(fault, Path(folder))
            shown = line.replace(folder, "").replace("|", "\\|")
        print(f"| {fault.name} | {code} | {shown} |", flush=True)
        for what in wrong:
            print(f"WRONG: {what}", flush=True)
        bad += bool(wrong)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
