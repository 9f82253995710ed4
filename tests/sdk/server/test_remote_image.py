"""Images from URLs: only where allowed, only from public addresses, and always from the one looked at."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from prudent.addresses import is_public
from prudent.errors import InvalidRequestError, PermissionDeniedError, PrudentError, RequestTooLargeError
from prudent.server.image_source import ImageSource
from prudent.server.remote_image import fetch_image

PUBLIC = "93.184.216.34"


def resolver(*answers: str) -> Callable:
    """Says these addresses, one name lookup after the other."""
    left = list(answers)

    async def resolve(host: str, port: int) -> list:
        del host, port
        return [ipaddress.ip_address(text) for text in left.pop(0).split()]

    return resolve


def fetch(url: str, handler: Callable, *names: str, limit: int = 1000) -> bytes:
    transport = httpx.MockTransport(handler)
    return asyncio.run(
        fetch_image(url, limit=limit, param="image", resolve=resolver(*names), transport=transport)
    )


def never(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"connected to {request.url}")


def test_the_connection_goes_to_the_address_that_was_looked_at() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=b"pixels")

    assert fetch("https://example.org/a.png?b=1", handler, PUBLIC) == b"pixels"
    assert str(seen[0].url) == f"https://{PUBLIC}/a.png?b=1"
    assert seen[0].headers["host"] == "example.org"
    assert seen[0].extensions["sni_hostname"] == "example.org"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_addresses_inside_are_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(PermissionDeniedError, match="not a public address"):
        fetch("http://example.org/", never, address)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700:4700::1111"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_one_address_inside_spoils_them_all() -> None:
    with pytest.raises(PermissionDeniedError):
        fetch("http://example.org/", never, f"{PUBLIC} 127.0.0.1")


def test_a_redirect_is_looked_at_anew() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": "http://localhost/secret"})

    with pytest.raises(PermissionDeniedError, match="localhost"):
        fetch("http://example.org/", handler, PUBLIC, "127.0.0.1")


def test_redirects_to_public_places_are_followed_a_few_times() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/end":
            return httpx.Response(200, content=request.headers["host"].encode())
        return httpx.Response(301, headers={"location": "https://other.example/end"})

    assert fetch("http://example.org/", handler, PUBLIC, "1.1.1.1") == b"other.example"

    def loop(request: httpx.Request) -> httpx.Response:
        return httpx.Response(301, headers={"location": "/again"})

    with pytest.raises(InvalidRequestError, match="redirects too often"):
        fetch("http://example.org/", loop, *[PUBLIC] * 9)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "http://user:secret@example.org/",
        "file:///etc/passwd",
        "http://",
        "http://example.org:x/",
    ],
)
def test_other_urls_are_refused_without_their_secrets(url: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        fetch(url, never)
    assert "secret" not in str(caught.value)


def test_other_ports_are_refused() -> None:
    with pytest.raises(PermissionDeniedError, match="80 and 443"):
        fetch("http://example.org:6379/", never)


def test_too_many_bytes_are_not_read() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 100
            yield bytes(100)

    with pytest.raises(RequestTooLargeError):
        fetch("http://example.org/", lambda request: httpx.Response(200, content=endless()), PUBLIC)
    assert read <= 1200


def test_an_answer_that_is_none_is_told() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(InvalidRequestError, match="ConnectError"):
        fetch("http://example.org/", broken, PUBLIC)
    with pytest.raises(InvalidRequestError, match="status 404"):
        fetch("http://example.org/", lambda request: httpx.Response(404), PUBLIC)


def test_urls_are_refused_unless_the_settings_allow_them() -> None:
    with pytest.raises(PermissionDeniedError, match="fetches no images"):
        asyncio.run(ImageSource().read("HTTPS://example.org/a.png"))
    with pytest.raises(PrudentError, match="localhost is not a public address"):
        asyncio.run(ImageSource(remote=True).read("http://localhost/a.png"))


@pytest.mark.parametrize(
    "url", ["data:image/png;base64,!!", "data:image/png;base64", "not base64!", "C:\\a.png"]
)
def test_what_is_no_image_at_all_is_told(url: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        asyncio.run(ImageSource().read(url, param="messages[0]"))
    assert caught.value.param == "messages[0]"


def test_data_urls_and_base64_are_read() -> None:
    for url in ("data:;base64,aGk=", "DATA:image/png;x=1;BASE64,aGk", "aGk=", "a\nGk", "data:,h%69"):
        assert asyncio.run(ImageSource().read(url)) == b"hi"
