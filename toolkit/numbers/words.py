"""The words that languages have for numbers, months and days of the week.

They stand in two files. ``cldr_words.json`` has numbers as words, months, weekdays and large
units ("5 लाख") from the Unicode CLDR, by FLORES-200 code (``tools/build_number_words.py``); what
CLDR does not say is in ``number_words.json``, by ISO 639-3 code. Their columns are

    from_0    the words for 0, 1, 2 ..., "/" between forms of one number, "_" where it has no word
    tens      the words for 10, 20, 30 ...
    hundreds  the words for 100, 200, 300 ...
    counts    other counting words ("vingtaine")
    scales    units that multiply what stands before them
    short_scales    abbreviations of them, which may mean something else
    fixed     other words with a value (ordinals, "dozen", "half"): they show that a value is
              meant, but their absence shows nothing
    before    words that change the number after them ("साढ़े" adds a half)
    after     words that change the number before them ("buçuk" adds a half)
    joiners   words between the parts of one number ("and")
    clitics   letters that are written in front of a word as part of it
    months, weekdays, short_months    January = 1 and Monday = 0
    ambiguous months that are also something else ("May")
    decimal   the decimal marks of the language's countries
    scale_first    true where the unit stands before the number
    ten_last  true where 13 is said as "three ten"
    fused     true where 25 is a word of its own, so that knowing 20 and 5 is not enough
    inflected true where months and units of a language in Latin script take endings
    endings   particles that follow a short word without a space
    void      forms that mean nothing of this kind ("بالمئة" is "per cent", not "hundred")
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import Any, Literal

from toolkit.languages import ENGLISH, UNSPACED, iso639_3_of, script_of, scripts

SenseKind = Literal["value", "fixed", "scale", "before", "after", "joiner", "month", "weekday"]

# Scripts whose endings may also replace the last letter.
_ALPHABETS = frozenset({"Latn", "Cyrl", "Grek", "Geor", "Armn"})
# Scripts whose languages count their months and write large numbers in steps of 10,000.
_COUNTING_SCRIPTS = frozenset({"Hang", "Hans", "Hant", "Jpan"})
# Columns of the tables whose words have an amount, and what such a word is.
_KINDS: dict[str, SenseKind] = {
    "counts": "value",
    "fixed": "fixed",
    "scales": "scale",
    "short_scales": "scale",
    "before": "before",
    "after": "after",
}
# Varieties that are read with the words of a neighbour.
_KIN = {
    **dict.fromkeys(["acm", "acq", "aeb", "ajp", "apc", "ars", "ary", "arz"], "arb"),
    **dict.fromkeys(["awa", "bho", "hne", "mag", "mai"], "hin"),
    **dict.fromkeys(["bjn", "min", "zsm"], "ind"),
    **dict.fromkeys(["bos", "hrv"], "srp"),
    **{"prs": "pes", "azb": "pes", "yue": "zho", "slk": "ces", "nno": "nob", "glg": "por"},
    **{"mkd": "bul", "bel": "ukr", "crh": "tur", "asm": "ben", "kas": "urd", "san": "hin"},
}

# Combining class of the sign that a consonant has no vowel.
_VIRAMA = 9
# Characters of the longest ending of a word in a script other than an alphabet ("ನಲ್ಲಿ").
_LONG_ENDING = 7
# First letters by which most words are seen to be none that is known.
_OPENING = 3
_NASAL = re.compile("[नम]्(?=[क-ह])|[નમ]્(?=[ક-હ])")
# Bengali, Gurmukhi, Gujarati and Oriya are laid out as Devanagari is.
_SHORT = {
    chr(ord(long) + block): chr(ord(short) + block)
    for block in (0, 0x80, 0x100, 0x180, 0x200)
    for long, short in zip("ईीऊूऑॉँ", "इिउुओों", strict=True)
}
# Letters of Malayalam that stand for a consonant without a vowel.
_CHILLU = {"ൺ": "ണ്", "ൻ": "ന്", "ർ": "ര്", "ൽ": "ല്", "ൾ": "ള്"}
# The r at the end of a Malayalam word, and before its ending: ഒക്ടോബർ, ഒക്ടോബറിൽ.
_MALAYALAM_R = ("ര്", "റ")
_ARABIC = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ہ": "ه"}
_SIGNS = {"’": "'", "ʼ": "'", "‘": "'", "ʻ": "'", "−": "-", "٬": ",", "٫": ".", "٪": "%"}
_SPACES = frozenset("\u00a0\u2009\u202f")


class _Folding(dict[int, str]):
    """The folded form of each character, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        digit = unicodedata.decimal(char, None)
        category = unicodedata.category(char)
        folded = (
            _SHORT.get(char) or _CHILLU.get(char) or _ARABIC.get(char) or _SIGNS.get(char) or char
        )
        if digit is not None:
            folded = str(digit)
        elif 0xFF01 <= code <= 0xFF5E:
            folded = chr(code - 0xFEE0)
        elif char in _SPACES:
            folded = " "
        elif category == "Pd":
            folded = "-"
        elif (
            category == "Cf"
            or char in "\u0640\u093c\u09bc\u0a3c\u0abc\u0b3c\u0ad0"
            or (category == "Mn" and (0x0590 < code < 0x05C8 or 0x064B <= code <= 0x0670))
        ):
            folded = ""
        self[code] = folded
        return folded


