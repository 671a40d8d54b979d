"""Try what no person would write on the parts of the toolkit that read text from outside.

    python tools/fuzz.py clean segment --executions 200000 --seed 1
    python tools/fuzz.py --plant clean segment        # does it find a fault that is put in?

Texts and files of the tests are mutated, from a seeded generator: the same options try the same
inputs. One whose outcome is new joins those that are mutated. Each target asserts what DESIGN asks
of its part: no error but a documented one, nothing lost, time in proportion to the text, output
that is valid. What breaks is made as short as it still breaks, and printed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import functools
import gzip
import importlib
import io
import itertools
import json
import random
import re
import sys
import time
import zipfile
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from toolkit.data import (
    Article,
    Citation,
    Digest,
    Failure,
    Hypothesis,
    PreparedArticle,
    Segment,
    Story,
    StoryBullet,
    TranslatedArticle,
    Translation,
)
from toolkit.digest import json_format, render, safe_text
from toolkit.errors import InputError
from toolkit.numbers import parsing
from toolkit.readers import formats
from toolkit.readers.base import Stream, article_id
from toolkit.runs import stages
from toolkit.summarisers.grounding import verdict
from toolkit.text import cleaning, segmentation
from toolkit.translators.checks import rules

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "cases"
# Characters of an input as a rule, and of every hundredth; of files, of every tenth.
_SHORT, _LONG = 200, 4000
# Every so manieth input is repeated to these lengths, of which the second may take 24 times as
# long as the first where it is 8 times as long: see ``assert_linear`` in ``tests/conftest.py``.
_TIMED, _LENGTHS = 5000, (3_000, 24_000)
_MOST_GROWTH, _SHORTEST = 24, 0.02
_MOST_POOL = 20_000
_BLANK = dict.fromkeys(map(ord, "\u200b\ufeff"))
_TOKENS = [
    *["\x00", "\x1b[31m", "\x85", "\u2028", "\u202e", "\u2066", "\u200d", "\u200b", "\ufeff"],
    *["\ud800", "\U0010ffff", "\u0301", "\u094d", "\u0e33", "\ufdfa", "ß", "İ", "ﬁ", "①", "½"],
    *["१२", "٣٤", "፲፪", "十二", "1,000.5", "31/12/1999", "1e999", "9" * 30, "-0", "IV", "№"],
    *["<script>", "</p>", "<![CDATA[", "&#0;", "&amp;lt;", '"', "'", "`", "*", "[x](y)", "](", "|"],
    *[
        "\n",
        "\n\n",
        "\r\n",
        "\t",
        "    ",
        ".",
        "...",
        "?!",
        "।",
        "。",
        "«",
        "»",
        "(",
        ")",
        ": ",
        "- ",
    ],
    *["http://a.b/c", "a@b.co", "Mr. ", "U.S. ", "©", "By ", "Read also", "{{", "{%", "%s", "\\"],
]
# Languages of all kinds of scripts and of rules for sentences and numbers.
_LANGUAGES = [
    *["eng_Latn", "hin_Deva", "guj_Gujr", "zho_Hans", "tha_Thai", "arb_Arab", "kor_Hang"],
    *["jpn_Jpan", "deu_Latn", "spa_Latn", "amh_Ethi", "bod_Tibt", "rus_Cyrl", "fij_Latn"],
]
# Marks of Markdown and of text browsers, which are undone and no text.
_MARKS = re.compile(r"\]\s?\(|\[\s*\d+\s*\]|^\s*#|\]\s*:", re.MULTILINE)
_NAMES = [
    *["x.txt", "x.html", "x.xml", "x.json", "x.jsonl", "x.csv", "x.eml", "x.mbox", "x.warc"],
    *["x.zip", "x.gz", "x.opml", "x"],
]


def texts() -> list[str]:
    """Return the strings in the cases of the tests, and the lines of the samples."""

    def strings(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            yield from itertools.chain(
                *map(strings, value.values() if isinstance(value, dict) else value)
            )

    found: dict[str, None] = {}
    for path in sorted(CASES.glob("*.json")):
        found |= dict.fromkeys(strings(json.loads(path.read_text(encoding="utf-8"))))
    for path in sorted((ROOT / "seeds").glob("*.txt")):
        found |= dict.fromkeys(path.read_text(encoding="utf-8").splitlines())
    return [text for text in found if text.strip()]


def documents() -> list[bytes]:
    """Return files of the tests, and small ones of the other formats."""
    found = [path.read_bytes()[:6000] for path in sorted(CASES.glob("*/*.*")) if path.is_file()]
    text = (ROOT / "seeds").glob("*.txt")
    page = sorted(text)[1].read_bytes()[:3000]
    found += [page, page.decode("utf-8", "ignore").encode("utf-16"), gzip.compress(page, mtime=0)]
    start = page[:300]
    found += [
        b"From a@b Thu Jan  1 00:00:00 1970\nSubject: x\nContent-Type: text/plain\n\n" + page[:500],
        b"Subject: =?utf-8?b?4KSV?=\nMIME-Version: 1.0\nContent-Type: text/html\n\n<p>"
        + page[:500],
        b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 300\r\n\r\n"
        + page[:300]
        + b"\r\n\r\n",
        b"title,text\r\n" + b'A,"' + start.replace(b'"', b"'") + b'"\r\n',
        b'{"title": "A", "text": "' + b"word " * 60 + b'"}\n' * 2,
        b'<opml version="2.0"><body><outline xmlUrl="http://a.invalid/"/></body></opml>',
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), page)
    return [*found, packed.getvalue()]


def read(data: bytes, choice: random.Random) -> Hashable:
    """Files are read into articles and failures, whatever is in them."""
    kinds = []
    for item in formats.read_file(Stream(io.BytesIO(data)), choice.choice(_NAMES), None):
        if isinstance(item, Failure):
            assert len(item.reason.splitlines()) == 1, item
            assert "unforeseen" not in item.reason, item
            kinds.append(item.reason[:20])
        else:
            assert item.text.strip() or item.title, item
            kinds.append("article")
    return tuple(kinds[:4])


def clean(text: str, choice: random.Random) -> Hashable:
    """Every character is in a paragraph or in a dropped line."""
    page = cleaning.clean(text, language=choice.choice([None, *_LANGUAGES]))
    both: list[Any] = [*page.paragraphs, *page.dropped]
    shown = "".join(part.text for part in sorted(both, key=lambda part: part.line))
    assert _is_whole(shown, text)
    return tuple(d.reason.rstrip("0123456789") for d in page.dropped), len(page.paragraphs)


def prepare(text: str, choice: random.Random) -> Hashable:
    """Every character is in a segment or in a dropped line."""
    try:
        found = stages.prepare(Article(article_id(None, text), "x", text))
    except InputError as error:  # nothing is left, or it is too long
        return str(error)[:30]
    lines = [(s.line, s.index, s.text) for s in found.segments]
    lines += [(d.line, 0, d.text) for d in found.dropped]
    assert _is_whole("".join(part for *_, part in sorted(lines)), text)
    return found.language, len(lines)


def segment(text: str, choice: random.Random) -> Hashable:
    """The sentences of a text joined are the text."""
    language = choice.choice(_LANGUAGES)
    found = segmentation.sentences(text, language)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(s and s == s.strip() for s in found)
    return language, len(found)


def numbers(text: str, choice: random.Random) -> Hashable:
    """Numbers are read from any text, a number of one digit system as one of another."""
    language = choice.choice(_LANGUAGES)
    found = parsing.read(text, language)
    assert all(month in range(1, 14) for month in found.months), found
    return language, len(found.numbers), len(found.dates)


def checks(text: str, choice: random.Random) -> Hashable:
    """Flags are known ones, each once, and those that were given stay."""
    output = choice.choice([text, text[::-1], text[: len(text) // 2], "The minister said 12."])
    flags = rules.check(
        text, Hypothesis(output, -1.0, ("loop",)), source_language=choice.choice(_LANGUAGES)
    )
    assert set(flags) <= set(rules.EXPLANATIONS), flags
    assert len(set(flags)) == len(flags), flags
    assert "loop" in flags
    return flags


def ground(text: str, choice: random.Random) -> Hashable:
    """A text supports itself; nothing is supported without evidence."""
    own = verdict.supported(text, [text])
    assert own.ok or own.reasons == ("nothing to check",), own
    assert not verdict.supported(text, []).ok
    half = verdict.supported(text[: len(text) // 2], [text])
    assert 0 <= half.score <= 1
    assert half.ok == (not half.reasons)
    return half.reasons


def markdown(text: str, choice: random.Random) -> Hashable:
    """Escaped text is text to a renderer of Markdown."""
    shown = safe_text.clean(text)
    tokens = _markdown()(safe_text.markdown(text)) if shown else []
    inner = [child for token in tokens for child in token.children or ()]
    assert {t.type for t in tokens} <= {"paragraph_open", "inline", "paragraph_close"}, tokens
    assert {c.type for c in inner} <= {"text", "softbreak", "text_special"}, inner
    return len(tokens), len(inner)


def page(text: str, choice: random.Random) -> Hashable:
    """The digest's JSON is valid; its page has the same elements whatever its texts are."""
    digest = _digest(text)
    value = json.loads("".join(json_format.json_parts(digest)))
    _schema().validate(value)
    "".join(render.markdown_parts(digest))
    found = _elements(render.html(digest))
    assert found == _harmless(bool(safe_text.clean(text).strip())), "an element too many"
    return len(found)


