"""Train the weights by which ``readers/html_body.py`` tells an article from its page.

    python tools/train_html.py pages.jsonl.gz [--write]

Prints how good they are on pages of sites that they were not trained on (ten folds, no site in
two), for several strengths of regularisation and thresholds. ``--write`` trains on all pages and
writes ``toolkit/readers/html_weights.json``.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pages import agreement, read, site, tokens, wanted
from regression import Array, folds, matrix, train

from toolkit.readers import html, html_metadata
from toolkit.readers.html_blocks import Block, blocks
from toolkit.readers.html_body import dialogues, extracted_text
from toolkit.readers.html_facts import read_facts
from toolkit.readers.html_features import features
from toolkit.readers.html_tree import parse

WEIGHTS = Path(html.__file__).with_name("html_weights.json")
FOLDS = 10
STRENGTHS, THRESHOLDS = (40.0, 80.0, 150.0, 300.0), (0.3, 0.35, 0.4, 0.45, 0.5)
CHOSEN_STRENGTH, CHOSEN_THRESHOLD = 150.0, 0.45
# A block's weight grows with its tokens, since runs of tokens are what is scored, and a page's
# weight does not grow with its length.
MOST_TOKENS, POWER, PAGE_WEIGHT, MOST_WEIGHT = 60, 0.7, 20.0, 3.0


@dataclass
class Page:
    site: str
    gold: str
    blocks: list[Block]
    rows: list[dict[str, float]]
    wanted: Array
    weight: Array


def load(row: dict[str, Any]) -> Page:
    """The blocks of one page, what is known of them, and which of them are the article's."""
    root = parse(row["html"])
    facts, found = read_facts(root), list(blocks(root))
    title = html_metadata.title(root, facts)
    evidence = html.evidence(found, facts, title, extracted_text(root, dialogues(root)))
    rows = features(found, evidence)
    mine = np.array(wanted([b.text for b in found], row["gold"]), float)
    sizes = np.array([min(MOST_TOKENS, max(1, len(tokens(b.text)))) for b in found], float)
    weight = sizes**POWER
    total = float((weight * mine).sum())
    weight = np.minimum(MOST_WEIGHT, weight * PAGE_WEIGHT / total) if total else weight * 0
    return Page(site(row), row["gold"], found, rows, mine, weight)


def _train(pages: list[Page], names: dict[str, int], strength: float) -> Array:
    x = np.vstack([matrix(page.rows, names) for page in pages])
    y = np.concatenate([page.wanted for page in pages])
    w = np.concatenate([page.weight for page in pages])
    return train(x, y, w, names["bias"], strength)


def chosen(page: Page, names: dict[str, int], weights: Array, threshold: float) -> str:
    score = 1 / (1 + np.exp(-np.clip(matrix(page.rows, names) @ weights, -30, 30)))
    kept = dict.fromkeys(
        block.text
        for block, row, value in zip(page.blocks, page.rows, score, strict=True)
        if value > threshold and not row["title"]
    )
    return "\n".join(kept)


def validate(pages: list[Page], names: dict[str, int]) -> None:
    fold = folds({page.site for page in pages}, FOLDS)
    for strength in STRENGTHS:
        scores = defaultdict(list)
        for number in range(FOLDS):
            weights = _train([p for p in pages if fold[p.site] != number], names, strength)
            for page in pages:
                if fold[page.site] == number:
                    for threshold in THRESHOLDS:
                        text = chosen(page, names, weights, threshold)
                        scores[threshold].append(agreement(text, page.gold))
        for threshold, found in scores.items():
            mean = [statistics.mean(score[i] for score in found) for i in range(3)]
            print(
                f"strength {strength:.0f} threshold {threshold} P R F1", *(f"{m:.4f}" for m in mean)
            )


def main() -> None:
    pages = [load(row) for row in read(Path(sys.argv[1]))]
    names = sorted({name for page in pages for row in page.rows for name in row})
    index = {name: at for at, name in enumerate(names)}
    validate(pages, index)
    if "--write" in sys.argv:
        weights = _train(pages, index, CHOSEN_STRENGTH)
        held = {name: round(float(weights[at]), 3) for name, at in index.items()}
        text = json.dumps({"threshold": CHOSEN_THRESHOLD, "weights": held}, indent=1)
        WEIGHTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
