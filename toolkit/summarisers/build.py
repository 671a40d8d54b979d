"""From a configuration to a summariser."""

from __future__ import annotations

from toolkit.config import Config
from toolkit.errors import ConfigError
from toolkit.generators.base import Generator
from toolkit.summarisers.base import Summariser


def load_summariser(config: Config) -> Summariser:
    """The summariser that ``config.summariser`` names, its weights loaded if it has any.

    Raises ``ConfigError`` where a setting is missing and ``ModelError`` where a model is.
    """
    if config.summariser == "extractive":
        from toolkit.summarisers.extractive import Extractive

        return Extractive()
    if config.summariser == "prompted":
        from toolkit.summarisers.prompted import Prompted

        return Prompted(_generator(config), prompts=config.prompts)
    from toolkit.summarisers.seq2seq import Seq2Seq

    return Seq2Seq(config.summariser, device=config.device)


def _generator(config: Config) -> Generator:
    if config.llm_model is None:
        raise ConfigError(
            "the prompted summariser needs a language model",
            remedy="Set llm_model, and llm_url if a server has it (TOOLKIT_LLM_MODEL, "
            "TOOLKIT_LLM_URL or toolkit.toml).",
        )
    if config.llm_url is not None:
        from toolkit.generators.openai_server import OpenAIServer

        return OpenAIServer(config.llm_url, config.llm_model)
    from toolkit.generators.local_causal import LocalCausal

    return LocalCausal(config.llm_model, device=config.device)
