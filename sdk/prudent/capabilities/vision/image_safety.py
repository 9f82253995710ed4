"""How explicit an image is: `ImageSafetyModel.load().assess(pixels)`. Knows no policy and no HTTP."""

from __future__ import annotations

import bisect
import io
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prudent.capabilities.interface.image_safety import IMAGE_SAFETY
from prudent.capabilities.vision.classification import as_image
from prudent.runtime.image_safety_artifact import ImageSafetyArtifact
from prudent.runtime.session_set import SessionSet
from prudent.store import open_model
from prudent.types.progress import ProgressListener
from prudent.types.safety import severity_name
from prudent.types.vision import ImageSeverity

_PIXELS: Final = "pixels"
_SCORES: Final = "scores"


class ImageSafetyModel:
    """A loaded scorer. Safe to use from several threads, which run beside each other."""

    def __init__(self, artifact: ImageSafetyArtifact, *, threads: int | None = None) -> None:
        """Load it. Up to `threads` images are scored at a time; None allows one for each core.

        Raises:
            ModelFileError: the folder is damaged.
        """
        self.id = artifact.card.id
        self.card = artifact.card
        self._config = artifact.config
        self._sessions = SessionSet(artifact.graph, most=threads, name=self.id)

    @classmethod
    def load(
        cls,
        name: str = IMAGE_SAFETY.default,
        *,
        pull: bool = True,
        threads: int | None = None,
        progress: ProgressListener | None = None,
    ) -> Self:
        """A model of the catalog by name; fetched and compiled the first time. `pull` False never fetches.

        Raises:
            ModelNotFoundError: no model has this name.
            InvalidRequestError: the model does not score images.
            ConflictError: `pull` is False and the model is not fetched.
            FetchError, StorageError, ModelFileError, AccuracyGateError: it could not be made ready.
        """
        folder = open_model(name, IMAGE_SAFETY.task, pull=pull, progress=progress)
        return cls(ImageSafetyArtifact(folder), threads=threads)

    def assess(self, pixels: NDArray[np.uint8]) -> dict[str, ImageSeverity]:
        """The severity of an image (height, width, 3), red green blue, in each category.

        Raises:
            InvalidRequestError: `pixels` is no image.
            ServiceUnavailableError: the model was closed.
        """
        score = float(self._sessions.run({_PIXELS: self._prepared(pixels)}, [_SCORES])[0][0, 1])
        level = bisect.bisect_right(self._config.levels, score)
        severity = ImageSeverity(score=round(score, 6), severity=severity_name(level), severity_level=level)
        return {self._config.category: severity}

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
        """As the network was trained: squeezed to a square, its middle, once through JPEG.

        Without the JPEG the log-odds are another by 0.5 in the mean (64 photographs).
        """
        config = self._config
        squeezed = as_image(pixels).resize((config.resize, config.resize), Image.Resampling.BILINEAR)
        edge = (config.resize - config.size) // 2
        middle = squeezed.crop((edge, edge, edge + config.size, edge + config.size))
        with io.BytesIO() as file:
            middle.save(file, format="JPEG")
            file.seek(0)
            with Image.open(file, formats=("JPEG",)) as image:
                values = np.asarray(image)
        return np.ascontiguousarray(values.transpose(2, 0, 1)[None])
