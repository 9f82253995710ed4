"""Embeddings on the wire, as the OpenAI API has them, plus what a text is for, and the verdicts.

Every field of the request has an effect. Token ids are refused: those of another model's tokenizer would be
other words here.
"""

from __future__ import annotations

import base64
from array import array
from typing import Annotated, Literal, TypeAlias, cast

from pydantic import Field, field_validator

from prudent.types.base import RequestModel, ResponseModel
from prudent.types.operation import Operation
from prudent.types.safety import PromptFilterResult, SafetyInfo

MOST_TEXTS = 2048
"""Texts in one request, as in OpenAI's API."""

InputType: TypeAlias = Literal["query", "passage"]
"""What a text is: a `query` asks, a `passage` may answer. To compare like with like, use one for both."""

EncodingFormat: TypeAlias = Literal["float", "base64"]

_Texts = Annotated[list[str], Field(min_length=1, max_length=MOST_TEXTS, fail_fast=True)]


class EmbeddingRequest(RequestModel):
    """A text or a list of texts to make vectors of.

    `dimensions` keeps that many numbers of each vector and brings it to length 1 again. `input_type` sets the
    prefix that the model was trained with, where it has one; the default is what E5's authors advise where
    texts of one kind are compared. A text that is longer than the model takes is an error, or cut at its end
    where `truncate` is true. `base64` are the bytes of little-endian float32.
    """

    input: Annotated[str | _Texts, Field(union_mode="left_to_right")]
    model: str | None = None
    encoding_format: EncodingFormat = "float"
    dimensions: int | None = Field(None, ge=1)
    input_type: InputType = "query"
    truncate: bool = False
    user: str | None = Field(default=None, max_length=256)
    metadata: dict[str, str] | None = Field(default=None, max_length=16)

    @field_validator("input", mode="before")
    @classmethod
    def _is_text(cls, given: object) -> object:
        first = cast("list[object]", given)[0] if isinstance(given, list) and given else None
        if isinstance(first, int | list):
            raise ValueError(  # noqa: TRY004 pydantic wants it
                "token ids are not taken, since they belong to another model's tokenizer; send the text"
                " (in LangChain: check_embedding_ctx_length=False)"
            )
        return cast("object", given)

    @field_validator("input")
    @classmethod
    def _has_content(cls, given: str | list[str]) -> str | list[str]:
        texts = [given] if isinstance(given, str) else given
        if not all(texts):
            raise ValueError(f"text {texts.index('')} is empty")
        return given

    @property
    def texts(self) -> list[str]:
        """`input` as a list."""
        return [self.input] if isinstance(self.input, str) else self.input


class Embedding(ResponseModel):
    """The vector of the text at `index`: numbers, or the base64 of their bytes."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str

    @property
    def vector(self) -> list[float]:
        """The numbers, however they came."""
        if not isinstance(self.embedding, str):
            return self.embedding
        numbers = array("f")
        numbers.frombytes(base64.b64decode(self.embedding))
        return numbers.tolist()


class EmbeddingUsage(ResponseModel):
    """Tokens of all texts, with the marks of beginning and end and the prefix."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(ResponseModel):
    """A vector for each text, in order, each of length 1. Verdicts are of texts with a finding."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage
    prompt_filter_results: list[PromptFilterResult] | None = None
    safety: SafetyInfo | None = None

    @property
    def vectors(self) -> list[list[float]]:
        """All vectors as numbers."""
        return [one.vector for one in self.data]


CREATE_EMBEDDING: Operation[EmbeddingRequest, EmbeddingList, None] = Operation(
    "embeddings.create", "POST", "/v1/embeddings", EmbeddingRequest, EmbeddingList
)
