"""Texts of requests, plain or with tags: cut into sentences before they are translated, and put
together after, as files are that keep their form."""

from __future__ import annotations

import itertools

from toolkit.data import Article, PreparedArticle, Segment, TranslatedArticle, Translation
from toolkit.documents import marks
from toolkit.documents.base import Unit
from toolkit.documents.sentences import is_kept, phrases, sentences
from toolkit.documents.web_pages import Page
from toolkit.languages import codes

_numbers = itertools.count()


class Text:
    """A text of a request, in ``language``, that is wanted in ``target`` (FLORES-200 codes).
    ``prepared`` is what is to be translated of it: its sentences, and the words that have marks."""

    def __init__(self, text: str, language: str, target: str, *, tags: bool) -> None:
        self._page = Page(text, codes.get(target).bcp47) if tags else None
        self._units = self._page.units if self._page else [Unit(text)]
        self._sentences = [sentences(unit, language) for unit in self._units]
        pairs = zip(self._units, self._sentences, strict=True)
        wanted: dict[str, None] = {}
        for unit, cut in pairs:
            for sentence in cut:
                if not is_kept(unit, sentence):
                    needed = (sentence.text, *phrases(unit, sentence))
                    wanted.update(dict.fromkeys(needed))
        name = f"request-{next(_numbers)}"
        segments = tuple(Segment(name, number, 0, words) for number, words in enumerate(wanted))
        self.prepared = PreparedArticle(Article(name, name, text), language, segments)

    def english(self, translated: TranslatedArticle) -> tuple[str, list[Translation]]:
        """Return the text with its translation, and the translation of each sentence."""
        known = {row.segment.text: row for row in translated.translations}
        words = {text: row.english for text, row in known.items()}
        rows: list[Translation] = []
        made = []
        for unit, cut in zip(self._units, self._sentences, strict=True):
            found = [
                known.get(s.text) or Translation(Segment("", 0, 0, s.text), s.text) for s in cut
            ]
            made.append(marks.composed(unit, cut, found, words))
            rows += found
        return self._page.text(made) if self._page else made[0].text, rows
