"""Runs of many articles: nothing lost, nothing out of order, little in memory, nothing left over.

The translators here need no weights; what is measured is all that stands around the model.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from toolkit.config import Config
from toolkit.data import Article, Brief, Bullet, Failure, Hypothesis, TranslatedArticle
from toolkit.errors import InputError, OutputError, ToolkitError
from toolkit.executors.base import Failed
from toolkit.executors.local import Local
from toolkit.pipeline import run
from toolkit.readers import collection, formats, paths
from toolkit.readers.base import Columns, Stream
from toolkit.runs import outputs, translation
from toolkit.runs.records import article_record, json_line

ROOT = Path(__file__).parents[2]
DAY = dt.date(2026, 11, 21)
EMPTY = "Share\nSubscribe\n"
LONG = 60  # seconds that something is waited for which, if all is well, comes at once


class Echo:
    """Translates each text to English that names it, and remembers the size of each call."""

    signature = "echo@1"
    notice = ""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.calls: list[int] = []

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        time.sleep(self.seconds)  # As the arithmetic does, it lets other threads work.
        self.calls.append(len(texts))
        return [Hypothesis(f"This is the English of: {text}") for text in texts]


class First:
    """A brief of the first sentence, after ``seconds`` of waiting; it counts its ``briefs``."""

    signature = "first@1"
    notice = ""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.briefs = 0

    def summarise(self, article: TranslatedArticle, *, bullets: int) -> Brief:
        time.sleep(self.seconds)
        self.briefs += 1
        text = article.translations[0].english
        return Brief(article.id, text, (Bullet(text, (0,)),), (0,))


def hindi(number: int) -> str:
    return f"दिल्ली में {number} नई मेट्रो लाइनें शुरू हुईं। पहले दिन हज़ारों लोगों ने सफ़र किया।"


def config_of(folder: Path, texts: Sequence[str]) -> Config:
    """The configuration of a run over ``texts``, one a line of one file."""
    lines = (json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    (folder / "news.jsonl").write_text("".join(lines), encoding="utf-8")
    return Config(
        inputs=(folder / "news.jsonl",),
        outputs=folder / "out",
        cache=folder / "c.sqlite",
        date=DAY,
    )


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of 64 segments, so that a test has many."""
    monkeypatch.setattr(translation, "WINDOW_SEGMENTS", 64)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> object:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def leftovers(config: Config) -> list[str]:
    return [path.name for path in config.outputs.rglob(".toolkit-*")]


