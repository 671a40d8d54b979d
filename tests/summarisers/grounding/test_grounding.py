"""Which bullets the evidence supports, and what becomes of those that it does not."""

from __future__ import annotations

import doctest
import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.data import Brief, Bullet, TranslatedArticle
from toolkit.summarisers.extractive.summariser import Extractive
from toolkit.summarisers.grounding.ground import Grounding, stands_alone
from toolkit.summarisers.grounding.rule import Rule
from toolkit.summarisers.grounding.rules import RULES
from toolkit.summarisers.grounding.verdict import supported
from toolkit.summarisers.models.prompted import Prompted
from toolkit.testing import FakeGenerator

CASES = json.loads((Path(__file__).parents[2] / "cases/grounding.json").read_text(encoding="utf-8"))
VOCABULARY = "The|river|rose|on|Monday|Anna|Kovac|said|not|may|will|40|per cent|of|3 May|,|.|and"
WORDS = st.sampled_from(VOCABULARY.split("|"))
find_support = Grounding().find_support
ground = Grounding().ground
TEXTS = st.lists(WORDS, max_size=14).map(" ".join)

FLOOD = (
    "The river Tamsa burst its banks on Monday and flooded the town of Orsk.",
    "Firefighters brought 46 people to safety, mayor Anna Kovac said.",
    "She did not rule out further evacuations.",
    "The damage may reach 12 million euros, the regional government estimates.",
    "Schools in the town stay closed until Thursday.",
    "Volunteers from three villages filled sandbags through the night.",
)


