"""What is in an image, on the wire: tags, a severity, what `analyze` measures. Text has a file of its own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from prudent.types.base import RequestModel, ResponseModel
from prudent.types.image import ImageField, ImageInfo
from prudent.types.operation import Operation
from prudent.types.safety import ContentFilterResults, SafetyInfo, SeverityName

MOST_TAGS = 100

VisionFeature = Literal["tags", "safety", "text", "colors", "sharpness", "hash"]
"""What `analyze` can look for. Size, format and orientation are always told."""


class _ImageRequest(RequestModel):
    """One image, and who asks: `user` and `metadata` are as for chat."""

    image: ImageField
    user: str | None = Field(default=None, max_length=256)
    metadata: dict[str, str] | None = Field(default=None, max_length=16)


class ClassifyImageRequest(_ImageRequest):
    """What is to be seen in an image, as the `top_k` most probable of the model's classes."""

    model: str | None = None
    top_k: int = Field(5, ge=1, le=MOST_TAGS)


class ImageSafetyRequest(_ImageRequest):
    """How explicit an image is."""

    model: str | None = None


class AnalyzeImageRequest(_ImageRequest):
    """Several features of one image, which is decoded once. `features` None means all but `text`.

    Each feature has the default model of its kind.
    """

    features: Annotated[list[VisionFeature], Field(min_length=1, fail_fast=True)] | None = None
    top_k: int = Field(5, ge=1, le=MOST_TAGS)

    @field_validator("features")
    @classmethod
    def _once(cls, features: list[VisionFeature] | None) -> list[VisionFeature] | None:
        if features is not None and len(set(features)) < len(features):
            raise ValueError("a feature stands twice")
        return features


class Tag(ResponseModel):
    """A class that the model knows, by name and index, and how probable it is (0-1)."""

    label: str
    score: float
    index: int


class ImageClassification(ResponseModel):
    """The most probable classes, best first."""

    model: str
    tags: list[Tag]
    image: ImageInfo
    safety: SafetyInfo | None = None

    @property
    def label(self) -> str:
        """The most probable class."""
        return self.tags[0].label


class ImageSeverity(ResponseModel):
    """A model's score (0-1) and what it means on the policy's scale: 0 safe to 7 high."""

    score: float
    severity: SeverityName
    severity_level: int


class ImageSafety(ResponseModel):
    """How severe an image is in each category; `sexual` is the one there is. Nothing is refused by it.

    `content_filter_results` say what the policy would do with it.
    """

    model: str
    categories: dict[str, ImageSeverity]
    image: ImageInfo
    content_filter_results: ContentFilterResults | None = None
    safety: SafetyInfo | None = None


class DominantColor(ResponseModel):
    """A colour as #rrggbb and the share (0-1) of the image that is near it."""

    hex: str
    share: float


class Sharpness(ResponseModel):
    """`variance` of the Laplacian of the grey image at a fixed size: low where nothing has an edge.

    `blurred` says that it is below what sharp photographs have; a plain wall is no less "blurred".
    """

    variance: float
    blurred: bool


class FoundText(ResponseModel):
    """Text that was read in the image, in reading order, with the mean confidence (0-1) of its lines.

    `content_filter_results` are the verdicts on it.
    """

    text: str
    confidence: float | None = None
    content_filter_results: ContentFilterResults | None = None


class ImageAnalysis(ResponseModel):
    """The features that were asked for; the others are None.

    `perceptual_hash` is 64 bits as 16 hexadecimal digits: images that look alike differ in few bits.
    """

    image: ImageInfo
    models: dict[str, str] = {}
    tags: list[Tag] | None = None
    categories: dict[str, ImageSeverity] | None = None
    text: FoundText | None = None
    colors: list[DominantColor] | None = None
    sharpness: Sharpness | None = None
    perceptual_hash: str | None = None
    content_filter_results: ContentFilterResults | None = None
    safety: SafetyInfo | None = None


CLASSIFY_IMAGE: Operation[ClassifyImageRequest, ImageClassification, None] = Operation(
    "vision.classify", "POST", "/v1/vision/classify", ClassifyImageRequest, ImageClassification
)

CHECK_IMAGE: Operation[ImageSafetyRequest, ImageSafety, None] = Operation(
    "vision.safety", "POST", "/v1/vision/safety", ImageSafetyRequest, ImageSafety
)

ANALYZE_IMAGE: Operation[AnalyzeImageRequest, ImageAnalysis, None] = Operation(
    "vision.analyze", "POST", "/v1/vision/analyze", AnalyzeImageRequest, ImageAnalysis
)