def _is_whole(shown: str, text: str) -> bool:
    """Whether ``shown`` has every visible character of ``text``; of one with marks of layout it has
    no others, and the same order."""
    rest = iter(_ink(text))
    return all(c in rest for c in _ink(shown)) if _MARKS.search(text) else _ink(shown) == _ink(text)


def _ink(text: str) -> str:
    return "".join(text.translate(_BLANK).split())


@functools.cache
def _markdown() -> Callable[[str], list[Any]]:
    from markdown_it import MarkdownIt

    return MarkdownIt("gfm-like").parse


@functools.cache
def _schema() -> Any:
    jsonschema = importlib.import_module("jsonschema")
    path = ROOT / "toolkit" / "digest" / "schema" / "digest.schema.json"
    return jsonschema.Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


@functools.cache
def _harmless(shown: bool) -> dict[str, int]:
    return _elements(render.html(_digest("Harmless words" if shown else "")))


def _elements(html: str) -> dict[str, int]:
    import lxml.html

    found: dict[str, int] = {}
    for element in lxml.html.document_fromstring(html).iter():
        found[str(element.tag)] = found.get(str(element.tag), 0) + 1
    return found


def _digest(text: str) -> Digest:
    source = Article("a", "x.txt", text, title=text, publisher=text, author=text)
    segments = tuple(Segment("a", n, n, text, n) for n in range(2))
    prepared = PreparedArticle(source, "hin_Deva", segments, title=text, author=text)
    article = TranslatedArticle(prepared, tuple(Translation(s, text) for s in segments))
    bullet = StoryBullet(text, (Citation("a", (0, 1)),))
    story = Story(text, (bullet,), ("a",), notes=(text,))
    failure = Failure(text, "read", text, text)
    return Digest(dt.date(2026, 11, 21), text, (article,), (story,), (failure,), (text,))


