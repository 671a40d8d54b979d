"""The cost of a brief: no more than the size of the article allows, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.summarisers.conftest import ArticleOf
from toolkit.data import Brief, Bullet
from toolkit.summarisers.extractive.summariser import Extractive
from toolkit.summarisers.grounding.ground import Grounding
from toolkit.summarisers.grounding.verdict import supported

GOOD = "The harbour authority of Norvik closed two piers on Monday after a crane collapsed."
PROSE = "The man of Norvik told a port master which crane fell as the ferry went home and he said "
# Pieces of texts without a full stop; each kind was slower than its size allows at some time.
PIECES = {
    "commas": ", ",
    "listed letters": "a, ",
    "clauses": "the man said that he went, ",
    "relative clauses": "Norvik, which was closed, ",
    "semicolons": "he went; ",
    "dashes": "he went — home ",
    "bars": "Home | ",
    "short lines": "go to it ",
    "prose": PROSE,
    "speakers": "he said ",
    "brackets": "(a ",
    "quotation marks": '"a ',
    "numbers": "1 ",
    "marks": "\u0301\u0316",
    "one word": "a",
}
Linear = Callable[[Callable[[str], object], str], None]


def text(kind: str, size: int) -> str:
    return (PIECES[kind] * size)[:size]


@pytest.mark.parametrize("kind", PIECES)
def test_a_brief_takes_time_by_the_length_of_a_sentence(
    kind: str, assert_linear: Linear, article_of: ArticleOf
) -> None:
    assert_linear(
        lambda part: Extractive().summarise(article_of(part, GOOD), bullets=3), text(kind, 40_000)
    )


@pytest.mark.parametrize("kind", PIECES)
def test_a_headline_takes_time_by_the_length_of_a_title(
    kind: str, assert_linear: Linear, article_of: ArticleOf
) -> None:
    assert_linear(
        lambda part: Extractive().summarise(article_of(part, GOOD, title=True), bullets=1),
        text(kind, 40_000),
    )


@pytest.mark.parametrize("kind", PIECES)
def test_grounding_takes_time_by_the_length_of_the_article(
    kind: str, assert_linear: Linear, article_of: ArticleOf
) -> None:
    draft = Brief("a", GOOD, (Bullet(GOOD, ()),))
    assert_linear(
        lambda part: Grounding().ground(draft, article_of(part, GOOD), Extractive()),
        text(kind, 8_000),
    )


def test_a_text_is_no_bullet() -> None:
    assert supported(PROSE * 20, [PROSE * 20]).reasons == ("too long for a bullet",)


@pytest.mark.parametrize("kind", PIECES)
def test_bullets_and_headlines_have_an_end(kind: str, article_of: ArticleOf) -> None:
    long = text(kind, 40_000)
    for article in (article_of(long), article_of(long, GOOD, title=True)):
        brief = Extractive().summarise(article, bullets=3)
        assert len(brief.headline) <= 301
        assert all(len(bullet.text) <= 601 for bullet in brief.bullets)


def test_what_is_cut_off_is_marked(article_of: ArticleOf) -> None:
    brief = Extractive().summarise(article_of(PROSE * 10), bullets=1)
    assert brief.headline.endswith("…")
    assert brief.bullets[0].text.endswith("…")