def _outcomes(split: str) -> Counter[tuple[bool, bool]]:
    return Counter(
        (case["supported"], supported(case["text"], group["evidence"]).ok)
        for group in CASES
        if group["split"] == split
        for case in group["bullets"]
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_refuses_one_example_and_passes_another(rule: Rule) -> None:
    examples = doctest.DocTestParser().get_doctest(
        rule.__doc__ or "", {rule.name: rule}, rule.name, None, None
    )
    shown = [example.want for example in examples.examples if ".reasons(" in example.source]
    assert "[]\n" in shown
    assert len(set(shown)) > 1
    failed = io.StringIO()
    doctest.DocTestRunner().run(examples, out=failed.write)
    assert failed.getvalue() == ""


class Entailment:
    """A verifier that supports what has none of its ``doubted`` words, and remembers the asking."""

    signature = "fake-entailment@1"

    def __init__(self, *doubted: str) -> None:
        self.doubted = doubted
        self.asked: list[tuple[str, list[str]]] = []

    def supports(self, bullet: str, evidence: Sequence[str]) -> bool:
        self.asked.append((bullet, list(evidence)))
        if "crash" in self.doubted:
            raise RuntimeError("out of memory")
        return not any(word in bullet for word in self.doubted)


def test_a_bullet_needs_the_rules_and_the_verifier(
    article_of: Callable[..., TranslatedArticle],
) -> None:
    bullets = (
        "The river Tamsa flooded Paris.",  # refused by the rules
        "Schools stay closed until Thursday.",
        "Volunteers filled sandbags through the night.",  # refused by the verifier
    )
    draft = Brief("a", "Tamsa floods Orsk", tuple(Bullet(text, ()) for text in bullets))
    verifier = Entailment("sandbags")
    brief = Grounding(verifier).ground(draft, article_of(*FLOOD), Extractive())
    assert bullets[1] in [bullet.text for bullet in brief.bullets]
    assert not {bullets[0], bullets[2]} & {bullet.text for bullet in brief.bullets}
    assert brief.headline == "Tamsa floods Orsk"
    assert brief.notes[0].startswith("2 of the model's 3 bullets were not supported")
    assert (bullets[1], [FLOOD[4]]) in verifier.asked
    assert bullets[0] not in [text for text, _ in verifier.asked]


def test_a_verifier_that_fails_supports_nothing(caplog: pytest.LogCaptureFixture) -> None:
    texts = dict(enumerate(FLOOD))
    grounding = Grounding(Entailment("crash"))
    assert grounding.find_support("Schools stay closed until Thursday.", texts) == ()
    assert "RuntimeError: out of memory" in caplog.text


def test_a_verifier_is_part_of_the_signature() -> None:
    generator = FakeGenerator([""])
    plain, checked = Prompted(generator), Prompted(generator, verifier=Entailment())
    assert checked.signature == f"{plain.signature} checked by fake-entailment@1"


# The floors are a little under what was measured; they may only rise.
@pytest.mark.parametrize(
    ("split", "precision", "recall"), [("dev", 0.985, 0.93), ("held-out", 0.95, 0.95)]
)
def test_what_is_shown_is_supported(split: str, precision: float, recall: float) -> None:
    count = _outcomes(split)
    right, slipped, missed = count[True, True], count[False, True], count[True, False]
    assert right / (right + slipped) >= precision
    assert right / (right + missed) >= recall


@pytest.mark.parametrize(
    ("bullet", "reason"),
    [
        ("The river Tamsa burst its banks on Tuesday.", "not in the source: tuesday"),
        ("Firefighters brought 64 people to safety.", "not in the source: 64"),
        ("Mayor Petra Holm said 46 people were safe.", "not in the source: Petra"),
        ("The mayor ruled out further evacuations.", "denied in the source"),
        ("The damage will reach 12 million euros.", "only possible in the source"),
        ("The damage may reach 12 million dollars.", "not in the source: 1.2e+07 dollar"),
    ],
)
def test_a_verdict_says_what_is_wrong(bullet: str, reason: str) -> None:
    verdict = supported(bullet, FLOOD)
    assert not verdict.ok
    assert any(found.startswith(reason) for found in verdict.reasons)


def test_a_verdict_counts_the_words_that_are_there() -> None:
    assert supported("The river flooded Orsk.", FLOOD).score == 1
    assert 0 < supported("The river flooded Paris.", FLOOD).score < 1


@given(TEXTS)
def test_a_text_supports_itself(text: str) -> None:
    verdict = supported(text, [text])
    assert verdict.ok or verdict.reasons == ("nothing to check",)


@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_any_text_gets_a_verdict(bullet: str, evidence: list[str]) -> None:
    verdict = supported(bullet, evidence)
    assert 0 <= verdict.score <= 1
    assert verdict.ok == (not verdict.reasons)
    assert not (verdict.ok and not evidence)


@given(TEXTS, st.text(alphabet="abcdefgh", min_size=5, max_size=9))
def test_an_unknown_name_is_never_supported(text: str, name: str) -> None:
    assert not supported(f"{text} from {name.title()}x", [text]).ok


def test_the_right_segments_are_found() -> None:
    texts = dict(enumerate(FLOOD))
    assert find_support("Schools stay closed until Thursday.", texts) == (4,)
    assert find_support("Anna Kovac did not rule out further evacuations.", texts) == (1, 2)
    assert find_support("Schools stay closed until Friday.", texts) == ()


@pytest.mark.parametrize(
    ("bullet", "alone"),
    [
        ("Schools in the town stay closed.", True),
        ("Schools stay shut until Thursday", False),
        ("Schools are shut until Thursday", True),
        ("The closure of the schools", False),
        ("They stay closed until Thursday.", False),
        ("This was announced on Monday.", False),
        ("We are going to rebuild the town.", False),
        ('"We are going to rebuild the town," mayor Anna Kovac said.', False),
        ("Will the schools stay closed?", False),
        ("", False),
    ],
)
def test_a_bullet_stands_alone(bullet: str, alone: bool) -> None:
    assert stands_alone(bullet) is alone


def test_a_citation_of_the_model_comes_first() -> None:
    texts = {3: "The dam broke on Monday.", 7: "The dam broke on Monday, officials say."}
    assert find_support("The dam broke on Monday.", texts, (7,)) == (7,)
    assert find_support("The dam broke on Monday.", texts, (99,)) == (3,)


def test_a_supported_brief_stays_as_it_is(article_of: Callable[..., TranslatedArticle]) -> None:
    article = article_of(*FLOOD)
    draft = Brief("a", "Tamsa floods Orsk", (Bullet("Schools stay closed until Thursday.", ()),))
    brief = ground(draft, article, Extractive())
    assert brief.headline == "Tamsa floods Orsk"
    assert brief.headline_cites == (0,)
    assert brief.bullets == (Bullet("Schools stay closed until Thursday.", (4,)),)
    assert brief.notes == ()


def test_a_sentence_in_doubt_is_cited_only_where_no_other_says_it(
    article_of: Callable[..., TranslatedArticle],
) -> None:
    article = article_of(
        "The bridge in Riga was closed on Monday.",
        "Officials said that the bridge in Riga was closed on Monday.",
        "Repairs will cost nine million euros.",
    )
    flags = {0: ("numbers",), 2: ("numbers",)}
    rows = (replace(t, flags=flags.get(t.segment.index, ())) for t in article.translations)
    doubtful = replace(article, translations=tuple(rows))
    draft = Brief(
        "a",
        "The bridge in Riga was closed",
        (
            Bullet("The bridge in Riga was closed on Monday.", (0,)),
            Bullet(article.translations[2].english, (2,)),
        ),
        headline_cites=(0,),
    )
    assert ground(draft, article, Extractive()).headline_cites == (0,)
    brief = ground(draft, doubtful, Extractive())
    assert [b.cites for b in brief.bullets] == [(1,), (2,)]
    assert (brief.headline, brief.headline_cites) == (draft.headline, (1,))


def test_an_invented_bullet_gives_way_and_is_counted(
    article_of: Callable[..., TranslatedArticle],
) -> None:
    article = article_of(*FLOOD)
    good = Bullet("Schools stay closed until Thursday.", ())
    draft = Brief("a", "", (good, Bullet("Nine people drowned in the flood.", (0,))))
    brief = ground(draft, article, Extractive())
    assert brief.bullets[0] == Bullet(good.text, (4,))
    assert len(brief.bullets) == 2
    assert supported(brief.bullets[1].text, [FLOOD[i] for i in brief.bullets[1].cites]).ok
    assert set(brief.bullets[1].cites).isdisjoint({4})
    assert brief.notes == (
        "1 of the model's 2 bullets was not supported by the article and gave way to the "
        "article's own sentences.",
    )


def test_an_invented_headline_gives_way(article_of: Callable[..., TranslatedArticle]) -> None:
    article = article_of("Flood in Orsk", *FLOOD, title=True)
    draft = Brief("a", "Nine drown in Orsk", (Bullet("Schools stay closed until Thursday.", ()),))
    brief = ground(draft, article, Extractive())
    assert brief.headline == "Flood in Orsk"
    assert brief.notes == ("The model's headline was not supported by the article.",)


def test_bullets_that_repeat_one_another_are_shown_once(
    article_of: Callable[..., TranslatedArticle],
) -> None:
    twice = (
        Bullet("Schools in the town stay closed until Thursday.", ()),
        Bullet("The schools stay closed until Thursday.", ()),
    )
    brief = ground(Brief("a", "", twice), article_of(*FLOOD), Extractive())
    assert [b.text for b in brief.bullets] == [twice[0].text]


def test_an_article_of_one_sentence_still_has_a_bullet(
    article_of: Callable[..., TranslatedArticle],
) -> None:
    draft = Brief("a", "", (Bullet("Nine drowned in Orsk.", ()), Bullet("Ten drowned there.", ())))
    brief = ground(draft, article_of(FLOOD[0]), Extractive())
    assert [b.cites for b in brief.bullets] == [(0,)]
    assert brief.notes[0].startswith("2 of the model's 2 bullets were not supported")
