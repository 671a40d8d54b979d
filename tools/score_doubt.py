"""Score the doubt of language detection: how often it is raised where a text is in none of NLLB's
languages, as it should be, and where it is in the language it was taken for.

    --declarations DIR   the Universal Declaration of Human Rights (see build_profiles.py), in
                         languages that NLLB has, with profiles built from the other half of each
                         text, and in languages that it has not
    --table FILE.tsv     columns: document, then one language each, as for score_detection.py
    --words              words drawn by their frequency in some 30 languages of NLLB (needs
                         wordfreq); profiles do not see the order of words

Texts of 150, 500 and 1,500 characters; scripts of one or few languages are left out, since
nothing is told there.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from unittest.mock import patch

import build_profiles
from score_detection import from_table

from toolkit.languages import codes, detection, profiles, scripts

SIZES = (150, 500, 1500)
SCRIPTS = ("Arab", "Cyrl", "Latn")
# Characters of a word with its space, and so many texts of each language and size.
WORD, DRAWS = 6, 6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--declarations", type=Path)
    parser.add_argument("--table", type=Path)
    parser.add_argument("--words", action="store_true")
    options = parser.parse_args()
    if options.declarations:
        known = build_profiles.read(options.declarations)
        report("declarations, languages of NLLB", cross_checked(known.values()))
        report("declarations, other languages", doubted(unknown(options.declarations)))
    if options.table:
        report("table", doubted(text for _, text in from_table(options.table)))
    if options.words:
        report("words", doubted(drawn()))


def doubted(texts: Iterable[str]) -> Iterator[tuple[str, int, bool]]:
    """Script, size and whether a doubt was raised, for up to two parts of each text and size."""
    for text in texts:
        for size in SIZES:
            for start in range(0, min(len(text) - size, size) + 1, size):
                part = text[start : start + size]
                if (writing := scripts.writing_system(part)) in SCRIPTS:
                    yield str(writing), size, bool(detection.detect(part).doubt)


def cross_checked(texts: Iterable[str]) -> Iterator[tuple[str, int, bool]]:
    halves = [text.splitlines() for text in texts]
    detected = [detection.detect_language("\n".join(lines)) for lines in halves]
    for other, own in ((0, 1), (1, 0)):
        parts = [[lines[: len(lines) // 2], lines[len(lines) // 2 :]] for lines in halves]
        arrays = build_profiles.build(
            {
                code: "\n".join(part[other])
                for code, part in zip(detected, parts, strict=True)
                if code not in build_profiles.WITHOUT
            }
        )
        with patch.object(profiles, "_load", lambda arrays=arrays: arrays):
            yield from doubted("\n".join(part[own]) for part in parts)


def unknown(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.html")):
        page = path.read_text(encoding="utf-8")
        if build_profiles.code_of(page) is None:
            yield build_profiles.text_of(page)


def drawn() -> Iterator[str]:
    from wordfreq import available_languages, get_frequency_dict

    chance = random.Random(1)
    for name in sorted(available_languages("best")):
        if len(codes.candidates(name)) == 1:
            words, weights = zip(*get_frequency_dict(name, "best").items(), strict=True)
            for size in SIZES * DRAWS:
                yield " ".join(chance.choices(words, weights, k=size // WORD + 1))


def report(name: str, found: Iterable[tuple[str, int, bool]]) -> None:
    total: Counter[tuple[str, int]] = Counter()
    raised: Counter[tuple[str, int]] = Counter()
    for writing, size, doubt in found:
        total[writing, size] += 1
        raised[writing, size] += doubt
    for key in sorted(total):
        print(f"{name}: {key[0]} {key[1]:>5} characters: {raised[key]} of {total[key]} ", end="")
        print(f"({raised[key] / total[key]:.1%})")


if __name__ == "__main__":
    main()
