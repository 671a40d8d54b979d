"""The measuring: rows, ratios, the table, what is written, and real runs on tiny checkpoints."""

from __future__ import annotations

import json
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolkit.bench import comparison, subjects, timing
from toolkit.bench.report import BenchReport, BenchRow, as_text, best_engine, with_ratios
from toolkit.bench.subjects import LENGTHS
from toolkit.bench.timing import END, Files, Subject, Work, by_output, make_sources
from toolkit.cli import console
from toolkit.cli.commands import main
from toolkit.errors import ModelError

GUJARATI = Path(__file__).parents[2] / "seeds" / "002_352649bb2b514f0a.txt"


def row(name: str, beam: int, speed: float) -> BenchRow:
    return BenchRow(name, "torch", "int8", beam, None, speed, speed / 22, 900.0, 3.5)


def report(*rows: BenchRow) -> BenchReport:
    return BenchReport("x86_64 amx", 2, "512 sentences", tuple(with_ratios(rows)))


REPORT = report(
    row(comparison.STOCK, 1, 400),
    row("torch-english", 1, 1300),
    row("ctranslate2-english", 1, 700),
    row("torch-english", 4, 200),
    row("ctranslate2-english", 4, 210),
)


def test_ratios_are_to_the_stock_engine_with_the_same_beam() -> None:
    assert [r.ratio for r in REPORT.rows] == [1.0, 3.25, 1.75, None, None]


def test_json_has_the_promised_fields() -> None:
    (first, *_) = json.loads(json.dumps(asdict(REPORT)))["rows"]
    promised = [
        "name", "engine", "precision", "beam", "batch", "tokens_per_second",
        "sentences_per_second", "peak_mb", "first_sentence_s", "ratio",
    ]  # fmt: skip
    assert list(first)[: len(promised)] == promised
    assert {"rounds", "tried", "device_mb", "sentences"} <= set(first)


def test_the_table_says_what_to_use() -> None:
    text = as_text(REPORT)
    assert "3.25" in text
    assert "Fastest with beam 1: torch-english (torch, int8)." in text
    assert "GPU MB" not in text
    lines = [line for line in text.splitlines() if line.startswith(("engine ", "torch-", "ctr"))]
    assert len(lines) == 6
    assert len({line.index("  int8") for line in lines[1:]}) == 1


def test_the_best_engine_is_the_one_for_the_beam_in_use() -> None:
    assert best_engine(REPORT, 1) == "torch"
    assert best_engine(REPORT, 4) == "ctranslate2"
    assert best_engine(REPORT, 2) == "torch"  # not measured: the fastest of all
    only = report(row(comparison.STOCK, 1, 9000), row("torch-english", 1, 1))
    assert best_engine(only, 1) is None  # nothing to choose from


def test_a_batch_has_outputs_of_like_length() -> None:
    lengths = [(5, 4), (9, 8), (5, 4), (7, 8), (6, 4), (9, 8)]
    batches = by_output(lengths, 3)
    assert sorted(i for batch in batches for i in batch) == list(range(6))
    assert [{lengths[i][1] for i in batch} for batch in batches] == [{8}, {4}]
    assert [len(batch) for batch in by_output(lengths, None, mixed=True)] == [6]
    assert [len(batch) for batch in by_output(lengths, 4, mixed=True)] == [4, 2]


def test_all_engines_get_the_same_sources() -> None:
    files = Files(Path(), Path())
    works = [Work("torch", "int8", 1, 9, files, kept, LENGTHS, 1) for kept in (None, (1, 2, 9))]
    sources = make_sources(works[0])
    assert sources == make_sources(works[1])
    assert [len(source) for source in sources] == [n for n, _ in LENGTHS]
    assert all(source[-1] == END for source in sources)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("beam", [1, 4])
def test_each_engine_is_there_once_and_the_stock_one_has_a_choice(beam: int, device: str) -> None:
    found = {entry.name: entry for entry in comparison.entries(beam, device)}
    assert len(found) == 5
    assert len(found[comparison.STOCK].batches) >= 4
    assert len(found["transformers-batched"].batches) >= 3
    assert found["transformers-single"].batches == (1,)
    for entry in found.values():
        assert list(entry.batches) == sorted(entry.batches)
        assert entry.cut == entry.name.endswith("english")


