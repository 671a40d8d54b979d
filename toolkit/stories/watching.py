"""Finds the names and phrases that a reader watches in articles, in any script and spelling.

A term is found in the English translation as it is written, and in the source by its forms there
(``watch_terms.py``) or by its sounds (``text/sounds.py``). Words with few consonants sound like
names everywhere; where sounds alone are no evidence, the English must have a name that sounds
alike, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from toolkit.data import TranslatedArticle, Translation
from toolkit.languages import ENGLISH, UNSPACED, script_of
from toolkit.numbers.words import fold
from toolkit.stories.watch_terms import CASED, CLITICS, LETTER, Term, without_marks
from toolkit.text.english import frequencies
from toolkit.text.sounds import FAR, Name, script_of_word, sounds

# The greatest distances of sounds that are evidence, by the number of consonants of a name: for a
# word with a capital, for any word, for a name in the English, and where the source and the
# English both have a word that is so near. Negative: never.
_Limits = tuple[float, ...]
_CAPITAL: _Limits = (-1, -1, 0.1, 0.25, 0.5, 0.7, 0.9)
_ANY: _Limits = (-1, -1, -1, 0.15, 0.35, 0.6, 0.9)
_IN_ENGLISH: _Limits = (-1, -1, -1, 0.12, 0.3, 0.4, 0.5)
_IN_BOTH: _Limits = (-1, 0.1, 0.3, 0.5, 0.8, 0.9, 0.9)
_ROUNDING = 1e-9
# Sounds that the ending of a word in the source may have.
_ENDING = 5
# Characters that are compared with a name from each on, where no spaces stand between words.
_WINDOW = {"Hani": 8}
_WIDEST = 14
# Languages that write every noun with a capital.
_NOUNS = frozenset(("deu_Latn", "ltz_Latn"))
# From this share of capitalised words on, a line's capitals do not tell its names.
_CAPITALISED = 0.7
_TOKEN = re.compile(
    f"[ァ-ヺー]+|[㐀-鿿]+|[ぁ-ゟ]+|(?:(?![ぁ-ヿ㐀-鿿]){LETTER})+(?:['׳](?=[א-ת]){LETTER}+)*"
)
_LONGEST_CLITIC = 4
_CLITICS = {script: re.compile(clitic) for script, clitic in CLITICS.items()}


@dataclass(frozen=True, slots=True)
class _Token:
    """A word and its script. ``capital`` is None in a script without capitals; ``telling`` means
    that the capital tells a name: it opens no sentence, and other words have none."""

    text: str
    script: str
    capital: bool | None = None
    telling: bool = False
    window: bool = False


class Watch:
    """Finds terms in articles."""

    def __init__(self, terms: Sequence[str]) -> None:
        self._terms = [Term(text) for text in dict.fromkeys(terms)]
        self._patterns: dict[str, list[re.Pattern[str] | None]] = {}

    def find(self, article: TranslatedArticle) -> dict[str, tuple[int, ...]]:
        """Return the terms that stand in an article, and the indices of the segments that have
        them."""
        found: dict[str, list[int]] = {}
        for translation in article.translations if self._terms else ():
            for term in self.terms_in(translation, article.language):
                found.setdefault(term, []).append(translation.segment.index)
        return {term: tuple(indices) for term, indices in found.items()}

    def terms_in(self, translation: Translation, language: str) -> Iterator[str]:
        """Yield the terms that stand in a segment or in its translation."""
        english = without_marks(translation.english)
        source = "" if language == ENGLISH else translation.segment.text
        folded = fold(source)
        names = _tokens(english, ENGLISH)
        words = _tokens(source, language)
        for term, pattern in zip(self._terms, self._forms(language), strict=True):
            if (
                (term.english and term.english.search(english))
                or (source and pattern and pattern.search(folded))
                or _sounding(term, words, names)
            ):
                yield term.text

    def _forms(self, language: str) -> list[re.Pattern[str] | None]:
        if language not in self._patterns:
            self._patterns[language] = [term.pattern(language) for term in self._terms]
        return self._patterns[language]


def _tokens(text: str, language: str) -> list[_Token]:
    """Return the words of a text."""
    matches = list(_TOKEN.finditer(text))
    capitals = sum(match[0][0].isupper() for match in matches)
    told = language not in _NOUNS and capitals <= max(2, _CAPITALISED * len(matches))
    unspaced = script_of(language) in UNSPACED
    found: list[_Token] = []
    for place, match in enumerate(matches):
        word, script = match[0], script_of_word(match[0])
        if script == "Kana":  # It writes foreign words.
            found.append(_Token(word, script, True, True))
        elif script in CASED:
            capital = word[0].isupper()
            found.append(_Token(word, script, capital, capital and told and place > 0))
        elif script == "Hani" or (unspaced and script):
            size = _WINDOW.get(script, _WIDEST)
            found += (
                _Token(word[start : start + size], script, window=True)
                for start in range(len(word) - 1)
                if word[start].isalpha()
            )
        elif script:
            found.append(_Token(word, script))
    return found


def _sounding(term: Term, words: Sequence[_Token], names: Sequence[_Token]) -> bool:
    """Return whether a term stands, by its sounds, among the ``words`` of a source or the ``names``
    of its English."""
    if not term.weight:
        return False
    in_source = in_english = FAR
    for place, word in enumerate(words):
        cost = _cost(term, words, place, _ENDING)
        if cost <= _limit(_CAPITAL if word.telling else _ANY, term):
            return True
        in_source = min(in_source, cost)
    for place, word in enumerate(names):
        if word.text.lower() in frequencies() and not (term.script != "Latn" and word.telling):
            continue  # A word of its own, no spelling of the name.
        cost = _cost(term, names, place, 0)
        if cost <= _limit(_IN_ENGLISH if term.script == "Latn" else _CAPITAL, term):
            return True
        in_english = min(in_english, cost)
    return max(in_source, in_english) <= _limit(_IN_BOTH, term)


def _limit(limits: _Limits, term: Term) -> float:
    below = min(int(term.weight), len(limits) - 1)
    above = min(below + 1, len(limits) - 1)
    part = term.weight - int(term.weight)
    return limits[below] + part * (limits[above] - limits[below]) + _ROUNDING


def _cost(term: Term, tokens: Sequence[_Token], place: int, ending: int) -> float:
    """Return the distance of a term, as several words or as one, from the words at a place."""
    if tokens[place].capital is False:
        return FAR
    apart = tokens[place : place + len(term.names)]
    cost = FAR
    if len(apart) == len(term.names):
        cost = sum(
            _distance(name, token.text, token.window, ending)
            for name, token in zip(term.names, apart, strict=True)
        )
    if len(term.names) > 1:
        token = tokens[place]
        cost = min(cost, _distance(term.joined, token.text, token.window, ending))
    return cost


@lru_cache(maxsize=1 << 17)
def _distance(name: Name, word: str, window: bool, ending: int) -> float:
    script = script_of_word(word)
    clitics = _CLITICS.get(script)
    cuts = range(1, _LONGEST_CLITIC + 1) if clitics else ()
    forms = {word, *(word[n:] for n in cuts if clitics.fullmatch(word[:n]) and word[n:])}
    if window:
        return min(name.distance(sounds(f), script, ending=_WIDEST * 4, price=0.0) for f in forms)
    return min(name.distance(sounds(form), script, ending=ending) for form in forms)
