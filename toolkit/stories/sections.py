"""Tells where the news of an article happens and of which topic it is, and from that the section of
a digest in which a story stands.

The regions of the world (those of the United Nations, with the Caucasus beside Central Asia, and
Cyprus and Iran where readers look for them) and the words of topics are in ``sections.json``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from toolkit.stories.facts import is_country, no_names, places_found, without_possessive
from toolkit.text.places import Place, country_name, places, plain
from toolkit.text.similarity import WORD

# The section of a story that has no topic and names no place.
ELSEWHERE = "Other news"
# Sentences that are read, the headline among them.
_READ = 3
# The weight of a place where it is named in the headline, and of a people beside a place: "Russian"
# tells who, "Nairobi" where.
_HEADLINE, _PEOPLE = 2.0, 0.6
# Different words of a topic from which on an article is of it.
_TOPICAL = 2


@dataclass(frozen=True, slots=True)
class Scene:
    """The code of the ``country`` in which the news of an article happens, the name of the
    ``place``, and the ``topic``; each empty where it is not known."""

    country: str = ""
    place: str = ""
    topic: str = ""


def scene(sentences: Sequence[str], address: str = "") -> Scene:
    """Return the scene of an English article, whose first sentence is its headline. News of deaths,
    crimes and wars is of no topic: a bomb at a match is no sport.

    >>> scene(["Lavrov arrives in Nairobi", "The Russian minister will stay for a day."])
    Scene(country='KE', place='Nairobi, Kenya', topic='')
    """
    read = list(sentences[:_READ])
    weights: dict[str, float] = {}
    names: dict[str, str] = {}
    for number, sentence in enumerate(read):
        for words, place in _set_in(sentence):
            people = _is_people(words, place)
            weight = _HEADLINE if number == 0 else 1.0
            weight *= _PEOPLE if people else 1.0
            weights[place.country] = weights.get(place.country, 0.0) + weight
            if not is_country(place.name):
                names.setdefault(place.country, " ".join(words))
    topic = _topic(read, address)
    if not weights:
        return Scene(topic=topic)
    country = max(weights, key=lambda code: weights[code])
    shown = [names.get(country, ""), country_name(country)]
    return Scene(country, ", ".join(dict.fromkeys(filter(None, shown))), topic)


def _is_people(words: Sequence[str], place: Place) -> bool:
    known = plain(" ".join(words)) == plain(country_name(place.country))
    return is_country(place.name) and not known


def _set_in(sentence: str) -> Iterator[tuple[list[str], Place]]:
    """Yield the places that a sentence names, with the words that name each, but for those that are
    part of a longer name: Vladimir Putin, Lewis Hamilton, Real Madrid."""
    found = list(WORD.finditer(sentence))
    words = [without_possessive(match.group()) for match in found]
    # Whether nothing but a blank, and no possessive, stands between a word and the next.
    gaps = [
        sentence[a.start() + len(word) : b.start()] == " "
        for word, (a, b) in zip(words, pairwise(found), strict=False)
    ]
    for start, end, place in places_found(words):
        if is_country(place.name) and plain(words[start]) not in _known()["given_names"].split():
            yield words[start:end], place
            continue
        after = end < len(words) and gaps[end - 1] and _is_of_name(words[end], "after_places")
        before = start > 0 and gaps[start - 1] and _is_of_name(words[start - 1], "before_places")
        if not (before or after):
            yield words[start:end], place


def _is_of_name(word: str, exempt: str) -> bool:
    """Return whether a word beside a place makes a longer name of both; those of the list
    ``exempt`` do not."""
    p = plain(word)
    beside = p in _known()[exempt].split() or p in no_names() or next(places([p]), None)
    return word[0].isupper() and not beside


def _topic(sentences: Sequence[str], address: str) -> str:
    """Return the topic of an article: that of its address, or the one with most words."""
    text = " ".join(sentences).lower()
    if re.search(rf"\b(?:{_known()['no_topic']})\b", text):
        return ""
    folders = [part.lower() for part in urlsplit(address).path.split("/")[:-1]]
    found: dict[str, int] = {}
    for name, topic in _known()["topics"].items():
        if any(re.fullmatch(topic["paths"], folder) for folder in folders):
            return str(name)
        found[name] = len(set(re.findall(rf"\b(?:{topic['words']})\b", text)))
    best = max(found, key=lambda name: found[name])
    return best if found[best] >= _TOPICAL else ""


def section(
    scenes: Iterable[Scene], texts: Sequence[str], wanted: Mapping[str, Sequence[str]]
) -> str:
    """Return the name of the section of a story. Those that the user ``wanted`` come first: each
    has places, which the story must be set in, and words, which its ``texts`` must have."""
    known = list(scenes)
    country = _most(scene.country for scene in known)
    topic = _most(scene.topic for scene in known)
    text = f" {plain(' '.join(texts))} "
    for name, words in wanted.items():
        if any(_holds(plain(word), country, topic, text) for word in words):
            return name
    return topic or region(country) or ELSEWHERE


def region(country: str) -> str:
    """Return the region of the world in which a country lies, empty if it is not known.

    >>> region("KE"), region("AZ"), region("")
    ('Africa', 'Central Asia and the Caucasus', '')
    """
    regions = _known()["regions"].items()
    return next((str(name) for name, codes in regions if country in codes.split()), "")


def place_of(scenes: Iterable[Scene]) -> str:
    """Return the name of the place that most of the articles of a story have."""
    known = list(scenes)
    country = _most(scene.country for scene in known)
    return _most(scene.place for scene in known if scene.country == country)


def _holds(word: str, country: str, topic: str, text: str) -> bool:
    """Return whether a story is set in the place ``word`` or has it as its topic or in its text."""
    if word in (plain(topic), plain(region(country))):
        return True
    found = next(places(word.split()), None)
    if found and found[:2] == (0, len(word.split())):
        whole_country = is_country(found[2].name)
        return country == found[2].country and (whole_country or f" {word}" in text)
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _most(values: Iterable[str]) -> str:
    """Return the most frequent of ``values`` that is not empty, the first of equals."""
    counts = Counter(filter(None, values))
    return counts.most_common(1)[0][0] if counts else ""


@cache
def _known() -> Mapping[str, Any]:
    text = files("toolkit.stories").joinpath("sections.json").read_text(encoding="utf-8")
    known: dict[str, Any] = json.loads(text)
    return known
