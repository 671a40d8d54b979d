"""A digest as HTML, Markdown and JSON.

Templates are Jinja's: ``digest.html.j2``, ``digest.css`` and ``digest.md.j2``. A folder given as
``templates`` is searched first, so that a user may replace any one of them. Both kinds escape
every value by default: HTML by Jinja's autoescaping, Markdown by ``toolkit.display.markdown``.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.data import Digest
from toolkit.display import Verbatim, code, whole
from toolkit.display import markdown as escaped
from toolkit.errors import ConfigError
from toolkit.page import Source, arrange, day, weekday
from toolkit.version import VERSION

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).with_name("templates")


def html(digest: Digest, *, templates: Path | None = None) -> str:
    """``digest`` as one self-contained page that asks for nothing from anywhere.

    Raises ``ConfigError`` when the folder ``templates`` is missing or a template is broken.
    """
    from markupsafe import Markup

    environment = _environment(templates)
    with _template_errors("digest.css"):
        css, css_hash = _style(environment)
    with _template_errors("digest.html.j2"):
        return environment.get_template("digest.html.j2").render(
            page=arrange(digest), css=Markup(css), css_hash=css_hash, version=VERSION
        )


def markdown(digest: Digest, *, templates: Path | None = None) -> str:
    """``digest`` as Markdown that looks the same on GitHub and in CommonMark, without HTML.

    Raises ``ConfigError`` when the folder ``templates`` is missing or a template is broken.
    """
    environment = _markdown_environment(templates)
    with _template_errors("digest.md.j2"):
        return environment.get_template("digest.md.j2").render(
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
    return {
        "date": digest.date.isoformat(),
        "signature": whole(digest.signature),
        "notices": [whole(n) for n in digest.notices],
        "articles": [
            {
                "id": a.id,
                "source": whole(a.source),
                "language": a.language,
                "title": None if a.title is None else whole(a.title),
                "original_title": None if a.original_title is None else whole(a.original_title),
            }
            for a in digest.articles
        ],
        "stories": [
            {
                "headline": whole(s.headline),
                "bullets": [
                    {
                        "text": whole(b.text),
                        "cites": [
                            {"article": c.article_id, "segments": list(c.segments)} for c in b.cites
                        ],
                    }
                    for b in s.bullets
                ],
                "articles": list(s.articles),
                "continues": None if s.continues is None else s.continues.isoformat(),
                "notes": [whole(n) for n in s.notes],
            }
            for s in digest.stories
        ],
        "failures": [
            {
                "source": whole(f.source),
                "stage": f.stage,
                "reason": whole(f.reason),
                "remedy": whole(f.remedy),
            }
            for f in digest.failures
        ],
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
