"""Decoding again what the checks find wrong."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from toolkit.data import Hypothesis
from toolkit.errors import ModelError
from toolkit.hub.resolve import resolve
from toolkit.languages import script_of, scripts
from toolkit.testing.fakes import FakeTranslator
from toolkit.translators.base import Translator
from toolkit.translators.build import load_translator
from toolkit.translators.checks.retry import Checked, Retry
from toolkit.translators.checks.rules import CHECKS_VERSION, SEVERITY
from toolkit.translators.nllb import Nllb

SOURCES = {
    "fire": "आग में 12 लोगों की मौत हो गई और कई घायल हैं।",
    "talks": "मंत्री ने कहा कि किसानों के साथ बातचीत जारी रहेगी।",
    "rain": "तेज बारिश के कारण स्कूल बंद रहेंगे।",
}
GOOD = {
    "fire": "Twelve people were killed in the fire and many are injured.",
    "talks": "The minister said that talks with the farmers would go on.",
    "rain": "Schools will remain closed because of heavy rain.",
}
LOOP = "The minister said said said said said that talks would go on."
WRONG = "Twenty people were killed in the fire and 40 are injured."


class Table:
    """A translator that knows a few sentences, and remembers what it was asked."""

    def __init__(
        self, name: str, answers: Mapping[str, Hypothesis | str], *, notice: str = ""
    ) -> None:
        self.signature = name
        self.notice = notice
        self._answers = {SOURCES[key]: answer for key, answer in answers.items()}
        self.asked: list[list[str]] = []

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        self.asked.append(list(texts))
        answers = [self._answers.get(text, "") for text in texts]
        return [a if isinstance(a, Hypothesis) else Hypothesis(a, -0.5) for a in answers]


def run(checked: Checked, *keys: str) -> list[Hypothesis]:
    return checked.translate([SOURCES[k] for k in keys], source="hin_Deva", target="eng_Latn")


def test_good_hypotheses_are_decoded_once() -> None:
    retry = Table("beam4", GOOD)
    checked = Checked(Table("greedy", GOOD), [Retry(retry)])
    found = run(checked, "rain", "fire", "talks")
    assert [h.text for h in found] == [GOOD[k] for k in ("rain", "fire", "talks")]
    assert [h.flags for h in found] == [(), (), ()]
    assert retry.asked == []
    assert (checked.retried, checked.rescued) == (0, 0)


def test_only_failing_texts_are_decoded_again_and_order_is_kept() -> None:
    first = Table("greedy", {**GOOD, "talks": LOOP})
    retry = Table("beam4", GOOD)
    checked = Checked(first, [Retry(retry)])
    found = run(checked, "fire", "talks", "rain", "talks")
    assert retry.asked == [[SOURCES["talks"], SOURCES["talks"]]]
    assert [h.text for h in found] == [GOOD[k] for k in ("fire", "talks", "rain", "talks")]
    assert (checked.retried, checked.rescued) == (2, 2)


def test_each_retry_gets_only_what_still_fails() -> None:
    first = Table("greedy", {"fire": WRONG, "talks": LOOP, "rain": GOOD["rain"]})
    second = Table("beam4", {"fire": WRONG, "talks": GOOD["talks"]})
    third = Table("clauses", {"fire": GOOD["fire"]})
    checked = Checked(first, [Retry(second), Retry(third)])
    found = run(checked, "fire", "talks", "rain")
    assert second.asked == [[SOURCES["fire"], SOURCES["talks"]]]
    assert third.asked == [[SOURCES["fire"]]]
    assert [h.flags for h in found] == [(), (), ()]
    assert (checked.retried, checked.rescued) == (2, 2)


def test_a_retry_gets_the_texts_with_its_flags() -> None:
    first = Table("greedy", {"fire": WRONG, "talks": LOOP, "rain": GOOD["rain"]})
    bound = Table("ngram3", {"talks": GOOD["talks"]})
    wide = Table("beam8", {"fire": GOOD["fire"]})
    checked = Checked(first, [Retry(bound, frozenset({"loop"})), Retry(wide)])
    found = run(checked, "fire", "talks", "rain")
    assert bound.asked == [[SOURCES["talks"]]]
    assert wide.asked == [[SOURCES["fire"]]]
    assert [h.flags for h in found] == [(), (), ()]
    assert (checked.retried, checked.rescued) == (2, 2)


def test_a_loop_that_turned_into_another_error_goes_on() -> None:
    """What is left of it is the next retry's; and the least grave of all is kept."""
    first = Table("greedy", {"fire": LOOP})
    bound, wide = Table("ngram3", {"fire": WRONG}), Table("beam8", {"fire": LOOP})
    checked = Checked(first, [Retry(bound, frozenset({"loop"})), Retry(wide)])
    (found,) = run(checked, "fire")
    assert wide.asked == [[SOURCES["fire"]]]
    assert found.text == WRONG
    assert (checked.retried, checked.rescued) == (1, 0)


