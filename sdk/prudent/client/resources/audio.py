"""`client.audio`: sound to text. What each part does is in a file of its own."""

from __future__ import annotations

from prudent.client.connection import AsyncConnection, Connection
from prudent.client.resources.transcription import (
    AsyncTranscriptions,
    AsyncTranslations,
    Transcriptions,
    Translations,
)


class Audio:
    """Sound in, text out."""

    def __init__(self, connection: Connection) -> None:
        self.transcriptions = Transcriptions(connection)
        self.translations = Translations(connection)


class AsyncAudio:
    """Sound in, text out."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.transcriptions = AsyncTranscriptions(connection)
        self.translations = AsyncTranslations(connection)
