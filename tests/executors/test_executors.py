"""Mapping over real worker processes: order, failures, deaths; nothing is lost."""

from __future__ import annotations

import copy
import datetime as dt
import importlib
import importlib.util
import multiprocessing
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from toolkit import errors
from toolkit.config import Config
from toolkit.data import Hypothesis
from toolkit.errors import ConfigError, ToolkitError, UnknownLanguageError
from toolkit.executors.base import Executor, Failed
from toolkit.executors.local import FEW, Local
from toolkit.executors.ray_cluster import RayCluster
from toolkit.pipeline import run

MANY = range(FEW + 45)


@pytest.fixture(scope="module")
def work() -> Iterator[ModuleType]:
    """The functions to map, from where the workers can import them as well."""
    folder = str(Path(__file__).parent)
    sys.path.insert(0, folder)
    yield importlib.import_module("shard_work")
    sys.path.remove(folder)


NO_RAY = pytest.mark.skip(reason="Ray is not installed: pip install ray")
RAY = pytest.param("ray", marks=[] if importlib.util.find_spec("ray") else [NO_RAY])


@pytest.fixture(scope="module", params=["local", RAY])
def executor(request: pytest.FixtureRequest, work: ModuleType) -> Iterator[Executor]:
    if request.param == "local":
        yield Local(2)
        return
    ray = importlib.import_module("ray")
    cluster = RayCluster()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(p for p in sys.path if p))
        ray.init(num_cpus=2, log_to_driver=False, logging_level="warning")
    yield cluster
    ray.shutdown()


def test_values_come_in_order(executor: Executor, work: ModuleType) -> None:
    assert list(executor.map(work.double, MANY)) == [2 * n for n in MANY]


def test_the_work_is_spread(executor: Executor, work: ModuleType) -> None:
    processes = set(executor.map(work.process, MANY))
    assert os.getpid() not in processes


def test_foreseen_errors_keep_their_place_and_their_kind(
    executor: Executor, work: ModuleType
) -> None:
    found = list(executor.map(work.fails, MANY))
    assert len(found) == len(MANY)
    failed = [f for f in found if isinstance(f, Failed)]
    assert [f.index for f in failed] == [n for n in MANY if n % 50 == 7]
    assert [n for n in found if not isinstance(n, Failed)] == [n for n in MANY if n % 50 != 7]
    error = failed[1].error
    assert isinstance(error, UnknownLanguageError)
    assert str(error) == str(UnknownLanguageError("lang57", ["hin_Deva"]))
    assert error.suggestions == ("hin_Deva",)
    assert error.remedy


def test_what_goes_wrong_once_is_done_again(
    executor: Executor, work: ModuleType, tmp_path: Path
) -> None:
    assert list(executor.map(partial(work.raises_once, tmp_path), MANY)) == list(MANY)
    for item in (3, 5, 70):
        assert len(work.attempts(tmp_path, item)) == 2
        if isinstance(executor, Local):
            assert len(set(work.attempts(tmp_path, item))) == 2, "in another worker"


def test_an_unforeseen_error_is_raised_as_it_is(
    executor: Executor, work: ModuleType, tmp_path: Path
) -> None:
    values = executor.map(partial(work.raises, tmp_path), MANY)
    assert [next(values) for _ in range(70)] == list(range(70))
    with pytest.raises(ZeroDivisionError) as raised:
        next(values)
    assert str(raised.value) == "seventy"
    (note,) = raised.value.__notes__
    assert "item 70" in note
    assert "in raises" in note, "the worker's traceback"
    assert len(work.attempts(tmp_path, 70)) == 2


def test_an_error_that_cannot_travel_is_not_taken_for_a_death(
    executor: Executor, work: ModuleType
) -> None:
    with pytest.raises(RuntimeError, match="ShyError: one and two"):
        list(executor.map(work.raises_shy, MANY))


def test_a_worker_that_dies_costs_no_item(
    executor: Executor, work: ModuleType, tmp_path: Path
) -> None:
    assert list(executor.map(partial(work.dies_once, tmp_path), MANY)) == list(MANY)
    assert len(work.attempts(tmp_path, 71)) == 2
    if isinstance(executor, Local):
        assert len(set(work.attempts(tmp_path, 72))) == 2, "in another worker"


def test_items_that_kill_their_workers_fail_alone(executor: Executor, work: ModuleType) -> None:
    found = list(executor.map(work.dies, MANY))
    assert [n for n in found if not isinstance(n, Failed)] == [n for n in MANY if n not in (70, 71)]
    failed = found[70:72]
    assert [f.index for f in failed if isinstance(f, Failed)] == [70, 71]
    assert all("died" in str(f.error) and f.error.remedy for f in failed if isinstance(f, Failed))


def test_an_error_after_a_death_is_still_raised(
    executor: Executor, work: ModuleType, tmp_path: Path
) -> None:
    with pytest.raises(ZeroDivisionError):
        list(executor.map(partial(work.dies_then_raises, tmp_path), MANY))


def test_a_slow_consumer_holds_the_workers_back(
    executor: Executor, work: ModuleType, tmp_path: Path
) -> None:
    values = executor.map(partial(work.begun, tmp_path), range(2000))
    assert next(values) == 0
    time.sleep(0.6)
    assert 1 <= len(list(tmp_path.iterdir())) <= 6 * 32
    if isinstance(executor, Local):
        values.close()  # type: ignore[attr-defined]
        assert not multiprocessing.active_children()


