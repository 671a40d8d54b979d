"""Kill a run at random moments, start it again each time, and compare it with one left in peace.

    python tools/kill.py --kills 50 --articles 200

The articles are made of the samples, as in ``measure_run.py``; the translator needs no model and
writes down what it is asked. Checked after each kill: no file of the digest is half written; during
the next run: nothing is asked that the cache had. Checked at the end: ``articles.jsonl`` and
``digest.json`` are those of the undisturbed run, byte for byte, and no unfinished file is left.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from measure_run import Instant, write_articles

from toolkit import pipeline
from toolkit.config import Config
from toolkit.data import Hypothesis
from toolkit.runs import translation

ROOT = Path(__file__).parents[1]
# Segments of a call and of a window: so few that a run of 200 articles has many of both.
_CALL, _WINDOW = 64, 1024
# Seconds that a call takes.
_PAUSE = 0.01


class Written(Instant):
    """Appends what it is asked to the file ``asked``."""

    def __init__(self, asked: Path) -> None:
        super().__init__()
        self._asked = asked

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        with self._asked.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(text) + "\n" for text in texts)
        time.sleep(_PAUSE)
        return super().translate(texts, source=source, target=target)


def begun(news: Path, work: Path) -> int:
    """Start a run in a process of its own; return its id."""
    process = os.fork()
    if process:
        return process
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    config = Config(
        inputs=(news,), outputs=work / "out", cache=work / "c.sqlite", date=dt.date(2026, 11, 21)
    )
    try:
        pipeline.run(config, translator=Written(work / "asked"))
    finally:
        os._exit(0)


def committed(work: Path) -> set[str]:
    """Return the sentences that the cache has."""
    with (
        contextlib.closing(sqlite3.connect(work / "c.sqlite")) as connection,
        contextlib.suppress(sqlite3.OperationalError),  # killed before it was made
    ):
        rows = connection.execute("SELECT sentence FROM segments JOIN uses USING (key)")
        return {sentence for (sentence,) in rows}
    return set()


def asked(work: Path) -> list[str]:
    """Return what was asked since the last time."""
    path = work / "asked"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return [json.loads(line) for line in lines if line.endswith('"')]


def half_written(work: Path) -> list[str]:
    """Return the files of the digest that are not whole."""
    found = []
    for path in (work / "out").glob("20*/*"):
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        try:
            if path.suffix == ".json":
                json.loads(text)
            elif path.suffix == ".jsonl":
                list(map(json.loads, text.splitlines()))
            elif path.suffix == ".html":
                assert text.rstrip().endswith("</html>")
        except (ValueError, AssertionError):
            found.append(path.name)
    return found


def results(work: Path) -> tuple[bytes, bytes]:
    day = work / "out" / "2026-11-21"
    return (day / "articles.jsonl").read_bytes(), (day / "digest.json").read_bytes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--articles", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    translation.CALL_SEGMENTS, translation.WINDOW_SEGMENTS = _CALL, _WINDOW
    choice, twice, half = random.Random(options.seed), 0, []
    with tempfile.TemporaryDirectory() as folder:
        calm, disturbed = (Path(folder, name) for name in ("calm", "disturbed"))
        news = Path(folder, "news.jsonl")
        write_articles([ROOT / "seeds"], options.articles, news)
        for work in (calm, disturbed):
            work.mkdir()
        began = time.monotonic()
        os.waitpid(begun(news, calm), 0)
        usual, done = time.monotonic() - began, 0
        for _ in range(options.kills):
            known = committed(disturbed)
            process = begun(news, disturbed)
            time.sleep(choice.uniform(0.02, usual))
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            half += half_written(disturbed)
            twice += len(known & set(asked(disturbed)))
            done += (disturbed / "out" / "2026-11-21" / "digest.json").exists()
        known = committed(disturbed)
        os.waitpid(begun(news, disturbed), 0)
        twice += len(known & set(asked(disturbed)))
        left = [path.name for path in disturbed.rglob(".toolkit-*")]
        same = results(calm) == results(disturbed)
    print(
        f"{options.kills} kills of a run of {options.articles} articles and {usual:.1f} s, "
        f"{done} of them after a digest was there: the results are "
        f"{'the same' if same else 'NOT the same'}, {twice} segments were translated twice, "
        f"half written: {half or 'none'}, unfinished files left: {left or 'none'}"
    )
    sys.exit(not same or bool(twice or half or left))


if __name__ == "__main__":
    main()
