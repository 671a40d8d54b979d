"""Bytes in, articles or failures out, for every format and encoding."""

from __future__ import annotations

import json
from pathlib import Path

import ftfy.bad_codecs  # noqa: F401  (its import registers the codecs named sloppy-...)
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toolkit
from toolkit.data import Article, Failure
from toolkit.readers.encodings import declared_encoding, decode
from toolkit.readers.formats import read, read_stream

CASES = json.loads(
    (Path(__file__).parent.parent / "cases" / "encodings.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda c: f"{c['text']}-{c['encoding']}")
def test_text_comes_back_exactly_from_each_encoding(case: dict[str, str]) -> None:
    text = CASES["texts"][case["text"]]
    assert decode(text.encode(case["encoding"]), "a.txt") == text


@pytest.mark.parametrize("case", CASES["mojibake"], ids=lambda c: f"{c['text']}-{c['read_as']}")
def test_double_encoding_is_undone(case: dict[str, str]) -> None:
    text = CASES["texts"][case["text"]]
    spoilt = text.encode("utf-8").decode(case["read_as"])
    assert decode(spoilt.encode("utf-8"), "a.txt") == text


@pytest.mark.parametrize("read_as", ["latin-1", "sloppy-windows-1252"])
def test_text_that_was_spoilt_twice_is_mended(read_as: str) -> None:
    spoilt = text = CASES["texts"]["pl"]
    for _ in range(2):
        spoilt = spoilt.encode("utf-8").decode(read_as)
    assert decode(spoilt.encode("utf-8"), "a.txt") == text


@pytest.mark.parametrize("text", CASES["right"])
def test_text_that_quotes_spoilt_characters_is_left_as_it_is(text: str) -> None:
    assert decode(text.encode(), "a.txt") == text


@pytest.mark.parametrize(
    "page",
    [
        b"<?xml version='1.0' encoding='ISO-8859-2'?><p>",
        b'<html><head><meta charset="iso-8859-2">',
        b'<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2">',
    ],
)
def test_a_declared_encoding_is_found(page: bytes) -> None:
    assert declared_encoding(page) == "iso-8859-2"
    assert declared_encoding(b"<p>charset=utf-8</p>") is None


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("iso8859-4", "Anna \u0160, Lund"),
        ("cp1252", "Anna ©, Lund"),
        (None, "Anna ©, Lund"),
        ("no-such-page", "Anna ©, Lund"),
    ],
)
def test_a_declared_code_page_decides_where_others_read_no_better(
    declared: str | None, expected: str
) -> None:
    assert decode(b"Anna \xa9, Lund", "a.txt", declared) == expected


@pytest.mark.parametrize("declared", ["cp1252", "utf-8", "ascii", "cp1251"])
def test_a_declared_code_page_that_reads_badly_is_not_believed(declared: str) -> None:
    text = CASES["texts"]["cs"]
    assert decode(text.encode("cp1250"), "a.txt", declared) == text


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda c: c["name"])
def test_what_is_no_text_is_refused_with_a_reason(case: dict[str, str]) -> None:
    (failure,) = read(bytes.fromhex(case["hex"]), case["name"])
    assert isinstance(failure, Failure)
    assert failure.source == case["name"]
    assert case["reason"] in failure.reason
    assert failure.remedy


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn", "Co"])))
def test_utf8_always_decodes_to_itself(text: str) -> None:
    # Letters of Latin-1 may look like double encoding; all other text must come back exactly.
    if not text.strip() or any("\u00c0" <= c <= "\u00ff" for c in text):
        return
    assert decode(text.encode(), "a.txt") == text.removeprefix("\ufeff")


def test_line_ends_become_newlines() -> None:
    assert decode(b"one\r\ntwo\rthree", "a.txt") == "one\ntwo\nthree"


