"""What users type, as they type it: the installed command, in a process of its own."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SEEDS = ROOT / "seeds"
GUJARATI = SEEDS / "002_352649bb2b514f0a.txt"


class Shell:
    """Runs ``toolkit`` in an empty folder, with a cache of its own and no network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_DATA_HOME": str(folder / "data"),
            "HF_HOME": str(folder / "hub"),
            # A closed port: what a machine without a network answers.
            "HF_ENDPOINT": "http://127.0.0.1:9",
        }

    def __call__(self, *arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "toolkit", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=self.folder,
            env=self.environment,
            check=False,
            timeout=300,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done


@pytest.fixture
def toolkit(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_help_loads_click_and_no_other_package() -> None:
    script = (
        "import sys, toolkit.cli.commands as cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "files = {name: getattr(m, '__file__', None) or '' for name, m in sys.modules.items()}\n"
        "found = {n.partition('.')[0] for n, file in files.items() if 'site-packages' in file}\n"
        "print(*sorted(name for name in found if not name.startswith('_')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert set(done.stdout.splitlines()[-1].split()) <= {"click", "toolkit"}


def test_the_module_goes_by_the_name_of_the_command(toolkit: Shell) -> None:
    assert toolkit("--help").stdout.startswith("Usage: toolkit [OPTIONS]")
    wrong = toolkit("digest", "--no-such-option")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("Usage: toolkit digest [OPTIONS]")


def test_idle_threads_sleep_unless_the_environment_says_otherwise() -> None:
    script = (
        "import os, sys, toolkit.cli.commands as cli\n"
        "try: cli.main(['languages', 'hindi'])\n"
        "except SystemExit: print('torch' in sys.modules, os.environ['OMP_WAIT_POLICY'])"
    )
    for given, expected in ((None, "PASSIVE"), ("ACTIVE", "ACTIVE")):
        environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
        if given:
            environment["OMP_WAIT_POLICY"] = given
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, env=environment
        )
        assert done.stdout.splitlines()[-1] == f"False {expected}"


def test_translate_from_a_file_and_from_stdin_is_the_same_english(toolkit: Shell) -> None:
    options = ("--from", "gu", "--model", "demo")
    from_file = toolkit("translate", GUJARATI, *options)
    from_stdin = toolkit("translate", "-", *options, stdin=GUJARATI.read_text(encoding="utf-8"))
    assert from_file.returncode == from_stdin.returncode == 0
    assert from_file.stdout == from_stdin.stdout
    assert "Imran Khan" in from_file.stdout
    assert "demo checkpoint" in from_file.stderr


def test_translate_as_json_lines_has_every_sentence_with_its_source(toolkit: Shell) -> None:
    done = toolkit("translate", GUJARATI, "--model", "demo", "--format", "jsonl")
    article = json.loads(done.stdout)
    assert article["language"] == "guj_Gujr"
    assert len(article["segments"]) == 17
    assert all(s["english"] and s["source"] for s in article["segments"])
    assert {d["line"] for d in article["dropped"]} == {1, 5, 6, 30, 32}


def test_both_engines_give_the_same_english(toolkit: Shell) -> None:
    options = ("--model", "demo", "--beam", "1", "--engine")
    ours, theirs = (
        toolkit("translate", GUJARATI, *options, engine) for engine in ("torch", "ctranslate2")
    )
    assert ours.returncode == theirs.returncode == 0
    assert ours.stdout == theirs.stdout != ""


def test_plain_text_says_what_it_does_not_show(toolkit: Shell) -> None:
    done = toolkit("translate", GUJARATI, "--model", "demo")
    assert "5 lines dropped" in done.stderr


@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_a_language_in_doubt_is_named(toolkit: Shell, form: str) -> None:
    text = (
        "An menyster a leveris de Meurth y fydh an pons nowydh ygerys kyns penn an vledhen. "
        "Kostyans an ober o tri milvil a euros."
    )
    done = toolkit("translate", "--model", "demo", "--format", form, stdin=text)
    assert "stdin: taken for English, but reads unlike it" in done.stderr
    told = toolkit("translate", "--model", "demo", "--from", "en", "--format", form, stdin=text)
    assert "taken for" not in told.stderr
    assert "taken for English" in toolkit("summarise", stdin=text).stderr


def test_a_failed_translation_leaves_the_output_file_alone(toolkit: Shell) -> None:
    good = toolkit.folder / "good.txt"
    good.write_text("yesterday's", encoding="utf-8")
    assert toolkit("translate", "no-such.txt", "-o", good).returncode == 1
    assert good.read_text(encoding="utf-8") == "yesterday's"


def test_the_lock_and_a_missed_deadline_have_their_exit_codes(toolkit: Shell) -> None:
    from filelock import FileLock

    outputs = toolkit.folder / "outputs"
    outputs.mkdir()
    with FileLock(outputs / ".lock"):
        done = toolkit("digest", SEEDS, "--model", "demo")
    assert done.returncode == 4
    missed = (dt.datetime.now() - dt.timedelta(minutes=2)).strftime("%H:%M")
    done = toolkit("digest", SEEDS, "--model", "demo", "--deadline", missed)
    assert done.returncode == 5
    assert "deadline" in done.stderr
    assert toolkit("digest", SEEDS, "--deadline", "06:30+02:00").returncode == 2
    again = toolkit("digest", SEEDS, "--model", "demo", "--deadline", missed)
    assert again.returncode == 1
    assert "No digest was written" in again.stderr


def test_translate_to_a_file(toolkit: Shell) -> None:
    out = toolkit.folder / "english.txt"
    done = toolkit("translate", GUJARATI, "--model", "demo", "-o", out)
    assert done.returncode == 0
    assert done.stdout == ""
    assert "Pakistan" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize("output", ["news.txt", "none/english.txt"])
def test_an_output_that_cannot_be_is_refused_at_once(toolkit: Shell, output: str) -> None:
    text = GUJARATI.read_text(encoding="utf-8")
    (toolkit.folder / "news.txt").write_text(text, encoding="utf-8")
    # A model that is not there: it would be the first to fail.
    done = toolkit("translate", "news.txt", "-o", output, "--model", "./no-model")
    assert done.returncode == 1
    assert done.stderr.startswith(f"toolkit: {output}: ")
    assert "Name another file with -o." in done.stderr
    assert (toolkit.folder / "news.txt").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_an_unknown_language_gets_a_suggestion(toolkit: Shell, option: str) -> None:
    done = toolkit("translate", GUJARATI, option, "guj_Guj", "--model", "demo")
    assert done.returncode == 2
    assert "guj_Gujr" in done.stderr
    assert done.stdout == ""


def test_a_language_that_the_script_contradicts_is_refused(toolkit: Shell) -> None:
    done = toolkit("translate", GUJARATI, "--from", "hi", "--model", "demo")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the text is not in the script of Hindi" in done.stderr


def test_no_weights_and_no_network_says_what_to_do(toolkit: Shell) -> None:
    done = toolkit("digest", SEEDS, "--model", "600M")
    assert done.returncode == 1
    for hint in ("toolkit models fetch 600M", "--model demo", "--model /"):
        assert hint in done.stderr
    assert done.stderr.count("\n") < 12
    assert not (toolkit.folder / "outputs" / "latest").exists()


def test_digest_is_quiet_and_a_second_one_asks_the_model_nothing(toolkit: Shell) -> None:
    first = toolkit("digest", SEEDS, "--model", "demo", "--date", "2026-11-21")
    assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
    second = toolkit("digest", SEEDS, "--model", "demo", "--date", "2026-11-21", "--json")
    summary = json.loads(second.stdout)
    assert summary["counts"]["from_model"] == 0
    assert summary["counts"]["from_cache"] > 100
    assert Path(toolkit.folder, summary["paths"]["html"]).exists()


def test_a_digest_is_made_of_stdin_and_files_together(toolkit: Shell) -> None:
    (toolkit.folder / "a.txt").write_text("The council met on Monday. It approved the budget.")
    feed = "".join(
        json.dumps({"text": text, "url": f"https://news.example/{n}"}) + "\n"
        for n, text in enumerate(("A whale was freed off Chile.", "Cocoa prices rose in Ghana."))
    )
    options = ("--model", "demo", "--date", "2026-11-21", "--json")
    both = toolkit("digest", "a.txt", "-", *options, stdin=feed)
    assert json.loads(both.stdout)["counts"]["articles"] == 3
    prose = toolkit("digest", "-", "--all", *options, stdin="The council met on Monday.")
    assert json.loads(prose.stdout)["counts"]["articles"] == 1
    empty = toolkit("digest", "-", *options)
    assert empty.returncode == 1
    assert "not processed: stdin: the file is empty" in empty.stderr


def test_some_failed_is_exit_code_three(toolkit: Shell) -> None:
    news = toolkit.folder / "news"
    news.mkdir()
    (news / "good.txt").write_text("The council met on Monday. It approved the budget.", "utf-8")
    (news / "empty.txt").write_bytes(b"")
    done = toolkit("digest", news, "--model", "demo")
    assert done.returncode == 3
    assert "empty.txt" in done.stderr


def test_wrong_usage_is_exit_code_two(toolkit: Shell) -> None:
    for arguments in (["digest", "--bullets", "0"], ["digest", "--deadline", "soon"], ["nonsense"]):
        assert toolkit(*arguments).returncode == 2
    (toolkit.folder / "toolkit.toml").write_text("colour = 1\n", encoding="utf-8")
    done = toolkit("digest", SEEDS, "--model", "demo")
    assert done.returncode == 2
    assert "toolkit.toml" in done.stderr


def test_a_summariser_that_lacks_its_model_says_what_to_set(toolkit: Shell) -> None:
    done = toolkit("summarise", "--summariser", "prompted", stdin="The council met on Monday.")
    assert done.returncode == 2
    assert "TOOLKIT_LLM_MODEL" in done.stderr


def test_a_path_that_does_not_exist(toolkit: Shell) -> None:
    for command in ("digest", "translate", "summarise"):
        done = toolkit(command, "no-such-file.txt")
        assert done.returncode == 1
        assert "no-such-file.txt" in done.stderr


def test_summarise_reads_english_from_stdin(toolkit: Shell) -> None:
    text = (
        "The council of Oakham approved a budget of 12 million pounds on Monday. "
        "Spending on schools rises by 4 per cent. Three libraries will close in April. "
        "Councillor Jane Hill said that the cuts were needed because tax income fell."
    )
    done = toolkit("summarise", "-", "--bullets", "2", stdin=text)
    assert done.returncode == 0
    assert done.stdout.count("\n- ") == 2
    as_json = json.loads(toolkit("summarise", "--format", "json", stdin=text).stdout)
    assert all(bullet["cites"] for bullet in as_json["bullets"])


def test_summarise_refuses_what_is_not_english(toolkit: Shell) -> None:
    done = toolkit("summarise", GUJARATI)
    assert done.returncode == 1
    assert "Gujarati" in done.stderr
    assert "toolkit translate" in done.stderr


def test_languages_lists_all_and_searches(toolkit: Shell) -> None:
    assert toolkit("languages").stdout.count("\n") == 202
    found = toolkit("languages", "gujarati", "--json").stdout
    assert json.loads(found.splitlines()[0])["code"] == "guj_Gujr"
    unknown = toolkit("languages", "klingonn")
    assert unknown.returncode == 2


def test_models_and_doctor_tell_what_is_here(toolkit: Shell) -> None:
    listed = toolkit("models", "list").stdout
    assert "demo" in listed
    assert "CC-BY-NC-4.0" in listed
    findings = [json.loads(line) for line in toolkit("doctor", "--json").stdout.splitlines()]
    assert {f["name"] for f in findings} >= {"versions", "model", "cache", "last run"}
    assert toolkit("doctor").returncode == 0


def test_what_would_act_on_a_terminal_does_not_reach_it(toolkit: Shell) -> None:
    text = "The council\x1b[2J met on \u202eyadnoM\u202c to vote. " + "It adjourned at noon. " * 20
    shown = toolkit("translate", "-", "--model", "demo", "--from", "en", stdin=text)
    assert shown.stdout
    assert not {"\x1b", "\u202e"}.intersection(shown.stdout + shown.stderr)
    name = "a\x1b[31m.pdf"
    (toolkit.folder / name).write_bytes(b"%PDF-1.4")
    failed = toolkit("translate", name, "--model", "demo")
    assert failed.returncode == 1
    assert "\x1b" not in failed.stderr


def test_a_pipe_without_a_writer_holds_nothing_up(toolkit: Shell) -> None:
    os.mkfifo(toolkit.folder / "pipe")
    for command in ("digest", "translate"):
        done = toolkit(command, "pipe", "--model", "demo")
        assert "neither a file nor a folder" in done.stderr
        assert done.returncode == 1


def test_a_run_that_is_told_to_end_says_so(toolkit: Shell) -> None:
    command = [sys.executable, "-m", "toolkit", "digest", str(SEEDS), "--model", "demo"]
    run = subprocess.Popen(
        command, cwd=toolkit.folder, env=toolkit.environment, stderr=subprocess.PIPE, text=True
    )
    while run.poll() is None and not list(toolkit.folder.glob("outputs/*/run.log")):
        time.sleep(0.01)
    run.terminate()
    _, said = run.communicate(timeout=120)
    assert (run.returncode, said.count("\n")) == (143, 1)
    assert "SIGTERM" in said
