"""Windows of sound to text: `WhisperModel.load(artifact).transcribe(windows, DecodeOptions())`.

It joins encoder, decoder and the rules of decoding. Knows no audio file, no cutting into windows and no HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from prudent.capabilities.whisper.options import DecodeOptions
from prudent.capabilities.whisper.transcript import DetectedLanguage, Transcript
from prudent.capabilities.whisper.window import Window
from prudent.errors import InternalError
from prudent.runtime.transcriber_artifact import TranscriberArtifact


class WhisperModel:
    """A loaded Whisper. Safe to use from several threads; their calls take turns, a batch at a time."""

    def __init__(self, artifact: TranscriberArtifact, *, threads: int | None = None) -> None:
        """See `load`."""
        self.id = artifact.card.id
        self.card = artifact.card
        self.multilingual: bool = artifact.config.multilingual
        """Whether it knows more than English, and can translate."""
        self.languages: tuple[str, ...] = ("en",)
        """Codes of the languages that it knows."""
        self._threads = threads

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
        raise InternalError(f"Not there yet: {len(windows)} windows, {options}.")

    def detect_language(self, windows: Sequence[Window]) -> DetectedLanguage:
        """The language of a recording, from the first windows of it that are given (more are surer).

        Raises:
            InvalidRequestError: there are no windows, or one is of the wrong shape.
            ServiceUnavailableError: the model was closed.
        """
        raise InternalError(f"Not there yet: {len(windows)} windows.")

    def close(self) -> None:
        """Free the weights, once the run in progress is over. Closing twice is no error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
