"""Windows of sound to text: `WhisperModel.load(artifact).transcribe(windows, DecodeOptions())`.

It joins encoder, decoder and the rules of decoding. Knows no audio file, no cutting into windows and no HTTP.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from prudent.capabilities.whisper.decoding import SoundDecoder
from prudent.capabilities.whisper.languages import detect
from prudent.capabilities.whisper.options import DecodeOptions
from prudent.capabilities.whisper.prompt import ENGLISH, make_prompt, require_possible
from prudent.capabilities.whisper.sound import Sound, SoundEncoder
from prudent.capabilities.whisper.tail import SilentTail, Thinning
from prudent.capabilities.whisper.transcript import DetectedLanguage, Transcript
from prudent.capabilities.whisper.validation import require_sane
from prudent.capabilities.whisper.window import Window
from prudent.capabilities.whisper.writing import Writer
from prudent.errors import InvalidRequestError, ServiceUnavailableError
from prudent.runtime.session import SessionOptions, Spinning, open_session
from prudent.runtime.transcriber_artifact import TranscriberArtifact
from prudent.tokenizer import Tokenizer, TokenizerSpec

LANGUAGE_WINDOWS = 4
"""The longest windows of a call, from which its language is told."""


class WhisperModel:
    """A loaded Whisper. Safe to use from several threads; their calls take turns, a batch at a time."""

    def __init__(
        self,
        artifact: TranscriberArtifact,
        *,
        threads: int | None = None,
        thinning: Thinning | None = None,
    ) -> None:
        """See `load`; `thinning` says how the tail of a `thin` window is thinned."""
        config = artifact.config
        self.id = artifact.card.id
        self.card = artifact.card
        self.multilingual: bool = config.multilingual
        """Whether it knows more than English, and can translate."""
        self.languages: tuple[str, ...] = tuple(config.languages) or (ENGLISH,)
        """Codes of the languages that it knows."""
        self._config = config
        self._tokenizer = Tokenizer(TokenizerSpec.load(artifact.tokenizer))
        options = SessionOptions(threads=threads, spinning=Spinning.WHILE_RUNNING)
        tail = SilentTail(artifact.tail, config)
        self._encoder: SoundEncoder | None = SoundEncoder(
            open_session(artifact.encoder, options), tail, config, thinning or Thinning()
        )
        self._decoder: SoundDecoder | None = SoundDecoder(
            open_session(artifact.decoder, options), self._encoder, config, self._text_bytes
        )
        self._turn = threading.Lock()

    @classmethod
    def load(cls, artifact: TranscriberArtifact, *, threads: int | None = None) -> Self:
        """Load a compiled model (about a second). `threads` None uses every core that this process may use.

        Raises:
            ModelFileError: the folder is damaged.
        """
        return cls(artifact, threads=threads)

    def transcribe(self, windows: Sequence[Window], options: DecodeOptions | None = None) -> list[Transcript]:
        """A transcript for each window, in their order; windows of like length are decoded together.

        For live sound, call it again with the window as it has grown, one temperature, no time stamps and
        what is agreed upon as `prefix`: only the sound that there is costs time.

        Raises:
            InvalidRequestError: a language that the model does not know, translation by an English model, a
                window of the wrong shape, or an option out of range; `param` names it.
            ServiceUnavailableError: the model was closed.
        """
        options = options or DecodeOptions()
        require_sane(windows, options)
        require_possible(options, self._config, self.id)
        if not windows:
            return []
        found, heard = self._language(windows, options)
        prompt = make_prompt(options, found.language, self._config, self._tokenizer.encode)
        transcripts: dict[int, Transcript] = {}
        for batch in _batches(windows, options.batch):
            with self._turn:
                encoder, decoder = self._open()
                sounds = [
                    heard.pop(place, None) or encoder.encode(windows[place], options.window)
                    for place in batch
                ]
                decoded = decoder.decode(sounds, prompt, options)
                writer = Writer(self._tokenizer, self._config, decoder, options, found)
                for place, sound, result in zip(batch, sounds, decoded, strict=True):
                    transcripts[place] = writer.write(windows[place], sound, result)
        return [transcripts[place] for place in range(len(windows))]

    def detect_language(self, windows: Sequence[Window]) -> DetectedLanguage:
        """The language of a recording, from the first windows of it that are given (more are surer).

        Raises:
            InvalidRequestError: there are no windows, or one is of the wrong shape.
            ServiceUnavailableError: the model was closed.
        """
        options = DecodeOptions()
        require_sane(windows, options)
        if not windows:
            raise InvalidRequestError("There is no sound whose language could be told.", param="file")
        return self._language(windows, options)[0]

    def close(self) -> None:
        """Free the weights, once the run in progress is over. Closing twice is no error."""
        with self._turn:
            self._encoder = self._decoder = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _language(
        self, windows: Sequence[Window], options: DecodeOptions
    ) -> tuple[DetectedLanguage, dict[int, Sound]]:
        """The language given or heard, and the sounds encoded on the way, by their windows' places."""
        given = options.language or (None if self.multilingual else ENGLISH)
        if given is not None:
            return DetectedLanguage(given, 1.0, {given: 1.0}), {}
        longest = sorted(range(len(windows)), key=lambda place: -windows[place].features.shape[1])
        with self._turn:
            encoder, decoder = self._open()
            heard = {
                place: encoder.encode(windows[place], options.window) for place in longest[:LANGUAGE_WINDOWS]
            }
            logits = decoder.first_logits(list(heard.values()))
        return detect(logits, self._config.languages), heard

    def _open(self) -> tuple[SoundEncoder, SoundDecoder]:
        if self._encoder is None or self._decoder is None:
            raise ServiceUnavailableError(f"{self.id} was closed.", hint="Load it again.")
        return self._encoder, self._decoder

    def _text_bytes(self, tokens: Sequence[int]) -> bytes:
        return b"".join(map(self._tokenizer.visible_bytes, tokens)).strip()


def _batches(windows: Sequence[Window], largest: int) -> Iterator[list[int]]:
    """Places of windows to decode together: of like length, since the longest sets the pace."""
    by_length = sorted(range(len(windows)), key=lambda place: -windows[place].features.shape[1])
    for start in range(0, len(by_length), largest):
        yield by_length[start : start + largest]
