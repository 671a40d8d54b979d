"""One line of a page, and what it is by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from toolkit.languages import scripts
from toolkit.text import boilerplate, bylines

_LIST_MARK = re.compile(r"^(?:[-–—•▪●◦*·+]|\(?\w{1,2}[.)])\s+")
_CLOSING = "\"'”’»›)]」』）*_ "
_FULL_STOPS = (".", "।", "॥", "۔", "。", "｡", "։", "።", "។", "။", "༎", "᱾")
_QUESTION_MARKS = tuple("?!؟？！")
_PAUSES = tuple(",;:،؛、，；：،՝፣፤፥")
_OPENING_QUOTES = tuple("\"'“‘„«‹「『")
# A row of a menu has at least so many items of at most so many words.
_BAR_ITEMS, _BAR_WORDS = 4, 3


@dataclass(frozen=True)
class Line:
    """One line of a page, and what it is by itself; each feature is found when first asked for.

    >>> line = Line("Share this article on Facebook and Twitter")
    >>> line.reason, line.prose, line.words
    ('invitation to follow or share', False, 7)
    """

    text: str

    @cached_property
    def folded(self) -> str:
        """The text for comparison: see ``boilerplate.fold``."""
        return boilerplate.fold(self.text)

    @cached_property
    def key(self) -> str:
        """The text for comparison, without punctuation and signs at its ends."""
        return boilerplate.strip_signs(self.folded)

    @cached_property
    def bare(self) -> str:
        """The text without the mark of a list."""
        return _LIST_MARK.sub("", self.text)

    @cached_property
    def words(self) -> int:
        """How many words there are; two characters count as one where words are not spaced."""
        return boilerplate.count_words(self.text)

    @cached_property
    def prose(self) -> bool:
        """Whether the line reads as one sentence or more."""
        return boilerplate.is_prose(self.text)

    @cached_property
    def tail(self) -> str:
        """The text without closing quotation marks and brackets."""
        return self.text.rstrip(_CLOSING)

    @cached_property
    def ends_sentence(self) -> bool:
        """Whether the line ends with a full stop of any script (a question mark is not one)."""
        return self.tail.endswith(_FULL_STOPS)

    @cached_property
    def asks(self) -> bool:
        """Whether the line is one question or exclamation and nothing else."""
        return len(boilerplate.STOP.findall(self.text)) == 1 and self.tail.endswith(_QUESTION_MARKS)

    @cached_property
    def punctuated(self) -> bool:
        """Whether the line ends with a mark of a sentence or of a part of one."""
        return boilerplate.STOP.search(self.tail) is not None or self.tail.endswith(_PAUSES)

    @property
    def quoted(self) -> bool:
        """Whether the line begins with a quotation mark."""
        return self.text.startswith(_OPENING_QUOTES)

    @property
    def announces(self) -> bool:
        """Whether the line ends with a colon."""
        return self.text.endswith((":", "："))

    @cached_property
    def numbered(self) -> bool:
        """Whether a digit stands in the line."""
        return any(map(str.isdigit, self.text))

    @cached_property
    def list_item(self) -> bool:
        """Whether the line begins with a bullet or a number."""
        return _LIST_MARK.match(self.text) is not None

    @cached_property
    def menu_bar(self) -> bool:
        """Whether the line is a row of very short items with a sign between each two."""
        for sign in "|•·":
            items = [Line(item.strip()) for item in self.text.split(sign)]
            if len(items) >= _BAR_ITEMS and all(item.text for item in items):
                short = all(i.words <= _BAR_WORDS and not i.punctuated for i in items)
                return short and not self.numbered
        return False

    @cached_property
    def scripts(self) -> frozenset[str]:
        """The scripts of the letters."""
        return scripts.of(self.text)

    @cached_property
    def date(self) -> bool:
        """Whether the line is a date or a time and nothing else."""
        return boilerplate.is_date(self.folded)

    @cached_property
    def reason(self) -> str | None:
        """Why the line is boilerplate; None where it may be part of the article."""
        if not any(c.isalpha() for c in self.text):
            return "no words, only digits or signs"
        if self.date:
            return "date line"
        bare = self.bare
        return boilerplate.kind(bare, boilerplate.fold(bare), self.prose)

    @cached_property
    def caption(self) -> bool:
        """Whether the line is a caption by its credit."""
        return boilerplate.is_caption(self.text)

    @cached_property
    def opens_tail(self) -> bool:
        """Whether what follows such a line is usually no longer the article."""
        return boilerplate.opens_tail(boilerplate.fold(self.bare), self.prose)

    @cached_property
    def author(self) -> str | None:
        """The name in what is a byline wherever it stands ("Written by ..."); else None."""
        return bylines.author(self.text, below_headline=False)

    @cached_property
    def author_below_headline(self) -> str | None:
        """The name in what is a byline right below a headline ("By ..."); else None."""
        return bylines.author(self.text, below_headline=True)
