"""Map by the workers of a Ray cluster, each machine of which needs the toolkit in the same version.

Ray: Moritz et al., "Ray: A Distributed Framework for Emerging AI Applications", OSDI 2018.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from toolkit.errors import ConfigError, ToolkitError
from toolkit.executors.base import Died, Failed, map_shards, run_shard

T = TypeVar("T")
R = TypeVar("R")

_REMEDY = "Look at the address and at RAY_ADDRESS, and whether the cluster is up."


class RayCluster:
    """Maps by the cluster at ``address`` (``host:port`` or ``auto``), else by that of the
    environment variable ``RAY_ADDRESS``, else by one that is started on this machine for the
    time of a map. Raises ``ConfigError`` when Ray is not installed.

    Which worker makes the second attempt for an item that raised is Ray's choice.
    """

    def __init__(self, address: str | None = None) -> None:
        # By default Ray reports its use to its makers.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ImportError:
            raise ConfigError(
                "the executor 'ray' needs Ray, which is not installed",
                remedy="Install it: pip install ray.",
            ) from None
        self._ray = ray
        self.address = address

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R | Failed]:
        """See ``Executor.map``. Raises ``ConfigError`` when the cluster cannot be reached."""
        ray = self._ray
        started = not ray.is_initialized()
        _knock(self.address or os.environ.get("RAY_ADDRESS", ""))
        try:
            ray.init(
                address=self.address,
                ignore_reinit_error=True,
                log_to_driver=False,
                logging_level="warning",
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise ConfigError(
                f"Ray cannot be used: {reason}",
                remedy=_REMEDY,
            ) from error
        try:
            count = max(1, int(ray.cluster_resources().get("CPU", 1)))
            yield from map_shards(function, items, _Tasks(ray), in_flight=2 * count)
        finally:
            if started:
                ray.shutdown()


def _knock(address: str) -> None:
    """Raise ``ConfigError`` where nobody answers at ``address``: Ray itself waits for many
    minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host:
        return  # "auto" and the like, which Ray resolves.
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except (OSError, ValueError) as error:
        raise ConfigError(f"Ray at {address} cannot be reached ({error})", remedy=_REMEDY) from None


class _Tasks:
    """Makes every shard a task, and every item that must be alone."""

    def __init__(self, ray: Any) -> None:
        self.ray = ray
        # Ray would run a shard that kills its worker again and again as a whole.
        self.task = ray.remote(max_retries=0)(run_shard)

    def start(
        self, function: Callable[[Any], Any], items: Sequence[Any]
    ) -> Callable[[], list[Any]]:
        reference = self.task.remote(function, items)
        return lambda: self._outcomes(reference, len(items))

    def alone(self, function: Callable[[Any], Any], item: Any) -> Any:
        (outcome,) = self._outcomes(self.task.remote(function, [item]), 1)
        return outcome

    def _outcomes(self, reference: Any, count: int) -> list[Any]:
        known = self.ray.exceptions
        try:
            outcomes: list[Any] = self.ray.get(reference)
        except (
            known.WorkerCrashedError,
            known.OutOfMemoryError,
            known.NodeDiedError,
            known.ObjectLostError,
        ):
            return [Died()] * count
        except known.RayError as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise ToolkitError(
                f"Ray could not run the work: {lines[-1]}",
                remedy="Every machine of the cluster needs this toolkit and Python, in the same "
                "versions as here.",
            ) from error
        return outcomes
