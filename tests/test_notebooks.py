"""The notebooks run from the first cell to the last, in a copy of the project, one after the other
in one kernel that forgets its names between them."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Of each: a word of what its cells show, and how many plots.
SHOWN = {
    "first_quarter_hour": (("Kyrgyzstan", "numbers", "negation", "Sadyr Japarov"), 0),
    "models_and_settings": (("every fourth word lost", "wrong numbers", "Evaluation"), 3),
    "month_of_digests": (("Harbour Times", "Dockers strike in Norvik"), 2),
    "prompt_lab": (("At least forty workers", "wrods", "Four workers were hurt"), 0),
}
PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The outputs of each notebook."""
    import nbformat
    from nbclient import NotebookClient

    folder = tmp_path_factory.mktemp("project")
    for part in ("seeds", "tools/demo"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("*.py"))
    (folder / "notebooks").mkdir()
    whole = nbformat.v4.new_notebook()
    ends = {}
    for path in NOTEBOOKS:
        whole.cells += nbformat.read(path, as_version=4).cells
        ends[path.stem] = len(whole.cells)
        whole.cells.append(nbformat.v4.new_code_cell("%reset -f"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "HF_HOME", "MPLCONFIGDIR"):
            patch.setenv(name, str(folder / name))
        where = {"metadata": {"path": str(folder / "notebooks")}}
        NotebookClient(whole, timeout=300, resources=where).execute()
    assert (folder / "outputs" / "latest" / "digest.html").exists()
    outputs, start = {}, 0
    for name, end in ends.items():
        outputs[name] = [o for cell in whole.cells[start:end] for o in cell.get("outputs", [])]
        start = end
    return outputs


@pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS])
def test_a_notebook_runs_and_shows_its_results(name: str, executed: dict[str, list[Any]]) -> None:
    words, plots = SHOWN[name]
    data = [output.get("data", {}) for output in executed[name]]
    shown = "\n".join(o.get("text", "") for o in executed[name])
    shown += "\n".join(str(text) for d in data for kind, text in d.items() if kind != "image/png")
    for word in words:
        assert word in shown
    pictures = [base64.b64decode(d["image/png"]) for d in data if "image/png" in d]
    assert len(pictures) == plots
    assert all(picture.startswith(PNG) and len(picture) > 5_000 for picture in pictures)


def test_the_files_hold_no_outputs() -> None:
    import nbformat

    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        for cell in notebook.cells:
            assert not cell.get("outputs"), path
            assert cell.get("execution_count") is None, path


def test_the_magic_leaves_no_line_out_and_names_what_it_cannot_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from IPython.core.error import UsageError
    from IPython.core.interactiveshell import InteractiveShell

    import toolkit
    from toolkit.testing import FakeTranslator

    fake = FakeTranslator()
    monkeypatch.setattr("toolkit.api._any_translator", lambda model: fake)
    shell = InteractiveShell()
    toolkit.load_ipython_extension(shell)
    text = "Es regnet. Die Schule bleibt zu.\n\nTeilen auf Facebook\n25\n"
    shown = shell.run_cell_magic("translate", "--from de", text)
    assert [(t.segment.paragraph, t.segment.text) for t in shown.translations] == [
        *((0, "Es regnet."), (0, "Die Schule bleibt zu.")),
        *((1, "Teilen auf Facebook"), (2, "25")),
    ]
    assert shell.run_cell_magic("translate", "", "Il pleut beaucoup.\n").language == "fra_Latn"
    with pytest.raises(toolkit.UnknownLanguageError):
        shell.run_cell_magic("translate", "--from Gujrati", text)
    with pytest.raises(UsageError):
        shell.run_cell_magic("translate", "--form de", text)
