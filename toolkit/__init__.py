"""Read the world's news in any of NLLB's 202 languages, in English, with its evidence.

The functions are those of ``toolkit.api``, loaded when the first of them is asked for: the
command line, which imports this package too, must answer at once. All names in ``__all__`` are
stable, as are ``toolkit.testing`` and the command line; everything else is private.
"""

from typing import TYPE_CHECKING

from toolkit.version import VERSION

if TYPE_CHECKING:
    from toolkit.api import (
        brief,
        clean,
        detect_language,
        evaluate,
        load_articles,
        prepare,
        run,
        segment,
        summarise,
        translate,
        translate_article,
        translator,
    )
    from toolkit.bench.evaluation import Evaluation
    from toolkit.config import Config
    from toolkit.data import (
        Article,
        Brief,
        Bullet,
        Citation,
        CleanText,
        Digest,
        Dispute,
        Dropped,
        EarlierStory,
        Failure,
        Hypothesis,
        Paragraph,
        PreparedArticle,
        RunResult,
        Segment,
        Spelling,
        Story,
        StoryBullet,
        StorySource,
        TranslatedArticle,
        TranslatedText,
        Translation,
        Watched,
    )
    from toolkit.errors import (
        ConfigError,
        InputError,
        LockedError,
        ModelError,
        OutputError,
        PromptError,
        ToolkitError,
        UnknownLanguageError,
    )
    from toolkit.llm.local_causal import LocalCausal
    from toolkit.llm.openai_server import OpenAIServer
    from toolkit.progress import Progress
    from toolkit.readers.base import Reader, article_id
    from toolkit.summarisers.base import Summariser
    from toolkit.summarisers.models.prompted import Prompted
    from toolkit.translators.base import Translator

__version__ = VERSION

__all__ = [
    "Article",
    "Brief",
    "Bullet",
    "Citation",
    "CleanText",
    "Config",
    "ConfigError",
    "Digest",
    "Dispute",
    "Dropped",
    "EarlierStory",
    "Evaluation",
    "Failure",
    "Hypothesis",
    "InputError",
    "LocalCausal",
    "LockedError",
    "ModelError",
    "OpenAIServer",
    "OutputError",
    "Paragraph",
    "PreparedArticle",
    "Progress",
    "PromptError",
    "Prompted",
    "Reader",
    "RunResult",
    "Segment",
    "Spelling",
    "Story",
    "StoryBullet",
    "StorySource",
    "Summariser",
    "ToolkitError",
    "TranslatedArticle",
    "TranslatedText",
    "Translation",
    "Translator",
    "UnknownLanguageError",
    "Watched",
    "__version__",
    "article_id",
    "brief",
    "clean",
    "detect_language",
    "evaluate",
    "load_articles",
    "prepare",
    "run",
    "segment",
    "summarise",
    "translate",
    "translate_article",
    "translator",
]


# Where the names are that ``toolkit.api`` does not use itself.
_HOMES = (
    *("data", "errors", "progress"),
    *("readers.base", "summarisers.base", "translators.base", "bench.evaluation"),
    *("summarisers.models.prompted", "llm.openai_server", "llm.local_causal"),
)


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    homes = (import_module(f"{__name__}.{home}") for home in ("api", *_HOMES))
    return next(getattr(home, name) for home in homes if hasattr(home, name))


def __dir__() -> list[str]:
    return __all__


def load_ipython_extension(shell: object) -> None:
    """Give a notebook the cell magic ``%%translate``: see ``%%translate?``."""
    from toolkit.cli.notebook import register

    register(shell)
