"""Articles about one event become one story, and its bullets say each thing once."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.data import (
    Article,
    Brief,
    Bullet,
    EarlierStory,
    PreparedArticle,
    Segment,
    Story,
    TranslatedArticle,
    Translation,
)
from toolkit.stories import day
from toolkit.summarisers.extractive.summariser import Extractive

ROOT = Path(__file__).parents[2]
CASES = json.loads((ROOT / "tests/cases/stories.json").read_text(encoding="utf-8"))
EVENTS = {frozenset(event) for event in CASES["events"]}


def article(name: str, sentences: list[str], flagged: Collection[int] = ()) -> TranslatedArticle:
    """An article whose first sentence is its title. Translations of the sentences ``flagged``
    failed a check."""
    segments = tuple(
        Segment(name, i, i, text, i + 1, "text" if i else "title")
        for i, text in enumerate(sentences)
    )
    prepared = PreparedArticle(Article(name, name, ""), "eng_Latn", segments)
    flags = (("numbers",) if s.index in flagged else () for s in segments)
    english = (Translation(s, s.text, f) for s, f in zip(segments, flags, strict=True))
    return TranslatedArticle(prepared, tuple(english))


def group(articles: list[TranslatedArticle]) -> tuple[Story, ...]:
    return day.group([Extractive().summarise(a, bullets=4) for a in articles], articles)


def events(found: tuple[Story, ...]) -> set[frozenset[str]]:
    return {frozenset(story.articles) for story in found}


def story_of(
    bullets: dict[str, list[str]],
    headline: str = "News",
    flagged: Mapping[str, Collection[int]] | None = None,
) -> Story:
    """The one story that articles of equal text and the given bullets make."""
    text = [*CASES["articles"]["whale"], *CASES["articles"]["whale"]]
    same = [article(name, text, (flagged or {}).get(name, ())) for name in bullets]
    briefs = [
        Brief(name, headline, tuple(Bullet(text, (i,)) for i, text in enumerate(texts)))
        for name, texts in bullets.items()
    ]
    (story,) = day.group(briefs, same)
    return story


@pytest.fixture(scope="module")
def news() -> list[TranslatedArticle]:
    return [article(name, text) for name, text in CASES["articles"].items()]


@pytest.fixture(scope="module")
def seeds() -> list[TranslatedArticle]:
    """The five sample articles in the reference translation."""
    texts: dict[str, list[str]] = defaultdict(list)
    with (ROOT / "tools/demo/reference.tsv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            if row["kind"] == "text" and row["english"] not in texts[row["file"]]:
                texts[row["file"]].append(row["english"])
    return [article(name[:3], text) for name, text in sorted(texts.items())]


def test_events_of_a_day(news: list[TranslatedArticle]) -> None:
    found = group(news)
    assert events(found) == EVENTS
    assert [len(story.articles) for story in found] == [2, 2, 1, 1]
    assert found[2].articles == ("cocoa",), "stories of one size keep the input's order"


def test_events_do_not_depend_on_the_rest_of_the_day(news: list[TranslatedArticle]) -> None:
    for size in (1, 2, 3):
        for some in itertools.combinations(news, size):
            names = {a.id for a in some}
            assert events(group(list(some))) == {event & names for event in EVENTS} - {frozenset()}


def test_events_do_not_depend_on_the_order(news: list[TranslatedArticle]) -> None:
    assert events(group(news[::-1])) == EVENTS


def test_visits_of_one_president_to_one_country_are_two_events(
    seeds: list[TranslatedArticle],
) -> None:
    """All five articles are about one president, and three about visits to one country."""
    apart = {frozenset({"001"}), frozenset({"002"}), frozenset({"004"})}
    assert events(group(seeds)) == apart | {frozenset({"000", "003"})}
    for some in itertools.combinations(seeds, 2):
        together = {a.id for a in some} == {"000", "003"}
        assert (len(group(list(some))) == 1) == together


def test_a_fact_of_two_articles_is_one_bullet_with_both_citations() -> None:
    story = story_of(
        {
            "en": ["Nine people died in the floods near Tamale on Friday.", "Schools are shut."],
            "fr": ["Cholera is feared.", "Near Tamale, nine people died in the floods on Friday."],
        }
    )
    both, *others = story.bullets
    assert [(c.article_id, c.segments) for c in both.cites] == [("en", (0,)), ("fr", (1,))]
    assert [[c.article_id for c in bullet.cites] for bullet in others] == [["en"], ["fr"]]


def test_what_two_articles_support_is_shown_not_the_detail_of_one() -> None:
    less = "Nine people died in the floods near Tamale on Friday."
    more = "Nine people died in the floods near Tamale on Friday as rivers rose."
    assert [b.text for b in story_of({"en": [more], "fr": [less]}).bullets] == [less]


DEAD = "Nine people died in the floods near Tamale on Friday."
DEAD_TOO = "Near Tamale, nine people died in the floods on Friday."


@pytest.mark.parametrize(
    ("flagged", "text", "cited"),
    [
        ({}, DEAD, ["en", "fr"]),
        ({"fr": [1]}, DEAD, ["en"]),
        ({"en": [0]}, DEAD_TOO, ["fr"]),
        ({"en": [0], "fr": [1]}, DEAD, ["en"]),
    ],
)
def test_doubtful_english_is_no_second_source(
    flagged: Mapping[str, Collection[int]], text: str, cited: list[str]
) -> None:
    bullets = {"en": [DEAD, "Schools are shut."], "fr": ["Cholera is feared.", DEAD_TOO]}
    story = story_of(bullets, flagged=flagged)
    (both,) = (b for b in story.bullets if "nine" in b.text.lower())
    assert (both.text, [c.article_id for c in both.cites]) == (text, cited)
    assert len(story.bullets) == 3


def test_doubtful_english_brings_no_articles_together() -> None:
    flood = CASES["articles"]["flood-en"]
    other = [*CASES["articles"]["cocoa"], *flood]
    doubtful = range(len(other) - len(flood), len(other))
    assert len(group([article("a", flood), article("b", other)])) == 1
    assert len(group([article("a", flood), article("b", other, doubtful)])) == 2


def test_an_article_whose_language_is_in_doubt_stands_alone() -> None:
    flood = article("a", CASES["articles"]["flood-en"])
    other = article("b", CASES["articles"]["flood-fr"])
    assert len(group([flood, other])) == 1
    doubted = replace(other.prepared, language_doubt="taken for French, but may be Catalan")
    found = group([flood, replace(other, prepared=doubted)])
    assert [story.articles for story in found] == [("a",), ("b",)]
    assert all(story.bullets for story in found)


def test_articles_of_doubtful_english_alone_stay_apart() -> None:
    texts = [CASES["articles"][name] for name in ("flood-en", "cocoa")]
    whole = [article(str(n), text, range(len(text))) for n, text in enumerate(texts)]
    assert [story.articles for story in group(whole)] == [("0",), ("1",)]


def test_a_doubtful_headline_neither_leads_nor_replaces_a_bullet() -> None:
    text = CASES["articles"]["whale"]
    bullet = (Bullet("A whale was freed off Chile.", (1,)),)
    doubtful = Brief("a", "Whale freed off Chile", bullet, headline_cites=(0,))
    sound = Brief("b", "Whale off Chile is free", bullet, headline_cites=(0,))
    articles = [article("a", text, [0]), article("b", text)]
    (story,) = day.group([doubtful, sound], articles)
    assert (story.headline, story.notes) == (sound.headline, ())
    more = replace(doubtful, bullets=(*bullet, Bullet("Divers cut the net.", (2,))))
    (story,) = day.group([more], articles[:1])
    assert [b.text for b in story.bullets] == [b.text for b in more.bullets]
    assert story.notes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The floods killed 9 people near Tamale.", "The floods killed 11 people near Tamale."),
        ("Two people were hurt in the storm.", "Twelve people were hurt in the storm."),
        ("The damage is 3 million pounds.", "The damage is 3 billion pounds."),
        ("Schools in Tamale open on Monday.", "Schools in Tamale open on Friday."),
        ("The minister will resign in May.", "The minister will not resign in May."),
        ("Nobody was hurt in the storm.", "Four people were hurt in the storm."),
        ("Floods killed 9 near Tamale.", "Floods killed farmers near Tamale market."),
        ("Nothing was found in the wreck.", "A body was found in the wreck."),
        ("Floods near Tamale killed cattle.", "The president visited Tamale after the floods."),
    ],
)
def test_facts_that_differ_stay_apart(one: str, other: str) -> None:
    assert {b.text for b in story_of({"en": [one], "fr": [other]}).bullets} == {one, other}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Two people were hurt in the storm.", "2 people were hurt in the storm."),
        ("About 1,200 people fled the floods.", "About 1200 people fled the floods."),
    ],
)
def test_a_number_is_the_same_in_words_and_digits(one: str, other: str) -> None:
    (bullet,) = story_of({"en": [one], "fr": [other]}).bullets
    assert len(bullet.cites) == 2


def test_a_bullet_that_the_headline_says_is_left_out() -> None:
    bullets = ["Floods kill nine in Ghana.", "Schools in Tamale are shut."]
    shown = story_of({"en": bullets}, "Floods kill nine in Ghana").bullets
    assert [b.text for b in shown] == bullets[1:]
    assert len(story_of({"en": bullets[:1]}, "Floods kill nine in Ghana").bullets) == 1


def test_every_article_gets_its_turn_when_room_is_short() -> None:
    things = {
        "a": ["apple", "bridge", "copper", "donkey", "engine", "feather", "garden"],
        "b": ["island", "jacket", "kettle", "lemon", "mirror", "needle", "orchard"],
        "c": ["quilt", "ribbon", "saddle", "teapot", "umbrella", "violin", "window"],
        "d": ["acorn", "birch", "clover", "daisy", "elder", "fern", "ginger"],
    }
    story = story_of({name: [f"The {w} burnt." for w in words] for name, words in things.items()})
    assert len(story.bullets) == 6
    assert {c.article_id for b in story.bullets for c in b.cites} == set("abcd")


def test_the_lead_has_a_headline_that_will_be_true_tomorrow() -> None:
    text = CASES["articles"]["whale"]
    bullet = (Bullet("A whale was freed.", (1,)),)
    briefs = [
        Brief("a", "Whale to be freed tomorrow", bullet),
        Brief("b", "Whale freed", ()),
        Brief("c", "Whale freed off Chile", bullet),
    ]
    (story,) = day.group(briefs, [article(b.article_id, text) for b in briefs])
    assert story.headline == "Whale freed off Chile"
    assert story.articles == ("c", "a", "b")


def test_stories_that_go_on_are_marked_with_the_latest_date(news: list[TranslatedArticle]) -> None:
    text = CASES["articles"]
    earlier = [
        EarlierStory(dt.date(2026, 11, 18), text["flood-fr"][0], " ".join(text["flood-fr"][1:4])),
        EarlierStory(dt.date(2026, 11, 19), text["flood-fr"][0], " ".join(text["flood-fr"][1:5])),
        EarlierStory(dt.date(2026, 11, 20), text["whale"][0]),
    ]
    today = [a for a in news if a.id in ("flood-en", "bank-en")]
    briefs = [Extractive().summarise(a, bullets=4) for a in today]
    found = day.group(briefs, today, earlier=earlier)
    assert [story.continues for story in found] == [dt.date(2026, 11, 19), None]
    assert [story.before for story in found] == [text["flood-fr"][0], ""]


def test_a_story_that_goes_on_tells_which_bullets_are_new() -> None:
    text = [
        "Flood in Lyon kills 16",
        "Sixteen people have died in the flood in Lyon, the mayor said.",
        "The Rhone rose by three metres on Monday.",
        "Soldiers built a bridge.",
    ]
    before = EarlierStory(
        dt.date(2026, 11, 20),
        "Flood in Lyon kills 14",
        "Fourteen people have died in the flood in Lyon, the mayor said.\n"
        "The Rhone rose by three metres on Monday.",
    )
    brief = Brief("a", text[0], tuple(Bullet(t, (n,)) for n, t in enumerate(text) if n))
    (story,) = day.group([brief], [article("a", text)], earlier=[before])
    assert story.before == before.headline
    assert [story.bullets[n].text for n in story.new] == [text[1], text[3]]
    (alone,) = day.group([brief], [article("a", text)])
    assert (alone.before, alone.new) == ("", ())
    assert (alone.place, alone.section) == ("Lyon, France", "Europe")


def test_no_briefs_no_stories() -> None:
    assert day.group([], []) == ()


def test_the_work_for_many_articles_grows_far_less_than_their_pairs(
    calls: Callable[[Callable[[], object]], int],
) -> None:
    """Four times the articles are 16 times the pairs."""
    sentences = [s for text in CASES["articles"].values() for s in text]
    many = [
        article(
            str(i), [f"Report {i} from town {i % 90}", *sentences[i % 20 : i % 20 + 8], f"{i}."]
        )
        for i in range(400)
    ]
    briefs = [Brief(a.id, f"Report {a.id}", (Bullet(f"Town {a.id}.", (0,)),)) for a in many]
    few, all_of_them = (
        calls(lambda count=count: day.group(briefs[:count], many[:count]))  # type: ignore[misc]
        for count in (100, 400)
    )
    assert all_of_them < 9 * few


@settings(max_examples=30)
@given(st.lists(st.sampled_from(sorted(CASES["articles"])), max_size=6), st.randoms())
def test_every_article_is_in_one_story_and_every_citation_is_real(
    names: list[str], random: Random
) -> None:
    chosen = []
    for i, name in enumerate(names):
        text = CASES["articles"][name]
        chosen.append(article(f"{i}", random.sample(text, random.randint(1, len(text)))))
    found = group(chosen)
    placed = [a for story in found for a in story.articles]
    assert sorted(placed) == [str(i) for i in range(len(names))]
    lengths = {a.id: len(a.translations) for a in chosen}
    for story in found:
        assert len(story.bullets) <= 2 * day.MAX_BULLETS + len(story.disputed)
        for bullet in story.bullets:
            cited = [cite.article_id for cite in bullet.cites]
            assert cited
            assert len(cited) == len(set(cited))
            assert set(cited) <= set(story.articles)
            assert all(0 <= n < lengths[c.article_id] for c in bullet.cites for n in c.segments)


def test_a_headline_on_a_sentence_that_failed_says_why() -> None:
    text = CASES["articles"]["whale"]
    whole = article("whale", text, flagged={0})
    brief = Brief("whale", text[0], (Bullet(text[1], (1,)),), headline_cites=(0,))
    (story,) = day.group([brief], [whole])
    assert story.notes == (
        "The headline rests on a sentence whose translation failed a check. A number is not the "
        "same as in the original.",
    )
    (sound,) = day.group([replace(brief, headline_cites=(1,))], [whole])
    assert sound.notes == ()