class Machine:
    """Stands for the processes that measure: a speed for each engine, and what was asked."""

    def __init__(self, speeds: dict[tuple[str, bool], float]) -> None:
        self.speeds = speeds
        self.killed: set[tuple[str, bool]] = set()
        self.measured: list[Work] = []
        self.swept: list[Work] = []

    def __call__(self, call: object, *args: object) -> object:
        if call is timing.prepare:
            return None
        work = args[0]
        assert isinstance(work, Work)
        if (work.engine, work.kept is not None) in self.killed:
            raise BrokenProcessPool
        speed = self.speeds[work.engine, work.kept is not None]
        if call is timing.sweep:
            self.swept.append(work)
            batches = args[1]
            assert isinstance(batches, tuple)
            return [(batch, speed / (1 + abs(batch - 32) / 32)) for batch in batches]
        self.measured.append(work)
        tokens = sum(cap for _, cap in work.lengths)
        return timing.Timing(tokens / speed, 3.0, 900.0, tokens)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine(
        {
            ("transformers", False): 60.0,
            ("ctranslate2", False): 240.0,
            ("ctranslate2", True): 500.0,
            ("torch", True): 800.0,
        }
    )
    monkeypatch.setattr(comparison, "_in_process", found)
    return found


def test_a_whole_run_fits_its_minutes_and_compares_like_with_like(machine: Machine) -> None:
    told: list[str] = []
    done = comparison.run(say=told.append)
    assert len(done.rows) == 10
    assert "minutes" in told[-1]
    stock, ours = (
        [r for r in done.rows if r.name == name] for name in (comparison.STOCK, "torch-english")
    )
    # The best of the sizes, on so few output lengths that sentences of one fill it.
    assert [r.batch for r in stock] == [32, 32]
    for row, beam, lengths in zip(stock, (1, 4), (8, 4), strict=True):
        assert row.sentences == 512 / beam
        assert row.sentences / lengths >= (row.batch or 0)
    assert [r.batch for r in ours] == [None, None]
    assert [r.sentences for r in stock] == [r.sentences for r in ours]
    assert [len(r.rounds) for r in stock] == [2, 2]
    work = {(w.engine, w.beam, w.kept is not None, w.batch): w for w in machine.measured}
    assert work["torch", 1, True, None].lengths == work["ctranslate2", 1, False, 32].lengths
    wide = [w for w in machine.measured if w.beam == 4 and w.batch != 1]
    assert {len(set(w.lengths)) for w in wide} == {4}
    single = work["transformers", 1, False, 1]
    assert set(single.lengths) == set(LENGTHS)
    assert len(single.lengths) == 8
    # Turns are taken: no engine runs twice before the others have run.
    names = [(w.engine, w.beam, w.kept is not None, w.batch == 1) for w in machine.measured]
    assert len(set(names[:10])) == 10
    assert names[10:] == [name for name in names[:10] if name[0] != "transformers"]


def test_an_engine_that_is_killed_costs_its_own_line_only(machine: Machine) -> None:
    machine.killed.add(("ctranslate2", False))
    done = comparison.run(beams=[1])
    assert [r.name for r in done.rows if r.failed] == [comparison.STOCK]
    assert all(r.ratio is None for r in done.rows)
    (line,) = (text for text in as_text(done).splitlines() if text.startswith(comparison.STOCK))
    assert line.endswith(" failed")
    assert best_engine(done, 1) == "torch"
    machine.killed |= set(machine.speeds)
    nothing = comparison.run(beams=[1])
    assert all(r.failed for r in nothing.rows)
    assert "Fastest" not in as_text(nothing)
    assert best_engine(nothing, 1) is None


def test_preparing_that_is_killed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*args: object) -> None:
        raise BrokenProcessPool

    monkeypatch.setattr(comparison, "_in_process", killed)
    with pytest.raises(ModelError, match="cannot be prepared"):
        comparison.run()