def test_a_page_gives_one_article_with_a_stable_id(tmp_path: Path) -> None:
    page = (
        b"Bridge opens after ten years\n\n"
        b"The bridge over the river opened on Monday after ten years of work. "
        b"The mayor cut the ribbon before some 4,000 people.\n"
    )
    (first,), (moved,) = read(page, "a.txt"), read(page, "elsewhere/b.txt")
    assert isinstance(first, Article)
    assert isinstance(moved, Article)
    assert first.text == page.decode()
    assert first.id == moved.id
    assert len(first.id) == 16
    (tmp_path / "a.txt").write_bytes(page)
    (shown,) = toolkit.load_articles(tmp_path)
    assert (shown.title, shown.id) == ("Bridge opens after ten years", first.id)


def test_json_lines_understands_the_names_that_feeds_use() -> None:
    record = {
        "headline": "नई मेट्रो लाइन",
        "body": ["पहला\0 अनुच्छेद।", "दूसरा अनुच्छेद।"],
        "lang": "hi",
        "authors": ["A. Reporter", "B. Writer"],
        "date": "2026-11-20",
        "url": "https://example.org/1",
    }
    (article,) = read(json.dumps(record).encode(), "feed.jsonl")
    assert isinstance(article, Article)
    assert article.title == "नई मेट्रो लाइन"
    assert article.text == "पहला अनुच्छेद।\nदूसरा अनुच्छेद।"
    assert (article.language, article.author) == ("hi", "A. Reporter, B. Writer")
    assert (article.published, article.source) == ("2026-11-20", "https://example.org/1")


@pytest.mark.parametrize(
    ("record", "source", "publisher"),
    [
        ({"source": "BBC Hindi", "url": "https://x.example/1"}, "https://x.example/1", "BBC Hindi"),
        ({"source": "https://x.example/1", "site_name": "X"}, "https://x.example/1", "X"),
        ({"source": "https://x.example/1"}, "https://x.example/1", None),
        (
            {"source": {"id": None, "name": "X"}, "url": "https://x.example/1"},
            "https://x.example/1",
            "X",
        ),
        ({"publisher": "X", "source": "Y"}, "feed.jsonl:1", "X"),
        ({"source": "Y"}, "feed.jsonl:1", "Y"),
        ({"url": "javascript:alert(1)"}, "feed.jsonl:1", None),
        ({}, "feed.jsonl:1", None),
    ],
)
def test_who_published_an_article_and_where(
    record: dict[str, object], source: str, publisher: str | None
) -> None:
    (article,) = read(json.dumps({"text": "One.", **record}).encode(), "feed.jsonl")
    assert isinstance(article, Article)
    assert (article.source, article.publisher) == (source, publisher)


def test_one_bad_line_never_costs_the_rest() -> None:
    lines = ['{"text": "Good."}', "{broken", "", '["not an object"]', '{"title": "no text"}']
    lines.append('{"text": "Good\\u2028too."}')
    items = read("\n".join(lines).encode(), "feed.jsonl")
    assert [type(item) for item in items] == [Article, Failure, Failure, Failure, Article]
    assert [item.source for item in items if isinstance(item, Failure)] == [
        "feed.jsonl:2",
        "feed.jsonl:4",
        "feed.jsonl:5",
    ]


def test_an_unknown_suffix_is_refused_with_the_known_ones() -> None:
    (failure,) = read(b"abc", "page.wpd")
    assert isinstance(failure, Failure)
    assert ".wpd" in failure.reason
    assert ".jsonl" in failure.remedy


@pytest.mark.parametrize("name", ["gu", "hi", "ar", "ru"])
def test_a_stray_byte_or_a_cut_end_spoils_one_place_only(name: str) -> None:
    text = CASES["texts"][name]
    whole = text.encode()
    middle = whole.index(b"\n")
    stray = decode(whole[:middle] + b"\x96" + whole[middle:], "a.txt")
    assert stray == text.replace("\n", "\ufffd\n")
    start = text[:-3].rstrip(" .")
    assert decode(start.encode()[:-1], "a.txt") == start[:-1] + "\ufffd"


