"""Web pages: what of a page is its article, and what the page says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toolkit
from toolkit.data import Article, Failure
from toolkit.readers.formats import read, read_stream
from toolkit.runs import stages

CASES_FOLDER = Path(__file__).parent.parent / "cases"
PAGES = CASES_FOLDER / "html"
CASES: dict[str, Any] = json.loads((CASES_FOLDER / "html.json").read_text(encoding="utf-8"))
BODY = (
    "The lighthouse on Gull Rock was switched off last night after 160 years of service. "
    "Nobody came to see it."
)


def article(data: bytes, name: str = "page.html") -> Article:
    (found,) = read(data, name)
    assert isinstance(found, Article), found
    return found


def sample(name: str) -> bytes:
    return (PAGES / f"{name}.html").read_bytes()


@pytest.mark.parametrize("case", CASES["pages"], ids=lambda c: c["page"])
def test_the_article_is_told_from_its_page(case: dict[str, Any]) -> None:
    found = article(sample(case["page"]))
    assert found.page is not None
    body = [p for p in found.page.paragraphs if p.kind != "title"]
    assert len(body) == len(case["kinds"])
    for paragraph, (start, kind) in zip(body, case["kinds"].items(), strict=True):
        assert paragraph.text.startswith(start)
        assert paragraph.kind == kind
    assert found.text == "\n".join(p.text for p in body)
    for start, reason in case["dropped"].items():
        reasons = [d.reason for d in found.page.dropped if d.text.startswith(start)]
        assert reasons, start
        assert all(r.startswith(reason) for r in reasons), reasons


@pytest.mark.parametrize("case", CASES["pages"], ids=lambda c: c["page"])
@pytest.mark.parametrize("fact", ["title", "author", "published", "language", "publisher"])
def test_what_a_page_says_of_its_article_is_read(case: dict[str, Any], fact: str) -> None:
    assert getattr(article(sample(case["page"])), fact) == case[fact]


@pytest.mark.parametrize("case", CASES["heads"], ids=lambda c: c["name"])
def test_facts_are_found_in_every_form(case: dict[str, Any]) -> None:
    page = f"<html><head>{case['head']}</head><body>{case.get('body', '')}<p>{BODY}</p></body>"
    found = article(page.encode())
    assert {fact: getattr(found, fact) for fact in case["facts"]} == case["facts"]


@pytest.mark.parametrize("case", CASES["encodings"], ids=lambda c: c["name"])
def test_the_encoding_is_as_declared_unless_the_bytes_say_otherwise(case: dict[str, str]) -> None:
    page = f"{case['before']}<html><head>{case['head']}</head><body><p>{case['text']}</p></body>"
    assert article(page.encode(case["bytes"])).text == case["text"]


@pytest.mark.parametrize(
    "name", ["page.html", "page.HTM", "page.xhtml", "page.php", "page", "a.txt"]
)
def test_a_page_is_a_page_under_any_name(name: str) -> None:
    assert article(sample("plain"), name).text.startswith("The lighthouse")


def test_a_page_may_come_from_stdin() -> None:
    (found,) = read_stream(sample("bridge"), "stdin")
    assert isinstance(found, Article)
    assert found.title == "Harbour bridge to close for nine weeks"


def test_a_file_address_is_a_path(tmp_path: Path) -> None:
    file = tmp_path / "page one.html"
    file.write_bytes(sample("plain"))
    for address in (file.as_uri(), f"file://localhost{file.as_uri().removeprefix('file://')}"):
        (found,) = toolkit.load_articles(address)
        assert found.text.startswith("The lighthouse")


@pytest.mark.parametrize("case", CASES["records"], ids=lambda c: c["name"])
def test_records_may_hold_html(case: dict[str, Any]) -> None:
    (found,) = read(json.dumps(case["record"]).encode(), "feed.jsonl")
    assert isinstance(found, Article)
    assert {fact: getattr(found, fact) for fact in case["article"]} == case["article"]


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda c: c["name"])
def test_what_is_no_article_is_refused_in_one_line(case: dict[str, str]) -> None:
    (failure,) = read(case["page"].encode(), "page.html")
    assert isinstance(failure, Failure)
    assert failure.source == "page.html"
    assert case["reason"] in failure.reason
    assert failure.remedy
    assert "\n" not in failure.reason


def test_sections_may_have_headings_of_the_first_level() -> None:
    sections = "".join(f"<h1>{name}</h1><p>{BODY}</p>" for name in ("The lamp", "The keeper"))
    page = f"<title>Gull Rock goes dark</title><h1>Gull Rock goes dark</h1><p>{BODY}</p>{sections}"
    found = article(f"<html><body><article>{page}</article></body></html>".encode())
    assert found.title == "Gull Rock goes dark"
    assert found.text.splitlines() == [BODY, "The lamp", "The keeper"]


def test_a_link_to_a_related_page_within_the_article_is_left_out() -> None:
    related = '<div class="related"><a href="/x">You may like: gold prices today</a></div>'
    (found,) = read(f"<html><article><p>{BODY}</p>{related}<p>{BODY[::-1]}</p>".encode(), "a.html")
    assert isinstance(found, Article)
    assert "gold prices" not in found.text
    assert found.page is not None
    assert "link to another page" in [dropped.reason for dropped in found.page.dropped]


def test_an_extracted_article_is_not_cleaned_again() -> None:
    found = article(sample("bridge"))
    prepared = stages.prepare(found)
    assert found.page is not None
    assert prepared.title == found.title
    assert prepared.author == found.author
    assert prepared.language == "eng_Latn"
    assert prepared.dropped == found.page.dropped
    texts = [p.text for p in found.page.paragraphs]
    said = [
        "".join(s.text for s in prepared.segments if s.paragraph == i) for i in range(len(texts))
    ]
    assert [s.replace(" ", "") for s in said] == [t.replace(" ", "") for t in texts]


@pytest.mark.parametrize("depth", [300, 3_000, 10_000])
@pytest.mark.parametrize("tag", ["div", "blockquote", "font", "table", "ul"])
def test_deep_nesting_loses_nothing(tag: str, depth: int) -> None:
    page = f"<html><body>{f'<{tag}>' * depth}<p>{BODY}</p>{f'</{tag}>' * depth}<p>{BODY[:83]}</p>"
    found = article(page.encode())
    assert found.text.splitlines()[0] == BODY


def test_a_page_that_is_too_large_is_refused() -> None:
    page = f"<html><body><p>{BODY}</p><!--{'x' * 20_000_000}--></body></html>"
    (failure,) = read(page.encode(), "dump.html")
    assert isinstance(failure, Failure)
    assert "20 MB" in failure.reason


def test_a_page_of_ten_megabytes_is_read() -> None:
    page = f"<html><body><script>{'x = 1; ' * 1_400_000}</script><p>{BODY}</p></body></html>"
    assert article(page.encode()).text == BODY


def test_a_page_of_too_many_lines_is_refused() -> None:
    page = f"<html><body><p>{BODY}</p>{'<p>One more line of a list.</p>' * 20_000}</body></html>"
    (failure,) = read(page.encode(), "dump.html")
    assert isinstance(failure, Failure)
    assert "20,000 lines" in failure.reason


TAGS = (
    *("<p>", "</p>", "<div class='related'>", "</div>", "<article>", "<h1>", "</h1>", "<a href=#>"),
    *("</a>", "<li>", "<br>", "<table><tr><td>", "<b>", "<time datetime='x'>", "<title>"),
    *("<script type='application/ld+json'>", "</script>", "</title>", "<style>", "<p hidden>"),
    '{"@type":"NewsArticle","headline":["x"],"author":{"name":[1]},"datePublished":{}}',
    *("&amp;", "&#0;", "<meta name=author content=7>", "\x00", "<!--", "-->", "<![CDATA[", "]]>"),
    *("<svg><p>", "</body>", "<figcaption>", "<dialog>", BODY, "Yes.", "2026-02-03"),
)
MARKUP = st.one_of(st.text(max_size=40), st.sampled_from(TAGS))
WORDS = st.sampled_from(["river", "mayor", "rain", "boats", "Tuesday", "9"])


@settings(max_examples=60)
@given(st.lists(MARKUP, max_size=30))
def test_tag_soup_gives_an_article_or_a_failure(parts: list[str]) -> None:
    (found,) = read(("<html>" + "".join(parts)).encode("utf-8", "replace"), "soup.html")
    assert isinstance(found, Article | Failure)


@settings(max_examples=25)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=30), min_size=1, max_size=8))
def test_every_line_is_kept_or_dropped_with_its_reason(lines: list[list[str]]) -> None:
    texts = [" ".join(line) for line in lines]
    page = "".join(f"<p>{text}</p>" for text in texts)
    (found,) = read(f"<html><body><p>{BODY}</p>{page}</body></html>".encode(), "page.html")
    assert isinstance(found, Article)
    assert found.page is not None
    numbered = {p.line: p.text for p in found.page.paragraphs}
    numbered |= {d.line: d.text for d in found.page.dropped}
    assert [numbered[i] for i in sorted(numbered)] == [BODY, *texts]
    assert all(d.reason for d in found.page.dropped)
