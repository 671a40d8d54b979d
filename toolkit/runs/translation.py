"""Translate each distinct segment once, through the cache.

Nothing here touches a file, a path or a terminal.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from toolkit.data import (
    Failure,
    Hypothesis,
    PreparedArticle,
    Segment,
    TranslatedArticle,
    Translation,
)
from toolkit.errors import ToolkitError
from toolkit.languages import ENGLISH, script_of, scripts
from toolkit.progress import Progress, Silent, ticking
from toolkit.runs.stages import log_trace, wrap_unforeseen
from toolkit.terminology.terms import Terms
from toolkit.translators.base import Translator
from toolkit.translators.checks.retry import checked

log = logging.getLogger(__name__)

# Segments that are looked up and sorted together, at least: enough that segments of like length
# meet, few enough that what waits for the model is bounded.
WINDOW_SEGMENTS = 4096
# Segments of one call to the translator, which reach the cache together: the most that a power cut
# can cost, some twenty seconds of a CPU's work with the 600M model. With fewer, sequences of the
# decoding loop would be missing. A translator may want more (``at_once``).
CALL_SEGMENTS = 512

_Key = tuple[str, str]  # language and text of a segment


class SegmentCache(Protocol):
    """The methods of ``toolkit.runs.cache.Cache`` that translating needs."""

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
    """The outcome of translating. Articles that are ``left_over`` were not finished in time."""

    articles: list[TranslatedArticle] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    left_over: list[PreparedArticle] = field(default_factory=list)
    from_model: int = 0
    from_cache: int = 0
    corrected: int = 0

    def add(self, other: Translated) -> None:
        """Append the outcome of later articles."""
        self.articles += other.articles
        self.failures += other.failures
        self.left_over += other.left_over
        self.from_model += other.from_model
        self.from_cache += other.from_cache
        self.corrected += other.corrected


def translate(
    articles: Iterable[PreparedArticle],
    translator: Translator,
    cache: SegmentCache | None = None,
    *,
    target: str,
    progress: Progress | None = None,
    terms: Terms | None = None,
) -> Translated:
    """Translate all ``articles`` and keep their order: see ``SegmentTranslator``."""
    segment_translator = SegmentTranslator(
        translator, cache, target=target, progress=progress, terms=terms
    )
    result = Translated()
    for window in windows(articles):
        result.add(segment_translator.translate(window))
    return result


def windows(
    articles: Iterable[PreparedArticle], *, hurry: bool = False
) -> Iterator[list[PreparedArticle]]:
    """Yield ``articles`` in lists of about ``WINDOW_SEGMENTS`` segments; in a ``hurry``, when only
    articles that are whole at a deadline count, of about ``CALL_SEGMENTS``."""
    least = CALL_SEGMENTS if hurry else WINDOW_SEGMENTS
    window: list[PreparedArticle] = []
    segments = 0
    for article in articles:
        window.append(article)
        segments += len(article.segments)
        if segments >= least:
            yield window
            window, segments = [], 0
    if window:
        yield window


class SegmentTranslator:
    """Translates those segments of articles that need a model and are not in the cache.

    What readers corrected, says ``terms``, comes before either. Every translator's output is
    checked. After each call it is put into the cache, so a run that is stopped loses at most
    one call's segments. No call is begun once ``time_is_up``.
    """

    def __init__(
        self,
        translator: Translator,
        cache: SegmentCache | None = None,
        *,
        target: str,
        progress: Progress | None = None,
        time_is_up: Callable[[], bool] = lambda: False,
        terms: Terms | None = None,
    ) -> None:
        self._translator = checked(translator)
        self._terms = terms or Terms(target=target)
        self._cache = cache
        self._target = target
        self.progress = progress or Silent()
        self._time_is_up = time_is_up

    def translate(self, articles: Sequence[PreparedArticle]) -> Translated:
        """Translate ``articles`` together; each comes out whole, failed or left over."""
        results = _Results(self._target, self._terms)
        for language, texts in _texts(articles).items():
            corrected = self._terms.corrected(texts, source=language)
            results.corrected.update({(language, text): h for text, h in corrected.items()})
        for language, texts in _texts(articles, self._target).items():
            left = [text for text in texts if (language, text) not in results.corrected]
            results.cached.update(self._cached(language, left))
            # Length decides how much padding a batch has, and the longest first shows at once
            # whether the memory is enough.
            waiting = [text for text in left if (language, text) not in results.cached]
            waiting.sort(key=len, reverse=True)
            size = max(CALL_SEGMENTS, self._translator.at_once)
            for start in range(0, len(waiting), size):
                if self._time_is_up():
                    break  # The cache is still asked about the other languages.
                self._call(language, waiting[start : start + size], results)
        # Those that occur again, need no model or are left over.
        done = len(results.cached) + len(results.fresh) + len(results.errors)
        self.progress.advance(sum(len(article.segments) for article in articles) - done)
        return results.collect(articles)

    def _cached(self, language: str, texts: Iterable[str]) -> dict[_Key, Hypothesis]:
        if self._cache is None:
            return {}
        signature = self._translator.signature
        found = self._cache.get(texts, signature=signature, source=language, target=self._target)
        self.progress.advance(len(found))
        return {(language, text): hypothesis for text, hypothesis in found.items()}

    def _call(self, language: str, texts: list[str], results: _Results) -> None:
        """Translate ``texts`` in one call, and keep the hypotheses or the error."""
        signature = self._translator.signature
        try:
            named = f"the translator {signature.split(' ')[0]}"
            with wrap_unforeseen(named), ticking(self.progress, len(texts)):
                hypotheses = self._translator.translate(texts, source=language, target=self._target)
        except ToolkitError as error:
            log.error("%d segments of %s: %s", len(texts), language, error)
            log_trace(error)
            results.errors.update({(language, text): error for text in texts})
            return
        if self._cache is not None:
            self._cache.put(
                texts, hypotheses, signature=signature, source=language, target=self._target
            )
        for text, hypothesis in zip(texts, hypotheses, strict=True):
            results.fresh[language, text] = hypothesis


def _texts(
    articles: Iterable[PreparedArticle], target: str | None = None
) -> dict[str, dict[str, None]]:
    """Return the distinct texts, in order, by language; with a ``target`` those that need a
    model."""
    found: dict[str, dict[str, None]] = {}
    for article in articles:
        for segment in article.segments:
            if not (target and needs_no_translation(segment.text, article.language, target)):
                found.setdefault(article.language, {})[segment.text] = None
    return found


@dataclass(slots=True)
class _Results:
    """Hypotheses and errors of one window, by language and text."""

    target: str
    terms: Terms
    cached: dict[_Key, Hypothesis] = field(default_factory=dict)
    fresh: dict[_Key, Hypothesis] = field(default_factory=dict)
    corrected: dict[_Key, Hypothesis] = field(default_factory=dict)
    errors: dict[_Key, ToolkitError] = field(default_factory=dict)

    def collect(self, articles: Iterable[PreparedArticle]) -> Translated:
        """Return the articles with their translations, failed or left over."""
        result = Translated(
            from_model=len(self.fresh), from_cache=len(self.cached), corrected=len(self.corrected)
        )
        for article in articles:
            translations = [self._translation(article, segment) for segment in article.segments]
            if all(translations):
                whole = tuple(t for t in translations if t)
                result.articles.append(TranslatedArticle(article, whole))
                continue
            keys = ((article.language, segment.text) for segment in article.segments)
            error = next((self.errors[key] for key in keys if key in self.errors), None)
            if error is None:
                result.left_over.append(article)
            else:
                source = article.article.source
                result.failures.append(Failure(source, "translate", str(error), error.remedy))
        return result

    def _translation(self, article: PreparedArticle, segment: Segment) -> Translation | None:
        key = (article.language, segment.text)
        if written := self.corrected.get(key):
            return Translation(segment, written.text, written.flags, corrected=True)
        if needs_no_translation(segment.text, article.language, self.target):
            return Translation(segment, segment.text)
        found = self.fresh.get(key) or self.cached.get(key)
        if found is None:
            return None
        cached = key in self.cached
        found = self.terms.revised(segment.text, found, source=article.language)
        return Translation(segment, found.text, found.flags, found.score, cached=cached)


def needs_no_translation(text: str, language: str, target: str) -> bool:
    """Return whether ``text`` has no letter or is in the target's language already.

    In an article in another script, a segment whose every letter is Latin counts as English where
    English is wanted: it is a quotation or a name, and NLLB would garble it as Gujarati.
    """
    if language == target or not any(c.isalpha() for c in text):
        return True
    if target != ENGLISH or script_of(language) == "Latn":
        return False
    return scripts.of(text) == {"Latn"}