_FOLDING = _Folding()


@lru_cache(maxsize=512)
def fold(text: str) -> str:
    """Return ``text`` with all digit systems as ASCII digits and spelling variants made one.

    Case stays. Gone are joiners, marks of direction, Arabic and Hebrew vowel marks and nuktas;
    long and short i and u of the Indic scripts are one, and so are a nasal and its anusvara.
    """
    if text.isascii():
        return text
    folded = scripts.normal("NFC", text).translate(_FOLDING)
    if "्" not in folded and "્" not in folded:
        return folded
    return _NASAL.sub(lambda m: "ં" if m[0] > "઀" else "ं", folded)


@dataclass(frozen=True, slots=True)
class Sense:
    """The meaning of a word. ``firm`` months and weekdays cannot well mean something else; a firm
    scale is never just a letter; ``joined`` tells that the word opens with "and"."""

    kind: SenseKind
    amount: float
    firm: bool = True
    joined: bool = False


@dataclass
class Vocabulary:
    """The words of one language. Keys are folded and in lower case.

    ``senses`` has what a folded word in any case means, with its endings and prefixes.
    """

    language: str
    figures: dict[str, Sense] = field(default_factory=dict)
    calendar: dict[str, Sense] = field(default_factory=dict)
    stems: dict[str, Sense] = field(default_factory=dict)
    openers: set[str] = field(default_factory=set)
    abbreviations: set[str] = field(default_factory=set)
    void: set[str] = field(default_factory=set)
    ambiguous: set[str] = field(default_factory=set)
    ending: int = 4
    clitics: str = ""
    decimal: str = ""
    endings: tuple[str, ...] = ()
    scale_first: bool = False
    ten_last: bool = False
    fused: bool = False
    senses: Mapping[str, Sense | None] = field(init=False)

    def __post_init__(self) -> None:
        self.senses = _Senses(self)

    @cached_property
    def spaced(self) -> bool:
        """Whether the script puts spaces between words."""
        return script_of(self.language) not in UNSPACED

    @cached_property
    def has_scales(self) -> bool:
        """Whether units such as "million" are known."""
        return script_of(self.language) in _COUNTING_SCRIPTS or any(
            s.kind == "scale" and s.amount >= 1e6 for s in self.figures.values()
        )

    @cached_property
    def has_months(self) -> bool:
        """Whether the months are known."""
        return script_of(self.language) in _COUNTING_SCRIPTS or bool(self.calendar)

    @cached_property
    def ten_and_unit(self) -> bool:
        """Whether 15 is said as "ten five"."""
        values = {s.amount for s in self.figures.values() if s.kind == "value"}
        return {5.0, 10.0} <= values and 15.0 not in values

    def spells(self, value: float) -> bool:
        """Return whether the words for ``value`` are known: it is below 100, or so many times a
        unit."""
        return value in self._spelt or any(
            value % scale == 0 and value / scale in self._spelt for scale in self._scales
        )

    @cached_property
    def _scales(self) -> tuple[float, ...]:
        return tuple({s.amount for s in self.figures.values() if s.kind == "scale" and s.firm})

    @cached_property
    def _spelt(self) -> frozenset[float]:
        words = {s.amount for s in self.figures.values() if s.kind == "value"}
        if self.fused:  # many of them are spelt in several ways
            words -= {value for value in words if 20 < value < 100 and value % 10}
        else:
            words |= {
                ten + unit for ten in range(20, 100, 10) if ten in words for unit in range(10)
            }
        return frozenset(words)

    def look_up(self, word: str) -> Sense | None:
        """Return the sense of a folded ``word`` in lower case, with its endings and prefixes."""
        if word in self.void:
            return None
        found = self.figures.get(word) or self.calendar.get(word) or self._stem(word)
        for ending in () if found else self.endings:
            if word.endswith(ending):
                found = found or self.figures.get(word[: -len(ending)])
        if found or not self.clitics:
            return found
        for cut in (1, 2, 3):
            rest = word[cut:]
            if len(rest) < 2 or word[cut - 1] not in self.clitics:
                break
            found = self.figures.get(rest) or self.calendar.get(rest) or self._stem(rest)
            if found:
                joined = word[0] in "وו"
                return Sense(found.kind, found.amount, found.firm, joined)
        return None

    def may_know(self, word: str) -> bool:
        """Return whether a folded word begins as one that is known; this is fast."""
        known = self._openings
        lowered = word[:_OPENING].lower()
        if lowered in known or lowered[:2] in known or lowered[:1] in known:
            return True
        if self.clitics:
            for cut in (1, 2, 3):
                if word[cut - 1 : cut] not in self.clitics:
                    break
                if word[cut : cut + _OPENING] in known or word[cut : cut + 2] in known:
                    return True
        return "I" in word[:_OPENING] or "İ" in word[:_OPENING]

    @cached_property
    def _openings(self) -> frozenset[str]:
        """The first letters of all words, or all of a shorter one."""
        return frozenset(
            key[:_OPENING] for table in (self.figures, self.calendar, self.stems) for key in table
        )

    def _stem(self, word: str) -> Sense | None:
        if not self.stems:
            return None
        longest = min(self.ending, len(word) - 2)
        return next(
            (s for cut in range(longest + 1) if (s := self.stems.get(word[: len(word) - cut]))),
            None,
        )


