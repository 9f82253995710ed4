"""Who may talk to the server: bearer keys, and the two ways a web page could reach a loopback server.

DNS rebinding makes a browser send a foreign name in Host; a cross-site request sends a foreign Origin.
Both are refused before any route runs, a WebSocket too: a browser opens one to any server without asking it
first. Knows no route but the two health probes.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from prudent.errors import AuthenticationError, PermissionDeniedError, PrudentError
from prudent.server.errors import error_response

PROBES = ("/healthz", "/readyz")
"""Answer without a key: whoever restarts a server has none, and they say nothing of anybody."""

KEY_ID_LENGTH = 16
"""Hexadecimal digits of a key's digest: enough to tell keys apart, of no use to who wants to guess one."""

POLICY_VIOLATION = 1008
"""The code that a WebSocket is closed with where a server does not let somebody in (RFC 6455)."""


class Entrance:
    """Lets a request in when its Host, its Origin and its key are right; `state.key_id` says which key."""

    def __init__(self, app: ASGIApp, *, api_keys: Sequence[str], allowed_hosts: Sequence[str]) -> None:
        self._app = app
        self._keys = [_digest(key) for key in api_keys]
        self._hosts = frozenset(host.lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        error = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if error is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await error_response(error)(scope, receive, send)
        else:
            await refuse_socket(error, scope, receive, send)

    def _refusal(self, scope: Scope) -> PrudentError | None:
        headers = Headers(scope=scope)
        if not self._is_ours(headers.get("host", "")):
            return PermissionDeniedError(
                "The Host header names a server that this is not.",
                hint="The server's setting allowed_hosts lets more names in.",
            )
        origin = headers.get("origin")
        if origin is not None and not self._is_ours(urlsplit(origin).netloc):
            return PermissionDeniedError("Requests from other web sites are not answered.")
        if self._keys and scope["path"] not in PROBES:
            return self._check_key(scope, headers.get("authorization", ""))
        return None

    def _is_ours(self, host_and_port: str) -> bool:
        """Whether the name cannot have been chosen by a stranger's DNS: an address, localhost, or allowed."""
        if "*" in self._hosts:
            return True
        try:
            host = urlsplit(f"//{host_and_port}").hostname or ""
        except ValueError:
            return False
        if host == "localhost" or host.endswith(".localhost") or host in self._hosts:
            return True
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True

    def _check_key(self, scope: Scope, header: str) -> PrudentError | None:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer" or not key:
            return AuthenticationError("A key is needed.", hint="Send it as `Authorization: Bearer <key>`.")
        given = _digest(key.strip())
        # Every key is compared, and digests have one length: the time tells nothing of where they differ.
        known = [hmac.compare_digest(given, digest) for digest in self._keys]
        if not any(known):
            return AuthenticationError("The server does not know this key.")
        scope.setdefault("state", {})["key_id"] = given.hex()[:KEY_ID_LENGTH]
        return None


async def refuse_socket(error: PrudentError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer who asks for a WebSocket with an error, before it is one."""
    await receive()  # websocket.connect
    if "websocket.http.response" in scope.get("extensions", {}):
        response = error_response(error)
        head = {"status": response.status_code, "headers": response.raw_headers}
        await send({"type": "websocket.http.response.start", **head})
        await send({"type": "websocket.http.response.body", "body": response.body})
    else:
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": error.message[:100]})


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
