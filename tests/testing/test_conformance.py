"""The checks for authors of plug-ins let ours pass and find each breach of a contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from toolkit.data import Article, Brief, Failure, Hypothesis, TranslatedArticle
from toolkit.errors import InputError
from toolkit.readers.base import article_id
from toolkit.readers.formats import read
from toolkit.readers.text import read_text
from toolkit.summarisers.extractive.summariser import Extractive
from toolkit.testing import FakeTranslator, check_reader, check_summariser, check_translator
from toolkit.translators.build import load_translator

Answer = Callable[[Sequence[str], list[Hypothesis]], Any]


def test_ours_pass() -> None:
    check_translator(load_translator("demo", device="cpu"))
    check_translator(FakeTranslator(), source="guj_Gujr", texts=["એક", "બે ત્રણ", ""])
    check_summariser(Extractive())
    check_reader(read_text, "It rained in Évora.".encode(), source="a.txt")
    check_reader(read, b'{"text": "It rained."}\n{"text": "It snowed."}\n', source="a.jsonl")


class Wrong(FakeTranslator):
    """Spoils what a translator gives."""

    def __init__(self, spoil: Answer) -> None:
        super().__init__()
        self._spoil = spoil

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        found = super().translate(texts, source=source, target=target)
        return self._spoil(texts, found)  # type: ignore[no-any-return]


def _numbered(hypothesis: Hypothesis, number: int) -> Hypothesis:
    return replace(hypothesis, text=hypothesis.text and f"{number} {hypothesis.text}")


def _emptied(texts: Any, found: list[Hypothesis]) -> list[Hypothesis]:
    texts.clear()
    return found


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda texts, found: found[:1], "4 texts give 1 hypotheses"),
        (lambda texts, found: [h.text for h in found], "a str is no Hypothesis"),
        (lambda texts, found: tuple(found), "returns a tuple, not a list"),
        (lambda texts, found: sorted(found, key=str), "order or company matters"),
        (lambda texts, found: [replace(h, text=h.text or "-") for h in found], "is not empty"),
        (lambda texts, found: [replace(h, score=float("nan")) for h in found], "is no number"),
        (lambda texts, found: [replace(h, flags=["loop"]) for h in found], "no tuple of str"),
        (lambda texts, found: [_numbered(h, len(texts)) for h in found], "differently when alone"),
        (_emptied, "changes the list of texts"),
    ],
)
def test_a_translator_that_breaks_its_contract_is_found(spoil: Answer, says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        check_translator(Wrong(spoil))


def test_signatures_must_be_there_differ_and_stay() -> None:
    class Counting(FakeTranslator):
        def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
            self.signature += "+"
            return super().translate(texts, source=source, target=target)

    with pytest.raises(AssertionError, match="changes with use"):
        check_translator(Counting())
    with pytest.raises(AssertionError, match="signature is empty"):
        check_translator(FakeTranslator(signature=" "))
    with pytest.raises(AssertionError, match="different options have the signature 'fake'"):
        check_translator(FakeTranslator(), others=[FakeTranslator()])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (lambda brief: {"bullets": brief.bullets * 2}, "bullets are asked for"),
        (lambda brief: {"bullets": ()}, "gives no bullet"),
        (lambda brief: {"bullets": tuple(replace(b, cites=()) for b in brief.bullets)}, "nothing"),
        (lambda brief: {"bullets": tuple(replace(b, cites=(9,)) for b in brief.bullets)}, "there"),
        (lambda brief: {"headline": " "}, "the headline is empty"),
        (lambda brief: {"headline_cites": (9,)}, "headline cites a sentence that is not there"),
        (lambda brief: {"article_id": "another"}, "another id"),
    ],
)
def test_a_summariser_that_breaks_its_contract_is_found(
    changes: Callable[[Brief], dict[str, Any]], says: str
) -> None:
    class WrongSummariser(Extractive):
        def summarise(self, article: TranslatedArticle, *, bullets: int) -> Brief:
            brief = super().summarise(article, bullets=bullets)
            return replace(brief, **changes(brief))

    with pytest.raises(AssertionError, match=says):
        check_summariser(WrongSummariser())


def _read(data: bytes, name: str, **changes: Any) -> Iterator[Article | Failure]:
    text = data.decode("utf-8", "replace")
    if not text.strip():
        raise InputError(f"{name}: empty")
    yield replace(Article(article_id(None, text), name, text), **changes)


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda data, source: [], "gives no article"),
        (lambda data, source: [*_read(data, source), {}], "a dict is no Article"),
        (lambda data, source: _read(data, source, text=" "), "has no text"),
        (lambda data, source: _read(data, source, id="1"), "is not toolkit.article_id"),
        (lambda data, source: _read(data, source, source=""), "has no source"),
        (lambda data, source: _read(data.decode("ascii").encode(), source), "UnicodeDecodeError"),
    ],
)
def test_a_reader_that_breaks_its_contract_is_found(read: Any, says: str) -> None:
    check_reader(_read, b"It rained.", source="a.txt")
    with pytest.raises(AssertionError, match=says):
        check_reader(read, b"It rained.", source="a.txt")
