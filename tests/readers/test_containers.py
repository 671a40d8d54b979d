"""Compressed files, archives, mail and web archives: many articles in one file."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from email.message import EmailMessage

import pyarrow as pa
import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from toolkit.data import Article, Failure
from toolkit.readers.formats import read

TEXTS = [f"Article number {n} is about the harbour." for n in range(3000)]
LINES = "\n".join(json.dumps({"text": text}) for text in TEXTS).encode()
PAGE = """<html><head><title>{0}</title></head><body><article><h1>{0}</h1><p>Two piers of
the harbour are closed since a crane fell on Monday.</p>
<p>Nobody was hurt, the mayor of {1} said.</p></article>
</body></html>"""


def _texts(items: list[Article | Failure]) -> list[str]:
    return [item.text for item in items if isinstance(item, Article)]


def _failures(items: list[Article | Failure]) -> list[str]:
    return [f"{item.source}: {item.reason}" for item in items if isinstance(item, Failure)]


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def _zstd(data: bytes) -> bytes:
    packed: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return packed


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("news.jsonl.gz", gzip.compress(LINES)),
        ("news.jsonl.gz", gzip.compress(LINES[:9000]) + gzip.compress(LINES[9000:])),
        ("news", gzip.compress(LINES)),
        ("news.jsonl.bz2", bz2.compress(LINES)),
        ("news.jsonl.xz", lzma.compress(LINES)),
        ("news.jsonl.zst", _zstd(LINES)),
        ("news.jsonl.gz", LINES),
        ("news.jsonl.gz.bz2", bz2.compress(gzip.compress(LINES))),
        ("news.zip", _zip({"2026/news.jsonl": LINES})),
        ("news.tgz", gzip.compress(_tar({"2026/news.jsonl": LINES, "2026/.DS_Store": b"x"}))),
        ("news.zip", _zip({"news.zip": _zip({"news.jsonl.gz": gzip.compress(LINES)})})),
    ],
)
def test_compressed_files_are_read_as_what_they_hold(name: str, data: bytes) -> None:
    items = read(data, name)
    assert _texts(items) == TEXTS
    assert not _failures(items)
    assert items[-1].source.startswith(name)
    assert items[-1].source.endswith(":3000")


def test_names_in_archives_are_only_names() -> None:
    files = {"../../etc/passwd.txt": b"One text of some length.", "a\x07b.txt": b"Another text."}
    items = read(_zip(files), "n.zip")
    assert [i.source for i in items] == ["n.zip/../../etc/passwd.txt", "n.zip/a\x07b.txt"]


@pytest.mark.parametrize(
    ("name", "data", "read_articles", "reason"),
    [
        ("cut.jsonl.gz", gzip.compress(LINES)[:-5000], True, "damaged"),
        ("cut.jsonl.xz", lzma.compress(LINES)[:-500], True, "damaged"),
        ("none.jsonl.zst", _zstd(LINES)[:60], False, "damaged"),
        ("cut.zip", _zip({"a.jsonl": LINES})[:-60], False, "a damaged ZIP archive"),
        ("bomb.txt.gz", gzip.compress(b"a" * 60_000_000), False, "times its size"),
        ("bomb.zip", _zip({"a.jsonl": b" " * 60_000_000}), False, "times its size"),
        ("deep.zip", _zip({"a": _zip({"b": _zip({"c": _zip({"d": b"x"})})})}), False, "too deep"),
        ("a.docx", _zip({"[Content_Types].xml": b"<x/>"}), False, "an office document"),
    ],
)
def test_what_cannot_be_unpacked_is_told(
    name: str, data: bytes, read_articles: bool, reason: str
) -> None:
    items = read(data, name)
    assert bool(_texts(items)) is read_articles
    assert reason in _failures(items)[-1]


def test_a_locked_file_costs_no_other_of_its_archive() -> None:
    data = bytearray(_zip({"a.txt": b"One text.", "b.txt": b"Another text."}))
    for at in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[at] |= 1
    items = read(bytes(data), "n.zip")
    assert _texts(items) == ["Another text."]
    assert _failures(items) == ["n.zip/a.txt: locked with a password"]


def _message(subject: str = "Hafen: zwei Molen geschlossen – für Wochen") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Käthe Schreiber <desk@e.example>"
    message["To"] = "r@e.example"
    message["Subject"] = subject
    message["Date"] = "Mon, 02 Mar 2026 08:00:00 +0100"
    message.set_content("Zwei Molen sind für Wochen geschlossen.\n", charset="iso-8859-1")
    return message


@pytest.mark.parametrize("name", ["a.eml", "a.txt", "stdin"])
def test_a_message_is_an_article(name: str) -> None:
    message = _message()
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    (found,) = read(message.as_bytes(), name)
    assert isinstance(found, Article)
    assert found.text.strip() == "Zwei Molen sind für Wochen geschlossen."
    assert (found.title, found.author, found.published) == (
        "Hafen: zwei Molen geschlossen – für Wochen",
        "Käthe Schreiber",
        "2026-03-02T08:00:00+01:00",
    )


def test_the_page_of_a_message_is_read_as_a_page() -> None:
    message = _message("Piers closed")
    message.add_alternative(PAGE.format("Piers closed", "Norvik"), subtype="html")
    (found,) = read(message.as_bytes(), "a.eml")
    assert isinstance(found, Article)
    assert found.text.startswith("Two piers of the harbour")
    assert found.page is not None


def test_a_mailbox_has_an_article_a_message() -> None:
    envelope = b"From desk@e.example Mon Mar  2 08:00:00 2026\n"
    quoted = _message("Second").as_bytes() + b"\n>From the tower he saw it. From here on too.\n"
    box = envelope + _message("First").as_bytes() + b"\n" + envelope + quoted
    items = read(box, "inbox")
    assert [(i.title, i.source) for i in items if isinstance(i, Article)] == [
        ("First", "inbox:1"),
        ("Second", "inbox:2"),
    ]
    assert "From the tower" in _texts(items)[1]


@pytest.mark.parametrize(
    "text", ["From: here to there\n\nA walk.", "To: the editor\nSubject: rain\n\nIt rained today."]
)
def test_a_text_with_a_colon_is_no_message(text: str) -> None:
    assert _texts(read(text.encode(), "a.txt")) == [text]


@pytest.mark.parametrize("packed", [True, False])
def test_the_pages_of_a_web_archive_are_articles(packed: bool) -> None:
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=packed)

    def add(kind: str, url: str, body: bytes, content: str, status: str = "200 OK") -> None:
        headers = StatusAndHeaders(status, [("Content-Type", content)], protocol="HTTP/1.1")
        http = headers if kind in ("response", "request") else None
        record = writer.create_warc_record(
            url, kind, io.BytesIO(body), http_headers=http, warc_content_type=content
        )
        writer.write_record(record)

    page = PAGE.format("Molo uzavřeno", "Norvík – žluťoučký kůň")
    add("request", "https://e.example/a", b"", "text/html")
    add("response", "https://e.example/a", page.encode("cp1250"), "text/html; charset=windows-1250")
    add("response", "https://e.example/a.png", b"\x89PNG", "image/png")
    add("response", "https://e.example/b", page.encode(), "text/html", "404 Not Found")
    add("conversion", "https://e.example/c", "Eine Mole für alle.".encode(), "text/plain")
    items = read(buffer.getvalue(), "crawl.warc.gz" if packed else "crawl.txt")
    assert [i.source for i in items] == ["https://e.example/a", "https://e.example/c"]
    assert _texts(items)[0].endswith("Nobody was hurt, the mayor of Norvík – žluťoučký kůň said.")
    assert _texts(items)[1] == "Eine Mole für alle."
    cut = buffer.getvalue()[:-30]
    assert len(_texts(read(cut, "crawl.warc.gz" if packed else "crawl.warc"))) >= 1
    assert _failures(read(cut, "crawl.warc.gz" if packed else "crawl.warc"))


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("x.warc", b"WARC/1.0\r\nWARC-Type: warcinfo\r\n\r\n\r\n\r\n", "nothing to be read"),
        ("x.warc", b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99\r\n\r\nHTTP/1.1", "web"),
        ("x.csv", b"title,text\n", "nothing to be read"),
        ("x.zip", b"PK\x05\x06" + b"\0" * 18, "nothing to be read"),
    ],
)
def test_a_file_in_which_nothing_is_found_is_told(name: str, data: bytes, reason: str) -> None:
    (failure,) = read(data, name)
    assert isinstance(failure, Failure)
    assert reason in failure.reason
    assert failure.remedy
