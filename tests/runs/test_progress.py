"""The bar moves as sentences are done, and its total is right."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from toolkit.data import Article, Hypothesis, PreparedArticle
from toolkit.errors import ModelError
from toolkit.progress import Counted, tick, ticking
from toolkit.readers.base import article_id
from toolkit.runs import stages
from toolkit.runs.translation import translate

HINDI = "दिल्ली में सोमवार को नई मेट्रो लाइन शुरू हुई। पहले दिन 40 हज़ार लोगों ने सफ़र किया। मंत्री ने कहा।"


class Recorder:
    """Keeps the steps of each stage."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int]] = []
        self.steps: list[int] = []

    def begin(self, stage: str, total: int) -> None:
        self.stages.append((stage, total))
        self.steps = []

    def advance(self, amount: int = 1) -> None:
        self.steps.append(amount)


class Ticking:
    """Decodes each text as ``parts`` sequences; fails after the first text if it is to."""

    signature = "ticking@1"

    def __init__(self, parts: int, *, fails: bool = False) -> None:
        self.parts, self.fails = parts, fails

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        for _ in texts:
            tick(self.parts)
            if self.fails:
                raise ModelError("the device is gone")
        return [Hypothesis("It is so.") for _ in texts]


@pytest.mark.parametrize(
    ("translator", "steps"),
    [
        (Ticking(1), [1, 1, 1]),
        (Ticking(2), [2, 1]),
        (Ticking(0), [3]),
        (Ticking(1, fails=True), [1, 2]),
    ],
)
def test_every_segment_is_counted_once(translator: Ticking, steps: list[int]) -> None:
    article = stages.prepare(Article(article_id(None, HINDI), "a.txt", HINDI))
    assert isinstance(article, PreparedArticle)
    assert len(article.segments) == 3
    recorder = Recorder()
    translate([article], translator, target="eng_Latn", progress=recorder)
    assert [step for step in recorder.steps if step] == steps


def test_the_total_is_told_as_soon_as_it_is_known() -> None:
    recorder, total = Recorder(), 0
    counted = Counted(recorder, "translate", lambda: total)
    counted.advance(5)
    assert (recorder.stages, recorder.steps) == ([], [5])
    total = 20
    counted.advance(2)
    assert (recorder.stages, recorder.steps) == ([("translate", 20)], [7])
    counted.advance(3)
    assert recorder.steps == [7, 3]


def test_the_engine_tells_of_each_sequence_that_ends() -> None:
    from toolkit.api import translator

    demo, recorder = translator("demo", device="cpu", engine="torch", beam=1), Recorder()
    texts = [HINDI[:n] for n in range(4, 60, 4)]
    with ticking(recorder, len(texts)):
        demo.translate(texts, source="hin_Deva", target="eng_Latn")
    assert sum(recorder.steps) == len(texts)
    assert len(recorder.steps) > 2
