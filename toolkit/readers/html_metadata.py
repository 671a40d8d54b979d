"""Who wrote a page's article, under which title, when, for whom and in which language."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from toolkit.readers.html_blocks import tokens
from toolkit.readers.html_facts import Facts, plain

_SEPARATOR = re.compile(r"\s+(?:[|·•»–—:-]|::|//)\s+|\s*[|｜ㅣ]\s*")
_TAIL = re.compile(r"\s*[|｜ㅣ·•»–—:(-]\s*\S.{0,60}$")
# How far each source is believed where they disagree; two that agree outweigh any third.
_H1, _LINKED, _GRAPH, _TAG, _CARD = 1.2, 1.0, 1.1, 0.8, 0.3
_MOST_TITLE = 400
_AUTHOR_TAGS = (
    "author", "article:author", "og:article:author", "parsely-author", "articleauthor",
    "article:author_name", "sailthru.author", "cxenseparse:author", "dc.creator",
    "dcterms.creator", "dc.contributor", "byl", "creator", "citation_author",
)  # fmt: skip
_DAY_TAGS = (
    "article:published_time", "og:article:published_time", "datepublished", "date.published",
    "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "publishdate",
    "publish_date", "pubdate", "publication_date", "dc.date.issued", "dcterms.issued",
    "dcterms.created", "dc.date", "citation_publication_date", "article.published",
    "rnews:datepublished", "dcterms.date", "datecreated", "date",
)  # fmt: skip
_DAY_KEYS = ("datePublished", "dateCreated", "uploadDate")
_MARKED_TIME = "//time[@pubdate or contains(@itemprop, 'datePublished')]"
_SITE_TAGS = ("og:site_name", "application-name", "publisher", "dc.publisher", "cre", "copyright")
_NO_NAME = re.compile(
    r"https?:|www\.|\.(?:html?|php)\b|^@|[{}<>\[\]=]|\bundefined\b|\bnull\b", re.I
)
_MAIL = re.compile(r"\s*[<(]?\b[\w.+-]+@[\w-]+\.[\w.-]+\b[>)]?\s*")
_ROLE = re.compile(r"\s*\([^()]{1,6}\)\s*$|\s+/\s+.*$|\s+[|·•]\s+.*$")
_BY = re.compile(
    r"^(?:(?:written |reported |story |report |article |words )?by|von|por|par|di|da|door|av|af"
    r"|autor(?:es|a)?|author|auteur|автор|текст|oleh|yazan)\s*:?\s+",
    re.I,
)
_MOST_NAME, _MOST_AUTHORS = 120, 20
_ZONE = re.compile(r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})$")
_DAY_IN_TITLE = re.compile(r"\W\s*(\d\d?)\.(\d\d?)\.(20\d\d)$")
_DIGITS = re.compile(r"\d{10}|\d{13}")


def title(root: HtmlElement, facts: Facts) -> str | None:
    """Return the headline that most of the page's own sources agree on."""
    said: list[tuple[float, str]] = [(_H1, h) for h in _h1(root)]
    said += [(_LINKED, plain(value)) for value in facts.said("headline")]
    said += [(_GRAPH, value) for value in facts.meta.get("og:title", ())[:1]]
    said += [(_TAG, plain(e.text_content())) for e in list(root.iter("title"))[:1]]
    said += [(_CARD, value) for value in facts.meta.get("twitter:title", ())[:1]]
    names = {tuple(tokens(name)) for name in site_names(facts)}
    fulls = [_without_site(value, names) for _, value in said]
    votes: dict[tuple[str, ...], float] = {}
    texts: dict[tuple[str, ...], str] = {}
    for (weight, _), value in zip(said, fulls, strict=True):
        # What another source has alone and this one with a section's name behind it is the title.
        shorter = [other for other in fulls if other and _TAIL.match(value.removeprefix(other))]
        for text in {value, *shorter}:
            key = tuple(tokens(text))
            # A site's name agrees with itself everywhere.
            if key and key not in names and len(text) <= _MOST_TITLE:
                votes[key] = votes.get(key, 0) + weight * (1 if text == value else 0.9)
                texts.setdefault(key, text)
    return texts[max(votes, key=votes.__getitem__)] if votes else None


def _h1(root: HtmlElement) -> list[str]:
    """Return the first-level headings; where there are several, each once."""
    found = dict.fromkeys(plain(e.text_content()) for e in root.iter("h1"))
    return [text for text in found if text][:5]


def _without_site(value: str, names: set[tuple[str, ...]]) -> str:
    """Return ``value`` without the site's name that it ends with."""
    for match in _SEPARATOR.finditer(value):
        if tuple(tokens(value[match.end() :])) in names and match.start():
            return value[: match.start()].strip()
    return value


def site_names(facts: Facts) -> list[str]:
    """Return what the page calls its site."""
    found = [value for tag in _SITE_TAGS for value in facts.meta.get(tag, ())]
    found += [name for value in facts.said("publisher") for name in _names(value)]
    found += [host.removeprefix("www.") for host in [_host(facts)] if host]
    return [name for name in found if name and not _NO_NAME.search(name) and len(name) < 60]