# The target, and the module and name of a function that ``--plant`` damages
# for inputs of a rare kind.
TARGETS: dict[str, tuple[Callable[[Any, random.Random], Hashable], ModuleType, str]] = {
    "read": (read, formats, "read_text"),
    "clean": (clean, cleaning, "clean"),
    "prepare": (prepare, segmentation, "sentences"),
    "segment": (segment, segmentation, "sentences"),
    "numbers": (numbers, parsing, "read"),
    "checks": (checks, rules, "check"),
    "ground": (ground, verdict, "supported"),
    "markdown": (markdown, safe_text, "markdown"),
    "page": (page, render, "html"),
}


class PlantedError(Exception):
    """The fault that ``--plant`` puts in."""


def plant(module: ModuleType, name: str) -> None:
    """Let a function fail where a text has two signs that seldom meet."""
    sound = getattr(module, name)

    def faulty(text: Any, *args: Any, **options: Any) -> Any:
        if isinstance(text, str) and "½" in text and ")" in text:
            raise PlantedError
        return sound(text, *args, **options)

    setattr(module, name, faulty)


def mutated(value: Any, pool: list[Any], choice: random.Random, most: int) -> Any:
    """Return ``value`` with one to four changes: parts repeated, removed, moved, and others put
    in."""
    is_text = isinstance(value, str)
    for _ in range(choice.randint(1, 4)):
        at, to = sorted(choice.randrange(len(value) + 1) for _ in range(2))
        kind = choice.randrange(6)
        if kind == 0:
            put: Any = choice.choice(_TOKENS)
            put = put if is_text else put.encode("utf-8", "surrogatepass")
        elif kind == 1:
            code = choice.choice(
                [choice.randrange(256), choice.randrange(0x3000), choice.randrange(0x110000)]
            )
            put = chr(code) if is_text else bytes([code % 256])
        elif kind == 2:
            other = choice.choice(pool)
            start = choice.randrange(len(other) + 1)
            put = other[start : start + choice.randrange(1, 80)]
        elif kind == 3:
            put = value[at:to][:20] * choice.randrange(2, 9)
        else:
            put = value[:0] if kind == 4 else value[at:to][::-1]
        value = value[:at] + put + value[to if kind in (1, 4, 5) else at :]
    start = choice.randrange(max(1, len(value) - most + 1))
    return value[start : start + most]


