"""Text to speech: `SpeakerModel.load().samples("Hello.")`.

It joins what is written as it is said, phonemes, voice and files of sound. Knows no HTTP.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Generator
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.interface.speech import SPEECH, SpeakingOptions, SpeechPart, Spoken
from prudent.capabilities.offload import offload_steps
from prudent.capabilities.speaking.containers import open_writer
from prudent.capabilities.speaking.espeak import load_espeak
from prudent.capabilities.speaking.fingerprint import Fingerprinting
from prudent.capabilities.speaking.languages import language_name, require_speakable
from prudent.capabilities.speaking.marks import Marks
from prudent.capabilities.speaking.normalization import spoken
from prudent.capabilities.speaking.sentences import Sentence, sentences
from prudent.capabilities.speaking.signs import without_the_unheard
from prudent.capabilities.speaking.synthesis import Synthesizer
from prudent.errors import InvalidRequestError
from prudent.runtime.speaker_artifact import SpeakerArtifact
from prudent.store import open_model
from prudent.types.progress import ProgressListener

_SSML = re.compile(
    r"</?(?:speak|voice|prosody|break|say-as|phoneme|emphasis|sub|audio|mark|p|s)\b[^<>]{0,200}>",
    re.IGNORECASE,
)
_DEFAULT_VOICE = "default"


class SpeakerModel:
    """A loaded voice. Safe to use from several threads and tasks; their sentences take turns part by part."""

    def __init__(self, artifact: SpeakerArtifact, *, threads: int | None = None) -> None:
        """Load the voice (about a second). `threads` None uses every core that this process may use.

        Raises:
            ModelFileError: the folder is damaged.
        """
        self.id = artifact.card.id
        self.card = artifact.card
        self.sample_rate: int = artifact.config.sample_rate
        """Samples a second."""
        self._config = artifact.config
        self._synthesizer = Synthesizer(artifact, threads=threads)

    @classmethod
    def load(
        cls,
        name: str = SPEECH.default,
        *,
        pull: bool = True,
        threads: int | None = None,
        progress: ProgressListener | None = None,
    ) -> Self:
        """A voice of the catalog by name; fetched and compiled the first time.

        Raises:
            ModelNotFoundError: no model has this name.
            InvalidRequestError: the model does not speak.
            FetchError, StorageError, ModelFileError, AccuracyGateError: it could not be made ready.
        """
        folder = open_model(name, "speech", pull=pull, progress=progress)
        return cls(SpeakerArtifact(folder), threads=threads)

    def samples(
        self, text: str, *, speed: float = 1.0, voice: str | None = None, early: bool = True
    ) -> Generator[NDArray[np.float32]]:
        """The sound of a text, float32 (T) between -1 and 1, in parts; raises as `Speaker.speak` does.

        `early` makes the first part soon, and all of it a little later. The same text sounds the same again.
        """
        self._require_voice(voice)
        pieces = self._pieces(text)
        espeak = load_espeak()
        first = early
        for piece in pieces:
            ids = self._config.ids_of(espeak.phonemes(piece.text, self._config.espeak_voice))
            yield from self._synthesizer.say(ids, speed=speed, first=first)
            first = False
            if piece.pause:
                yield np.zeros(round(piece.pause / speed * self.sample_rate), np.float32)

    def parts(self, text: str, options: SpeakingOptions) -> Generator[SpeechPart]:
        """The bytes of a file of sound; raises as `Speaker.speak` does."""
        kind, rate = options.response_format, self.sample_rate
        writer = open_writer(kind, rate, Marks(self.id), whole=options.whole)
        fingerprint = Fingerprinting(rate)
        early = not options.whole
        for samples in self.samples(text, speed=options.speed, voice=options.voice, early=early):
            fingerprint.add(samples)
            if data := writer.write(samples):
                yield SpeechPart(data)
        found = fingerprint.finish()
        if data := writer.finish():
            yield SpeechPart(data)
        yield SpeechPart(b"", Spoken(found.sha256, found.robust, found.seconds))

    def speak(self, text: str, options: SpeakingOptions) -> AsyncGenerator[SpeechPart, Any]:
        """See `prudent.capabilities.interface.speech.Speaker`."""
        return offload_steps(self.parts(text, options))

    def close(self) -> None:
        """Free the voice. What is being said ends with ServiceUnavailableError."""
        self._synthesizer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _pieces(self, text: str) -> list[Sentence]:
        if _SSML.search(text):
            raise InvalidRequestError(
                "The input holds SSML, and this endpoint reads plain text.",
                hint="Leave the tags out; commas and paragraphs make pauses, and `speed` sets the pace.",
                param="input",
            )
        require_speakable(
            text,
            self._config.language,
            f"{self.id} speaks {language_name(self._config.language)}; the catalog has no other voice yet.",
        )
        pieces = sentences(spoken(text))
        if not pieces:
            left_out = "" if not text.strip() or without_the_unheard(text).strip() else " but pictures"
            raise InvalidRequestError(
                f"The input has nothing that can be spoken{left_out or ': no letter and no digit'}.",
                hint="Emoji, pictures and control characters have no sound.",
                param="input",
            )
        return pieces

    def _require_voice(self, voice: str | None) -> None:
        own = self._config.voice
        if voice is not None and voice.lower() not in (_DEFAULT_VOICE, own):
            raise InvalidRequestError(
                f"{self.id} has no such voice; it has {own!r}.",
                hint=f"Ask for {own!r} or {_DEFAULT_VOICE!r}.",
                param="voice",
            )
