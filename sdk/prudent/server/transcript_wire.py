"""Transcripts in the formats of the OpenAI API: JSON, plain text, subtitles, events. Knows no HTTP."""

from __future__ import annotations

from prudent.capabilities.audio.languages import language_name
from prudent.capabilities.audio.subtitles import srt, vtt
from prudent.server.heard import wire_segments, wire_words
from prudent.server.transcribing import Hearing
from prudent.types.transcription import (
    AnyTranscriptionRequest,
    AudioUsage,
    Transcription,
    TranscriptionEvent,
    TranscriptionLanguage,
    TranscriptionRequest,
    VerboseTranscription,
)


def transcript_text(hearing: Hearing, request: AnyTranscriptionRequest) -> str | None:
    """The transcript where a format of plain text is asked for, else None."""
    if request.response_format == "text":
        return f"{hearing.text.strip()}\n"
    if request.response_format == "srt":
        return srt(hearing.segments)
    if request.response_format == "vtt":
        return vtt(hearing.segments)
    return None


def transcript(hearing: Hearing, request: AnyTranscriptionRequest) -> Transcription:
    """The transcript as JSON, with times where they are asked for."""
    shared = {
        "text": hearing.text.strip(),
        "languages": _languages(hearing),
        "usage": _usage(hearing),
        "content_filter_results": hearing.verdicts,
        "prompt_filter_results": list(hearing.prompt) if hearing.prompt else None,
        "safety": hearing.safety,
    }
    if request.response_format != "verbose_json":
        return Transcription.model_validate(shared)
    granularities = request.timestamp_granularities if isinstance(request, TranscriptionRequest) else []
    wants_segments = "segment" in granularities or not granularities
    return VerboseTranscription.model_validate(
        {
            **shared,
            "task": "translate" if request.translate else "transcribe",
            "language": _language(hearing, request),
            "duration": hearing.position,
            "segments": wire_segments(hearing.segments) if wants_segments else None,
            "words": wire_words(hearing.segments) if request.with_words else None,
        }
    )


def transcript_event(hearing: Hearing, request: TranscriptionRequest) -> TranscriptionEvent:
    """One event of a stream."""
    verbose = request.response_format == "verbose_json"
    common = {
        "position": hearing.position,
        "duration": hearing.position if hearing.done else hearing.duration,
        "language": hearing.language,
        "segments": wire_segments(hearing.segments) if verbose else None,
        "words": wire_words(hearing.segments) if request.with_words else None,
    }
    if not hearing.done:
        return TranscriptionEvent.model_validate(
            {"type": "transcript.text.delta", "delta": hearing.text, **common}
        )
    return TranscriptionEvent.model_validate(
        {
            "type": "transcript.text.done",
            "text": hearing.text.strip(),
            **common,
            "languages": _languages(hearing),
            "usage": _usage(hearing),
            "content_filter_results": hearing.verdicts,
            "prompt_filter_results": list(hearing.prompt) if hearing.prompt else None,
            "safety": hearing.safety,
        }
    )


def _language(hearing: Hearing, request: AnyTranscriptionRequest) -> str:
    """OpenAI gives the name of the language that was spoken; that of a translation is english."""
    if request.translate:
        return "english"
    return "" if hearing.language is None else language_name(hearing.language)


def _languages(hearing: Hearing) -> list[TranscriptionLanguage]:
    return [] if hearing.language is None else [TranscriptionLanguage(code=hearing.language)]


def _usage(hearing: Hearing) -> AudioUsage:
    return AudioUsage(seconds=round(hearing.position, 3))
