"""A story claims for several sources only what all of them say, and tells where they differ."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from toolkit.data import (
    Article,
    Brief,
    Bullet,
    PreparedArticle,
    Segment,
    Story,
    TranslatedArticle,
    Translation,
)
from toolkit.stories import day

CASES = Path(__file__).parents[1] / "cases"
TEXT = json.loads((CASES / "stories.json").read_text(encoding="utf-8"))["articles"]["whale"]


def pairs(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((CASES / name).read_text(encoding="utf-8"))
    return found


NEWS = ("merging_news.json", "merging_paraphrases.json")
PAIRS = [
    *(*pairs("merging.json"), *pairs("merging_held_out.json")),
    *(pair for name in NEWS for pair in pairs(name) if pair["same"] is not None),
]
CONTRARY = [pair for pair in PAIRS if not pair["same"]]
# Pairs of one story that tell of different things.
NEAR = [pair for name in NEWS for pair in pairs(name) if pair["same"] is None]
OTHERS = [
    "The weather service expects rain.",
    "A museum about bees has opened in an old mill.",
    "The price of stamps stays as it is.",
    "Two swans were seen on the pond.",
    "The orchestra rehearses in a tent.",
    "A street will be named after the baker.",
    "Cyclists want wider lanes.",
    "An owl nests in the belfry.",
    "Pupils planted forty oaks.",
]


def story(
    bullets: Sequence[Sequence[str]],
    headlines: Sequence[str] = (),
    published: Sequence[str] = (),
    doubtful: Sequence[tuple[int, int]] = (),
) -> Story:
    """The story of articles of equal text with the given bullets, headlines and times."""
    briefs, articles = [], []
    for n, texts in enumerate(bullets):
        name, time = f"a{n}", published[n] if published else None
        segments = tuple(Segment(name, i, i, text) for i, text in enumerate(TEXT * 2))
        flags = (("numbers",) if (n, i) in doubtful else () for i in range(len(segments)))
        prepared = PreparedArticle(Article(name, name, "", published=time), "eng_Latn", segments)
        english = (Translation(s, s.text, f) for s, f in zip(segments, flags, strict=True))
        articles.append(TranslatedArticle(prepared, tuple(english)))
        points = tuple(Bullet(text, (i + 1,)) for i, text in enumerate(texts))
        headline = headlines[n] if headlines else "News from the coast"
        briefs.append(Brief(name, headline, points, (0,)))
    (found,) = day.group(briefs, articles)
    return found


def reporters(found: Story) -> dict[str, list[str]]:
    return {b.text: [c.article_id for c in b.cites] for b in found.bullets}


@cache
def alone(one: str, other: str) -> Story:
    """The story of two articles with a bullet each."""
    return story([[one], [other]])


@pytest.mark.parametrize("pair", CONTRARY, ids=lambda pair: pair["a"])
def test_what_contradicts_is_never_claimed_for_both_and_never_lost(pair: dict[str, Any]) -> None:
    assert reporters(alone(pair["a"], pair["b"])) == {pair["a"]: ["a0"], pair["b"]: ["a1"]}


@pytest.mark.parametrize("pair", NEAR, ids=lambda pair: pair["a"])
def test_different_things_are_neither_one_nor_disputed(pair: dict[str, Any]) -> None:
    found = alone(pair["a"], pair["b"])
    assert reporters(found) == {pair["a"]: ["a0"], pair["b"]: ["a1"]}
    assert not found.disputed


@pytest.mark.parametrize(
    ("said", "plainly"),
    [
        ("The dam at Orsk is safe, engineers said.", "The dam at Orsk is safe."),
        ("According to the army, the bridge in Pell fell.", "The bridge in Pell fell."),
        ("Mayor Ilse Ott said on Monday that the mill will close.", "The mill will close."),
    ],
)
def test_one_source_that_says_who_says_so_keeps_the_other_from_being_surer(
    said: str, plainly: str
) -> None:
    for one, other in ((said, plainly), (plainly, said)):
        assert reporters(alone(one, other)) == {said: ["a0", "a1"]}


def test_what_contradicts_is_kept_where_room_is_short() -> None:
    claimed, lost = [], []
    for one, other in ((pair["a"], pair["b"]) for pair in CONTRARY[::3]):
        found = reporters(
            story([[*OTHERS[:3], one], OTHERS[3:5], OTHERS[5:7], [*OTHERS[7:], other]])
        )
        claimed += [text for text in (one, other) if len(found.get(text, [])) > 1]
        lost += [text for text in (one, other) if text not in found]
    assert not claimed
    assert len(lost) <= 0.01 * len(CONTRARY)


def test_most_contradictions_are_told_and_most_agreement_is_claimed() -> None:
    found = [(alone(p["a"], p["b"]), p["same"]) for p in PAIRS]
    assert not any(s.disputed for s, same in found if same)
    contrary = [bool(s.disputed) for s, same in found if not same]
    assert sum(contrary) >= 0.7 * len(contrary)
    agreed = [len(s.bullets) == 1 for s, same in found if same]
    assert sum(agreed) >= 0.8 * len(agreed)


DEAD = [f"The quake killed {n} people in Orsk." for n in (14, 16, 18)]


def test_all_versions_stand_together_and_the_latest_is_known() -> None:
    bullets = [[DEAD[0], OTHERS[0]], [DEAD[1]], [OTHERS[1], DEAD[0]]]
    times = ["2026-11-20T09:00:00Z", "Fri, 20 Nov 2026 12:00:00 +0100", "2026-11-20T08:00:00"]
    found = story(bullets, published=times)
    (dispute,) = found.disputed
    assert (dispute.about, dispute.latest) == (("how many",), 1)
    assert dispute.versions == found.bullets[:2]
    assert reporters(found)[DEAD[0]] == ["a0", "a2"]


@pytest.mark.parametrize(
    "times", [(), ("2026-11-20", ""), ("2026-11-20", "2026-11-20"), ("soon", "2026-11-20")]
)
def test_no_version_is_the_latest_where_times_do_not_tell(times: Sequence[str]) -> None:
    assert story([DEAD[:1], DEAD[1:2]], published=times).disputed[0].latest is None


def test_versions_are_kept_however_many_there_are() -> None:
    found = story([[*OTHERS[:3], f"The quake killed {n} people."] for n in range(10, 30)])
    (dispute,) = found.disputed
    assert len(dispute.versions) == 20


def test_a_bound_does_not_contradict_a_number_in_it() -> None:
    least = "The quake killed at least 14 people in Orsk."
    for other in (DEAD[0], DEAD[1]):
        found = story([[least], [other]])
        assert reporters(found) == {least: ["a0"], other: ["a1"]}
        assert not found.disputed
    assert story([[least], ["The quake killed 12 people in Orsk."]]).disputed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "The bridge in Pell reopened after two years of repairs.",
            "The bridge in Pell reopened after repairs that cost 14 million euros.",
        ),
        ("The fire burned for three days near Pell.", "The fire burned 400 hectares near Pell."),
        (
            "The storm in Pell killed 12 people.",
            "The storm in Pell had winds of 120 kilometres an hour.",
        ),
    ],
)
def test_amounts_of_different_measures_are_no_contradiction(one: str, other: str) -> None:
    assert not alone(one, other).disputed


@pytest.mark.parametrize("amount", ["20 miles", "30 metres"])
def test_amounts_of_one_measure_contradict_in_any_unit(amount: str) -> None:
    assert alone("The road is 30 kilometres long.", f"The road is {amount} long.").disputed


def test_no_bullet_is_shown_twice() -> None:
    texts = [
        f"The quake killed {n} people in Orsk on {d}."
        for n in (3, 4)
        for d in ("Monday", "Tuesday")
    ]
    found = story([[text, f"The quake destroyed {n + 9} homes."] for n, text in enumerate(texts)])
    assert len(set(found.bullets)) == len(found.bullets)


def test_an_article_does_not_contradict_what_it_says_itself() -> None:
    both = ["Two people were killed in Orsk.", "Two people were killed in Riga."]
    found = story([both, both[::-1]])
    assert not found.disputed
    assert [len(b.cites) for b in found.bullets] == [2, 2]


def test_a_headline_that_contradicts_is_a_version() -> None:
    headlines = ["Quake kills 14 people in Orsk", "Quake kills 16 people in Orsk"]
    found = story([OTHERS[:1], OTHERS[1:2]], headlines)
    assert {v.text for d in found.disputed for v in d.versions} == set(headlines)
    found = story([OTHERS[:1], [DEAD[1]]], headlines)
    assert {v.text for d in found.disputed for v in d.versions} == {headlines[0], DEAD[1]}
    assert DEAD[1] in reporters(found)


def test_a_headline_is_a_second_source() -> None:
    headlines = ["Quake kills 14 people in Orsk", "News from the coast"]
    assert reporters(story([OTHERS[:1], DEAD[:1]], headlines))[DEAD[0]] == ["a0", "a1"]


def test_a_doubtful_translation_disputes_nothing() -> None:
    found = story([DEAD[:1], DEAD[1:2]], doubtful=[(1, 1)])
    assert not found.disputed
    assert set(reporters(found)) == set(DEAD[:2])


def test_a_headline_is_no_version_beside_a_bullet_that_says_as_much() -> None:
    bullets = [
        ["A ferry sank off Corvo on Thursday, killing nine people, the coast guard said."],
        ["Eleven people died when a ferry sank near Corvo on Thursday, police said."],
    ]
    found = story(bullets, ["Ferry sinks off Corvo island, 9 dead", "Ferry sinks near Corvo"])
    (dispute,) = found.disputed
    assert {version.text for version in dispute.versions} == {text for (text,) in bullets}
