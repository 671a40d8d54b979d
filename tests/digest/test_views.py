"""How values show themselves in a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import html5lib

from toolkit.config import Config
from toolkit.data import (
    Article,
    Brief,
    Bullet,
    CleanText,
    Digest,
    Paragraph,
    RunResult,
    TranslatedText,
)
from toolkit.digest import render, views


def said(element: Any) -> str:
    return " ".join(" ".join(element.itertext()).split())


def shown(value: Any) -> Any:
    views.register()
    text = value._repr_html_()
    assert "<style" not in text
    assert "<script" not in text
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(text)


def test_values_show_themselves_in_a_notebook(sample_digest: Digest) -> None:
    article = sample_digest.articles[0].prepared.article
    words = said(shown(article))
    assert "navsagar-samachar.example" in words
    assert "Gujarati" in words
    assert "નવસાગર બંદરથી" in words
    brief = Brief("a", "Ferry starts", (Bullet("It runs.", (0, 2)),), (0,), ("A note.",))
    assert said(shown(brief)) == "Ferry starts It runs. [sentences 1, 3] A note."
    [frame] = shown(sample_digest).iter("iframe")
    assert frame.attrib["srcdoc"] == render.html(sample_digest)
    assert "allow-scripts" not in frame.attrib["sandbox"]
    run = RunResult(
        sample_digest, {"html": Path("x/digest.html")}, {"read": 0.25}, {"from_cache": 7}
    )
    words = said(shown(run))
    for word in ("x/digest.html", "from cache 7", "read, seconds 0.2", "004_empty.txt"):
        assert word in words


def test_every_other_value_shows_its_fields(sample_digest: Digest) -> None:
    article = sample_digest.articles[0]
    row = article.translations[1]
    words = said(shown(article))
    assert f"2 {said_text(row.segment.text)} {said_text(row.english)}" in words
    words = said(shown(article.prepared))
    assert "language guj_Gujr" in words
    assert said_text(article.translations[0].segment.text) in words
    story = next(s for s in sample_digest.stories if len(s.articles) > 1)
    words = said(shown(story))
    assert words.startswith(story.headline)
    assert f"{len(story.articles)} articles" in words
    failure = sample_digest.failures[0]
    assert failure.reason in said(shown(failure))
    assert "beam 4" in said(shown(Config()))
    long = CleanText(tuple(Paragraph(n, f"paragraph {n}") for n in range(1, 300)), ())
    assert said(shown(long)).endswith("paragraph 200 text … and 99 more")


def said_text(text: str) -> str:
    return " ".join(text.split())


def test_hostile_values_are_inert_in_a_notebook(hostile_digest: Digest) -> None:
    bad = hostile_digest.signature
    values: list[Any] = [
        Article(bad, bad, bad, bad, bad, bad, bad),
        Brief(bad, bad, (Bullet(bad, (0,)),), (0,), (bad,)),
        hostile_digest,
        hostile_digest.articles[0],
        hostile_digest.articles[0].prepared,
        hostile_digest.stories[0],
        hostile_digest.failures[0],
        TranslatedText(bad, bad, bad, (bad,)),
        RunResult(hostile_digest, {bad: Path("x")}, {bad: 1.0}, {bad: 1}),
    ]
    allowed = {"DOCUMENT_FRAGMENT", "div", "p", "strong", "span", "bdi", "ul", "li", "iframe"}
    allowed |= {"table", "tbody", "tr", "th", "td"}
    for value in values:
        elements = list(shown(value).iter())
        assert {e.tag for e in elements} <= allowed
        assert not [n for e in elements for n in e.attrib if n.startswith("on")]
