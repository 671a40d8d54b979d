"""Score how well an article is told from its page, and its title, authors and day.

    python tools/score_pages.py pages.jsonl.gz [--html] [--worst N]

See ``tools/pages.py`` for the file. Without ``--html`` each page's text is cleaned; with it the
page's HTML is read. Precision, recall and F1 are of runs of four tokens against the gold body, the
title left out, averaged over pages. A page whose id has the same site as another counts like any.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

from pages import agreement, read, tokens

from toolkit.data import Article
from toolkit.languages import detection
from toolkit.readers import formats
from toolkit.text import cleaning, datelines


class Found(NamedTuple):
    """What the toolkit makes of a page."""

    title: str | None = None
    body: str = ""
    author: str | None = None
    published: str | None = None


def read_html(page: dict[str, Any]) -> Found:
    """Return the article of the page's HTML; nothing where it is refused."""
    (article,) = formats.read(page["html"].encode("utf-8", "replace"), "page.html")
    if not isinstance(article, Article):
        return Found()
    return Found(article.title, article.text, article.author, article.published)


def read_text(page: dict[str, Any]) -> Found:
    """Return the article of the page's text."""
    found = cleaning.clean(page["text"])
    body = "\n".join(p.text for p in found.paragraphs if p.kind != "title")
    language = detection.detect_language(body or page["text"])
    return Found(found.title, body, found.author, datelines.published_in(found, language))


def are_named(authors: list[str], found: str | None) -> bool:
    """Return whether the last word of each author's name stands in what was found."""
    said = tokens(found or "")
    return all(tokens(author)[-1:] and tokens(author)[-1] in said for author in authors)


def share(right: list[bool]) -> str:
    return f"{sum(right)} of {len(right)}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", type=Path)
    parser.add_argument("--html", action="store_true", help="read the pages' HTML")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="show the N worst pages")
    options = parser.parse_args()
    pages = read(options.pages)
    # The first page loads what all need.
    (read_html if options.html else read_text)(pages[0])
    began = time.process_time()
    found = [(read_html if options.html else read_text)(page) for page in pages]
    seconds = time.process_time() - began
    scores = [agreement(f.body, page["gold"]) for f, page in zip(found, pages, strict=True)]
    both = list(zip(found, pages, strict=True))
    titles = [tokens(f.title or "") == tokens(p["title"]) for f, p in both if p["title"]]
    authors = [are_named(p["authors"], f.author) for f, p in both if p["authors"]]
    days = [(f.published or "")[:10] == p["published"][:10] for f, p in both if p.get("published")]
    precision, recall, f1 = (statistics.mean(s[i] for s in scores) for i in range(3))
    print(f"pages {len(pages)}  P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}")
    print(f"titles {share(titles)}  authors {share(authors)}  days {share(days)}")
    print(f"{len(pages) / seconds:.1f} pages a second of processor time")
    ranked = sorted(zip(scores, pages, strict=True), key=lambda pair: pair[0][2])
    for (precision, recall, f1), page in ranked[: options.worst]:
        print(f"  {f1:.2f}  P {precision:.2f}  R {recall:.2f}  {page['id']}")


if __name__ == "__main__":
    main()