def test_one_bad_byte_costs_no_more_than_its_place_in_a_feed() -> None:
    texts = [CASES["texts"][name].split("\n")[0] for name in ("gu", "hi", "ar")]
    lines = [json.dumps({"text": t}, ensure_ascii=False).encode() for t in texts]
    lines[1] = lines[1].replace(b'"}', b'\xff"}')
    lines.insert(1, b"\x80\x81\x01\x02\x03\xfe\xff\x05")
    items = read(b"\n".join(lines), "feed.jsonl")
    assert [i.text for i in items if isinstance(i, Article)] == [
        texts[0],
        texts[1] + "\ufffd",
        texts[2],
    ]
    assert [i.source for i in items if isinstance(i, Failure)] == ["feed.jsonl:2"]


@pytest.mark.parametrize("encoding", ["cp1256", "utf-16", "utf-16-le", "utf-8-sig"])
def test_feeds_in_other_encodings_are_read(encoding: str) -> None:
    texts = CASES["texts"]["ar"].split("\n")
    feed = "\r\n".join(json.dumps({"text": t}, ensure_ascii=False) for t in texts)
    items = read(feed.encode(encoding), "feed.jsonl")
    assert [i.text for i in items if isinstance(i, Article)] == texts


@pytest.mark.parametrize("text", [[1, 2], 7, {"a": "b"}, {"type": "image", "text": "One."}, "nan"])
def test_a_text_that_is_no_text_is_a_failure(text: object) -> None:
    (item,) = read(json.dumps({"text": text}).encode(), "feed.jsonl")
    assert isinstance(item, Failure)
    assert "no text" in item.reason


def test_paragraphs_may_be_objects_and_dates_numbers() -> None:
    record = {"text": [{"text": "One."}, None, "Two."], "published": 1795219200}
    (article,) = read(json.dumps(record).encode(), "feed.jsonl")
    assert isinstance(article, Article)
    assert (article.text, article.published) == ("One.\nTwo.", "2026-11-21T00:00:00+00:00")


@pytest.mark.parametrize("texts", [["One.", "Two."], CASES["texts"]["ar"].split("\n")[:2]])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_zeros_cost_their_line_only(texts: list[str], place: int) -> None:
    lines = [json.dumps({"text": text}, ensure_ascii=False).encode() for text in texts]
    lines.insert(place, b"\x00" * 40 + lines[0])
    items = read(b"\n".join(lines), "feed.jsonl")
    assert [i.text for i in items if isinstance(i, Article)] == texts
    assert [i.source for i in items if isinstance(i, Failure)] == [f"feed.jsonl:{place + 1}"]


def test_an_endless_number_costs_its_line_only() -> None:
    feed = '{"text": "One.", "id": ' + "9" * 5000 + '}\n{"text": "Two."}'
    items = read(feed.encode(), "feed.jsonl")
    assert [type(i) for i in items] == [Failure, Article]


def test_a_stream_says_by_its_first_line_what_it_is() -> None:
    feed = b'\n{"text": "One."}\n{"text": "Two."}\n{broken\n'
    items = read_stream(feed, "stdin")
    assert [type(i) for i in items] == [Article, Article, Failure]
    assert items[2].source == "stdin:4"
    (page,) = read_stream(b"{The council} approved the budget on Monday.", "stdin")
    assert isinstance(page, Article)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["gu", "ar"])
def test_a_stream_is_recognised_in_each_encoding(name: str, encoding: str) -> None:
    texts = CASES["texts"][name].split("\n")
    feed = "\n".join(json.dumps({"text": t}, ensure_ascii=False) for t in texts).encode(encoding)
    items = read_stream(feed, "stdin")
    assert [i.text for i in items if isinstance(i, Article)] == texts
    assert [type(i) for i in read(feed, "feed")] == [Article] * len(texts)
    prose = CASES["texts"][name]
    (page,) = read_stream(prose.encode(encoding), "stdin")
    assert isinstance(page, Article)
    assert page.text == prose