def test_no_retry_is_asked_for_nothing() -> None:
    bound, wide = Table("ngram3", GOOD), Table("beam8", GOOD)
    run(Checked(Table("greedy", {"talks": LOOP}), [Retry(bound), Retry(wide)]), "talks")
    assert wide.asked == []


def test_what_still_fails_keeps_the_least_grave_flags() -> None:
    checked = Checked(Table("greedy", {"fire": ""}), [Retry(Table("beam4", {"fire": WRONG}))])
    (found,) = run(checked, "fire")
    assert found.text == WRONG
    assert found.flags == ("numbers",)
    assert (checked.retried, checked.rescued) == (1, 0)


def test_a_worse_retry_is_not_taken() -> None:
    checked = Checked(Table("greedy", {"fire": WRONG}), [Retry(Table("beam4", {"fire": ""}))])
    (found,) = run(checked, "fire")
    assert found.text == WRONG


@pytest.mark.parametrize(("first", "second", "kept"), [(-0.4, -0.9, 0), (-0.9, -0.4, 1)])
def test_of_equals_the_surer_one_is_kept(first: float, second: float, kept: int) -> None:
    one = Hypothesis(WRONG, first)
    other = Hypothesis(WRONG.replace("40", "50"), second)
    checked = Checked(Table("greedy", {"fire": one}), [Retry(Table("beam4", {"fire": other}))])
    (found,) = run(checked, "fire")
    assert found.text == (one, other)[kept].text


def test_a_low_score_alone_is_not_decoded_again() -> None:
    retry = Table("beam4", GOOD)
    unsure = Table("greedy", {"rain": Hypothesis(GOOD["rain"], -4.0)})
    (found,) = run(Checked(unsure, [Retry(retry)]), "rain")
    assert found.flags == ("low_score",)
    assert retry.asked == []


def test_the_flag_of_an_engine_that_ran_into_its_cap_leads_to_a_retry() -> None:
    capped = Hypothesis(GOOD["talks"], -0.5, ("cut_short",))
    checked = Checked(Table("greedy", {"talks": capped}), [Retry(Table("clauses", GOOD))])
    (found,) = run(checked, "talks")
    assert found.flags == ()


def test_without_retries_texts_are_only_checked() -> None:
    checked = Checked(Table("greedy", {"fire": WRONG}))
    (found,) = run(checked, "fire")
    assert found.flags == ("numbers",)
    assert (checked.retried, checked.rescued) == (0, 0)


def test_nothing_in_nothing_out() -> None:
    assert run(Checked(Table("greedy", GOOD), [Retry(Table("beam4", GOOD))])) == []


def test_the_signature_names_every_part() -> None:
    first, retry = Table("greedy", GOOD, notice="A demo."), Table("beam4", GOOD)
    some = Retry(retry, frozenset({"loop"}))
    ways: list[list[Retry]] = [[], [Retry(retry)], [some]]
    signatures = {Checked(first, way).signature for way in ways}
    assert len(signatures) == 3
    assert all(f"greedy checks{CHECKS_VERSION}" in signature for signature in signatures)
    assert Checked(first, [Retry(retry)]).notice == "A demo."


class Search(Table):
    """A translator that gives several hypotheses of each text."""

    def __init__(self, name: str, answers: Mapping[str, Sequence[str]]) -> None:
        super().__init__(name, {key: found[0] for key, found in answers.items()})
        self._several = {SOURCES[key]: found for key, found in answers.items()}

    def candidates(
        self, texts: Sequence[str], *, source: str, target: str
    ) -> list[list[Hypothesis]]:
        self.asked.append(list(texts))
        return [
            [Hypothesis(text, -0.5 - 0.1 * rank) for rank, text in enumerate(self._several[source])]
            for source in texts
        ]


