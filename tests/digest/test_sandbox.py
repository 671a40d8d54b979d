"""Templates from elsewhere: the limits of the sandbox, and the message about one that fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.data import Digest
from toolkit.digest import render
from toolkit.errors import ConfigError

NAMES = ("digest.html.j2", "digest.md.j2")
# Expressions that get at Python's insides, and so at a shell, where nothing keeps them from it.
HOSTILE = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('COMMAND').read() }}",
    "{{ page.__init__.__globals__ }}",
    "{{ page | attr('__class__') }}",
    "{{ [page] | map(attribute='__class__') | first }}",
    "{{ '{0.__class__.__mro__}'.format(page) }}",
    "{{ lipsum['__globals__'] }}",
    "{% for n in range(999999) %}{% endfor %}",
]


def error_of(templates: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        render.check_templates(templates)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_template_cannot_reach_out(tmp_path: Path, name: str, text: str) -> None:
    opened = tmp_path / "opened"
    (tmp_path / name).write_text(f"one\n{text.replace('COMMAND', f'touch {opened}')}")
    assert error_of(tmp_path).startswith(f"{tmp_path / name}, line 2: ")
    assert not opened.exists()


def test_a_configuration_found_in_the_working_folder_runs_no_command(tmp_path: Path) -> None:
    (tmp_path / "toolkit.toml").write_text('templates = "look"\nmodel = "demo"\n')
    (tmp_path / "inbox.txt").write_text("The ferry starts on Monday.")
    (tmp_path / "look").mkdir()
    template = tmp_path / "look" / "digest.html.j2"
    template.write_text("{{ cycler.__init__.__globals__.os.popen('touch opened').read() }}")
    done = subprocess.run(
        [sys.executable, "-m", "toolkit", "digest", "inbox.txt"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert "digest.html.j2, line 1: access to attribute '__init__'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize("include", ["../secret", "{folder}/secret", "link", "folder/../../secret"])
def test_a_template_includes_no_file_from_elsewhere(tmp_path: Path, include: str) -> None:
    (tmp_path / "secret").write_text("password")
    templates = tmp_path / "templates"
    (templates / "folder").mkdir(parents=True)
    (templates / "link").symlink_to(tmp_path / "secret")
    file = include.format(folder=tmp_path)
    (templates / "digest.md.j2").write_text(f"{{% include '{file}' %}}")
    assert "not in the folder of templates" in error_of(templates)


def test_a_template_includes_files_of_its_folder_and_packaged_ones(
    tmp_path: Path, sample_digest: Digest
) -> None:
    folder = tmp_path / "real"
    (folder / "parts").mkdir(parents=True)
    (folder / "parts" / "top.md.j2").write_text("Top {{ page.minutes }}")
    (folder / "digest.html.j2").write_text("{% include 'parts/top.md.j2' %}")
    (folder / "digest.md.j2").write_text("{% include 'digest.html.j2' %} {{ page.date | day }}")
    (tmp_path / "link").symlink_to("real")
    assert render.markdown(sample_digest, templates=tmp_path / "link") == ("Top 1 21 November 2026")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("digest.html.j2", "<p>\n{% if %}", "{file}, line 2: "),
        ("digest.html.j2", "<p>\n{{ page.nothing }}", "{file}, line 2: "),
        ("digest.html.j2", "{% include 'digest.html.j2' %}", "{file}, line 1: "),
        ("digest.html.j2", "{{ 1 / 0 }}", "{file}, line 1: division by zero"),
        (
            "digest.html.j2",
            "\n\n{% include 'gone.j2' %}",
            "{file}, line 3: there is no template 'gone.j2'",
        ),
        ("digest.md.j2", "{{ page.items | nofilter }}", "{file}, line 1: No filter named"),
        ("digest.md.j2", "\n{{ nobody }}", "{file}, line 2: 'nobody' is undefined"),
        ("digest.md.j2", "{{ page.minutes + 'x' }}", "{file}, line 1: "),
        (
            "digest.md.j2",
            "{% for s in page.items %}{% for p in s.points %}\n{{ p.txt }}{% endfor %}{% endfor %}",
            "{file}, line 2: ",
        ),
        ("digest.css", "a{}</STYLE>", "{file}: it holds '</style'"),
        ("digest.css", b"\xff\xfe", "{file}: cannot be read ("),
    ],
)
def test_a_broken_template_is_named_with_its_line(
    tmp_path: Path, name: str, text: str | bytes, words: str
) -> None:
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert error_of(tmp_path).startswith(words.format(file=file))


def test_an_error_in_an_included_template_is_named_there(tmp_path: Path) -> None:
    (tmp_path / "digest.md.j2").write_text("{% include 'part' %}")
    (tmp_path / "part").write_text("\n{{ page.nothing }}")
    assert error_of(tmp_path).startswith(f"{tmp_path / 'part'}, line 2: ")


def test_a_missing_folder_of_templates_is_named(tmp_path: Path) -> None:
    assert "nowhere: no such folder of templates" in error_of(tmp_path / "nowhere")


def test_the_packaged_templates_pass_their_own_check(tmp_path: Path) -> None:
    render.check_templates(tmp_path)
