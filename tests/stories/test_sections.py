"""The section of a story: its topic, the region of its place, or one of the user's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolkit.stories.sections import Scene, place_of, region, scene, section
from toolkit.text import places

CASES = Path(__file__).parents[1] / "cases"
# Invented stories; those that are held out were written after the words of the topics.
STORIES = [json.loads(line) for line in (CASES / "sections.jsonl").open(encoding="utf-8")]


def test_invented_stories_stand_in_the_section_where_readers_look() -> None:
    wrong = []
    for story in STORIES:
        found = scene(story["text"], story.get("address", ""))
        if section([found], story["text"], {}) != story["section"] or not found.place.endswith(
            story["place"]
        ):
            wrong.append(story["text"][0])
    assert len(wrong) <= 2, wrong


def test_every_country_lies_in_one_region() -> None:
    rows = (Path(places.__file__).parent / "countries.tsv").read_text(encoding="utf-8")
    assert all(region(line.split("\t")[0]) for line in rows.splitlines())


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"Home": ["Kenya"]}, "Home"),
        ({"Home": ["Nairobi"]}, "Home"),
        ({"Home": ["Mombasa"]}, "Africa"),
        ({"Home": ["Uganda"]}, "Africa"),
        ({"Energy": ["fuel tax"], "Home": ["Kenya"]}, "Energy"),
        ({"Taxation": ["fuel", "taxes"]}, "Taxation"),
        ({"Axes": ["ax"]}, "Africa"),
        ({"South": ["Latin America", "Africa"]}, "South"),
        ({"Balls": ["Sport"]}, "Africa"),
        ({}, "Africa"),
    ],
)
def test_the_users_sections_come_first(wanted: dict[str, list[str]], found: str) -> None:
    texts = ["Kenya raises fuel tax", "Parliament in Nairobi voted for the levy."]
    assert section([scene(texts)], texts, wanted) == found


def test_a_story_is_where_most_of_its_articles_are() -> None:
    scenes = [Scene("RU", "Russia"), Scene("UA", "Kyiv, Ukraine", "Business"), Scene("UA", "")]
    assert place_of(scenes) == "Kyiv, Ukraine"
    assert section(scenes, [], {}) == "Business"
    assert section([Scene()], [], {}) == "Other news"


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        ("Russian President Vladimir Putin has arrived in Kyrgyzstan", "Kyrgyzstan"),
        ("Lewis Hamilton wins in Monza, Italy", "Monza, Italy"),
        ("Whitney Houston film opens", ""),
        ("Michael Jordan sells his stake", ""),
        ("Real Madrid beat Bayern Munich", ""),
        ("Jordan Foreign Minister Ayman Safadi met the envoys", "Jordan"),
        ("London's Mayor Sadiq Khan resigned", "London, United Kingdom"),
        ("In Nairobi residents fled", "Nairobi, Kenya"),
        ("New York City Mayor Zohran Mamdani spoke", "New York City, United States"),
        ("Protests in Lagos, Abuja and Kano", "Lagos, Nigeria"),
    ],
)
def test_a_place_that_is_part_of_a_longer_name_is_none(sentence: str, place: str) -> None:
    assert scene([sentence]).place == place