class _Senses(dict[str, "Sense | None"]):
    """The sense of each folded word in any case, looked up when it is first met."""

    def __init__(self, words: Vocabulary) -> None:
        super().__init__()
        self._words = words

    def __missing__(self, word: str) -> Sense | None:
        if len(self) > 200_000:
            self.clear()
        lowered = word.lower().replace("i\u0307", "i")
        found = self._words.look_up(lowered)
        if found is None and "I" in word:  # of Turkish
            found = self._words.look_up(word.replace("I", "ı").lower())
        self[word] = found
        return found


@cache
def _tables(name: str) -> dict[str, dict[str, Any]]:
    path = resources.files("toolkit.numbers").joinpath(name)
    tables: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return tables


def _key(word: str) -> str:
    return fold(word).lower().strip(" .")


def _add_table(words: Vocabulary, table: dict[str, Any]) -> None:
    """Take in what ``table`` says; where a word is known already, that stays."""
    for column, kind in _KINDS.items():
        for amount, form in _pairs(table, column):
            firm = column != "short_scales" and not (len(form) <= 2 and form.isascii())
            key, sense = _key(form), Sense(kind, float(amount), firm)
            words.figures.setdefault(key, sense)
            if " " in key:
                words.calendar.setdefault(key, sense)
                words.openers.add(key.partition(" ")[0])
    for column, step in (("from_0", 1), ("tens", 10), ("hundreds", 100)):
        for place, forms in enumerate(table.get(column, "").split()):
            for form in forms.split("/") if forms != "_" else ():
                value = place if step == 1 else (place + 1) * step
                words.figures.setdefault(_key(form), Sense("value", float(value)))
    for form in table.get("joiners", "").split():
        words.figures.setdefault(_key(form), Sense("joiner", 0.0))
    words.ambiguous |= {_key(form) for form in table.get("ambiguous", "").split()}
    _add_calendar(words, table)
    words.endings += tuple(table.get("endings", "").split())
    words.decimal = words.decimal or table.get("decimal", "")
    words.clitics = table.get("clitics", words.clitics)
    words.ten_last |= table.get("ten_last", bool(words.clitics))
    words.scale_first |= table.get("scale_first", False)
    words.fused |= table.get("fused", False)
    words.void |= {_key(form) for form in table.get("void", "").split()}


