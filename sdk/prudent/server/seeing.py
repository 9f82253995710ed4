"""Images that are classified, scored and analysed, as the guard and the checks see them. Knows no HTTP.

Text that was read in an image is checked as text of source `image`, and so is what a model of explicit images
says of it, where it was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prudent.capabilities.interface import Capability, Models
from prudent.capabilities.interface.classification import CLASSIFICATION
from prudent.capabilities.interface.image_safety import IMAGE_SAFETY
from prudent.capabilities.interface.reading import READING
from prudent.capabilities.offload import offload
from prudent.server.attended import Performed
from prudent.server.image_source import ImageSource
from prudent.server.perceiving import read_image
from prudent.types.content import Source
from prudent.types.image import ImageReference, image_reference
from prudent.types.reading import TextPage
from prudent.types.safety import PromptFilterResult, SafetyInfo
from prudent.types.vision import (
    ANALYZE_IMAGE,
    CHECK_IMAGE,
    CLASSIFY_IMAGE,
    AnalyzeImageRequest,
    ClassifyImageRequest,
    FoundText,
    ImageAnalysis,
    ImageClassification,
    ImageSafety,
    ImageSafetyRequest,
    VisionFeature,
)
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.verdict import merged

if TYPE_CHECKING:
    from prudent.capabilities.vision.decode import DecodedImage

DEFAULT_FEATURES: tuple[VisionFeature, ...] = ("tags", "safety", "colors", "sharpness", "hash")
"""All that take no longer than a blink; reading takes a second."""


async def decoded(source: ImageSource, image: str | ImageReference, *, param: str = "image") -> DecodedImage:
    """The pixels of an image that a request refers to; raises as `ImageSource.read` and `decode_image`."""
    # Imported here: a server that sees no images needs no library for them.
    from prudent.capabilities.vision.decode import decode_image

    data = await source.read(image, param=param)
    return await offload(decode_image, data, name=image_reference(image).name, param=param)


class ClassifyImage(Performed[ImageClassification]):
    """An image to its most probable classes."""

    def __init__(self, request: ClassifyImageRequest, source: ImageSource) -> None:
        self.route = CLASSIFY_IMAGE.path
        self.model = request.model or CLASSIFICATION.default
        self.user = request.user
        self.metadata = request.metadata
        self._request = request
        self._source = source

    async def perform(self, models: Models) -> ImageClassification:
        """Decode, then classify."""
        image = await decoded(self._source, self._request.image)
        async with models.lease(CLASSIFICATION, self._request.model) as model:
            tags = await offload(model.classify, image.pixels, top_k=self._request.top_k)
            return ImageClassification(model=model.id, tags=tags, image=image.info)

    def with_safety(
        self, result: ImageClassification, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]
    ) -> ImageClassification:
        """The result with what stood guard."""
        del prompt
        return result.model_copy(update={"safety": safety})


class CheckImage(Performed[ImageSafety]):
    """An image to its severity. Nothing is refused: that is what was asked for."""

    refuses = False

    def __init__(self, request: ImageSafetyRequest, source: ImageSource) -> None:
        self.route = CHECK_IMAGE.path
        self.model = request.model or IMAGE_SAFETY.default
        self.user = request.user
        self.metadata = request.metadata
        self._request = request
        self._source = source

    async def perform(self, models: Models) -> ImageSafety:
        """Decode, then score."""
        image = await decoded(self._source, self._request.image)
        async with models.lease(IMAGE_SAFETY, self._request.model) as model:
            categories = await offload(model.assess, image.pixels)
            return ImageSafety(model=model.id, categories=categories, image=image.info)

    def outputs(self, result: ImageSafety) -> Sequence[Part]:
        """The image without any text."""
        return [Part("", Source.IMAGE, image=result.categories)]

    def with_outputs(
        self, result: ImageSafety, texts: Sequence[str], verdicts: Sequence[PromptFilterResult]
    ) -> ImageSafety:
        """The result with the verdict on it."""
        del texts
        return result.model_copy(update={"content_filter_results": verdicts[0].content_filter_results})

    def with_safety(
        self, result: ImageSafety, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]
    ) -> ImageSafety:
        """The result with what stood guard."""
        del prompt
        return result.model_copy(update={"safety": safety})


class AnalyzeImage(Performed[ImageAnalysis]):
    """An image to several features; it is decoded once."""

    def __init__(self, request: AnalyzeImageRequest, source: ImageSource) -> None:
        self.route = ANALYZE_IMAGE.path
        self.user = request.user
        self.metadata = request.metadata
        self._request = request
        self._source = source
        self._features = frozenset(request.features or DEFAULT_FEATURES)
        self.model = ", ".join(capability.default for capability in self._capabilities())

    def _capabilities(self) -> list[Capability[Any]]:
        """Those of the models that the features need."""
        return [capability for feature, capability in _MODELS.items() if feature in self._features]

    async def perform(self, models: Models) -> ImageAnalysis:
        """Decode, then one feature after the other: each uses the cores that it is given."""
        image = await decoded(self._source, self._request.image)
        found: dict[str, Any] = await offload(_measures, image, self._features)
        used: dict[str, str] = {}
        if "tags" in self._features:
            async with models.lease(CLASSIFICATION) as classifier:
                used["tags"] = classifier.id
                found["tags"] = await offload(classifier.classify, image.pixels, top_k=self._request.top_k)
        if "safety" in self._features:
            async with models.lease(IMAGE_SAFETY) as scorer:
                used["safety"] = scorer.id
                found["categories"] = await offload(scorer.assess, image.pixels)
        if "text" in self._features:
            page, used["text"] = await read_image(image, models)
            found["text"] = found_text(page)
        return ImageAnalysis(image=image.info, models=used, **found)

    def outputs(self, result: ImageAnalysis) -> Sequence[Part]:
        """The text that was read, and what was said of the image itself."""
        text = result.text.text if result.text else ""
        if not text and result.categories is None:
            return []
        return [Part(text, Source.IMAGE, image=result.categories)]

    def with_outputs(
        self, result: ImageAnalysis, texts: Sequence[str], verdicts: Sequence[PromptFilterResult]
    ) -> ImageAnalysis:
        """The result with the text as it may be seen, and the verdicts on it."""
        results = merged(verdict.content_filter_results for verdict in verdicts)
        changed: dict[str, Any] = {"content_filter_results": results}
        if result.text is not None:
            changed["text"] = result.text.model_copy(
                update={"text": texts[0], "content_filter_results": results}
            )
        return result.model_copy(update=changed)

    def with_safety(
        self, result: ImageAnalysis, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]
    ) -> ImageAnalysis:
        """The result with what stood guard."""
        del prompt
        return result.model_copy(update={"safety": safety})


def found_text(page: TextPage) -> FoundText:
    """What a page says, and how sure that is."""
    known = [line.confidence for line in page.lines if line.confidence is not None]
    return FoundText(text=page.text, confidence=round(sum(known) / len(known), 4) if known else None)


_MODELS: dict[VisionFeature, Capability[Any]] = {
    "tags": CLASSIFICATION,
    "safety": IMAGE_SAFETY,
    "text": READING,
}


def _measures(image: DecodedImage, features: frozenset[VisionFeature]) -> dict[str, Any]:
    """What needs no model."""
    from prudent.capabilities.vision.measures import dominant_colors, perceptual_hash, sharpness

    found: dict[str, Any] = {}
    if "colors" in features:
        found["colors"] = dominant_colors(image.pixels)
    if "sharpness" in features:
        found["sharpness"] = sharpness(image.pixels)
    if "hash" in features:
        found["perceptual_hash"] = perceptual_hash(image.pixels)
    return found
