"""What stands in an article's place is named, and articles about such things are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import toolkit
from toolkit.data import Article, Failure
from toolkit.readers.formats import read
from toolkit.testing import FakeTranslator

CASES = json.loads(
    (Path(__file__).parent.parent / "cases" / "not_articles.json").read_text(encoding="utf-8")
)
STUBS = [(kind, text) for kind, texts in CASES["no articles"].items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), STUBS, ids=lambda value: value[:20])
def test_what_is_no_article_is_named(kind: str, text: str) -> None:
    for data, name in ((text, "a.txt"), (json.dumps({"text": text}), "a.jsonl")):
        (failure,) = read(data.encode(), name)
        assert isinstance(failure, Failure), text
        assert failure.reason == f"{kind}, no article"


@pytest.mark.parametrize("text", CASES["articles"], ids=lambda text: text[:20])
def test_an_article_about_such_things_is_read(text: str) -> None:
    title, _, body = text.partition("\n")
    for data, name in (
        (text, "a.txt"),
        (json.dumps({"title": title, "text": body or text}), "a.jsonl"),
    ):
        (found,) = read(data.encode(), name)
        assert isinstance(found, Article), found


@pytest.mark.parametrize(
    ("kind", "text"), [s for s in STUBS if s[0].endswith("page")], ids=lambda value: value[:20]
)
def test_pages_that_are_no_articles_are_named_as_such(kind: str, text: str) -> None:
    title, *lines = text.split("\n")
    body = "".join(f"<p>{line}</p>" for line in lines)
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>"
    (failure,) = read(page.encode(), "a.html")
    assert isinstance(failure, Failure)
    assert failure.reason == f"{kind}, no article"


def test_rich_text_is_refused_by_its_name() -> None:
    (failure,) = read(rb"{\rtf1\ansi{\fonttbl\f0 Arial;}\f0\fs24 Two piers are closed.}", "a.txt")
    assert isinstance(failure, Failure)
    assert "RTF" in failure.reason


@pytest.mark.parametrize(
    "part",
    [
        "<p>Two piers are closed.</p>",
        "<span>बारिश हुई। स्कूल बंद रहे।</span>",
        "<div>港务局周一关闭了两个码头。</div>",
        "<p>The council approved the budget on Monday.</p><p>Nobody voted against it.</p>",
    ],
)
def test_a_part_of_a_page_is_read_if_it_says_something(part: str) -> None:
    (found,) = read(part.encode(), "paste.htm")
    assert isinstance(found, Article)
    (nothing,) = read(b"<p>Share</p><p>Follow us</p>", "paste.htm")
    assert isinstance(nothing, Failure)


def test_the_toolkits_own_outputs_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "news.txt").write_text("Two piers are closed since Monday, the mayor said.")
    config = toolkit.Config(
        inputs=tmp_path, outputs=tmp_path / "outputs", model="demo", date="2026-11-21"
    )
    paths = toolkit.run(config, translator=FakeTranslator()).paths
    assert [article.source for article in toolkit.load_articles(tmp_path)] == [
        str(tmp_path / "news.txt")
    ]
    with pytest.raises(toolkit.InputError, match="the toolkit's own outputs"):
        toolkit.load_articles(tmp_path / "outputs")
    for path in paths.values():
        items = read(path.read_bytes(), path.name)
        assert items, path
        assert not any(isinstance(item, Article) for item in items), path
