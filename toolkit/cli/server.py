"""The command ``serve``."""

from __future__ import annotations

from typing import Any

import click

from toolkit.cli.console import progress, say
from toolkit.cli.options import model_options
from toolkit.errors import ConfigError


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=5000, show_default=True)
@click.option("--max-characters", type=click.IntRange(1), default=20_000, show_default=True)
@click.option("--max-texts", type=click.IntRange(1), default=256, show_default=True)
@model_options
def serve(
    host: str,
    port: int,
    max_characters: int,
    max_texts: int,
    **options: Any,
) -> None:
    """Translate over HTTP, for programs that speak LibreTranslate's interface.

    Where TOOLKIT_SERVER_KEY or TOOLKIT_SERVER_KEY_FILE is set, they must send that key.
    """
    from toolkit.config import load
    from toolkit.llm.keys import secret

    try:
        from toolkit.server.app import Limits
        from toolkit.server.serve import KEY_CREDENTIAL, KEY_VARIABLE, open_socket
        from toolkit.server.serve import serve as run
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the server needs the package {error.name}",
            remedy="pip install 'news-toolkit[serve]'",
        ) from None

    key = secret(KEY_VARIABLE, KEY_CREDENTIAL, "key of the server")
    config = load(options)
    with open_socket(host, port, key=key) as listening, progress() as bar:
        run(
            listening,
            config,
            limits=Limits(max_characters, max_texts),
            key=key,
            progress=bar,
            say=say,
        )
