"""Score sentence segmentation by the F1 of recovered boundaries, per language.

The table is tab-separated with the columns ``document`` and one language each (ISO 639-3), a
sentence a row. The rows of a document are joined by one space; a boundary is recovered where a
segmenter ends a sentence after the same number of characters, spaces not counted. The end of a
document is no boundary. sentencex and pysbd are scored beside ours if they are installed.

    python tools/score_segmentation.py FILE.tsv [--errors LANGUAGE]
"""

from __future__ import annotations

import argparse
import csv
import importlib
import importlib.util
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from toolkit.text import segmentation

Segmenter = Callable[[str, str], Iterable[str]]
PLAIN = re.compile(r"(?<=[.!?।؟])\s+")
TWO_LETTERS = {"eng": "en", "guj": "gu", "hin": "hi", "arb": "ar"}
CONTEXT = 45


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", type=Path)
    parser.add_argument("--errors", metavar="LANGUAGE", help="show where ours errs instead")
    options = parser.parse_args()
    documents = read(options.table)
    if options.errors:
        show_errors(documents[options.errors], options.errors)
        return
    print("segmenter", *documents, "seconds", sep="\t")
    for name, segmenter in segmenters().items():
        began = time.perf_counter()
        cells = [score(rows, language, segmenter) for language, rows in documents.items()]
        print(name, *cells, f"{time.perf_counter() - began:.1f}", sep="\t")


def read(path: Path) -> dict[str, list[list[str]]]:
    """Language -> documents -> sentences."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            document = row.pop("document")
            for language, text in row.items():
                if text.strip():
                    found[language][document].append(text.strip())
    return {language: list(rows.values()) for language, rows in found.items()}


def segmenters() -> dict[str, Segmenter]:
    found: dict[str, Segmenter] = {
        "plain split": lambda text, language: PLAIN.split(text),
        "toolkit": segmentation.segment,
    }
    if importlib.util.find_spec("sentencex"):
        sentencex = importlib.import_module("sentencex")
        found["sentencex"] = lambda text, language: sentencex.segment(TWO_LETTERS[language], text)
    if importlib.util.find_spec("pysbd"):
        pysbd = importlib.import_module("pysbd")
        found["pySBD"] = lambda text, language: pysbd.Segmenter(
            language=TWO_LETTERS[language], clean=False
        ).segment(text)
    return found


def score(documents: Iterable[list[str]], language: str, segmenter: Segmenter) -> str:
    """F1 (precision/recall), or a dash where the segmenter does not know the language."""
    right = wrong = missed = 0
    for rows in documents:
        wanted = boundaries(rows)
        try:
            found = boundaries(segmenter(" ".join(rows), language))
        except ValueError:
            return "-"
        right += len(wanted & found)
        wrong += len(found - wanted)
        missed += len(wanted - found)
    precision, recall = right / (right + wrong), right / (right + missed)
    return f"{2 * precision * recall / (precision + recall):.3f} ({precision:.3f}/{recall:.3f})"


def boundaries(sentences: Iterable[str]) -> set[int]:
    position, found = 0, []
    for sentence in sentences:
        position += len("".join(sentence.split()))
        found.append(position)
    return set(found) - {0, position}


def show_errors(documents: Iterable[list[str]], language: str) -> None:
    for rows in documents:
        text = " ".join(rows)
        wanted, found = boundaries(rows), boundaries(segmentation.segment(text, language))
        places = [at for at, char in enumerate(text) if not char.isspace()]
        for position in sorted(wanted ^ found):
            at = places[position]
            kind = "missed" if position in wanted else "extra "
            print(kind, f"{text[max(0, at - CONTEXT) : at]}|{text[at : at + CONTEXT]}")


if __name__ == "__main__":
    main()
