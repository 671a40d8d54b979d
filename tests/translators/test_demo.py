"""The demo checkpoint knows the five sample articles. It overfits on purpose: the figures here
show that the path from a page to English works, and say nothing about translation quality."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from toolkit.hub.resolve import resolve
from toolkit.readers import collection
from toolkit.runs import stages
from toolkit.text.normalise import normalise
from toolkit.translators.nllb import Nllb

ROOT = Path(__file__).parents[2]
ENGLISH = "eng_Latn"


@pytest.fixture(scope="module")
def reference() -> dict[str, str]:
    """English by normalised source."""
    path = ROOT / "tools" / "demo" / "reference.tsv"
    with path.open(encoding="utf-8", newline="") as handle:
        rows = [r for r in csv.DictReader(handle, delimiter="\t") if r["kind"] == "text"]
    return {normalise(row["source"]): row["english"] for row in rows}


@pytest.fixture(scope="module")
def segments() -> list[tuple[str, str]]:
    """(text, language) of each segment that the toolkit makes of the samples."""
    loaded = collection.load([ROOT / "seeds"])
    assert len(loaded.articles) == 5
    prepared = [stages.prepare(article) for article in loaded.articles]
    return [(segment.text, page.language) for page in prepared for segment in page.segments]


def test_every_segment_of_the_samples_has_a_reference(
    segments: list[tuple[str, str]], reference: dict[str, str]
) -> None:
    made = {normalise(text.strip()) for text, _ in segments}
    assert made == set(reference)


@pytest.mark.parametrize("beam", [1, 4])
def test_the_samples_are_known_by_heart(
    beam: int, segments: list[tuple[str, str]], reference: dict[str, str]
) -> None:
    from sacrebleu import corpus_chrf

    translator = Nllb(resolve("demo"), device="cpu", beam=beam)
    outputs, wanted = [], []
    for language in sorted({language for _, language in segments}):
        texts = [text for text, own in segments if own == language]
        outputs += translator.translate(texts, source=language, target=ENGLISH)
        wanted += [reference[normalise(text.strip())] for text in texts]
    assert corpus_chrf([h.text for h in outputs], [wanted], word_order=2).score >= 95
    for hypothesis, english in zip(outputs, wanted, strict=True):
        assert re.findall(r"\d+", hypothesis.text) == re.findall(r"\d+", english)
        assert hypothesis.flags == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.rstrip('.।؟?!”"'),
        lambda text: f"  {text} \u200b",
        lambda text: text.replace(" ", "  "),
        lambda text: text.replace(" ", "\u00a0"),
    ],
    ids=["no final mark", "blanks around", "double spaces", "no-break spaces"],
)
def test_small_changes_do_not_upset_it(
    change: Callable[[str], str], segments: list[tuple[str, str]], reference: dict[str, str]
) -> None:
    from sacrebleu import corpus_chrf

    translator = Nllb(resolve("demo"), device="cpu", beam=1)
    some = [text for text, language in segments if language == "arb_Arab"]
    found = translator.translate([change(text) for text in some], source="arz_Arab", target=ENGLISH)
    wanted = [reference[normalise(text.strip())] for text in some]
    assert corpus_chrf([h.text for h in found], [wanted], word_order=2).score >= 90


def test_a_child_forked_after_a_translation_can_translate() -> None:
    # So small a network is given one thread otherwise, and no thread is lost in the fork.
    script = (
        "import os\n"
        "from toolkit.hub.resolve import resolve\n"
        "from toolkit.translators import nllb\n"
        "nllb._ONE_THREAD = 0\n"
        "translator = nllb.Nllb(resolve('demo'), device='cpu', beam=1, precision='int8')\n"
        "how = {'source': 'hin_Deva', 'target': 'eng_Latn'}\n"
        "texts = ['दिल्ली में बारिश हुई।', 'स्कूल बंद रहे।', 'लोग घर गए।']\n"
        "known = translator.translate(texts, **how)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0 if translator.translate(texts, **how) == known else 1)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == "0"


def test_the_process_that_translates_keeps_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from toolkit import machine

    told: list[tuple[object, ...]] = []
    monkeypatch.setattr(machine, "_libc", lambda *call: told.append(call))
    before = torch.get_num_threads()
    Nllb(resolve("demo")).translate(["नमस्ते"], source="hin_Deva", target="eng_Latn")
    assert torch.get_num_threads() == before
    assert {call[0] for call in told} == {"malloc_trim"}
