"""Measure the watch-list: names found over scripts, and found where they are not.

Recall is over ``tests/cases/watch_names.json``. False alarms are counted on NTREX: terms are the
same names, cities at random and all countries; a term counts as false in a line whose English has
neither it nor, of a country, its people, and in a document no line of which has it.

    python tools/score_watch.py ../shared/ntrex-dev/ntrex.tsv
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from toolkit.data import Segment, Translation
from toolkit.stories.watching import Watch
from toolkit.text.places import plain
from toolkit.translators.checks.english_names import name_table

ROOT = Path(__file__).parents[1]
NAMES = json.loads((ROOT / "tests/cases/watch_names.json").read_text(encoding="utf-8"))
LANGUAGES = {"guj": "guj_Gujr", "hin": "hin_Deva", "arb": "arb_Arab", "eng": "eng_Latn"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("ntrex", type=Path)
    parser.add_argument("--cities", type=int, default=60)
    options = parser.parse_args()
    recall()
    with options.ntrex.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    packed = (ROOT / "toolkit/text/cities.tsv.gz").read_bytes()
    lines = gzip.decompress(packed).decode().splitlines()
    cities = [city for line in lines for city in line.split("\t")[1].split(";")]
    sample = random.Random(11).sample(cities, options.cities)
    countries = {names[0]: names for names in name_table()["english"].values()}
    own = [name["term"] for name in NAMES]
    false_alarms("the 40", {term: countries.get(term, [term]) for term in own}, rows)
    false_alarms("cities", {city: [city] for city in sample}, rows)
    false_alarms("countries", countries, rows)


def recall() -> None:
    found: dict[tuple[bool, bool], list[bool]] = defaultdict(list)
    for name in NAMES:
        watch = Watch([name["term"]])
        for language, forms in name["forms"].items():
            for form in forms.split():
                source = f"... xyz {form.replace('_', ' ')} xyz."
                for spelt in (None, name.get("respelt", "he")):
                    english = f"Then {spelt or 'he'} was in town."
                    text = Translation(
                        Segment("a", 0, 0, source), source if language == "eng_Latn" else english
                    )
                    hit = bool(list(watch.terms_in(text, language)))
                    found[name["held_out"], spelt is not None].append(hit)
    for (held_out, spelt), hits in sorted(found.items()):
        half = "held out" if held_out else "tuned on"
        by = "English spells it otherwise" if spelt else "source alone"
        print(f"{half}, {by}: {sum(hits)} of {len(hits)} = {sum(hits) / len(hits):.3f}")


def false_alarms(kind: str, terms: Mapping[str, Iterable[str]], rows: list[dict[str, str]]) -> None:
    watch = Watch(list(terms))
    for column, language in LANGUAGES.items():
        there: dict[str, set[str]] = defaultdict(set)
        hits: list[tuple[str, str, bool]] = []
        began = time.perf_counter()
        for row in rows:
            english = plain(row["eng"])
            named = {t for t, forms in terms.items() if any(plain(f) in english for f in forms)}
            there[row["document"]] |= named
            text = Translation(Segment("a", 0, 0, row[column]), row["eng"])
            hits += ((row["document"], t, t in named) for t in watch.terms_in(text, language))
        wrong = {(d, t) for d, t, right in hits if not right and t not in there[d]}
        print(
            f"{kind}, {column}: {len(hits)} found in {len(rows)} lines, "
            f"{sum(not right for *_, right in hits)} not in the English; {len(wrong)} of "
            f"{len(there) * len(terms)} documents and terms wrong: "
            f"{sorted({t for _, t in wrong})}; "
            f"{1000 * (time.perf_counter() - began) / len(rows):.1f} ms a line"
        )


if __name__ == "__main__":
    main()
