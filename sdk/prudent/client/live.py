"""Live transcription: sound goes in by one hand and texts come out by the other. Knows no socket's making.

A thread (or a task) sends what the caller's iterable gives, while the caller reads texts.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from types import TracebackType
from typing import Any, Self, cast

from pydantic import ValidationError

from prudent.client.exchange import error_from_body
from prudent.client.sockets import AsyncSocket, Socket
from prudent.errors import ConnectionFailedError
from prudent.types.live_transcription import EndOfAudio, LiveEvent

DONE = "transcript.done"


class LiveStream:
    """Texts as they are heard: iterate over it. Leaving the block, or closing, ends the conversation.

    Iterating raises PrudentError where the server reports a fault, and whatever the iterable of sound raises.
    """

    def __init__(self, socket: Socket, audio: Iterable[bytes]) -> None:
        self._socket = socket
        self._audio = audio
        self._fault: BaseException | None = None
        self._events = self._read()
        self._sender = threading.Thread(target=self._send, name="prudent-sound", daemon=True)
        self._sender.start()

    def __iter__(self) -> Iterator[LiveEvent]:
        return self

    def __next__(self) -> LiveEvent:
        return next(self._events)

    def _send(self) -> None:
        try:
            for pcm in self._audio:
                self._socket.send(bytes(pcm))
            self._socket.send(EndOfAudio().model_dump_json())
        except ConnectionFailedError:
            return  # who reads learns why
        except BaseException as error:  # noqa: BLE001 handed to who reads
            self._fault = error
            self._socket.close()

    def _read(self) -> Iterator[LiveEvent]:
        try:
            while (message := self._socket.receive()) is not None:
                event = _event(message)
                yield event
                if event.type == DONE:
                    return
            raise self._fault or _cut_short()
        except ConnectionFailedError as error:
            raise self._fault or error from None
        finally:
            self._socket.close()

    def close(self) -> None:
        """Stop. The server stops within one utterance."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncLiveStream:
    """Texts as they are heard: iterate over it with `async for`. Raises what LiveStream raises."""

    def __init__(self, socket: AsyncSocket, audio: AsyncIterable[bytes]) -> None:
        self._socket = socket
        self._audio = audio
        self._fault: BaseException | None = None
        self._events = self._read()
        self._sender = asyncio.create_task(self._send())

    def __aiter__(self) -> AsyncIterator[LiveEvent]:
        return self

    async def __anext__(self) -> LiveEvent:
        return await anext(self._events)

    async def _send(self) -> None:
        try:
            async for pcm in self._audio:
                await self._socket.send(bytes(pcm))
            await self._socket.send(EndOfAudio().model_dump_json())
        except ConnectionFailedError:
            return  # who reads learns why
        except Exception as error:  # noqa: BLE001 handed to who reads
            self._fault = error
            await self._socket.close()

    async def _read(self) -> AsyncIterator[LiveEvent]:
        try:
            while (message := await self._socket.receive()) is not None:
                event = _event(message)
                yield event
                if event.type == DONE:
                    return
            raise self._fault or _cut_short()
        except ConnectionFailedError as error:
            raise self._fault or error from None
        finally:
            await self.close()

    async def close(self) -> None:
        """Stop. The server stops within one utterance."""
        self._sender.cancel()
        await asyncio.wait({self._sender})
        await self._socket.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _event(message: str) -> LiveEvent:
    """Read one message, or raise the error that it carries."""
    try:
        body: Any = json.loads(message)
        if isinstance(body, dict) and "error" in body:
            raise error_from_body(cast("dict[str, Any]", body), status=None)
        return LiveEvent.model_validate(body)
    except (ValueError, RecursionError, ValidationError) as error:
        raise ConnectionFailedError("The server sent a message that is not a LiveEvent.") from error


def _cut_short() -> ConnectionFailedError:
    return ConnectionFailedError("The conversation ended before it was complete.")
