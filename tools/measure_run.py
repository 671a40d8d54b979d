"""Measure the memory and time of runs of several sizes, without those of the model.

    python tools/measure_run.py seeds/ --articles 1000 10000

Each run is over so many articles made of those in the given files or folders: their lines in
another order, with a number in each sentence, so that no article and few sentences come twice. The
translator answers at once, with English of the usual length, which is checked as always. The time
is compared with that of a model that writes ``--tokens-per-second``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

from toolkit import pipeline
from toolkit.config import Config
from toolkit.data import Hypothesis
from toolkit.readers import collection
from toolkit.translators.checks.retry import Checked

TOKENS_PER_SENTENCE = 24
_SENTENCE_END = re.compile(r"(?<=[^\s.।؟?!])([.।؟?!]|$)(?=\s|$)")
_WORDS = (
    "the minister said on Monday that a new line between both towns will open next year and cost "
    "less than the old bridge over the river which was closed after storms in the winter"
)


class Instant:
    """Translates each text to another English sentence of the usual length, without a model."""

    signature = "instant@1"
    notice = ""

    def __init__(self) -> None:
        self.segments = 0

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        self.segments += len(texts)
        return [Hypothesis(self._english(text), -0.2) for text in texts]

    def _english(self, text: str) -> str:
        choice = random.Random(zlib.crc32(text.encode()))
        words = choice.choices(_WORDS.split(), k=17)
        return f"{' '.join(words)} {choice.randrange(9999)}.".capitalize()


def write_articles(paths: Sequence[Path], number: int, file: Path) -> None:
    """Write ``number`` articles, one a line, in the languages of those in ``paths``."""
    pages = [[p for p in a.text.splitlines() if p.strip()] for a in collection.load(paths).articles]
    choice = random.Random(5)
    with file.open("w", encoding="utf-8") as out:
        for n in range(number):
            lines = [_SENTENCE_END.sub(rf" {n}\1", line) for line in pages[n % len(pages)]]
            choice.shuffle(lines)
            out.write(json.dumps({"text": "\n\n".join(lines)}, ensure_ascii=False) + "\n")


def measure(news: Path, work: Path, speed: float) -> None:
    """Run over ``news`` in this process and print its memory and time."""
    config = Config(
        inputs=(news,), outputs=work / "out", cache=work / "c.sqlite", date=dt.date(2026, 11, 21)
    )
    instant = Instant()
    began = time.monotonic()
    result = pipeline.run(config, translator=Checked(instant))
    wall = time.monotonic() - began
    own, workers = (
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    model = instant.segments * TOKENS_PER_SENTENCE / speed
    counts = result.counts
    print(
        f"{counts['articles']} articles, {counts['segments']} segments, {instant.segments} to the "
        f"model: peak {peak:.0f} MB, {wall:.0f} s of wall time, {own:.0f} s of CPU time here and "
        f"{workers:.0f} s in workers; a model takes {model:.0f} s, "
        f"so all else takes {(own + workers) / model:.1%} of that"
    )
    print("  " + ", ".join(f"{name} {took:.1f} s" for name, took in result.timings.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--articles", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--tokens-per-second", type=float, default=700.0)
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        measure(options.paths[0], options.folder, options.tokens_per_second)
        return
    for number in options.articles:
        with tempfile.TemporaryDirectory() as folder:
            news = Path(folder, "news.jsonl")
            write_articles(options.paths, number, news)
            # The peak is of a process, so each run has one of its own.
            speed = str(options.tokens_per_second)
            command = [sys.executable, __file__, str(news), "--in", folder]
            subprocess.run([*command, "--tokens-per-second", speed], check=True)


if __name__ == "__main__":
    main()
