"""Finds the numerals of a text and the words that are part of a number or a date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

from toolkit.languages import ENGLISH, iso639_3_of, script_of
from toolkit.numbers.compounds import compound
from toolkit.numbers.dates import MONTHS, WEEKDAYS
from toolkit.numbers.numerals import (
    COUNTING,
    HAN_NUMERAL,
    HANGUL_NUMERAL,
    NUMERAL,
    Item,
    NumberKind,
    Readings,
    han_value,
    readings,
)
from toolkit.numbers.words import Sense, Vocabulary, vocabulary

_WORD = r"[^\s\d!-/:-@\[-`{-~¡-©«-´¶-¹»-¿×÷‐-⁯、-〿।॥،؛؟۔։።-፼⁄]+"
_COUNTED = {"Hang": HANGUL_NUMERAL, **dict.fromkeys(("Hans", "Hant", "Jpan"), HAN_NUMERAL)}
# Words, with the marks on them, that are remembered for a language.
_KNOWN_CHUNKS = 200_000
# Words after one that begins a number or a date which may belong to it: a name has three at most.
_NEAR = 3

# A decimal mark that no numeral has.
_NO_DECIMALS = "-"
_NEXT_WORD = re.compile(rf" ?({_WORD})")
# One word with nothing about it but the punctuation of a sentence, as nearly all are.
_PUNCTUATION = r"[\"'(\[«“‘„.,;:!?…)\]»”’،؛؟۔।-]*"
_PLAIN = re.compile(rf"{_PUNCTUATION}({_WORD}){_PUNCTUATION}")


@lru_cache(maxsize=256)
def _pattern(language: str) -> re.Pattern[str]:
    words = vocabulary(language)
    code, script = iso639_3_of(language), script_of(language)
    groups = []
    if counted := MONTHS.get(script) or MONTHS.get(code):
        groups.append(counted)
    if signs := WEEKDAYS.get(script):
        groups.append(rf"[(（](?P<weekday>[{signs}])[)）]")
    if script in _COUNTED:
        groups.append(f"(?P<han>{_COUNTED[script]})")
    longest_first = sorted({*words.figures, *words.calendar}, key=len, reverse=True)
    if words.spaced:
        hyphened = "".join(re.escape(key) + r"\b|" for key in longest_first if "-" in key)
        inner = f"(?:'{_WORD})*" if any("'" in key for key in words.figures) else ""
        groups.append(f"(?P<word>(?i:{hyphened}(?!))|{_WORD}{inner})")
    else:
        known = (re.escape(key) for key in longest_first if len(key) > 1 and key not in COUNTING)
        groups.append(f"(?P<word>{'|'.join(known) or '(?!)'})")
    groups.append(f"(?P<numeral>{NUMERAL})")
    return re.compile("|".join(groups))


class _Notable(dict[str, bool]):
    """Whether what stands between two spaces may be part of a number or a date; worked out when it
    is first met. A joiner ("and") alone is none."""

    def __init__(self, words: Vocabulary) -> None:
        super().__init__()
        self._words = words
        self._in_words = script_of(words.language) not in _COUNTED

    def __missing__(self, chunk: str) -> bool:
        if len(self) > _KNOWN_CHUNKS:
            self.clear()
        if self._in_words and (plain := _PLAIN.fullmatch(chunk)):
            found = self._means(plain[1])
        else:
            matches = _pattern(self._words.language).finditer(chunk)
            found = any(match.lastgroup != "word" or self._means(match[0]) for match in matches)
        self[chunk] = found
        return found

    def _means(self, found: str) -> bool:
        """Return whether a word may be part of a number or a date."""
        words = self._words
        if not words.may_know(found):
            return False
        sense = compound(found, words.language) or words.senses[found]
        return (sense is not None and sense.kind != "joiner") or found.lower() in words.openers


@lru_cache(maxsize=256)
def _notable(language: str) -> _Notable:
    return _Notable(vocabulary(language))


def _matches(text: str, words: Vocabulary) -> Iterator[re.Match[str]]:
    """Yield the matches of the pattern of numbers and dates: in a language with spaces only those
    near words that may be part of one, which most words are not."""
    pattern = _pattern(words.language)
    if not words.spaced:
        yield from pattern.finditer(text)
        return
    chunks = text.split(" ")
    notable = _notable(words.language)
    places = [place for place, chunk in enumerate(chunks) if notable[chunk]]
    if not places:
        return
    starts = [0, *accumulate(len(chunk) + 1 for chunk in chunks)]
    first = last = places[0]
    for place in (*places[1:], len(chunks) + _NEAR):
        if place > last + _NEAR:
            end = starts[min(last + _NEAR, len(chunks))] - 1
            yield from pattern.finditer(text, starts[max(first - 1, 0)], end)
            first = place
        last = place


def items_of(text: str, words: Vocabulary) -> Iterator[Item]:
    """Yield the numerals and the words with a sense of a folded ``text``."""
    english = words.language == ENGLISH
    senses, openers = words.senses, words.openers
    done = 0
    for match in _matches(text, words):
        kind = match.lastgroup
        if kind == "word":
            found = match[0]
            sense = compound(found, words.language) or senses[found]
            opens = openers and found.lower() in openers
            if sense is None and not opens:
                continue
            start, end = match.span()
            if opens:
                sense, end = _longest(text, start, words) or (sense, end)
            if (
                sense is None
                or start < done
                or (english and sense.kind in ("month", "weekday") and found[0].islower())
            ):
                continue
            done = end
            written: NumberKind = "words" if words.spaced else "hint"
            yield Item(start, end, frozenset({sense.amount}), (), sense, written)
        elif kind == "numeral":
            yield Item(match.start(), match.end(), *_readings(match, words))
        elif kind == "weekday":
            number = WEEKDAYS[script_of(words.language)].index(match["weekday"])
            yield Item(match.start(), match.end(), sense=Sense("weekday", float(number)))
        elif kind == "han":
            yield _han_item(match)
        elif 1 <= (month := int(han_value(match["month"]))) <= 12:
            day = int(han_value(match["day"])) if match["day"] else None
            firm = day is not None or "сар" not in match[0]
            sense = Sense("month", float(month), firm)
            yield Item(match.start(), match.end(), sense=sense, day=day)


def _readings(match: re.Match[str], words: Vocabulary) -> tuple[Readings, tuple[Readings, ...]]:
    """Return the values and the parts of a numeral. Where countries of one language write decimals
    differently, three digits after a mark are decimals only before a unit ("1.153 millones")."""
    decimal, strict = words.decimal, words.language == ENGLISH
    if len(decimal) > 1:
        decimal_before_units, decimal = decimal, _NO_DECIMALS
        following = _NEXT_WORD.match(match.string, match.end())
        sense = following and words.senses[following[1]]
        if sense and sense.kind == "scale":
            decimal = decimal_before_units
    return readings(match[0], decimal, strict=strict)


def _longest(text: str, start: int, words: Vocabulary) -> tuple[Sense, int] | None:
    """Return the name of two or three words that begins here, and where it ends."""
    pieces = text[start : start + 48].split(" ")
    for count in (3, 2):
        key = " ".join(pieces[:count]).lower().rstrip(".,;:!?،)\"'")
        if count <= len(pieces) and (sense := words.calendar.get(key)):
            return sense, start + len(key)
    return None


def _han_item(match: re.Match[str]) -> Item:
    text = match[0].rstrip()
    end = match.start() + len(text)
    value = han_value(text)
    values = {value}
    if text[-1] == "조" and text[:-1].strip().isdigit():  # also "article" and "group"
        values.add(float(text[:-1]))
    digits = any("0" <= c <= "9" for c in text) or (len(text) > 3 and value > 1000)
    counted = len(text) > 1 and any(c in COUNTING for c in text)
    kind: NumberKind = "digits" if digits else "words" if counted else "hint"
    return Item(match.start(), end, frozenset(values), kind=kind)
