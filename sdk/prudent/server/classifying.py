"""Classifiers as the guard and the checks see them: trained, asked, removed. Knows no HTTP.

Texts are the user's; labels, groups and pictures are not read by any check. Nothing heavy is imported
before it is needed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from prudent.capabilities.interface import Models
from prudent.capabilities.interface.classifiers import IMAGE_VECTORS, TEXT_VECTORS, ImageEncoder, TextEncoder
from prudent.capabilities.offload import offload
from prudent.errors import ServiceUnavailableError
from prudent.server.attended import Performed
from prudent.server.image_source import ImageSource
from prudent.types.classifiers import (
    CLASSIFY,
    DELETE_CLASSIFIER,
    TRAIN_CLASSIFIER,
    Classification,
    Classifications,
    Classifier,
    ClassifierDeleted,
    ClassifierList,
    ClassifyRequest,
    TrainClassifierRequest,
)
from prudent.types.content import Source
from prudent.types.progress import ProgressListener
from prudent.types.safety import PromptFilterResult, SafetyInfo
from prudent_responsible_ai.parts import Part

if TYPE_CHECKING:
    from prudent.capabilities.classifiers.cleaning import RawExample
    from prudent.capabilities.classifiers.features import Encoding
    from prudent.capabilities.classifiers.training import Trained


class Trainings:
    """Who trains next: one at a time, since each takes memory for all its examples."""

    def __init__(self, progress: ProgressListener | None = None) -> None:
        self.turn = asyncio.Lock()
        self.progress = progress


class TrainClassifier(Performed[Classifier]):
    """Examples to a classifier that is kept."""

    def __init__(self, request: TrainClassifierRequest, trainings: Trainings, source: ImageSource) -> None:
        self.route = TRAIN_CLASSIFIER.path
        self.model = request.name
        self.user = request.user
        self.metadata = request.metadata
        self._request = request
        self._trainings = trainings
        self._source = source

    def inputs(self) -> Sequence[Part]:
        """The texts of the examples."""
        return [
            Part(example.text, Source.USER, message_index=at)
            for at, example in enumerate(self._request.examples)
            if example.text is not None
        ]

    def with_inputs(self, texts: Sequence[str]) -> Self:
        """The request with other texts; without texts it is what it was."""
        if texts:
            pairs = zip(self._request.examples, texts, strict=True)
            examples = [example.model_copy(update={"text": text}) for example, text in pairs]
            self._request = self._request.model_copy(update={"examples": examples})
        return self

    def param_of(self, result: PromptFilterResult) -> str | None:
        """The example."""
        return f"examples[{result.prompt_index}].text"

    async def perform(self, models: Models) -> Classifier:
        """Train, when it is this request's turn."""
        from prudent.capabilities.classifiers import shelf

        request = self._request
        if not request.replace:
            await offload(shelf.require_free, request.name)
        given_up = threading.Event()
        async with self._trainings.turn:
            try:
                if request.examples[0].image is None:
                    async with models.lease(TEXT_VECTORS, request.encoder) as texts:
                        return await offload(self._train_texts, texts, given_up)
                images = [
                    await self._source.read(one.image, param=f"examples[{at}].image")
                    for at, one in enumerate(request.examples)
                    if one.image is not None
                ]
                async with models.lease(IMAGE_VECTORS, request.encoder) as classifier:
                    return await offload(self._train_images, classifier, images, given_up)
            finally:
                given_up.set()

    def _train_texts(self, encoder: TextEncoder, given_up: threading.Event) -> Classifier:
        from prudent.capabilities.classifiers.cleaning import RawExample
        from prudent.capabilities.classifiers.features import text_encoding

        examples = [
            RawExample(one.text or "", one.label, one.group, at if one.row is None else one.row)
            for at, one in enumerate(self._request.examples, 1)
        ]
        encoding = text_encoding(encoder)
        return self._train(encoding, examples, given_up)

    def _train_images(
        self, encoder: ImageEncoder, images: Sequence[bytes], given_up: threading.Event
    ) -> Classifier:
        from prudent.capabilities.classifiers.cleaning import RawExample
        from prudent.capabilities.classifiers.features import image_encoding

        examples = [
            RawExample(image, one.label, one.group, at if one.row is None else one.row)
            for at, (one, image) in enumerate(zip(self._request.examples, images, strict=True), 1)
        ]
        return self._train(image_encoding(encoder), examples, given_up)

    def _train(
        self, encoding: Encoding, examples: Sequence[RawExample], given_up: threading.Event
    ) -> Classifier:
        from prudent.capabilities.classifiers import shelf
        from prudent.capabilities.classifiers.training import TrainingOptions, train

        def check() -> None:
            if given_up.is_set():
                raise ServiceUnavailableError("Nobody waits for this training any more.")

        request = self._request
        options = TrainingOptions(request.seed, request.drop_rare, request.unknown_below)
        trained = train(
            request.name,
            encoding,
            examples,
            options,
            left_out=request.left_out,
            check=check,
            progress=self._trainings.progress,
        )
        check()
        shelf.keep(trained, replace=request.replace)
        return trained.record

    def with_safety(
        self, result: Classifier, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]
    ) -> Classifier:
        """What stood guard, and the verdicts on texts in which something was found."""
        return result.model_copy(update={"safety": safety, "prompt_filter_results": _told(prompt)})


