"""The values that pass between stages: frozen, slotted, and nearly free of behaviour.

Indices count from 0, line numbers from 1. Language codes are FLORES-200 codes (``guj_Gujr``).
"""

from __future__ import annotations

import datetime as dt
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import datasets
    import pandas

ParagraphKind = Literal["title", "heading", "text", "list", "caption"]
Stage = Literal["read", "clean", "detect", "translate", "summarise", "group"]


@singledispatch
def as_html(value: object) -> str:
    """Return HTML that shows ``value`` in a notebook; ``toolkit.digest.views`` registers it."""
    return f"<pre>{html.escape(repr(value))}</pre>"


class Shown:
    """A value that shows itself in a notebook."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return as_html(self)


@dataclass(frozen=True, slots=True)
class Article(Shown):
    """One document as a reader found it.

    ``text`` is the whole body, boilerplate included. ``title`` may also stand in ``text``;
    cleaning tells them apart. ``id`` is a hash of the content, so a file that was only moved
    keeps its id. ``language`` is what the source declares, not what was detected. ``source`` is
    its address, or the file and line it was read from; ``publisher`` is who its source says
    published it. ``page`` is there if the reader told the article from its page already, by the
    markup: then ``text`` is the article alone, and cleaning takes ``page`` as it is.
    """

    id: str
    source: str
    text: str
    title: str | None = None
    language: str | None = None
    author: str | None = None
    published: str | None = None
    publisher: str | None = None
    page: CleanText | None = None


@dataclass(frozen=True, slots=True)
class Dropped(Shown):
    """A line that cleaning took out, and why (a short English phrase)."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Paragraph(Shown):
    """A line of the article that a reader would call part of it."""

    line: int
    text: str
    kind: ParagraphKind = "text"


@dataclass(frozen=True, slots=True)
class CleanText(Shown):
    """What cleaning made of a page. Every line that is not blank is in one of the two lists,
    or is the byline that ``author`` was read from (which is in ``dropped`` too)."""

    paragraphs: tuple[Paragraph, ...]
    dropped: tuple[Dropped, ...]
    author: str | None = None

    @property
    def title(self) -> str | None:
        """The text of the paragraph of kind ``title``, if the page has one."""
        return next((p.text for p in self.paragraphs if p.kind == "title"), None)

    @property
    def text(self) -> str:
        """What was kept, one paragraph a line."""
        return "\n".join(p.text for p in self.paragraphs)


@dataclass(frozen=True, slots=True)
class Segment(Shown):
    """One sentence, heading or list item of an article: the unit that is translated and cited."""

    article_id: str
    index: int
    paragraph: int
    text: str
    line: int = 1
    kind: ParagraphKind = "text"


@dataclass(frozen=True, slots=True)
class PreparedArticle(Shown):
    """An article cleaned, with its language known, and cut into segments. ``language_doubt``
    says, as a part of a sentence, why the language may be another, and is empty if nothing does.
    ``replaces`` is the day of the last digest that had an earlier version of the article."""

    article: Article
    language: str
    segments: tuple[Segment, ...]
    dropped: tuple[Dropped, ...] = ()
    title: str | None = None
    author: str | None = None
    language_doubt: str = ""
    replaces: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Hypothesis(Shown):
    """What a translator returns for one text. ``score`` is the mean log-probability of its
    tokens, natural logarithm, or None where there was no model (English passed through)."""

    text: str
    score: float | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Translation(Shown):
    """A segment with its English. ``cached`` tells that no model was asked for it this time,
    ``corrected`` that a reader wrote it."""

    segment: Segment
    english: str
    flags: tuple[str, ...] = ()
    score: float | None = None
    cached: bool = False
    corrected: bool = False

    @property
    def doubtful(self) -> bool:
        """Whether a check failed that counts: none outranks a reader."""
        return bool(self.flags) and not self.corrected


@dataclass(frozen=True, slots=True)
class TranslatedText(Shown):
    """A text by itself with its translation. ``language`` is None of a text without letters, which
    is left as it is. ``corrected`` tells that a reader wrote it."""

    source: str
    text: str
    language: str | None
    flags: tuple[str, ...] = ()
    score: float | None = None
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class TranslatedArticle(Shown):
    """An article with every segment in English, in order."""

    prepared: PreparedArticle
    translations: tuple[Translation, ...]

    @property
    def id(self) -> str:
        return self.prepared.article.id

    @property
    def source(self) -> str:
        return self.prepared.article.source

    @property
    def language(self) -> str:
        return self.prepared.language

    @property
    def original_title(self) -> str | None:
        return self.prepared.title

    @property
    def title(self) -> str | None:
        """The English of the title's segments."""
        parts = [t.english for t in self.translations if t.segment.kind == "title"]
        return " ".join(p for p in parts if p) or None


@dataclass(frozen=True, slots=True)
class Bullet(Shown):
    """One line of a brief and the indices of the segments it rests on (never empty)."""

    text: str
    cites: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Brief(Shown):
    """One article condensed. ``notes`` are warnings a reader should see (a bullet of a model
    that was replaced, say). ``headline_cites`` are the segments the headline rests on."""

    article_id: str
    headline: str
    bullets: tuple[Bullet, ...]
    headline_cites: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation(Shown):
    """The segments of one article that a story's bullet rests on."""

    article_id: str
    segments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StoryBullet(Shown):
    """A bullet of a story. Several articles may report it: one citation each."""

    text: str
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Dispute(Shown):
    """What a story's articles report differently: at least two ``versions``, which are among its
    bullets. ``about`` says in what they differ ("how many", "where"), and ``latest`` is the place
    of the version that was reported last, or None where that is not known."""

    about: tuple[str, ...]
    versions: tuple[StoryBullet, ...]
    latest: int | None = None


