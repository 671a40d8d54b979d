"""Print B-cubed scores of the grouping into stories, on documents that are cut in two halves.

    python tools/score_stories.py DATA.tsv [--one-event ID,ID,...]

DATA.tsv has a header with the columns ``document`` and ``eng``, one sentence a line. The first
line of scores takes each document for an event; in the second, the documents named with
``--one-event`` (once for each event) are one. The same follows for whole documents.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from toolkit.data import Article, PreparedArticle, Segment, TranslatedArticle, Translation
from toolkit.languages import ENGLISH
from toolkit.stories import day
from toolkit.summarisers.extractive.summariser import Extractive


def english_article(name: str, sentences: Sequence[str]) -> TranslatedArticle:
    """Return an English article whose segments are ``sentences``."""
    article = Article(id=name, source=name, text="\n".join(sentences))
    segments = tuple(Segment(name, i, i, text) for i, text in enumerate(sentences))
    translations = tuple(Translation(segment, segment.text) for segment in segments)
    return TranslatedArticle(PreparedArticle(article, ENGLISH, segments), translations)


def b_cubed(found: Mapping[str, object], gold: Mapping[str, object]) -> tuple[float, float, float]:
    """Return precision, recall and F1 (Bagga and Baldwin 1998) of a grouping, given as the group
    of each item."""
    precision = recall = 0.0
    for item in gold:
        together = {other for other in gold if found[other] == found[item]}
        wanted = {other for other in gold if gold[other] == gold[item]}
        precision += len(together & wanted) / len(together) / len(gold)
        recall += len(together & wanted) / len(wanted) / len(gold)
    return precision, recall, 2 * precision * recall / (precision + recall)


def score(
    name: str, articles: Sequence[TranslatedArticle], golds: Sequence[Mapping[str, str]]
) -> None:
    """Print the scores of ``articles`` against each of ``golds``, and the time taken."""
    start = time.perf_counter()
    summariser = Extractive()
    briefs = [summariser.summarise(article, bullets=4) for article in articles]
    made = time.perf_counter()
    grouped = day.group(briefs, articles)
    seconds = time.perf_counter() - made
    found = {article: number for number, story in enumerate(grouped) for article in story.articles}
    for gold in golds:
        figures = " ".join(f"{figure:.3f}" for figure in b_cubed(found, gold))
        print(f"{name:8} {len(set(gold.values())):3} events  P R F1 {figures}")
    print(f"{name:8} {len(articles)} articles in {seconds:.2f} s (briefs {made - start:.2f} s)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--one-event", action="append", default=[])
    options = parser.parse_args()
    documents: dict[str, list[str]] = {}
    with options.data.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            documents.setdefault(row["document"], []).append(row["eng"])
    event = {name: name for name in documents}
    for joined in options.one_event:
        event.update(dict.fromkeys(joined.split(","), joined))
    halves = {}
    for name, lines_of in documents.items():
        middle = (len(lines_of) + 1) // 2
        halves[f"{name}/1"], halves[f"{name}/2"] = lines_of[:middle], lines_of[middle:]
    for label, texts in (("halves", halves), ("whole", documents)):
        articles = [english_article(name, sentences) for name, sentences in texts.items()]
        document = {name: name.split("/")[0] for name in texts}
        golds = [document, {name: event[whole] for name, whole in document.items()}]
        score(label, articles, golds)


if __name__ == "__main__":
    main()
