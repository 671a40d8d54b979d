"""Build ``toolkit/numbers/cldr_words.json``: numbers as words, months, weekdays and large units.

They come from the Unicode CLDR, through Babel and ICU (``pip install babel PyICU``; ICU has the
rules by which CLDR spells numbers out). CLDR is under the Unicode License v3
(https://www.unicode.org/license.txt), which asks that its notice go with copies: it stands in
``NOTICE``.

    python tools/build_number_words.py toolkit/numbers/cldr_words.json
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from toolkit.languages import codes, iso639_3_of, script_of

# Further locales of a language, and the locales of those that CLDR has under another name.
LOCALES = {
    "ar": ("ar", "ar_LB", "ar_DZ", "ar_MA", "ar_MR"),
    "fa": ("fa", "fa_AF"),
    "azb": ("fa", "az"),
    "bos": ("bs", "bs_Cyrl"),
    "crh": ("tr",),
    "es": ("es", "es_MX"),
    "hrv": ("hr", "sr_Latn"),
    "pbt": ("ps",),
    "pt": ("pt", "pt_PT"),
    "srp": ("sr", "sr_Latn"),
    "tl": ("fil",),
}
# A pattern such as "0 lakh" is a number and a unit.
PLACEHOLDER = re.compile(r"[\d'\u200e\u200f\xa0. ]+")
# Languages that count with signs of their own (``toolkit.numbers.numerals``).
COUNTED = frozenset({"Hans", "Hant", "Jpan"})
# Rule sets of CLDR that spell a number as it stands in running text.
SPELT = re.compile(r"%spellout-(?:numbering|cardinal|construct)(?!-year|.*financial)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="the .json file to write")
    options = parser.parse_args()
    built = {language.code: build(language.code) for language in codes.all_languages()}
    lines = [
        f"{json.dumps(code)}: {json.dumps(table, ensure_ascii=False)}"
        for code, table in built.items()
        if table
    ]
    options.output.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{len(lines)} languages, {options.output.stat().st_size:,} bytes")


def build(code: str) -> dict[str, Any]:
    """Return the names of one language by column; see ``toolkit.numbers.words``."""
    found = list(locales(code))
    if not found:
        return {}
    root = Locale.parse("root")
    units = [unit for locale in found for unit in large_units(locale, root)]
    table = {
        "months": by_number(names(found, root, "months", "wide")),
        "weekdays": by_number(names(found, root, "days", "wide")),
        "short_months": by_number(names(found, root, "months", "abbreviated")),
        "scales": by_number((amount, unit) for amount, unit, style, _ in units if style == "long"),
        "short_scales": by_number((a, unit) for a, unit, style, _ in units if style == "short"),
        "scale_first": any(first for *_, first in units),
        "decimal": "".join(sorted({mark(locale) for locale in found})),
        **spelt(code, found),
    }
    return {column: value for column, value in table.items() if value}


def mark(locale: Locale) -> str:
    """Return the decimal mark of a locale, as a full stop or a comma."""
    symbols = locale.number_symbols
    sign = symbols.get("latn", symbols.get(locale.default_numbering_system, {})).get("decimal")
    return "," if sign == "," else "."


def spelt(code: str, found: Iterable[Locale]) -> dict[str, str]:
    """Return the words for 0 to 99 and for 100 to 900: "_" where a number has no single word."""
    if script_of(code) in COUNTED:
        return {}
    import icu  # of no use to those who import the rest

    root = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, icu.Locale("root"))
    columns = {"from_0": range(100), "hundreds": range(100, 1000, 100)}
    forms: dict[str, list[dict[str, None]]] = {k: [{} for _ in v] for k, v in columns.items()}
    for locale in found:
        rules = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, icu.Locale(str(locale)))
        if str(locale) != "en" and rules.format(25) in (root.format(25), "twenty-five"):
            continue
        names = [rules.getRuleSetName(i) for i in range(rules.getNumberOfRuleSetNames())]
        for name in filter(SPELT.match, names):
            for column, values in columns.items():
                for value, words in zip(values, forms[column], strict=True):
                    word = rules.format(value, name).replace("\xad", "").strip()
                    single = " " not in word and "-" not in word and not word[0].isdigit()
                    # A Korean word of one syllable is also many other words.
                    if single and (len(word) > 1 or script_of(code) != "Hang"):
                        words[word] = None
    return {
        column: " ".join("/".join(words) or "_" for words in table)
        for column, table in forms.items()
        if any(table)
    }


def locales(code: str) -> Iterator[Locale]:
    """Yield the locales of a FLORES-200 code, the most special one first."""
    iso = iso639_3_of(code)
    short = get_global("language_aliases").get(iso, iso).split("_")[0]
    script = code.rpartition("_")[2]
    named = LOCALES.get(iso) or LOCALES.get(short) or (short, f"{short}_{script}")
    for name in reversed(named):
        try:
            yield Locale.parse(name, resolve_likely_subtags=False)
        except UnknownLocaleError:
            continue


def names(
    found: Iterable[Locale], root: Locale, kind: str, width: str
) -> Iterator[tuple[int, str]]:
    """Yield number and name of each month or day; what stands in the root of CLDR is no
    language's."""
    for locale in found:
        for context in ("format", "stand-alone"):
            ours: Mapping[int, str] = getattr(locale, kind)[context][width]
            roots: Mapping[int, str] = getattr(root, kind)[context][width]
            for number, name in ours.items():
                # Chinese, Japanese, Korean and Vietnamese count their months.
                if name != roots[number] and not any(map(str.isdigit, name)):
                    yield number, name


def large_units(locale: Locale, root: Locale) -> Iterator[tuple[int, str, str, bool]]:
    """Yield amount, unit, style (long or short), and whether the unit stands before the number."""
    for style in ("long", "short"):
        inherited = {str(f) for forms in patterns(root, style) for f in forms.values()}
        for forms in patterns(locale, style):
            for least, form in forms.items():
                pattern = form.pattern.split(";")[0].strip("\u200e\u200f")
                unit = PLACEHOLDER.sub(" ", pattern).strip()
                # "mille" alone is one thousand.
                amount = 10 ** (len(least) - max(pattern.count("0"), 1))
                if amount == 1 or str(form) in inherited or not is_word(unit):
                    continue
                yield amount, unit, style, not pattern.startswith("0") and "0" in pattern


def is_word(unit: str) -> bool:
    """Return whether a unit is one word; one or two Latin letters may be anything."""
    bare = unit.strip(" .")
    return bool(bare) and " " not in bare and not (bare.isascii() and len(bare) < 3)


def patterns(locale: Locale, style: str) -> list[Mapping[str, Any]]:
    return list(locale.compact_decimal_formats.get(style, {}).values())


def by_number(pairs: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    """Return the names of each number in their order, each once."""
    found: dict[int, dict[str, None]] = {}
    for number, name in pairs:
        found.setdefault(number, {})[name] = None
    return {number: list(names) for number, names in found.items()}


if __name__ == "__main__":
    main()
