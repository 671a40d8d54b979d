"""Which blocks of a page are its article.

A well-kept extractor reads the page first; then each block is weighed by a logistic regression
over what it says, how it is marked up, where it stands and whether the extractor, the page's own
data and its neighbours speak for it. ``tools/train_html.py`` makes the weights.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Sequence
from copy import deepcopy
from functools import lru_cache
from importlib.resources import files

from lxml.html import HtmlElement

from toolkit.data import Dropped, Paragraph
from toolkit.readers.html_blocks import Block, tokens
from toolkit.readers.html_features import Evidence, features

# Elements of a page beyond which the extractor, whose time may grow faster, is not asked.
_MOST_ELEMENTS = 60_000
# So many characters in a row that may be marks on one letter: the extractor would sort them in time
# that grows as the square of their number.
_PILE = re.compile(r"[^\w\s\x00-\u02ff]{1000}")
# The part of the extractor's words that must be kept; where less is, its own choice counts.
_LEAST_KEPT = 0.5
# How much of its score a block may lack that stands among the article's, and an item of a list.
_RESCUED, _RESCUED_ITEM = 1.0, 2.0
# The part of an article that is dropped because it is hidden.
_MOST_HIDDEN = 0.2
# Dates that one article may have at its head: of publication and of the last change.
_HEAD_DATES = 2
_DIALOGUE_ROLES = ("dialog", "alertdialog")
_DIALOGUE = re.compile(
    r"\b(?:cookie|consent|gdpr|onetrust|didomi|usercentrics|truste|sp_message|privacy-?(?:notice"
    r"|banner|wall|popup))|cookie-?(?:banner|notice|consent|wall|bar)|consent-?(?:banner|overlay)",
    re.I,
)
# The part of a block's characters in links from which it is nothing but one.
_ALL_LINKED = 0.9
_PAGES = frozenset(("html", "body", "main", "article", "h1"))
# Characters of class names looked at; utility classes go on for thousands.
_MOST_NAMED = 300
# Class names of which it is remembered whether they are a dialogue's: those of a few sites.
_REMEMBERED = 4096
_REASONS = (
    ("nav", "menu"),
    ("header", "page header"),
    ("footer", "page footer"),
    ("aside", "beside the article"),
    ("form", "form"),
    ("button", "form"),
    ("dialog", "dialogue"),
    ("figure", "caption"),
)
_HINTED = (
    ("figure", "caption"),
    ("who", "byline"),
    ("when", "date line"),
    ("share", "invitation to follow or share"),
    ("member", "invitation to subscribe"),
    ("related", "link to another page"),
    ("menu", "menu"),
    ("foot", "page footer"),
)


def dialogues(root: HtmlElement) -> set[HtmlElement]:
    """Return the elements of ``root`` that ask for consent or for a click: their text may be longer
    than the article's."""
    found = set()
    for element in root.xpath("descendant-or-self::*[@class or @id or @role or @aria-modal]"):
        named = f"{element.get('class', '')} {element.get('id', '')}"[:_MOST_NAMED]
        asks = element.get("role") in _DIALOGUE_ROLES or element.get("aria-modal") == "true"
        if (asks or _is_dialogue(named)) and element.tag not in _PAGES:
            inner = {child.tag for child in element.iter()}
            if not inner & _PAGES:
                found.add(element)
    return found


@lru_cache(maxsize=_REMEMBERED)
def _is_dialogue(named: str) -> bool:
    return _DIALOGUE.search(named) is not None


def extracted_text(root: HtmlElement, without: set[HtmlElement]) -> str:
    """Return the article's text as trafilatura finds it, ``without`` these elements; or nothing."""
    count = root.xpath("count(descendant-or-self::*)")
    if count > _MOST_ELEMENTS or _PILE.search(root.text_content()):
        return ""
    if without:
        places = [at for at, element in enumerate(root.iter()) if element in without]
        root = deepcopy(root)
        inside = list(root.iter())
        for at in places:
            inside[at].drop_tree()
    from trafilatura import extract

    for name in ("trafilatura", "htmldate", "courlan", "readability"):
        logging.getLogger(name).propagate = False  # It tells of pages on stderr.
    try:
        return extract(root, include_comments=False, include_tables=False) or ""
    except Exception:  # It is one opinion of several.
        logging.getLogger(__name__).debug("no text from the extractor", exc_info=True)
        return ""


def split(
    page: Sequence[Block], evidence: Evidence, without: set[HtmlElement]
) -> tuple[list[Paragraph], list[Dropped]]:
    """Return the article's paragraphs and everything else with its reason, numbered as lines of
    ``page``. A title is in neither's way: it is dropped as one."""
    rows = features(page, evidence)
    asking = [not without.isdisjoint(block.path) for block in page]
    keep = _chosen(page, rows, asking)
    kept: list[Paragraph] = []
    dropped: list[Dropped] = []
    seen: dict[str, int] = {}
    for number, (block, row, wanted) in enumerate(zip(page, rows, keep, strict=True), 1):
        if row["title"]:
            dropped.append(Dropped(number, block.text, "repeats the title"))
        elif asking[number - 1]:
            dropped.append(Dropped(number, block.text, "cookie or subscription notice"))
        elif not wanted:
            dropped.append(Dropped(number, block.text, _reason(block, row)))
        elif block.text in seen:
            dropped.append(Dropped(number, block.text, f"repeats line {seen[block.text]}"))
        else:
            seen[block.text] = number
            kept.append(Paragraph(number, block.text, block.kind))
    return kept, dropped