def test_few_items_start_no_process(work: ModuleType) -> None:
    assert set(Local(2).map(work.process, range(FEW - 1))) == {os.getpid()}
    assert list(Local(2).map(work.process, [])) == []
    found = list(Local(2).map(work.fails, range(10)))
    assert [f.index for f in found if isinstance(f, Failed)] == [7]
    with pytest.raises(ZeroDivisionError) as raised:
        list(Local(2).map((1).__floordiv__, [1, 0]))
    assert raised.value.__notes__ == ["raised for item 1"]


def _run(script: Path) -> subprocess.CompletedProcess[str]:
    """Run a script; return when it and all that inherited its output have ended."""
    return subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import math\n"
        "from toolkit.executors.local import FEW, Local\n"
        "print(sum(Local(2).map(math.factorial, [3] * FEW)) // FEW)\n"
    )
    done = _run(script)
    assert (done.stdout, done.stderr, done.returncode) == ("6\n", "", 0)


def test_a_script_may_map_a_function_of_its_own(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from toolkit.executors.local import FEW, Local\n"
        "def own(item): return item % 2\n"
        "print(sum(Local(2).map(own, range(FEW))))\n"
    )
    done = _run(script)
    assert (done.stdout, done.stderr, done.returncode) == (f"{FEW // 2}\n", "", 0)


def test_work_that_no_worker_can_begin_blames_no_item(work: ModuleType) -> None:
    with pytest.raises(ConfigError, match="ModuleNotFoundError") as raised:
        list(Local(2).map(work.Unportable(), MANY))
    assert "import" in raised.value.remedy


def test_workers_end_when_the_run_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import multiprocessing, os, signal, time\n"
        "from toolkit.executors.local import FEW, Local\n"
        "values = Local(2).map(abs, range(FEW))\n"
        "next(values)\n"
        "print(*[p.pid for p in multiprocessing.active_children()], flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = _run(script)
    assert done.returncode != 0
    assert len(done.stdout.split()) == 2


@pytest.mark.parametrize("attribute", ["__copy__", "pickle"])
@pytest.mark.parametrize(
    "error",
    [
        UnknownLanguageError("hindi", ["hin_Deva"], reason="two go by 'hindi'"),
        *(
            kind("a.txt: bad", remedy="Do better.")
            for kind in vars(errors).values()
            if isinstance(kind, type)
            and issubclass(kind, ToolkitError)
            and kind is not UnknownLanguageError
        ),
    ],
    ids=lambda e: type(e).__name__ if isinstance(e, ToolkitError) else e,
)
def test_errors_of_the_toolkit_travel_whole(error: ToolkitError, attribute: str) -> None:
    error.add_note("seen")
    again = copy.copy(error) if attribute == "__copy__" else pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_ray_that_is_not_installed_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match="Ray, which is not installed") as raised:
        RayCluster()
    assert "pip install ray" in raised.value.remedy


def test_a_cluster_that_does_not_answer_is_named(work: ModuleType) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install ray")
    for address in ("ray://127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:port"):
        with pytest.raises(ConfigError, match=f"Ray at {address} cannot be reached"):
            list(RayCluster(address).map(work.double, MANY))


def test_no_worker_is_not_a_number_of_workers() -> None:
    with pytest.raises(ConfigError):
        Local(0)
    with pytest.raises(ConfigError, match="one of local, ray"):
        Config(executor="dask")


class Recorder:
    """Counts the progress of a run."""

    def __init__(self) -> None:
        self.done: dict[str, int] = {}

    def begin(self, stage: str, total: int) -> None:
        self.stage = stage

    def advance(self, amount: int = 1) -> None:
        self.done[self.stage] = self.done.get(self.stage, 0) + amount


class Same:
    signature = "same@1"
    notice = ""

    def translate(self, texts: list[str], *, source: str, target: str) -> list[Hypothesis]:
        return [Hypothesis(text) for text in texts]


def test_a_large_run_prepares_every_article_and_names_the_empty_one(tmp_path: Path) -> None:
    news = tmp_path / "news"
    news.mkdir()
    for n in range(FEW + 2):
        text = f"The council of town {n} approved its budget of {n} million on Monday.\n"
        (news / f"{n:03}.txt").write_text("Share\nSubscribe\n" if n == 40 else text, "utf-8")
    recorder = Recorder()
    config = Config(
        inputs=(news,),
        outputs=tmp_path / "out",
        cache=tmp_path / "c.sqlite",
        date=dt.date(2026, 11, 21),
    )
    result = run(config, translator=Same(), progress=recorder)  # type: ignore[arg-type]
    names = [Path(a.source).name for a in result.digest.articles]
    assert names == [f"{n:03}.txt" for n in range(FEW + 2) if n != 40]
    (failure,) = result.digest.failures
    assert (Path(failure.source).name, failure.stage) == ("040.txt", "clean")
    assert failure.reason == "no text is left after cleaning"
    assert failure.remedy
    assert recorder.done["clean"] == FEW + 2
