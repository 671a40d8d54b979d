"""Finds the countries, the currencies and the units that an English text names."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from toolkit.languages import ENGLISH
from toolkit.numbers.words import vocabulary

# Families of names: countries with their people and capitals, money, units.
KINDS = ("c:", "m:", "u:")

_TOKEN = re.compile(r"\d[\d.,]*|[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ]*(?:\.[A-Z]\.?)*|[$€£₹₽₴₩₺₦₪฿₫¥]")
# Words that may stand between a number and its unit, and "half".
_AFTER_NUMBER = frozenset(["square", "cubic", "us", "half", "k", "m", "bn", "mn"])
_MONEY = {
    "dollar": "dollar dollars usd bucks $", "pound": "pound pounds sterling gbp £",
    "franc": "franc francs chf", "rupee": "rupee rupees rupiah rupiahs inr rs ₹",
    "peso": "peso pesos", "dinar": "dinar dinars", "rial": "rial rials riyal riyals",
    "krone": "krone krona kroner kronor koruna korunas koruny crown crowns",
    "dirham": "dirham dirhams", "shilling": "shilling shillings",
    "rouble": "rouble roubles ruble rubles rub ₽", "lira": "lira liras lire ₺",
    "euro": "euro euros eur €", "yen": "yen jpy", "yuan": "yuan renminbi rmb cny", "won": "won ₩",
    "real": "reais real reals", "rand": "rand", "zloty": "zloty zlotys zloties",
    "forint": "forint forints", "leu": "leu lei", "lev": "lev leva levs",
    "hryvnia": "hryvnia hryvnias ₴", "baht": "baht ฿", "ringgit": "ringgit", "dong": "dong ₫",
    "taka": "taka", "naira": "naira ₦", "cedi": "cedi cedis", "birr": "birr",
    "shekel": "shekel shekels ₪", "tenge": "tenge", "som": "som soms sum", "manat": "manat manats",
    "lari": "lari", "dram": "dram drams", "afghani": "afghani afghanis", "kyat": "kyat kyats",
    "riel": "riel riels", "kip": "kip", "tugrik": "tugrik tugriks", "somoni": "somoni somonis",
    "kwacha": "kwacha kwachas", "kwanza": "kwanza kwanzas", "metical": "metical meticals meticais",
    "bolivar": "bolivar bolivars bolivares", "guarani": "guarani guaranis",
    "quetzal": "quetzal quetzals quetzales", "lempira": "lempira lempiras",
    "gourde": "gourde gourdes", "ngultrum": "ngultrum ngultrums",
}  # fmt: skip
_UNITS = {
    "kilometre": "kilometre kilometres kilometer kilometers km kms kph",
    "metre": "metre metres meter meters", "centimetre": "centimetre centimetres centimeter "
    "centimeters cm", "millimetre": "millimetre millimetres millimeter millimeters mm",
    "mile": "mile miles mph", "foot": "foot feet ft", "inch": "inch inches", "yard": "yard yards",
    "gram": "gram grams gramme grammes", "kilogram": "kilogram kilograms kilo kilos kg kgs",
    "tonne": "tonne tonnes ton tons", "ounce": "ounce ounces oz",
    "litre": "litre litres liter liters", "gallon": "gallon gallons",
    "hectare": "hectare hectares ha", "acre": "acre acres", "second": "second seconds",
    "minute": "minute minutes", "hour": "hour hours", "day": "day days", "week": "week weeks",
    "month": "month months", "year": "year years",
    "decade": "decade decades", "century": "century centuries", "barrel": "barrel barrels",
    "kilowatt": "kilowatt kilowatts kw", "megawatt": "megawatt megawatts mw",
    "gigawatt": "gigawatt gigawatts gw",
}  # fmt: skip
# Signs of several currencies.
_SHARED = {"$": ("dollar", "peso", "real"), "¥": ("yen", "yuan")}

Mentions = tuple[frozenset[str], ...]


@lru_cache(maxsize=1024)
def english_mentions(text: str) -> tuple[Mentions, Mentions]:
    """Return what each name in an English ``text`` may stand for: of every name, and of those that
    certainly are one (a currency or a unit only after a number).

    >>> english_mentions("The French paid 5 dollars a day.")[1]
    (frozenset({'c:FR'}), frozenset({'m:dollar'}))
    """
    tokens = _TOKEN.findall(text)
    countries, amounts = _countries(), _amounts()
    named: list[frozenset[str]] = []
    certain: list[frozenset[str]] = []
    skip = 0
    for place, token in enumerate(tokens):
        if place < skip:
            continue
        if token in countries:
            for words, kinds in countries[token]:
                if tuple(tokens[place : place + len(words)]) == words:
                    named.append(kinds)
                    certain.append(kinds)
                    skip = place + len(words)
                    break
        elif found := amounts.get(token.lower()):
            named.append(found)
            if _after_number(tokens, place):
                certain.append(found)
    return tuple(named), tuple(certain)


def _after_number(tokens: list[str], place: int) -> bool:
    """Return whether a currency or a unit belongs to a number."""
    if not tokens[place].isalpha():
        return place + 1 < len(tokens) and tokens[place + 1][0].isdigit()
    before = tokens[place - 1] if place else ""
    if before[:1].isupper() and place > 1 and not _is_number(before):
        before = tokens[place - 2]  # "5 Canadian dollars"
    return _is_number(before)


def _is_number(word: str) -> bool:
    """Return whether a word, or what is written in digits, may be the last of a number over one."""
    if word[:1].isdigit() or (lowered := word.lower()) in _AFTER_NUMBER:
        return True
    sense = vocabulary(ENGLISH).senses[lowered]
    return sense is not None and (
        sense.kind == "scale" or (sense.kind == "value" and sense.amount > 1)
    )


@cache
def _amounts() -> dict[str, frozenset[str]]:
    table = {
        word: frozenset({family + kind})
        for family, kinds in (("m:", _MONEY), ("u:", _UNITS))
        for kind, words in kinds.items()
        for word in words.split()
    }
    table |= {sign: frozenset(f"m:{kind}" for kind in _SHARED[sign]) for sign in _SHARED}
    return table | dict.fromkeys(("pound", "pounds"), frozenset({"m:pound", "u:pound"}))


def signs_of(sign: str) -> frozenset[str]:
    """Return the currencies that a ``sign`` may stand for."""
    return _amounts()[sign]


def is_amount(word: str) -> bool:
    """Return whether an English word in small letters is a currency or a unit."""
    return word in _amounts()


@cache
def _countries() -> dict[str, list[tuple[tuple[str, ...], frozenset[str]]]]:
    """Return the names of countries, peoples and capitals by their first word, longest first."""
    table = name_table()
    kinds: dict[tuple[str, ...], set[str]] = {}
    for code, names in table["english"].items():
        capital = table["capitals"].get(code, {}).get("english", [])
        for name in (*names, *capital):
            kinds.setdefault(tuple(_TOKEN.findall(name)), set()).add(f"c:{code}")
    found: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = {}
    for words in sorted(kinds, key=len, reverse=True):
        found.setdefault(words[0], []).append((words, frozenset(kinds[words])))
    return found


@cache
def name_table() -> dict[str, Any]:
    """Return the names of countries, currencies and units in all languages."""
    path = resources.files("toolkit.translators.checks").joinpath("names.json.gz")
    table: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return table
