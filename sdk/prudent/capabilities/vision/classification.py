"""What an image shows: `ImageClassifier.load().classify(pixels)`. Knows no file format and no HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prudent.capabilities.interface.classification import CLASSIFICATION
from prudent.errors import InvalidRequestError
from prudent.runtime.classifier_artifact import ClassifierArtifact
from prudent.runtime.session_set import SessionSet
from prudent.store import open_model
from prudent.types.progress import ProgressListener
from prudent.types.vision import MOST_TAGS, Tag

_PIXELS: Final = "pixels"
_LOGITS: Final = "logits"
_FEATURES: Final = "features"

_REDUCING_GAP: Final = 3.0
"""Large images are first halved by boxes to this many times the size; Pillow calls that indistinguishable."""


class ImageClassifier:
    """A loaded classifier. Safe to use from several threads, which run beside each other."""

    def __init__(self, artifact: ClassifierArtifact, *, threads: int | None = None) -> None:
        """Load it. Up to `threads` images are classified at a time; None allows one for each core.

        Raises:
            ModelFileError: the folder is damaged.
        """
        self.id = artifact.card.id
        self.card = artifact.card
        self.labels: tuple[str, ...] = tuple(artifact.config.labels)
        """The classes by index."""
        self.feature_size: int = artifact.config.features
        """Numbers in an image's features."""
        self._size = artifact.config.size
        self._kept = artifact.config.size / artifact.config.resize
        self._sessions = SessionSet(artifact.graph, most=threads, name=self.id)

    @classmethod
    def load(
        cls,
        name: str = CLASSIFICATION.default,
        *,
        pull: bool = True,
        threads: int | None = None,
        progress: ProgressListener | None = None,
    ) -> Self:
        """A model of the catalog by name; fetched and compiled the first time. `pull` False never fetches.

        Raises:
            ModelNotFoundError: no model has this name.
            InvalidRequestError: the model is not for classification.
            ConflictError: `pull` is False and the model is not fetched.
            FetchError, StorageError, ModelFileError, AccuracyGateError: it could not be made ready.
        """
        folder = open_model(name, CLASSIFICATION.task, pull=pull, progress=progress)
        return cls(ClassifierArtifact(folder), threads=threads)

    def classify(self, pixels: NDArray[np.uint8], *, top_k: int = 5) -> list[Tag]:
        """The most probable classes, best first.

        Args:
            pixels: (height, width, 3), red green blue.
            top_k: how many, from 1 to MOST_TAGS.

        Raises:
            InvalidRequestError: `pixels` is no image, or `top_k` out of range.
            ServiceUnavailableError: the model was closed.
        """
        if not 1 <= top_k <= MOST_TAGS:
            raise InvalidRequestError(f"top_k is {top_k}; it can be 1 to {MOST_TAGS}.", param="top_k")
        logits = self._sessions.run({_PIXELS: self._prepared(pixels)}, [_LOGITS])[0][0]
        powers = np.exp(logits - logits.max())
        probabilities = powers / powers.sum()
        best = np.argsort(-probabilities, kind="stable")[:top_k]
        return [
            Tag(label=self.labels[index], score=round(float(probabilities[index]), 6), index=index)
            for index in map(int, best)
        ]

    def features(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """The last layer but one, averaged over each image: float32 (images, feature_size), none negative.

        Raises:
            InvalidRequestError: one of them is no image.
            ServiceUnavailableError: the model was closed.
        """
        made = np.empty((len(images), self.feature_size), np.float32)
        for row, pixels in enumerate(images):
            made[row] = self._sessions.run({_PIXELS: self._prepared(pixels)}, [_FEATURES])[0][0]
        return made

    def close(self) -> None:
        """Free the weights. Closing twice is no error."""
        self._sessions.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _prepared(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The middle of the image at the network's size: uint8 (1, 3, S, S).

        The middle is cut out of the original and then scaled: the same as the other way round, but for
        rounding, and an image of 20,000 by 4 needs no more memory than any other.
        """
        image = as_image(pixels)
        side = min(image.size) * self._kept
        left, top = (image.width - side) / 2, (image.height - side) / 2
        scaled = image.resize(
            (self._size, self._size),
            Image.Resampling.BICUBIC,
            box=(left, top, left + side, top + side),
            reducing_gap=_REDUCING_GAP,
        )
        return np.ascontiguousarray(np.asarray(scaled).transpose(2, 0, 1)[None])


def as_image(pixels: NDArray[np.uint8]) -> Image.Image:
    """Pixels (height, width, 3) as Pillow has them. Raises InvalidRequestError where they are no image."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise InvalidRequestError(
            f"An image is uint8 (height, width, 3), not {pixels.dtype} {pixels.shape}.", param="image"
        )
    return Image.fromarray(pixels)
