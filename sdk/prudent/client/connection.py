"""Where a client sends its calls, and how it reads the answers. One class blocks, one awaits.

Everything that the two share (options, URLs, headers, which transport) is in `Options`; they differ only
in the words `async` and `await`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from prudent.client.app_sockets import AppSocket, AsyncAppSocket
from prudent.client.app_thread import ASGIApp
from prudent.client.byte_stream import AsyncByteStream, ByteStream
from prudent.client.drivers import aperform, perform
from prudent.client.exchange import Call, FormBody, Reply, exchange
from prudent.client.sockets import AsyncServerSocket, AsyncSocket, ServerSocket, Socket, socket_url
from prudent.client.stream import AsyncStream, Stream
from prudent.client.transports import AppTransport, AsyncAppTransport
from prudent.errors import ConfigurationError, ConnectionFailedError, InternalError
from prudent.types.operation import Operation
from prudent.types.progress import ProgressListener
from prudent.version import __version__

DEFAULT_TIMEOUT = httpx.Timeout(connect=5.0, read=600.0, write=60.0, pool=60.0)
"""Seconds. Reading is long because the first request may wait for a model to be fetched and compiled."""

IN_PROCESS_URL = "http://localhost"

ResponseT = TypeVar("ResponseT", bound=BaseModel)
EventT = TypeVar("EventT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Options:
    """How a client reaches its server. `base_url` None means in this process."""

    base_url: str | None
    api_key: str | None
    timeout: httpx.Timeout
    max_retries: int
    model: str | None
    policy: str | None
    progress: ProgressListener | None
    own_http: bool = False

    @classmethod
    def of(
        cls,
        base_url: str | None,
        *,
        api_key: str | None,
        timeout: float | httpx.Timeout | None,
        max_retries: int,
        model: str | None,
        policy: str | None,
        progress: ProgressListener | None,
        own_http: bool,
    ) -> Options:
        """Fill in what the environment says, and refuse what could have no effect.

        Raises:
            ConfigurationError: an option is wrong, or makes no sense beside another.
        """
        if base_url is None and not own_http:
            base_url = os.environ.get("PRUDENT_BASE_URL") or None
        if base_url is not None:
            base_url = _server_root(base_url)
        if max_retries < 0:
            raise ConfigurationError("max_retries must be 0 or more.", param="max_retries")
        if (base_url is not None or own_http) and (policy is not None or progress is not None):
            raise ConfigurationError(
                "policy and progress are for a client without a server; a server has its own.",
                hint="Leave them out, or leave base_url and PRUDENT_BASE_URL unset.",
            )
        api_key = api_key or os.environ.get("PRUDENT_API_KEY") or None
        if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
            raise ConfigurationError("The API key holds characters that a header cannot.", param="api_key")
        return cls(base_url, api_key, as_timeout(timeout), max_retries, model, policy, progress, own_http)

    @property
    def make_app(self) -> Callable[[], ASGIApp]:
        """A factory of the in-process server. It is called in the app's thread, not here."""
        model, policy, progress = self.model, self.policy, self.progress

        def make() -> ASGIApp:
            from prudent.client.local import local_app

            return local_app(model=model, policy=policy, progress=progress)

        return make

    def call(self, operation_path: str, method: str, body: bytes | FormBody | None, *, stream: bool) -> Call:
        """Build what the exchange sends."""
        headers = {
            "accept": "text/event-stream" if stream else "application/json",
            "user-agent": f"prudent/{__version__}",
        }
        if isinstance(body, bytes):
            headers["content-type"] = "application/json"
        if self.api_key is not None:
            headers["authorization"] = f"Bearer {self.api_key}"
        root = self.base_url or IN_PROCESS_URL
        return Call(method, root + operation_path, body, stream, headers)

    def socket_address(self, path: str, query: Mapping[str, str]) -> tuple[httpx.URL, dict[str, str]]:
        """Where a WebSocket is, as the address of a page, and the headers to ask for it with.

        Raises:
            ConfigurationError: the client was given an HTTP client of its own and no address.
        """
        if self.base_url is None and self.own_http:
            raise ConfigurationError(
                "A client with its own http_client needs a base_url for live sound.", param="base_url"
            )
        headers = {"user-agent": f"prudent/{__version__}"}
        if self.api_key is not None:
            headers["authorization"] = f"Bearer {self.api_key}"
        return httpx.URL((self.base_url or IN_PROCESS_URL) + path, params=dict(query)), headers

    def timeout_of(self, timeout: float | httpx.Timeout | None) -> httpx.Timeout:
        """The call's own timeout, else the client's."""
        return self.timeout if timeout is None else as_timeout(timeout)


