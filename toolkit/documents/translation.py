"""Translates files that keep their form, sentence by sentence, several files together."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from toolkit.data import (
    Article,
    Failure,
    PreparedArticle,
    Segment,
    TranslatedArticle,
    Translation,
)
from toolkit.documents import marks
from toolkit.documents.base import English, Part, Steps, Task, Unit
from toolkit.documents.formats import format_of
from toolkit.documents.sentences import Sentence, is_kept, phrases, sentences
from toolkit.errors import InputError, OutputError, ToolkitError
from toolkit.languages import detection, script_of, scripts
from toolkit.runs.stages import wrap_unforeseen
from toolkit.runs.translation import WINDOW_SEGMENTS, SegmentTranslator
from toolkit.storage import place, staging

# Letters from which on a row of a table is told from the language of the others.
_OWN_LANGUAGE = 60


@dataclass(slots=True)
class Outcome:
    """What became of a file: how many ``sentences``, how many of them ``doubtful``, how many marks
    ``moved`` to the end of theirs; ``notes`` are what its format has to say; ``rows`` are its
    sentences, if they were asked for."""

    task: Task
    language: str = ""
    doubt: str = ""
    sentences: int = 0
    doubtful: int = 0
    moved: int = 0
    notes: list[str] = field(default_factory=list)
    rows: list[Translation] = field(default_factory=list)
    failure: Failure | None = None

    @property
    def article(self) -> TranslatedArticle:
        """The sentences of the file as an article: a unit is a paragraph."""
        source = str(self.task.source)
        segments = tuple(row.segment for row in self.rows)
        prepared = PreparedArticle(
            Article(source, source, ""), self.language, segments, language_doubt=self.doubt
        )
        return TranslatedArticle(prepared, tuple(self.rows))


class FileTranslator:
    """Translates files into the language ``target``, from ``source`` or the one detected.

    Unless it is to ``write``, the files are only read. ``keep_rows`` says whether outcomes have
    their sentences.
    """

    def __init__(
        self,
        translator: SegmentTranslator,
        *,
        source: str | None,
        target: str,
        write: bool = True,
        keep_rows: bool = False,
    ) -> None:
        self._translator = translator
        self._source, self._target = source, target
        self._write, self._keep_rows = write, keep_rows

    def run(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Yield the outcome of each file. Files are open together until they have sentences enough
        for a window."""
        waiting: list[_File] = []
        for task in tasks:
            outcome = Outcome(task)
            heard = replace(task, say=outcome.notes.append)
            file = _File(outcome, _steps(heard, write=self._write))
            if self._advance(file, None):
                waiting.append(file)
            else:
                yield file.outcome
            while sum(file.size for file in waiting) >= WINDOW_SEGMENTS:
                waiting, done = self._translate(waiting)
                yield from done
        while waiting:
            waiting, done = self._translate(waiting)
            yield from done

    def _advance(self, file: _File, english: list[English] | None) -> bool:
        """Let a format go on, and return whether it has another part to be translated."""
        source = str(file.outcome.task.source)
        try:
            with wrap_unforeseen(source):
                part = file.next_part(english)
                if part is not None:
                    file.take(part, self._languages(file, part))
                return part is not None
        except ToolkitError as error:
            self._fail(file, error)
            return False

    def _fail(self, file: _File, error: ToolkitError | Failure) -> None:
        source = str(file.outcome.task.source)
        if isinstance(error, ToolkitError):
            reason = str(error).removeprefix(f"{source}: ")
            error = Failure(source, "translate", reason, error.remedy)
        file.outcome.failure = error
        file.steps.close()

    def _translate(self, files: Sequence[_File]) -> tuple[list[_File], list[Outcome]]:
        """Translate the parts of ``files``; return those that have another, and those that are
        done."""
        articles = [article for file in files for article in file.articles()]
        translated = self._translator.translate(articles)
        found = {article.id: article for article in translated.articles}
        failures = {failure.source: failure for failure in translated.failures}
        waiting, done = [], []
        for file in files:
            failure = failures.get(str(file.outcome.task.source))
            if failure is not None:
                self._fail(file, failure)
            elif self._advance(file, file.english(found, keep=self._keep_rows)):
                waiting.append(file)
                continue
            done.append(file.outcome)
        return waiting, done

    def _languages(self, file: _File, part: Part) -> list[str]:
        """Return the language of each unit: that of the file, but for units in another script, and
        for rows of a table that are long enough to tell."""
        outcome = file.outcome
        texts = [unit.text for unit in part.units]
        if not outcome.language or outcome.language == self._target:
            self._settle(outcome, "\n".join(texts), part.language)
        if self._source:
            return [outcome.language] * len(texts)
        return [_language(text, outcome.language, mixed=part.mixed) for text in texts]

    def _settle(self, outcome: Outcome, text: str, declared: str | None) -> None:
        outcome.language = self._source or self._target
        if not any(char.isalpha() for char in text):
            return
        if self._source is None:
            found = detection.detect(text, declared=declared)
            outcome.language, outcome.doubt = found.code, found.doubt
        elif not scripts.fits(text, script_of(self._source)):
            raise InputError(
                f"{outcome.task.source}: the text is not in the script of {self._source}",
                remedy="Name the language that it is in with --from, or leave it to detection.",
            )


