"""Speech to text on the wire, as the OpenAI API has it, plus the verdicts.

A request is a form: the recording is its file, and these are its other fields. Every field has an effect; a
parameter that prudent does not support is absent here, so that asking for it is an error that names it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from prudent.types.base import RequestModel, ResponseModel
from prudent.types.operation import Operation
from prudent.types.safety import ContentFilterResults, PromptFilterResult, SafetyInfo

ResponseFormat = Literal["json", "text", "srt", "verbose_json", "vtt"]
TimestampGranularity = Literal["word", "segment"]

LONGEST_PROMPT = 4096
"""Characters; the model reads the last 223 tokens."""


class TranslationRequest(RequestModel):
    """A recording to be written down in English, whatever is spoken in it.

    `prompt` is text that might have come before: it sets names, spelling and style. `temperature` 0 (the
    default) takes the most likely words, and tries again with higher ones where the outcome looks wrong.
    """

    model: str | None = None
    prompt: str | None = Field(default=None, max_length=LONGEST_PROMPT)
    response_format: ResponseFormat = "json"
    temperature: float = Field(default=0.0, ge=0.0, le=1.0)
    user: str | None = Field(default=None, max_length=256)

    @property
    def language(self) -> str | None:
        """Not given: it is heard."""
        return None

    @property
    def translate(self) -> bool:
        """Whether the text is to be English."""
        return True

    @property
    def with_words(self) -> bool:
        """Whether words are to have times."""
        return False


class TranscriptionRequest(RequestModel):
    """A recording to be written down.

    `language` is a code ("en", "zh") or an English name; without it the language is heard. Words have times
    where `timestamp_granularities` asks for them, which needs the format verbose_json. Streams have the
    formats json and verbose_json; the latter's events hold the segments as well. The rest is as for
    translations.
    """

    model: str | None = None
    language: str | None = Field(default=None, min_length=2, max_length=32)
    prompt: str | None = Field(default=None, max_length=LONGEST_PROMPT)
    response_format: ResponseFormat = "json"
    temperature: float = Field(default=0.0, ge=0.0, le=1.0)
    timestamp_granularities: Annotated[list[TimestampGranularity], Field(max_length=2)] = []
    stream: bool = False
    user: str | None = Field(default=None, max_length=256)

    @model_validator(mode="after")
    def _consistent(self) -> TranscriptionRequest:
        if self.timestamp_granularities and self.response_format != "verbose_json":
            raise ValueError("timestamp_granularities needs response_format=verbose_json")
        if self.stream and self.response_format not in ("json", "verbose_json"):
            raise ValueError(
                f"a stream has no response_format={self.response_format}: use json or verbose_json"
            )
        return self

    @property
    def translate(self) -> bool:
        """Whether the text is to be English."""
        return False

    @property
    def with_words(self) -> bool:
        """Whether words are to have times."""
        return "word" in self.timestamp_granularities


AnyTranscriptionRequest = TranscriptionRequest | TranslationRequest


class TranscriptionWord(ResponseModel):
    """A word and when it is said, in seconds."""

    word: str
    start: float
    end: float


class TranscriptionSegment(ResponseModel):
    """A stretch of speech: times in seconds, its text, and how sure the model was.

    `avg_logprob` is in nats a token, `compression_ratio` that of the text by zlib; both, `no_speech_prob` and
    `temperature` are those of the window of up to 30 seconds that it was decoded in. `seek` is its start in
    hundredths of a second. `tokens` is empty where a check changed the text.
    """

    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: list[int]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class TranscriptionLanguage(ResponseModel):
    """A language that was heard or given, as a code."""

    code: str


class AudioUsage(ResponseModel):
    """How long the recording was, in seconds."""

    type: Literal["duration"] = "duration"
    seconds: float


class Transcription(ResponseModel):
    """What was said. `content_filter_results` are the verdicts on the text."""

    text: str
    languages: list[TranscriptionLanguage] = []
    usage: AudioUsage | None = None
    content_filter_results: ContentFilterResults | None = None
    prompt_filter_results: list[PromptFilterResult] | None = None
    safety: SafetyInfo | None = None


class VerboseTranscription(Transcription):
    """What was said and when: `duration` in seconds, `language` by its English name."""

    task: Literal["transcribe", "translate"]
    language: str
    duration: float
    segments: list[TranscriptionSegment] | None = None
    words: list[TranscriptionWord] | None = None


class TranscriptionEvent(ResponseModel):
    """One event of a stream.

    `transcript.text.delta` has new text in `delta`, and what is ours: how far the recording has been gone
    through (`position` of `duration`, seconds; None where the file does not say), and the segments where
    verbose_json was asked for. `transcript.text.done` comes last and has the whole `text`.
    """

    type: Literal["transcript.text.delta", "transcript.text.done"]
    delta: str | None = None
    text: str | None = None
    position: float | None = None
    duration: float | None = None
    language: str | None = None
    languages: list[TranscriptionLanguage] | None = None
    segments: list[TranscriptionSegment] | None = None
    words: list[TranscriptionWord] | None = None
    usage: AudioUsage | None = None
    content_filter_results: ContentFilterResults | None = None
    prompt_filter_results: list[PromptFilterResult] | None = None
    safety: SafetyInfo | None = None


CREATE_TRANSCRIPTION: Operation[TranscriptionRequest, Transcription, TranscriptionEvent] = Operation(
    "audio.transcriptions.create",
    "POST",
    "/v1/audio/transcriptions",
    TranscriptionRequest,
    Transcription,
    TranscriptionEvent,
)
CREATE_TRANSLATION: Operation[TranslationRequest, Transcription, None] = Operation(
    "audio.translations.create", "POST", "/v1/audio/translations", TranslationRequest, Transcription
)
