"""Inputs that are moderated, as the guard and the checks see them. Knows no HTTP.

Scores come from the checks' encoder whatever the policy says; the policy's own verdicts stand beside them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from prudent.capabilities.interface import Models
from prudent.capabilities.offload import offload
from prudent.server.attended import Performed
from prudent.server.checking import seen_part
from prudent.server.image_source import ImageSource
from prudent.types.content import Source
from prudent.types.moderations import (
    CREATE_MODERATION,
    InputType,
    ModeratedImage,
    ModeratedText,
    Moderation,
    ModerationRequest,
    Moderations,
)
from prudent.types.safety import PromptFilterResult, SafetyInfo
from prudent.types.vision import ImageSeverity
from prudent_responsible_ai.encoder.card import EncoderCard, PackagedEncoder
from prudent_responsible_ai.languages import language_of
from prudent_responsible_ai.moderation import LABELS_OF, OF_IMAGES, category_scores, flagged_categories
from prudent_responsible_ai.parts import Part

if TYPE_CHECKING:
    from prudent_responsible_ai.text_encoder import TextEncoder

NAME = "prudent"
FLAGGED_SEVERITY = 4
"""Of an image: medium, as for texts."""

_SHOWN_HASH = 12

Threshold: TypeAlias = Callable[[str, str], float]
"""A label and a text to the probability at which the text is flagged for the label."""


def flagged_from(label: str, text: str) -> float:
    """Where the encoder's card has a label begin to be medium, in the language of the text."""
    return _card().thresholds(label, language_of(text)).medium


@cache
def _card() -> EncoderCard:
    return PackagedEncoder().card


@dataclass(frozen=True, slots=True)
class _Seen:
    """A part as text. `image` is what a model said of an image itself."""

    text: str
    source: Source
    image: Mapping[str, ImageSeverity] | None = None


class Moderating(Performed[Moderations]):
    """One request for moderation. Nothing is refused: the result is the answer."""

    route = CREATE_MODERATION.path
    refuses = False

    def __init__(
        self,
        request: ModerationRequest,
        images: ImageSource,
        encoder: Callable[[], TextEncoder],
        threshold: Threshold,
    ) -> None:
        """`encoder` is called in a thread, and may take seconds the first time."""
        self.model = NAME
        self.user = request.user
        self.metadata = request.metadata
        self._inputs = request.inputs
        self._images = images
        self._encoder = encoder
        self._threshold = threshold
        self._parts: list[Part] = []

    async def perform(self, models: Models) -> Moderations:
        """Put images into words, and score every text."""
        inputs = [
            [await self._seen(part, number, models) for number, part in enumerate(parts)]
            for parts in self._inputs
        ]
        self._parts = [
            Part(seen.text, seen.source, message_index=index, part_index=number, image=seen.image)
            for index, parts in enumerate(inputs)
            for number, seen in enumerate(parts)
        ]
        name, results = await offload(self._moderated, inputs)
        return Moderations(id=f"modr-{uuid.uuid4().hex}", model=name, results=results)

    async def _seen(self, part: ModeratedText | ModeratedImage, number: int, models: Models) -> _Seen:
        if isinstance(part, ModeratedText):
            return _Seen(part.text, Source.USER)
        seen = await seen_part(part.image_url, models, self._images, param=f"input[{number}].image_url")
        return _Seen(seen.text or "", Source.IMAGE, seen.categories)

    def _moderated(self, inputs: Sequence[Sequence[_Seen]]) -> tuple[str, list[Moderation]]:
        encoder = self._encoder()
        scores = iter(encoder.scores([seen.text for parts in inputs for seen in parts]))
        results = [_joined([(seen, next(scores)) for seen in parts], self._threshold) for parts in inputs]
        return f"{NAME}-{encoder.model_hash[:_SHOWN_HASH]}", results

    def outputs(self, result: Moderations) -> Sequence[Part]:
        """Every part of every input."""
        del result
        return self._parts

    def with_outputs(
        self, result: Moderations, texts: Sequence[str], verdicts: Sequence[PromptFilterResult]
    ) -> Moderations:
        """The results with the policy's verdicts beside them."""
        del texts
        results = [
            one.model_copy(
                update={
                    "content_filter_results": [
                        verdict.content_filter_results
                        for verdict in verdicts
                        if verdict.prompt_index == index
                    ]
                }
            )
            for index, one in enumerate(result.results)
        ]
        return result.model_copy(update={"results": results})

    def with_safety(
        self, result: Moderations, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]
    ) -> Moderations:
        """The results with what stood guard."""
        del prompt
        return result.model_copy(update={"safety": safety})


def _joined(parts: Sequence[tuple[_Seen, Mapping[str, float]]], threshold: Threshold) -> Moderation:
    """One result for the parts of an input: each category has the highest of their scores."""
    highest = dict.fromkeys(LABELS_OF, 0.0)
    flagged = dict.fromkeys(LABELS_OF, False)
    applied: dict[str, list[InputType]] = {category: [] for category in LABELS_OF}
    for seen, scores in parts:
        found = category_scores(scores)
        reached = flagged_categories(scores, lambda label, text=seen.text: threshold(label, text))
        kind: InputType = "image" if seen.source is Source.IMAGE else "text"
        for category in LABELS_OF:
            explicit = (seen.image or {}).get(category) if category in OF_IMAGES else None
            if LABELS_OF[category] and kind not in applied[category]:
                applied[category].append(kind)
            highest[category] = max(highest[category], found[category], explicit.score if explicit else 0.0)
            severe = explicit is not None and explicit.severity_level >= FLAGGED_SEVERITY
            flagged[category] = flagged[category] or reached[category] or severe
    return Moderation(
        flagged=any(flagged.values()),
        categories=flagged,
        category_scores={category: round(score, 6) for category, score in highest.items()},
        category_applied_input_types=applied,
    )