def _chosen(
    page: Sequence[Block], rows: Sequence[dict[str, float]], asking: Sequence[bool]
) -> list[bool]:
    """Return whether each block is the article's: by its score; where that leaves hardly anything
    of what the extractor found, by the extractor; where nobody knows any, whether it is prose."""
    threshold, weights = _model()
    limit = math.log(threshold / (1 - threshold))
    scores = [sum(w * row[name] for name, w in weights.items() if name in row) for row in rows]
    able = [
        not (row["title"] or asks or _is_link(block, row))
        for block, row, asks in zip(page, rows, asking, strict=True)
    ]
    keep = [score > limit and may for score, may in zip(scores, able, strict=True)]
    theirs = [row["extracted"] > 0.5 and may for row, may in zip(rows, able, strict=True)]
    if _size(page, keep, theirs) < _LEAST_KEPT * _size(page, theirs):
        keep = theirs
    if not any(keep):
        return [
            may and block.line.prose and block.linked < 0.5 and not block.hidden
            for block, may in zip(page, able, strict=True)
        ]
    for at in range(len(page)):
        keep[at] = keep[at] or (able[at] and _is_rescued(page, keep, scores, limit, at))
    return _without_hidden(page, _without_dates(page, keep))


def _is_link(block: Block, row: dict[str, float]) -> bool:
    """Return whether a block leads elsewhere: in a menu, or, all of it a link, where the page's own
    names say that related pages are."""
    related = block.linked > _ALL_LINKED and row.get("near related", 0.0) > 0
    return related or (block.linked > 0.5 and block.inside("nav"))


def _size(page: Sequence[Block], *chosen: Sequence[bool]) -> int:
    return sum(len(block.text) for block, *all_of in zip(page, *chosen, strict=True) if all(all_of))


def _is_rescued(
    page: Sequence[Block], keep: Sequence[bool], scores: Sequence[float], limit: float, at: int
) -> bool:
    """Return whether a block that nearly is the article's stands between two that are, in one
    element; or, an item of a list, beside one."""
    block = page[at]
    item = block.tag == "li"
    missing = limit - scores[at]
    if missing > (_RESCUED_ITEM if item else _RESCUED) or block.linked > 0.5 or block.line.reason:
        return False
    near = [i for i in (at - 1, at + 1) if 0 <= i < len(page)]
    sides = [keep[i] and page[i].path[1:2] == block.path[1:2] for i in near]
    return any(sides) if item else all(sides)


def _without_dates(page: Sequence[Block], keep: list[bool]) -> list[bool]:
    """Return ``keep`` without the dates at the article's head; several are headings of a
    chronicle."""
    sentences = [at for at, block in enumerate(page) if keep[at] and block.line.prose]
    dates = [at for at, block in enumerate(page) if keep[at] and block.line.date]
    if len(dates) > _HEAD_DATES:
        return keep
    head = sentences[1] if len(sentences) > 1 else len(page)
    return [yes and not (at in dates and at < head) for at, yes in enumerate(keep)]


def _without_hidden(page: Sequence[Block], keep: list[bool]) -> list[bool]:
    """Return ``keep`` without what is hidden, unless that is much of it: some pages hide their
    article until a script shows it."""
    shown = [not (yes and block.hidden) for yes, block in zip(keep, page, strict=True)]
    if _size(page, keep, shown) < (1 - _MOST_HIDDEN) * _size(page, keep):
        return keep
    return [yes and open_ for yes, open_ in zip(keep, shown, strict=True)]


def _reason(block: Block, row: dict[str, float]) -> str:
    if row["hidden"]:
        return "hidden on the page"
    if row["caption"]:
        return "caption"
    if found := block.line.reason:
        return found
    for tag, reason in _REASONS:
        if row.get(f"in <{tag}>"):
            return reason
    for hint, reason in _HINTED:
        if row.get(f"near {hint}"):
            return reason
    return "link" if row["linked"] > 0.5 else "outside the article"


def byline(page: Sequence[Block], first: int) -> list[str]:
    """Return the names in a byline, or in bold alone, near line ``first``, where the body
    begins."""
    for block in page[max(0, first - 8) : first + 3]:
        if name := block.line.author_below_headline:
            return [name]
        names = [name.strip() for name in block.text.split("/")]
        if block.strong > 0.9 and not block.linked and all(map(_is_name, names)):
            return names
    return []


def _is_name(text: str) -> bool:
    words = text.split()
    return (
        2 <= len(words) <= 4
        and len(tokens(text)) <= 6
        and all(
            word[0].isupper()
            and word.replace("-", "").replace(".", "").isalpha()
            and word[1:].islower()
            for word in words
        )
    )


@lru_cache(maxsize=1)
def _model() -> tuple[float, dict[str, float]]:
    text = files("toolkit.readers").joinpath("html_weights.json").read_text(encoding="utf-8")
    held = json.loads(text)
    return held["threshold"], held["weights"]
