"""HTTP to named hosts, as tools: GET and POST, text in and out. Knows no page and no service.

A host must be on the list; its name is resolved once and the connection goes to the address that was looked
at, which must be a public one unless private ones are allowed. Every redirect is under the same rules. Size
and time are bounded, compressed answers are not asked for and not taken.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from prudent.addresses import PORTS, REDIRECTS, Address, Resolve, is_public, pinned_request, resolve
from prudent_agents.errors import ToolArgumentsError, ToolDefinitionError, ToolError
from prudent_agents.function_tool import tool_of
from prudent_agents.tool import Effect, Tool, ToolContext

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 1 << 20
TIMEOUT = 20.0
"""Seconds for everything together: names, redirects and the answer."""

_MOST_REDIRECTS = 3
_MOST_SENT = 1 << 20
_TEXT = ("text/", "application/json", "application/xml", "application/javascript", "application/x-ndjson")
_FAILED = 400
_BROKEN = 500
"""From here on the server may have done what it was asked before it failed."""


class HttpAnswer(BaseModel):
    """What came back. `data` is the JSON in it, where it is JSON; `text` otherwise. `url` is the last one."""

    status: int
    url: str
    type: str
    text: str | None = None
    data: Any = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Which hosts are asked, and how. `hosts` may begin with `*.` and end with a port.

    `headers` are those that a host is sent, by host: keys stay with the tool, and a redirect to another host
    does not take them along. `private` allows addresses of this machine and its network.
    """

    hosts: Sequence[str]
    private: bool = False
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    most_bytes: int = MOST_BYTES
    timeout: float = TIMEOUT
    resolve: Resolve = resolve
    transport: httpx.AsyncBaseTransport | None = None

    def __post_init__(self) -> None:
        if isinstance(self.hosts, str) or not self.hosts:
            raise ToolDefinitionError(
                "HTTP tools need the list of hosts that they may ask.",
                hint='Write hosts=["api.example.com"].',
                param="hosts",
            )

    def allows(self, url: httpx.URL) -> bool:
        """Whether the URL's host and port are on the list."""
        port = url.port or PORTS[url.scheme]
        return any(_fits(allowed.lower(), url.host.lower(), port, url.scheme) for allowed in self.hosts)


def http_get(hosts: Sequence[str], **options: Any) -> Tool:
    """The tool `http.get`; options are fields of `Reach`. What it gives is untrusted.

    Raises:
        ToolDefinitionError: no host is named.
    """
    reach = Reach(hosts, **options)

    async def get(url: str) -> HttpAnswer:
        """Fetch or send; the card names the hosts.

        url: the address, with https://
        """
        return await _ask(reach, "GET", url)

    return tool_of(
        get,
        name="http.get",
        card=f"Fetch text or JSON from a web address of {_listed(hosts)}.",
        effect=Effect.READ,
        timeout=reach.timeout + 1,
    )


def http_post(hosts: Sequence[str], **options: Any) -> Tool:
    """The tool `http.post`: sends JSON; it is a write, and follows no redirect. Options are those of `Reach`.

    The call's idempotency key goes along as `Idempotency-Key`.

    Raises:
        ToolDefinitionError: no host is named.
    """
    reach = Reach(hosts, **options)

    async def post(url: str, body: dict[str, Any], context: ToolContext) -> HttpAnswer:
        """Fetch or send; the card names the hosts.

        url: the address, with https://
        body: the JSON to send
        """
        content = json.dumps(body, ensure_ascii=False).encode()
        if len(content) > _MOST_SENT:
            raise ToolArgumentsError(f"The body has more than {_MOST_SENT:,} bytes.", param="body")
        sent = {"content-type": "application/json"}
        if context.idempotency_key:
            sent["idempotency-key"] = context.idempotency_key
        try:
            return await _ask(reach, "POST", url, content=content, headers=sent)
        except ToolArgumentsError:
            raise
        except ToolError as error:  # it may have arrived, unless it is known that it did not
            error.details.setdefault("known", False)
            raise

    return tool_of(
        post,
        name="http.post",
        card=f"Send JSON to a web address of {_listed(hosts)}.",
        effect=Effect.WRITE,
        retries=0,
        timeout=reach.timeout + 1,
    )


def _listed(hosts: Sequence[str]) -> str:
    return ", ".join(hosts)


def _fits(allowed: str, host: str, port: int, scheme: str) -> bool:
    name, colon, wanted = allowed.rpartition(":")
    if not colon or not wanted.isdigit():
        name, wanted = allowed, str(PORTS[scheme])
    name = name.strip("[]")
    if str(port) != wanted:
        return False
    return host.endswith(name[1:]) and host != name[2:] if name.startswith("*.") else host == name


