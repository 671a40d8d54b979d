"""The digest as HTML and Markdown: its content, and that text from outside stays text."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import html5lib
import pytest

from toolkit.data import (
    Citation,
    Digest,
    Story,
    StoryBullet,
    StorySource,
    TranslatedArticle,
    Watched,
)
from toolkit.digest import render
from toolkit.digest.example import example
from toolkit.digest.page import arrange
from toolkit.digest.safe_text import clean
from toolkit.digest.sources import language_label
from toolkit.digest.wording import published, source_link, source_name
from toolkit.stories.day import DOUBTFUL_HEADLINE

Fragment = Callable[[str], Any]
Renderers = dict[str, Callable[[str], str]]
CASES = Path(__file__).parents[1] / "cases"
EMPTY = Digest(dt.date(2026, 11, 21), "signature", (), ())


def cases(name: str) -> list[Any]:
    loaded: list[Any] = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def tree(page: str) -> Any:
    """The page parsed; the first error of the HTML standard's parser is raised."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)


def shape(page: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every element with the names of its attributes: all that is not text, but for the marks of
    cited words, which text decides."""
    elements = [e for e in tree(page).iter() if isinstance(e.tag, str) and e.tag != "mark"]
    return [(e.tag, tuple(sorted(e.attrib))) for e in elements]


def said(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def by_class(root: Any, name: str) -> list[Any]:
    return [e for e in root.iter() if name in e.attrib.get("class", "").split()]


# Content


def test_the_page_is_valid_and_says_what_the_digest_holds(sample_digest: Digest) -> None:
    root = tree(render.html(sample_digest))
    text = said(root.find("body"))
    assert "Saturday 21 November 2026" in text
    assert said(by_class(root, "counts")[0]) == "5 articles 5 languages 4 stories 1 min read"
    assert "Sources in Gujarati, Hindi, Arabic, Urdu and English" in text
    assert "demo checkpoint" in said(by_class(root, "notice")[0])
    for story in sample_digest.stories:
        assert story.headline in text
        for bullet in story.bullets:
            assert bullet.text in text
    for article in sample_digest.articles:
        for translation in article.translations:
            assert translation.segment.text in text
            assert translation.english in text
    assert sample_digest.signature in said(root.find(".//footer"))


def test_a_bullet_shows_its_originals_marked_as_what_they_are(sample_digest: Digest) -> None:
    root = tree(render.html(sample_digest))
    gujarati, hindi = by_class(by_class(root, "evidence")[0], "pair")
    assert "Gujarati, navsagar-samachar.example, article 1, sentence 2" in said(gujarati)
    original, english = by_class(gujarati, "original")[0], by_class(gujarati, "english")[0]
    assert original.attrib["lang"] == "gu"
    assert original.attrib["dir"] == "ltr"
    assert said(original).startswith("નવસાગર બંદરથી")
    assert said(english).startswith("The new ferry service from Navsagar port")
    assert by_class(hindi, "original")[0].attrib["lang"] == "hi"
    [arabic] = by_class(by_class(root, "evidence")[3], "original")
    assert (arabic.attrib["lang"], arabic.attrib["dir"]) == ("ar", "rtl")


def test_an_english_original_is_shown_once(sample_digest: Digest) -> None:
    evidence = by_class(tree(render.html(sample_digest)), "evidence")[-1]
    assert said(evidence).count("passes the sun once in 240 years") == 1


def test_a_story_of_several_sources_says_who_reports_what(sample_digest: Digest) -> None:
    page = arrange(sample_digest)
    assert [p.reported for p in page.items[0].points] == [
        "In both sources",
        "Only in navsagar-samachar.example",
        "Only in deeppur-times.example",
    ]
    assert [p.alone for p in page.items[0].points] == [False, True, True]
    assert [p.reported for p in page.items[1].points] == ["", ""]
    text = said(tree(render.html(sample_digest)))
    assert "Only in deeppur-times.example" in text
    assert "Continues from 18 November 2026" in text


def test_what_several_publishers_carry_is_one_source(sample_digest: Digest) -> None:
    story = sample_digest.stories[0]
    both = StorySource(story.articles, publishers=2, agency="AFP")
    why = ("2 publishers", "1 source", "2 languages")
    digest = dataclasses.replace(
        sample_digest, stories=(dataclasses.replace(story, sources=(both,), why=why),)
    )
    (item,) = arrange(digest).items
    assert {point.reported for point in item.points} == {""}
    for text in (said(tree(render.html(digest))), render.markdown(digest)):
        assert "AFP, in 2 outlets" in text
        assert "2 publishers, 1 source, 2 languages" in text
    apart = tuple(StorySource((article,)) for article in story.articles)
    digest = dataclasses.replace(
        sample_digest, stories=(dataclasses.replace(story, sources=apart),)
    )
    assert arrange(digest).items[0].points[0].reported == "In both sources"


def test_versions_on_which_sources_differ_stand_together_with_who_says_which() -> None:
    digest = example()
    (block,) = by_class(tree(render.html(digest)), "dispute")
    assert said(by_class(block, "differ")[0]) == "Sources differ on how many:"
    assert [said(point) for point in by_class(block, "point")] == [
        "A ticket costs a coin.",
        "A ticket costs two coins.",
    ]
    first, second = (said(summary) for summary in block.iter("summary"))
    assert first.startswith("Only in News (news.example) French")
    assert second.startswith("Only in a1.txt the later report French")
    lines = render.markdown(digest).splitlines()
    place = lines.index("- **Sources differ** on how many:")
    bullets = [re.sub(r" \[\d+\]| \*\*Check.*", "", line) for line in lines[place + 1 :]]
    assert bullets[:2] == [
        r"  - A ticket costs a coin. *(Only in News (news\.example))*",
        r"  - A ticket costs two coins. *(Only in a1\.txt, the later report)*",
    ]


def test_sources_of_one_name_are_told_apart(sample_digest: Digest) -> None:
    first, second = sample_digest.articles[:2]
    twin = dataclasses.replace(
        second,
        prepared=dataclasses.replace(
            second.prepared,
            article=dataclasses.replace(second.prepared.article, source=first.source),
        ),
    )
    digest = dataclasses.replace(sample_digest, articles=(first, twin))
    point = arrange(digest).items[0].points[2]
    assert point.reported == "Only in navsagar-samachar.example (article 2)"


def test_only_a_bullet_whose_sentences_are_flagged_warns(sample_digest: Digest) -> None:
    root = tree(render.html(sample_digest))
    warned = [bool(by_class(li, "warning")) for ul in by_class(root, "points") for li in ul]
    assert warned == [False, True, False, False, False, False, True, False, False]
    assert len(by_class(root, "flagged")) == 2
    [both] = by_class(by_class(root, "points")[4], "warning")
    assert said(both).startswith("Check the translation. The translation repeats itself. The ")
    assert "A number is not the same as in the original." in render.markdown(sample_digest)


def test_what_was_not_processed_has_a_section_only_if_there_is_any(sample_digest: Digest) -> None:
    [section] = by_class(tree(render.html(sample_digest)), "missed")
    assert "inbox/2026-11-21/004_empty.txt" in said(section)
    assert "The file is empty" in said(section)
    assert "Fetch it again or take it out." in said(section)
    fine = dataclasses.replace(sample_digest, failures=(), notices=())
    assert not by_class(tree(render.html(fine)), "missed")
    assert "Not processed" not in render.markdown(fine)
    assert "Please note" not in render.html(fine) + render.markdown(fine)


def test_contents_are_listed_for_more_than_three_stories(sample_digest: Digest) -> None:
    root = tree(render.html(sample_digest))
    links = [a.attrib["href"] for a in by_class(root, "contents")[0].iter("a")]
    ids = {e.attrib["id"] for e in root.iter() if "id" in e.attrib}
    assert len(links) == 4
    assert {link.removeprefix("#") for link in links} <= ids
    short = dataclasses.replace(sample_digest, stories=sample_digest.stories[:3])
    assert not by_class(tree(render.html(short)), "contents")


def test_contents_are_folded_and_warn(sample_digest: Digest) -> None:
    (contents,) = by_class(tree(render.html(sample_digest)), "contents")
    (details,) = contents.iter("details")
    assert "open" not in details.attrib
    warned = [bool(by_class(entry, "badge")) for entry in details.iter("li")]
    assert warned == [True, False, True, False]
    *others, last = sample_digest.stories
    doubtful = dataclasses.replace(last, notes=(f"{DOUBTFUL_HEADLINE} A number differs.",))
    digest = dataclasses.replace(sample_digest, stories=(*others, doubtful))
    assert [entry.warned for entry in arrange(digest).contents] == [True, False, True, True]


def test_stories_stand_on_the_front_and_then_in_sections(many_stories: Digest) -> None:
    root = tree(render.html(many_stories))
    (front,) = by_class(root, "front")
    assert (len(by_class(front, "lead")), len(by_class(front, "second"))) == (1, 4)
    assert [len(by_class(s, "item")) for s in by_class(root, "section")] == [14, 13, 28]
    names = [said(by_class(section, "name")[0]) for section in by_class(root, "section")]
    assert names == ["Sport", "Africa", "Other news"]
    jumps = [said(link) for link in by_class(root, "jump")[0].iter("a")]
    assert jumps == ["Top stories", "Sport 14", "Africa 13", "Other news 28"]
    lines = render.markdown(many_stories).splitlines()
    headings = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert headings == ["Top stories", *names, "Not processed"]
    marks = [int(n) for line in lines for n in re.findall(r"^\*\*\[(\d+)\]", line)]
    assert sorted(marks) == list(range(1, len(marks) + 1))


def test_a_story_of_one_source_is_one_line_that_opens(many_stories: Digest) -> None:
    briefs = by_class(tree(render.html(many_stories)), "brief")
    assert said(next(briefs[0].iter("summary"))) == (
        "Students find a comet in eleven-year-old pictures "
        "news.northfell-observatory.example Northfell, Iceland 20 November"
    )
    evidence = [details for brief in briefs for details in by_class(brief, "evidence")]
    assert all("open" in details.attrib for details in evidence)
    warned = [b for brief in briefs for b in by_class(next(brief.iter("summary")), "badge")]
    assert [said(badge) for badge in warned] == ["Check the translation"] * 14
    line = next(x for x in render.markdown(many_stories).splitlines() if x.startswith("- **Stud"))
    assert line.endswith("· Northfell, Iceland · 20 November)*")


def test_a_story_that_goes_on_says_what_is_new(many_stories: Digest) -> None:
    digest = many_stories
    lead = by_class(tree(render.html(digest)), "lead")[0]
    kicker = said(by_class(lead, "kicker")[0])
    assert kicker == "Navsagar, India 20 November Continues from 18 November 2026"
    assert "Before: Ferry is late" in said(lead)
    assert [bool(by_class(p, "new")) for p in by_class(lead, "point")] == [False, True, False]
    text = render.markdown(digest)
    assert "*Before: Ferry is late*" in text
    assert text.count(" **New.**") == 15


def test_the_page_leads_to_those_of_the_days_beside_it(sample_digest: Digest) -> None:
    alone = by_class(tree(render.html(sample_digest)), "days")[0]
    assert not list(alone.iter("a"))
    digest = dataclasses.replace(
        sample_digest, before=dt.date(2026, 11, 20), after=dt.date(2026, 11, 23)
    )
    days = by_class(tree(render.html(digest)), "days")[0]
    links = [link.attrib["href"] for link in days.iter("a")]
    assert links == ["../2026-11-20/digest.html", "../2026-11-23/digest.html"]
    assert render.NEXT_DAY in render.html(sample_digest)


def test_the_cited_words_of_a_sentence_are_marked(sample_digest: Digest) -> None:
    text = "Students will pay half the fare."
    story = sample_digest.stories[0]
    bullet = StoryBullet(text, (Citation(story.articles[0], (5,)),))
    stories = (dataclasses.replace(story, bullets=(bullet,)),)
    root = tree(render.html(dataclasses.replace(sample_digest, stories=stories)))
    [english] = by_class(by_class(root, "evidence")[0], "english")
    assert said(english) == "Port officer Hetal Pandya said that students will pay half the fare."
    assert [said(mark) for mark in english.iter("mark")] == ["students will pay half the fare"]


def test_ids_are_unique_and_references_lead_somewhere(sample_digest: Digest) -> None:
    elements = list(tree(render.html(sample_digest)).iter())
    ids = [e.attrib["id"] for e in elements if "id" in e.attrib]
    assert len(ids) == len(set(ids))
    inner = [e.attrib["href"][1:] for e in elements if e.attrib.get("href", "").startswith("#")]
    labels = [e.attrib["aria-labelledby"] for e in elements if "aria-labelledby" in e.attrib]
    assert len(inner) > 10
    assert set(inner + labels) <= set(ids)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "no article came in"),
        ({"failures": True}, "none of the articles could be processed"),
        ({"articles": True}, "the articles held nothing to report"),
    ],
)
def test_a_digest_without_stories_says_so(
    sample_digest: Digest, change: dict[str, bool], words: str
) -> None:
    digest = dataclasses.replace(EMPTY, **{n: getattr(sample_digest, n) for n in change})
    page = " ".join(render.html(digest).split())
    tree(render.html(digest))
    assert words in page
    assert words in render.markdown(digest)
    assert "min read" not in page


def test_articles_without_a_story_are_named(sample_digest: Digest) -> None:
    digest = dataclasses.replace(sample_digest, stories=sample_digest.stories[:1])
    [section] = by_class(tree(render.html(digest)), "unused")
    assert "مكتبة المرسى القديمة" in said(section)
    assert "navsagar" not in said(section)
    assert "Read, but in no story" in render.markdown(digest)


@pytest.mark.parametrize(
    ("words", "minutes"), [(0, 1), (1, 1), (230, 1), (231, 2), (460, 2), (2300, 10)]
)
def test_reading_time_is_of_what_is_read(words: int, minutes: int) -> None:
    half = words // 2
    story = Story("word " * half, (StoryBullet("word " * (words - half), ()),), ())
    assert arrange(dataclasses.replace(EMPTY, stories=(story,))).minutes == minutes


def test_a_citation_that_leads_nowhere_is_left_out(sample_digest: Digest) -> None:
    cites = (Citation("nobody", (0,)), Citation(sample_digest.articles[0].id, (99,)))
    story = Story("Headline", (StoryBullet("Text.", cites),), ("nobody",))
    digest = dataclasses.replace(sample_digest, stories=(story,))
    assert not by_class(tree(render.html(digest)), "evidence")
    assert "In the original" not in render.markdown(digest)


def test_markdown_holds_the_same_briefing(
    sample_digest: Digest, renderers: Renderers, fragment: Fragment
) -> None:
    text = render.markdown(sample_digest)
    words = said(fragment(renderers["commonmark"](text)))
    for story in sample_digest.stories:
        assert story.headline in words
        for bullet in story.bullets:
            assert bullet.text in words
    assert "seven in the morning. [1] [2] (In both sources)" in words
    assert "[4] Gujarati, navsagar-samachar.example, article 1, sentence 5" in words
    assert "એક ટિકિટની કિંમત ૧૨૦ રૂપિયા રહેશે" in words
    assert f"`{sample_digest.signature}`" in text
    assert text.count("\\") <= 4, "plain text should need few backslashes"
    assert "\n\n\n" not in text
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


def test_markdown_looks_the_same_everywhere(
    sample_digest: Digest, renderers: Renderers, fragment: Fragment
) -> None:
    shown = [fragment(f(render.markdown(sample_digest))) for f in renderers.values()]
    # One of them decodes the text of a link.
    assert len({unquote(said(page)) for page in shown}) == 1
    assert len({tuple(e.tag for e in page.iter()) for page in shown}) == 1


# Text from outside


@pytest.fixture
def hostile_pages(
    sample_digest: Digest, hostile_digest: Digest, poisoned: Callable[[Digest, str], Digest]
) -> Iterator[tuple[Digest, Digest, str, int]]:
    """Digests of hostile text, each with a harmless one of the same shape, the text, and how
    often it must be read: every case alone in a small briefing, all together in a large one."""
    every = " ".join(cases("hostile"))
    small = dataclasses.replace(
        sample_digest,
        articles=sample_digest.articles[2:3],
        stories=sample_digest.stories[1:2],
        failures=sample_digest.failures[:1],
    )
    harmless = poisoned(small, "harmless")
    pages = [(poisoned(small, text), harmless, text, 10) for text in cases("hostile")]
    return iter([*pages, (hostile_digest, poisoned(sample_digest, "harmless"), every, 40)])


def test_hostile_text_changes_nothing_but_text(
    hostile_pages: Iterator[tuple[Digest, Digest, str, int]],
) -> None:
    for hostile, harmless, text, times in hostile_pages:
        page = render.html(hostile)
        assert shape(page) == shape(render.html(harmless)), text
        assert said(tree(page).find("body")).count(folded(text)) >= times, text


def test_hostile_markdown_changes_nothing_but_text(
    hostile_pages: Iterator[tuple[Digest, Digest, str, int]], renderers: Renderers
) -> None:
    # Renderers escape every "<" that is text, so every match is a tag.
    tag = re.compile(r"<(\w+)[^>]*>|</\w+>")
    expected: dict[Digest, dict[str, list[str]]] = {}
    active = {"a", "img", "script", "input", "table", "del", "pre"}
    for hostile, harmless, text, times in hostile_pages:
        written = render.markdown(hostile)
        if harmless not in expected:
            plain = render.markdown(harmless)
            expected[harmless] = {n: tag.findall(show(plain)) for n, show in renderers.items()}
        for name, show in renderers.items():
            page = show(written)
            tags = tag.findall(page)
            assert tags == expected[harmless][name], (name, text)
            assert not set(tags) & active, (name, text)
            words = " ".join(unescape(tag.sub("", page)).replace("\u2060", "").split())
            assert words.count(folded(text)) >= times, (name, text)


def folded(text: str) -> str:
    return " ".join(clean(text).split())


@pytest.mark.parametrize(
    ("source", "publisher", "name"),
    [
        ("https://www.news.example/1", "News", "News (news.example)"),
        ("https://www.news.example/1", "News.Example", "news.example"),
        ("https://evil.example/1", "bank.example", "bank.example (evil.example)"),
        ("feed.jsonl:3", "BBC \u202eHindi", "BBC Hindi"),
        ("feed.jsonl:3", " ", "feed.jsonl:3"),
    ],
)
def test_a_publisher_is_named_beside_the_address(source: str, publisher: str, name: str) -> None:
    assert source_name(source, publisher) == name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-25", "25 November 2026"),
        ("2026-11-25T23:10:00+05:30", "25 November 2026"),
        ("Wed, 25 Nov 2026 23:10:00 +0530", "25 November 2026"),
        ("1795650300", "25 November 2026"),
        ("1795650300.5", "25 November 2026"),
        ("25 नवंबर 2026", "25 नवंबर 2026"),
        ("20261125", "25 November 2026"),
        ("", ""),
    ],
)
def test_dates_of_publication_are_shown_as_days(text: str, shown: str) -> None:
    assert published(text) == shown


def dated(digest: Digest, date: str | None, text: str) -> Digest:
    """``digest`` with its first article of ``date`` and its first bullet, which cites it alone."""
    first, *others = digest.articles
    article = dataclasses.replace(first.prepared.article, published=date)
    changed = dataclasses.replace(
        first, prepared=dataclasses.replace(first.prepared, article=article)
    )
    story = digest.stories[0]
    bullet = dataclasses.replace(story.bullets[0], text=text, cites=(Citation(first.id, (1,)),))
    stories = (dataclasses.replace(story, bullets=(bullet,)), *digest.stories[1:])
    return dataclasses.replace(digest, articles=(changed, *others), stories=stories)


@pytest.mark.parametrize(
    ("date", "text", "shown"),
    [
        ("2026-11-25", "The visit begins tomorrow.", "Gujarati original of 25 November 2026"),
        ("2026-11-25", "The visit begins on Tuesday.", "Gujarati original of 25 November 2026"),
        ("2026-11-25", "It opens next month.", "Gujarati original of 25 November 2026"),
        (None, "The visit begins tomorrow.", "Gujarati original of no known date"),
        ("2026-11-25", "The visit lasts two days.", "Gujarati original"),
    ],
)
def test_a_bullet_with_a_relative_day_shows_the_day_of_its_originals(
    date: str | None, text: str, shown: str, sample_digest: Digest
) -> None:
    digest = dated(sample_digest, date, text)
    point = arrange(digest).items[0].points[0]
    assert f"{point.originals} {point.dated}".strip() == shown
    assert shown in said(tree(render.html(digest)))
    bullet = next(line for line in render.markdown(digest).splitlines() if line.startswith("- "))
    assert bullet.endswith(f"*(original {point.dated})*") == bool(point.dated)
    assert ("original" in bullet) == bool(point.dated)


@pytest.mark.parametrize("case", cases("sources"), ids=lambda c: c["source"])
def test_only_web_addresses_become_links(
    case: dict[str, str], sample_digest: Digest, renderers: Renderers, fragment: Fragment
) -> None:
    assert source_link(case["source"]) == case["link"]
    assert source_name(case["source"]) == case["name"]
    first = sample_digest.articles[0]
    article = dataclasses.replace(first.prepared.article, source=case["source"])
    changed = dataclasses.replace(
        first, prepared=dataclasses.replace(first.prepared, article=article)
    )
    digest = dataclasses.replace(sample_digest, articles=(changed,))
    outer = [a for a in tree(render.html(digest)).iter("a") if not a.attrib["href"].startswith("#")]
    assert {a.attrib["href"] for a in outer} == ({case["link"]} - {""})
    assert all(a.attrib["rel"] == "noopener noreferrer" for a in outer)
    for show in renderers.values():
        links = fragment(show(render.markdown(digest))).iter("a")
        assert [a.attrib["href"] for a in links] == ([case["link"]] if case["link"] else [])


def test_an_unknown_language_goes_by_its_code() -> None:
    unknown, arabic = language_label("qqq_Latn"), language_label("arb_Arab")
    assert (unknown.name, unknown.direction) == ("qqq_Latn", "auto")
    assert (arabic.name, arabic.direction) == ("Arabic", "rtl")
    assert language_label("ckb_Arab").name == "Central Kurdish"


def test_parts_of_a_page_are_the_same_at_each_access(sample_digest: Digest) -> None:
    page = arrange(sample_digest)
    items = list(page.items)
    assert [page.items[n] for n in range(len(items))] == items == list(page.items)
    assert [(e.number, e.headline, e.languages) for e in page.contents] == [
        (item.number, item.headline, item.languages) for item in items
    ]
    marks = [mark for item in items for mark, *_ in item.evidence]
    assert marks == list(range(1, len(marks) + 1))


# Templates of the user


def test_a_folder_of_templates_is_searched_first(tmp_path: Path, sample_digest: Digest) -> None:
    (tmp_path / "digest.md.j2").write_text("{{ page.items[0].headline }} *{{ '<b>' }}*\n")
    assert render.markdown(sample_digest, templates=tmp_path) == (
        f"{sample_digest.stories[0].headline} *\\<b\\>*\n"
    )
    assert render.html(sample_digest, templates=tmp_path) == render.html(sample_digest)
    (tmp_path / "digest.css").write_text("body { color: red }\r\n", newline="")
    page = render.html(sample_digest, templates=tmp_path)
    assert "<style>body { color: red }\n</style>" in page
    (tmp_path / "digest.html.j2").write_text("<p>{{ page.items[0].points[0].text }} {{ '<b>' }}")
    assert "&lt;b&gt;" in render.html(sample_digest, templates=tmp_path)


def test_an_article_of_many_sentences_is_rendered_whole(sample_digest: Digest) -> None:
    first: TranslatedArticle = sample_digest.articles[0]
    second = first.translations[1]
    many = tuple(
        dataclasses.replace(second, segment=dataclasses.replace(second.segment, index=n))
        for n in range(5000)
    )
    digest = dataclasses.replace(
        sample_digest, articles=(dataclasses.replace(first, translations=many),)
    )
    assert render.html(digest).count("<li id=") == 5000


def test_muted_stories_are_a_closed_group_at_the_end(sample_digest: Digest) -> None:
    found = (Watched("Lavrov", (Citation("a1", (0,)),)),)
    first, *others, last = (*sample_digest.stories, sample_digest.stories[-1])
    stories = (
        dataclasses.replace(first, watched=found, why=("watched: Lavrov", "1 publisher")),
        *others,
        dataclasses.replace(last, muted=found, why=("muted: Lavrov", "1 publisher")),
    )
    digest = dataclasses.replace(sample_digest, stories=stories)
    page = render.html(digest)
    shown, group = page.split('<details class="muted">')
    assert "watched: Lavrov, 1 publisher" in shown
    assert "<summary>Muted: 1 story</summary>" in group
    assert "muted: Lavrov" in group
    assert group.count('<article class="story') == 1
    shown, group = render.markdown(digest).split("# Muted\n")
    assert "watched: Lavrov" in shown
    assert "muted: Lavrov" in group
