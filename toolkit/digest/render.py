"""Writes a digest as HTML, Markdown and JSON.

HTML and Markdown are made by the templates ``digest.html.j2`` (with ``digest.css``) and
``digest.md.j2``; those in a folder given as ``templates`` replace the packaged ones. Every value
is escaped: in HTML by Jinja, in Markdown by ``display.markdown``.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.data import Digest, Failure, Story, TranslatedArticle
from toolkit.digest.display import Verbatim, code, day, weekday, whole
from toolkit.digest.display import markdown as escaped
from toolkit.digest.example import example
from toolkit.digest.page import Source, arrange
from toolkit.digest.sandbox import environment, template_errors
from toolkit.errors import ConfigError
from toolkit.version import VERSION

if TYPE_CHECKING:
    from jinja2 import Environment


def html(digest: Digest, *, templates: Path | None = None) -> str:
    """``digest`` as one self-contained page that asks for nothing from anywhere.

    Raises ``ConfigError`` when the folder ``templates`` is missing or a template is broken.
    """
    return "".join(html_parts(digest, templates=templates))


def html_parts(digest: Digest, *, templates: Path | None = None) -> Iterator[str]:
    """The text of ``html`` in parts, for pages of any size."""
    from markupsafe import Markup

    jinja = environment(templates, {"day": day, "weekday": weekday})
    css, css_hash = _style(jinja)
    with template_errors("digest.html.j2"):
        yield from jinja.get_template("digest.html.j2").generate(
            page=arrange(digest), css=Markup(css), css_hash=css_hash, version=VERSION
        )


def markdown(digest: Digest, *, templates: Path | None = None) -> str:
    """``digest`` as Markdown that looks the same on GitHub and in CommonMark, without HTML.

    Raises ``ConfigError`` as ``html`` does.
    """
    return "".join(markdown_parts(digest, templates=templates))


def markdown_parts(digest: Digest, *, templates: Path | None = None) -> Iterator[str]:
    """The text of ``markdown`` in parts."""
    filters: dict[str, Callable[..., str]] = {
        "day": day,
        "weekday": weekday,
        "address": _address,
        "code": code,
    }
    jinja = environment(templates, filters, finalize=escaped)
    with template_errors("digest.md.j2"):
        yield from jinja.get_template("digest.md.j2").generate(
            page=arrange(digest), version=VERSION
        )


def check_templates(templates: Path | None) -> None:
    """Render an empty digest and one that has everything with the templates in ``templates``,
    so that a broken one stops a run at its start. Raises ``ConfigError``."""
    if templates is not None:
        for digest in (Digest(dt.date(2000, 1, 1), "", (), ()), example()):
            html(digest, templates=templates)
            markdown(digest, templates=templates)


def to_json(digest: Digest) -> dict[str, Any]:
    """``digest`` as the object of ``digest.json``; ``schema/digest.schema.json`` describes it.

    Texts are exact but for halves of surrogate pairs, which no file could hold (U+FFFD).
    """
    return {k: v if isinstance(v, str) else list(v) for k, v in _fields(digest).items()}


def json_parts(digest: Digest) -> Iterator[str]:
    """``to_json`` as indented text, piece by piece."""
    opening = "{\n"
    for name, value in _fields(digest).items():
        yield f"{opening}  {json.dumps(name)}: "
        if isinstance(value, str):
            yield json.dumps(value, ensure_ascii=False)
        else:
            empty = True
            for item in value:
                text = json.dumps(item, ensure_ascii=False, indent=2)
                yield ("[\n    " if empty else ",\n    ") + text.replace("\n", "\n    ")
                empty = False
            yield "[]" if empty else "\n  ]"
        opening = ",\n"
    yield "\n}\n"


def _fields(digest: Digest) -> dict[str, str | Iterator[Any]]:
    return {
        "date": digest.date.isoformat(),
        "signature": whole(digest.signature),
        "notices": map(whole, digest.notices),
        "articles": map(_article, digest.articles),
        "stories": map(_story, digest.stories),
        "failures": map(_failure, digest.failures),
    }


def _article(article: TranslatedArticle) -> dict[str, Any]:
    title, original = article.title, article.original_title
    return {
        "id": article.id,
        "source": whole(article.source),
        "language": article.language,
        "title": None if title is None else whole(title),
        "original_title": None if original is None else whole(original),
    }


def _story(story: Story) -> dict[str, Any]:
    return {
        "headline": whole(story.headline),
        "bullets": [
            {
                "text": whole(b.text),
                "cites": [{"article": c.article_id, "segments": list(c.segments)} for c in b.cites],
            }
            for b in story.bullets
        ],
        "articles": list(story.articles),
        "continues": None if story.continues is None else story.continues.isoformat(),
        "notes": [whole(n) for n in story.notes],
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "source": whole(failure.source),
        "stage": failure.stage,
        "reason": whole(failure.reason),
        "remedy": whole(failure.remedy),
    }


def _style(environment: Environment) -> tuple[str, str]:
    """The style sheet as it stands in the page, and its hash for the security policy."""
    loader = environment.loader
    assert loader is not None
    css, path, _ = loader.get_source(environment, "digest.css")
    css = css.replace("\r\n", "\n")
    if "</style" in css.lower():
        raise ConfigError(
            f"{path}: it holds '</style', which would end the style sheet early",
            remedy="Write it otherwise; a style sheet needs no such text.",
        )
    digest = base64.b64encode(hashlib.sha256(css.encode("utf-8")).digest())
    return css, f"sha256-{digest.decode('ascii')}"


def _address(source: Source) -> Verbatim:
    """Where an article came from: an explicit link if it is a web address, else a code span."""
    return Verbatim(f"<{source.link}>" if source.link else code(source.path))
