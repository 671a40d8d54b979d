"""A page that shows each sentence beside its English, with the warnings in place."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.data import TranslatedArticle
from toolkit.digest.render import style
from toolkit.digest.sandbox import environment, template_errors
from toolkit.digest.sources import arrange_source
from toolkit.version import VERSION

_TEMPLATE = "side_by_side.html.j2"


def page(articles: Sequence[TranslatedArticle]) -> str:
    """Return one self-contained page, which has no script and loads nothing."""
    from markupsafe import Markup

    jinja = environment(None, {})
    css, css_hash = style(jinja)
    sources = [arrange_source(number, article) for number, article in enumerate(articles, 1)]
    with template_errors(_TEMPLATE):
        return jinja.get_template(_TEMPLATE).render(
            sources=sources, css=Markup(css), css_hash=css_hash, version=VERSION
        )