class Connection:
    """Sends calls and waits for the answers."""

    def __init__(self, options: Options, http: httpx.Client | None) -> None:
        self.options = options
        self._owned = http is None
        self._app: AppTransport | None = None
        if http is None and options.base_url is None:
            self._app = AppTransport(options.make_app)
            http = httpx.Client(transport=self._app)
        self._http = http or httpx.Client(trust_env=not is_loopback(options.base_url))

    def call(
        self,
        operation: Operation[Any, ResponseT, Any],
        body: bytes | FormBody | None = None,
        *,
        timeout: float | httpx.Timeout | None = None,
        **fields: str,
    ) -> ResponseT:
        """Call an operation and return its whole answer. Raises PrudentError."""
        reply = self.reply(operation, body, timeout=timeout, **fields)
        return parse_reply(reply, operation.response)

    def reply(
        self,
        operation: Operation[Any, Any, Any],
        body: bytes | FormBody | None = None,
        *,
        timeout: float | httpx.Timeout | None = None,
        **fields: str,
    ) -> Reply:
        """Call an operation and return its whole answer as it came. Raises PrudentError."""
        call = self.options.call(path_of(operation.path, fields), operation.method, body, stream=False)
        steps = exchange(call, max_retries=self.options.max_retries)
        reply, _ = perform(self._http, steps, self.options.timeout_of(timeout))
        return reply

    def stream(
        self,
        operation: Operation[Any, Any, EventT],
        body: bytes | FormBody,
        *,
        timeout: float | httpx.Timeout | None = None,
        **fields: str,
    ) -> Stream[EventT]:
        """Call an operation and return its answer as it comes. Raises PrudentError."""
        call = self.options.call(path_of(operation.path, fields), operation.method, body, stream=True)
        steps = exchange(call, max_retries=self.options.max_retries)
        _, response = perform(self._http, steps, self.options.timeout_of(timeout))
        return Stream(response, event_of(operation))

    def stream_bytes(
        self,
        operation: Operation[Any, Any, Any],
        body: bytes,
        *,
        timeout: float | httpx.Timeout | None = None,
    ) -> ByteStream:
        """Call an operation that answers with bytes, and return them as they come. Raises PrudentError."""
        call = self.options.call(operation.path, operation.method, body, stream=True)
        steps = exchange(call, max_retries=self.options.max_retries)
        _, response = perform(self._http, steps, self.options.timeout_of(timeout))
        return ByteStream(response)

    def socket(
        self, path: str, query: Mapping[str, str], *, timeout: float | httpx.Timeout | None = None
    ) -> Socket:
        """Open a WebSocket. Raises PrudentError."""
        url, headers = self.options.socket_address(path, query)
        patience = self.options.timeout_of(timeout)
        if self._app is not None:
            return AppSocket(self._app.thread, url, headers, patience)
        proxy = not is_loopback(self.options.base_url)
        return ServerSocket(socket_url(str(url)), headers, patience, proxy=proxy)

    def awaited_http(self) -> httpx.AsyncClient | None:
        """What callers that await reach the server in this process by; None: by its address."""
        if self._app is None:
            return None
        return httpx.AsyncClient(transport=AsyncAppTransport(self.options.make_app, self._app.thread))

    def close(self) -> None:
        """Close connections, and the in-process server where there is one; not what was passed in."""
        if self._owned:
            self._http.close()


