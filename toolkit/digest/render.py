"""Writes a digest as HTML and as Markdown.

They are made by the templates ``digest.html.j2`` (with ``digest.css``), ``digest.md.j2`` and, for
mail, ``mail.html.j2`` (with ``mail.css``); those in a folder given as ``templates`` replace the
packaged ones. Every value is escaped: in HTML by Jinja, in Markdown by ``safe_text.markdown``.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.data import Digest
from toolkit.digest.example import example
from toolkit.digest.filters import rules
from toolkit.digest.page import arrange
from toolkit.digest.safe_text import Verbatim, code
from toolkit.digest.safe_text import markdown as escaped
from toolkit.digest.sandbox import environment, template_errors
from toolkit.digest.sources import Source
from toolkit.digest.wording import day, weekday
from toolkit.errors import ConfigError
from toolkit.version import VERSION

# Where the packaged template has a link to the digest of the next day, which is made later.
NEXT_DAY = "<!-- next day -->"

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def html(digest: Digest, *, templates: Path | None = None) -> str:
    """Return ``digest`` as one self-contained page, which loads nothing.

    Raises ``ConfigError`` when the folder ``templates`` is missing or a template is broken.
    """
    return "".join(html_parts(digest, templates=templates))


def html_parts(digest: Digest, *, templates: Path | None = None) -> Iterator[str]:
    """Yield the text of ``html`` in parts, for pages of any size."""
    from markupsafe import Markup

    jinja = environment(templates, {"day": day, "weekday": weekday, "next_day": _next_day})
    page = arrange(digest)
    css, css_hash = style(jinja, rules(page.filters))
    with template_errors("digest.html.j2"):
        yield from jinja.get_template("digest.html.j2").generate(
            page=page, css=Markup(css), css_hash=css_hash, version=VERSION
        )


def markdown(digest: Digest, *, templates: Path | None = None) -> str:
    """Return ``digest`` as Markdown that looks the same on GitHub and in CommonMark, without HTML.

    Raises ``ConfigError`` as ``html`` does.
    """
    return "".join(markdown_parts(digest, templates=templates))


def markdown_parts(digest: Digest, *, templates: Path | None = None) -> Iterator[str]:
    """Yield the text of ``markdown`` in parts."""
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


def mail_html(digest: Digest, *, templates: Path | None = None) -> str:
    """Return ``digest`` as HTML for programs that show mail: without originals, forms and what
    unfolds, its style sheet in its head. Raises ``ConfigError`` as ``html`` does."""
    from markupsafe import Markup

    jinja = environment(templates, {"day": day, "weekday": weekday})
    css, _ = style(jinja, sheet="mail.css")
    with template_errors("mail.html.j2"):
        return jinja.get_template("mail.html.j2").render(
            page=arrange(digest), css=Markup(css), version=VERSION
        )


def next_day(date: dt.date) -> str:
    """Return the link that takes the place of ``NEXT_DAY`` when the digest of ``date`` is there."""
    link = f'<a class="next" rel="next" href="../{date.isoformat()}/digest.html">'
    return f'{link}<time datetime="{date.isoformat()}">{day(date)}</time></a>'


def check_templates(templates: Path | None) -> None:
    """Render an empty digest and one that has everything with the templates in ``templates``,
    so that a broken one stops a run at its start. Raises ``ConfigError``."""
    if templates is not None:
        for digest in (Digest(dt.date(2000, 1, 1), "", (), ()), example()):
            html(digest, templates=templates)
            markdown(digest, templates=templates)
            mail_html(digest, templates=templates)


def _next_day(date: dt.date | None) -> Markup:
    from markupsafe import Markup

    return Markup(next_day(date) if date else NEXT_DAY)


def style(
    environment: Environment, more: str = "", *, sheet: str = "digest.css"
) -> tuple[str, str]:
    """Return a style sheet as it stands in the page, with ``more`` rules, and its hash for the
    page's content security policy."""
    loader = environment.loader
    assert loader is not None
    css, path, _ = loader.get_source(environment, sheet)
    css = css.replace("\r\n", "\n")
    if "</style" in css.lower():
        raise ConfigError(
            f"{path}: it holds '</style', which would end the style sheet early",
            remedy="Write it otherwise; a style sheet needs no such text.",
        )
    css += more
    digest = base64.b64encode(hashlib.sha256(css.encode("utf-8")).digest())
    return css, f"sha256-{digest.decode('ascii')}"


def _address(source: Source) -> Verbatim:
    """Return the source of an article as a link if it is a web address, else as a code span."""
    return Verbatim(f"<{source.link}>" if source.link else code(source.path))