@pytest.mark.usefixtures("small_windows")
def test_thousands_of_articles_come_out_whole_and_in_order(tmp_path: Path) -> None:
    texts = [EMPTY if n == 700 else hindi(n % 1500) for n in range(2000)]
    config = config_of(tmp_path, texts)
    translator = Echo()
    result = run(config, translator=translator, summariser=First())
    numbers = [n for n in range(1500) if n != 700]
    articles = result.digest.articles
    assert [a.source for a in articles] == [f"{config.inputs[0]}:{n + 1}" for n in numbers]
    assert all(
        f" {n} " in a.translations[0].english for n, a in zip(numbers, articles, strict=True)
    )
    assert {len(a.translations) for a in articles} == {2}
    written = (config.outputs / "latest/articles.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json_line(article_record(a)).rstrip("\n") for a in articles] == written
    in_stories = [i for story in result.digest.stories for i in story.articles]
    assert sorted(in_stories) == sorted(a.id for a in articles)
    counts = result.counts
    assert counts["duplicates"] == 500
    assert counts["segments"] == 2 * len(numbers)
    assert sum(translator.calls) == len(numbers) + 1, "the second sentence once"
    assert [(f.source.rpartition(":")[2], f.stage) for f in result.failures] == [("701", "clean")]
    assert not leftovers(config)


@pytest.mark.usefixtures("small_windows")
def test_reading_and_summarising_go_on_while_the_model_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call of the model ends when all is read, and the first brief when the model is at
    work on the next window: one after the other neither would come."""
    read, next_window = threading.Event(), threading.Event()
    came: list[bool] = []
    scan = collection.scan

    def watched(*arguments: Any, **options: Any) -> Iterator[Any]:
        yield from scan(*arguments, **options)
        read.set()

    class Model(Echo):
        def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
            if self.calls:
                next_window.set()
            else:
                came.append(read.wait(LONG))
            return super().translate(texts, source=source, target=target)

    class Late(First):
        def summarise(self, article: TranslatedArticle, *, bullets: int) -> Brief:
            if not self.briefs:
                came.append(next_window.wait(LONG))
            return super().summarise(article, bullets=bullets)

    monkeypatch.setattr(collection, "scan", watched)
    config = config_of(tmp_path, [hindi(n) for n in range(250)])
    summariser = Late()
    run(config, translator=Model(), summariser=summariser)
    assert came == [True, True]
    assert summariser.briefs == 250


@pytest.mark.usefixtures("small_windows")
def test_a_full_disk_stops_the_run_soon_and_changes_no_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of(tmp_path, [hindi(n) for n in range(600)])
    good = run(config, translator=Echo(), summariser=First()).paths["html"].read_bytes()
    write = outputs.Draft.write

    def full(draft: outputs.Draft, name: str, parts: Sequence[str]) -> None:
        if any('":100"' in part or ':100"' in part for part in parts):
            raise OutputError("disk full", remedy="Free space.")
        write(draft, name, parts)

    monkeypatch.setattr(outputs.Draft, "write", full)
    config.cache.unlink()
    translator = Echo(0.02)
    with pytest.raises(OutputError, match="disk full"):
        run(config, translator=translator, summariser=First())
    assert len(translator.calls) < 10
    assert (config.outputs / "latest/digest.html").read_bytes() == good
    assert not leftovers(config)


@pytest.mark.usefixtures("small_windows")
def test_ctrl_c_ends_the_work_in_the_background(tmp_path: Path) -> None:
    class Stopped(Echo):
        def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
            if len(self.calls) == 3:
                raise KeyboardInterrupt
            return super().translate(texts, source=source, target=target)

    config = config_of(tmp_path, [hindi(n) for n in range(2000)])
    summariser = First(0.01)
    with pytest.raises(KeyboardInterrupt):
        run(config, translator=Stopped(), summariser=summariser)
    assert summariser.briefs < 200, "the three windows that were translated have about 100 articles"
    assert [path.name for path in (config.outputs / "2026-11-21").iterdir()] == ["run.log"]


def test_a_path_that_is_not_there_is_said_before_a_model_is_loaded(tmp_path: Path) -> None:
    config = config_of(tmp_path, [])
    (tmp_path / "news.jsonl").unlink()
    with pytest.raises(InputError, match="no such file"):
        run(config)


@pytest.mark.usefixtures("small_windows")
def test_an_error_that_ends_the_reading_is_raised_before_the_rest_is_translated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call of the model lasts until the thread that reads is at its end."""
    config = config_of(tmp_path, [hindi(n) for n in range(600)])
    scan = collection.scan
    reading: list[threading.Thread] = []
    ended: list[bool] = []

    def broken(*arguments: Any, **options: Any) -> Iterator[Any]:
        reading.append(threading.current_thread())
        yield from scan(*arguments, **options)
        raise OutputError("disk full")

    class Patient(Echo):
        def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
            reading[0].join(LONG)
            ended.append(not reading[0].is_alive())
            return super().translate(texts, source=source, target=target)

    monkeypatch.setattr(collection, "scan", broken)
    translator = Patient()
    with pytest.raises(OutputError, match="disk full"):
        run(config, translator=translator, summariser=First())
    assert all(ended)
    assert len(translator.calls) <= 2


def test_a_file_that_breaks_its_reader_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(f"The council met on Monday in {name}.", encoding="utf-8")
    read = formats.read_file

    def broken(stream: Stream, source: str, columns: Columns) -> Iterator[Article | Failure]:
        if source.endswith("b.txt"):
            raise IndexError("list index out of range")
        return read(stream, source, columns)

    monkeypatch.setattr(paths, "read_file", broken)
    loaded = collection.load([tmp_path])
    assert [Path(a.source).name for a in loaded.articles] == ["a.txt", "c.txt"]
    (failure,) = loaded.failures
    assert failure.source.endswith("b.txt")
    assert "IndexError" in failure.reason


STDIN = """
import signal
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_streaming
from dataclasses import replace
from toolkit import pipeline
# Who starts the tests in the background may have them ignore the signal.
signal.signal(signal.SIGINT, signal.default_int_handler)
config = replace(test_streaming.config_of(Path(sys.argv[2]), []), inputs=(Path("-"),))
print("ready", flush=True)
pipeline.run(config, translator=test_streaming.Echo(), summariser=test_streaming.First())
"""


def test_ctrl_c_while_stdin_is_read_ends_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STDIN, str(Path(__file__).parent), str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment, text=True, stdin=pipe, stdout=pipe, stderr=pipe
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(LONG) == -signal.SIGINT, "stdin never ends by itself"


def test_what_nobody_foresaw_in_a_worker_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = ToolkitError("1.txt: unforeseen error (IndexError: list index out of range)")
    error.add_note("Traceback (most recent call last): deep within")
    mapped = [Failed(0, pickle.loads(pickle.dumps(error)))]
    monkeypatch.setattr(Local, "map", lambda _self, _function, items: mapped[: len(list(items))])
    config = config_of(tmp_path, [hindi(1)])
    run(config, translator=Echo(), summariser=First())
    assert "deep within" in (config.outputs / "2026-11-21/run.log").read_text(encoding="utf-8")


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_streaming
from toolkit import pipeline
from toolkit.runs import translation
translation.CALL_SEGMENTS = 16
class Unplugged(test_streaming.Echo):
    def translate(self, texts, *, source, target):
        if len(self.calls) == 5:
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)
        return super().translate(texts, source=source, target=target)
