"""Give a run a folder of bad inputs beside three good ones, and show what it says of each.

    python tools/bad_inputs.py            # as this user; as root also as one that may do little

Checked: exit code 3, the good articles in the digest, one line at least for each bad input, each
with its remedy, below 2 GB and 4 minutes.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import json
import lzma
import os
import random
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
# A user without rights of its own.
_NOBODY = 65534
_MOST_BYTES, _MOST_SECONDS = 2 << 30, 240
_NOISE = random.Random(3)
_TEXT = "The river rose by two metres on Monday, the council said, and schools stay closed. "


def _zip(name: str, data: bytes, *, lie: int | None = None) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    made = packed.getvalue()
    if lie is not None:  # the size that the directory and the member name
        made = made.replace(struct.pack("<I", len(data)), struct.pack("<I", lie))
    return made


def _nested(depth: int) -> bytes:
    data = _zip("a.txt", b"\0" * 1000)
    for _ in range(depth):
        data = _zip("a.zip", data)
    return data


def _tar(name: str, data: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def _bytes(size: int) -> bytes:
    return _NOISE.randbytes(size)


# Files by their names, with what is in them.
FILES: dict[str, bytes | Callable[[], bytes]] = {
    "empty.txt": b"",
    "blank.txt": b" \n\t\n" * 50,
    "zeros.txt": b"\0" * 5000,
    "noise.txt": _bytes(5000),
    "noise": _bytes(5000),
    "large-noise.txt": lambda: _bytes(50_000_000),
    "large-zeros.txt": lambda: b"\0" * 50_000_000,
    "large-line.txt": lambda: b"word " * 10_000_000,
    "many-lines.txt": lambda: b"word\n" * 5_000_000,
    "controls.txt": bytes(range(1, 32)) * 100,
    "marks.txt": "\u0301\u0316\u200d\u202e".encode() * 500,
    "surrogates.txt": b"\xed\xa0\x80" * 200,
    "overlong.txt": b"\xc0\x80" * 300,
    "half.utf16.txt": "\ufeffधारा".encode("utf-16") * 20 + b"\x00",
    "private.txt": "\ue000\ue001\ue002 ".encode() * 200,
    "digits.txt": b"12345 67890\n" * 100,
    "signs.txt": b"*** --- ***\n" * 100,
    "elf.txt": Path("/bin/ls").read_bytes()[:20_000],
    "picture.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF" + _bytes(3000),
    "picture.png": b"\x89PNG\r\n\x1a\n" + _bytes(3000),
    "paper.pdf": b"%PDF-1.7\n" + _bytes(3000),
    "letter.docx": _zip("word/document.xml", b"<w:document/>"),
    "old.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + _bytes(3000),
    "song.mp3": b"ID3\x03" + _bytes(3000),
    "notes.sqlite": b"SQLite format 3\x00" + b"\0" * 4000,
    "empty.html": b"",
    "bare.html": b"<html><head></head><body></body></html>",
    "script.html": b"<script>" + b"x=1;" * 5000,
    "frames.html": b"<frameset><frame src=a></frameset>",
    "open.html": b"<div>" * 200_000,
    "tables.html": b"<table><tr><td>" * 50_000,
    "attributes.html": b"<p " + b"a=b " * 200_000 + b">",
    "login.html": b"<title>Sign in</title><form><input type=password></form>",
    "refresh.html": b'<meta http-equiv=refresh content="0;url=http://127.0.0.1/">',
    "large.html": lambda: b"<html>" + b"<p>a</p>" * 6_000_000,
    "cut.xml": b"<?xml version='1.0'?><rss><channel><item><title>A",
    "entities.xml": b'<!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>',
    "bomb.xml": b"<!DOCTYPE l [<!ENTITY a0 'lol'>"
    + b"".join(b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    + b"]><rss><channel><item><title>&a11;</title></item></channel></rss>",
    "external.xml": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item>'
    b"<title>&x;</title></item></channel></rss>",
    "deep.xml": b"<a>" * 300_000,
    "no-items.rss": b"<rss version='2.0'><channel><title>T</title></channel></rss>",
    "cut.atom": b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>A</title>",
    "deep.json": b"[" * 200_000,
    "deep-objects.json": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "cut.json": b'{"text": "The river',
    "number.json": b"1" * 100_000,
    "other.json": b'{"colour": "red"}',
    "null.jsonl": b"null\n[]\n3\n",
    "cut.jsonl": b'{"text": "A\n{"text": 3}\n{}\n',
    "long-line.jsonl": lambda: b'{"text": "' + b"a" * 40_000_000,
    "keys.jsonl": b'{"text": 1, "title": []}\n',
    "empty.csv": b"",
    "header.csv": b"title,text\n",
    "columns.csv": b"a,b,c\n1,2,3\n",
    "quote.csv": b'title,text\nA,"' + b"x" * 100_000,
    "zeros.csv": b"title,text\n" + b"\0" * 3000,
    "cut.parquet": b"PAR1" + _bytes(2000),
    "lying.parquet": b"PAR1" + _bytes(2000) + struct.pack("<I", 1 << 30) + b"PAR1",
    "empty.parquet": b"PAR1PAR1",
    "empty.eml": b"",
    "headers.eml": b"Subject: x\nFrom: a@b\n\n",
    "parts.eml": b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    + b"--b\n\n" * 9,
    "base64.eml": b"Subject: x\nContent-Transfer-Encoding: base64\n\n!!!!" + _bytes(300),
    "charset.eml": b"Subject: x\nContent-Type: text/plain; charset=x-none\n\n"
    + b"\xff\xfe\x81" * 99,
    "empty.mbox": b"From a@b Thu Jan  1 00:00:00 1970\n\n",
    "cut.warc": b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 9000\r\n\r\nHTTP/1.1",
    "noise.warc": b"WARC/1.0\r\n" + _bytes(2000),
    "cut.warc.gz": gzip.compress(b"WARC/1.0\r\nWARC-Type: resource\r\n" * 90)[:60],
    "cut.gz": gzip.compress(_TEXT.encode() * 90)[:60],
    "noise.gz": b"\x1f\x8b" + _bytes(300),
    "bomb.txt.gz": lambda: gzip.compress(b"a" * 700_000_000, 1),
    "bomb.xz": lambda: lzma.compress(b"\0" * 300_000_000, preset=0),
    "cut.bz2": bz2.compress(_TEXT.encode() * 90)[:50],
    "bomb.zip": lambda: _zip("a.txt", b"a" * 700_000_000),
    "lying.zip": _zip("a.txt", _TEXT.encode() * 300, lie=10),
    "nested.zip": _nested(12),
    "cut.zip": _zip("a.txt", _bytes(3000))[:900],
    "empty.zip": b"PK\x05\x06" + b"\0" * 18,
    "climbing.tar.gz": _tar("../../evil.txt", b"\0" * 300),
    "cut.tar.gz": _tar("a.txt", _bytes(3000))[:300],
    "empty.opml": b"<opml><body></body></opml>",
    "two\nlines.txt": b"",
    os.fsdecode(b"latin\xe9.txt"): b"",
    "\u202egnp.txt": b"\0" * 300,
    "-.txt": b"",
    "n" * 250 + ".txt": b"",
}


def odd(folder: Path) -> list[str]:
    """Make what is no plain file; return the names."""
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listener, contextlib.chdir(folder):
        listener.bind("socket")
    (folder / "device").symlink_to("/dev/zero")
    (folder / "terminal").symlink_to("/dev/tty")
    names = ["dangling", "loop", "pipe.txt", "socket", "device", "terminal"]
    if os.geteuid():
        for name in ("forbidden.txt", "forbidden"):
            path = folder / name
            path.mkdir() if name == "forbidden" else path.write_text(_TEXT)
            path.chmod(0)
            names.append(name)
    return names


def made(folder: Path) -> list[str]:
    """Fill ``folder``; return the names of what is bad in it."""
    for number, path in enumerate(sorted((ROOT / "seeds").glob("*.txt"))[2:]):
        shutil.copy(path, folder / f"good-{number}.txt")
    for name, content in FILES.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content())
    (folder / "parent").symlink_to(folder)  # a loop of folders, which is no fault
    return [*FILES, *odd(folder)]


def main() -> None:
    if len(sys.argv) == 1 and not os.geteuid():
        for user in (0, _NOBODY):
            own = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
            subprocess.run([*own, sys.executable, __file__, "here"], check=False)
        return
    with tempfile.TemporaryDirectory() as work, contextlib.chdir(work):
        inputs = Path("in").absolute()
        inputs.mkdir()
        bad = made(inputs)
        found = f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"
        places = {"PYTHONPATH": found, "XDG_CACHE_HOME": f"{work}/cache", "HOME": work}
        command = [sys.executable, "-m", "toolkit", "digest", "in", "--outputs", "out"]
        began = time.monotonic()
        done = subprocess.run(
            [*command, "--model", "toolkit.testing:FakeTranslator"],
            env=os.environ | places,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        took = time.monotonic() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        peak, worked = used.ru_maxrss * 1024, used.ru_utime + used.ru_stime
        said = done.stderr.decode("utf-8", "replace")
        lines = [line for line in said.splitlines() if line.startswith("not processed: in/")]
        good = json.loads(Path("out/latest/digest.json").read_text("utf-8"))["articles"]
        there = sum("good-" in article["source"] for article in good)
        silent = [name for name in bad if not any(_names(line, name) for line in lines)]
        others = [line for line in said.splitlines() if line not in lines]
        bare = [line for line in lines if not line.rstrip().endswith(".")]
        print(
            f"user {os.geteuid()}: exit {done.returncode}, {there} of 3 good articles, "
            f"{len(bad)} bad inputs, {len(lines)} lines, {took:.0f} s, "
            f"of which the processor worked {worked:.0f}, {peak >> 20} MB"
        )
        for line in lines if "-v" in sys.argv else []:
            print(f"  {line}")
        taken = [a["source"] for a in good if "good-" not in a["source"]]
        print(f"  no line: {silent}\n  articles of theirs: {taken}")
        print(f"  no remedy: {bare}\n  other lines: {others[:20]}", flush=True)
        ok = done.returncode == 3 and there == 3 and peak < _MOST_BYTES and took < _MOST_SECONDS
        sys.exit(not ok or bool(bare))


def _names(line: str, name: str) -> bool:
    shown = os.fsencode(name).decode("utf-8", "replace")
    plain = " ".join(shown.replace("\u202e", "").split())
    return f"in/{plain}" in line


if __name__ == "__main__":
    main()