class Classify(Performed[Classifications]):
    """Texts or images to answers."""

    def __init__(self, request: ClassifyRequest, source: ImageSource) -> None:
        self.route = CLASSIFY.path
        self.model = request.model
        self.user = request.user
        self.metadata = request.metadata
        self._request = request
        self._texts: Sequence[str] = request.texts
        self._source = source

    def inputs(self) -> Sequence[Part]:
        """The texts."""
        return [Part(text, Source.USER, message_index=at) for at, text in enumerate(self._texts)]

    def with_inputs(self, texts: Sequence[str]) -> Self:
        """The request with other texts."""
        self._texts = texts
        return self

    def param_of(self, result: PromptFilterResult) -> str | None:
        """The text."""
        return "input" if isinstance(self._request.input, str) else f"input[{result.prompt_index}]"

    async def perform(self, models: Models) -> Classifications:
        """Ask the classifier."""
        from prudent.capabilities.classifiers import shelf
        from prudent.capabilities.classifiers.predicting import require_kind

        trained = await offload(shelf.open_classifier, self._request.model)
        require_kind(trained, "image" if self._request.images else "text")
        encoder = trained.record.card.encoder.id
        if self._request.images:
            images = [await self._source.read(image) for image in self._request.images]
            async with models.lease(IMAGE_VECTORS, encoder) as classifier:
                data = await offload(self._of_images, trained, classifier, images)
        else:
            async with models.lease(TEXT_VECTORS, encoder) as texts:
                data = await offload(self._of_texts, trained, texts)
        return Classifications(
            model=self._request.model, data=data, unknown_below=trained.record.card.unknown_below
        )

    def _of_texts(self, trained: Trained, encoder: TextEncoder) -> list[Classification]:
        from prudent.capabilities.classifiers.features import text_encoding
        from prudent.capabilities.classifiers.predicting import classify, require_encoder, weigh_words

        encoding = text_encoding(encoder)
        require_encoder(trained, encoding)
        answers = classify(trained, encoding.vectors(self._texts), top_k=self._request.top_k)
        if not self._request.explain:
            return answers
        return [
            answer.model_copy(update={"words": weigh_words(trained, text, answer.label, encoding)})
            for answer, text in zip(answers, self._texts, strict=True)
        ]

    def _of_images(
        self, trained: Trained, encoder: ImageEncoder, images: Sequence[bytes]
    ) -> list[Classification]:
        from prudent.capabilities.classifiers.features import image_encoding
        from prudent.capabilities.classifiers.predicting import classify, require_encoder

        encoding = image_encoding(encoder)
        require_encoder(trained, encoding)
        return classify(trained, encoding.vectors(images), top_k=self._request.top_k)

    def with_safety(
        self, result: Classifications, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]
    ) -> Classifications:
        """What stood guard, and the verdicts on texts in which something was found."""
        return result.model_copy(update={"safety": safety, "prompt_filter_results": _told(prompt)})


class DeleteClassifier(Performed[ClassifierDeleted]):
    """A classifier's end, on record."""

    def __init__(self, name: str) -> None:
        self.route = DELETE_CLASSIFIER.path
        self.model = name

    async def perform(self, models: Models) -> ClassifierDeleted:
        """Remove it."""
        del models
        from prudent.capabilities.classifiers import shelf

        await offload(shelf.remove, self.model)
        return ClassifierDeleted(id=self.model)


async def list_classifiers() -> ClassifierList:
    """Every classifier of this machine."""
    from prudent.capabilities.classifiers import shelf

    return ClassifierList(data=await offload(shelf.listed))


async def retrieve_classifier(name: str) -> Classifier:
    """One classifier. Raises ModelNotFoundError."""
    from prudent.capabilities.classifiers import shelf

    return await offload(shelf.retrieve, name)


def _told(prompt: Sequence[PromptFilterResult]) -> list[PromptFilterResult]:
    """Of as many texts only what was found in them: the rest would be most of the answer."""
    return [
        result
        for result in prompt
        if any(verdict.detected for verdict in result.content_filter_results.values())
    ]
