"""Lets a name be spelt one way in a digest, however many ways its translations spell it.

Two spellings are one name where the originals have the same word, or where they differ only as two
systems of spelling do and nothing speaks for two people: within one story, or over stories for
whole names. Given names alone are never taken for one another, since many people share them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from toolkit.data import Spelling, Story, StoryBullet, TranslatedArticle
from toolkit.languages import ENGLISH, script_of
from toolkit.stories.name_mentions import Mention, mentions, one_origin
from toolkit.text.english import frequencies
from toolkit.text.places import places, plain
from toolkit.text.spelling import key, spelt, variants

# Letters of a name from which on two spellings of it are compared.
_SHORTEST = 4
# Endings by which the names of a man and of a woman differ.
_HIS_AND_HERS = (("", "a"), ("i", "aia"), ("i", "a"), ("o", "a"))


@dataclass(slots=True)
class _Uses:
    """How a word is used as the last of a name: in which ``articles`` and ``stories``, after which
    ``given`` names, from which ``origins`` by script, and in which ``latin`` languages, which have
    names in Latin letters themselves."""

    articles: set[str] = field(default_factory=set)
    stories: set[int] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    origins: set[tuple[str, str]] = field(default_factory=set)
    latin: set[str] = field(default_factory=set)


class Spellings:
    """Takes in the stories of a digest, then settles how each name is spelt.

    ``preferred`` spellings, those of a glossary, are taken where there are any, else the one of
    most articles. In memory are kept the names, and the articles that have each.
    """

    def __init__(self, preferred: Collection[str] = ()) -> None:
        self._preferred = {word for name in preferred for word in name.split()}
        self._uses: dict[str, _Uses] = defaultdict(_Uses)
        self._given: set[str] = set()
        self._apart: set[tuple[str, str]] = set()
        self._stories = 0
        self._chosen: dict[str, str] = {}

    def add(self, story: Story, articles: Iterable[TranslatedArticle]) -> None:
        """Take in a story and those of its ``articles`` that are at hand."""
        for mention in mentions(story, articles):
            self._take(mention)
        self._stories += 1

    def _take(self, mention: Mention) -> None:
        uses = self._uses[mention.last]
        uses.articles.add(mention.article)
        uses.stories.add(self._stories)
        if len(mention.words) > 1:
            uses.given.add(plain(mention.words[-2]))
            self._given.update(mention.words[:-1])
        beside = (other for other in mention.beside if other != mention.last)
        self._apart.update((mention.last, other) for other in beside if _alike(mention.last, other))
        script = script_of(mention.language)
        if mention.origin:
            uses.origins.add((script, mention.origin))
        if script == "Latn" and mention.language != ENGLISH:
            uses.latin.add(mention.language)

    def settle(self) -> tuple[Spelling, ...]:
        """Return the names that are spelt in several ways, and how each is spelt from now on."""
        found = []
        for group in self._groups():
            name = min(group, key=lambda word: (*self._rank(word), word))
            others = sorted(group - {name})
            self._chosen.update(dict.fromkeys(others, name))
            wanted = name in self._preferred
            articles = tuple(tuple(sorted(self._uses[other].articles)) for other in others)
            found.append(Spelling(name, tuple(others), articles, "glossary" if wanted else "usual"))
        return tuple(sorted(found, key=lambda spelling: spelling.name))

    def _rank(self, word: str) -> tuple[bool, int, bool, int]:
        """Return what a spelling is chosen by, the least first."""
        common = plain(word) in frequencies()
        articles = len(self._uses[word].articles)
        return word not in self._preferred, -articles, not common, len(word)

    def _groups(self) -> list[set[str]]:
        """Return the spellings that are one name, by groups of at least two."""
        buckets: dict[str, list[str]] = defaultdict(list)
        for word in self._uses:
            if len(word) >= _SHORTEST and word not in self._given:
                for bucket in self._buckets(word):
                    buckets[bucket].append(word)
        joined: dict[str, set[str]] = {}
        for words in buckets.values():
            for one, other in combinations(words, 2):
                if self._is_one(one, other):
                    group = joined.get(one, {one}) | joined.get(other, {other})
                    joined.update(dict.fromkeys(group, group))
        return list({id(group): group for group in joined.values()}.values())

    def _buckets(self, word: str) -> set[str]:
        """Return keys of which two spellings of a name share one."""
        place = _place(word)
        starts = {origin[:_SHORTEST] for _, origin in self._uses[word].origins}
        return {f"={spelt(word)}", *([f"@{place}"] if place else ()), *starts}

    def _is_one(self, one: str, other: str) -> bool:
        here, there = _place(one), _place(other)
        if here and there:
            # A country and its people are no spellings of one another.
            return here == there and not here.startswith("@")
        mine, theirs = self._uses[one], self._uses[other]
        # Two names of one sentence are two people.
        if (one, other) in self._apart or _his_and_hers(one, other):
            return False
        if not _compatible(mine.given, theirs.given):
            return False
        same = [
            one_origin(a, b)
            for script, a in mine.origins
            for other_script, b in theirs.origins
            if script == other_script
        ]
        if same:
            # What is tied by the originals differs by no more than the model's spelling does.
            return all(same) and _alike(one, other)
        # One article, or one language with Latin letters, spells a name one way.
        if mine.articles & theirs.articles or mine.latin & theirs.latin:
            return False
        if not variants(one, other) or _both_known(one, other):
            return False
        return bool(mine.stories & theirs.stories) or bool(mine.given and theirs.given)

    def respelt(self, story: Story) -> Story:
        """Return ``story`` with its names spelt as settled."""
        if not self._chosen:
            return story
        return replace(
            story,
            headline=self._text(story.headline),
            bullets=self._bullets(story.bullets),
            disputed=tuple(
                replace(dispute, versions=self._bullets(dispute.versions))
                for dispute in story.disputed
            ),
        )

    def _bullets(self, bullets: Sequence[StoryBullet]) -> tuple[StoryBullet, ...]:
        return tuple(replace(bullet, text=self._text(bullet.text)) for bullet in bullets)

    def _text(self, text: str) -> str:
        return _CAPITALISED.sub(lambda m: self._chosen.get(m.group(), m.group()), text)


_CAPITALISED = re.compile(r"(?<!\w)[^\W\d_]{4,}(?:[-’'][^\W\d_]{4,})*(?!\w)")


def _place(word: str) -> str:
    """Return the key of the place that a word names, empty if it names none."""
    return next((place.name for _, _, place in places([plain(word)])), "")


def _both_known(one: str, other: str) -> bool:
    """Return whether English knows two words, such as Meyer and Meier, as two."""
    return plain(one) != plain(other) and {plain(one), plain(other)} <= frequencies().keys()


def _his_and_hers(one: str, other: str) -> bool:
    """Return whether two names are those of a man and a woman of one family."""
    a, b = spelt(one), spelt(other)
    return any(
        x.removesuffix(his) + hers == y
        for x, y in ((a, b), (b, a))
        for his, hers in _HIS_AND_HERS
        if x.endswith(his)
    )


def _compatible(mine: Collection[str], theirs: Collection[str]) -> bool:
    """Return whether given names may be those of one person."""
    if not mine or not theirs:
        return True
    return any(
        key(a) == key(b) or (min(len(a), len(b)) == 1 and a[0] == b[0])
        for a in mine
        for b in theirs
    )


def _alike(one: str, other: str) -> bool:
    """Return whether two words have the same consonants, or all but one."""
    a, b = key(plain(one)), key(plain(other))
    if min(len(a), len(b)) < 3 or a == b:
        return a == b
    rest = Counter(a)
    rest.subtract(b)
    return sum(abs(count) for count in rest.values()) <= 2
