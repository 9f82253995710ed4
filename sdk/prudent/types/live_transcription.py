"""Live speech to text on the wire: a WebSocket that takes sound and gives text. It is ours.

The address carries the request as its query. The client sends binary messages (16-bit little-endian mono
samples at 16 kHz, cut anywhere) and, when it has no more, the text message {"type": "end"}. The server sends
text messages, each a `LiveEvent`, or an error body before it closes.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prudent.types.base import RequestModel, ResponseModel
from prudent.types.safety import ContentFilterResults, SafetyInfo
from prudent.types.transcription import LONGEST_PROMPT

STREAM_AUDIO_PATH = "/v1/audio/stream"
SAMPLE_RATE = 16_000
BYTES_A_SAMPLE = 2


class LiveRequest(RequestModel):
    """How sound is to be written down as it comes; the fields are those of a transcription.

    `partials` asks for what is heard of an utterance before it is over. `translate` gives English.
    """

    model: str | None = None
    language: str | None = Field(default=None, min_length=2, max_length=32)
    prompt: str | None = Field(default=None, max_length=LONGEST_PROMPT)
    translate: bool = False
    partials: bool = True
    user: str | None = Field(default=None, max_length=256)


class EndOfAudio(RequestModel):
    """The client's last message: no more sound comes."""

    type: Literal["end"] = "end"


class LiveEvent(ResponseModel):
    """What was heard.

    `transcript.partial` is an utterance as far as it has come, and may change; `transcript.final` the same
    once a pause has ended it; `transcript.done` comes last. `utterance` counts from 0; `start` and `end` are
    in seconds since the beginning of the sound; `duration` is how long the sound was.
    """

    type: Literal["transcript.partial", "transcript.final", "transcript.done"]
    utterance: int | None = None
    text: str = ""
    start: float | None = None
    end: float | None = None
    language: str | None = None
    duration: float | None = None
    content_filter_results: ContentFilterResults | None = None
    safety: SafetyInfo | None = None
