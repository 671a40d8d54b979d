"""Build ``toolkit/text/abbreviations/cldr.json``: short names of months and weekdays.

They come from the Unicode CLDR through Babel. CLDR is under the Unicode License v3
(https://www.unicode.org/license.txt), which asks that its notice go with copies: it stands in
``NOTICE``. Titles and other abbreviations, which CLDR has for few languages, stand in the files of
the languages beside it. Names in full end sentences like other words and are left out.

    python tools/build_abbreviations.py toolkit/text/abbreviations/cldr.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from babel import Locale, UnknownLocaleError, localedata

from toolkit.languages import UNSPACED, codes, scripts

CONTEXTS = ("format", "stand-alone")
# Languages that CLDR has under another name.
LOCALES = {"tgl_Latn": "fil", "nob_Latn": "nb"}
ENGLISH_DAYS = frozenset(("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"))
MOST_LETTERS = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="the .json file to write")
    options = parser.parse_args()
    tables: dict[str, dict[str, list[str]]] = {}
    for language in codes.all_languages():
        table = names(LOCALES.get(language.code, language.bcp47), language.script)
        if table and language.script not in UNSPACED:
            tables.setdefault(language.iso639_3, table)
    rows = [f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in tables.items()]
    options.output.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
    print(f"{len(rows)} languages")


def names(tag: str, script: str) -> dict[str, list[str]]:
    """Return the short names of months and weekdays in a locale, without their full stops.

    What a locale lacks comes from others, so names in another script and English weekdays go.
    """
    localedata._cache.clear()  # what one locale lacks would come from the one before it
    try:
        locale = Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return {}
    found = {
        "months": short(locale.months, ("abbreviated",)),
        "days": short(locale.days, ("abbreviated", "short")),
    }
    if not tag.startswith("en"):
        found["days"] = [name for name in found["days"] if name not in ENGLISH_DAYS]
    whole = (name for context in CONTEXTS for name in locale.months[context]["wide"].values())
    found["month_stems"] = list(dict.fromkeys(name[:3].lower() for name in whole))
    own = {key: [n for n in names if scripts.of(n) == {script}] for key, names in found.items()}
    return {key: entries for key, entries in own.items() if entries}


def short(table: dict[str, dict[str, dict[int, str]]], widths: tuple[str, ...]) -> list[str]:
    """Return the names in ``widths`` that are no whole name and no number (``M01``)."""
    whole = {name.lower() for context in CONTEXTS for name in table[context]["wide"].values()}
    entries: dict[str, None] = {}
    for context in CONTEXTS:
        for width in widths:
            for name in table[context].get(width, {}).values():
                bare = name.rstrip(".॰:")
                if bare.lower() in whole or any(map(str.isdigit, bare)) or " " in bare:
                    continue
                if 2 <= len(bare) <= MOST_LETTERS:
                    entries.setdefault(bare)
    return list(entries)


if __name__ == "__main__":
    main()
