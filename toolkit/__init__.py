"""Read the world's news in any of NLLB's 202 languages, in English, with its evidence.

The functions are those of ``toolkit.api``, loaded when the first of them is asked for: the
command line, which imports this package too, must answer at once.
"""

from typing import TYPE_CHECKING

from toolkit.version import VERSION

if TYPE_CHECKING:
    from toolkit.api import (
        brief,
        clean,
        detect_language,
        load_articles,
        prepare,
        run,
        segment,
        summarise,
        translate,
        translate_article,
        translator,
    )
    from toolkit.config import Config
    from toolkit.data import Article, RunResult, TranslatedArticle

__version__ = VERSION

__all__ = [
    "Article",
    "Config",
    "RunResult",
    "TranslatedArticle",
    "__version__",
    "brief",
    "clean",
    "detect_language",
    "load_articles",
    "prepare",
    "run",
    "segment",
    "summarise",
    "translate",
    "translate_article",
    "translator",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from toolkit import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return __all__
