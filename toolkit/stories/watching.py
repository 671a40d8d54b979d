"""Finds the names and phrases that a reader watches in articles, in any script and spelling.

A term is found in the English translation as it is written, and in the source by its forms there
(``watch_terms.py``) or by its sounds (``text/sounds.py``). Words with few consonants sound like
names everywhere; where sounds alone are no evidence, the English must have a name that sounds
alike, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolkit.data import TranslatedArticle, Translation
from toolkit.languages import CHINESE, ENGLISH, UNSPACED, script_of
from toolkit.numbers.words import fold
from toolkit.stories.watch_terms import CASED, CLITICS, LETTER, Term, without_marks
from toolkit.text.english import frequencies
from toolkit.text.sounds import ENDING, FAR, Name, script_of_word, sounds

# The greatest distances of sounds that are evidence, by the number of consonants of a name: for a
# word with a capital, for any word, for one in the script of the name, for one that no spaces part
# from others, for a name in the English, and where the source and the English both have a word
# that is so near. Negative: never.
_Limits = tuple[float, ...]
_CAPITAL: _Limits = (-1, -1, 0.1, 0.25, 0.5, 0.7, 0.9)
_ANY: _Limits = (-1, -1, -1, 0.15, 0.35, 0.6, 0.9)
_SAME_SCRIPT: _Limits = (-1, -1, -1, 0.12, 0.25, 0.3, 0.4)
_UNPARTED: _Limits = (-1, -1, -1, -1, 0.3, 0.5, 0.7)
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
# The Arabic article, which is part of few names.
_ARTICLE = "ال"
# Words whose names are kept.
_MOST_KNOWN = 200_000
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
        # Where the words of each term stand among all names; the last is the term as one word.
        self._names: list[Name] = []
        self._places: list[range] = []
        for term in self._terms:
            start = len(self._names)
            self._names += (*term.names, term.joined) if term.weight else ()
            self._places.append(range(start, len(self._names)))
        self._patterns: dict[str, list[re.Pattern[str] | None]] = {}
        self._known: dict[tuple[str, int], Mapping[int, float]] = {}

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
        sounding = self._sounding(_tokens(source, language), _tokens(english, ENGLISH))
        for number, (term, pattern) in enumerate(
            zip(self._terms, self._forms(language), strict=True)
        ):
            if (
                number in sounding
                or (term.english and term.english.search(english))
                or (pattern and pattern.search(folded))
            ):
                yield term.text

    def _forms(self, language: str) -> list[re.Pattern[str] | None]:
        if language not in self._patterns:
            self._patterns[language] = [term.pattern(language) for term in self._terms]
        return self._patterns[language]

    def _sounding(self, words: Sequence[_Token], names: Sequence[_Token]) -> set[int]:
        """Return the numbers of the terms that stand, by their sounds, among the ``words`` of a
        source or the ``names`` of its English."""
        found: set[int] = set()
        source: dict[int, float] = {}
        for number, word, cost in self._alike(words, _ENDING):
            term = self._terms[number]
            if cost <= _limit(_limits_of(word, term), term):
                found.add(number)
            source[number] = min(cost, source.get(number, FAR))
        for number, word, cost in self._alike(names, 0):
            term = self._terms[number]
            own = word.text.lower() in frequencies()  # A word of its own, no spelling of the name.
            if own and (term.script == "Latn" or not word.telling):
                continue
            limits = _IN_ENGLISH if term.script == "Latn" else _CAPITAL
            in_both = max(cost, source.get(number, FAR))
            if cost <= _limit(limits, term) or in_both <= _limit(_IN_BOTH, term):
                found.add(number)
        return found

    def _alike(self, tokens: Sequence[_Token], ending: int) -> Iterator[tuple[int, _Token, float]]:
        """Yield the terms, by number, that begin at a word, as several words or as one, with their
        distance."""
        near = [self._near(token, ending) for token in tokens]
        for place, (token, costs) in enumerate(zip(tokens, near, strict=True)):
            for number, places in enumerate(self._places) if costs else ():
                cost = FAR
                if places and places[-1] in costs and token.script != self._terms[number].script:
                    cost = costs[places[-1]]
                if places and places[0] in costs and place + len(places) - 1 <= len(near):
                    apart = zip(near[place:], places[:-1], strict=False)
                    cost = min(cost, sum(c.get(name, FAR) for c, name in apart))
                if cost < FAR:
                    yield number, token, cost

    def _near(self, token: _Token, ending: int) -> Mapping[int, float]:
        """Return the distance of each name, by number, that is near a word."""
        if token.capital is False:
            return {}
        key = token.text, ending
        if (known := self._known.get(key)) is None:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            spelt = [(s, form) for form in _forms_of(token) if (s := sounds(form))]
            most, price = (_WIDEST * 4, 0.0) if token.window else (ending, ENDING)
            found: dict[int, float] = {}
            for number, name in enumerate(self._names):
                for spoken, form in spelt:
                    if form.startswith(_ARTICLE) and not name.sounds.startswith(("al", "el")):
                        continue
                    cost = name.distance(spoken, token.script, ending=most, price=price)
                    if cost < found.get(number, FAR):
                        found[number] = cost
            known = self._known[key] = found
        return known


def _forms_of(token: _Token) -> Iterator[str]:
    """Yield a word, and it without what may be written together with it."""
    word, clitics = token.text, _CLITICS.get(token.script)
    for cut in range(_LONGEST_CLITIC + 1 if clitics else 1):
        rest = word[cut:]
        if rest and (not cut or (clitics and clitics.fullmatch(word[:cut]))):
            yield rest


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
        elif script == "Hani" and script_of(language) not in CHINESE:
            continue  # Elsewhere they are not read as in Chinese.
        elif unspaced and script:
            size = _WINDOW.get(script, _WIDEST)
            found += (
                _Token(word[start : start + size], script, window=True)
                for start in range(len(word) - 1)
                if word[start].isalpha()
            )
        elif script:
            found.append(_Token(word, script))
    return found


def _limits_of(word: _Token, term: Term) -> _Limits:
    """Return the limits for a word of a source."""
    if word.window:
        return _UNPARTED
    if word.script == term.script:
        return _SAME_SCRIPT
    return _CAPITAL if word.telling else _ANY


def _limit(limits: _Limits, term: Term) -> float:
    """Return the limit for the weight of a term, between those for whole numbers."""
    below = min(int(term.weight), len(limits) - 1)
    above = min(below + 1, len(limits) - 1)
    part = term.weight - int(term.weight)
    return limits[below] + part * (limits[above] - limits[below]) + _ROUNDING
