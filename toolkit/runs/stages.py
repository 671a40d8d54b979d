"""Two stages, typed in and typed out: prepare and summarise. Neither touches a file, a path or a
terminal. The stage between them is in ``translation.py``."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from toolkit.data import (
    Article,
    Brief,
    CleanText,
    Failure,
    PreparedArticle,
    Segment,
    TranslatedArticle,
)
from toolkit.digest.wording import day
from toolkit.errors import REPORT, ConfigError, InputError, ToolkitError, described
from toolkit.languages import codes, detection, script_of, scripts
from toolkit.readers.base import MOST_CHARACTERS, SPLIT
from toolkit.summarisers.base import Summariser
from toolkit.summarisers.extractive.days import dated
from toolkit.summarisers.extractive.summariser import Extractive
from toolkit.text import cleaning, datelines, segmentation

# Lines and sentences of one article. The longest of 70 web pages has 1,420 lines, live reports have
# some 2,000 sentences.
_MOST_LINES, _MOST_SEGMENTS = 50_000, 20_000
# Characters of a title. A longer one is a text that stands in the place of one.
_MOST_TITLE = 500

log = logging.getLogger(__name__)


def prepare(article: Article, *, language: str | None = None) -> PreparedArticle:
    """Clean an article, settle its language and cut it into segments.

    ``language``, a FLORES-200 code, settles it without detection; what the article itself
    declares is only a hint, since feeds often declare one language for all they carry. Raises
    ``InputError`` when nothing is left after cleaning, and ``ToolkitError`` for whatever else
    goes wrong: no article costs the rest of a run.
    """
    with wrap_unforeseen(article.source):
        return _prepare(article, language)


@contextmanager
def wrap_unforeseen(what: str) -> Iterator[None]:
    """Turn an unforeseen error into a ``ToolkitError`` with its trace as a note: workers have
    no log."""
    try:
        yield
    except ToolkitError:
        raise
    except Exception as error:
        ours = ToolkitError(
            f"{what}: unforeseen error ({described(error)})",
            remedy=REPORT,
        )
        ours.add_note("".join(traceback.format_exception(error)))
        raise ours from error


def log_trace(error: ToolkitError) -> None:
    """Log the trace of an unforeseen error."""
    for trace in getattr(error, "__notes__", ()):
        log.error("%s\n%s", error, trace)


def _prepare(article: Article, language: str | None) -> PreparedArticle:
    declared = codes.candidates(article.language) if article.language else ()
    hint = language or (declared[0].code if len(declared) == 1 else None)
    page = _page(article, hint)
    if not page.paragraphs:
        raise InputError(
            f"{article.source}: no text is left after cleaning",
            remedy="Look at the file: it holds nothing but boilerplate.",
        )
    if language and not scripts.fits(page.text, script_of(language)):
        raise ConfigError(
            f"{article.source}: the text is not in the script of {codes.get(language).name}",
            remedy="Name the language that it is in, or leave it to detection.",
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
        if len(segments) > _MOST_SEGMENTS:
            raise _too_long(article, f"{_MOST_SEGMENTS:,} sentences")
    return PreparedArticle(
        # Its page is in the segments and the dropped lines from here on.
        article=replace(
            article,
            page=None,
            published=article.published or datelines.published_in(page, found.code),
        ),
        language=found.code,
        segments=tuple(segments),
        dropped=page.dropped,
        title=page.title,
        author=article.author or page.author,
        language_doubt=found.doubt,
    )


def _page(article: Article, language: str | None) -> CleanText:
    """Return the article without the page around it. Raises ``InputError`` where it is longer than
    an article can be: nothing that comes later can take hours then."""
    if len(article.text) > MOST_CHARACTERS:
        raise _too_long(article, f"{MOST_CHARACTERS:,} characters")
    if article.text.count("\n") > _MOST_LINES:
        raise _too_long(article, f"{_MOST_LINES:,} lines")
    title, text = article.title, article.text
    if title and len(title) > _MOST_TITLE:
        title, text = None, f"{title}\n{text}"
    page = article.page or cleaning.clean(text, title=title, language=language)
    if article.page and len(page.title or "") > _MOST_TITLE:
        kinds = (replace(p, kind="text") if p.kind == "title" else p for p in page.paragraphs)
        return replace(page, paragraphs=tuple(kinds))
    return page


def _too_long(article: Article, limit: str) -> InputError:
    return InputError(
        f"{article.source}: too long for one article: more than {limit}", remedy=SPLIT
    )


def summarise(
    articles: Iterable[TranslatedArticle], summariser: Summariser, *, bullets: int
) -> tuple[list[Brief], list[Failure]]:
    """A brief of each article; one that cannot be condensed is a failure. Where an article's
    language is in doubt, or it replaces an earlier version, the notes of its brief say so."""
    briefs: list[Brief] = []
    failures: list[Failure] = []
    for article in articles:
        try:
            with wrap_unforeseen(f"the summariser {_name(summariser)}"):
                brief = summariser.summarise(article, bullets=bullets)
            _hold_to_contract(summariser, brief, article)
            brief = dated(_with_sound_headline(brief, article), article.prepared.article)
            briefs.append(replace(brief, notes=(*_notes(article), *brief.notes)))
        except ToolkitError as error:
            log_trace(error)
            failures.append(Failure(article.source, "summarise", str(error), error.remedy))
    return briefs, failures


def _notes(article: TranslatedArticle) -> Iterator[str]:
    """Yield the warnings about an article, not its brief, that a reader should see."""
    if doubt := article.prepared.language_doubt:
        yield f"{article.source}: {doubt}."
    if replaced := article.prepared.replaces:
        yield f"{article.source}: replaces the version in the digest of {day(replaced)}."


def _hold_to_contract(summariser: Summariser, brief: object, article: TranslatedArticle) -> None:
    """Raise ``ToolkitError`` unless ``brief`` is one of ``article`` and cites sentences of it."""
    known = {t.segment.index for t in article.translations}
    if not isinstance(brief, Brief):
        wrong = f"gave a {type(brief).__name__}, not a Brief"
    elif brief.article_id != article.id:
        wrong = "gave a brief of another article"
    elif not all(bullet.cites and known.issuperset(bullet.cites) for bullet in brief.bullets):
        wrong = "gave a bullet that cites no sentence of the article"
    elif not known.issuperset(brief.headline_cites):
        wrong = "gave a headline that cites no sentence of the article"
    else:
        return
    raise ToolkitError(
        f"the summariser {_name(summariser)} {wrong}",
        remedy="Tell its author, or name another summariser.",
    )


def _with_sound_headline(brief: Brief, article: TranslatedArticle) -> Brief:
    """Return ``brief`` with another headline, where its own rests on a sentence whose translation
    failed a check and the article has a sound one, or where that translation is a repetition."""
    flags = {t.segment.index: t.flags for t in article.translations if t.doubtful}
    resting = [flags[index] for index in brief.headline_cites if index in flags]
    if not resting:
        return brief
    other = Extractive().summarise(article, bullets=1)
    if flags.keys().isdisjoint(other.headline_cites) or any("loop" in found for found in resting):
        return replace(brief, headline=other.headline, headline_cites=other.headline_cites)
    return brief


def _name(plugin: Summariser) -> str:
    """Return the first word of a summariser's signature, for messages."""
    return str(getattr(plugin, "signature", type(plugin).__name__)).split(" ")[0]
