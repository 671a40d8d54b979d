"""An invented digest that has one of everything, for trying templates on."""

from __future__ import annotations

import datetime as dt

from toolkit.data import (
    Article,
    Citation,
    Digest,
    Dispute,
    Failure,
    ParagraphKind,
    PreparedArticle,
    Segment,
    Story,
    StoryBullet,
    TranslatedArticle,
    Translation,
)


def example() -> Digest:
    """Four stories, one of them of two sources that differ in something, with notes, warnings and
    failures, and an article that is in no story."""
    date = dt.date(2000, 1, 2)
    articles = tuple(_article(number) for number in range(6))
    both = tuple(Citation(article.id, (1, 2)) for article in articles[:2])
    versions = (
        StoryBullet("A ticket costs a coin.", both[:1]),
        StoryBullet("A ticket costs two coins.", both[1:]),
    )
    lead = Story(
        "Ferry starts",
        (StoryBullet("The ferry starts tomorrow.", both), *versions),
        tuple(article.id for article in articles[:2]),
        continues=date - dt.timedelta(days=1),
        notes=("A note.",),
        disputed=(Dispute(("how many",), versions, 1),),
    )
    others = (
        Story("Another story", (StoryBullet("Text.", (Citation(a.id, (1,)),)),), (a.id,))
        for a in articles[2:5]
    )
    return Digest(
        date,
        "signature",
        articles,
        (lead, *others),
        (Failure("inbox/empty.txt", "read", "the file is empty", "Fetch it again."),),
        ("A notice.",),
    )


def _article(number: int) -> TranslatedArticle:
    """The first has a web address, a publisher, an author and a date; the last has nothing but
    its text."""
    first, last = number == 0, number == 5
    name = f"a{number}"
    source = "https://news.example/1" if first else f"inbox/{name}.txt"
    article = Article(
        name,
        source,
        "Titre\nUn. Deux.",
        published="2000-01-01" if first else None,
        author="A. Writer" if first else None,
        publisher="News" if first else None,
    )
    kinds: tuple[ParagraphKind, ...] = (
        ("text", "text", "caption") if last else ("title", "text", "text")
    )
    segments = tuple(Segment(name, i, i, f"Phrase {i}.", i + 1, k) for i, k in enumerate(kinds))
    prepared = PreparedArticle(
        article, "fra_Latn", segments, title=None if last else "Titre", author=article.author
    )
    flags = ((), ("numbers",), ())
    return TranslatedArticle(
        prepared,
        tuple(
            Translation(s, f"Sentence {s.index}.", f) for s, f in zip(segments, flags, strict=True)
        ),
    )
