"""The key that a language model's server may want, and which servers are sent it.

It is read from the environment, or from a file that is named there or that systemd hands over
(``LoadCredential=``), when a request is made, and goes nowhere but into its header: not
into a signature, an error, a log or ``repr``. It goes to the server that the user named. One that
only the ``toolkit.toml`` of the working folder names gets none, since that file may have come with
a folder that somebody else made, until ``TOOLKIT_LLM_TRUST`` has its host.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.config import CONFIG_NAME, UnconfirmedUrl
from toolkit.errors import ConfigError

if TYPE_CHECKING:
    import httpx2

KEY_VARIABLE = "TOOLKIT_LLM_API_KEY"
KEY_FILE_VARIABLE = "TOOLKIT_LLM_API_KEY_FILE"
# The name of the file in the folder that systemd names to a service.
CREDENTIAL, _CREDENTIALS = "llm-api-key", "CREDENTIALS_DIRECTORY"
# Hosts (``host`` or ``host:port``, separated by commas) that may have the key whoever names them.
TRUST_VARIABLE = "TOOLKIT_LLM_TRUST"
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

log = logging.getLogger(__name__)


class ServerKey:
    """The key for one server: ``url`` as somebody wrote it, ``address`` as it was parsed."""

    def __init__(self, url: str, address: httpx2.URL) -> None:
        encrypted = address.scheme == "https" or address.host in LOCAL_HOSTS
        named_by_user = not isinstance(url, UnconfirmedUrl)
        # A file could name a trusted host with http, and the key could be read on its way.
        self._withheld = not (named_by_user or (encrypted and _trusts(address)))
        self._host = address.host
        if self._withheld and _key():
            log.warning("%s", self._explanation())
        elif not encrypted and _key():
            log.warning("%s is sent unencrypted to %s: use https", KEY_VARIABLE, self._host)

    def header(self) -> dict[str, str]:
        """Return the header with the key; empty where there is none or the server gets none."""
        key = _key()
        return {"Authorization": f"Bearer {key}"} if key and not self._withheld else {}

    def remedy(self) -> str:
        """Say what to do where the server refuses the key, or its absence."""
        if self._withheld and _key():
            return self._explanation()
        return f"Check the key in the environment variable {KEY_VARIABLE}."

    def _explanation(self) -> str:
        return (
            f"{KEY_VARIABLE} is not sent to {self._host}, named by {CONFIG_NAME} of the working "
            f"folder. If it may have the key, set {TRUST_VARIABLE}={self._host} (with https) or "
            "TOOLKIT_LLM_URL, or name the file with --config."
        )


def secret(variable: str, credential: str, meaning: str) -> str | None:
    """Return a secret, if there is one: the value of the environment's ``variable``, else what is
    in the file that ``{variable}_FILE`` names, or in that of the ``credential`` that systemd hands
    over. Raises ``ConfigError``, which names its ``meaning``, where the file cannot be read."""
    named, folder = os.environ.get(f"{variable}_FILE"), os.environ.get(_CREDENTIALS)
    if key := os.environ.get(variable):
        return key
    path = Path(named) if named else Path(folder or "") / credential
    if not named and not (folder and path.exists()):
        return None
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: the {meaning} cannot be read ({error})",
            remedy=f"Mend its permissions, or unset {variable}_FILE.",
        ) from None


def _key() -> str | None:
    return secret(KEY_VARIABLE, CREDENTIAL, "key of the language model's server")


def without_key(text: str) -> str:
    """Return ``text`` with asterisks in place of the key."""
    key = _key()
    return text.replace(key, "***") if key else text


def _trusts(address: httpx2.URL) -> bool:
    hosts = {host.strip().lower() for host in os.environ.get(TRUST_VARIABLE, "").split(",")}
    port = address.port or {"https": 443, "http": 80}[address.scheme]
    return not hosts.isdisjoint({address.host, f"{address.host}:{port}"})
