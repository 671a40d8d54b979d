"""A browser, renderers of Markdown and a parser of HTML, which the tests of the digest share."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import cmarkgfm
import html5lib
import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, sync_playwright

from toolkit.data import Citation, Digest, Story, StoryBullet, TranslatedArticle

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="session")
def renderers() -> dict[str, Callable[[str], str]]:
    """Functions from Markdown to HTML, by the name of their dialect."""
    return {
        "commonmark": MarkdownIt("commonmark").render,
        "gfm-like": MarkdownIt("gfm-like").render,
        "github": cmarkgfm.github_flavored_markdown_to_html,
    }


@pytest.fixture(scope="session")
def fragment() -> Callable[[str], Any]:
    """A function from a part of a page to its tree."""
    return lambda page: html5lib.parseFragment(page, namespaceHTMLElements=False)


@pytest.fixture(scope="session")
def many_stories(sample_digest: Digest) -> Digest:
    """The sample digest 15 times over, its stories in three sections, some of them going on."""
    sections = ("Africa", "Other news", "", "Sport")
    places = ("Navsagar, India", "Marsa, Malta", "", "Northfell, Iceland")

    def copies() -> Iterator[tuple[list[TranslatedArticle], list[Story]]]:
        for copy in range(15):
            yield (
                [_renamed(article, f"{article.id}-{copy}") for article in sample_digest.articles],
                [
                    dataclasses.replace(
                        story,
                        bullets=tuple(_citing(bullet, copy) for bullet in story.bullets),
                        articles=tuple(f"{article}-{copy}" for article in story.articles),
                        section=section,
                        place=place,
                        before="Ferry is late" if story.continues else "",
                        new=(1,) if story.continues else (),
                    )
                    for story, section, place in zip(
                        sample_digest.stories, sections, places, strict=True
                    )
                ],
            )

    articles, stories = zip(*copies(), strict=True)
    return dataclasses.replace(
        sample_digest,
        articles=tuple(article for part in articles for article in part),
        stories=tuple(story for part in stories for story in part),
        before=dt.date(2026, 11, 18),
    )


def _renamed(article: TranslatedArticle, name: str) -> TranslatedArticle:
    renamed = dataclasses.replace(article.prepared.article, id=name)
    prepared = dataclasses.replace(article.prepared, article=renamed)
    return dataclasses.replace(article, prepared=prepared)


def _citing(bullet: StoryBullet, copy: int) -> StoryBullet:
    cites = (Citation(f"{cite.article_id}-{copy}", cite.segments) for cite in bullet.cites)
    return StoryBullet(bullet.text, tuple(cites))
