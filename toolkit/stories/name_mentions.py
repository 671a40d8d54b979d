"""Finds the names that the sentences behind a story mention, and the words of the original that
each was made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from toolkit.data import Story, TranslatedArticle
from toolkit.languages import script_of
from toolkit.stories.facts import all_capitalised, no_names
from toolkit.text.english import frequencies
from toolkit.text.places import plain
from toolkit.text.similarity import WORD
from toolkit.text.spelling import likeness, romanised, spelt

# A word with its vowel signs, which are no letters to Unicode.
_WORD = re.compile(r"[^\s\d.,;:!?()\[\]\"'«»“”„‘’‚…–—/|।॥،؛؟。、，！？・-]+")
# A text that ends in one of these is no headline.
_STOPS = (".", "!", "?", '"', "”", "'", "’")
# Letters of a name whose spellings are looked at.
_SHORTEST = 4
# Letters that the endings of two forms of a source word may have, and how many letters of the
# shorter one they may replace.
_ENDING, _REPLACED = 4, 1


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in the English of an article in ``language``: its words, and, of the last one, the
    word of another script that it was made of, in Latin letters and one system of spelling; empty
    if unknown, or if the language has Latin letters itself. ``beside`` are the other names of the
    sentence."""

    article: str
    language: str
    words: tuple[str, ...]
    origin: str = ""
    beside: tuple[str, ...] = ()

    @property
    def last(self) -> str:
        return self.words[-1]


def mentions(story: Story, articles: Iterable[TranslatedArticle]) -> Iterator[Mention]:
    """Yield the names in what a story cites of ``articles``, and in their titles."""
    cited: dict[str, set[int]] = {}
    for bullet in story.bullets:
        for cite in bullet.cites:
            cited.setdefault(cite.article_id, set()).update(cite.segments)
    for article in articles:
        wanted = cited.get(article.id, set())
        latin = script_of(article.language) == "Latn"
        for t in article.translations:
            if t.segment.index in wanted or t.segment.kind == "title":
                source = () if latin else tuple(_WORD.findall(t.segment.text))
                found = tuple(names(t.english))
                lasts = tuple(name[-1] for name in found)
                for name in found:
                    origin = _origin(name[-1], source)
                    yield Mention(article.id, article.language, name, origin, lasts)


def names(sentence: str) -> Iterator[tuple[str, ...]]:
    """Yield the names in an English sentence, without titles; none of a headline that is
    capitalised throughout, where a name may begin and end anywhere.

    >>> list(names("On Monday President Volodymyr Zelensky met Merkel's deputy, Scholz."))
    [('Volodymyr', 'Zelensky'), ('Merkel',), ('Scholz',)]
    """
    found: list[str] = []
    end = 0
    if not sentence.rstrip().endswith(_STOPS) and all_capitalised(WORD.findall(sentence)):
        return
    for number, match in enumerate(WORD.finditer(sentence)):
        word = match.group().removesuffix("'s").removesuffix("’s")
        low = plain(word)
        common = number == 0 and low in frequencies()
        is_name = word[0].isupper() and not word.isupper() and low not in no_names() and not common
        if found and (not is_name or sentence[end : match.start()] != " "):
            yield tuple(found)
            found = []
        if is_name:
            found.append(word)
        end = match.start() + len(word)
    if found:
        yield tuple(found)


def _origin(word: str, source: tuple[str, ...]) -> str:
    """Return the one word of another script that sounds most like ``word``."""
    if len(word) < _SHORTEST:
        return ""
    # Where a script has capitals, names have them.
    names = (other for other in source if other[0] != other[0].lower() or other.upper() == other)
    near = [(found, other) for other in names if (found := likeness(word, other))]
    # The vowels tell which of two that have nearly the same consonants.
    best = max(((found, _closeness(word, other), other) for found, other in near), default=None)
    return spelt(romanised(best[2])) if best else ""


def _closeness(word: str, other: str) -> float:
    return SequenceMatcher(None, spelt(word), spelt(romanised(other)), autojunk=False).ratio()


def one_origin(one: str, other: str) -> bool:
    """Return whether two source words are one word but for their endings.

    >>> one_origin("selenski", "selenskogo"), one_origin("hansen", "hansona")
    (True, False)
    """
    if not one or not other or one == other:
        return bool(one) and one == other
    shorter, longer = sorted((len(one), len(other)))
    shared = next((n for n in range(shorter) if one[n] != other[n]), shorter)
    return shared >= max(_SHORTEST, shorter - _REPLACED) and longer - shared <= _ENDING
