"""Train the weights by which ``text/article.py`` tells an article from a page saved as text.

    python tools/train_text.py pages.jsonl.gz texts.jsonl [--write]

``tools/render_pages.py`` makes the texts. Every page is read as each program saves it, cut out with
a few lines around it, and its article alone, of which all is to be kept. Prints how good the
weights are on pages of sites that they were not trained on (no site in two folds). ``--write``
trains on all pages and writes ``toolkit/text/article_weights.json``.
"""

from __future__ import annotations

import json
import math
import re
import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pages import agreement, read, site, tokens, wanted
from regression import Array, folds, matrix, train

from toolkit.text import cleaning
from toolkit.text.layout import Row, rows
from toolkit.text.row_features import features, title_features

WEIGHTS = Path(cleaning.__file__).with_name("article_weights.json")
FOLDS = 8
STRENGTH, TITLE_STRENGTH = 30.0, 1.0
# Lower than a half: a line that stays is a blemish, a sentence that is missing is a lie.
THRESHOLDS, CHOSEN_THRESHOLD = (0.14, 0.16, 0.18, 0.2, 0.25), 0.18
# As for HTML: a line's weight grows with its tokens, a page's does not grow with its length.
MOST_TOKENS, POWER, PAGE_WEIGHT, MOST_WEIGHT = 60, 0.7, 20.0, 3.0
# Lines that are no headline, against all that are: there are hundreds.
OTHER_LINES = 0.05
# Lines around an article that is cut out of its page.
AROUND = 20
_MARK = re.compile(r"^\s*[*+•-]\s+")


@dataclass
class Page:
    program: str
    site: str
    gold: str
    title: list[str]
    rows: list[Row]
    known: dict[str, Array]
    wanted: Array
    weight: Array
    x: Array = field(default_factory=lambda: np.zeros(0))
    scores: Array = field(default_factory=lambda: np.zeros(0))


def load(program: str, text: str, page: dict[str, str], *, whole: bool = False) -> Page:
    found = rows(text)
    lines = [row.line.text for row in found]
    mine = np.ones(len(found)) if whole else np.array(wanted(lines, page["gold"]), float)
    weight = np.array([min(MOST_TOKENS, max(1, len(tokens(line)))) for line in lines], float)
    weight **= POWER
    total = float((weight * mine).sum())
    weight = np.minimum(MOST_WEIGHT, weight * PAGE_WEIGHT / total) if total else weight * 0
    title = tokens(page["title"] or "")
    return Page(program, site(page), page["gold"], title, found, features(found), mine, weight)


def cropped(page: dict[str, str]) -> str:
    """The lines of the article and a few around it, as if copied from a browser."""
    lines = [_MARK.sub("", line).strip() for line in page["text"].splitlines()]
    lines = [line for line in lines if line]
    places = [at for at, yes in enumerate(wanted(lines, page["gold"])) if yes] or [0]
    return "\n".join(lines[max(0, places[0] - AROUND) : places[-1] + AROUND])


def load_all(pages: Path, texts: Path) -> list[Page]:
    known = {page["id"]: page for page in read(pages)}
    found = []
    for held in read(texts):
        page = known[held.pop("id")]
        found += [load(program, text, page) for program, text in held.items()]
        found.append(load("cropped", cropped(page), page))
        found.append(load("alone", f"{page['title'] or ''}\n{page['gold']}", page, whole=True))
    return found


def train_body(pages: list[Page], bias: int) -> Array:
    return train(
        np.vstack([page.x for page in pages]),
        np.concatenate([page.wanted for page in pages]),
        np.concatenate([page.weight for page in pages]),
        bias,
        STRENGTH,
    )


def titles(pages: list[Page]) -> list[tuple[Page, list[int], list[dict[str, float]]]]:
    """For each page what may be its headline, as the pages' own ``scores`` let it be seen."""
    limit = math.log(CHOSEN_THRESHOLD / (1 - CHOSEN_THRESHOLD))
    found = []
    # An article without a page is not weighed.
    for page in (page for page in pages if page.program != "alone"):
        may = title_features(page.rows, page.known, list(page.scores), limit)
        found.append((page, list(may), list(may.values())))
    return found


def train_titles(
    held: list[tuple[Page, list[int], list[dict[str, float]]]], names: dict[str, int]
) -> Array:
    xs, ys, ws = [], [], []
    for page, places, known in held:
        right = np.array([tokens(page.rows[at].line.text) == page.title for at in places], float)
        if right.sum():
            xs.append(matrix(known, names))
            ys.append(right)
            ws.append(np.where(right > 0, PAGE_WEIGHT / right.sum(), OTHER_LINES))
    x, y, w = np.vstack(xs), np.concatenate(ys), np.concatenate(ws)
    return train(x, y, w, names["bias"], TITLE_STRENGTH)


def report(pages: list[Page]) -> None:
    for threshold in THRESHOLDS:
        limit = math.log(threshold / (1 - threshold))
        scores = defaultdict(list)
        for page in pages:
            lines = [r.line.text for r, s in zip(page.rows, page.scores, strict=True) if s > limit]
            scores[page.program].append(agreement("\n".join(dict.fromkeys(lines)), page.gold))
        for program, found in scores.items():
            mean = [statistics.mean(score[i] for score in found) for i in range(3)]
            print(f"threshold {threshold} {program:24} P R F1", *(f"{m:.3f}" for m in mean))


def names_of(rows: list[dict[str, float]]) -> dict[str, int]:
    return {name: at for at, name in enumerate(sorted({name for row in rows for name in row}))}


def main() -> None:
    pages = load_all(Path(sys.argv[1]), Path(sys.argv[2]))
    names = {name: at for at, name in enumerate(sorted(pages[0].known))}
    for page in pages:
        page.x = np.column_stack([page.known[name] for name in names])
    fold = folds({page.site for page in pages}, FOLDS)
    for number in range(FOLDS):
        weights = train_body([p for p in pages if fold[p.site] != number], names["bias"])
        for page in pages:
            if fold[page.site] == number:
                page.scores = page.x @ weights
    report(pages)
    held = titles(pages)
    title_names = names_of([row for _, _, known in held for row in known])
    right: dict[str, int] = defaultdict(int)
    for number in range(FOLDS):
        weights = train_titles([h for h in held if fold[h[0].site] != number], title_names)
        for page, places, known in held:
            if fold[page.site] == number and places:
                best = places[int(np.argmax(matrix(known, title_names) @ weights))]
                right[page.program] += tokens(page.rows[best].line.text) == page.title
    print("titles", dict(right))
    if "--write" in sys.argv:
        body = train_body(pages, names["bias"])
        title = train_titles(held, title_names)
        text = json.dumps(
            {
                "threshold": CHOSEN_THRESHOLD,
                "body": {name: round(float(body[at]), 3) for name, at in names.items()},
                "title": {name: round(float(title[at]), 3) for name, at in title_names.items()},
            },
            indent=1,
        )
        WEIGHTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
