"""Writes single settings to the configuration file."""

from __future__ import annotations

from pathlib import Path

from toolkit.config import CONFIG_NAME
from toolkit.errors import ConfigError, OutputError
from toolkit.storage import write_whole


def write_setting(name: str, value: str, *, path: Path | None = None) -> Path:
    """Set ``name`` to ``value`` in the file that ``load`` reads, and return the file's path.

    A file that is not there is made. Comments, order and layout stay. Raises ``ConfigError`` where
    the file is not TOML, and ``OutputError`` where it cannot be written.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    found = path or Path(CONFIG_NAME)
    try:
        document = tomlkit.parse(found.read_bytes() if found.exists() else b"")
    except (TOMLKitError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(
            f"{found}: cannot be read ({error})", remedy="It must be a TOML file in UTF-8."
        ) from None
    document[name] = value
    try:
        write_whole(found.resolve(), tomlkit.dumps(document).encode())  # A link stays a link.
    except OSError as error:
        raise OutputError(
            f"{found}: cannot be written ({error.strerror or error})",
            remedy="Mend its folder's permissions, or name another with --config.",
        ) from None
    return found
