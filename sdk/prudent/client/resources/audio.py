"""`client.audio`: sound to text, and text to sound. What each part does is in a file of its own."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import Any

import httpx

from prudent.client.connection import AsyncConnection, Connection
from prudent.client.live import AsyncLiveStream, LiveStream
from prudent.client.resources.speech import AsyncSpeech, Speech
from prudent.client.resources.transcription import (
    AsyncTranscriptions,
    AsyncTranslations,
    Transcriptions,
    Translations,
)
from prudent.types.live_transcription import STREAM_AUDIO_PATH

_OWN = ("self", "audio", "timeout")


def _query(parameters: dict[str, Any]) -> dict[str, str]:
    """The parameters that were given (not None) as the query of an address."""
    given = {name: value for name, value in parameters.items() if name not in _OWN and value is not None}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()
    }


class Audio:
    """Sound in, text out, and the other way round."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.speech = Speech(connection)
        self.transcriptions = Transcriptions(connection)
        self.translations = Translations(connection)

    def stream(
        self,
        audio: Iterable[bytes],
        *,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        translate: bool = False,
        partials: bool = True,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> LiveStream:
        """Write sound down as it comes; iterate over what is returned.

        `audio` gives 16-bit little-endian mono samples at 16 kHz, in pieces of any size; it is read in a
        thread of its own. A final text follows each pause; partial ones come before it and may change.

        Raises:
            InvalidRequestError: a parameter is wrong; `param` names it.
            ModelNotFoundError: no model has this name.
            RateLimitError: the server has as many streams as it allows.
        """
        query = _query(dict(locals()))
        return LiveStream(self._connection.socket(STREAM_AUDIO_PATH, query, timeout=timeout), audio)


class AsyncAudio:
    """Sound in, text out, and the other way round."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.speech = AsyncSpeech(connection)
        self.transcriptions = AsyncTranscriptions(connection)
        self.translations = AsyncTranslations(connection)

    async def stream(
        self,
        audio: AsyncIterable[bytes],
        *,
        model: str | None = None,
        language: str | None = None,
        prompt: str | None = None,
        translate: bool = False,
        partials: bool = True,
        user: str | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> AsyncLiveStream:
        """Write sound down as it comes; iterate over what is returned.

        `audio` gives 16-bit little-endian mono samples at 16 kHz, in pieces of any size; it is read in a
        task of its own. A final text follows each pause; partial ones come before it and may change.

        Raises:
            InvalidRequestError: a parameter is wrong; `param` names it.
            ModelNotFoundError: no model has this name.
            RateLimitError: the server has as many streams as it allows.
        """
        query = _query(dict(locals()))
        return AsyncLiveStream(
            await self._connection.socket(STREAM_AUDIO_PATH, query, timeout=timeout), audio
        )
