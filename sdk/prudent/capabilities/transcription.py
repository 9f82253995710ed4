"""A recording to text: decoding, voice activity and Whisper joined. `TranscriptionModel.load()`.

The file is listened through for speech and transcribed in batches as it is read: memory does not grow with
its length. Knows no request and no HTTP.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, closing
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

from prudent.capabilities.audio.chunks import Chunk, speech_chunks
from prudent.capabilities.audio.decode import AudioLimits, open_recording
from prudent.capabilities.audio.languages import language_code
from prudent.capabilities.audio.live import LiveListener
from prudent.capabilities.audio.mel import log_mel
from prudent.capabilities.audio.vad import VoiceActivityModel
from prudent.capabilities.interface.transcription import TRANSCRIPTION, Heard, HearingOptions, Recording
from prudent.capabilities.offload import offload_steps
from prudent.capabilities.whisper.model import WhisperModel
from prudent.capabilities.whisper.options import FALLBACK_TEMPERATURES, DecodeOptions
from prudent.capabilities.whisper.transcript import Segment, Transcript, Word
from prudent.capabilities.whisper.window import Window
from prudent.errors import InvalidRequestError
from prudent.runtime.transcriber_artifact import TranscriberArtifact
from prudent.store import open_model
from prudent.types.progress import ProgressListener

FEWEST_SECONDS = 1.0
"""What is left of a chunk is heard again where it is longer, and the model has come further than this."""

BATCH = 8
"""Chunks that are decoded together: four minutes of speech at most."""


class TranscriptionModel:
    """Whisper with what it needs to hear whole recordings. Several are heard at once, batch by batch."""

    def __init__(self, whisper: WhisperModel, activity: VoiceActivityModel) -> None:
        """Join two loaded models, which it then owns."""
        self.id = whisper.id
        self.card = whisper.card
        self._whisper = whisper
        self._activity = activity

    @classmethod
    def load(
        cls,
        name: str = TRANSCRIPTION.default,
        *,
        pull: bool = True,
        threads: int | None = None,
        progress: ProgressListener | None = None,
    ) -> Self:
        """A model of the catalog by name; it and the voice activity detector are made ready the first time.

        Raises:
            PrudentError: as `prudent.store.open_model` does.
        """
        folder = open_model(name, "transcription", pull=pull, progress=progress)
        activity = VoiceActivityModel.load(pull=pull, progress=progress)
        return cls(WhisperModel.load(TranscriberArtifact(folder), threads=threads), activity)

    async def transcribe(self, recording: Recording, options: HearingOptions) -> AsyncGenerator[Heard, Any]:
        """Go through a recording; see `Transcriber`."""
        decode = self._decode_options(options)
        async with aclosing(offload_steps(self._steps(recording, decode, early=options.early))) as steps:
            async for heard in steps:
                yield heard

    def listen(self, options: HearingOptions) -> LiveListener:
        """Begin to hear sound as it is made; see `Transcriber`."""
        return LiveListener(self._whisper, self._activity, self._decode_options(options))

    def _decode_options(self, options: HearingOptions) -> DecodeOptions:
        language = None if options.language is None else language_code(options.language)
        if language is not None and language not in self._whisper.languages:
            raise InvalidRequestError(
                f"{self.id} does not know the language {language!r}.",
                hint="Use a multilingual model, such as whisper-base.",
                param="language",
            )
        if options.translate and not self._whisper.multilingual:
            raise InvalidRequestError(
                f"{self.id} knows English only, so there is nothing to translate.",
                hint="Use a multilingual model, such as whisper-base.",
                param="model",
            )
        return DecodeOptions(
            language=language,
            task="translate" if options.translate else "transcribe",
            prompt=options.prompt,
            word_timestamps=options.words,
            temperatures=_temperatures(options.temperature),
            batch=BATCH,
        )

    def _steps(self, recording: Recording, decode: DecodeOptions, *, early: bool) -> Generator[Heard]:
        """Blocking: a batch after the other, each as it is heard."""
        limits = AudioLimits(seconds=recording.longest)
        with open_recording(recording.file, name=recording.name, limits=limits) as sound:
            batch: list[Chunk] = []
            size = 1 if early else BATCH
            with closing(speech_chunks(sound.blocks(), self._activity)) as chunks:
                for chunk in chunks:
                    batch.append(chunk)
                    if len(batch) < size:
                        continue
                    size = min(2 * size, BATCH)
                    heard, decode = self._hear(batch, decode)
                    yield Heard(heard, decode.language, batch[-1].end, sound.seconds)
                    batch = []
            heard, decode = self._hear(batch, decode)
            yield Heard(heard, decode.language, sound.read_seconds, sound.read_seconds)

    def _hear(self, batch: list[Chunk], decode: DecodeOptions) -> tuple[tuple[Segment, ...], DecodeOptions]:
        """The segments of some chunks; the language that was heard in them holds for those that follow."""
        segments: list[Segment] = []
        rest = batch
        while rest:
            windows = [Window(log_mel(chunk.samples)) for chunk in rest]
            transcripts = self._whisper.transcribe(windows, decode)
            heard = next((transcript.language for transcript in transcripts if transcript.text), None)
            decode = decode if heard is None else replace(decode, language=heard)
            pairs = list(zip(rest, transcripts, strict=True))
            segments += [segment for pair in pairs for segment in _in_recording(*pair)]
            rest = [left for pair in pairs if (left := _left_over(*pair)) is not None]
        return tuple(sorted(segments, key=lambda segment: segment.start)), decode

    def close(self) -> None:
        """Free the weights, once the run in progress is over. Closing twice is no error."""
        self._whisper.close()
        self._activity.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class _Clock:
    """Times in a chunk as times in the recording."""

    chunk: Chunk

    def begin(self, seconds: float) -> float:
        return round(self.chunk.recording_time(seconds), 3)

    def end(self, seconds: float) -> float:
        return round(self.chunk.recording_time(seconds, ends=True), 3)

    def word(self, word: Word) -> Word:
        start = self.begin(word.start)
        return replace(word, start=start, end=max(start, self.end(word.end)))


def _left_over(chunk: Chunk, transcript: Transcript) -> Chunk | None:
    """What of a chunk was not heard: the model may stop at a time stamp long before the speech does."""
    if not transcript.text.strip():
        return None
    end = transcript.segments[-1].end
    return chunk.after(end) if FEWEST_SECONDS < end < chunk.seconds - FEWEST_SECONDS else None


def _in_recording(chunk: Chunk, transcript: Transcript) -> Generator[Segment]:
    """The segments of a chunk with the recording's times; silence makes none."""
    clock = _Clock(chunk)
    for segment in transcript.segments:
        if not segment.text.strip():
            continue
        start = clock.begin(segment.start)
        words = None if segment.words is None else tuple(map(clock.word, segment.words))
        yield replace(segment, start=start, end=max(start, clock.end(segment.end)), words=words)


def _temperatures(first: float) -> tuple[float, ...]:
    """The temperature that was asked for, and the higher ones to try where the outcome looks wrong."""
    return (first, *(higher for higher in FALLBACK_TEMPERATURES if higher > first))
