"""Makes the headline of an article."""

from __future__ import annotations

import re

from toolkit.data import TranslatedArticle
from toolkit.summarisers.extractive.quotations import balanced
from toolkit.summarisers.extractive.ranking import Ranking
from toolkit.summarisers.extractive.shorten import clip, shorten
from toolkit.summarisers.extractive.units import LEANING

NO_TEXT = "No text"
NO_TRANSLATION = "No translation of this article is fit to be read"
MAX_WORDS = 20
LEAD_WORDS = 12
LONGEST = 24
LONGEST_TITLE = 30
# Characters of a title that are read.
_READ = 500
MIN_WORDS = 3

_LABEL = re.compile(
    r"^(?:[\w ]{3,20}\| ?|(?:breaking(?: news)?|watch|video|photos?|live) ?[:|-] ?)",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"(?: late| early)?(?: on)? (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
    r"(?: morning| afternoon| evening| night)?(?=[ .])(?!\.\S)"
)
_PART = re.compile(r"(?:;| [|–—-]|--|:) ")


def headline(article: TranslatedArticle, ranking: Ranking) -> tuple[str, tuple[int, ...]]:
    """Return the headline and the segment indices it rests on.

    The article's English title where it has one that reads well, else one of its best sentences,
    cut. A text whose translation failed a check is taken only where there is no other, and one
    that repeats itself never: then the original title stands. ``NO_TEXT`` where there is no text.
    """
    titles = [t for t in article.translations if t.segment.kind == "title" and t.english.strip()]
    title = tidy_title(" ".join(t.english for t in titles))
    cites = tuple(t.segment.index for t in titles)
    flagged = any(t.flags for t in titles)
    if len(title.split()) >= MIN_WORDS and not flagged:
        return title, cites
    lead = ranking.lead()
    found = [(title, cites)] if title else []
    if lead is not None:
        title_first = (flagged, False) < (lead.flagged, lead.doubt >= LEANING)
        found.insert(title_first * len(found), (_cut(lead.text), lead.cites))
    if not found:
        return NO_TEXT, ()
    loops = {t.segment.index for t in article.translations if "loop" in t.flags}
    instead = (article.original_title or NO_TRANSLATION, found[0][1])
    return next((line for line in found if loops.isdisjoint(line[1])), instead)


def _cut(text: str) -> str:
    """Return ``text`` in few words where safe cuts reach that far. Where it stays very long it is
    clipped, visibly, if what is left unsaid neither denies nor attributes what is said."""
    short = shorten(text, LEAD_WORDS)
    if len(short.split()) > LEAD_WORDS:
        short = shorten(_WHEN.sub("", short), LEAD_WORDS)
    return clip(clip(short, LONGEST, sure=True), LONGEST_TITLE).rstrip(". ")


def tidy_title(title: str) -> str:
    """Return ``title`` without a rubric before it, a question after the news in it, trailing marks
    or half a quotation; cut at a colon, semicolon or dash where it is longer than 20 words."""
    text = _LABEL.sub("", " ".join(title[:_READ].split()))
    parts = [m.start() for m in _PART.finditer(text)]
    for at in reversed(parts):
        asks = text.endswith("?") and "?" not in text[:at]
        too_long = len(text.split()) > MAX_WORDS
        if (asks or too_long) and len(text[:at].split()) >= 2 * MIN_WORDS and balanced(text[:at]):
            text = text[:at]
    text = re.sub(r"[\s:;,|–—-]+$|(?<![.\s]\w)(?<!\.)\.$", "", text)
    text = text if balanced(text) else re.sub('["“”„«»]', "", text)
    return clip(text, LONGEST_TITLE)