def test_a_short_run_is_one_round_of_those_that_matter(machine: Machine) -> None:
    done = comparison.run(beams=[1], short=True)
    assert [(r.name, r.sentences, len(r.rounds)) for r in done.rows] == [
        (name, 256, 1) for name in (comparison.STOCK, "ctranslate2-english", "torch-english")
    ]
    assert [[size for size, _ in r.tried] for r in done.rows] == [[64, 128], [64, 128], []]
    assert [r.batch for r in done.rows] == [64, 64, None]


def test_a_slow_machine_gets_fewer_sentences(machine: Machine) -> None:
    quick = comparison.run(names=[comparison.STOCK]).rows[0].sentences
    machine.speeds["ctranslate2", False] = 30.0
    assert comparison.run(names=[comparison.STOCK]).rows[0].sentences < quick
    assert comparison.run(names=[comparison.STOCK], sentences=512).rows[0].sentences == 512


@pytest.mark.parametrize(
    ("flags", "expected"),
    [([], "beam = 1\n"), (["--write-config"], 'beam = 1\nengine = "torch"\n')],
)
def test_the_engine_is_written_only_where_it_is_wanted(
    machine: Machine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    expected: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    Path("toolkit.toml").write_text("beam = 1\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["bench", "--json", "--device", "cpu", *flags])
    assert done.exit_code == 0, done.output
    assert len(json.loads(done.stdout)["rows"]) == 10
    assert Path("toolkit.toml").read_text(encoding="utf-8") == expected


@pytest.mark.parametrize(("answer", "written"), [(True, True), (False, False)])
def test_at_a_terminal_people_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bool, written: bool
) -> None:
    asked: list[str] = []

    def confirm(question: str, **options: object) -> bool:
        asked.append(question)
        assert options["default"] is False
        return answer

    class Terminal:
        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            return len(text)

        def flush(self) -> None:
            pass

    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}", Terminal())
    monkeypatch.setattr("click.confirm", confirm)
    path = tmp_path / "toolkit.toml"
    console.keep_setting("engine", "torch", path, asked=False)
    assert asked == [f'Write engine = "torch" to {path}?']
    assert path.exists() == written


def test_a_run_measures_each_engine(tmp_path: Path) -> None:
    """A tiny checkpoint stands where the random one would be made."""
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    config = M2M100Config(
        vocab_size=5000, d_model=16, encoder_layers=1, decoder_layers=1, encoder_ffn_dim=32,
        decoder_ffn_dim=32, encoder_attention_heads=2, decoder_attention_heads=2,
    )  # fmt: skip
    M2M100ForConditionalGeneration(config).save_pretrained(tmp_path / "checkpoint")
    files = Files(tmp_path / "checkpoint", tmp_path / "prepared")
    subject = Subject("tiny", files, tuple(range(3000)), ((5, 4), (6, 3)), vocabulary=5000)
    names = [comparison.STOCK, "torch-english"]
    done = comparison.run(subject, beams=[2], sentences=32, rounds=1, names=names, threads=1)
    assert [r.name for r in done.rows] == names
    for measured in done.rows:
        assert measured.tokens_per_second > 0
        assert measured.peak_mb > 50
        assert measured.first_sentence_s > 0.1
        assert measured.ratio is not None
    assert done.rows[0].ratio == 1
    assert done.rows[0].batch in [batch for batch, _ in done.rows[0].tried]


def test_a_checkpoint_that_is_here_is_measured_on_real_sentences(tiny_checkpoint: Path) -> None:
    subject = subjects.find(str(tiny_checkpoint), [GUJARATI], asked=True)
    assert len(subject.sources) == len(subject.lengths) >= 15
    assert [len(r) for r in subject.sources] == [n for n, _ in subject.lengths]
    assert sorted(subject.lengths) == list(subject.lengths)
    names = ["transformers-single", "torch-english"]
    done = comparison.run(subject, beams=[1], sentences=24, rounds=1, names=names, threads=1)
    assert [r.sentences for r in done.rows] == [8, 24]
    assert all(r.tokens_per_second > 0 for r in done.rows)


def test_without_weights_random_ones_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert subjects.find("600M", [GUJARATI], asked=False).lengths == LENGTHS
    assert subjects.find("demo", [GUJARATI], asked=False).lengths == LENGTHS
    with pytest.raises(ModelError, match="not on this machine"):
        subjects.find("600M", [GUJARATI], asked=True)