def is_site(author: str | None, facts: Facts) -> bool:
    """Return whether ``author`` is nobody, or no more than the site itself."""
    return not author or any(tokens(author) == tokens(name) for name in site_names(facts))


def site(facts: Facts) -> str | None:
    """Return who publishes the page: whom it names, else the host of its address."""
    return next(iter(site_names(facts)), None)


def _host(facts: Facts) -> str | None:
    with contextlib.suppress(ValueError):
        return urlsplit(facts.first("og:url") or "").hostname
    return None


def language(root: HtmlElement, facts: Facts) -> str | None:
    """Return the language that the page declares; many declare another one than they are in."""
    declared = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang")
    found = declared or facts.first("content-language", "og:locale", "dc.language", "language")
    tag = (found or "").split(",")[0].strip().replace("_", "-")
    return tag if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", tag) else None


def author(root: HtmlElement, facts: Facts) -> str | None:
    """Return the authors: persons of the JSON-LD, names in meta tags, the page's byline, and last
    an organisation."""
    linked = [item for value in facts.said("author") for item in _items(value)]
    named = _clean_names([name for item in linked for name in _names(item)])
    # A list that has a person may name an agency, too.
    found = [] if all(map(_is_organisation, linked)) else named
    if not found:
        tags = (facts.meta.get(tag, ()) for tag in _AUTHOR_TAGS)
        found = next((names for values in tags if (names := _clean_names(values))), [])
    if not found or all(is_site(name, facts) for name in found):
        found = _byline(root) or found or named
    return ", ".join(found) or None


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_organisation(item: Any) -> bool:
    return isinstance(item, dict) and "Organization" in str(item.get("@type", ""))


def _names(value: Any) -> list[str]:
    """Return the names in a string, an object or a list of them."""
    if isinstance(value, dict):
        return _names(value.get("name"))
    if isinstance(value, list):
        return [name for item in value[:_MOST_AUTHORS] for name in _names(item) if name]
    return [plain(value)] if isinstance(value, str) else []


def _clean_names(values: Any) -> list[str]:
    """Return the names among ``values``, each once."""
    found: dict[str, None] = {}
    for value in values:
        name = _ROLE.sub("", _MAIL.sub(" ", _BY.sub("", value)).strip()).strip(" ,;|")
        if name and len(name) <= _MOST_NAME and not _NO_NAME.search(name) and tokens(name):
            found[name] = None
    return list(found)[:_MOST_AUTHORS]


def _byline(root: HtmlElement) -> list[str]:
    """Return the names in what the page marks as its byline."""
    marked = root.xpath(
        "//*[@rel='author' or @itemprop='author' or contains(@itemprop, 'author')]"
        "[not(ancestor::aside or ancestor::footer or ancestor::nav)]"
    )
    found = _clean_names([plain(e.text_content()) for e in marked[:_MOST_AUTHORS]])
    if found:
        return found[:3]
    from trafilatura.metadata import extract_metadata

    with contextlib.suppress(Exception):  # No mistake over a name is worth an article.
        extracted = extract_metadata(root, extensive=False).author
        return _clean_names((extracted or "").split("; "))
    return []


def published(root: HtmlElement, facts: Facts) -> str | None:
    """Return when it was published, in ISO 8601, as exactly as the page says: JSON-LD, then meta
    tags, then a date in the page."""
    said = [value for key in _DAY_KEYS for value in facts.said(key)]
    values = [item for value in said for item in _items(value)]
    values += [value for tag in _DAY_TAGS for value in facts.meta.get(tag, ())]
    values += [element.get("datetime", "") for element in root.xpath(_MARKED_TIME)]
    for value in values:
        if moment := _moment(value):
            return moment
    if found := _DAY_IN_TITLE.search(facts.first("og:title") or ""):
        with contextlib.suppress(ValueError):
            return dt.date(int(found[3]), int(found[2]), int(found[1])).isoformat()
    from htmldate import find_date

    with contextlib.suppress(Exception):  # Nor is one over a day.
        day: str | None = find_date(root, original_date=True, outputformat="%Y-%m-%d")
        return day
    return None


def _moment(value: Any) -> str | None:
    """Return a date with its time and zone, if given, in ISO 8601; None for what is no date."""
    text = plain(value)
    if _DIGITS.fullmatch(text):
        seconds = int(text[:10])
        return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()
    with contextlib.suppress(ValueError):
        return dt.date.fromisoformat(text).isoformat() if len(text) <= 10 else _iso(text)
    from dateutil import parser

    with contextlib.suppress(ValueError, OverflowError, TypeError):
        found: dt.datetime = parser.parse(text)
        return found.isoformat() if re.search(r"\d:\d\d", text) else found.date().isoformat()
    return None


def _iso(text: str) -> str:
    spaced = _ZONE.sub(lambda m: {"UTC": "Z", "GMT": "Z"}.get(m[1], m[1]), text)
    return dt.datetime.fromisoformat(spaced).isoformat()
