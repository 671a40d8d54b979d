"""Names and phrases that a reader watches are found in any script, lift their story, and are not
found where they are not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from toolkit.data import (
    Article,
    PreparedArticle,
    Segment,
    Story,
    TranslatedArticle,
    Translation,
)
from toolkit.stories import day
from toolkit.stories.watching import Watch
from toolkit.summarisers.extractive.summariser import Extractive

CASES = Path(__file__).parents[1] / "cases"
NAMES: list[dict[str, Any]] = json.loads((CASES / "watch_names.json").read_text(encoding="utf-8"))
ABSENT = json.loads((CASES / "watch_absent.json").read_text(encoding="utf-8"))


def found(watch: Watch, source: str, english: str, language: str) -> list[str]:
    translation = Translation(Segment("a", 0, 0, source), english)
    return list(watch.terms_in(translation, language))


def recall(held_out: bool, *, respelt: bool) -> float:
    """The share of forms that are found, each between other words, where the English lacks the name
    or spells it in another way."""
    hits = []
    for name in NAMES:
        watch = Watch([name["term"]])
        for language, forms in name["forms"].items() if name["held_out"] == held_out else ():
            for form in forms.split():
                source = f"... xyz {form.replace('_', ' ')} xyz."
                english = f"Then {name.get('respelt', 'he') if respelt else 'he'} was in town."
                english = source if language == "eng_Latn" else english
                hits.append(found(watch, source, english, language) == [name["term"]])
    return sum(hits) / len(hits)


def test_names_are_found_in_the_source_alone() -> None:
    assert recall(False, respelt=False) >= 0.84
    assert recall(True, respelt=False) >= 0.82


def test_names_that_the_translation_spells_otherwise_are_found() -> None:
    assert recall(False, respelt=True) >= 0.97
    assert recall(True, respelt=True) >= 0.92


@pytest.mark.parametrize(("term", "language", "source", "english"), ABSENT)
def test_a_name_that_is_not_there_is_not_found(
    term: str, language: str, source: str, english: str
) -> None:
    assert found(Watch([term]), source, english, language) == []


@pytest.mark.parametrize(
    ("term", "english"),
    [
        ("Turkey", "TURKEY VOTES"),
        ("Turkey", "Turkish voters"),
        ("Kyiv", "Kiev was hit"),
        ("Türkei", "Turkey votes"),
        ("કિર્ગિસ્તાન", "Kyrgyzstan votes"),
        ("gas pipeline", "Two gas-pipelines burst"),
        ("Xi Jinping", "XI JINPING SPEAKS"),
        ("US", "The U.S. and the US"),
        ("Guinea", "In Guinea's capital"),
    ],
)
def test_terms_are_found_in_english(term: str, english: str) -> None:
    assert found(Watch([term]), english, english, "eng_Latn") == [term]


def article(name: str, text: Sequence[str], publisher: str = "") -> TranslatedArticle:
    segments = tuple(
        Segment(name, i, i, line, i + 1, "text" if i else "title") for i, line in enumerate(text)
    )
    prepared = PreparedArticle(
        Article(name, name, "", publisher=publisher or None), "eng_Latn", segments
    )
    return TranslatedArticle(prepared, tuple(Translation(s, s.text) for s in segments))


MARKET = [
    "Lima market reopens",
    "The flower market of Lima has reopened after two years.",
    "Traders from Arequipa sold roses and lilies on Saturday.",
]
MARKET_TOO = [
    "Flower sellers return to Lima",
    "The flower market of Lima has reopened, and traders from Arequipa are back.",
    "Roses and lilies were sold out by noon on Saturday.",
]
VISIT = [
    "Minister visits Ankara",
    "The Russian foreign minister arrived in Ankara.",
    "Sergei Lavrov will meet his Turkish counterpart.",
]
SONG = [
    "Eurovision moves to Basel",
    "The Eurovision Song Contest will be held in Basel.",
    "Tickets go on sale in May.",
]
KILLED = [
    "Twelve killed at Eurovision rehearsal",
    "At least 12 people were killed when a Eurovision stage collapsed in Basel.",
    "Rescuers searched the hall until the morning.",
]
MENTION = [
    "Basel builds a tram",
    "The city of Basel will build a tram line to the airport.",
    "Work begins in June.",
    "It will cost 40 million francs.",
    "The hall of the Eurovision contest gets a stop.",
]


def stories(
    *texts: Sequence[str], watch: Sequence[str] = (), mute: Sequence[str] = ()
) -> tuple[Story, ...]:
    articles = [article(f"a{n}", text, f"Paper {n}") for n, text in enumerate(texts)]
    briefs = [Extractive().summarise(a, bullets=3) for a in articles]
    return day.group(briefs, articles, watch=watch, mute=mute)


def test_a_watched_story_comes_first_and_says_why() -> None:
    plain = stories(MARKET, MARKET_TOO, VISIT)
    assert plain[0].headline != VISIT[0]
    first = stories(MARKET, MARKET_TOO, VISIT, watch=["Лавров", "gas pipeline"])[0]
    assert first.headline == VISIT[0]
    assert first.why[0] == "watched: Лавров"
    (watched,) = first.watched
    assert [(cite.article_id, cite.segments) for cite in watched.cites] == [("a2", (2,))]


def test_a_muted_story_comes_last_but_a_grave_one_stays() -> None:
    muted = stories(SONG, MARKET, VISIT, mute=["Eurovision"])
    assert [bool(story.muted) for story in muted] == [False, False, True]
    assert (muted[-1].headline, muted[-1].why[0]) == (SONG[0], "muted: Eurovision")
    assert muted[-1].bullets
    grave = stories(MARKET, VISIT, KILLED, mute=["Eurovision"])
    assert (grave[0].headline, grave[0].muted) == (KILLED[0], ())
    assert "not muted (Eurovision)" in grave[0].why


def test_a_mention_mutes_nothing_and_watching_outranks_muting() -> None:
    assert not any(story.muted for story in stories(MENTION, MARKET, mute=["Eurovision"]))
    both = stories(MARKET, SONG, watch=["Basel"], mute=["Eurovision"])
    assert (both[0].headline, both[0].muted) == (SONG[0], ())
