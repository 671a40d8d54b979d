"""ROUGE of the extractive summariser on a JSON Lines file of documents and references.

    python tools/score_summaries.py DATA.jsonl [--bullets 3]

Each line has ``document`` and ``reference``, tokenised the old way (a space before every full
stop); other strings in it are taken as the output of other systems and scored next to ours.
Needs rouge-score.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from rouge_score.rouge_scorer import RougeScorer

from toolkit.data import Article, PreparedArticle, Segment, TranslatedArticle, Translation
from toolkit.languages import ENGLISH
from toolkit.summarisers.extractive.summariser import Extractive

MEASURES = ("rouge1", "rouge2", "rougeLsum")


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--bullets", type=int, default=3)
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.data.read_text(encoding="utf-8").splitlines()]
    articles = [as_article(i, untokenise(row["document"])) for i, row in enumerate(rows)]
    summariser = Extractive()
    start = time.perf_counter()
    briefs = [summariser.summarise(a, bullets=options.bullets) for a in articles]
    seconds = time.perf_counter() - start
    outputs = {"extractive": ["\n".join(tokenise(b.text) for b in f.bullets) for f in briefs]}
    for name in rows[0]:
        if name not in ("document", "reference"):
            outputs[name] = [lines(row[name]) for row in rows]
    scorer = RougeScorer(list(MEASURES), use_stemmer=True)
    for name, summaries in outputs.items():
        scores = [
            scorer.score(lines(r["reference"]), s) for r, s in zip(rows, summaries, strict=True)
        ]
        figures = "/".join(f"{100 * mean(s[m].fmeasure for s in scores):.1f}" for m in MEASURES)
        print(f"{name:16} {figures}  {mean(len(s.split()) for s in summaries):.0f} words")
    print(f"{1000 * seconds / len(rows):.2f} s for 1,000 articles")


if __name__ == "__main__":
    main()