class AsyncConnection:
    """Sends calls and awaits the answers."""

    def __init__(self, options: Options, http: httpx.AsyncClient | None) -> None:
        self.options = options
        self._owned = http is None
        self._app: AsyncAppTransport | None = None
        if http is None and options.base_url is None:
            self._app = AsyncAppTransport(options.make_app)
            http = httpx.AsyncClient(transport=self._app)
        self._http = http or httpx.AsyncClient(trust_env=not is_loopback(options.base_url))

    async def call(
        self,
        operation: Operation[Any, ResponseT, Any],
        body: bytes | FormBody | None = None,
        *,
        timeout: float | httpx.Timeout | None = None,
        **fields: str,
    ) -> ResponseT:
        """Call an operation and return its whole answer. Raises PrudentError."""
        reply = await self.reply(operation, body, timeout=timeout, **fields)
        return parse_reply(reply, operation.response)

    async def reply(
        self,
        operation: Operation[Any, Any, Any],
        body: bytes | FormBody | None = None,
        *,
        timeout: float | httpx.Timeout | None = None,
        **fields: str,
    ) -> Reply:
        """Call an operation and return its whole answer as it came. Raises PrudentError."""
        call = self.options.call(path_of(operation.path, fields), operation.method, body, stream=False)
        steps = exchange(call, max_retries=self.options.max_retries)
        reply, _ = await aperform(self._http, steps, self.options.timeout_of(timeout))
        return reply

    async def stream(
        self,
        operation: Operation[Any, Any, EventT],
        body: bytes | FormBody,
        *,
        timeout: float | httpx.Timeout | None = None,
        **fields: str,
    ) -> AsyncStream[EventT]:
        """Call an operation and return its answer as it comes. Raises PrudentError."""
        call = self.options.call(path_of(operation.path, fields), operation.method, body, stream=True)
        steps = exchange(call, max_retries=self.options.max_retries)
        _, response = await aperform(self._http, steps, self.options.timeout_of(timeout))
        return AsyncStream(response, event_of(operation))

    async def stream_bytes(
        self,
        operation: Operation[Any, Any, Any],
        body: bytes,
        *,
        timeout: float | httpx.Timeout | None = None,
    ) -> AsyncByteStream:
        """Call an operation that answers with bytes, and return them as they come. Raises PrudentError."""
        call = self.options.call(operation.path, operation.method, body, stream=True)
        steps = exchange(call, max_retries=self.options.max_retries)
        _, response = await aperform(self._http, steps, self.options.timeout_of(timeout))
        return AsyncByteStream(response)

    async def socket(
        self, path: str, query: Mapping[str, str], *, timeout: float | httpx.Timeout | None = None
    ) -> AsyncSocket:
        """Open a WebSocket. Raises PrudentError."""
        url, headers = self.options.socket_address(path, query)
        patience = self.options.timeout_of(timeout)
        if self._app is not None:
            return await AsyncAppSocket.connect(self._app.thread, url, headers, patience)
        proxy = not is_loopback(self.options.base_url)
        return await AsyncServerSocket.connect(socket_url(str(url)), headers, patience, proxy=proxy)

    async def close(self) -> None:
        """Close connections, and the in-process server where there is one; not what was passed in."""
        if self._owned:
            await self._http.aclose()


def event_of(operation: Operation[Any, Any, EventT]) -> type[EventT]:
    """The type of the operation's events. Raises InternalError where it cannot stream."""
    if operation.event is None:
        raise InternalError(f"{operation.name} does not stream.")
    return operation.event


def parse_reply(reply: Reply, kind: type[ResponseT]) -> ResponseT:
    """Read a successful answer as the operation's response."""
    try:
        return kind.model_validate_json(reply.body)
    except ValidationError as error:
        raise ConnectionFailedError(
            f"The server's answer is not a {kind.__name__}.",
            hint="Check that base_url points at a server of the OpenAI API.",
            request_id=reply.headers.get("x-request-id"),
        ) from error


def path_of(template: str, fields: dict[str, str]) -> str:
    """Fill an operation's path; a field's value never becomes more than one segment."""
    return template.format(**{name: quote(value, safe="") for name, value in fields.items()})


def as_timeout(timeout: float | httpx.Timeout | None) -> httpx.Timeout:
    """Seconds without news before a call gives up; connecting never takes longer than the default."""
    if timeout is None:
        return DEFAULT_TIMEOUT
    if isinstance(timeout, httpx.Timeout):
        return timeout
    if not timeout > 0:
        raise ConfigurationError("timeout must be more than 0 seconds.", param="timeout")
    return httpx.Timeout(timeout, connect=min(timeout, 5.0))


def is_loopback(base_url: str | None) -> bool:
    """Whether the server is on this machine, so that no proxy may stand between."""
    host = httpx.URL(base_url or IN_PROCESS_URL).host
    return host in ("localhost", "::1") or host.startswith("127.")


def _server_root(base_url: str) -> str:
    """The URL without a trailing slash or /v1, which OpenAI's own clients want and ours adds itself."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"base_url is not a URL: {error}.", param="base_url") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(
            "base_url needs a scheme and a host.", hint="For example http://127.0.0.1:8080", param="base_url"
        )
    return base_url.rstrip("/").removesuffix("/v1")
