"""Compile C, keep the library in a folder, and load it from there only if it is whole and ours.

Loading a library runs it. So the folder and the file must belong to the user, be writable by
nobody else and be no links, and the file must have the SHA-256 that was noted when it was made.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from toolkit import storage
from toolkit.translators.engine.kernel_kinds import COMPILERS

log = logging.getLogger(__name__)

# Seconds after which a compiler is given up; on two busy cores the kernels take 10 to 20.
TIMEOUT = 120.0
_CHECKSUM = ".sha256"  # the suffix of the file that holds a library's checksum


# Bytes of disk that compiling the kernels takes, and some more.
_ROOM = 16 << 20


class CompileError(Exception):
    """No compiler could make the library; the message says why in one line.

    ``final``: nor could it be made with other flags.
    """

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


def load_or_compile(path: Path, source: Path, flags: Sequence[str]) -> ctypes.CDLL:
    """Return the library kept at ``path``, made from ``source`` if there is none to trust.

    Where ``path`` cannot be written, or others could write it, the library is made for this
    process alone. Raises ``CompileError``.
    """
    library = _load(path)
    if library is not None:
        return library
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / path.name
        _compile(source, flags, made)
        library = _load(path) if _keep(made, path) else None
        try:
            return library or ctypes.CDLL(str(made))  # it stays loaded when its file goes
        except OSError as error:
            raise CompileError(f"what was compiled cannot be loaded ({error})") from None


def _load(path: Path) -> ctypes.CDLL | None:
    """Return the library at ``path``, or None where there is none to trust and to run."""
    if wrong := _not_ours_alone(path.parent):
        log.warning("%s is not used, because %s: delete that folder", path.parent, wrong)
        return None
    if wrong := _not_ours_alone(path):
        log.warning("%s is not loaded but made again, because %s", path, wrong)
        return None
    try:
        noted = path.with_name(path.name + _CHECKSUM).read_text(encoding="ascii")
        if hashlib.sha256(path.read_bytes()).hexdigest() != noted:
            raise ValueError("it is not as it was made")
        return ctypes.CDLL(str(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.info("%s is made again (%s)", path, error)
        return None


def _not_ours_alone(path: Path) -> str:
    """Return why others may have written ``path``; empty if they cannot or it is not there."""
    try:
        found = path.lstat()
    except OSError:
        return ""
    if stat.S_ISLNK(found.st_mode):
        return "it is a link"
    if found.st_uid != os.geteuid():
        return "it belongs to another user"
    return "others may write it" if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else ""


def _keep(made: Path, path: Path) -> bool:
    """Copy ``made`` to ``path``, with its checksum, unless others could write there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if _not_ours_alone(path.parent):
            return False
        path.unlink(missing_ok=True)
        with storage.whole(path) as copy:
            shutil.copyfile(made, copy)
            copy.chmod(0o600)
        checksum = hashlib.sha256(made.read_bytes()).hexdigest()
        storage.write_whole(path.with_name(path.name + _CHECKSUM), checksum)
    except OSError:
        return False  # A cache that cannot be written costs time only.
    return True


def _compile(source: Path, flags: Sequence[str], to: Path) -> None:
    compilers = list(filter(shutil.which, COMPILERS))
    if not compilers:
        raise CompileError("there is no C compiler", final=True)
    if shutil.disk_usage(to.parent).free < _ROOM:
        raise CompileError(f"{to.parent} has no room for a compiler's files", final=True)
    failures = []
    for compiler in compilers:
        command = [compiler, *flags, "-fPIC", "-shared", str(source), "-o", str(to), "-lm"]
        failure = _run(command)
        if not failure and to.is_file():
            return
        failures.append(f"{compiler}: {failure or 'it wrote nothing'}")
    raise CompileError("; ".join(failures))


def _run(command: Sequence[str]) -> str:
    """Run a compiler; return the first line of its complaint, empty if it succeeded."""
    with tempfile.TemporaryFile() as complaint:
        # In a session of its own, so that what the compiler started can be ended with it.
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaint,
                start_new_session=True,
            )
        except OSError as error:
            return str(error)
        try:
            code = process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            given_up = f"{command[0]}: given up after {TIMEOUT:g} seconds"
            raise CompileError(given_up, final=True) from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        complaint.seek(0)
        first = complaint.read().decode(errors="replace").strip().partition("\n")[0]
    return first or f"exit status {code}" if code else ""
