"""The stages, typed in and typed out. None touches a file, a path or a terminal."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from toolkit.data import (
    Article,
    Brief,
    Failure,
    Hypothesis,
    PreparedArticle,
    Segment,
    TranslatedArticle,
    Translation,
)
from toolkit.errors import InputError, ToolkitError
from toolkit.languages import ENGLISH, codes, detection, script_of, scripts
from toolkit.progress import Progress, Silent
from toolkit.summarisers.base import Summariser
from toolkit.text import cleaning, segmentation
from toolkit.translators.base import Translator
from toolkit.translators.checks.retry import checked

log = logging.getLogger(__name__)

# A window is what is looked up and sorted together: large enough that rows of like length meet,
# small enough that what waits for the model is bounded.
WINDOW_ROWS = 4096
# What reaches the cache together: the most that a pulled plug can cost, some twenty seconds of a
# CPU's work with the 600M model; fewer rows would leave places of the decoding loop empty.
CALL_ROWS = 512


class SegmentCache(Protocol):
    """The part of ``toolkit.runs.cache.Cache`` that translating needs."""

    def get(
        self, texts: Iterable[str], *, signature: str, source: str, target: str
    ) -> dict[str, Hypothesis]: ...

    def put(
        self,
        texts: Sequence[str],
        hypotheses: Sequence[Hypothesis],
        *,
        signature: str,
        source: str,
        target: str,
    ) -> None: ...


@dataclass(slots=True)
class Translated:
    """What translating a run gave. ``left_over`` were not finished when time was up."""

    articles: list[TranslatedArticle] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    left_over: list[PreparedArticle] = field(default_factory=list)
    from_model: int = 0
    from_cache: int = 0

    def add(self, other: Translated) -> None:
        """Take in what came after."""
        self.articles += other.articles
        self.failures += other.failures
        self.left_over += other.left_over
        self.from_model += other.from_model
        self.from_cache += other.from_cache


def prepare(article: Article, *, language: str | None = None) -> PreparedArticle:
    """Clean an article, settle its language and cut it into segments.

    ``language``, a FLORES-200 code, settles it without detection; what the article itself
    declares is only a hint, since feeds often declare one language for all they carry. Raises
    ``InputError`` when nothing is left after cleaning, and ``ToolkitError`` for whatever else
    goes wrong: no article costs the rest of a run.
    """
    with _unforeseen(article.source):
        return _prepare(article, language)


@contextmanager
def _unforeseen(what: str) -> Iterator[None]:
    """Turn an error that nobody foresaw into one of ours, which carries the trace: a worker has
    no log."""
    try:
        yield
    except ToolkitError:
        raise
    except Exception as error:
        ours = ToolkitError(
            f"{what}: unforeseen error ({type(error).__name__}: {error})",
            remedy="Please report it; the run.log of a digest has the trace.",
        )
        ours.add_note("".join(traceback.format_exception(error)))
        raise ours from error


def log_trace(error: ToolkitError) -> None:
    """Log the trace that an error nobody foresaw carries."""
    for trace in getattr(error, "__notes__", ()):
        log.error("%s\n%s", error, trace)


def _prepare(article: Article, language: str | None) -> PreparedArticle:
    declared = codes.candidates(article.language) if article.language else ()
    hint = language or (declared[0].code if len(declared) == 1 else None)
    page = cleaning.clean(article.text, title=article.title, language=hint)
    if not page.paragraphs:
        raise InputError(
            f"{article.source}: no text is left after cleaning",
            remedy="Look at the file: it holds nothing but boilerplate.",
        )
    found = (
        detection.Detection(language, 1.0)
        if language
        else detection.detect(page.text, declared=article.language)
    )
    segments: list[Segment] = []
    for number, paragraph in enumerate(page.paragraphs):
        for text in segmentation.sentences(paragraph.text, found.code):
            segments.append(
                Segment(
                    article_id=article.id,
                    index=len(segments),
                    paragraph=number,
                    text=text,
                    line=paragraph.line,
                    kind=paragraph.kind,
                )
            )
    return PreparedArticle(
        article=article,
        language=found.code,
        segments=tuple(segments),
        dropped=page.dropped,
        title=page.title,
        author=article.author or page.author,
        language_doubt=found.doubt,
    )


def translate(
    articles: Iterable[PreparedArticle],
    translator: Translator,
    cache: SegmentCache,
    *,
    target: str,
    progress: Progress | None = None,
    time_is_up: Callable[[], bool] = lambda: False,
) -> Translated:
    """Translate every segment of ``articles``, equal ones once, keeping the articles' order.

    Every translator's output is checked. What it is asked goes through ``cache`` in small parts,
    so a run that is stopped loses at most ``CALL_ROWS`` segments. An article that cannot be
    translated is a failure.
    """
    result = Translated()
    for window in windows(articles):
        work = Window(window, translator, cache, target, progress or Silent(), time_is_up)
        work.run()
        result.add(work.collect())
    return result


def windows(articles: Iterable[PreparedArticle]) -> Iterator[list[PreparedArticle]]:
    """``articles`` in parts of about ``WINDOW_ROWS`` segments."""
    window: list[PreparedArticle] = []
    rows = 0
    for article in articles:
        window.append(article)
        rows += len(article.segments)
        if rows >= WINDOW_ROWS:
            yield window
            window, rows = [], 0
    if window:
        yield window


class Window:
    """The articles that are translated together: see ``translate``."""

    def __init__(
        self,
        articles: Sequence[PreparedArticle],
        translator: Translator,
        cache: SegmentCache,
        target: str,
        progress: Progress,
        time_is_up: Callable[[], bool],
    ) -> None:
        self.articles = articles
        self.translator = checked(translator)
        self.cache = cache
        self.target = target
        self.progress = progress
        self.time_is_up = time_is_up
        self.known: dict[tuple[str, str], Hypothesis] = {}
        self.fresh: set[tuple[str, str]] = set()
        self.failed: dict[tuple[str, str], ToolkitError] = {}
        self.told = 0

    def run(self) -> None:
        """Translate what the cache does not know, as far as time and the engine allow."""
        by_language: dict[str, dict[str, None]] = {}
        for article in self.articles:
            for segment in article.segments:
                if not passes_through(segment.text, article.language, self.target):
                    by_language.setdefault(article.language, {})[segment.text] = None
        for language, texts in by_language.items():
            signature = self.translator.signature
            cached = self.cache.get(texts, signature=signature, source=language, target=self.target)
            self.known.update({(language, text): h for text, h in cached.items()})
            self._tell(len(cached))
            # Length decides how much padding a batch has, and the longest first shows at once
            # whether the memory is enough.
            waiting = sorted((t for t in texts if t not in cached), key=len, reverse=True)
            for start in range(0, len(waiting), CALL_ROWS):
                if self.time_is_up():
                    break  # What the cache knows of the other languages is still of use.
                self._call(language, waiting[start : start + CALL_ROWS])

    def _tell(self, rows: int) -> None:
        self.told += rows
        self.progress.advance(rows)

    def _call(self, language: str, texts: list[str]) -> None:
        signature = self.translator.signature
        try:
            with _unforeseen(f"the translator {signature.split(' ')[0]}"):
                hypotheses = self.translator.translate(texts, source=language, target=self.target)
        except ToolkitError as error:
            log.error("%d segments of %s: %s", len(texts), language, error)
            log_trace(error)
            self.failed.update({(language, text): error for text in texts})
            return
        self.cache.put(texts, hypotheses, signature=signature, source=language, target=self.target)
        for text, hypothesis in zip(texts, hypotheses, strict=True):
            self.known[language, text] = hypothesis
            self.fresh.add((language, text))
        self._tell(len(texts))

    def collect(self) -> Translated:
        """Each article of the window, whole, failed or left over."""
        result = Translated()
        self._tell(sum(len(a.segments) for a in self.articles) - self.told)
        for article in self.articles:
            rows = [self._row(article, segment) for segment in article.segments]
            if all(rows):
                result.articles.append(TranslatedArticle(article, tuple(r for r in rows if r)))
                continue
            error = next(
                (
                    self.failed[k]
                    for s in article.segments
                    if (k := (article.language, s.text)) in self.failed
                ),
                None,
            )
            if error is None:
                result.left_over.append(article)
            else:
                result.failures.append(
                    Failure(article.article.source, "translate", str(error), error.remedy)
                )
        result.from_model = len(self.fresh)
        result.from_cache = len(self.known) - len(self.fresh)
        return result

    def _row(self, article: PreparedArticle, segment: Segment) -> Translation | None:
        if passes_through(segment.text, article.language, self.target):
            return Translation(segment, segment.text)
        key = (article.language, segment.text)
        found = self.known.get(key)
        if found is None:
            return None
        return Translation(
            segment, found.text, found.flags, found.score, cached=key not in self.fresh
        )


def passes_through(text: str, language: str, target: str) -> bool:
    """Whether ``text`` needs no model: it has no letter, or is in the target's language already.

    Inside an article in another script, a segment whose every letter is Latin counts as English
    when English is wanted: it is a quotation or a name, and NLLB told that it is Gujarati
    would garble it.
    """
    if language == target or not any(c.isalpha() for c in text):
        return True
    if target != ENGLISH or script_of(language) == "Latn":
        return False
    return scripts.of(text) == {"Latn"}


def summarise(
    articles: Iterable[TranslatedArticle], summariser: Summariser, *, bullets: int
) -> tuple[list[Brief], list[Failure]]:
    """A brief of each article; one that cannot be condensed is a failure. Where an article's
    language is in doubt the notes of its brief say so."""
    briefs: list[Brief] = []
    failures: list[Failure] = []
    for article in articles:
        try:
            with _unforeseen(article.source):
                brief = summariser.summarise(article, bullets=bullets)
            if doubt := article.prepared.language_doubt:
                brief = replace(brief, notes=(f"{article.source}: {doubt}.", *brief.notes))
            briefs.append(brief)
        except ToolkitError as error:
            log_trace(error)
            failures.append(Failure(article.source, "summarise", str(error), error.remedy))
    return briefs, failures
