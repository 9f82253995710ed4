"""How likely it is that somebody speaks, every 32 ms. Knows no file and no islands.

The network is Silero's voice activity detector (version 6), compiled to run over many windows at once.
"""

from __future__ import annotations

import threading
from typing import Self

import numpy as np
from numpy.typing import NDArray

from prudent.errors import ServiceUnavailableError
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session
from prudent.runtime.voice_activity_artifact import CONTEXT, HIDDEN, WINDOW, VoiceActivityArtifact
from prudent.store import open_model
from prudent.types.progress import ProgressListener

VOICE_ACTIVITY_MODEL = "silero-vad"
WINDOW_SECONDS = WINDOW / 16_000

_WINDOWS_A_RUN = 128
"""Four seconds of sound; more at a time was not faster."""


class VoiceActivityModel:
    """A loaded detector. Safe to use from several threads; their runs take turns."""

    def __init__(self, artifact: VoiceActivityArtifact) -> None:
        """Load it (some milliseconds). It is too small to gain from more than one thread.

        Raises:
            ModelFileError: the folder is damaged.
        """
        self.id = artifact.card.id
        self.card = artifact.card
        options = SessionOptions(threads=1, spinning=Spinning.NEVER)
        self._session: Session | None = open_session(artifact.graph, options)
        self._turn = threading.Lock()

    @classmethod
    def load(
        cls,
        name: str = VOICE_ACTIVITY_MODEL,
        *,
        pull: bool = True,
        progress: ProgressListener | None = None,
    ) -> Self:
        """A model of the catalog by name. Raises as `prudent.store.open_model`."""
        folder = open_model(name, "speech.vad", pull=pull, progress=progress)
        return cls(VoiceActivityArtifact(folder))

    def listen(self) -> VoiceActivity:
        """Begin to listen to one recording."""
        return VoiceActivity(self)

    def run(
        self, windows: NDArray[np.float32], state: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities (T) of windows (T, 576), and the state (2, 1, 128) after them.

        Raises:
            ServiceUnavailableError: the model was closed.
        """
        with self._turn:
            if self._session is None:
                raise ServiceUnavailableError("The voice activity detector was closed.")
            probabilities, after = self._session.run({"windows": windows, "state": state})
        return probabilities, after

    def close(self) -> None:
        """Free the weights, once the run in progress is over. Closing twice is no error."""
        with self._turn:
            self._session = None


class VoiceActivity:
    """The probabilities of one recording, as its samples come. For one thread at a time."""

    def __init__(self, model: VoiceActivityModel) -> None:
        self._model = model
        self._state = np.zeros((2, 1, HIDDEN), np.float32)
        self._rest = np.zeros(CONTEXT, np.float32)

    def feed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take mono samples at 16 kHz; return the probabilities of the windows that they complete.

        Raises:
            ServiceUnavailableError: the model was closed.
        """
        sound = np.concatenate([self._rest, samples])
        count = (len(sound) - CONTEXT) // WINDOW
        found: list[NDArray[np.float32]] = []
        for start in range(0, count, _WINDOWS_A_RUN):
            some = min(_WINDOWS_A_RUN, count - start)
            piece = sound[start * WINDOW : (start + some) * WINDOW + CONTEXT]
            view = np.lib.stride_tricks.sliding_window_view(piece, CONTEXT + WINDOW)[::WINDOW]
            probabilities, self._state = self._model.run(np.ascontiguousarray(view), self._state)
            found.append(probabilities)
        self._rest = sound[count * WINDOW :].copy()
        return np.concatenate(found) if found else np.empty(0, np.float32)

    def finish(self) -> NDArray[np.float32]:
        """The probability of what is left, followed by silence: one window, or none."""
        left = len(self._rest) - CONTEXT
        return self.feed(np.zeros(WINDOW - left, np.float32)) if left else np.empty(0, np.float32)
