"""The client of an agent: made where none was given, and one for each event loop where that matters."""

from __future__ import annotations

import asyncio
from types import NoneType
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from prudent.client import AsyncClient, Client
from prudent.errors import ConfigurationError

_CLIENTS: tuple[type, ...] = (Client, AsyncClient, str)
_HERE = ("localhost", "127.0.0.1", "::1")


class Connected:
    """Gives the client for the running loop: connections belong to a loop, models in this process do not."""

    def __init__(self, given: Client | AsyncClient | str | None) -> None:
        """Raises ConfigurationError: it is no client and no address."""
        if not isinstance(given, (*_CLIENTS, NoneType)):
            raise ConfigurationError(
                f"{type(given).__name__} is no client.",
                hint="Give a Client, an AsyncClient or a server's address.",
                param="client",
            )
        self._given = given
        self._local: AsyncClient | None = None
        self._remote: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncClient] = WeakKeyDictionary()

    def use(self, client: Client | AsyncClient) -> None:
        """Take this client, where none was given."""
        self._given = client if self._given is None else self._given

    @property
    def priced(self) -> bool:
        """Whether a call may cost money that nobody named: the address is of another machine."""
        return isinstance(self._given, str) and urlsplit(self._given).hostname not in _HERE

    def client(self) -> AsyncClient:
        """The client for the running loop."""
        if isinstance(self._given, AsyncClient):
            return self._given
        loop = asyncio.get_running_loop()
        if isinstance(self._given, str):
            if loop not in self._remote:
                self._remote[loop] = AsyncClient(self._given)
            return self._remote[loop]
        if isinstance(self._given, Client):
            if loop not in self._remote:
                self._remote[loop] = self._given.shared()
            return self._remote[loop]
        if self._local is None:
            self._local = AsyncClient()
        return self._local

    async def close(self) -> None:
        """Close what was made here: the models in this process, and connections of the running loop."""
        remote = self._remote.pop(asyncio.get_running_loop(), None)
        if remote is not None:
            await remote.close()
        if self._local is not None:
            await self._local.close()
            self._local = None
