"""Connections to hosts of the public internet only.

Names are resolved here, and the connection goes to the very address that was checked: a name that
points elsewhere a moment later gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpcore2

from toolkit.errors import InputError

Resolve = Callable[[str, int], Awaitable[list[str]]]
# Where clouds tell their machines secrets, and other networks that no news comes from.
_NEVER = [
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "fe80::/10", "ff00::/8"),
        *("100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::/32"),
    )
]
# Networks whose addresses stand for those of IPv4 in their last four bytes.
_WITHIN = [ipaddress.ip_network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")]
_HERE = ipaddress.ip_address("::1")
_CARRIER = ipaddress.ip_network("100.64.0.0/10")


class FetchError(InputError):
    """An address that could not be fetched. ``passing`` is whether it may work a moment later,
    ``wait`` what a server says of how long that is, ``status`` its answer, if there was one."""

    def __init__(
        self,
        reason: str,
        *,
        remedy: str = "Try again later, or take it off the list.",
        passing: bool = False,
        wait: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(reason, remedy=remedy)
        self.passing, self.wait, self.status = passing, wait, status


class UnknownHostError(FetchError):
    """A host whose name cannot be resolved."""


class Network(httpcore2.AnyIOBackend):
    """Connects to what is public, and with ``allow_private`` to this machine and its networks too.
    ``resolve`` returns the addresses of a name."""

    def __init__(self, *, allow_private: bool = False, resolve: Resolve | None = None) -> None:
        self._allow_private = allow_private
        self._resolve = resolve or _resolved

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of ``host``, which may all be connected to. Raises
        ``FetchError``."""
        found = await self._resolve(host, port)
        if all(is_public(address, allow_private=self._allow_private) for address in found):
            return found
        raise FetchError(
            f"{host} is no public host",
            remedy="If you trust it, say --allow-private (TOOLKIT_ALLOW_PRIVATE=true).",
        )

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of ``host`` that answers."""
        try:
            async with asyncio.timeout(timeout):
                found = await self.addresses(host, port)
        except TimeoutError:
            raise httpcore2.ConnectTimeout("its name was not resolved in time") from None
        for address in found[:-1]:
            try:
                return await super().connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await super().connect_tcp(found[-1], port, timeout, local_address, socket_options)


async def _resolved(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UnknownHostError(
            "no such host, or no network", remedy="Check the address and the network."
        ) from None
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def is_public(text: str, *, allow_private: bool = False) -> bool:
    """Return whether an address may be connected to.

    >>> is_public("93.184.216.34"), is_public("::ffff:10.0.0.1"), is_public("127.0.0.1")
    (True, False, False)
    >>> is_public("127.0.0.1", allow_private=True), is_public("169.254.169.254", allow_private=True)
    (True, False)
    """
    address = ipaddress.ip_address(text.split("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address != _HERE:
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if any(address in network for network in _WITHIN):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner), allow_private=allow_private)
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    near = address.is_private or address.is_loopback or address in _CARRIER
    return address.is_global or (allow_private and near)