def test_another_output_of_the_search_takes_the_place_of_one_that_fails() -> None:
    """The likeliest of those without a flag is taken, and nothing is decoded again."""
    other = GOOD["fire"].replace("many", "others")
    search = Search("beam4", {"fire": [WRONG, GOOD["fire"], other], "rain": [GOOD["rain"], ""]})
    retry = Table("beam8", GOOD)
    checked = Checked(search, [Retry(retry)])
    assert [h.text for h in run(checked, "fire", "rain")] == [GOOD["fire"], GOOD["rain"]]
    assert retry.asked == []
    assert (checked.retried, checked.rescued) == (0, 0)


def test_what_no_output_of_the_search_mends_is_decoded_again() -> None:
    search = Search("beam4", {"talks": ["", LOOP]})
    retry = Search("beam8", {"talks": [LOOP, "", GOOD["talks"]]})
    checked = Checked(search, [Retry(retry)])
    (found,) = run(checked, "talks")
    assert (found.text, found.flags) == (GOOD["talks"], ())
    assert (checked.retried, checked.rescued) == (1, 1)


def test_of_outputs_that_all_fail_the_least_grave_is_shown_failing() -> None:
    (found,) = run(Checked(Search("beam4", {"fire": ["", LOOP, WRONG]})), "fire")
    assert (found.text, found.flags) == (WRONG, ("numbers",))


def test_a_search_without_an_output_breaks_the_contract() -> None:
    class Empty(Search):
        def candidates(
            self, texts: Sequence[str], *, source: str, target: str
        ) -> list[list[Hypothesis]]:
            return [[] for _ in texts]

    with pytest.raises(ModelError, match="beam4 gave a NoneType in the list"):
        run(Checked(Empty("beam4", {"fire": [WRONG]})), "fire")


@pytest.fixture(scope="module")
def weakened(tmp_path_factory: pytest.TempPathFactory) -> Nllb:
    """The demo checkpoint with noise on its weights: some of its outputs go wrong."""
    demo = resolve("demo").path
    folder = tmp_path_factory.mktemp("weakened") / "demo"
    shutil.copytree(demo, folder)
    weights = load_file(folder / "model.safetensors")
    torch.manual_seed(1)
    for name, values in weights.items():
        if values.dim() == 2:
            noise = torch.randn(values.shape) * values.float().std() * 0.45
            weights[name] = (values + noise).to(values.dtype)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return Nllb(resolve(str(folder)), device="cpu", beam=4)


def test_a_checkpoint_offers_all_that_its_search_found(weakened: Nllb) -> None:
    """The first is what it translates; among the others some are sounder, each time the same."""
    path = Path(__file__).parents[3] / "tools" / "demo" / "reference.tsv"
    with path.open(encoding="utf-8", newline="") as handle:
        rows = [row["source"] for row in csv.DictReader(handle, delimiter="\t")]
    texts = [text for text in rows if script_of("hin_Deva") in scripts.of(text)][:24]
    likeliest = weakened.translate(texts, source="hin_Deva", target="eng_Latn")
    found = weakened.candidates(texts, source="hin_Deva", target="eng_Latn")
    assert [hypotheses[0] for hypotheses in found] == likeliest
    assert {len(hypotheses) for hypotheses in found} == {4}

    def gravity(translator: Translator) -> tuple[int, list[Hypothesis]]:
        kept = Checked(translator).translate(texts, source="hin_Deva", target="eng_Latn")
        return sum(SEVERITY[flag] for h in kept for flag in h.flags), kept

    alone = FakeTranslator(dict(zip(texts, likeliest, strict=True)))
    chosen = gravity(weakened)
    assert chosen[0] < gravity(alone)[0]
    assert chosen == gravity(weakened)


def test_a_checkpoint_that_loops_is_kept_from_it(tiny_checkpoint: Path) -> None:
    """Random weights say things over and over, with more beams, too."""
    pairs = permutations(SOURCES.values(), 2)
    texts = [f"{one} {other} {i}" for one, other in pairs for i in range(5)]
    first = Nllb(resolve(str(tiny_checkpoint)), device="cpu", beam=4)
    wide = Retry(first.variant(beam=8))
    bound = Retry(first.variant(beam=4, no_repeat_ngram=3), frozenset({"loop"}))

    def loops(checked: Translator) -> int:
        found = checked.translate(texts, source="hin_Deva", target="eng_Latn")
        return sum("loop" in h.flags for h in found)

    without = loops(Checked(first, [wide]))
    assert without > 5
    assert loops(Checked(first, [bound])) < without / 2
    whole = load_translator(str(tiny_checkpoint), engine="torch", device="cpu")
    assert "ngram3 for loop" in whole.signature
