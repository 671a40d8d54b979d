"""The five sample articles that travel in the package: the folder ``seeds/`` of its source."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def samples() -> tuple[Path, ...]:
    """Return the files of the sample articles, in the order of their names."""
    try:
        names = [str(item) for item in resources.files("toolkit.samples").iterdir()]
    except ModuleNotFoundError:
        # A source tree that was not installed has them beside the package.
        names = [str(item) for item in (Path(__file__).parents[2] / "seeds").iterdir()]
    return tuple(Path(name) for name in sorted(names) if name.endswith(".txt"))
