"""Streams on a real socket: they arrive as they are made, and stop when the reader does."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from prudent.client import Client
from prudent.client.sse import EventDecoder
from prudent.errors import ConnectionFailedError, InternalError, PrudentError, ServiceUnavailableError
from prudent.server.sse import ClientGoneError, until_disconnect
from prudent.testing import RunningServer, ScriptedModel, ScriptedStream
from prudent.types.chat import ChatCompletionChunk, ChatCompletionRequest
from prudent_responsible_ai.pipeline import Pipeline

Serve = Callable[..., RunningServer]
HELLO = [{"role": "user", "content": "hi"}]
LONG = "word " * 2000


def _until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def _open_stream(server: RunningServer) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    body = json.dumps({"messages": HELLO, "stream": True}).encode()
    connection.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body) + body
    )
    return connection


def test_the_first_word_arrives_before_the_last_is_said(serve: Serve) -> None:
    model = ScriptedModel("one two three four", delay=0.1)
    with Client(serve(model).base_url) as client:
        with client.chat.completions.create(messages=HELLO, stream=True) as stream:
            texts = []
            for chunk in stream:
                texts.append(chunk.text)
                if chunk.text == "one":
                    assert model.tokens < 4
        assert "".join(texts) == "one two three four"


def test_the_events_are_openais_to_the_letter(serve: Serve) -> None:
    server = serve(ScriptedModel("one two"))
    body = {"messages": HELLO, "stream": True, "stream_options": {"include_usage": True}}
    response = httpx.post(f"{server.base_url}/v1/chat/completions", json=body)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    decoder = EventDecoder()
    *events, done = decoder.feed(response.content)
    assert done.data == "[DONE]"
    chunks = [json.loads(event.data) for event in events]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    choices = [chunk["choices"][0] for chunk in chunks[:-1]]
    assert [choice["delta"] for choice in choices] == [
        {"role": "assistant", "content": ""},
        {"content": "one "},
        {"content": "two"},
        {},
    ]
    assert [choice["finish_reason"] for choice in choices] == [None, None, None, "stop"]
    assert all(choice["logprobs"] is None for choice in choices)
    assert chunks[-1]["choices"] == []
    assert [chunk["usage"] is None for chunk in chunks] == [True, True, True, True, False]
    assert chunks[-1]["usage"]["completion_tokens"] == 2


def test_without_being_asked_for_there_is_no_usage(serve: Serve) -> None:
    with Client(serve(ScriptedModel("one two")).base_url) as client:
        chunks = list(client.chat.completions.create(messages=HELLO, stream=True))
    assert all(chunk.choices for chunk in chunks)
    assert all(chunk.usage is None for chunk in chunks)


def test_a_client_that_closes_stops_the_generation(serve: Serve) -> None:
    model = ScriptedModel(LONG, delay=0.005)
    with Client(serve(model).base_url) as client:
        with client.chat.completions.create(messages=HELLO, stream=True) as stream:
            next(stream)
        assert _until(lambda: model.cancelled == 1)
        said = model.tokens
        time.sleep(0.1)
        assert model.tokens == said < 100


def test_a_client_that_closes_before_a_whole_answer_stops_the_generation(serve: Serve) -> None:
    model = ScriptedModel(LONG, delay=0.005)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{serve(model).base_url}/v1/chat/completions", json={"messages": HELLO}, timeout=0.3)
    assert _until(lambda: model.cancelled == 1)
    assert model.running == 0


def test_a_client_that_stops_reading_is_given_up_and_blocks_nobody(serve: Serve, no_checks: Pipeline) -> None:
    brisk = ScriptedModel("at once", id="brisk")
    stuck = ScriptedModel((" " + "y" * 20_000) * 2000, id="stuck")
    server = serve(stuck, brisk, pipeline=no_checks, write_timeout=0.5)
    with _open_stream(server) as connection:
        assert connection.recv(10)
        with Client(server.base_url, model="brisk") as client:
            started = time.monotonic()
            assert client.chat.completions.create(messages=HELLO).text == "at once"
            assert time.monotonic() - started < 5
        assert _until(lambda: stuck.running == 0, 20)
        assert stuck.cancelled == 1
        assert stuck.tokens < 2000
        # Nothing is read meanwhile: the server does not wait for what is in its buffers to be taken.
        assert _until(lambda: not server._server.server_state.connections)


def test_a_fault_in_mid_stream_is_an_event_and_then_the_end(serve: Serve) -> None:
    class Broken(ScriptedModel):
        def stream(self, request: ChatCompletionRequest) -> ScriptedStream:
            return BrokenStream(self, request, "one two three")

    class BrokenStream(ScriptedStream):
        async def __anext__(self) -> ChatCompletionChunk:
            chunk = await super().__anext__()
            if chunk.text == " three":
                raise ValueError("the secret text of a prompt")
            return chunk

    with Client(serve(Broken()).base_url) as client:
        stream = client.chat.completions.create(messages=HELLO, stream=True)
        texts = []
        with pytest.raises(InternalError) as caught:
            texts.extend(chunk.text for chunk in stream)
    assert "secret" not in str(caught.value)


def test_an_error_before_the_first_word_is_a_status(serve: Serve) -> None:
    server = serve(ScriptedModel(ServiceUnavailableError("busy")))
    response = httpx.post(f"{server.base_url}/v1/chat/completions", json={"messages": HELLO, "stream": True})
    assert response.status_code == 503
    assert response.headers["retry-after"]


def test_many_streams_run_at_once(serve: Serve) -> None:
    model = ScriptedModel("a b c d e f g h", delay=0.2)
    answers: list[str] = []
    with Client(serve(model).base_url) as client:

        def ask() -> None:
            stream = client.chat.completions.create(messages=HELLO, stream=True)
            answers.append("".join(chunk.text for chunk in stream))

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        assert _until(lambda: model.running == 16)
        for thread in threads:
            thread.join()
    assert answers == ["a b c d e f g h"] * 16


def test_a_stop_lets_running_answers_end(serve: Serve) -> None:
    server = serve(ScriptedModel("one two three", delay=0.2), drain_timeout=5)
    with Client(server.base_url) as client:
        stream = client.chat.completions.create(messages=HELLO, stream=True)
        texts = [next(stream).text]
        server.stop()
        texts += [chunk.text for chunk in stream]
    assert "".join(texts) == "one two three"


def test_a_stop_gives_what_cannot_end_in_time_a_last_word(serve: Serve) -> None:
    model = ScriptedModel(LONG, delay=0.05)
    server = serve(model, drain_timeout=0.3)
    with Client(server.base_url) as client:
        stream = client.chat.completions.create(messages=HELLO, stream=True)
        next(stream)
        server.stop()
        with pytest.raises(ServiceUnavailableError, match="shutting down"):
            list(stream)
    assert _until(lambda: model.running == 0)


def test_a_server_that_stops_takes_no_more_requests(serve: Serve) -> None:
    server = serve(ScriptedModel(LONG, delay=0.05), drain_timeout=2)
    with Client(server.base_url, max_retries=0) as client:
        stream = client.chat.completions.create(messages=HELLO, stream=True)
        next(stream)
        server.stop()
        time.sleep(0.3)
        with pytest.raises((ServiceUnavailableError, ConnectionFailedError)):
            client.chat.completions.create(messages=HELLO)
        stream.close()


def test_a_connection_that_is_cut_in_mid_stream_is_an_error_of_ours() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer_and_hang_up() -> None:
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            b"10\r\ndata: {"
        )
        connection.close()

    thread = threading.Thread(target=answer_and_hang_up)
    thread.start()
    with Client(f"http://127.0.0.1:{listener.getsockname()[1]}") as client, pytest.raises(PrudentError):
        list(client.chat.completions.create(messages=HELLO, stream=True))
    thread.join()
    listener.close()


def test_an_error_of_work_that_nobody_waits_for_is_not_logged_as_forgotten() -> None:
    """The client went away, and then the work failed: there is nobody to tell."""
    forgotten: list[str] = []

    async def gone() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ServiceUnavailableError("It ended otherwise.")

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: forgotten.append(str(context)))
        with pytest.raises(ClientGoneError):
            await until_disconnect(gone, work())
        gc.collect()

    asyncio.run(main())
    assert forgotten == []
