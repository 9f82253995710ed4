"""prudent: AI apps that run on your own machine and answer for what they say. The public names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prudent.version import __version__

if TYPE_CHECKING:
    from prudent.client import AsyncClient, Client
    from prudent.errors import PrudentError

__all__ = ["AsyncClient", "Client", "PrudentError", "__version__"]


def __getattr__(name: str) -> object:
    """Import a public name on first use: httpx and pydantic alone would cost more than the import budget."""
    if name in ("AsyncClient", "Client"):
        from prudent import client

        return getattr(client, name)
    if name == "PrudentError":
        from prudent.errors import PrudentError

        return PrudentError
    raise AttributeError(f"module 'prudent' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