texts = [test_streaming.hindi(n) for n in range(200)]
config = test_streaming.config_of(Path(sys.argv[2]), texts)
pipeline.run(config, translator=Unplugged(), summariser=test_streaming.First())
"""


@pytest.mark.usefixtures("small_windows")
def test_a_pulled_plug_costs_one_call_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    killed = _python(KILLED, str(Path(__file__).parent), str(tmp_path))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    config = config_of(tmp_path, [hindi(n) for n in range(200)])
    folder = config.outputs / "2026-11-21"
    assert not [path.name for path in folder.iterdir() if path.name.startswith("digest")]
    translator = Echo()
    result = run(config, translator=translator, summariser=First())
    assert result.counts["from_model"] == sum(translator.calls) == 201 - 5 * 16
    assert result.counts["articles"] == 200
    assert not leftovers(config)


MEMORY = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_streaming
from toolkit import pipeline
from toolkit.executors.local import Local
pipeline.Local = lambda: Local(1)
number = int(sys.argv[3])
words = [f"{a}{b}" for a in ("bel", "cor", "dun", "far") for b in ("mont", "wick", "ley", "stow")]
def text(n):
    named = (f"{words[(n + k) % 16]} {words[n * (k + 3) % 16]}" for k in range(24))
    return "\\n".join(f"Report {n} says the council of {w} met on {n % 27 + 1} May." for w in named)
folder = Path(sys.argv[2])
config = test_streaming.config_of(folder, [text(n) for n in range(number)])
result = pipeline.run(config, translator=test_streaming.Echo(), summariser=test_streaming.First())
assert result.counts["articles"] == number
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the peak")
def test_memory_does_not_grow_with_the_articles(tmp_path: Path) -> None:
    """An article of 24 sentences takes some 30 kB as objects: 750 more, held, take 22 MB."""
    peaks = []
    for number in (250, 1000):
        (tmp_path / str(number)).mkdir()
        done = _python(MEMORY, str(Path(__file__).parent), str(tmp_path / str(number)), str(number))
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stdout) / 1024)
    assert peaks[1] - peaks[0] < 8, peaks


def _python(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    )
