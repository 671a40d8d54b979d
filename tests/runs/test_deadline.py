"""The deadline: which moment it is, also when clocks are changed, and what is ready then."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from toolkit.config import Config
from toolkit.data import Hypothesis
from toolkit.pipeline import run
from toolkit.runs import report
from toolkit.runs.news import News
from toolkit.runs.report import clock, deadline_after

UTC = dt.UTC


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """A function that sets the time zone of this process, which is put back."""

    def put(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield put
    monkeypatch.undo()
    time.tzset()


def seconds(moment: str) -> float:
    return dt.datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("zone_name", "start", "deadline", "moment"),
    [
        # Ordinary nights; start and moment are in UTC.
        ("UTC", "2026-11-21 05:00", "06:30", "2026-11-21 06:30"),
        ("UTC", "2026-11-20 23:50", "05:30", "2026-11-21 05:30"),
        ("UTC", "2026-11-20 18:00", "06:30", "2026-11-21 06:30"),
        ("UTC", "2026-11-20 12:00", "00:30", "2026-11-21 00:30"),
        ("UTC", "2026-11-21 06:35", "06:30", "2026-11-21 06:30"),
        ("UTC", "2026-11-21 00:10", "23:30", "2026-11-20 23:30"),
        ("UTC", "2026-11-21 05:00", "06:30:00.5", "2026-11-21 06:30:01"),
        ("Asia/Kathmandu", "2026-03-28 22:00", "06:30", "2026-03-29 00:45"),
        # Clocks are set forward: from 02:00 to 03:00, and in Lord Howe by half an hour.
        ("Europe/Berlin", "2026-03-28 22:30", "06:30", "2026-03-29 04:30"),
        ("Europe/Berlin", "2026-03-28 22:30", "02:30", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-03-28 22:30", "03:00", "2026-03-29 01:00"),
        ("America/New_York", "2026-03-08 04:00", "06:30", "2026-03-08 10:30"),
        ("America/New_York", "2026-03-08 04:00", "02:15", "2026-03-08 07:00"),
        ("Australia/Lord_Howe", "2026-10-03 12:00", "02:10", "2026-10-03 15:30"),
        # Clocks are set back: the first of two is meant.
        ("Europe/Berlin", "2026-10-24 21:50", "06:30", "2026-10-25 05:30"),
        ("Europe/Berlin", "2026-10-24 21:50", "02:30", "2026-10-25 00:30"),
        ("Europe/Berlin", "2026-10-25 01:10", "02:30", "2026-10-25 00:30"),  # just missed
        ("America/New_York", "2026-11-01 04:30", "01:15", "2026-11-01 05:15"),
        ("America/New_York", "2026-11-01 04:30", "06:30", "2026-11-01 11:30"),
    ],
)
def test_a_deadline_is_the_next_such_time_unless_it_was_just_missed(
    zone: Callable[[str], None], zone_name: str, start: str, deadline: str, moment: str
) -> None:
    zone(zone_name)
    found = deadline_after(seconds(start), dt.time.fromisoformat(deadline))
    assert dt.datetime.fromtimestamp(found, UTC) == dt.datetime.fromtimestamp(seconds(moment), UTC)


def test_time_stays_up_whatever_the_clock_then_says(zone: Callable[[str], None]) -> None:
    zone("Europe/Berlin")
    readings = ["2026-10-24 23:00", "2026-10-25 00:29", "2026-10-25 00:31", "2026-10-25 00:10"]
    shown = map(seconds, readings)
    is_up = clock(dt.time(2, 30), now=lambda: next(shown), elapsed=lambda: 0.0)
    assert [is_up() for _ in readings[1:]] == [False, True, True]


def test_a_clock_that_is_set_back_makes_nobody_wait(zone: Callable[[str], None]) -> None:
    zone("UTC")
    passed = iter([0.0, 1799.0, 1800.0])
    is_up = clock(dt.time(6, 30), now=lambda: seconds("2026-11-21 06:00"), elapsed=passed.__next__)
    assert [is_up(), is_up()] == [False, True]


class Slow:
    """Takes ten minutes a call, by the end of the first of which all articles are ``read``."""

    signature = "slow@1"
    notice = ""

    def __init__(self) -> None:
        self.time = 0.0
        self.read = threading.Event()

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        assert self.read.wait(60)
        self.time += 600
        return [Hypothesis(f"The road {zlib.crc32(text.encode())} will open.") for text in texts]


def articles(path: Path) -> Path:
    """A file of twenty articles of two publishers, the last of which names a place."""
    with path.open("w", encoding="utf-8") as file:
        for n in range(20):
            city = "कोलकाता की " if n == 19 else ""
            text = f"मंत्री ने सोमवार को कहा कि {city}सड़क नंबर {n} अगले साल तक बनकर तैयार हो जाएगी।"
            publisher = "Small Paper" if n == 15 else "Big Paper"
            file.write(json.dumps({"text": text, "publisher": publisher}) + "\n")
    return path


@pytest.mark.parametrize(
    ("zone_name", "start", "ready"),
    [
        ("Europe/Berlin", "2026-03-28 23:30", 9),  # 00:30 to 03:00, which is 1 h 30
        ("Europe/Berlin", "2026-10-24 22:30", 12),
        ("America/New_York", "2026-03-08 05:30", 9),
        ("Asia/Kathmandu", "2026-03-28 18:45", 12),
    ],
)
def test_at_the_deadline_the_most_important_articles_are_whole(
    zone: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    zone_name: str,
    start: str,
    ready: int,
) -> None:
    zone(zone_name)
    slow = Slow()
    monkeypatch.setattr(News, "standing", lambda news: slow.read.set() or ())
    now = partial(report.clock, now=lambda: seconds(start) + slow.time, elapsed=lambda: slow.time)
    monkeypatch.setattr("toolkit.pipeline.clock", now)
    monkeypatch.setattr("toolkit.runs.translation.CALL_SEGMENTS", 1)
    config = Config(
        inputs=articles(tmp_path / "news.jsonl"),
        outputs=tmp_path / "out",
        cache=tmp_path / "c.sqlite",
        date="2026-03-29",
        deadline="02:30",
        watch="Kolkata",
    )
    result = run(config, translator=slow)
    assert result.counts["articles"] == ready
    assert result.counts["left_over"] == 20 - ready
    taken = {int(a.prepared.article.source.rpartition(":")[2]) for a in result.digest.articles}
    assert {20, 16, 1} <= taken  # the watched, the first of the small publisher and of the big one
