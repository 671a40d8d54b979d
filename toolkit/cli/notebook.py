"""The cell magic ``%%translate`` of notebooks, which ``%load_ext toolkit`` loads."""

from __future__ import annotations

from typing import Any

from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from toolkit import api
from toolkit.config import load
from toolkit.data import TranslatedArticle
from toolkit.languages import codes, detection
from toolkit.runs.texts import plain_article


def _translate(line: str, cell: str) -> TranslatedArticle:
    """Translate the text of the cell, and show each sentence beside its translation."""
    asked = parse_argstring(translate, line)
    language = codes.resolve(asked.source).code if asked.source else detection.detect_language(cell)
    article = plain_article(cell, language)
    return api.translate_article(article, target=asked.target, model=asked.model or load().model)


translate: Any = _translate
for _option in (
    argument("--from", dest="source", help="The language of the text [detected]."),
    argument("--to", dest="target", default="en", help="The language wanted [en]."),
    argument("--model", help="demo, 600M, 1.3B, 3.3B, a hub id or a folder [as configured]."),
    magic_arguments("%%translate"),
):
    translate = _option(translate)


def register(shell: Any) -> None:
    """Make the magic known to the ``shell`` of IPython."""
    shell.register_magic_function(translate, magic_kind="cell", magic_name="translate")
