"""The functions for notebooks and other programs: ``import toolkit``.

They do what the command line does, by the same stages, and show their results in a notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Literal, overload

from toolkit.config import Config, load
from toolkit.data import (
    Article,
    Brief,
    CleanText,
    Failure,
    PreparedArticle,
    RunResult,
    TranslatedArticle,
    TranslatedText,
)
from toolkit.digest import views
from toolkit.errors import InputError
from toolkit.languages import codes
from toolkit.options import AnyPath, Device, Engine
from toolkit.progress import Listener, listener
from toolkit.readers import collection
from toolkit.readers.texts import read_texts, refuse_unless_text, row_name, shaped_like
from toolkit.readers.values import read_values
from toolkit.runs import stages, translation
from toolkit.summarisers.base import Summariser
from toolkit.terminology.terms import load_terms
from toolkit.text import cleaning, segmentation
from toolkit.translators.base import Translator
from toolkit.translators.checks.retry import Checked

if TYPE_CHECKING:
    from toolkit.bench.evaluation import Evaluation

views.register()


def load_articles(*inputs: Any, columns: Mapping[str, str] | None = None) -> list[Article]:
    """Return the articles in ``inputs``, in order and each once, with the titles and authors that
    their pages show.

    An input is a path (a file, a folder, a pattern such as ``news/*.json``), a record (``dict``),
    a DataFrame, a ``datasets.Dataset`` or the name of one on the hub
    (``hf://OWNER/NAME``), or anything that yields such. ``columns`` says which column
    holds a part of the article where its name does not: ``{"text": "raw"}``.

    Raises ``InputError`` for what is none of these or is not there, or when no article could be
    read, with the first reason. What cannot be read is left out; ``run`` reports each of them.

    >>> import pathlib, toolkit
    >>> page = "Council approves the budget\\n\\nThe council approved the budget on Monday.\\n"
    >>> _ = pathlib.Path("page.txt").write_text(page, encoding="utf-8")
    >>> [(article.source, article.title) for article in toolkit.load_articles("page.txt")]
    [('page.txt', 'Council approves the budget')]
    >>> records = [{"headline": "Rain", "articleBody": "It rained.", "url": "https://e.example/1"}]
    >>> [(article.source, article.text) for article in toolkit.load_articles(records)]
    [('https://e.example/1', 'It rained.')]
    >>> toolkit.load_articles("nowhere/")
    Traceback (most recent call last):
    toolkit.errors.InputError: nowhere: no such file or folder
    """
    chosen = Config(columns=columns).columns
    found: dict[str, Article] = {}
    failures: list[Failure] = []
    for item in read_values(inputs, chosen):
        if isinstance(item, Article | Failure):
            items: list[Article | Failure] = [item]
        else:
            loaded = collection.load(Config(inputs=item).inputs, columns=chosen)
            items = [*loaded.articles, *loaded.failures]
        for article in items:
            if isinstance(article, Failure):
                failures.append(article)
            else:
                found.setdefault(article.id, article)
    if not found and failures:
        raise InputError(f"{failures[0].source}: {failures[0].reason}", remedy=failures[0].remedy)
    return [_titled(article) for article in found.values()]


def _titled(article: Article) -> Article:
    if article.title is not None:
        return article
    page = cleaning.clean(article.text)
    return replace(article, title=page.title, author=article.author or page.author)


def detect_language(text: str) -> str:
    """Return the FLORES-200 code of the language that ``text`` is in.

    >>> import toolkit
    >>> toolkit.detect_language("આજે ભારે વરસાદ પડ્યો છે.")
    'guj_Gujr'
    >>> toolkit.detect_language("Il pleut beaucoup aujourd'hui dans le nord du pays.")
    'fra_Latn'
    """
    from toolkit.languages import detection

    refuse_unless_text("text", text)
    return detection.detect_language(text)


def clean(text: str, *, title: str | None = None) -> CleanText:
    """Return the paragraphs of the article in the page ``text``, and each line that was dropped
    with its reason. ``title`` is the headline, if it is known.

    >>> import toolkit
    >>> page = toolkit.clean("Rain in Porto\\n\\nIt rained all day.\\n\\nShare on Facebook\\n")
    >>> page.title, page.text
    ('Rain in Porto', 'Rain in Porto\\nIt rained all day.')
    >>> [(line.line, line.text) for line in page.dropped]
    [(5, 'Share on Facebook')]
    """
    refuse_unless_text("text", text)
    return cleaning.clean(text, title=title)


def segment(text: str, language: str) -> list[str]:
    """Return the sentences of ``text``, which joined are ``text`` again. ``language`` goes by any
    of its names.

    >>> import toolkit
    >>> toolkit.segment("Dr. Silva left. He returns in May.", "en")
    ['Dr. Silva left. ', 'He returns in May.']
    >>> toolkit.segment("बारिश हुई। स्कूल बंद रहे।", "Hindi")
    ['बारिश हुई। ', 'स्कूल बंद रहे।']
    """
    refuse_unless_text("text", text)
    return segmentation.segment(text, codes.resolve(language).code)


def prepare(article: Article, *, language: str | None = None) -> PreparedArticle:
    """Clean ``article``, detect its language unless it is given, and cut it into segments.

    >>> import toolkit
    >>> text = "बारिश हुई। स्कूल बंद रहे।"
    >>> article = toolkit.Article(toolkit.article_id(None, text), "rain.txt", text)
    >>> prepared = toolkit.prepare(article, language="hi")
    >>> prepared.language
    'hin_Deva'
    >>> [segment.text for segment in prepared.segments]
    ['बारिश हुई।', 'स्कूल बंद रहे।']
    """
    code = codes.resolve(language).code if language else None
    return stages.prepare(article, language=code)


def translator(
    model: AnyPath = "600M", *, engine: Engine = "auto", device: Device = "auto", beam: int = 4
) -> Translator:
    """Return a translator with its weights loaded; the same arguments give the same one again.

    >>> import toolkit
    >>> demo = toolkit.translator("demo", device="cpu")
    >>> demo is toolkit.translator("demo", device="cpu")
    True
    >>> demo.translate(["प्रधानमंत्री"], source="hin_Deva", target="en")
    Traceback (most recent call last):
    toolkit.errors.UnknownLanguageError: unknown language 'en'.
    """
    asked = Config(model=model, engine=engine, device=device, beam=beam)
    return _translator(asked.model, asked.engine, asked.device, asked.beam)


@lru_cache(maxsize=2)
def _translator(model: str, engine: str, device: str, beam: int) -> Checked:
    from toolkit.translators.build import load_translator

    return load_translator(model, engine=engine, device=device, beam=beam)


@overload
def translate(  # type: ignore[overload-overlap]  # a string yields strings, too
    texts: str,
    *,
    source: str | None = None,
    target: str = "en",
    model: AnyPath = "600M",
    details: Literal[False] = False,
    translator: Translator | None = None,
    progress: Listener = None,
) -> str: ...
@overload
def translate(
    texts: Iterable[str],
    *,
    source: str | None = None,
    target: str = "en",
    model: AnyPath = "600M",
    details: Literal[False] = False,
    translator: Translator | None = None,
    progress: Listener = None,
) -> list[str]: ...
@overload
def translate(
    texts: Any,
    *,
    source: str | None = None,
    target: str = "en",
    model: AnyPath = "600M",
    details: bool = False,
    translator: Translator | None = None,
    progress: Listener = None,
) -> Any: ...
def translate(
    texts: Any,
    *,
    source: str | None = None,
    target: str = "en",
    model: AnyPath = "600M",
    details: bool = False,
    translator: Translator | None = None,
    progress: Listener = None,
) -> Any:
    """Return the translation of each of ``texts``; languages go by any of their names.

    ``texts`` is a string, or a list, generator, array, Series or column of a Dataset, of
    one sentence a row. The result is a string, a Series with the same index, or else a list;
    missing values stay missing. Without a ``source`` the language of each text is detected.
    ``details`` gives a ``TranslatedText`` for each, a Series a DataFrame, with language, flags and
    score. ``translator`` replaces ``model``. Readers' corrections come before either. A bar shows
    the progress in a notebook, anywhere if ``progress`` is True. Raises ``InputError``, which names
    the row, ``UnknownLanguageError`` and ``ModelError``.

    >>> import toolkit
    >>> sentence = "કિર્ગિસ્તાન રિપબ્લિકના રાષ્ટ્રપતિ સદિર જાપારોવે તેમનું એરપોર્ટ પર ભવ્ય સ્વાગત કર્યું."
    >>> toolkit.translate([sentence], source="Gujarati", model="demo")  # learnt by heart
    ['The President of the Kyrgyz Republic, Sadyr Japarov, gave him a grand welcome...']
    >>> toolkit.translate([sentence], source="Gujrati", model="demo")
    Traceback (most recent call last):
    toolkit.errors.UnknownLanguageError: unknown language 'Gujrati'. Did you mean ...
    """
    from toolkit.runs.texts import translate_texts

    rows, code = read_texts(texts), codes.resolve(target).code
    found = translate_texts(
        rows,
        partial(row_name, texts),
        lambda: translator or _any_translator(model),
        source=codes.resolve(source).code if source else None,
        terms=load_terms(load(), target=code),
        progress=listener(progress),
    )
    if details:
        return shaped_like(texts, found, TranslatedText)
    return shaped_like(texts, [row and row.text for row in found])


def translate_article(
    article: Article | PreparedArticle,
    *,
    target: str = "en",
    model: AnyPath = "600M",
    translator: Translator | None = None,
) -> TranslatedArticle:
    """Return ``article`` translated sentence by sentence, with the flags of the checks.
    ``translator`` replaces ``model``.

    >>> import toolkit
    >>> from toolkit.testing import FakeTranslator
    >>> text = "बारिश हुई। स्कूल बंद रहे।"
    >>> article = toolkit.Article(toolkit.article_id(None, text), "rain.txt", text)
    >>> fake = FakeTranslator({"बारिश हुई।": "It rained.", "स्कूल बंद रहे।": "shut shut shut shut"})
    >>> translated = toolkit.translate_article(article, translator=fake)
    >>> len(translated.translations)
    2
    >>> [(row.english, row.flags) for row in translated.translations]
    [('It rained.', ()), ('shut shut shut shut', ('loop',))]
    """
    prepared = article if isinstance(article, PreparedArticle) else stages.prepare(article)
    code = codes.resolve(target).code
    chosen = translator or _any_translator(model)
    terms = load_terms(load(), target=code)
    result = translation.translate([prepared], chosen, target=code, terms=terms)
    if result.failures:
        failure = result.failures[0]
        raise InputError(f"{failure.source}: {failure.reason}", remedy=failure.remedy)
    return result.articles[0]


# ``translate_article`` has a parameter of that name.
_any_translator = translator


def brief(
    article: TranslatedArticle, *, bullets: int = 4, summariser: Summariser | None = None
) -> Brief:
    """Return a headline and at most ``bullets`` bullets of ``article``, each citing its segments.
    Without a ``summariser`` they are sentences of the article.

    >>> import toolkit
    >>> from toolkit.testing import FakeTranslator
    >>> text = "बारिश हुई।"
    >>> article = toolkit.Article(toolkit.article_id(None, text), "rain.txt", text)
    >>> fake = FakeTranslator({text: "It rained in the whole of Gujarat on Monday."})
    >>> found = toolkit.brief(toolkit.translate_article(article, translator=fake))
    >>> found.headline
    'It rained in the whole of Gujarat on Monday'
    >>> [(bullet.text, bullet.cites) for bullet in found.bullets]
    [('It rained in the whole of Gujarat on Monday.', (0,))]
    """
    if summariser is None:
        from toolkit.summarisers.extractive.summariser import Extractive

        summariser = Extractive()
    return summariser.summarise(article, bullets=bullets)


def summarise(english_text: str, *, bullets: int = 3) -> list[str]:
    """Return at most ``bullets`` bullets of a plain English text.

    >>> import toolkit
    >>> text = "The river Tamsa burst its banks on Monday. Firefighters brought help."
    >>> toolkit.summarise(text, bullets=1)
    ['The river Tamsa burst its banks on Monday.']
    >>> toolkit.summarise("")
    []
    """
    refuse_unless_text("english_text", english_text)
    from toolkit.runs.texts import english_article

    found = brief(english_article(english_text), bullets=bullets)
    return [bullet.text for bullet in found.bullets]


def evaluate(
    references: Any,
    systems: Mapping[str, Any],
    *,
    source: str | None = None,
    resamples: int = 1000,
) -> Evaluation:
    """Return chrF++, BLEU and TER of ``systems`` by language, the later ones compared with the
    first by a paired bootstrap.

    ``references`` is a table (a path, a DataFrame, a Dataset or records) with the columns source
    and english, and maybe language. A system is a model's name, a translator, or translations.

    >>> import toolkit
    >>> rows = [{"source": "Es regnet.", "english": "It rains.", "language": "de"}]
    >>> found = toolkit.evaluate(rows, {"mine": ["It rains."], "other": ["Rain."]}, resamples=0)
    >>> [(score.system, round(score.chrf)) for score in found.scores]
    [('mine', 100), ('other', 20)]
    >>> toolkit.evaluate(rows, {"mine": []})
    Traceback (most recent call last):
    toolkit.errors.InputError: mine has 0 translations of 1 sentences
    """
    from toolkit.bench import evaluation_page
    from toolkit.bench import systems as compared

    evaluation_page.register()
    return compared.compare(
        references, systems, language=source, resamples=resamples, load=_any_translator
    )


def run(
    config: Config | None = None,
    *,
    translator: Translator | None = None,
    summariser: Summariser | None = None,
    progress: Listener = None,
    say: Callable[[str], None] | None = None,
) -> RunResult:
    """Make the digest of a day: ``config``, or the defaults, the environment and toolkit.toml.

    ``translator`` and ``summariser`` replace those that ``config`` names. ``progress`` is called
    with the stage, what is done and the total (0 while it is not known); ``say`` with a line that
    people should read at once.

    >>> import toolkit
    >>> from toolkit.testing import FakeTranslator
    >>> stages = []
    >>> result = toolkit.run(
    ...     toolkit.Config(model="demo", outputs="digests", date="2026-11-21"),
    ...     translator=FakeTranslator(),
    ...     progress=lambda stage, done, total: stages.append(stage),
    ... )
    >>> result.counts["articles"], list(dict.fromkeys(stages))
    (5, ['clean', 'load model', 'translate', 'summarise', 'group', 'write'])
    >>> sorted(path.name for path in result.paths.values())
    ['articles.jsonl', 'digest.html', 'digest.json', 'digest.md', 'run.json']
    """
    from toolkit import pipeline

    return pipeline.run(
        config or load(),
        translator=translator,
        summariser=summariser,
        progress=listener(progress),
        say=say,
    )
