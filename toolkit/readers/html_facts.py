"""What a web page says of itself: its meta tags and its JSON-LD."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml.html import HtmlElement

# Types of schema.org that are one article; a page of lists has others.
_ARTICLE = re.compile(r"(?:article|posting|report|review|recipe)$", re.I)
_JSON_EDGES = re.compile(
    r"^\s*(?:<!--|(?://\s*)?<!\[CDATA\[|/\*.*?\*/)\s*|\s*(?:-->|(?://\s*)?\]\]>|;)\s*$", re.S
)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_SPACES = re.compile(r"\s+")
_TAG = re.compile(r"<[^<>]{0,500}>")
# Objects looked at, of all JSON-LD of a page: some pages list their whole archive.
_MOST_OBJECTS = 20_000

Node = dict[str, Any]


@dataclass(slots=True)
class Facts:
    """``meta`` holds the values of each meta tag by its name, property or itemprop in small
    letters; ``articles`` the JSON-LD objects that are articles; ``others`` the rest of them."""

    meta: dict[str, list[str]] = field(default_factory=dict)
    articles: list[Node] = field(default_factory=list)
    others: list[Node] = field(default_factory=list)

    def first(self, *names: str) -> str | None:
        """Return the first value of the meta tags of these names."""
        return next((value for name in names for value in self.meta.get(name, ())), None)

    def said(self, key: str) -> Iterator[Any]:
        """Return what the articles of the JSON-LD hold under ``key``."""
        return (node[key] for node in self.articles if node.get(key))


def read_facts(root: HtmlElement) -> Facts:
    """Return the facts that ``root`` holds; what is broken is left out."""
    facts = Facts()
    for element in root.iter("meta"):
        value = plain(element.get("content"))
        for attribute in ("name", "property", "itemprop", "http-equiv"):
            if value and (name := element.get(attribute, "").strip().lower()):
                facts.meta.setdefault(name, []).append(value)
    nodes: list[Node] = []
    for script in root.iter("script"):
        if "ld+json" in script.get("type", "").lower():
            nodes += _objects(_json(script.text or ""), _MOST_OBJECTS - len(nodes))
    whole = [node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1]
    by_id = {node["@id"]: node for node in whole}
    for node in nodes:
        for key, value in node.items():
            node[key] = _resolved(value, by_id)
        (facts.articles if is_article(node) else facts.others).append(node)
    return facts


def is_article(node: Node) -> bool:
    """Return whether a JSON-LD object is an article, rather than a part of one or a site."""
    kinds = node.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(kind, str) and _ARTICLE.search(kind) for kind in kinds)


def plain(value: object) -> str:
    """Return a string without tags, entities and needless spaces; of anything else nothing."""
    if not isinstance(value, str):
        return ""
    text = html.unescape(html.unescape(value)) if "&" in value else value
    if "<" in text:
        text = _TAG.sub(" ", text)
    # Lone surrogates are legal in JSON escapes and in nothing else.
    return _SPACES.sub(" ", text).strip().encode("utf-8", "replace").decode("utf-8")


def _json(text: str) -> Any:
    for tried in (text, _JSON_EDGES.sub("", text), _TRAILING_COMMA.sub(r"\1", text)):
        try:
            return json.loads(tried, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _objects(value: Any, most: int) -> list[Node]:
    """Return all objects in ``value``, outer ones first."""
    found: list[Node] = []
    todo = [value]
    while todo and len(found) < most:
        item = todo.pop()
        if isinstance(item, dict):
            found.append(item)
            todo += reversed(list(item.values()))
        elif isinstance(item, list):
            todo += reversed(item)
    return found


def _resolved(value: Any, by_id: dict[str, Node]) -> Any:
    """Return ``value``, or what it refers to where it is nothing but a reference."""
    if isinstance(value, dict) and set(value) <= {"@id", "@type"}:
        return by_id.get(value["@id"], value) if isinstance(value.get("@id"), str) else value
    if isinstance(value, list):
        return [_resolved(item, by_id) if isinstance(item, dict) else item for item in value]
    return value
