"""Tells who reports a story independently: publishers, each once, and the agencies whose texts
several of them carry.

A publisher goes by its name, else by the site of the article's address, else by the article's
file. An article that carries an agency's tag, or nearly the text of another publisher's, is no
source of its own.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import parse_qsl, urlencode, urlsplit
from zlib import crc32

from toolkit.data import StorySource, TranslatedArticle
from toolkit.languages import UNSPACED, script_of
from toolkit.text.places import plain
from toolkit.text.similarity import WORD

# Words in a row, or characters where no spaces stand between words, that two copies share.
_SHINGLE, _UNSPACED_SHINGLE = 5, 12
# Words of an article that are compared.
_COMPARED = 1_000
# The share of the shorter text's shingles that the other has, from which on they are copies: the
# same quotations make up less.
_COPIED = 0.5
# Shingles of a text that is long enough to be a copy.
_LONG_ENOUGH = 12
# Characters at the beginning of an article in which an agency is named, and at its end.
_DATELINE, _SIGNATURE = 120, 60
# Second levels of addresses under which sites are registered: bbc.co.uk, globo.com.br.
_SECOND_LEVELS = frozenset(("ac", "co", "com", "edu", "gob", "gov", "go", "net", "ne", "or", "org"))
# Sites that publish what others write, each under a name of its own.
_HOSTS = frozenset(["blogspot", "medium", "substack", "tumblr", "wordpress"])
# Parameters of addresses that tell where a reader came from, not what is read.
_TRACKING = re.compile(r"(?:utm_|at_|ns_)\w+|fbclid|gclid|ref|source|cmpid|amp", re.I)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an article comes from: the key of its publisher, the agency that it names if it does,
    its address without what changes from reader to reader, and the hashes of its shingles."""

    publisher: str
    agency: str = ""
    address: str = ""
    shingles: frozenset[int] = frozenset()


def origin(article: TranslatedArticle) -> Origin:
    """Return the origin of an article."""
    original = article.prepared.article
    texts = [s.text for s in article.prepared.segments if s.kind in ("text", "list")]
    publisher = publisher_key(original.publisher, original.source)
    agency = _named_agency(texts, (article.prepared.author, original.publisher))
    return Origin(publisher, agency, address(original.source), _shingles(texts, article.language))


def publisher_key(name: str | None, source: str) -> str:
    """Return what all articles of one publisher share.

    >>> publisher_key("The Guardian", ""), publisher_key(None, "https://www.theguardian.com/a")
    ('guardian', 'guardian')
    >>> publisher_key("BBC News", ""), publisher_key(None, "https://news.bbc.co.uk/1")
    ('bbc', 'bbc')
    >>> publisher_key(None, "articles/one.txt")
    'articles/one.txt'
    """
    if not (text := name or _site(source)):
        return source
    key = re.sub(r"[\W_]+", "", plain(re.sub(r"\.\w{2,4}$", "", text)))
    for shorter in (key.removesuffix("news"), key.removesuffix("online"), key.removeprefix("the")):
        if len(shorter) > 2 and shorter != key:
            return shorter
    return key or source


def _site(source: str) -> str:
    """Return the name under which the site of an address is registered, "" if it is none."""
    try:
        labels = (urlsplit(source).hostname or "").split(".")
    except ValueError:
        return ""
    if len(labels) < 2:
        return ""
    under = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS
    site = labels[-3 if under else -2]
    return labels[-3] if site in _HOSTS and len(labels) > 2 else site


def address(source: str) -> str:
    """Return the address that all versions of an article share, "" if ``source`` is none.

    >>> address("http://m.example.org/a/?id=3&utm_source=x#top")
    'example.org/a?id=3'
    """
    try:
        parts = urlsplit(source)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    kept = [(k, v) for k, v in parse_qsl(parts.query) if not _TRACKING.fullmatch(k)]
    query = f"?{urlencode(kept)}" if kept else ""
    return re.sub(r"^(?:www|m|amp)\.", "", parts.hostname) + parts.path.rstrip("/") + query


