"""A real translator in a process of its own: Apertium, on text that it has never seen.

``tests/cases/apertium.json`` holds articles of ours and, by the index of the sentence, what a
reader finds wrong in the English that Apertium 3.8 makes of them: a ``number`` in the format of
another language, words left in another ``script``, a ``word`` left in the same one, a ``negation``
lost, another ``meaning``. What is only clumsy is not listed.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import toolkit
from toolkit.errors import UnknownLanguageError
from toolkit.testing import check_translator

ARTICLES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "cases" / "apertium.json").read_text(encoding="utf-8")
)
CERTAIN = {"number", "script", "negation"}


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    module = importlib.import_module("apertium_plugin")
    if not module.installed():
        pytest.skip("no Apertium here (on Debian: see tests/apertium.sh)")
    return module


def test_it_keeps_the_contract(plugin: ModuleType) -> None:
    code = min(plugin.installed())
    check_translator(plugin.make(), source=code, texts=ARTICLES[code]["text"].split(". "))
    with pytest.raises(UnknownLanguageError):
        plugin.make().translate(["બસ."], source="guj_Gujr", target="eng_Latn")


def test_a_digest_of_unseen_text_flags_its_real_errors(plugin: ModuleType, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for code in plugin.installed():
        (inbox / f"{code}.txt").write_text(ARTICLES[code]["text"], encoding="utf-8")
    config = toolkit.Config(
        inputs=(inbox,),
        outputs=tmp_path / "outputs",
        cache=tmp_path / "cache",
        model="apertium_plugin:make",
        date="2026-11-28",
    )
    result = toolkit.run(config)
    rows = result.paths["articles"].read_text(encoding="utf-8").splitlines()
    articles = {row["language"]: row["segments"] for row in map(json.loads, rows)}
    assert (set(articles), result.digest.failures) == (plugin.installed(), ())
    for code, segments in articles.items():
        wrong = ARTICLES[code]["wrong"]
        assert all(segment["english"] for segment in segments)
        for segment in segments:
            kind = wrong.get(str(segment["index"]))
            if kind is None:
                assert not segment["flags"], segment
            elif kind in CERTAIN:
                assert segment["flags"], segment
