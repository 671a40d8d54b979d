"""Checks that the author of a plug-in runs on it in a test of his own.

Each is a plain function that raises ``AssertionError`` with a sentence on what does not hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

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
from toolkit.errors import InputError
from toolkit.readers.base import article_id
from toolkit.summarisers.base import Summariser
from toolkit.translators.base import Translator

HINDI = ("बारिश हुई।", "दिल्ली में सोमवार को नई मेट्रो लाइन शुरू हुई।", "स्कूल बंद रहेंगे।", "बारिश हुई।")
ENGLISH = (
    "The river Tamsa burst its banks on Monday and flooded the town of Orsk.",
    "Firefighters brought 46 people to safety, mayor Anna Kovac said.",
    "Schools in the town stay closed until Thursday.",
    "The damage may reach 12 million euros, the regional government estimates.",
    "Volunteers from three villages filled sandbags through the night.",
)
# No file of any format is made of these bytes alone.
_RUBBISH = b"\x00\xff\xfe\x01 \xd8\x00 [{<\n\x00"


def check_translator(
    translator: Translator,
    *,
    source: str = "hin_Deva",
    target: str = "eng_Latn",
    texts: Sequence[str] = HINDI,
    others: Iterable[Translator] = (),
) -> None:
    """Check that ``translator`` keeps the contract of ``toolkit.Translator`` on ``texts``, which
    are in ``source``. ``others`` are translators whose options differ from its own and from one
    another's: their signatures must differ too.

    >>> from toolkit.testing import FakeTranslator
    >>> check_translator(FakeTranslator(), others=[FakeTranslator(signature="fake@2")])
    >>> check_translator(FakeTranslator(), others=[FakeTranslator()])
    Traceback (most recent call last):
    AssertionError: two translators with different options have the signature 'fake'
    """

    def translate(part: Sequence[str]) -> list[str]:
        asked = list(part)
        found = translator.translate(asked, source=source, target=target)
        assert asked == list(part), "translate changes the list of texts that it is given"
        _check_hypotheses(found, asked)
        return [hypothesis.text for hypothesis in found]

    before = _signature(translator, "translator")
    assert translate([]) == [], "no texts give something"
    assert translate([""]) == [""], "the translation of an empty text is not empty"
    whole = translate(texts)
    assert translate(texts[::-1]) == whole[::-1], (
        "reversed texts do not give the same translations reversed: order or company matters"
    )
    for text, expected in zip(texts, whole, strict=True):
        assert translate([text]) == [expected], f"{text!r} is translated differently when alone"
    assert translator.signature == before, "the signature changes with use"
    _check_signatures([translator, *others], "translators")


def _check_hypotheses(found: object, texts: Sequence[str]) -> None:
    assert isinstance(found, list), f"translate returns a {type(found).__name__}, not a list"
    assert len(found) == len(texts), f"{len(texts)} texts give {len(found)} hypotheses"
    for item in found:
        assert isinstance(item, Hypothesis), f"a {type(item).__name__} is no Hypothesis"
        assert isinstance(item.text, str), f"the text of {item} is no str"
        assert item.score is None or math.isfinite(item.score), f"the score of {item} is no number"
        flags = isinstance(item.flags, tuple) and all(isinstance(flag, str) for flag in item.flags)
        assert flags, f"the flags of {item} are no tuple of str"


def check_summariser(
    summariser: Summariser,
    *,
    sentences: Sequence[str] = ENGLISH,
    others: Iterable[Summariser] = (),
) -> None:
    """Check that ``summariser`` keeps the contract of ``toolkit.Summariser`` on an article of
    English ``sentences``, at least three. ``others`` are as for ``check_translator``.

    >>> from toolkit.summarisers.extractive.summariser import Extractive
    >>> check_summariser(Extractive())
    """
    before = _signature(summariser, "summariser")
    for count in range(len(sentences) + 1):
        article = _article(sentences[:count])
        for bullets in (1, 2, 4):
            _check_brief(summariser.summarise(article, bullets=bullets), article, bullets)
    article = _article(sentences)
    again = [summariser.summarise(article, bullets=3) for _ in range(2)]
    assert again[0] == again[1], "the same article gives two briefs that differ"
    other = _article(sentences[::-1], name="other")
    assert summariser.summarise(other, bullets=3).article_id == "other", (
        "the brief of a second article has the id of the first"
    )
    assert summariser.signature == before, "the signature changes with use"
    _check_signatures([summariser, *others], "summarisers")


def _check_brief(brief: object, article: TranslatedArticle, bullets: int) -> None:
    count = len(article.translations)
    known = set(range(count))
    assert isinstance(brief, Brief), f"summarise returns a {type(brief).__name__}, not a Brief"
    assert brief.article_id == article.id, "the brief has another id than its article"
    assert brief.headline.strip(), "the headline is empty"
    shown = len(brief.bullets)
    assert shown <= bullets, f"{bullets} bullets are asked for and {shown} given"
    assert shown or not count, f"an article of {count} sentences gives no bullet"
    for bullet in brief.bullets:
        assert bullet.text.strip(), "a bullet is empty"
        assert bullet.cites, f"the bullet {bullet.text!r} cites nothing"
        assert known.issuperset(bullet.cites), f"{bullet.text!r} cites a sentence that is not there"
    assert known.issuperset(brief.headline_cites), "the headline cites a sentence that is not there"


def check_reader(
    read: Callable[[bytes, str], Iterable[Article | Failure]], data: bytes, *, source: str
) -> None:
    """Check that ``read`` keeps the contract of ``toolkit.Reader`` on ``data``, a file of at least
    one article, which is called ``source``.

    >>> from toolkit.readers.text import read_text
    >>> check_reader(read_text, b"The river rose on Monday.", source="river.txt")
    """
    found = list(read(data, source))
    articles = [item for item in found if isinstance(item, Article)]
    assert articles, f"{source} gives no article"
    for item in found:
        assert isinstance(item, Article | Failure), f"a {type(item).__name__} is no Article"
        assert item.source, "an article or failure has no source"
    for article in articles:
        assert article.text.strip(), f"{article.source} has no text"
        expected = article_id(article.title, article.text)
        assert article.id == expected, "the id is not toolkit.article_id(title, text)"
    moved = [item.id for item in read(data, f"moved-{source}") if isinstance(item, Article)]
    assert moved == [a.id for a in articles], "the ids change with the name of the file"
    for damaged in (b"", data[: len(data) // 2], data + _RUBBISH, _RUBBISH):
        _check_damaged(read, damaged, source)


def _check_damaged(
    read: Callable[[bytes, str], Iterable[Article | Failure]], data: bytes, source: str
) -> None:
    """Check that ``read`` says what is wrong with a file rather than fail over it."""
    try:
        found = list(read(data, source))
    except InputError:
        return
    except Exception as error:
        raise AssertionError(
            f"a damaged file ({data[:20]!r}...) raises {type(error).__name__}: a reader yields a "
            "Failure or raises InputError"
        ) from error
    for item in found:
        assert isinstance(item, Article | Failure), f"a {type(item).__name__} is no Article"


def _signature(plugin: Translator | Summariser, kind: str) -> str:
    signature = plugin.signature
    assert isinstance(signature, str), f"the signature is a {type(signature).__name__}, not a str"
    assert signature.strip(), "the signature is empty"
    assert "\n" not in signature, "the signature has more than one line"
    notice = getattr(plugin, "notice", "")
    assert isinstance(notice, str), f"the notice of the {kind} is no str"
    return signature


def _check_signatures(plugins: Sequence[Translator | Summariser], kind: str) -> None:
    seen: set[str] = set()
    for plugin in plugins:
        text = plugin.signature
        assert text not in seen, f"two {kind} with different options have the signature {text!r}"
        seen.add(text)


def _article(sentences: Sequence[str], name: str = "sample") -> TranslatedArticle:
    segments = tuple(Segment(name, n, n, text, n + 1) for n, text in enumerate(sentences))
    page = Article(name, f"{name}.txt", "\n".join(sentences))
    prepared = PreparedArticle(page, "eng_Latn", segments)
    return TranslatedArticle(prepared, tuple(Translation(s, s.text) for s in segments))