def _add_calendar(words: Vocabulary, table: dict[str, Any]) -> None:
    for number, name in _pairs(table, "months"):
        _add_name(words, name, Sense("month", number, firm=_key(name) not in words.ambiguous))
    for number, name in _pairs(table, "weekdays"):
        _add_name(words, name, Sense("weekday", number))
    for number, name in _pairs(table, "short_months"):
        if _key(name) not in words.calendar:
            words.abbreviations.add(_key(name))
        _add_name(words, name, Sense("month", number, firm=False))


def _pairs(table: dict[str, Any], column: str) -> Iterator[tuple[float, str]]:
    """Value and form of each entry of a column."""
    for value, forms in table.get(column, {}).items():
        for form in forms.split() if isinstance(forms, str) else forms:
            yield float(value), form


def _add_name(words: Vocabulary, name: str, sense: Sense) -> None:
    key = _key(name)
    if len(key) < 2:
        return
    if sense.kind == "month" and len(key) == 2:
        sense = Sense("month", sense.amount, firm=False)
    words.calendar.setdefault(key, sense)
    if " " in key:
        words.openers.add(key.partition(" ")[0])


@lru_cache(maxsize=256)
def vocabulary(language: str) -> Vocabulary:
    """Return the words of a FLORES-200 ``language``; empty where nothing is known of it."""
    code, script = iso639_3_of(language), script_of(language)
    words = Vocabulary(language)
    kin = _KIN.get(code, code)
    own, cldr = _tables("number_words.json"), _tables("cldr_words.json")
    tables = [own[name] for name in dict.fromkeys((code, kin)) if name in own]
    for table in tables:
        _add_table(words, table)
    _add_table(words, cldr.get(language) or cldr.get(f"{kin}_{script}", {}))
    if script != "Latn":  # its news may hold English words
        english = vocabulary(ENGLISH)
        for key, sense in (*english.calendar.items(), *english.figures.items()):
            if sense.kind in ("month", "weekday"):
                words.calendar.setdefault(key, sense)
            elif sense.kind == "scale" and sense.firm:
                words.figures.setdefault(key, sense)
    if script != "Latn" or any(table.get("inflected") for table in tables):
        words.ending = words.ending if script in _ALPHABETS else _LONG_ENDING
        _add_stems(words, least=4 if script in _ALPHABETS else 3)
    return words


def _add_stems(words: Vocabulary, *, least: int) -> None:
    """Months, weekdays and units may take endings: keep what stays of them."""
    for key, sense in (*words.calendar.items(), *words.figures.items()):
        if sense.kind in ("before", "after", "joiner") or key in words.abbreviations:
            continue
        if len(key) < least or (sense.kind == "scale" and not sense.firm):
            continue
        if sense.kind == "value":
            sense = Sense("fixed", sense.amount)  # ordinals among others
        words.stems.setdefault(key, sense)
        if unicodedata.combining(key[-1]) == _VIRAMA and len(key) > least:
            words.stems.setdefault(key[:-1], sense)
        if key.endswith(_MALAYALAM_R[0]):
            words.stems.setdefault(key.removesuffix(_MALAYALAM_R[0]) + _MALAYALAM_R[1], sense)
        if sense.kind != "scale" and least == 4:
            for cut in (1, 2):  # "september", but "septembril"
                if len(key) > 4 * cut - (cut == 2):
                    words.stems.setdefault(key[:-cut], sense)
