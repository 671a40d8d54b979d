"""Tell what is no article though it is text: errors, checks for robots, notices, lists, code.

Precision comes first. A page that stands in an article's place is short and says nothing else: one
that has a sentence or two of its own is an article, and be it about such pages. The phrases are in
``not_articles.json``.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources

from toolkit.data import Article, Failure
from toolkit.text import boilerplate
from toolkit.text.lines import Line

# Characters of a page that stands in an article's place; consent notices are the longest.
_MOST = 5_000
# Lines at the beginning among which a title stands, and characters of a title.
_TITLE_LINES, _TITLE = 4, 90
# Words of other sentences beside such a title, of pages that try to be helpful.
_OTHER_WORDS = 25
# Phrases of a page without such a title: a sentence of an article may have one.
_LEAST_SAID = 2
_SENTENCE = re.compile(r"(?<=[.!?।。！？؟])\s*(?=\S)")
_SITE = re.compile(r"\s+(?:[|•·»–—-]|::)\s+.*$")
_NUMBER = re.compile(r"^(?:http\s+)?(?:error\s+)?[45]\d\d\b[\s:–—-]*|[\s:–—-]*\b[45]\d\d$")

_LISTING = re.compile(r"\s*(?:index of|directory listing (?:for|of)) /\S*\s*(?:\n|$)", re.I)
_ENTRY = re.compile(r"parent directory|\b\d{4}-\d\d-\d\d \d\d:\d\d\b|^\S+/$", re.I | re.M)
_BASE64 = re.compile(r"(?:data:[\w/+.;=-]+,)?[A-Za-z0-9+/_\s-]{200,}={0,2}\s*")
_LETTER_RUN = 60

# Characters of a text that are looked at, to tell code.
_LOOK = 6_000
_LEAST_CODE = 80
_SIGNS = re.compile(r"[{}()\[\];=<>&|*\\$_#@^~/\"'`]|:(?=\S)")
_CODE_LINE = re.compile(
    r"[{};]\s*$|^\s*(?:#include\b|#!|//|/\*|\*/|<\?php|import [\w.{]|from [\w.]+ import\b|def \w+\("
    r"|class \w+[:({]|return\b.*[;)]|(?:public|private|static|function|const|let|var)\s+\w|@\w+\(?"
    r"|\}|\)|\]|end$|else:?$|(?:if|for|while)\b.*[:{]\s*$)|\w\([^()]*\)\s*[;:{]?\s*$"
    r"|^\s*[\w.$\[\]]+\s*[-+*/|&]?=\s*\S"
)
# Of the lines, and of the signs among all characters: prose has one sign in a hundred.
_CODE_LINES, _CODE_SIGNS, _DENSE_SIGNS = 0.6, 0.06, 0.13
# Of the characters, the part that may stand in sentences: comments and texts in code.
_MOST_PROSE = 0.35

_OURS = re.compile(r"# Morning briefing, [A-Z][a-z]+ \d{1,2} [A-Z][a-z]+ \d{4}\n")
_OUR_PAGE = re.compile(r"<title>Morning briefing, .*<a class=\"skip\" href=\"#briefing\">", re.S)
_REMEDY = "Fetch the article itself, or leave the file out."


def screened(item: Article | Failure) -> Article | Failure:
    """Return ``item``, or a failure that names what it is instead of an article."""
    if isinstance(item, Failure) or not (found := kind(item.text, item.title)):
        return item
    return Failure(item.source, "read", f"{found}, no article", _REMEDY)


def kind(text: str, title: str | None = None) -> str | None:
    """Return what a text is that is no article; None where it may be one.

    >>> kind("404 Not Found\\n\\nnginx/1.18.0")
    'an error page'
    >>> kind("404 is what visitors of the ministry's site saw on Monday after a change of servers.")
    """
    if _LISTING.match(text) and _ENTRY.search(text):
        return "a list of files"
    if is_digest(text):
        return "a digest that the toolkit wrote"
    return (_stub(text, title) if len(text) <= _MOST else None) or _code(text)


def is_digest(text: str) -> bool:
    """Return whether ``text`` is a digest of the toolkit's own, as Markdown or as a page."""
    if text.startswith("# "):
        return _OURS.match(text) is not None
    return "#briefing" in text and _OUR_PAGE.search(text) is not None


def _stub(text: str, title: str | None) -> str | None:
    lines = [title or "", *filter(None, (line.strip() for line in text.split("\n")))]
    folded = " ".join(map(boilerplate.fold, lines))
    kinds = _phrases().items()
    for name, (titles, says) in kinds:
        titled = any(_title(line) in titles for line in lines[: _TITLE_LINES + 1] if line)
        if titled and _other_words(lines[1:], titles, says) <= _OTHER_WORDS:
            return name
    for name, (titles, says) in kinds:
        said = sum(phrase in folded for phrase in says)
        if said >= _LEAST_SAID and not _other_words(lines[1:], titles, says):
            return name
    return None


def _other_words(lines: list[str], titles: frozenset[str], says: tuple[str, ...]) -> int:
    """Return how many words stand in sentences that such a page does not have."""
    words = 0
    for line in lines:
        if _title(line) in titles or Line(line).reason:
            continue
        for sentence in _SENTENCE.split(line):
            folded = boilerplate.fold(sentence)
            if boilerplate.is_prose(sentence) and not any(phrase in folded for phrase in says):
                words += boilerplate.count_words(sentence)
    return words


def _title(line: str) -> str:
    if len(line) > _TITLE:
        return ""
    folded = boilerplate.fold(line)
    whole = boilerplate.strip_signs(_SITE.sub("", folded))
    return (
        whole if whole in ("404", "error 404") else boilerplate.strip_signs(_NUMBER.sub("", whole))
    )


@cache
def _phrases() -> dict[str, tuple[frozenset[str], tuple[str, ...]]]:
    path = resources.files("toolkit.readers").joinpath("not_articles.json")
    kinds = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: (
            frozenset(map(_title, phrases["titles"])),
            tuple(map(boilerplate.fold, phrases["says"])),
        )
        for name, phrases in kinds.items()
        if name != "about"
    }


def _code(text: str) -> str | None:
    text = text[:_LOOK]
    if _BASE64.fullmatch(text) and max(map(len, text.split()), default=0) > _LETTER_RUN:
        return "encoded data"
    signs = len(_SIGNS.findall(text))
    if len(text) < _LEAST_CODE or signs < _CODE_SIGNS * len(text):
        return None
    lines = [line for line in text.split("\n") if line.strip()]
    prose = sum(len(line) for line in lines if _is_sentence(line))
    if prose > _MOST_PROSE * len(text):
        return None
    code = sum(len(line) for line in lines if _CODE_LINE.search(line))
    if signs > _DENSE_SIGNS * len(text) or code > _CODE_LINES * len(text):
        return "source code"
    return None


def _is_sentence(line: str) -> bool:
    signs = len(_SIGNS.findall(line))
    return boilerplate.is_prose(line) and signs < _CODE_SIGNS * len(line)
