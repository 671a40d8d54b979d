"""Bullets of several sources made one by a language model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from toolkit.data import Citation, Dispute, Story, StoryBullet, TranslatedArticle
from toolkit.errors import PromptError
from toolkit.llm.base import GeneratorError
from toolkit.summarisers.models.merge import PromptedMerge
from toolkit.testing.fakes import FakeGenerator

ONE = ("The dam near Orsk burst on Monday.", "Nine villages were flooded.")
OTHER = ("A dam near Orsk burst on Monday, killing two people.", "Schools are closed.")


@pytest.fixture
def articles(article_of: Callable[..., TranslatedArticle]) -> list[TranslatedArticle]:
    found = []
    for name, sentences in (("one", ONE), ("other", OTHER)):
        article = article_of(*sentences)
        page = replace(article.prepared.article, id=name, source=f"{name}.txt")
        found.append(replace(article, prepared=replace(article.prepared, article=page)))
    return found


def bullet(article: str, place: int, sentences: Sequence[str]) -> StoryBullet:
    return StoryBullet(sentences[place], (Citation(article, (place,)),))


STORY = Story(
    "Dam bursts near Orsk",
    (bullet("one", 0, ONE), bullet("one", 1, ONE), bullet("other", 0, OTHER)),
    ("one", "other"),
)


def test_bullets_that_say_the_same_become_one(articles: list[TranslatedArticle]) -> None:
    generator = FakeGenerator(
        ["1. A dam burst near Orsk on Monday. [1, 3]\n2. Nope nope nope. [2]"]
    )
    story = PromptedMerge(generator).merge(STORY, articles)
    assert story.bullets == (
        StoryBullet(
            "A dam burst near Orsk on Monday.",
            (Citation("one", (0,)), Citation("other", (0,))),
        ),
        STORY.bullets[1],
    )
    assert "[3] (other.txt) A dam near Orsk burst" in generator.prompts[0]


def flag(article: TranslatedArticle, place: int) -> TranslatedArticle:
    rows = list(article.translations)
    rows[place] = replace(rows[place], flags=("numbers",))
    return replace(article, translations=tuple(rows))


def test_doubtful_english_is_no_second_source(articles: list[TranslatedArticle]) -> None:
    one, other = articles
    answer = FakeGenerator(["1. A dam burst near Orsk on Monday. [1, 3]"])
    story = PromptedMerge(answer).merge(STORY, [one, flag(other, 0)])
    assert story.bullets[0] == StoryBullet(
        "A dam burst near Orsk on Monday.", (Citation("one", (0,)),)
    )
    assert PromptedMerge(answer).merge(STORY, [flag(one, 0), flag(other, 0)]) == STORY


def test_versions_of_a_dispute_are_not_merged(articles: list[TranslatedArticle]) -> None:
    answer = FakeGenerator(["1. A dam burst near Orsk on Monday. [1, 3]"])
    dispute = Dispute(("when",), (STORY.bullets[0], STORY.bullets[2]))
    disputed = replace(STORY, disputed=(dispute,))
    assert PromptedMerge(answer).merge(disputed, articles) == disputed


def test_a_point_is_merged_once(articles: list[TranslatedArticle]) -> None:
    answer = "1. A dam near Orsk burst on Monday. [1, 3]\n2. The dam near Orsk burst. [1]"
    story = PromptedMerge(FakeGenerator([answer])).merge(STORY, articles)
    assert [b.text for b in story.bullets] == ["A dam near Orsk burst on Monday.", ONE[1]]


@pytest.mark.parametrize(
    "answer",
    [
        GeneratorError("down"),
        RuntimeError("broken"),
        "",
        "1. The dam near Orsk burst on Sunday, killing nine people. [1, 3]",
        "1. The dam near Orsk burst on Monday, killing two people. [1, 3]",  # one source of two
    ],
    ids=str,
)
def test_without_a_supported_answer_the_story_stays(
    articles: list[TranslatedArticle], answer: str | Exception
) -> None:
    assert PromptedMerge(FakeGenerator([answer])).merge(STORY, articles) == STORY


def test_a_notice_counts_the_stories_without_an_answer(articles: list[TranslatedArticle]) -> None:
    merge = PromptedMerge(
        FakeGenerator(["1. A dam burst near Orsk. [1, 3]", GeneratorError("down")])
    )
    merge.merge(STORY, articles)
    assert merge.notice == ""
    merge.merge(STORY, articles)
    assert "no answer for 1 of 2 stories" in merge.notice


def test_a_story_of_one_source_is_not_asked_about(articles: list[TranslatedArticle]) -> None:
    generator = FakeGenerator(["1. Anything at all. [1]"])
    alone = replace(STORY, articles=("one",))
    assert PromptedMerge(generator).merge(alone, articles) == alone
    assert generator.prompts == []


def test_the_template_is_in_the_signature_and_checked_at_the_start(tmp_path: Path) -> None:
    assert "merge:" in PromptedMerge(FakeGenerator([""])).signature
    (tmp_path / "merge.j2").write_text("{{ points }}")
    with pytest.raises(PromptError, match=r"merge\.j2, line 1"):
        PromptedMerge(FakeGenerator([""]), prompts=tmp_path)
