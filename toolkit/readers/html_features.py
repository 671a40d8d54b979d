"""What is to be known of a block of a page before saying whether it is the article's.

Nothing here knows a site, and only the names of classes are English.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lxml.html import HtmlElement

from toolkit.readers.html_blocks import UNSPACED, Block, tokens

# Stems in the class and id of an element, and what they say of it.
_STEMS = {
    "body": "body text prose paragraph entry story post richtext content",
    "lead": "lead stand-?first summary intro excerpt dek deck sub-?title sub-?head description"
    " abstract chapo sapo spot perex ingress sommario bajada entradilla vorspann",
    "related": "relat recommend read-?(?:more|next|also) more- most popular trend latest teaser"
    " card promo similar suggest also next list item feed river outbrain taboola carousel slider"
    " widget",
    "share": "shar(?:e|ing) social follow whatsapp facebook twitter",
    "member": "subscri newsletter sign login register paywall premium member offer banner cookie"
    " consent modal popup overlay dialog notice alert donat support",
    "menu": "nav menu bread header top bar search tabs? tag topic categor label keyword",
    "foot": "foot copyright legal disclaimer comment reply discuss disqus",
    "who": "author by-?line bio profile contributor writer person signature",
    "when": "date time publish meta stamp updated",
    "figure": "caption figure photo image img picture gallery media video credit embed"
    " audio player",
    "aside": "side aside complement box info fact advert ads?\\b sponsor partner commerc",
}
_HINTS = {
    name: re.compile(rf"(?:^|[\s_-])(?:{'|'.join(stems.split())})")
    for name, stems in _STEMS.items()
}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TAGS = ("p", "div", "li", "td", "span", "section", "blockquote", "article", "heading")
_AROUND = {
    tag: f"in <{tag}>"
    for tag in (
        *("nav", "aside", "header", "footer", "form", "figure", "article", "main", "ul", "table"),
        *("blockquote", "button", "dialog"),
    )
}
_NEAR, _FAR = 2, 8
# Characters of class names looked at; utility classes go on for thousands.
_MOST_NAMED = 300
# Class names whose hints are remembered: those of a few sites.
_REMEMBERED = 4096
_GRAM = 3
_COMMA = re.compile("[,;،、，]")
_BAR = re.compile("[|›»•·→]")
# Characters of a paragraph that shows what its neighbours are.
_SOLID_PROSE = 80


@dataclass(frozen=True, slots=True)
class Evidence:
    """What others say of the page: the text that an extractor found, the article's text and the
    summary as the page's own data have them, and its titles."""

    extracted: str = ""
    body: str = ""
    summary: str = ""
    titles: tuple[str, ...] = ()


class _Known:
    """A text that blocks may be parts of."""

    def __init__(self, text: str) -> None:
        words = tokens(text)
        self.grams = set(_grams(words))
        self.lines = {tuple(tokens(line)) for line in text.splitlines()}
        self.there = bool(words)

    def share(self, words: Sequence[str]) -> float:
        if tuple(words) in self.lines:
            return 1.0
        own = _grams(words)
        return sum(g in self.grams for g in own) / len(own) if own else 0.0


def _grams(words: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + _GRAM]) for i in range(len(words) - _GRAM + 1)]


def features(page: Sequence[Block], evidence: Evidence) -> list[dict[str, float]]:
    """Return for each block of ``page`` what is known of it and of its neighbours, by name; what is
    not there is 0."""
    own = _own(page, evidence)
    _place(page, own)
    return [_with_neighbours(own, at) for at in range(len(own))]


def _own(page: Sequence[Block], evidence: Evidence) -> list[dict[str, float]]:
    extracted, body = _Known(evidence.extracted), _Known(evidence.body)
    summary = _Known(evidence.summary)
    titles = [tokens(t) for t in evidence.titles]
    seen: Counter[str] = Counter(block.text for block in page)
    marks: dict[HtmlElement, dict[str, float]] = {}
    far: dict[HtmlElement, dict[str, float]] = {}
    found = []
    for block in page:
        words = block.tokens
        row = _text(block, len(words))
        row["extracted"] = extracted.share(words)
        row["in body"] = body.share(words) if body.there else 0.0
        row["not in body"] = 1 - row["in body"] if body.there else 0.0
        row["in summary"] = summary.share(words) if len(words) > _GRAM else 0.0
        row["title"] = float(words in titles)
        row["repeated"] = min(3, seen[block.text] - 1)
        element = block.path[0]
        if element not in marks:
            marks[element] = _marks(block.path, far)
        row.update(marks[element])
        row[f"<{block.tag if block.tag in _TAGS else block.kind}>"] = 1.0
        row["hidden"] = float(block.hidden)
        row["caption"] = float(block.kind == "caption")
        found.append(row)
    return found


def _text(block: Block, words: int) -> dict[str, float]:
    text = block.text
    letters = sum(map(str.isalpha, text)) or 1
    return {
        "bias": 1.0,
        "length": math.log1p(words),
        "short": float(words < 4),
        "long": float(words > 25),
        "prose": float(block.line.prose),
        "ends": float(block.line.ends_sentence or block.line.asks),
        "colon": float(text.endswith((":", "："))),
        "commas": min(1.0, len(_COMMA.findall(text)) / 4),
        "capitals": sum(map(str.isupper, text)) / letters,
        "digits": sum(map(str.isdigit, text)) / len(text),
        "bars": float(_BAR.search(text) is not None),
        "linked": block.linked,
        "all linked": float(block.linked > 0.9),
        "strong": float(block.strong > 0.9),
        "phrase": float(block.line.reason is not None),
        "date": float(block.line.date),
    }