@dataclass(frozen=True, slots=True)
class Watched(Shown):
    """A name or phrase that the reader watches or mutes, and the segments where it stands."""

    term: str
    cites: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class StorySource(Shown):
    """An independent source of a story: the ids of its ``articles``, by how many ``publishers``,
    and the ``agency`` whose text they carry, if they name one."""

    articles: tuple[str, ...]
    publishers: int = 1
    agency: str = ""


@dataclass(frozen=True, slots=True)
class Story(Shown):
    """The briefs about one event, merged. ``articles`` holds ids, the lead's first.
    ``continues`` is the date of the earlier digest whose story this one carries on, ``disputed``
    what its articles do not agree on, ``sources`` who reports it independently, and ``why`` says
    in a few words why it stands where it does in the digest. ``section`` is where it stands there,
    ``place`` where it happens. ``before`` is the headline of the story that it carries on, and
    ``new`` holds the places of the bullets that say what that one did not. ``watched`` are
    the reader's terms that it has, and ``muted`` those for which it stands last."""

    headline: str
    bullets: tuple[StoryBullet, ...]
    articles: tuple[str, ...]
    continues: dt.date | None = None
    notes: tuple[str, ...] = ()
    disputed: tuple[Dispute, ...] = ()
    sources: tuple[StorySource, ...] = ()
    why: tuple[str, ...] = ()
    section: str = ""
    place: str = ""
    before: str = ""
    new: tuple[int, ...] = ()
    watched: tuple[Watched, ...] = ()
    muted: tuple[Watched, ...] = ()


@dataclass(frozen=True, slots=True)
class Spelling(Shown):
    """A name that articles spell in several ways: the one that the digest has, the other
    ``variants``, the ids of the ``articles`` whose translation has each of these, and whether a
    ``glossary`` or the ``usual`` spelling decided."""

    name: str
    variants: tuple[str, ...]
    articles: tuple[tuple[str, ...], ...]
    by: Literal["glossary", "usual"] = "usual"


@dataclass(frozen=True, slots=True)
class EarlierStory(Shown):
    """A story of an earlier digest: its date, its headline, and what it said in English (its
    bullets, a line each; the more of its articles' text, the better it is recognised)."""

    date: dt.date
    headline: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Failure(Shown):
    """Something that could not be processed: data, not an exception."""

    source: str
    stage: Stage
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Digest(Shown):
    """One day's briefing. ``notices`` are plain sentences shown at the top (that the demo
    checkpoint was used, that work was left over at the deadline). ``before`` and ``after`` are the
    days of the digests before and after it, which lie beside it, if there are any.

    A run keeps articles and stories on disk: each access to one makes it anew."""

    date: dt.date
    signature: str
    articles: Sequence[TranslatedArticle]
    stories: Sequence[Story]
    failures: tuple[Failure, ...] = ()
    notices: tuple[str, ...] = ()
    before: dt.date | None = None
    after: dt.date | None = None
    spellings: tuple[Spelling, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResult(Shown):
    """What a run did. ``timings`` are seconds by stage, and some stages go on while others do, so
    that they may add up to more than ``total``; ``counts`` are whole numbers
    (articles, segments, ``from_model``, ``from_cache``, flagged, dropped lines, articles whose
    language is ``doubted``, left over; articles not taken, as ``seen`` in earlier digests or too
    ``old``, and ``carried`` over from an earlier run of the day)."""

    digest: Digest
    paths: dict[str, Path] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[Failure, ...]:
        return self.digest.failures

    def to_dataset(self) -> datasets.Dataset:
        """Return ``articles.jsonl`` as a ``datasets.Dataset``, one article a row."""
        from datasets import Dataset  # Its ``from_json`` takes days for times.

        features, path = article_features(), self.paths.get("articles")
        text = path.read_text("utf-8").strip() if path else ""
        rows = list(map(json.loads, text.split("\n"))) if text else []
        return Dataset.from_dict({n: [row[n] for row in rows] for n in features}, features=features)

    def to_pandas(self) -> pandas.DataFrame:
        """Return the same as a ``pandas.DataFrame``."""
        return self.to_dataset().to_pandas()


# The columns of ``articles.jsonl``, and their types whatever is absent.
ARTICLE_COLUMNS: dict[str, Any] = {
    **dict.fromkeys(("id", "source", "publisher", "language", "language_doubt", "title"), "string"),
    **dict.fromkeys(("original_title", "author", "published"), "string"),
    "segments": [
        {
            **dict.fromkeys(("index", "paragraph", "line"), "int64"),
            **dict.fromkeys(("kind", "source", "english"), "string"),
            "flags": ["string"],
            "score": "float64",
            "corrected": "bool",
        }
    ],
    "dropped": [{"line": "int64", "text": "string", "reason": "string"}],
}


def article_features() -> datasets.Features:
    """Return the columns of ``articles.jsonl`` with their types, as ``datasets`` knows them."""
    from datasets import Features, Value

    def feature(kind: Any) -> Any:
        if isinstance(kind, dict):
            return {name: feature(part) for name, part in kind.items()}
        return [feature(part) for part in kind] if isinstance(kind, list) else Value(kind)

    return Features(feature(ARTICLE_COLUMNS))
