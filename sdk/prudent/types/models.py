"""Models as the API lists them."""

from __future__ import annotations

from typing import Any, Literal

from prudent.types.base import ResponseModel
from prudent.types.operation import Operation


class Model(ResponseModel):
    """One model. Beyond OpenAI's fields: its task, licence, context length and accuracy card, where known."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str
    task: str | None = None
    license: str | None = None
    context_length: int | None = None
    state: Literal["available", "fetched", "compiled", "loaded"] | None = None
    card: dict[str, Any] | None = None


class ModelList(ResponseModel):
    """All models that the server can answer with."""

    object: Literal["list"] = "list"
    data: list[Model]


LIST_MODELS: Operation[None, ModelList, None] = Operation("models.list", "GET", "/v1/models", None, ModelList)
RETRIEVE_MODEL: Operation[None, Model, None] = Operation(
    "models.retrieve", "GET", "/v1/models/{model}", None, Model
)
