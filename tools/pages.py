"""Real pages with what is their article, and how well a text agrees with it.

A file of pages holds a JSON object a line, gzipped if its name ends so: ``id``, ``html``, ``text``
(the page as a text browser shows it), ``gold`` (the article's body), ``title``, ``authors``,
``published``. Pages whose ids agree up to the last slash are of one site.
"""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

GRAM = 4
_WORD = re.compile(r"[\w\u0300-\u036f\u0900-\u0dff]+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def read(path: Path) -> list[dict[str, Any]]:
    """The pages of a file."""
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def site(page: dict[str, Any]) -> str:
    """What pages of one site have in common."""
    return str(page["id"]).rpartition("/")[0]


def tokens(text: str) -> list[str]:
    """Words in small letters; characters where words are not spaced."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).lower())
    return [part for word in words for part in (word if _UNSPACED.search(word) else [word])]


def grams(text: str) -> Counter[tuple[str, ...]]:
    """How often each run of ``GRAM`` tokens stands in ``text``; a shorter text is one run."""
    found = tokens(text)
    runs = range(max(1, len(found) - GRAM + 1)) if found else ()
    return Counter(tuple(found[i : i + GRAM]) for i in runs)


def agreement(text: str, gold: str) -> tuple[float, float, float]:
    """Precision, recall and F1 of the runs of tokens in ``text``."""
    ours, theirs = grams(text), grams(gold)
    common = (ours & theirs).total()
    precision, recall = common / max(1, ours.total()), common / max(1, theirs.total())
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0


def wanted(lines: list[str], gold: str) -> list[bool]:
    """Whether most of each line stands in the gold text; of equal ones, which is likely it."""
    known = set(grams(gold))
    whole = {tuple(tokens(line)) for line in gold.splitlines()}
    found = []
    for line in lines:
        own = grams(line)
        share = sum(n for gram, n in own.items() if gram in known) / max(1, own.total())
        found.append(share > 0.5 if own.total() > 1 else tuple(tokens(line)) in whole)
    places: dict[str, list[int]] = defaultdict(list)
    for at, (line, yes) in enumerate(zip(lines, found, strict=True)):
        if yes:
            places[line].append(at)
    single = [found_at[0] for found_at in places.values() if len(found_at) == 1] or [0]
    for found_at in places.values():
        best = min(found_at, key=lambda i: min(abs(i - other) for other in single))
        for at in found_at:
            found[at] = at == best
    return found
