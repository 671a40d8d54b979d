"""Where options come from, which wins, and how a wrong one is refused."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolkit.cli.settings import write_setting
from toolkit.config import Config, load
from toolkit.errors import ConfigError, OutputError


def test_defaults_file_environment_and_options_in_that_order(tmp_path: Path) -> None:
    file = tmp_path / "toolkit.toml"
    file.write_text('model = "1.3B"\nbeam = 2\nbullets = 5\noutputs = "out"\n', encoding="utf-8")
    environment = {"TOOLKIT_BEAM": "3", "TOOLKIT_BULLETS": "6", "TOOLKIT_DEADLINE": "05:45"}
    config = load({"bullets": 7, "device": None}, path=file, environment=environment)
    assert (config.model, config.beam, config.bullets) == ("1.3B", 3, 7)
    assert config.device == Config().device
    assert config.deadline == dt.time(5, 45)
    assert config.outputs == tmp_path / "out"


def test_the_file_in_the_working_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(environment={}).model == "600M"
    Path("toolkit.toml").write_text('inputs = ["news", "more"]\n', encoding="utf-8")
    assert load(environment={}).inputs == (Path("news"), Path("more"))


def test_the_users_file_is_read_where_the_working_folder_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the user's own, so it may name code."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    (tmp_path / "news-toolkit").mkdir()
    own = tmp_path / "news-toolkit/toolkit.toml"
    own.write_text('model = "my.package:factory"\nbeam = 2\n', encoding="utf-8")
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    config = load(environment=environment)
    assert (config.model, config.beam) == ("my.package:factory", 2)
    Path("toolkit.toml").write_text("beam = 3\n", encoding="utf-8")
    assert load(environment=environment).beam == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colour = 'red'", "unknown setting 'colour'"),
        ("beam = 'wide'", "beam cannot be 'wide'"),
        ("beam = 0", "beam cannot be 0: it is a whole number from 1 to 16"),
        ("beam = 2.5", "beam cannot be 2.5"),
        ("bullets = 99", "bullets cannot be 99: it is a whole number from 1 to 10"),
        ("device = 'tpu'", "device cannot be 'tpu': it is one of auto, cpu, cuda"),
        ("model = 'os:abort'", "model = 'os:abort' names code to run"),
        ("allow_private = true", "allow_private opens this machine and its networks"),
        ("deadline = 'soon'", "deadline cannot be 'soon'"),
        ("beam = ", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("toolkit.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"^toolkit.toml: {says}") as caught:
        load(environment={})
    assert "\n" not in str(caught.value)


def test_a_file_that_is_named_may_choose_code_to_run_and_networks(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text("model = 'my_package:make'\nallow_private = true\n", encoding="utf-8")
    config = load(path=file, environment={})
    assert (config.model, config.allow_private) == ("my_package:make", True)


def test_a_missing_file_that_was_named_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such configuration file"):
        load(path=tmp_path / "none.toml", environment={})


@pytest.mark.parametrize(
    ("name", "written", "held"),
    [
        ("inputs", "seeds", (Path("seeds"),)),
        ("inputs", Path("seeds"), (Path("seeds"),)),
        ("inputs", ["a", Path("b")], (Path("a"), Path("b"))),
        ("inputs", (name for name in "ab"), (Path("a"), Path("b"))),
        ("inputs", "~/news", (Path.home() / "news",)),
        ("outputs", "out", Path("out")),
        ("date", "2026-01-02", dt.date(2026, 1, 2)),
        ("date", dt.datetime(2026, 1, 2, 6, 30), dt.date(2026, 1, 2)),
        ("date", None, None),
        ("deadline", "06:30", dt.time(6, 30)),
        ("model", Path("weights"), "weights"),
        ("templates", None, None),
        ("beam", True + 1, 2),
        ("watch", "gas  pipeline", ("gas pipeline",)),
        ("mute", ["Lavrov", "કિર્ગિસ્તાન", "Lavrov"], ("Lavrov", "કિર્ગિસ્તાન")),
    ],
)
def test_options_are_taken_as_people_write_them(name: str, written: Any, held: Any) -> None:
    assert getattr(Config(**{name: written}), name) == held


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("inputs", value) for value in (5, (), "", b"a", [["a"]], None, [None])),
        *(("outputs", value) for value in (5, "", None, b"a", "a\0b")),
        *(("date", value) for value in ("tomorrow", 5, dt.time(1))),
        *(
            ("deadline", value)
            for value in ("soon", dt.time(1, tzinfo=dt.UTC), dt.date(2026, 1, 1))
        ),
        *(("model", value) for value in ("", " ", None, 600)),
        *(("beam", value) for value in (0, 17, True, 2.0, "2", None)),
        *(("watch", value) for value in ("", [""], ["..."], [5], None)),
        *(("engine", value) for value in ("Torch", None, ["torch"])),
    ],
)
def test_all_else_is_refused_with_what_is_accepted(name: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        Config(**{name: value})
    line = str(caught.value)
    assert line.startswith(f"{name} cannot be {value!r}: it is ")
    assert "\n" not in line


def test_replacing_an_option_keeps_the_others() -> None:
    config = Config(inputs="a", beam=2)
    assert replace(config, bullets=3) == Config(inputs="a", beam=2, bullets=3)
    with pytest.raises(ConfigError, match="bullets"):
        replace(config, bullets=0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", 'engine = "torch"\n'),
        ("beam = 2", 'beam = 2\nengine = "torch"\n'),
        (
            "# mine\nengine = 'auto'  # why\nbeam = 2\n",
            '# mine\nengine = "torch"  # why\nbeam = 2\n',
        ),
        ('model = "600M"\r\nengine="ctranslate2"\r\n', 'model = "600M"\r\nengine="torch"\r\n'),
        ('"engine" = "auto"\n', '"engine" = "torch"\n'),
        ('engine = """\nauto"""\n', 'engine = "torch"\n'),
        ('# engine = "auto"\n', '# engine = "auto"\nengine = "torch"\n'),
        ('inputs = [\n  "engine",\n]\n', 'inputs = [\n  "engine",\n]\nengine = "torch"\n'),
        ('engine = "torch"\n', 'engine = "torch"\n'),
    ],
)
def test_one_setting_is_written_and_the_rest_stays(tmp_path: Path, old: str, new: str) -> None:
    file = tmp_path / "toolkit.toml"
    if old:
        file.write_bytes(old.encode())
    assert write_setting("engine", "torch", path=file) == file
    assert file.read_bytes().decode() == new
    assert load(path=file, environment={}).engine == "torch"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_is_not_toml_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "toolkit.toml"
    file.write_text("beam = \n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"toolkit\.toml: cannot be read"):
        write_setting("engine", "torch", path=file)
    assert file.read_text(encoding="utf-8") == "beam = \n"


def test_a_linked_file_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "toolkit.toml"
    real.write_text("beam = 2\n", encoding="utf-8")
    real.chmod(0o600)
    link.symlink_to(real)
    write_setting("engine", "torch", path=link)
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8") == 'beam = 2\nengine = "torch"\n'
    assert real.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_setting("engine", "torch", path=tmp_path / "none" / "toolkit.toml")


def test_columns_come_from_a_file_or_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "toolkit.toml"
    path.write_text('columns = { text = "raw", title = "t" }', encoding="utf-8")
    assert load(path=path).columns == {"text": "raw", "title": "t"}
    environment = {"TOOLKIT_COLUMNS": "text=body, author=who"}
    assert load(environment=environment).columns == {"text": "body", "author": "who"}
    for wrong in ({"txt": "raw"}, "text", {"text": ""}):
        with pytest.raises(ConfigError, match="columns cannot be"):
            load({"columns": wrong})


def test_addresses_survive_wherever_they_are_named(tmp_path: Path) -> None:
    address = "https://example.org//feed.xml?a=b://c#d"
    assert Config(inputs=[address, "seeds"]).inputs == (address, Path("seeds"))
    assert Config(inputs=Path("https://example.org/feed")).inputs == ("https://example.org/feed",)
    assert Config(inputs="file:///tmp/a.txt").inputs == (Path("file:///tmp/a.txt"),)
    file = tmp_path / "toolkit.toml"
    file.write_text(f'feeds = ["{address}", "my.opml"]', encoding="utf-8")
    assert load(path=file, environment={}).feeds == (address, tmp_path / "my.opml")
    variables = {"TOOLKIT_FEEDS": f"{address} my.opml", "TOOLKIT_ALLOW_PRIVATE": "true"}
    config = load(environment=variables)
    assert (config.feeds, config.allow_private) == ((address, Path("my.opml")), True)
    assert load(environment={"TOOLKIT_INPUTS": f"{address} b"}).inputs == (address, Path("b"))


def test_feeds_take_the_place_of_the_default_inputs() -> None:
    feed = "https://example.org/feed.xml"
    assert Config(feeds=feed).sources == (feed,)
    assert Config(feeds=feed, inputs="inbox").sources == (Path("inbox"), feed)
    assert Config().sources == (Path("seeds"),)


def test_a_misspelt_variable_is_told_and_another_programs_is_not() -> None:
    with pytest.raises(ConfigError, match="TOOLKIT_MODLE: no such setting") as error:
        load(environment={"TOOLKIT_MODLE": "demo"})
    assert error.value.remedy == "Did you mean TOOLKIT_MODEL?"
    others = {"TOOLKIT_DEBUG": "1", "TOOLKIT_COLOUR_SCHEME": "dark", "TOOLKITS": "here"}
    assert load(environment=others) == load(environment={})


def test_sections_come_from_a_file_or_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "toolkit.toml"
    path.write_text('[sections]\nAfrica = ["Kenya", "Chad"]\nEnergy = "gas"\n', encoding="utf-8")
    assert load(path=path).sections == {"Africa": ("Kenya", "Chad"), "Energy": ("gas",)}
    environment = {"TOOLKIT_SECTIONS": "Africa=Kenya,Chad;Energy=gas"}
    assert load(environment=environment).sections == load(path=path).sections
    for wrong in ({"Africa": []}, {"Africa": [1]}, {"": ["gas"]}, "Africa"):
        with pytest.raises(ConfigError, match="sections cannot be"):
            load({"sections": wrong})


def test_watched_names_come_from_a_file_or_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "toolkit.toml"
    path.write_text('watch = ["Lavrov", "gas pipeline"]\nmute = "Eurovision"\n', encoding="utf-8")
    config = load(path=path, environment={})
    assert (config.watch, config.mute) == (("Lavrov", "gas pipeline"), ("Eurovision",))
    config = load(path=path, environment={"TOOLKIT_WATCH": "Лавров, gas pipeline,"})
    assert config.watch == ("Лавров", "gas pipeline")


def test_a_named_digest_has_settings_and_a_folder_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "toolkit.toml"
    file.write_text(
        'inputs = ["inbox"]\nbullets = 3\nwatch = ["Oslo"]\noutputs = "out"\n'
        '[digests.energy]\nfeeds = ["https://e.example/f"]\nwatch = ["gas"]\n'
        '[digests.sport]\noutputs = "games"\n'
    )
    plain = load(path=file, environment={})
    energy = load({"name": "energy"}, path=file, environment={"TOOLKIT_BULLETS": "5"})
    sport = load(path=file, environment={"TOOLKIT_NAME": "sport"})
    assert (plain.outputs, plain.name) == (tmp_path / "out", None)
    assert energy.sources == ("https://e.example/f",)
    assert (energy.outputs, energy.watch, energy.bullets) == (tmp_path / "out/energy", ("gas",), 5)
    assert (sport.outputs, sport.sources) == (tmp_path / "games", (tmp_path / "inbox",))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("digests = 3\n", "no table of tables"),
        ("[digests]\nenergy = 3\n", "no table of tables"),
        ('[digests."../x"]\nbeam = 1\n', "name cannot be '../x'"),
        ("[digests.latest]\nbeam = 1\n", "name cannot be 'latest'"),
        ("[digests.energy]\nbeem = 1\n", r"\[digests.energy\]: unknown setting 'beem'"),
        ("[digests.energy]\nbeam = 99\n", r"\[digests.energy\]: beam cannot be 99"),
        ("[digests.energy]\n", "no digest is named 'energy'"),
        ('name = "energy"\n', "unknown setting 'name'"),
    ],
)
def test_digests_that_are_wrong(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "toolkit.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=words):
        load({"name": "energy"}, path=file, environment={})
