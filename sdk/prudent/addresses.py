"""Which addresses are of the internet, and how to connect to one that was looked at. Fetches nothing.

A name that is resolved once, looked at, and connected to by its address cannot change its mind in between
(DNS rebinding): see server/remote_image.py and the agents' http tools.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    import httpx

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[list[Address]]]
"""A host's addresses; the number is the port."""

PORTS: Final = {"http": 80, "https": 443}
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

_TRANSLATED: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))
"""IPv6 addresses that stand for IPv4 ones somewhere else (NAT64, 6to4): where they lead is not known."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet: not this machine, its network, nor anything reserved."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in _TRANSLATED):
            return False
    return address.is_global and not address.is_multicast


async def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a host, by this machine's resolver. Raises OSError where there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found]


def pinned_request(
    http: httpx.AsyncClient,
    method: str,
    url: httpx.URL,
    address: Address,
    *,
    headers: Mapping[str, str],
    content: bytes | None = None,
) -> httpx.Request:
    """A request that connects to `address` and speaks to the URL's host, also in the TLS handshake."""
    host = url.netloc.decode("ascii")
    request = http.build_request(
        method, url.copy_with(host=str(address)), headers={**headers, "host": host}, content=content
    )
    request.extensions["sni_hostname"] = url.host
    return request
