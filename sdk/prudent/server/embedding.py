"""Texts that become vectors, as the guard and the checks see them. Knows no HTTP.

A vector tells of its text, so texts are checked, and redacted, before they are embedded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from prudent.capabilities.interface import Models
from prudent.capabilities.interface.embeddings import EMBEDDINGS
from prudent.server.attended import Performed
from prudent.types.content import Source
from prudent.types.embeddings import CREATE_EMBEDDING, EmbeddingList, EmbeddingRequest
from prudent.types.safety import PromptFilterResult, SafetyInfo
from prudent_responsible_ai.parts import Part


class Embedding(Performed[EmbeddingList]):
    """One request for vectors. A query is text of the user, a passage of a document."""

    def __init__(self, request: EmbeddingRequest) -> None:
        self.route = CREATE_EMBEDDING.path
        self.model = request.model or EMBEDDINGS.default
        self.user = request.user
        self.metadata = request.metadata
        self._request = request

    def inputs(self) -> Sequence[Part]:
        """Every text."""
        source = Source.USER if self._request.input_type == "query" else Source.DOCUMENT
        return [Part(text, source, part_index=index) for index, text in enumerate(self._request.texts)]

    def with_inputs(self, texts: Sequence[str]) -> Self:
        """The request with other texts."""
        return type(self)(self._request.model_copy(update={"input": list(texts)}))

    def param_of(self, result: PromptFilterResult) -> str | None:
        """The text, by its place."""
        return f"input.{result.part_index}"

    async def perform(self, models: Models) -> EmbeddingList:
        """Have the model make the vectors."""
        async with models.lease(EMBEDDINGS, self._request.model) as model:
            return await model.create(self._request)

    def with_safety(
        self, result: EmbeddingList, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]
    ) -> EmbeddingList:
        """The vectors with what stood guard, and the verdicts on texts in which something was found."""
        found = [
            one for one in prompt if any(verdict.detected for verdict in one.content_filter_results.values())
        ]
        return result.model_copy(update={"safety": safety, "prompt_filter_results": found})