@cache
def _agencies() -> tuple[Mapping[str, str], re.Pattern[str], re.Pattern[str]]:
    """Return the agency of each of its names; and how an article's beginning names one, in
    brackets or beside a dash, and its end, in brackets or alone."""
    text = files("toolkit.text").joinpath("phrases/agencies.json").read_text(encoding="utf-8")
    names = {name: agency for agency, all_of_it in json.loads(text).items() for name in all_of_it}
    any_name = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    bracketed = rf"[(\[【]\s*({any_name})(?:\s*[/,]\s*\w+)?\s*[)\]】]|/({any_name})/"
    before_dash = rf"^[^.!?]{{0,60}}?\b({any_name})[.,]?\s*[-–—]\s"
    after_dash = rf"^[^!?]{{0,40}}?[-–—]\s*({any_name})[.,]\s"
    in_chinese = rf"^({any_name}).{{0,20}}电"
    begins = f"{bracketed}|{before_dash}|{after_dash}|{in_chinese}"
    ends = rf"{bracketed}\W*$|(?:^|©\s?|[-–—]\s?)({any_name})\W*$"
    return names, re.compile(begins), re.compile(ends)


def _named_agency(texts: Sequence[str], names: Iterable[str | None]) -> str:
    """Return the agency that an article names as its author or publisher, in its dateline or at
    its end; "" if it names none."""
    known, begins, ends = _agencies()
    for name in filter(None, names):
        for part in re.split(r"\s*(?:[,;/|]|\b(?:and|avec|con|et|mit|und|with|y)\b)\s*", name):
            if part in known:
                return known[part]
    tries = [(begins, text[:_DATELINE]) for text in texts[:2]]
    tries += [(ends, text[-_SIGNATURE:]) for text in texts[-1:]]
    for pattern, text in tries:
        if found := pattern.search(text):
            return known[next(filter(None, found.groups()))]
    return ""


def _shingles(texts: Sequence[str], language: str) -> frozenset[int]:
    """Return the hashes of the runs of words."""
    words = WORD.findall(" ".join(texts).lower())
    size = _SHINGLE
    if script_of(language) in UNSPACED:
        words, size = list("".join(words)), _UNSPACED_SHINGLE
    words = words[:_COMPARED]
    runs = (" ".join(words[i : i + size]) for i in range(len(words) - size + 1))
    return frozenset(crc32(run.encode()) for run in runs)


def sources(origins: Mapping[str, Origin]) -> tuple[StorySource, ...]:
    """Return the independent sources of a story, given the origin of each of its articles: those
    of an agency's texts, copies of one text, and all else by publisher."""
    source_of = {article: f"publisher {o.publisher}" for article, o in origins.items()}
    for number, copies in enumerate(_copies(origins)):
        if len({origins[a].publisher for a in copies}) > 1:
            source_of.update(dict.fromkeys(copies, f"copies {number}"))
            named = [origins[a].agency for a in copies if origins[a].agency]
            if named:
                source_of.update(dict.fromkeys(copies, f"agency {named[0]}"))
    for article, from_ in origins.items():
        if from_.agency:
            source_of[article] = f"agency {from_.agency}"
    groups: dict[str, list[str]] = defaultdict(list)
    for article, source in source_of.items():
        groups[source].append(article)
    return tuple(
        StorySource(
            tuple(articles),
            len({origins[a].publisher for a in articles}),
            source.removeprefix("agency ") if source.startswith("agency ") else "",
        )
        for source, articles in groups.items()
    )


def _copies(origins: Mapping[str, Origin]) -> list[list[str]]:
    """Return the groups of articles that are near copies of the first one of their group."""
    groups: dict[str, list[str]] = {}
    # The first ones that have each shingle.
    holders: dict[int, list[str]] = defaultdict(list)
    for article, from_ in origins.items():
        shared = Counter(first for s in from_.shingles for first in holders.get(s, ()))
        for first, count in shared.most_common(1):
            shorter = min(len(from_.shingles), len(origins[first].shingles))
            if shorter >= _LONG_ENOUGH and count >= _COPIED * shorter:
                groups[first].append(article)
                break
        else:
            groups[article] = [article]
            for shingle in from_.shingles:
                holders[shingle].append(article)
    return list(groups.values())
