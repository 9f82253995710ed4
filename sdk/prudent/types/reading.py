"""Text that was read in an image or a PDF, on the wire: pages of lines with places and confidences."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from prudent.types.base import RequestModel, ResponseModel
from prudent.types.image import ImageField, ImageInfo
from prudent.types.operation import Operation
from prudent.types.safety import ContentFilterResults, SafetyInfo

MOST_PAGES = 50
"""Pages of a PDF that one call reads."""

Polygon = list[tuple[float, float]]
"""Corners (x, y), clockwise from where the text begins, in the page's unit from its upper left corner."""

TextSource = Literal["image", "text_layer"]


PageNumbers = Annotated[
    list[Annotated[int, Field(ge=1)]], Field(min_length=1, max_length=MOST_PAGES, fail_fast=True)
]
"""Pages by number, the first one 1."""


class ReadTextRequest(RequestModel):
    """An image or a PDF. `pages` counts from 1 and None means all; `user` and `metadata` are as for chat.

    With `words` each line has its words. `text_layer` "never" reads the picture of a PDF's page even where
    the page brings text with it.
    """

    image: ImageField
    model: str | None = None
    pages: (
        Annotated[
            list[Annotated[int, Field(ge=1)]], Field(min_length=1, max_length=MOST_PAGES, fail_fast=True)
        ]
        | None
    ) = None
    words: bool = False
    text_layer: Literal["auto", "never"] = "auto"
    user: str | None = Field(default=None, max_length=256)
    metadata: dict[str, str] | None = Field(default=None, max_length=16)


class TextWord(ResponseModel):
    """What stands between two spaces."""

    text: str
    confidence: float
    polygon: Polygon


class TextLine(ResponseModel):
    """A piece of text without a gap; cells of a table are lines of their own.

    `offset` is its place in the page's text. `confidence` (0-1) is None where the text was not recognised
    but came with a PDF. `angle` is the direction of the text in degrees, clockwise from rightwards;
    `vertical` says that letters stand one above the other.
    """

    text: str
    offset: int
    paragraph: int
    polygon: Polygon
    confidence: float | None = None
    angle: float = 0.0
    vertical: bool = False
    words: list[TextWord] | None = None


class TextPage(ResponseModel):
    """A page, its lines in reading order. An image is one page.

    `text` has a line for each row, a tab between the cells of a row and an empty line between paragraphs.
    `orientation` is by how many degrees (0, 90, 180, 270) the page would have to be turned counterclockwise
    for most of its text to be upright. `languages` are those that the letters tell: tags such as zh, ja or
    und-Latn (Latin letters of any language), the most frequent first. `width` and `height` are pixels; of a
    page whose text came with a PDF, points.
    """

    number: int = 1
    text: str
    lines: list[TextLine]
    width: float
    height: float
    orientation: int = 0
    languages: list[str] = []
    source: TextSource = "image"

    @property
    def paragraphs(self) -> list[str]:
        """The text of each paragraph."""
        return self.text.split("\n\n") if self.text else []


class ReadText(ResponseModel):
    """Everything that was read. `text` is that of all pages, with an empty line between them.

    `content_filter_results` are the verdicts on it. `pages_total` is how many the document has.
    """

    model: str
    text: str
    pages: list[TextPage]
    image: ImageInfo
    pages_total: int = 1
    content_filter_results: ContentFilterResults | None = None
    safety: SafetyInfo | None = None

    @property
    def lines(self) -> list[TextLine]:
        """The lines of all pages."""
        return [line for page in self.pages for line in page.lines]

    @property
    def confidence(self) -> float | None:
        """Mean confidence of the lines; None where none was recognised."""
        known = [line.confidence for line in self.lines if line.confidence is not None]
        return sum(known) / len(known) if known else None


READ_TEXT: Operation[ReadTextRequest, ReadText, None] = Operation(
    "vision.read", "POST", "/v1/vision/read", ReadTextRequest, ReadText
)
