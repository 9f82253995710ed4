"""Who gets in: keys, and the two ways a web page could reach a server on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from prudent.client import Client
from prudent.errors import AuthenticationError
from prudent.testing import RunningServer, ScriptedModel

Http = Callable[..., httpx.Client]
HELLO = {"messages": [{"role": "user", "content": "hi"}]}
URL = "/v1/chat/completions"


def test_without_keys_nobody_is_asked_for_one(http: Http) -> None:
    assert http(ScriptedModel("a")).post(URL, json=HELLO).status_code == 200


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic first", "first", "Bearer fïrst"]
)
def test_a_wrong_key_is_a_401(http: Http, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header.encode("latin-1")}
    response = http(ScriptedModel("a"), api_keys=("first", "second")).post(URL, json=HELLO, headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_api_key"
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("key", ["first", "second"])
def test_each_key_opens(http: Http, key: str) -> None:
    client = http(ScriptedModel("a"), api_keys=("first", "second"))
    assert client.post(URL, json=HELLO, headers={"authorization": f"Bearer {key}"}).status_code == 200


def test_a_key_is_needed_for_every_route_but_the_probes(http: Http) -> None:
    client = http(ScriptedModel("a"), api_keys=("first",))
    for path in ("/v1/models", "/v1/models/x", "/openapi.json", "/nothing"):
        assert client.get(path).status_code == 401
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code in (200, 503)


def test_our_client_sends_its_key(serve: Callable[..., RunningServer]) -> None:
    server = serve(ScriptedModel("a"), api_keys=("first",))
    with Client(server.base_url, api_key="first") as client:
        assert client.models.list().data
    with Client(server.base_url, api_key="other") as client, pytest.raises(AuthenticationError):
        client.models.list()


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "localhost.evil.example", "", "127.0.0.1.evil.example", "[::1"],
)
def test_a_foreign_host_name_is_refused(http: Http, host: str) -> None:
    response = http(ScriptedModel("a")).post(URL, json=HELLO, headers={"host": host})
    assert response.status_code == 403


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080", "192.168.1.7", "box.lan"]
)
def test_names_of_this_machine_are_let_in(http: Http, host: str) -> None:
    client = http(ScriptedModel("a"), allowed_hosts=("box.lan",))
    assert client.post(URL, json=HELLO, headers={"host": host}).status_code == 200


def test_a_web_page_of_another_site_is_refused(http: Http) -> None:
    client = http(ScriptedModel("a"))
    for origin in ("https://evil.example", "null", "file://"):
        assert client.post(URL, json=HELLO, headers={"origin": origin}).status_code == 403
    assert client.post(URL, json=HELLO, headers={"origin": "http://localhost:3000"}).status_code == 200


def test_a_web_page_cannot_post_without_asking_first(http: Http) -> None:
    client = http(ScriptedModel("a"))
    body = json.dumps(HELLO).encode()
    assert client.post(URL, content=body, headers={"content-type": "text/plain"}).status_code == 400
    assert client.options(URL).status_code == 405
    assert "access-control-allow-origin" not in client.post(URL, json=HELLO).headers
