"""From a configuration to a summariser."""

from __future__ import annotations

from toolkit.config import Config
from toolkit.errors import ConfigError
from toolkit.summarisers.base import Summariser


def load_summariser(config: Config) -> Summariser:
    """The summariser that ``config.summariser`` names. Raises ``ConfigError`` for another."""
    if config.summariser == "extractive":
        from toolkit.summarisers.extractive import Extractive

        return Extractive()
    raise ConfigError(f"no summariser {config.summariser!r}", remedy="Use 'extractive'.")
