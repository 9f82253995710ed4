"""The client with its server in the same process: the whole path, over a scripted model."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable

import pytest

from prudent.errors import ConnectionFailedError
from prudent.testing import ScriptedModel, scripted_async_client, scripted_client

HELLO = [{"role": "user", "content": "hi"}]


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def test_an_answer_comes_whole_or_word_by_word() -> None:
    with scripted_client(ScriptedModel("one two three")) as client:
        assert client.chat.completions.create(messages=HELLO).text == "one two three"
        stream = client.chat.completions.create(messages=HELLO, stream=True)
        assert "".join(chunk.text for chunk in stream) == "one two three"


def test_the_first_word_arrives_before_the_last_is_said() -> None:
    model = ScriptedModel("one two three four", delay=0.1)
    with scripted_client(model) as client:
        for chunk in client.chat.completions.create(messages=HELLO, stream=True):
            if chunk.text:
                assert model.tokens < 4
                break


def test_leaving_a_stream_stops_the_model() -> None:
    model = ScriptedModel("word " * 1000, delay=0.01)
    with scripted_client(model) as client:
        with client.chat.completions.create(messages=HELLO, stream=True) as stream:
            next(stream)
        assert model.cancelled == 1
        assert model.running == 0


def test_an_async_task_that_is_cancelled_stops_the_model() -> None:
    model = ScriptedModel("word " * 1000, delay=0.01)

    async def main() -> None:
        async with scripted_async_client(model) as client:
            task = asyncio.create_task(client.chat.completions.create(messages=HELLO))
            await _until(lambda: model.tokens > 2)
            task.cancel()
            await asyncio.wait({task})
            await _until(lambda: model.cancelled == 1)
            assert model.running == 0

    asyncio.run(main())


def test_async_answers_run_at_once() -> None:
    model = ScriptedModel("a b c d", delay=0.05)

    async def main() -> None:
        async with scripted_async_client(model) as client:
            answers = await asyncio.gather(
                *(client.chat.completions.create(messages=HELLO) for _ in range(10))
            )
            assert [answer.text for answer in answers] == ["a b c d"] * 10

    asyncio.run(main())


def test_a_program_that_forgets_to_close_ends_cleanly() -> None:
    program = """
from prudent.client import Client
from prudent.client.transports import AppTransport
from prudent.testing import ScriptedModel, scripted_app
import httpx
app = scripted_app(ScriptedModel("x " * 1000, delay=0.01))
client = Client(http_client=httpx.Client(transport=AppTransport(lambda: app)))
stream = client.chat.completions.create(messages=[{"role": "user", "content": "hi"}], stream=True)
print(next(stream).choices[0].index)
"""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "0\n", "")


def test_a_client_that_a_fork_inherited_says_so_and_a_new_one_works() -> None:
    program = """
import faulthandler, os
from prudent.errors import ConnectionFailedError
from prudent.testing import ScriptedModel, scripted_client
def ask(client):
    return client.chat.completions.create(messages=[{"role": "user", "content": "hi"}]).text
with scripted_client(ScriptedModel("yes")) as client:
    client.models.list()
    child = os.fork()  # while what the checks need is being imported
    if child == 0:
        faulthandler.dump_traceback_later(100, exit=True)
        try:
            ask(client)
        except ConnectionFailedError as error:
            print(error.hint, flush=True)
        with scripted_client(ScriptedModel("new")) as other:
            print(ask(other), flush=True)
        client.close()
        os._exit(0)
    print(os.waitpid(child, 0)[1], ask(client))
"""
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=200
    )
    assert (result.stdout, result.stderr) == ("Make a new one after the fork.\nnew\n0 yes\n", "")


def test_a_closed_client_says_so() -> None:
    with scripted_client(ScriptedModel("yes")) as client:
        pass
    with pytest.raises(ConnectionFailedError, match="is closed"):
        client.chat.completions.create(messages=[{"role": "user", "content": "hi"}])


def test_a_closed_async_client_says_so() -> None:
    async def main() -> None:
        async with scripted_async_client(ScriptedModel("yes")) as client:
            pass
        with pytest.raises(ConnectionFailedError, match="is closed"):
            await client.chat.completions.create(messages=[{"role": "user", "content": "hi"}])

    asyncio.run(main())