async def _ask(
    reach: Reach,
    method: str,
    url: str,
    *,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpAnswer:
    import httpx

    try:
        async with (
            asyncio.timeout(reach.timeout),
            httpx.AsyncClient(transport=reach.transport, trust_env=False, timeout=reach.timeout) as http,
        ):
            for _ in range(_MOST_REDIRECTS + 1):
                answer = await _ask_once(http, reach, method, url, content, headers or {})
                if isinstance(answer, HttpAnswer):
                    return answer
                url = answer
    except TimeoutError:
        raise ToolError(f"{_host(url)} did not answer within {reach.timeout:g} s.") from None
    except (httpx.ConnectError, httpx.ConnectTimeout, OSError) as error:
        raise ToolError(
            f"{_host(url)} cannot be reached ({type(error).__name__}).", details={"known": True}
        ) from error
    except httpx.HTTPError as error:
        raise ToolError(f"{_host(url)} broke off ({type(error).__name__}).") from error
    raise ToolError(f"{_host(url)} redirects more than {_MOST_REDIRECTS} times.", param="url")


async def _ask_once(
    http: httpx.AsyncClient,
    reach: Reach,
    method: str,
    url: str,
    content: bytes | None,
    headers: Mapping[str, str],
) -> HttpAnswer | str:
    """The answer, or the URL to go on with."""
    parsed = _parsed(url, reach)
    address = await _address(parsed, reach)
    own = {
        name: value
        for host, sent in reach.headers.items()
        if host.lower() == parsed.host.lower()
        for name, value in sent.items()
    }
    usual = {"accept": "application/json, text/*;q=0.9, */*;q=0.1", "accept-encoding": "identity"}
    request = pinned_request(
        http, method, parsed, address, headers={**usual, **headers, **own}, content=content
    )
    response = await http.send(request, stream=True)
    try:
        if response.status_code in REDIRECTS and "location" in response.headers:
            if method != "GET":
                raise ToolError(
                    f"{parsed.host} redirects, and what is sent is sent to no other address.",
                    details={"known": True},
                )
            return str(parsed.join(response.headers["location"]))
        if response.status_code >= _FAILED:
            raise ToolError(
                f"{parsed.host} answered with status {response.status_code}.",
                details={"status": response.status_code, "known": response.status_code < _BROKEN},
            )
        return _answer(response, parsed, await _read(response, parsed, reach.most_bytes))
    finally:
        await response.aclose()


async def _address(url: httpx.URL, reach: Reach) -> Address:
    """The address to connect to: all that the host has must be allowed."""
    found = await reach.resolve(url.host, url.port or PORTS[url.scheme])
    if not found or not (reach.private or all(map(is_public, found))):
        raise ToolArgumentsError(
            f"{url.host} is at no public address.",
            hint="The tool's option private=True allows addresses of this machine and its network.",
            param="url",
        )
    return found[0]


async def _read(response: httpx.Response, url: httpx.URL, limit: int) -> bytes:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise ToolError(f"{url.host} sent a compressed answer, which is not taken.")
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > limit:
            raise ToolError(f"{url.host} sent more than {limit:,} bytes.")
    return bytes(data)


def _answer(response: httpx.Response, url: httpx.URL, body: bytes) -> HttpAnswer:
    kind = response.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    if not (kind.startswith(_TEXT) or kind.endswith(("+json", "+xml"))):
        raise ToolError(f"{url.host} sent {kind[:80]}, which is no text.")
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return HttpAnswer(
                status=response.status_code, url=str(url), type=kind, data=json.loads(body) if body else None
            )
        except (ValueError, RecursionError):
            raise ToolError(f"{url.host} sent what it calls JSON and is none.") from None
    try:
        text = body.decode(response.charset_encoding or "utf-8", errors="replace")
    except LookupError:
        text = body.decode("utf-8", errors="replace")
    return HttpAnswer(status=response.status_code, url=str(url), type=kind, text=text)


def _parsed(url: str, reach: Reach) -> httpx.URL:
    import httpx

    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise ToolArgumentsError(f"'{url[:200]}' is no address.", param="url") from None
    if parsed.scheme not in PORTS or not parsed.host or parsed.userinfo:
        raise ToolArgumentsError(
            f"'{url[:200]}' is not http or https with a host, or has a password in it.", param="url"
        )
    if not reach.allows(parsed):
        raise ToolArgumentsError(
            f"{parsed.netloc.decode('ascii')} is not on the list of hosts.",
            hint=f"The list: {_listed(reach.hosts)}.",
            param="url",
        )
    return parsed


def _host(url: str) -> str:
    """The host alone: an address may have a secret in its query."""
    import httpx

    return httpx.URL(url).host or "The address"
