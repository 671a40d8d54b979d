"""Makes the headline of an article."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from toolkit.data import TranslatedArticle
from toolkit.summarisers.extractive.ranking import Ranking
from toolkit.summarisers.extractive.shorten import clip, shorten
from toolkit.summarisers.extractive.titles import (
    LONGEST,
    MIN_WORDS,
    is_label,
    is_title,
    label_of,
    tidy_title,
)
from toolkit.summarisers.extractive.units import LEANING

NO_TEXT = "No text"
NO_TRANSLATION = "No translation of this article is fit to be read"
LEAD_WORDS = 12
LONGEST_LEAD = 24

_WHEN = re.compile(
    r"(?: late| early)?(?: on| next| last| this)? (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
    r"(?: morning| afternoon| evening| night)?(?=[ .])(?!\.\S)"
)


def headline(article: TranslatedArticle, ranking: Ranking) -> tuple[str, tuple[int, ...]]:
    """Return the headline and the segment indices it rests on.

    The article's English title where it has one that reads well, else one of its best sentences,
    cut. A text whose translation failed a check is taken only where there is no other, and one
    that repeats itself never: then the original title stands. ``NO_TEXT`` where there is no text.
    """
    titles = [t for t in article.translations if t.segment.kind == "title" and t.english.strip()]
    raw = " ".join(t.english for t in titles)
    kicker = label_of(raw) or _kicker(article)
    title = tidy_title(raw, _publishers(article))
    title = title if label_of(raw) or not title else kicker + title
    cites = tuple(t.segment.index for t in titles)
    unsound = any(t.doubtful for t in titles) or not is_title(raw)
    if len(title.split()) >= MIN_WORDS and not unsound:
        return title, cites
    lead = ranking.lead()
    found = [(title, cites)] if title else []
    if lead is not None:
        title_first = (unsound, False) < (lead.flagged, lead.doubt >= LEANING)
        found.insert(title_first * len(found), (kicker + _cut(lead.text), lead.cites))
    if not found:
        return NO_TEXT, ()
    loops = {t.segment.index for t in article.translations if t.doubtful and "loop" in t.flags}
    instead = (article.original_title or NO_TRANSLATION, found[0][1])
    return next((line for line in found if loops.isdisjoint(line[1])), instead)


def _cut(text: str) -> str:
    """Return ``text`` in few words where safe cuts reach that far. Where it stays very long it is
    clipped, visibly, if what is left unsaid neither denies nor attributes what is said."""
    short = shorten(text, LEAD_WORDS)
    if len(short.split()) > LEAD_WORDS:
        short = shorten(_WHEN.sub("", short), LEAD_WORDS)
    return clip(clip(short, LONGEST_LEAD, sure=True), LONGEST).rstrip(".,;:–— ")


def _kicker(article: TranslatedArticle) -> str:
    """Return the label that stands alone above the title or the text, as a prefix, or nothing. In a
    menu it is no label: there other lines stand beside it."""
    kept = {t.segment.line: t.english for t in article.translations}
    lines = {d.line: d.text for d in article.prepared.dropped} | kept
    titles = [t.segment.line for t in article.translations if t.segment.kind == "title"]
    first = max(titles, default=0) or min(
        (t.segment.line for t in article.translations if t.segment.kind == "text"), default=0
    )
    above = [line for line in sorted(lines) if line < first][-1:]
    alone = above and (above[0] - 1) not in lines and is_label(lines[above[0]])
    return f"{lines[above[0]].strip().capitalize()}: " if alone else ""


def _publishers(article: TranslatedArticle) -> tuple[str, ...]:
    """Return the names that the site of an article goes by: its publisher and its host."""
    source = article.prepared.article
    host = (urlsplit(source.source).hostname or "") if "://" in source.source else ""
    site = host.removeprefix("www.").rpartition(".")[0]
    return tuple(name for name in (source.publisher, host, site) if name)
