"""Text in images and PDFs: `ReadingModel.load().read(data, ReadingOptions())`.

It joins decoding, detector, recogniser and layout. Knows no HTTP.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.interface.reading import READING, ReadDocument, ReadingOptions
from prudent.capabilities.vision.decode import decode_image
from prudent.capabilities.vision.detection import detect
from prudent.capabilities.vision.directions import read_boxes
from prudent.capabilities.vision.page_text import page_text
from prudent.capabilities.vision.pdf import is_pdf, read_pdf
from prudent.capabilities.vision.quads import Pixels
from prudent.capabilities.vision.recognition import recognize
from prudent.errors import InvalidRequestError, ServiceUnavailableError
from prudent.runtime.reader_artifact import ReaderArtifact
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session
from prudent.store import open_model
from prudent.types.progress import ProgressListener
from prudent.types.reading import TextPage


class ReadingModel:
    """A loaded detector and recogniser. Safe to use from several threads; their pages take turns."""

    def __init__(self, artifact: ReaderArtifact, *, threads: int | None = None) -> None:
        """Load both. `threads` None uses every core that this process may use.

        Raises:
            ModelFileError: the folder is damaged.
        """
        self.id = artifact.card.id
        self.card = artifact.card
        self._characters = artifact.characters()
        options = SessionOptions(threads=threads, spinning=Spinning.WHILE_RUNNING, arena=True)
        self._sessions: tuple[Session, Session] | None = (
            open_session(artifact.detector, options),
            open_session(artifact.recognizer, options),
        )
        self._turn = threading.Lock()

    @classmethod
    def load(
        cls,
        name: str = READING.default,
        *,
        pull: bool = True,
        threads: int | None = None,
        progress: ProgressListener | None = None,
    ) -> Self:
        """A model of the catalog by name; fetched and compiled the first time. `pull` False never fetches.

        Raises:
            ModelNotFoundError: no model has this name.
            InvalidRequestError: the model does not read.
            ConflictError: `pull` is False and the model is not fetched.
            FetchError, StorageError, ModelFileError, AccuracyGateError: it could not be made ready.
        """
        folder = open_model(name, READING.task, pull=pull, progress=progress)
        return cls(ReaderArtifact(folder), threads=threads)

    def read(self, data: bytes, options: ReadingOptions) -> ReadDocument:
        """Read an image or a PDF; see `TextReader`."""
        if is_pdf(data):
            return read_pdf(data, options, lambda pixels: self.read_pixels(pixels, words=options.words))
        if options.pages not in (None, (1,)):
            raise InvalidRequestError("An image has one page.", hint="Leave `pages` out.", param="pages")
        image = decode_image(data, name=options.name, contrast=True)
        return ReadDocument((self.read_pixels(image.pixels, words=options.words),), image.info)

    def read_pixels(self, pixels: Pixels, *, words: bool = False) -> TextPage:
        """Read a decoded image: uint8 (height, width, 3), red green blue, upright as the camera held it.

        Raises:
            ServiceUnavailableError: the model was closed.
        """
        with self._turn:
            if self._sessions is None:
                raise ServiceUnavailableError(f"{self.id} was closed.", hint="Load it again.")
            detector, recognizer = self._sessions

            def find(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
                return detector.run({"pixels": pixels})[0]

            def spell(pixels: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
                best, probabilities = recognizer.run({"pixels": pixels}, ["characters", "probabilities"])
                return best, probabilities

            boxes = detect(pixels, find)
            lines = read_boxes(
                pixels,
                [box.quad for box in boxes],
                [box.score for box in boxes],
                lambda pieces: recognize(pieces, spell, self._characters),
            )
        return page_text(lines, pixels.shape[1], pixels.shape[0], words=words)

    def close(self) -> None:
        """Free the weights, once the page in progress is read. Closing twice is no error."""
        with self._turn:
            self._sessions = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