@dataclass(slots=True)
class _File:
    """A file at work: its format, and the part of it that waits for its English."""

    outcome: Outcome
    steps: Steps
    units: Sequence[Unit] = ()
    languages: Sequence[str] = ()
    sentences: list[list[Sentence]] = field(default_factory=list)

    def next_part(self, english: list[English] | None) -> Part | None:
        """Return the next part of the file; None where it has no other and is written."""
        try:
            return next(self.steps) if english is None else self.steps.send(english)
        except StopIteration:
            return None

    def take(self, part: Part, languages: Sequence[str]) -> None:
        """Cut the units of a part into sentences."""
        self.units, self.languages = part.units, languages
        pairs = zip(part.units, languages, strict=True)
        self.sentences = [sentences(unit, language) for unit, language in pairs]

    @property
    def size(self) -> int:
        return sum(map(len, self.sentences))

    def articles(self) -> list[PreparedArticle]:
        """Return what is to be translated, an article a language: sentences, and the words that
        have marks."""
        texts: dict[str, dict[str, None]] = {language: {} for language in self.languages}
        for unit, language, found in zip(self.units, self.languages, self.sentences, strict=True):
            for sentence in found:
                if not is_kept(unit, sentence):
                    needed = (sentence.text, *phrases(unit, sentence))
                    texts[language].update(dict.fromkeys(needed))
        source = str(self.outcome.task.source)
        articles = []
        for language, wanted in texts.items():
            name = self._id(language)
            segments = tuple(Segment(name, n, 0, text) for n, text in enumerate(wanted))
            articles.append(PreparedArticle(Article(name, source, ""), language, segments))
        return articles

    def english(self, found: dict[str, TranslatedArticle], *, keep: bool) -> list[English]:
        """Return the English of each unit, and count what there is to tell of it."""
        by_language = {
            language: {t.segment.text: t for t in found[self._id(language)].translations}
            for language in dict.fromkeys(self.languages)
        }
        outcome = self.outcome
        made: list[English] = []
        for unit, language, cut in zip(self.units, self.languages, self.sentences, strict=True):
            known = by_language[language]
            rows = [self._row(unit, sentence, known) for sentence in cut]
            marked = (text for sentence in cut for text in phrases(unit, sentence))
            words = {text: known[text].english for text in marked if text in known}
            english = marks.composed(unit, cut, rows, words)
            outcome.sentences += len(rows)
            outcome.doubtful += sum(row.doubtful for row in rows)
            outcome.moved += english.moved
            if keep:
                paragraph = outcome.rows[-1].segment.paragraph + 1 if outcome.rows else 0
                start = len(outcome.rows)
                outcome.rows += [
                    replace(row, segment=replace(row.segment, index=n, paragraph=paragraph))
                    for n, row in enumerate(rows, start)
                ]
            made.append(english)
        return made

    def _row(self, unit: Unit, sentence: Sentence, known: dict[str, Translation]) -> Translation:
        if is_kept(unit, sentence):
            return Translation(Segment("", 0, 0, sentence.text), sentence.text)
        return known[sentence.text]

    def _id(self, language: str) -> str:
        return f"{self.outcome.task.source} {language}"


def _language(text: str, language: str, *, mixed: bool) -> str:
    letters = sum(map(str.isalpha, text))
    if not letters:
        return language
    found = scripts.of(text)
    other = script_of(language) not in found and found != {"Latn"} and letters > 2
    if other or (mixed and letters >= _OWN_LANGUAGE):
        try:
            return detection.detect(text, declared=language).code
        except InputError:
            return language
    return language


def detect(path: Path) -> detection.Detection:
    """Return the language of a file in one of ``formats.SUFFIXES``: that of its first part."""
    steps = _steps(Task(path, path, ""), write=False)
    try:
        part = next(steps, Part(()))
    finally:
        steps.close()
    return detection.detect("\n".join(unit.text for unit in part.units), declared=part.language)


def _steps(task: Task, *, write: bool) -> Generator[Part, list[English], None]:
    """Let a format write to a file that takes the place of the target once it is whole."""
    folder = task.target.parent
    try:
        if write:
            folder.mkdir(parents=True, exist_ok=True)
        with staging(folder if write else Path(tempfile.gettempdir())) as scratch:
            made = scratch / task.target.name
            yield from format_of(task.source)(replace(task, target=made))
            if write:
                place(made, task.target)
    except ImportError as error:
        raise InputError(
            f"{task.source}: needs a package that is not installed ({error.name})",
            remedy="pip install 'news-toolkit[documents]'",
        ) from None
    except OSError as error:
        if error.filename and str(error.filename) == str(task.source):
            raise InputError(
                f"{task.source}: {error.strerror}", remedy="Check the file and its permissions."
            ) from None
        raise OutputError(
            f"{task.target}: cannot be written ({error.strerror or error})",
            remedy="Name another place with --out-dir.",
        ) from None
