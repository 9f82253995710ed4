"""The in-process transports: they stream, they hold the app back, they cancel it, they run its lifespan."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from prudent.client.transports import QUEUED_CHUNKS, AppTransport, AsyncAppTransport
from prudent.errors import ConfigurationError, ConnectionFailedError

URL = "http://localhost/stream?q=1"


class App:
    """Sends `count` numbered chunks, `delay` seconds apart, and notes what happens to it."""

    def __init__(self, count: int = 5, delay: float = 0.0, *, fail_at: int | None = None) -> None:
        self.count, self.delay, self.fail_at = count, delay, fail_at
        self.sent = 0
        self.scopes: list[Any] = []
        self.bodies: list[bytes] = []
        self.log: list[str] = []
        self.ended = threading.Event()

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[..., Any]
    ) -> None:
        if scope["type"] == "lifespan":
            await self.lifespan(scope, receive, send)
            return
        self.scopes.append(scope)
        self.bodies.append((await receive())["body"])
        try:
            await send({"type": "http.response.start", "status": 201, "headers": [(b"x-a", b"1")]})
            for number in range(self.count):
                if number == self.fail_at:
                    raise ValueError("broken")
                await asyncio.sleep(self.delay)
                await send({"type": "http.response.body", "body": b"%d;" % number, "more_body": True})
                self.sent += 1
            await send({"type": "http.response.body", "body": b""})
        except asyncio.CancelledError:
            self.log.append("cancelled")
            raise
        finally:
            self.ended.set()

    async def lifespan(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[..., Any]
    ) -> None:
        assert (await receive())["type"] == "lifespan.startup"
        self.log.append("startup")
        scope["state"]["given"] = 7
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        self.log.append("shutdown")
        await send({"type": "lifespan.shutdown.complete"})


def _client(app: App) -> httpx.Client:
    return httpx.Client(transport=AppTransport(lambda: app))


def test_the_first_chunk_arrives_before_the_last_is_made() -> None:
    app = App(count=3, delay=0.2)
    with _client(app) as client, client.stream("GET", URL) as response:
        chunks = response.iter_raw()
        assert next(chunks) == b"0;"
        assert app.sent < 3
        assert b"".join(chunks) == b"1;2;"


def test_the_first_chunk_arrives_before_the_last_is_made_when_awaited() -> None:
    app = App(count=3, delay=0.2)

    async def main() -> None:
        async with (
            httpx.AsyncClient(transport=AsyncAppTransport(lambda: app)) as client,
            client.stream("GET", URL) as response,
        ):
            chunks = response.aiter_raw()
            assert await anext(chunks) == b"0;"
            assert app.sent < 3
            assert [chunk async for chunk in chunks] == [b"1;", b"2;"]

    asyncio.run(main())


def test_request_and_response_pass_unchanged() -> None:
    app = App(count=1)
    with _client(app) as client:
        response = client.post("http://localhost/a%2Fb?c=d", content=b"hello", headers={"X-Name": "v"})
    assert (response.status_code, response.headers["x-a"], response.content) == (201, "1", b"0;")
    assert app.bodies == [b"hello"]
    (scope,) = app.scopes
    assert (scope["method"], scope["raw_path"], scope["path"]) == ("POST", b"/a%2Fb", "/a/b")
    assert scope["query_string"] == b"c=d"
    assert (b"x-name", b"v") in scope["headers"]
    assert scope["state"] == {"given": 7}


def test_the_lifespan_runs_around_the_first_request_and_the_close() -> None:
    app = App()
    client = _client(app)
    assert app.log == []
    client.get(URL)
    client.get(URL)
    assert app.log == ["startup"]
    client.close()
    assert app.log == ["startup", "shutdown"]
    client.close()


def test_a_reader_that_closes_cancels_the_app() -> None:
    app = App(count=1000, delay=0.01)
    with _client(app) as client:
        with client.stream("GET", URL) as response:
            next(response.iter_raw())
        assert app.log == ["startup", "cancelled"]
    assert app.sent < 20


def test_a_task_that_is_cancelled_cancels_the_app() -> None:
    app = App(count=1000, delay=0.01)

    async def read(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", URL) as response:
            async for _ in response.aiter_raw():
                pass

    async def main() -> None:
        async with httpx.AsyncClient(transport=AsyncAppTransport(lambda: app)) as client:
            task = asyncio.create_task(read(client))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert app.log == ["startup", "cancelled"]

    asyncio.run(main())


def test_a_response_that_is_dropped_unread_cancels_the_app() -> None:
    app = App(count=1000, delay=0.01)
    with _client(app) as client:
        response = client.send(client.build_request("GET", URL), stream=True)
        del response
        gc.collect()
        assert app.ended.wait(5)
        assert "cancelled" in app.log


def test_a_reader_that_does_not_read_holds_the_app_back() -> None:
    app = App(count=1000)
    with _client(app) as client, client.stream("GET", URL) as response:
        time.sleep(0.3)
        assert app.sent <= QUEUED_CHUNKS + 1
        assert len(response.read()) > 1000
    assert app.sent == 1000


def test_closing_the_client_ends_what_still_runs() -> None:
    app = App(count=1000, delay=0.01)
    client = _client(app)
    response = client.send(client.build_request("GET", URL), stream=True)
    client.close()
    assert app.ended.wait(5)
    assert app.log == ["startup", "cancelled", "shutdown"]
    with pytest.raises((httpx.TransportError, ConnectionFailedError)):
        response.read()
    response.close()


def test_silence_over_the_read_timeout_is_a_timeout() -> None:
    app = App(count=2, delay=5)
    with _client(app) as client, pytest.raises(httpx.ReadTimeout):
        client.get(URL, timeout=0.1)


def test_silence_over_the_read_timeout_is_a_timeout_when_awaited() -> None:
    app = App(count=2, delay=5)

    async def main() -> None:
        async with httpx.AsyncClient(transport=AsyncAppTransport(lambda: app)) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.get(URL, timeout=0.1)

    asyncio.run(main())


def test_an_app_that_fails_in_mid_answer_is_a_broken_connection() -> None:
    with _client(App(fail_at=1)) as client, client.stream("GET", URL) as response:
        chunks = response.iter_raw()
        assert next(chunks) == b"0;"
        with pytest.raises(httpx.RemoteProtocolError):
            next(chunks)


def test_an_app_that_fails_before_its_answer_is_a_broken_connection() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await App().lifespan(scope, receive, send)
        else:
            raise ValueError

    with (
        httpx.Client(transport=AppTransport(lambda: broken)) as client,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        client.get(URL)


def test_what_the_apps_factory_raises_is_raised_at_the_request_and_may_pass() -> None:
    tries: list[int] = []

    def make() -> App:
        tries.append(1)
        if len(tries) == 1:
            raise ConfigurationError("no such policy")
        return App(count=1)

    with httpx.Client(transport=AppTransport(make)) as client:
        with pytest.raises(ConfigurationError):
            client.get(URL)
        assert client.get(URL).content == b"0;"


def test_what_the_lifespan_raises_is_raised_at_the_request() -> None:
    class Broken(App):
        async def lifespan(self, scope: Any, receive: Any, send: Any) -> None:
            raise ConfigurationError("wrong")

    with _client(Broken()) as client, pytest.raises(ConfigurationError):
        client.get(URL)


def test_an_async_client_may_be_used_from_one_loop_after_another() -> None:
    transport = AsyncAppTransport(lambda: App(count=1))
    client = httpx.AsyncClient(transport=transport)

    async def get() -> bytes:
        return (await client.get(URL)).content

    assert [asyncio.run(get()) for _ in range(2)] == [b"0;", b"0;"]
    asyncio.run(client.aclose())


def test_threads_may_share_a_client() -> None:
    app = App(count=20, delay=0.005)
    results: list[bytes] = []
    with _client(app) as client:
        threads = [threading.Thread(target=lambda: results.append(client.get(URL).content)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [b"".join(b"%d;" % i for i in range(20))] * 8


def test_a_closed_client_says_so() -> None:
    client = _client(App())
    client.get(URL)
    client.close()
    with pytest.raises((ConnectionFailedError, RuntimeError)):
        client.get(URL)
