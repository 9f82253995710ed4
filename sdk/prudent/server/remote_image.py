"""Fetch an image from an http(s) URL without letting the URL choose where this machine connects.

A host's name is resolved once; every address it has must be a public one, and the connection goes to the
address that was looked at, so that a name that changes its mind cannot lead inside. Redirects are followed a
few times, each under the same rules. Size and time are bounded. Knows no image.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

import httpx

from prudent.addresses import PORTS, REDIRECTS, Resolve, is_public, pinned_request
from prudent.addresses import resolve as resolve_here
from prudent.errors import InvalidRequestError, PermissionDeniedError, RequestTooLargeError

TIMEOUT_S: Final = 10.0
"""For everything together: names, redirects and the image."""

_MOST_REDIRECTS: Final = 3


async def fetch_image(
    url: str,
    *,
    limit: int,
    param: str,
    resolve: Resolve | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> bytes:
    """The bytes at a URL, at most `limit`; `param` is the request's field for messages.

    `resolve` and `transport` None use this machine's.

    Raises:
        InvalidRequestError: the URL is wrong, or nothing came from it in time.
        PermissionDeniedError: it leads to an address that is not public, or to another port.
        RequestTooLargeError: there are more bytes.
    """
    try:
        async with (
            asyncio.timeout(TIMEOUT_S),
            httpx.AsyncClient(transport=transport, trust_env=False, timeout=TIMEOUT_S) as http,
        ):
            for _ in range(_MOST_REDIRECTS + 1):
                answer = await _fetch_once(http, url, limit, param, resolve or resolve_here)
                if isinstance(answer, bytes):
                    return answer
                url = answer
    except TimeoutError:
        raise InvalidRequestError(
            f"The image's URL did not answer within {TIMEOUT_S:.0f} seconds.", param=param
        ) from None
    except (httpx.HTTPError, OSError) as error:
        raise InvalidRequestError(
            f"The image's URL cannot be fetched ({type(error).__name__}).",
            hint="Check the URL, or send the image itself.",
            param=param,
        ) from None
    raise InvalidRequestError("The image's URL redirects too often.", param=param)


async def _fetch_once(
    http: httpx.AsyncClient, url: str, limit: int, param: str, resolve: Resolve
) -> bytes | str:
    """The bytes, or the URL to go on with."""
    parsed = _parse(url, param)
    port = PORTS[parsed.scheme]
    found = await resolve(parsed.host, port)
    if not found or not all(map(is_public, found)):
        raise PermissionDeniedError(
            f"{parsed.host} is not a public address, and only those are fetched from.",
            hint="Send the image itself.",
            param=param,
        )
    request = pinned_request(http, "GET", parsed, found[0], headers={"accept": "image/*"})
    response = await http.send(request, stream=True)
    try:
        if response.status_code in REDIRECTS and "location" in response.headers:
            return str(parsed.join(response.headers["location"]))
        if response.status_code != HTTPStatus.OK:
            raise InvalidRequestError(
                f"The image's URL answered with status {response.status_code}.", param=param
            )
        return await _read(response, limit, param)
    finally:
        await response.aclose()


async def _read(response: httpx.Response, limit: int, param: str) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > limit:
            raise RequestTooLargeError(f"The image's URL has more than {limit:,} bytes.", param=param)
    return bytes(data)


def _parse(url: str, param: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise InvalidRequestError("The image's URL is not one.", param=param) from None
    if parsed.scheme not in PORTS or not parsed.host or parsed.userinfo:
        raise InvalidRequestError(
            "The image's URL must be http or https, with a host and without a password.", param=param
        )
    if parsed.port not in (None, PORTS[parsed.scheme]):
        raise PermissionDeniedError("Images are fetched from the usual ports only, 80 and 443.", param=param)
    return parsed
