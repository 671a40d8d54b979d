"""Reading inputs and writing a run's folder."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.digest import render
from toolkit.errors import InputError, LockedError, OutputError
from toolkit.readers import jsonl
from toolkit.readers.collection import load
from toolkit.runs import outputs
from toolkit.runs.outputs import RunFolder

DAY = dt.date(2026, 11, 21)
STORY = "The harbour was closed on Monday because of the storm. Ships waited outside."


def test_a_folder_is_read_in_the_order_of_names_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", ".hidden.txt", "sub/c.txt", ".git/d.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{STORY} It is {name}.", encoding="utf-8")
    loaded = load([tmp_path])
    assert [Path(a.source).name for a in loaded.articles] == ["a.txt", "b.txt", "c.txt"]
    assert not loaded.failures


def test_the_same_article_twice_is_read_once_and_named(tmp_path: Path) -> None:
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text(STORY, encoding="utf-8")
    loaded = load([tmp_path, tmp_path / "one.txt"])
    assert [Path(a.source).name for a in loaded.articles] == ["one.txt"]
    assert [(Path(a).name, Path(b).name) for a, b in loaded.duplicates] == [("two.txt", "one.txt")]


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none"):
        load([tmp_path / "none"])


def test_a_written_file_is_whole_or_absent(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, DAY) as folder:
        folder.write_text("digest.md", ["yesterday's"])

        def broken() -> object:
            yield "half of "
            raise RuntimeError("power cut")

        with pytest.raises(RuntimeError):
            folder.write_text("digest.md", broken())  # type: ignore[arg-type]
        assert (folder.path / "digest.md").read_text(encoding="utf-8") == "yesterday's"
        assert [p.name for p in folder.path.iterdir()] == ["digest.md"]


def test_latest_moves_to_the_newest_run(tmp_path: Path) -> None:
    for day in (DAY, DAY + dt.timedelta(days=1)):
        with RunFolder.open(tmp_path, day) as folder:
            folder.point_latest(DAY)
    assert (tmp_path / "latest").resolve().name == "2026-11-22"


def test_a_second_run_is_locked_out_and_a_killed_one_is_not_in_the_way(tmp_path: Path) -> None:
    script = (
        "import datetime, sys, time; from pathlib import Path\n"
        "from toolkit.runs.outputs import RunFolder\n"
        "with RunFolder.open(Path(sys.argv[1]), datetime.date(2026, 11, 21)):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(LockedError, match="another run"), RunFolder.open(tmp_path, DAY):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with RunFolder.open(tmp_path, DAY) as folder:
        assert folder.path.is_dir()


def test_a_file_where_the_folder_should_be_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("", encoding="utf-8")
    with (
        pytest.raises(OutputError, match="a file stands where a folder must be") as caught,
        RunFolder.open(tmp_path / "outputs", DAY),
    ):
        pass
    assert "--outputs" in caught.value.remedy


def test_links_to_folders_are_followed_and_loops_end(tmp_path: Path) -> None:
    (tmp_path / "news" / "sub").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text(STORY, encoding="utf-8")
    (tmp_path / "news" / "linked").symlink_to(tmp_path / "other")
    (tmp_path / "news" / "sub" / "up").symlink_to(tmp_path / "news")
    loaded = load([tmp_path / "news"])
    assert [a.source for a in loaded.articles] == [str(tmp_path / "news" / "linked" / "a.txt")]
    assert not loaded.failures
    assert not loaded.duplicates


def test_what_cannot_be_read_in_a_folder_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "broken.txt").symlink_to(tmp_path / "gone.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "whole.txt").write_text(STORY, encoding="utf-8")
    loaded = load([tmp_path])
    assert [Path(a.source).name for a in loaded.articles] == ["whole.txt"]
    assert [(Path(f.source).name, f.stage) for f in loaded.failures] == [
        ("broken.txt", "read"),
        ("pipe.txt", "read"),
    ]
    assert "link to nothing" in loaded.failures[0].reason


# Root may read everything: what the system would refuse to others is refused by the stand-in.
@pytest.mark.parametrize("call", ["scandir", "stat"])
def test_a_closed_subfolder_is_a_failure_and_a_closed_folder_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "a.txt").write_text(STORY, encoding="utf-8")
    (tmp_path / "b.txt").write_text(STORY, encoding="utf-8")
    real = getattr(os, call)

    def refuse(path: object = ".", *args: object, **options: object) -> object:
        name = os.fspath(path) if isinstance(path, (str, os.PathLike)) else ""
        if name.startswith(str(closed if call == "scandir" else closed / "a.txt")):
            raise PermissionError(13, "Permission denied", name)
        return real(path, *args, **options)

    monkeypatch.setattr(os, call, refuse)
    loaded = load([tmp_path])
    assert [Path(a.source).name for a in loaded.articles] == ["b.txt"]
    (failure,) = loaded.failures
    assert failure.reason == "Permission denied"
    assert failure.source.startswith(str(closed))
    with pytest.raises(InputError, match="Permission denied"):
        load([closed if call == "scandir" else closed / "a.txt"])


def test_a_name_that_is_not_utf8_can_be_shown_and_written(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / os.fsdecode(b"caf\xe9.txt")).write_text(STORY, encoding="utf-8")
    (article,) = load([tmp_path / "in"]).articles
    assert Path(article.source).name == "caf\ufffd.txt"
    with RunFolder.open(tmp_path / "out", DAY) as folder:
        folder.write_json("run.json", {"inputs": os.fsdecode(b"caf\xe9")})
        written = json.loads((folder.path / "run.json").read_text(encoding="utf-8"))
    assert written == {"inputs": "caf?"}


def test_a_run_locked_out_leaves_nothing(tmp_path: Path) -> None:
    with (
        RunFolder.open(tmp_path, DAY),
        pytest.raises(LockedError),
        RunFolder.open(tmp_path, DAY + dt.timedelta(days=1)),
    ):
        pass
    assert not (tmp_path / "2026-11-22").exists()


def test_what_a_killed_run_left_half_written_is_swept(tmp_path: Path) -> None:
    script = (
        "import datetime, os, sys; from pathlib import Path\n"
        "from toolkit.runs.outputs import RunFolder\n"
        "def parts():\n"
        "    yield 'half of'\n"
        "    os._exit(9)\n"
        "with RunFolder.open(Path(sys.argv[1]), datetime.date(2026, 11, 21)) as folder:\n"
        "    folder.write_text('digest.html', parts())\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert done.returncode == 9
    assert len(list((tmp_path / "2026-11-21").iterdir())) == 1
    with RunFolder.open(tmp_path, DAY + dt.timedelta(days=1)):
        assert not list((tmp_path / "2026-11-21").iterdir())


def test_an_older_run_does_not_move_latest_back(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, DAY) as folder:
        assert folder.point_latest(DAY)
        assert folder.point_latest(DAY)
    with RunFolder.open(tmp_path, DAY - dt.timedelta(days=1)) as folder:
        assert not folder.point_latest(DAY)
    assert (tmp_path / "latest").resolve().name == "2026-11-21"


def test_no_links_in_the_file_system_stop_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", refuse)
    with RunFolder.open(tmp_path, DAY) as folder:
        assert not folder.point_latest(DAY)
    assert "Operation not permitted" in caplog.text


def test_the_first_days_of_the_calendar_have_no_earlier_stories(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, dt.date(1, 1, 3)) as folder:
        assert list(folder.earlier_stories()) == []


def test_files_of_a_draft_come_together_or_not_at_all(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, DAY) as folder:
        with folder.draft() as draft:
            draft.write("a.txt", ["one"])
        assert list(folder.path.iterdir()) == []
        with folder.draft() as draft:
            draft.write("a.txt", ["one, "])
            draft.write("b.txt", [])
            draft.write("a.txt", ["two"])
            assert not (folder.path / "a.txt").exists()
            found = draft.publish()
        assert {name: path.read_text("utf-8") for name, path in found.items()} == {
            "a.txt": "one, two",
            "b.txt": "",
        }
        assert sorted(path.name for path in folder.path.iterdir()) == ["a.txt", "b.txt"]


def test_where_one_file_cannot_be_replaced_none_is(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, DAY) as folder:
        with folder.draft() as draft:
            draft.write("a.txt", ["morning"])
            draft.publish()
        (folder.path / "b.txt").mkdir()
        with folder.draft() as draft:
            for name in ("new.txt", "a.txt", "b.txt"):
                draft.write(name, ["noon"])
            with pytest.raises(OutputError, match=r"b\.txt"):
                draft.publish()
        assert (folder.path / "a.txt").read_text("utf-8") == "morning"
        assert sorted(path.name for path in folder.path.iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_large_file_of_lines_is_read_in_parts_as_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str, encoding: str
) -> None:
    lines = [json.dumps({"text": f"{STORY} Gate {n}. €"}, ensure_ascii=False) for n in range(60)]
    lines[20:20] = ["", "  "]
    lines[31] = "%PDF is no article"
    lines[40] = json.dumps({"text": "It has an address.", "source": "https://a.example/1"})
    lines[41] = "{broken"
    lines += [""] * 300 + [lines[0]]
    (tmp_path / "news.jsonl").write_bytes(ends.join(lines).encode(encoding))
    whole = load([tmp_path])
    assert len(whole.articles) == 58
    assert [f.source.rpartition(":")[2] for f in whole.failures] == ["32", "42"]
    for size in (2, 90, 1000):
        monkeypatch.setattr(jsonl, "_SLICE", size)
        parts = load([tmp_path])
        assert parts.articles == whole.articles
        assert parts.duplicates == whole.duplicates
        assert [f.source for f in parts.failures] == [f.source for f in whole.failures]


@pytest.mark.parametrize("indent", [None, 2])
def test_stories_of_earlier_digests_are_read_the_latest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, indent: int | None
) -> None:
    monkeypatch.setattr(outputs, "_CHARACTERS", 7)
    told = 'A title with "stories": [ in it'
    for day in (14, 19, 20):
        stories = [
            {"headline": f"Day {day}, {n} ]", "bullets": [{"text": "One."}, {"text": "Two."}]}
            for n in range(3)
        ]
        digest = {"articles": [{"title": told}], "stories": stories, "failures": [{"stories": []}]}
        path = tmp_path / f"2026-11-{day}" / "digest.json"
        path.parent.mkdir()
        path.write_text(json.dumps(digest, indent=indent), encoding="utf-8")
    for day, text in ((15, "{damaged"), (16, '{"stories": [{"headline": "Half'), (17, "[]")):
        (tmp_path / f"2026-11-{day}").mkdir()
        (tmp_path / f"2026-11-{day}" / "digest.json").write_text(text, encoding="utf-8")
    with RunFolder.open(tmp_path, DAY) as folder:
        found = list(folder.earlier_stories())
    days = [20] * 3 + [19] * 3 + [14] * 3
    assert [story.date.day for story in found] == days
    assert {story.text for story in found} == {"One.\nTwo."}
    assert found[1].headline == "Day 20, 1 ]"


def test_the_page_of_the_day_before_leads_to_this_one(tmp_path: Path) -> None:
    (tmp_path / "2026-11-xx").mkdir()
    (tmp_path / "2026-11-xx" / "digest.html").write_text("x")
    for day in ("2026-11-18", "2026-11-20", "2026-11-23"):
        (tmp_path / day).mkdir()
        page = f"<p>{render.NEXT_DAY}</p>" + "ä" * 90_000 + render.NEXT_DAY
        (tmp_path / day / "digest.html").write_text(page, encoding="utf-8")
    with RunFolder.open(tmp_path, DAY) as folder:
        before = folder.day_before
        assert before == dt.date(2026, 11, 20)
        assert folder.day_after == dt.date(2026, 11, 23)
        for _ in range(2):
            folder.link_from(before)
        folder.link_from(dt.date(2026, 11, 19))
    changed = (tmp_path / "2026-11-20" / "digest.html").read_text(encoding="utf-8")
    assert changed == page.replace(render.NEXT_DAY, render.next_day(DAY), 1)
    assert 'href="../2026-11-21/digest.html"' in changed
    assert (tmp_path / "2026-11-18" / "digest.html").read_text(encoding="utf-8") == page