def fault(target: Callable[[Any, random.Random], Hashable], value: Any, seed: int) -> str:
    """Return what ``target`` raises over ``value``, empty if nothing."""
    try:
        target(value, random.Random(seed))
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return ""


def shortest(target: Callable[[Any, random.Random], Hashable], value: Any, seed: int) -> Any:
    """Return a part of ``value`` that still breaks ``target``, as short as removing parts gets."""
    size = len(value) // 2
    while size:
        for at in range(0, len(value), size):
            part = value[:at] + value[at + size :]
            if part and fault(target, part, seed):
                value = part
                break
        else:
            size //= 2
    return value


def grows(target: Callable[[Any, random.Random], Hashable], value: Any, seed: int) -> str:
    """Return how the time of ``target`` grows where that is more than in proportion."""
    times = []
    for length in _LENGTHS:
        text = (value * (length // len(value) + 1))[:length]
        began = time.process_time()
        fault(target, text, seed)
        times.append(max(time.process_time() - began, _SHORTEST))
    short, long = times
    return (
        f"time: {short:.2f} s, 8 times as long {long:.2f} s" if long > _MOST_GROWTH * short else ""
    )


def fuzz(name: str, executions: int, seed: int) -> dict[str, Any]:
    """Return the faults of a target by what they raise, with the input of the first."""
    target = TARGETS[name][0]
    choice = random.Random(f"{name} {seed}")
    pool: list[Any] = documents() if name == "read" else texts()
    outcomes: set[Hashable] = set()
    found: dict[str, Any] = {}
    for count in range(1, executions + 1):
        most = _LONG if count % (10 if name == "read" else 100) == 0 else _SHORT
        value = mutated(choice.choice(pool), pool, choice, most)
        if not value:
            continue
        own = choice.randrange(1 << 30)
        try:
            outcome = target(value, random.Random(own))
        except Exception as error:
            found.setdefault(f"{type(error).__name__}: {str(error)[:40]}", (value, own))
            continue
        if outcome not in outcomes and len(pool) < _MOST_POOL:
            outcomes.add(outcome)
            pool.append(value)
        if count % _TIMED == 0 and (slow := grows(target, value, own)):
            found.setdefault(slow, (value, own))
    print(
        f"{name}: {executions} executions, {len(outcomes)} outcomes, {len(found)} faults",
        flush=True,
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []])
    parser.add_argument("--executions", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plant", action="store_true", help="put a fault into each target first")
    options = parser.parse_args()
    any_found = False
    for name in options.targets or TARGETS:
        target, module, function = TARGETS[name]
        if options.plant:
            plant(module, function)
        for what, (value, seed) in fuzz(name, options.executions, options.seed).items():
            any_found = True
            least = value if what.startswith("time") else shortest(target, value, seed)
            print(f"  {what}\n    seed {seed}: {least!r:.600}", flush=True)
    sys.exit(any_found)


if __name__ == "__main__":
    main()
