"""A digest as HTML, Markdown and JSON.

Templates are Jinja's: ``digest.html.j2``, ``digest.css`` and ``digest.md.j2``. A folder given as
``templates`` is searched first, so that a user may replace any one of them. Both kinds escape
every value by default: HTML by Jinja's autoescaping, Markdown by ``display.markdown``.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.data import Digest, Failure, Story, TranslatedArticle
from toolkit.digest.display import Verbatim, code, day, weekday, whole
from toolkit.digest.display import markdown as escaped
from toolkit.digest.page import Source, arrange
from toolkit.errors import ConfigError
from toolkit.version import VERSION

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).with_name("templates")


def html(digest: Digest, *, templates: Path | None = None) -> str:
    """``digest`` as one self-contained page that asks for nothing from anywhere.

    Raises ``ConfigError`` when the folder ``templates`` is missing or a template is broken.
    """
    return "".join(html_parts(digest, templates=templates))


def html_parts(digest: Digest, *, templates: Path | None = None) -> Iterator[str]:
    """``html`` piece by piece, for pages of any size."""
    from markupsafe import Markup

    environment = _environment(templates)
    with _template_errors("digest.css"):
        css, css_hash = _style(environment)
    with _template_errors("digest.html.j2"):
        yield from environment.get_template("digest.html.j2").generate(
            page=arrange(digest), css=Markup(css), css_hash=css_hash, version=VERSION
        )


def markdown(digest: Digest, *, templates: Path | None = None) -> str:
    """``digest`` as Markdown that looks the same on GitHub and in CommonMark, without HTML.

    Raises ``ConfigError`` when the folder ``templates`` is missing or a template is broken.
    """
    return "".join(markdown_parts(digest, templates=templates))


def markdown_parts(digest: Digest, *, templates: Path | None = None) -> Iterator[str]:
    """``markdown`` piece by piece."""
    environment = _markdown_environment(templates)
    with _template_errors("digest.md.j2"):
        yield from environment.get_template("digest.md.j2").generate(
            page=arrange(digest), version=VERSION
        )


def check_templates(templates: Path | None) -> None:
    """Render an empty digest with the user's templates, so that a broken one stops a run at its
    start. Raises ``ConfigError``."""
    if templates is not None:
        empty = Digest(date=dt.date(2000, 1, 1), signature="", articles=(), stories=())
        html(empty, templates=templates)
        markdown(empty, templates=templates)


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


def _environment(templates: Path | None) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    if templates is not None and not templates.is_dir():
        raise ConfigError(
            f"{templates}: no such folder of templates",
            remedy="Name a folder that holds digest.html.j2, digest.css or digest.md.j2.",
        )
    folders = [_TEMPLATES] if templates is None else [templates, _TEMPLATES]
    environment = Environment(
        loader=FileSystemLoader(folders),
        # Named in full: Jinja's own list goes by the last suffix, and .j2 is not on it.
        autoescape=select_autoescape(
            enabled_extensions=("html.j2",), disabled_extensions=("md.j2",), default=True
        ),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters.update(day=day, weekday=weekday)
    return environment


def _markdown_environment(templates: Path | None) -> Environment:
    environment = _environment(templates)
    environment.finalize = escaped
    environment.filters.update(address=_address, code=code)
    return environment


@contextmanager
def _template_errors(name: str) -> Iterator[None]:
    """Errors of ``name``'s text, of Jinja and of what its expressions do, as ``ConfigError``."""
    from jinja2 import TemplateError, TemplateSyntaxError

    try:
        yield
    except TemplateSyntaxError as error:
        where, reason = f"{error.filename or name}, line {error.lineno}", error.message
    except (TemplateError, OSError, ValueError, TypeError, AttributeError) as error:
        where, reason = name, str(error)
    else:
        return
    raise ConfigError(
        f"{where}: {' '.join((reason or 'it does not render').split())}",
        remedy="Mend the template, or take it out of the folder to use the toolkit's own.",
    )


def _style(environment: Environment) -> tuple[str, str]:
    """The style sheet as it stands in the page, and its hash for the security policy."""
    loader = environment.loader
    assert loader is not None
    css = loader.get_source(environment, "digest.css")[0].replace("\r\n", "\n")
    if "</style" in css.lower():
        raise ValueError("it holds '</style', which would end the style sheet early")
    digest = base64.b64encode(hashlib.sha256(css.encode("utf-8")).digest())
    return css, f"sha256-{digest.decode('ascii')}"


def _address(source: Source) -> Verbatim:
    """Where an article came from: an explicit link if it is a web address, else a code span."""
    return Verbatim(f"<{source.link}>" if source.link else code(source.path))
