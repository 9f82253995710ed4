"""Text to speech on the wire, as the OpenAI API has it.

Every field has an effect; a parameter that prudent does not support is absent here, so that asking for it
is an error that names it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prudent.types.base import RequestModel, ResponseModel
from prudent.types.operation import Operation

SpeechFormat = Literal["mp3", "opus", "flac", "wav", "pcm"]
StreamFormat = Literal["audio", "sse"]

LONGEST_INPUT = 4096
"""Characters."""

GENERATED_HEADER = "x-prudent-generated"
"""Says of every answer that its sound is synthetic, and of which model; raw samples have no other place."""

MEDIA_TYPES: dict[SpeechFormat, str] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg; codecs=opus",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm; rate=24000; channels=1",
}


class SpeechRequest(RequestModel):
    """A text to be spoken.

    `voice` names a voice of the model, or `default`. `speed` 2 is twice as fast. `pcm` is 16-bit little-
    endian mono at 24 kHz. With `stream_format` the sound is sent while it is made: `audio` as bytes in
    whatever format, `sse` in events.
    """

    input: str = Field(min_length=1, max_length=LONGEST_INPUT)
    model: str | None = None
    voice: str | None = Field(default=None, max_length=128)
    response_format: SpeechFormat = "mp3"
    speed: float = Field(default=1.0, ge=0.25, le=4.0)
    stream_format: StreamFormat | None = None

    @property
    def whole(self) -> bool:
        """Whether the file is made whole before any of it is sent, with its sizes in its header.

        So is FLAC always (its readers want to know the number of samples), and WAV unless asked for as a
        stream.
        """
        return self.response_format == "flac" or (
            self.response_format == "wav" and self.stream_format is None
        )


class SpeechEvent(ResponseModel):
    """A piece of the sound in base64, or the end of it."""

    type: Literal["speech.audio.delta", "speech.audio.done"]
    audio: str | None = None
    seconds: float | None = None


CREATE_SPEECH: Operation[SpeechRequest, SpeechEvent, SpeechEvent] = Operation(
    "audio.speech.create", "POST", "/v1/audio/speech", SpeechRequest, SpeechEvent, SpeechEvent
)
"""Without `stream_format=sse` the answer is not JSON but the sound."""
