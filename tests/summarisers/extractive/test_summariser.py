"""Briefs made of an article's own sentences."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.data import Article, Brief, PreparedArticle, Segment, TranslatedArticle, Translation
from toolkit.summarisers.extractive.quotations import balanced, mend
from toolkit.summarisers.extractive.sentences import standing, without_connective
from toolkit.summarisers.extractive.shorten import shorten, tidy
from toolkit.summarisers.extractive.summariser import Extractive
from toolkit.summarisers.extractive.titles import tidy_title

CASES = Path(__file__).parents[2] / "cases"

PIECES = (
    "The mayor|He|It|who|which|said|was not|opened|the bridge|on Monday|40|,|, leaving|, which|;"
    '|"|“|”|--|(|)|Porto|and|but|According to|if|never|.|?|:|In it|Meanwhile,'
)
SENTENCES = st.lists(st.sampled_from(PIECES.split("|")), min_size=1, max_size=25).map(" ".join)


def cases(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def article(rows: list[list[str]], paragraphs: bool = True) -> TranslatedArticle:
    """An article of rows of kind, English and flags."""
    segments = [
        Segment("a", i, i if paragraphs else 0, row[1], i + 1, row[0])  # type: ignore[arg-type]
        for i, row in enumerate(rows)
    ]
    page = Article("a", "a.txt", "\n".join(row[1] for row in rows))
    translations = (
        Translation(s, s.text, tuple(row[2:])) for s, row in zip(segments, rows, strict=True)
    )
    prepared = PreparedArticle(page, "eng_Latn", tuple(segments))
    return TranslatedArticle(prepared, tuple(translations))


def summarise(rows: list[list[str]], bullets: int = 3) -> Brief:
    return Extractive().summarise(article(rows), bullets=bullets)


@pytest.mark.parametrize("case", cases("briefs"), ids=lambda case: case["why"])
def test_brief(case: dict[str, Any]) -> None:
    brief = summarise(case["segments"], case["bullets"])
    assert [list(bullet.cites) for bullet in brief.bullets] == case["shown"]
    if "texts" in case:
        assert [bullet.text for bullet in brief.bullets] == case["texts"]
    if "headline" in case:
        assert brief.headline == case["headline"]
    if "headline_cites" in case:
        assert list(brief.headline_cites) == case["headline_cites"]


@pytest.mark.parametrize("case", cases("standing"), ids=lambda case: case["text"][:40])
def test_which_sentences_stand_alone(case: dict[str, Any]) -> None:
    assert standing(case["text"]).name.lower() == case["standing"]


@pytest.mark.parametrize("case", cases("shorten"), ids=lambda case: case["why"])
def test_shortening_keeps_the_meaning(case: dict[str, Any]) -> None:
    short = case["short"] or case["text"]
    assert shorten(case["text"], case["limit"]) == short


@pytest.mark.parametrize("case", cases("quotations"), ids=lambda case: case["sentences"][0])
def test_quotations_over_several_sentences(case: dict[str, Any]) -> None:
    assert mend((0, sentence) for sentence in case["sentences"]) == case["mended"]


def test_a_quotation_ends_with_its_paragraph() -> None:
    assert mend([(0, '"It is safe.'), (1, "The mayor of Porto went home.")])[1]


@pytest.mark.parametrize("case", cases("headlines"), ids=lambda case: case["title"][:40])
def test_titles_are_tidied(case: dict[str, Any]) -> None:
    assert tidy_title(case["title"]) == case["headline"]


@pytest.mark.parametrize(
    ("sentence", "bare"),
    [
        ("Meanwhile, the ferry stopped.", "The ferry stopped."),
        ("But the mayor, however, left.", "The mayor left."),
        ("In addition, Ana Prado also spoke.", "Ana Prado spoke."),
        ("It is worth noting that Ana Prado will then speak.", "Ana Prado will speak."),
        ("Still images show the bridge.", "Still images show the bridge."),
        ("And-gates fill the chip.", "And-gates fill the chip."),
        ("The plan is not only cheap but also safe.", "The plan is not only cheap but also safe."),
    ],
)
def test_connectives_go(sentence: str, bare: str) -> None:
    assert without_connective(sentence) == bare


@pytest.mark.parametrize(
    ("sentence", "bare"),
    [
        ("The bank (EBRD) lends.", "The bank lends."),
        ("The bank (no longer Swiss) lends.", "The bank (no longer Swiss) lends."),
        ("The bank (founded in 1991) lends.", "The bank (founded in 1991) lends."),
    ],
)
def test_harmless_brackets_go(sentence: str, bare: str) -> None:
    assert tidy(sentence) == bare


def test_a_speaker_is_never_lost() -> None:
    rows = [
        ["text", 'The mayor said, "The bridge is safe.'],
        ["text", "I have walked over it with my own children."],
        ["text", 'It will stand for a hundred years."'],
    ]
    brief = Extractive().summarise(article(rows, paragraphs=False), bullets=3)
    assert [b.text for b in brief.bullets] == ['The mayor said, "The bridge is safe."']


def test_an_unnamed_subject_is_not_shown_after_a_gap() -> None:
    """Between the two sentences stands a heading: the pronoun may mean somebody else."""
    rows = [
        ["text", "Ana Prado opened the bridge in Porto."],
        ["heading", "Ferries"],
        ["text", "She will stop the ferry to Gaia in May."],
    ]
    assert [b.cites for b in summarise(rows).bullets] == [(0,)]


LONG = (
    "The old bridge over the river in the north of the country was closed to cars, leaving the "
    "people of the villages on the other side of the river cut off from the school and the shop."
)


def test_long_sentences_are_cut() -> None:
    brief = summarise([["text", LONG]])
    assert brief.bullets[0].text == LONG.split(",")[0] + "."


def test_long_sentences_that_cannot_be_cut_give_way() -> None:
    whole = LONG.replace(", leaving", " and that left").replace("and the shop", "and without bread")
    rows = [
        ["text", "The mayor of Porto left in May."],
        ["text", "The ferry to Gaia sank in June."],
    ]
    rows = [*rows, ["text", whole], ["text", "The old school in Braga burnt down in July."]]
    assert [bullet.cites for bullet in summarise(rows).bullets] == [(0,), (1,), (3,)]


def test_the_work_for_thousands_of_sentences_grows_as_their_number(
    calls: Callable[[Callable[[], object]], int],
) -> None:
    towns = ["Porto", "Braga", "Gaia", "Faro", "Evora", "Lagos", "Viseu"]
    works = ["a bridge", "the school", "a tram line", "some wells", "the harbour"]
    rows = [
        ["text", f"Mayor {i} of {towns[i % 7]} opened {works[i % 5]} in month {i}."]
        for i in range(5000)
    ]
    few, many = (
        calls(lambda count=count: summarise(rows[:count], 5))  # type: ignore[misc]
        for count in (1250, 5000)
    )
    assert many < 5 * few
    assert len(summarise(rows, 5).bullets) == 5


@given(st.lists(SENTENCES, max_size=8), st.integers(0, 5))
def test_contract(sentences: list[str], bullets: int) -> None:
    brief = summarise([["text", sentence] for sentence in sentences], bullets)
    assert len(brief.bullets) <= bullets
    spoken = [i for i, text in enumerate(sentences) if any(map(str.isalnum, text))]
    assert bool(brief.bullets) == bool(bullets and spoken)
    cites = [cite for bullet in brief.bullets for cite in bullet.cites]
    assert cites == sorted(set(cites))
    assert set(cites) | set(brief.headline_cites) <= set(spoken)
    assert all(bullet.text.strip() and bullet.cites for bullet in brief.bullets)
    assert brief.headline.strip()


@given(SENTENCES, st.integers(1, 20))
def test_shortening_only_leaves_words_out(sentence: str, limit: int) -> None:
    remaining = iter(re.findall(r"\w+", sentence.lower()))
    after = re.findall(r"\w+", shorten(sentence, limit).lower())
    assert all(word in remaining for word in after)


@given(SENTENCES, st.integers(1, 20))
def test_shortening_keeps_denials_and_figures(sentence: str, limit: int) -> None:
    """Only a whole clause after a semicolon may take them with it, and figures may go with what
    is said about a noun that stays."""
    texts = (sentence.lower(), shorten(sentence, limit).lower())
    before, after = (re.findall(r"\w+", text) for text in texts)
    for word in ("not", "never", "40", "if"):
        aside = word == "40" and re.search("who|which", sentence)
        assert after.count(word) == before.count(word) or ";" in sentence or aside


@given(st.lists(st.tuples(st.integers(0, 2), SENTENCES), max_size=6))
def test_mended_quotations_are_whole(sentences: list[tuple[int, str]]) -> None:
    mended = mend(sentences)
    assert len(mended) == len(sentences)
    assert all(balanced(text) for text in mended if text is not None)
