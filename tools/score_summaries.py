"""ROUGE of the extractive summariser on a JSON Lines file of documents and references.

    python tools/score_summaries.py DATA.jsonl [--bullets 3] [--leave-out]

Each line has ``document`` and ``reference``, tokenised the old way (a space before every full
stop); other strings in it are taken as the output of other systems and scored next to ours, and
so are the first sentences and LexRank. Intervals hold 95 % of 2,000 bootstrap samples of the
articles. ``--leave-out`` chooses the weights for each article on all others. Needs rouge-score.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from statistics import mean

from rouge_score.rouge_scorer import RougeScorer

from toolkit.data import Article, PreparedArticle, Segment, TranslatedArticle, Translation
from toolkit.languages import ENGLISH
from toolkit.summarisers.extractive.ranking import Weights
from toolkit.summarisers.extractive.summariser import Extractive
from toolkit.text.similarity import dot, terms, unit_length

MEASURES = ("rouge1", "rouge2", "rougeLsum")
# The weights that --leave-out chooses from.
GRID = [Weights(*w) for w in product((0.25, 0.5), (0.03, 0.06), (0.3, 0.6))]
# The damping and threshold of LexRank (Erkan and Radev 2004).
DAMPING, ALIKE = 0.85, 0.1

Scores = list[tuple[float, ...]]


def untokenise(text: str) -> list[str]:
    """The sentences of a text tokenised the old way, written as people write.

    Such files have lost their double quotation marks: two spaces more stand for each. The first
    of a text ends the dateline.
    """
    text = re.sub(r"\A((?:\S+ ){1,6}) {2}(?=[A-Z])", r"\1-- ", text.strip())
    sentences: list[str] = []
    words: list[str] = []
    inside = False
    parts = re.split(r"( +)", text)
    for gap, token in zip(["", *parts[1::2]], parts[0::2], strict=True):
        ended = bool(words) and words[-1] in (".", "?", "!")
        for _ in range((len(gap) - 1) // 2):
            if ended and not inside:
                sentences.append(_join(words))
                words, ended = [], False
            words.append("\x02" if inside else "\x01")
            inside = not inside
        if ended and not (words[-1] == "\x02" and token[:1].islower()):
            sentences.append(_join(words))
            words = []
        words.append(token)
    return [s for s in [*sentences, _join(words)] if s]


def _join(words: Sequence[str]) -> str:
    sentence = " ".join(words).replace("`", "'")
    sentence = re.sub(r"\x01\s*", '"', sentence)
    sentence = re.sub(r"\s*\x02", '"', sentence)
    sentence = re.sub(r"\s+(?=[.,?!;:)%]|'(?:s|re|ve|ll|d|m)?(?:\s|$)|n't\b)", "", sentence)
    return re.sub(r"(?<=[($])\s+", "", sentence)


def as_article(number: int, sentences: Sequence[str]) -> TranslatedArticle:
    """An English article whose segments are ``sentences``."""
    article = Article(id=str(number), source=str(number), text=" ".join(sentences))
    segments = tuple(Segment(article.id, i, i, s) for i, s in enumerate(sentences))
    prepared = PreparedArticle(article, ENGLISH, segments)
    return TranslatedArticle(prepared, tuple(Translation(s, s.text) for s in segments))


def tokenise(text: str) -> str:
    """English as the references spell it, as far as ROUGE distinguishes."""
    return re.sub(r"(?<=\w)(?=n't\b)", " ", text)


def lines(text: str) -> str:
    """One sentence a line, as ROUGE-Lsum wants it."""
    return re.sub(r"(?<=[.?!])\s+|\s+\.(?=\w)", "\n", text)


def lexrank(sentences: Sequence[str], bullets: int) -> list[str]:
    """The most central sentences of a graph of those that are alike."""
    counts = [Counter(terms(sentence)) for sentence in sentences]
    spread = Counter(term for count in counts for term in count)
    vectors = [
        unit_length({t: n * math.log(1 + len(counts) / spread[t]) for t, n in count.items()})
        for count in counts
    ]
    edges = [[dot(left, right) > ALIKE for right in vectors] for left in vectors]
    ranks = [1 / max(1, len(vectors))] * len(vectors)
    for _ in range(50):
        shares = [rank / max(1, sum(row)) for rank, row in zip(ranks, edges, strict=True)]
        ranks = [
            (1 - DAMPING) / len(ranks)
            + DAMPING * sum(s for s, e in zip(shares, row, strict=True) if e)
            for row in edges
        ]
    best = sorted(range(len(ranks)), key=lambda i: -ranks[i])[:bullets]
    return [sentences[i] for i in sorted(best)]


def interval(values: Sequence[float]) -> str:
    """The middle 95 % of the means of bootstrap samples."""
    chance = random.Random(1)
    means = sorted(mean(chance.choices(values, k=len(values))) for _ in range(2000))
    return f"{means[50]:.1f} to {means[1949]:.1f}"


def report(name: str, scores: Scores, first: Scores) -> None:
    """Print the means, their intervals, and the intervals of the differences to ``first``."""
    columns = list(zip(*scores, strict=True))
    figures = "/".join(f"{mean(column):.1f}" for column in columns)
    print(f"{name:24} {figures}")
    print(" " * 25 + ", ".join(interval(column) for column in columns))
    differences = [
        [a - b for a, b in zip(mine, theirs, strict=True)]
        for mine, theirs in zip(columns, zip(*first, strict=True), strict=True)
    ]
    print(" " * 25 + "to the first: " + ", ".join(interval(d) for d in differences))


def leave_out(scored: Sequence[Scores]) -> Scores:
    """For each article, its scores with the weights that are best on all others."""
    chosen: Scores = []
    for left in range(len(scored[0])):
        best = max(scored, key=lambda s: sum(sum(x) for i, x in enumerate(s) if i != left))
        chosen.append(best[left])
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--bullets", type=int, default=3)
    parser.add_argument("--leave-out", action="store_true")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.data.read_text(encoding="utf-8").splitlines()]
    sentences = [untokenise(row["document"]) for row in rows]
    articles = [as_article(i, document) for i, document in enumerate(sentences)]
    scorer = RougeScorer(list(MEASURES), use_stemmer=True)

    def score(summaries: Sequence[str]) -> Scores:
        found = [
            scorer.score(lines(r["reference"]), s) for r, s in zip(rows, summaries, strict=True)
        ]
        return [tuple(100 * s[m].fmeasure for m in MEASURES) for s in found]

    def ours(weights: Weights | None = None) -> list[str]:
        summariser = Extractive(weights=weights)
        briefs = [summariser.summarise(a, bullets=options.bullets) for a in articles]
        return ["\n".join(tokenise(b.text) for b in f.bullets) for f in briefs]

    start = time.process_time()
    own = ours()
    seconds = time.process_time() - start
    first = score(["\n".join(map(tokenise, s[: options.bullets])) for s in sentences])
    report("extractive", score(own), first)
    if options.leave_out:
        report("extractive, left out", leave_out([score(ours(w)) for w in GRID]), first)
    report("first sentences", first, first)
    central = ["\n".join(map(tokenise, lexrank(s, options.bullets))) for s in sentences]
    report("LexRank", score(central), first)
    for name in rows[0]:
        if name not in ("document", "reference"):
            report(name, score([lines(row[name]) for row in rows]), first)
    print(f"{1000 * seconds / len(rows):.2f} s for 1,000 articles")


if __name__ == "__main__":
    main()
