"""Fixtures for summarisers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from toolkit.data import Article, PreparedArticle, Segment, TranslatedArticle, Translation

ArticleOf = Callable[..., TranslatedArticle]


@pytest.fixture(scope="session")
def article_of() -> ArticleOf:
    """A function that makes an English article of sentences, the first of them its title where
    ``title=True``."""

    def make(*sentences: str, title: bool = False) -> TranslatedArticle:
        segments = tuple(
            Segment("a", n, n, text, n + 1, "title" if title and n == 0 else "text")
            for n, text in enumerate(sentences)
        )
        page = Article("a", "a.txt", "\n".join(sentences))
        prepared = PreparedArticle(page, "eng_Latn", segments)
        return TranslatedArticle(prepared, tuple(Translation(s, s.text) for s in segments))

    return make