def _marks(
    path: Sequence[HtmlElement], far: dict[HtmlElement, dict[str, float]]
) -> dict[str, float]:
    """Return what the elements around a block and the names of their classes say; ``far`` has it of
    those that blocks share."""
    row = _named("near", path[:_NEAR])
    row.update((_AROUND[e.tag], 1.0) for e in path[:-2][:_NEAR] if e.tag in _AROUND)
    if len(path) > _NEAR:
        outer = path[_NEAR]
        if outer not in far:
            far[outer] = _named("far", path[_NEAR:_FAR])
            far[outer].update((_AROUND[e.tag], 1.0) for e in path[_NEAR:-2] if e.tag in _AROUND)
        row.update(far[outer])
    return row


def _named(steps: str, elements: Sequence[HtmlElement]) -> dict[str, float]:
    row: dict[str, float] = {}
    for element in elements:
        names = element.get("class"), element.get("id"), element.get("itemprop")
        if names != (None, None, None):
            named = " ".join(name or "" for name in names)[:_MOST_NAMED]
            row.update((f"{steps} {hint}", 1.0) for hint in _hints(named))
    return row


@lru_cache(maxsize=_REMEMBERED)
def _hints(named: str) -> tuple[str, ...]:
    named = _CAMEL.sub(" ", named).lower()
    return tuple(name for name, pattern in _HINTS.items() if pattern.search(named))


def _is_solid(block: Block) -> bool:
    length = len(block.text) * (2 if UNSPACED.search(block.text) else 1)
    return length >= _SOLID_PROSE and block.linked < 0.3 and block.line.prose


def _place(page: Sequence[Block], own: list[dict[str, float]]) -> None:
    """Add where each block stands: among which prose, how far from the title and the extractor's
    text."""
    mass: Counter[HtmlElement] = Counter()
    chars: Counter[HtmlElement] = Counter()
    linked: Counter[HtmlElement] = Counter()
    kinds: Counter[tuple[str, str]] = Counter()
    for block in page:
        length = len(block.text)
        for element in block.path[:4]:
            chars[element] += length
            linked[element] += round(length * block.linked)
        if _is_solid(block) and not block.hidden:
            for element in block.path[1:4]:
                mass[element] += length
            kinds[_style(block)] += length
    prose = sum(kinds.values()) or 1
    best = max((mass[b.path[1]] for b in page if len(b.path) > 1), default=0) or 1
    core = [i for i, row in enumerate(own) if row["extracted"] > 0.5 and row["prose"]]
    core = core or [i for i, b in enumerate(page) if len(b.path) > 1 and mass[b.path[1]] == best]
    title = next((i for i, row in enumerate(own) if row["title"] and page[i].tag == "h1"), None)
    for at, (block, row) in enumerate(zip(page, own, strict=True)):
        parent = block.path[1] if len(block.path) > 1 else block.path[0]
        above = block.path[2] if len(block.path) > 2 else parent
        row["among prose"] = mass[parent] / best
        row["near prose"] = min(1.0, mass[above] / best)
        row["like prose"] = kinds[_style(block)] / prose
        row["linked around"] = linked[parent] / (chars[parent] or 1)
        if core:
            row["before"] = float(at < core[0])
            row["after"] = float(at > core[-1])
            row["far before"] = math.log1p(max(0, core[0] - at)) / 3
            row["far after"] = math.log1p(max(0, at - core[-1])) / 3
        if title is not None:
            row["above title"] = float(at < title)
            row["below title"] = float(0 < at - title <= 4)


def _style(block: Block) -> tuple[str, str]:
    return block.tag, block.path[0].get("class", "")


_NEIGHBOURS = ("extracted", "prose", "linked", "in body", "among prose", "short")


_STEPS = ((-1, "previous"), (1, "next"), (-2, "previous but one"), (2, "next but one"))


def _with_neighbours(own: list[dict[str, float]], at: int) -> dict[str, float]:
    row = dict(own[at])
    for step, name in _STEPS:
        if 0 <= at + step < len(own):
            for key in _NEIGHBOURS:
                row[f"{name}: {key}"] = own[at + step].get(key, 0.0)
    before = max((own[i]["extracted"] for i in range(max(0, at - 5), at)), default=0.0)
    after = max((own[i]["extracted"] for i in range(at + 1, min(len(own), at + 6))), default=0.0)
    row["between"] = min(before, after)
    row["between, extracted"] = row["between"] * row["extracted"]
    row["summary, before"] = row["in summary"] * row.get("before", 0.0)
    row["lead, before"] = row.get("near lead", 0.0) * row.get("below title", 0.0)
    row["prose below title"] = row["prose"] * row.get("below title", 0.0) * (1 - row["linked"])
    row["heading, next prose"] = float(row.get("<heading>", 0) and row.get("next: prose", 0))
    row["all linked, strong"] = row["all linked"] * row["strong"]
    row["prose among prose"] = row["prose"] * row["among prose"] * (1 - row["linked"])
    return row
