"""Read the world's news in any of NLLB's 202 languages, in English, with its evidence."""

from toolkit.api import (
    Article,
    Config,
    RunResult,
    TranslatedArticle,
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
from toolkit.version import VERSION as __version__

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
