"""Web pages: one article a page, as its markup, its metadata and its words tell it.

Nothing is ever fetched: what a script would have added to the page is not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from toolkit.data import Article, CleanText, Failure, Paragraph
from toolkit.readers import html_metadata, not_articles
from toolkit.readers.base import article_id
from toolkit.readers.html_blocks import Block, blocks, tokens
from toolkit.readers.html_body import byline, dialogues, extracted_text, split
from toolkit.readers.html_facts import Facts, plain, read_facts
from toolkit.readers.html_features import Evidence
from toolkit.readers.html_tree import decode_page, parse
from toolkit.readers.markup import is_page
from toolkit.text.lines import Line

# Words of a page without sentences that may be an article: a table of results, say.
_LEAST_TOKENS = 40
# Lines of a page; of 70 real ones the longest has 1,420. Each takes half a millisecond.
_MOST_LINES = 20_000
# Characters of a script in which those who look for dates may look.
_MOST_SCRIPT = 50_000
_NOTHING = "no article in the page, only menus and notices"
_REMEDY = "Save the article's own page after it has loaded, or save its text."


def read_html(data: bytes, source: str, declared: str | None = None) -> Iterator[Article | Failure]:
    """Return the article of one page, or a failure where the page has none. ``declared`` is the
    encoding that the server names."""
    yield read_page(decode_page(data, source, declared), source)


def read_page(text: str, source: str, *, title: str | None = None) -> Article | Failure:
    """Return the article of a page that is text already; ``title`` is its headline, if known."""
    if not_articles.is_digest(text):
        return Failure(source, "read", "a digest that the toolkit wrote, no article", _REMEDY)
    try:
        root = parse(text)
    except ValueError:
        return Failure(source, "read", "the page is empty", _REMEDY)
    # While they are held, lxml does not make them anew each time that the tree is walked.
    elements = list(root.iter())
    facts = read_facts(root)
    for element in elements:
        if element.tag in ("script", "style") and len(element.text or "") > _MOST_SCRIPT:
            element.text = ""
    page = list(islice(blocks(root), _MOST_LINES + 1))
    if len(page) > _MOST_LINES:
        reason = f"a page of more than {_MOST_LINES:,} lines"
        return Failure(source, "read", reason, "Save the article alone, or its text.")
    title = title or html_metadata.title(root, facts)
    asking = dialogues(root)
    known = evidence(page, facts, title, extracted_text(root, asking))
    kept, dropped = split(page, known, asking)
    if not _says_something(kept):
        return _short(text, page, source, title)
    author = html_metadata.author(root, facts)
    if html_metadata.is_site(author, facts):
        author = ", ".join(byline(page, kept[0].line - 1)) or author
    body = "\n".join(paragraph.text for paragraph in kept)
    heading = [Paragraph(_line(page, title), title, "title")] if title else []
    return Article(
        id=article_id(title, body),
        source=source,
        text=body,
        title=title,
        language=html_metadata.language(root, facts),
        author=author,
        published=html_metadata.published(root, facts),
        publisher=html_metadata.site(facts),
        page=CleanText((*heading, *kept), tuple(dropped), author),
    )


def _short(page: str, lines: list[Block], source: str, title: str | None) -> Article | Failure:
    """Return what a page without prose is: a few short sentences if it is a part of a page, as
    people paste it, else no article."""
    text = "\n".join(block.text for block in lines if block.kind != "caption")
    found = not_articles.kind(text, title)
    sentences = any(Line(t).ends_sentence and not Line(t).reason for t in text.split("\n"))
    if found or is_page(page) or not sentences:
        reason = f"{found}, no article" if found else _NOTHING
        return Failure(source, "read", reason, _REMEDY)
    return Article(id=article_id(title, text), source=source, text=text, title=title)


def _says_something(kept: list[Paragraph]) -> bool:
    """Return whether there is a sentence, or a list of some length."""
    if any(Line(paragraph.text).prose for paragraph in kept):
        return True
    return sum(len(tokens(paragraph.text)) for paragraph in kept) >= _LEAST_TOKENS


def evidence(page: list[Block], facts: Facts, title: str | None, extracted: str) -> Evidence:
    said = [plain(value) for value in facts.said("headline")]
    said += [text for name in ("og:title", "twitter:title") for text in facts.meta.get(name, ())]
    # Later headings of the first level may be those of sections.
    said += [block.text for block in page if block.tag == "h1"][:1]
    summaries = [plain(value) for value in facts.said("description")]
    summaries += facts.meta.get("og:description", []) + facts.meta.get("description", [])
    body = max((plain(value) for value in facts.said("articleBody")), key=len, default="")
    return Evidence(extracted, body, "\n".join(summaries), (*said, *([title] if title else [])))


def _line(page: list[Block], title: str) -> int:
    """Return the line of ``page`` that has the title, headings first; 0 if none does."""
    wanted = tokens(title)
    found = [i for i, block in enumerate(page, 1) if block.tokens == wanted]
    return next((i for i in found if page[i - 1].tag == "h1"), found[0] if found else 0)


def block_text(text: str) -> str:
    """Return the lines of a part of a page, without its captions."""
    try:
        return "\n".join(block.text for block in blocks(parse(text)) if block.kind != "caption")
    except ValueError:
        return ""
