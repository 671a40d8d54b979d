"""Feeds: RSS, RDF, Atom and JSON Feed, an article an entry. Nothing is fetched here.

feedparser reads the XML, whatever is wrong with it; the encoding is settled before, by the rules
for all texts.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import io
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from toolkit.data import Article, Failure
from toolkit.errors import InputError
from toolkit.readers.base import article_id
from toolkit.readers.encodings import declared_encoding, decode
from toolkit.readers.html_facts import plain
from toolkit.readers.html_tree import MAX_BYTES
from toolkit.readers.markup import fragment_text, is_fragment

_DECLARATION = re.compile(r"(?s)^.{0,4000}?<\?xml\b[^>]*\?>")
# Entities that a document defines may stand for megabytes.
_DOCTYPE = re.compile(r"(?is)<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>")
# Characters in which a document type ends: those of real feeds have a hundred or two.
_LONG_HEAD = 65_536
# What XML cannot hold, and feeds do hold.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_MOST_NAME = 1000
# A name that is longer costs feedparser time by the square of its length.
_LONG_NAME = re.compile(
    r"(<(?:[\w.-]+:)?(?:author|creator|managingEditor|webMaster|publisher|name)\b[^<>]*>"
    rf"(?:\s*<!\[CDATA\[)?[^<]{{{_MOST_NAME}}})[^<]+",
    re.IGNORECASE,
)
_MAIL = re.compile(r"\S+@\S+")
# Words from which on the text of an entry is a whole article, unless it breaks off.
_WHOLE = 250
# Characters of a word, so that scripts without spaces have words, too: rather too few for them.
_WORD = 8
_BREAKS_OFF = re.compile(r"(?:…|\.\.\.|[\[(]\s*(?:…|\.\.\.)\s*[\])])[^\w\n]*(?:\n[^\n]{0,60})?$")
# Characters of the end of a text by which it is told that it breaks off.
_END = 200
# Characters of a title from which on no other line has it by chance, and of what stands around it
# in the line that programs put at the end: "The post ... appeared first on ...", in any language.
_LONG_TITLE, _AROUND_TITLE = 15, 90
# Programs write the first days of their calendars for no date at all.
_FIRST_YEAR = 1971
_BROKEN = "Fetch it again, or ask its publisher to mend it."


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a feed. ``source`` is the address that it links to, or its place in the feed;
    ``linked`` is whether it is the former."""

    source: str
    linked: bool
    text: str
    title: str | None = None
    language: str | None = None
    author: str | None = None
    published: str | None = None
    publisher: str | None = None

    @property
    def words(self) -> int:
        """Return about how many words its text has."""
        return max(len(self.text.split()), len(self.text) // _WORD)

    @property
    def is_teaser(self) -> bool:
        """Return whether the text is probably no more than the beginning or a summary."""
        return self.words < _WHOLE or bool(_BREAKS_OFF.search(self.text[-_END:]))

    def article(self) -> Article | Failure:
        """Return the article that the entry itself holds."""
        if not self.text:
            remedy = "Give the feed's address, and the pages that it links to are read."
            return Failure(self.source, "read", "no text in the entry of the feed", remedy)
        return Article(
            id=article_id(self.title, self.text),
            source=self.source,
            text=self.text,
            title=self.title,
            language=self.language,
            author=self.author,
            published=self.published,
            publisher=self.publisher,
        )


def read_feed(data: bytes, source: str) -> Iterator[Article | Failure]:
    """Yield the articles of a feed as its entries have them; a broken entry is a failure."""
    for item in entries(data, source):
        yield item.article() if isinstance(item, Entry) else item


def entries(
    data: bytes, source: str, *, base: str | None = None, declared: str | None = None
) -> Iterator[Entry | Failure]:
    """Yield the entries of a feed. ``base`` is the address that it came from, if any, and
    ``declared`` the encoding that the server names. Raises ``InputError`` where it is no feed."""
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{source}: a feed of {len(data) / 1e6:.0f} MB; the most is {MAX_BYTES // 1_000_000}",
            remedy="Cut it into several files.",
        )
    text = decode(data, source, declared or declared_encoding(data))
    if text.lstrip().startswith("{"):
        yield from _json_entries(text, source, base)
    else:
        yield from _xml_entries(text, source, base)


def _xml_entries(text: str, source: str, base: str | None) -> Iterator[Entry | Failure]:
    parsed = _parsed(text, base)
    feed, items = parsed["feed"], parsed["entries"][::-1]
    if not items:
        if parsed["bozo"] and not feed.get("title"):
            reason = " ".join(str(parsed["bozo_exception"]).split())
            raise InputError(f"{source}: a broken feed ({reason})", remedy=_BROKEN)
        if not parsed["version"]:
            raise InputError(
                f"{source}: this is an XML document, neither a feed nor a web page",
                remedy="Save the article itself, as a page or as text.",
            )
        yield Failure(source, "read", "the feed has no entries", "See whether its address is old.")
    cut = _breaks_off(text) if parsed["bozo"] else False
    whole = Entry(
        source,
        linked=False,
        text="",
        language=feed.get("language"),
        author=_people(feed) if parsed["version"].startswith("atom") else None,
        publisher=plain(feed.get("title")) or None,
    )
    home = base or feed.get("link")
    number = 0
    while len(items) > cut:
        number += 1
        # Taken off the list, so that its memory is free when it has been read.
        yield _xml_entry(items.pop(), whole, home, f"{source}:{number}")
    if cut:
        yield Failure(source, "read", "the feed breaks off within its last entry", _BROKEN)


def _parsed(text: str, base: str | None) -> Any:
    import feedparser

    # Its encoding is settled, and feedparser is not to ask again.
    body = _NO_XML.sub("", _DECLARATION.sub("", text, count=1))
    body = _DOCTYPE.sub("", body[:_LONG_HEAD], count=1) + body[_LONG_HEAD:]
    body = _LONG_NAME.sub(r"\1", body)
    data = b'<?xml version="1.0" encoding="utf-8"?>' + body.strip().encode("utf-8", "replace")
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": base or ""}
    # A text would be taken for an address or a path, and fetched.
    return feedparser.parse(
        io.BytesIO(data),
        response_headers=headers,
        resolve_relative_uris=False,
        sanitize_html=False,
    )


def _breaks_off(text: str) -> bool:
    """Return whether the last entry of an XML feed has no end."""
    begun = max(text.rfind("<item"), text.rfind("<entry"))
    return begun > max(text.rfind("</item"), text.rfind("</entry"))


def _xml_entry(item: Any, feed: Entry, home: str | None, place: str) -> Entry:
    with warnings.catch_warnings():
        # On a date that is missing, feedparser warns that it will give another one.
        warnings.simplefilter("ignore", DeprecationWarning)
        days = [item.get(name) for name in ("published", "created", "updated")]
        parsed = item.get("published_parsed") or item.get("updated_parsed")
    details = [*item.get("content", ()), item.get("summary_detail") or {}]
    titled = item.get("title_detail") or {}
    title = _line(titled.get("value"), titled.get("type") != "text/plain")
    # Of equally long ones the content.
    detail = max(details, key=lambda found: len(found.get("value") or ""))
    link = _address(home, item.get("feedburner_origlink"), item.get("link"))
    return replace(
        feed,
        source=link or place,
        linked=link is not None,
        text=_without_footer(_text(detail.get("value"), detail.get("type") != "text/plain"), title),
        title=title,
        language=detail.get("language") or titled.get("language") or feed.language,
        author=_people(item) or feed.author,
        published=next(filter(None, map(_moment, days)), None) or _utc(parsed),
        publisher=plain(item.get("source", {}).get("title")) or feed.publisher,
    )


def _people(item: Any) -> str | None:
    """Return the names of those that feedparser found to be the authors."""
    said = [plain(person.get("name")) for person in item.get("authors", ())]
    whole = plain(item.get("author"))
    # feedparser takes mail addresses and names apart, not always where one ends.
    said = [whole] if "@" in whole or not any(said) else said
    names = (_MAIL.sub("", name[:_MOST_NAME]).strip(" ,;()<>") for name in said)
    return ", ".join(dict.fromkeys(filter(None, names))) or None


def _json_entries(text: str, source: str, base: str | None) -> Iterator[Entry | Failure]:
    try:
        feed = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{source}: not valid JSON ({error})", remedy=_BROKEN) from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or not items:
        raise InputError(f"{source}: the feed has no entries", remedy="See whether it is old.")
    publisher, people = plain(feed.get("title")) or None, _named(feed)
    for number, item in enumerate(items, start=1):
        place = f"{source}:{number}"
        if not isinstance(item, dict):
            yield Failure(place, "read", "no object among the items of the feed", _BROKEN)
            continue
        home = base or _string(feed, "feed_url") or _string(feed, "home_page_url")
        link = _address(home, item.get("url"), item.get("external_url"))
        link = link or _address(None, item.get("id"))
        page, prose = _string(item, "content_html"), _string(item, "content_text")
        body = _text(page, True) or _text(prose or _string(item, "summary"), False)
        yield Entry(
            link or place,
            link is not None,
            body,
            title=plain(item.get("title")) or None,
            language=_string(item, "language") or _string(feed, "language"),
            author=_named(item) or people,
            published=_moment(item.get("date_published")) or _moment(item.get("date_modified")),
            publisher=publisher,
        )


def _named(item: dict[str, Any]) -> str | None:
    """Return the names of the authors of a JSON Feed or an item of it."""
    listed = item.get("authors")
    people = listed if isinstance(listed, list) else [item.get("author")]
    names = (plain(person.get("name")) for person in people if isinstance(person, dict))
    return ", ".join(filter(None, names)) or None


def _string(item: dict[str, Any], name: str) -> str | None:
    value = item.get(name)
    return value if isinstance(value, str) and value.strip() else None


def _text(value: str | None, markup: bool) -> str:
    """Return the lines of a text that is in HTML, or may be where nobody says so."""
    text = value or ""
    # Some feeds escape their HTML twice.
    for _ in range(2):
        if not markup or not is_fragment(text):
            break
        text = fragment_text(text)
        markup = _TAG.match(text.lstrip()) is not None
    # Lone surrogates and NUL are legal in JSON escapes and in no text.
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8").strip()


def _without_footer(text: str, title: str | None) -> str:
    """Return ``text`` without a last line that is little more than the title."""
    body, _, last = text.rpartition("\n")
    if not title or len(title) < _LONG_TITLE or title not in last:
        return text
    return body.rstrip() if body and len(last) <= len(title) + _AROUND_TITLE else text


def _line(value: str | None, markup: bool) -> str | None:
    """Return a title on one line."""
    return (plain(value) if markup else " ".join((value or "").split())) or None


def _address(base: str | None, *found: Any) -> str | None:
    """Return the first of ``found`` that is the address of a page, seen from ``base``."""
    for value in found:
        if not isinstance(value, str) or not value.strip():
            continue
        try:
            joined = urljoin(base or "", value.strip())
            parts = urlsplit(joined)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.hostname:
            return joined
    return None


def _moment(value: Any) -> str | None:
    """Return a date with its time and zone, if given, in ISO 8601; None for what is no date."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    found: dt.date
    try:
        found = dt.datetime.fromisoformat(text) if len(text) > 10 else dt.date.fromisoformat(text)
    except ValueError:
        try:
            found = email.utils.parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
    return found.isoformat() if found.year >= _FIRST_YEAR else None


def _utc(parsed: Any) -> str | None:
    """Return a date that feedparser alone could read, which it gives in UTC."""
    if not parsed or parsed[0] < _FIRST_YEAR:
        return None
    try:
        return dt.datetime(*parsed[:6]).replace(tzinfo=dt.UTC).isoformat()
    except ValueError:
        return None
