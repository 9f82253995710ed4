"""What the guard needs of a model that reads text in images and PDFs. Knows no file format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from prudent.capabilities.interface.capability import Capability
from prudent.types.image import ImageInfo
from prudent.types.reading import TextPage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What is wanted; see `prudent.types.reading`. `name` is what errors call the file."""

    name: str | None = None
    pages: tuple[int, ...] | None = None
    words: bool = False
    use_text_layer: bool = True


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """Pages in the order in which they were asked for, and what file they are of."""

    pages: tuple[TextPage, ...]
    info: ImageInfo
    pages_total: int = 1


class TextReader(Protocol):
    """A loaded model that reads."""

    @property
    def id(self) -> str:
        """Its name in the catalog."""
        ...

    def read(self, data: bytes, options: ReadingOptions) -> ReadDocument:
        """Read a file; takes a second a page and is to be called in a thread.

        Raises:
            UnsupportedMediaError: it is neither an image nor a PDF, or PDFs cannot be read here.
            InvalidRequestError: it is empty or damaged, or has no such page; `param` names the field.
            RequestTooLargeError: it has too many bytes, pixels or pages.
            ServiceUnavailableError: the model was closed.
        """
        ...

    def read_pixels(self, pixels: NDArray[np.uint8], *, words: bool = False) -> TextPage:
        """Read an image that is decoded already: (height, width, 3), red green blue, upright.

        Raises:
            ServiceUnavailableError: the model was closed.
        """
        ...


READING: Capability[TextReader] = Capability("vision.read", default="pp-ocrv6-small")
