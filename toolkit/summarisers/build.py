"""Makes the summariser that a configuration names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit import plugins
from toolkit.config import Config
from toolkit.errors import ConfigError
from toolkit.llm.base import Generator
from toolkit.summarisers.base import Summariser

if TYPE_CHECKING:
    from toolkit.summarisers.models.merge import PromptedMerge


@dataclass(frozen=True, slots=True)
class Writers:
    """The summariser, and what merges the briefs of one story (None: their bullets are chosen)."""

    summariser: Summariser
    merger: PromptedMerge | None = None

    def begin(self) -> None:
        """Forget what a summariser counted in an earlier run."""
        begin = getattr(self.summariser, "begin", None)
        if begin is not None:
            begin()

    @property
    def notices(self) -> list[str]:
        """Return what readers must know of the models that were asked so far."""
        found = (getattr(writer, "notice", "") for writer in (self.summariser, self.merger))
        return [notice for notice in found if notice]

    @property
    def signature(self) -> str:
        parts = [self.summariser.signature, self.merger.signature if self.merger else ""]
        return " ".join(part for part in parts if part)


def load_writers(config: Config) -> Writers:
    """Return the writers that ``config.summariser`` names, their weights loaded if they have any.

    Raises ``ConfigError`` where a setting is missing or a plug-in cannot be used, and
    ``ModelError`` where a model is missing.
    """
    if config.summariser == "extractive":
        from toolkit.summarisers.extractive.summariser import Extractive

        return Writers(Extractive())
    if config.summariser == "prompted":
        from toolkit.summarisers.models.merge import PromptedMerge
        from toolkit.summarisers.models.prompted import Prompted

        generator = _generator(config)
        return Writers(
            Prompted(generator, prompts=config.prompts),
            PromptedMerge(generator, prompts=config.prompts),
        )
    if (made := plugins.make("summariser", config.summariser)) is not None:
        return Writers(made)
    from toolkit.summarisers.models.seq2seq import Seq2Seq

    return Writers(Seq2Seq(config.summariser, device=config.device))


def _generator(config: Config) -> Generator:
    if config.llm_model is None:
        raise ConfigError(
            "the prompted summariser needs a language model",
            remedy="Set llm_model, and llm_url if a server has it (TOOLKIT_LLM_MODEL, "
            "TOOLKIT_LLM_URL or toolkit.toml).",
        )
    if config.llm_url is not None:
        from toolkit.llm.openai_server import OpenAIServer

        return OpenAIServer(config.llm_url, config.llm_model)
    from toolkit.llm.local_causal import LocalCausal

    return LocalCausal(config.llm_model, device=config.device)
