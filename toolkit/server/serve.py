"""Run the server until it is told to end."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from ipaddress import ip_address

import uvicorn

from toolkit.config import Config
from toolkit.errors import ConfigError
from toolkit.languages import ENGLISH
from toolkit.progress import Progress
from toolkit.runs.cache import Cache
from toolkit.server.app import Limits, Service, create_app
from toolkit.server.batching import Batcher
from toolkit.terminology.terms import load_terms
from toolkit.translators.build import load_configured

KEY_VARIABLE = "TOOLKIT_SERVER_KEY"
# The name of the file in the folder that systemd names to a service.
KEY_CREDENTIAL = "server-key"
# Requests that may be open at once, waiting ones included.
_MOST_REQUESTS = 1024


def open_socket(host: str, port: int, *, key: str | None) -> socket.socket:
    """Return a socket that listens there. Raises ``ConfigError`` where it cannot, and for an
    address that other machines reach while no key is asked for."""
    if key is None and not _is_this_machine(host):
        raise ConfigError(
            f"{host} can be reached from other machines, and no key is set",
            remedy=f"Set {KEY_VARIABLE}, or {KEY_VARIABLE}_FILE to a file with it.",
        )
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_MOST_REQUESTS)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"{host}:{port} cannot be listened at ({reason})",
            remedy="Name another one with --host and --port.",
        ) from None


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(
    listening: socket.socket,
    config: Config,
    *,
    limits: Limits,
    key: str | None,
    progress: Progress,
    say: Callable[[str], None],
) -> None:
    """Answer requests at the socket ``listening`` until SIGINT or SIGTERM, and then those that are
    under way. Raises what ``load_configured`` and the cache raise."""
    load_terms(config, target=ENGLISH)  # A glossary that cannot be read is told at once.
    translator = load_configured(config, say=say, progress=progress)
    if translator.notice:
        say(translator.notice)
    cache = Cache(config.cache, say=say, limit=config.cache_size)
    batcher = Batcher(translator, config, cache)
    app = create_app(Service(batcher, limits, key, translator.notice))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, limit_concurrency=_MOST_REQUESTS)
    )
    # uvicorn ends in good order at these signals and raises them again afterwards.
    before = {number: signal.signal(number, _ignore) for number in (signal.SIGINT, signal.SIGTERM)}
    host, port = listening.getsockname()[:2]
    say(f"Listening at http://{f'[{host}]' if ':' in host else host}:{port}/ (Ctrl-C ends it).")
    try:
        server.run(sockets=[listening])
    finally:
        batcher.close()
        cache.close()
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore(*_: object) -> None:
    """Do nothing: the signal has been obeyed."""
