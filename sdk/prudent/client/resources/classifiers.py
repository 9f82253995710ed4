"""`client.classifiers`: small classifiers of the user's own, trained from examples and asked by name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import httpx

from prudent.client.body import json_body
from prudent.client.connection import AsyncConnection, Connection
from prudent.client.examples import read_examples
from prudent.client.image_input import ImageInput, as_reference
from prudent.types.classifier_card import SkippedRows
from prudent.types.classifiers import (
    CLASSIFY,
    DELETE_CLASSIFIER,
    LIST_CLASSIFIERS,
    RETRIEVE_CLASSIFIER,
    TRAIN_CLASSIFIER,
    Classifications,
    Classifier,
    ClassifierDeleted,
    ClassifierExample,
    ClassifierList,
)

Examples = str | os.PathLike[str] | Iterable[ClassifierExample | Mapping[str, Any]]
"""A CSV, TSV or JSON Lines file, or examples: `{"text": ..., "label": ...}`, or `image` for images."""


class Classifiers:
    """Trains, asks, lists and removes classifiers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def train(
        self,
        name: str,
        examples: Examples,
        *,
        text: str | None = None,
        image: str | None = None,
        label: str | None = None,
        group: str | None = None,
        encoder: str | None = None,
        seed: int | None = None,
        drop_rare: bool | None = None,
        unknown_below: float | None = None,
        replace: bool | None = None,
        left_out: Sequence[SkippedRows] | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Classifier:
        """Train a classifier, measure it by cross-validation, and keep it under `name`.

        `text`, `image`, `label` and `group` name the columns of a file; the first three are guessed where
        their names are evident. Everything else is as in `TrainClassifierRequest`.

        Raises:
            InvalidRequestError: the examples cannot be read, or do not suffice; the message says why.
            ConflictError: the name is taken, and `replace` is not given.
            ContentFilterError: a check refused a text; `param` names the example.
        """
        body = _training(dict(locals()))
        return self._connection.call(TRAIN_CLASSIFIER, body, timeout=timeout)

    def predict(
        self,
        model: str,
        input: str | Sequence[str] | None = None,
        *,
        image: ImageInput | Sequence[ImageInput] | None = None,
        top_k: int | None = None,
        explain: bool | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Classifications:
        """What class a text, an image, or each of several is of, with a calibrated probability.

        `.answer` is None where the classifier does not know. `explain` says which words mattered.

        Raises:
            ModelNotFoundError: there is no classifier `model`.
            ConflictError: it was trained with another version of its encoder.
        """
        return self._connection.call(CLASSIFY, _question(dict(locals())), timeout=timeout)

    def list(self, *, timeout: float | httpx.Timeout | None = None) -> ClassifierList:
        """All classifiers, with their cards."""
        return self._connection.call(LIST_CLASSIFIERS, timeout=timeout)

    def retrieve(self, name: str, *, timeout: float | httpx.Timeout | None = None) -> Classifier:
        """One classifier, with its card. Raises ModelNotFoundError."""
        return self._connection.call(RETRIEVE_CLASSIFIER, timeout=timeout, name=name)

    def delete(self, name: str, *, timeout: float | httpx.Timeout | None = None) -> ClassifierDeleted:
        """Remove a classifier. Raises ModelNotFoundError."""
        return self._connection.call(DELETE_CLASSIFIER, timeout=timeout, name=name)


class AsyncClassifiers:
    """Trains, asks, lists and removes classifiers."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def train(
        self,
        name: str,
        examples: Examples,
        *,
        text: str | None = None,
        image: str | None = None,
        label: str | None = None,
        group: str | None = None,
        encoder: str | None = None,
        seed: int | None = None,
        drop_rare: bool | None = None,
        unknown_below: float | None = None,
        replace: bool | None = None,
        left_out: Sequence[SkippedRows] | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Classifier:
        """Train a classifier, measure it by cross-validation, and keep it; see `Classifiers.train`."""
        body = _training(dict(locals()))
        return await self._connection.call(TRAIN_CLASSIFIER, body, timeout=timeout)

    async def predict(
        self,
        model: str,
        input: str | Sequence[str] | None = None,
        *,
        image: ImageInput | Sequence[ImageInput] | None = None,
        top_k: int | None = None,
        explain: bool | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Classifications:
        """What class a text, an image, or each of several is of; see `Classifiers.predict`."""
        return await self._connection.call(CLASSIFY, _question(dict(locals())), timeout=timeout)

    async def list(self, *, timeout: float | httpx.Timeout | None = None) -> ClassifierList:
        """All classifiers, with their cards."""
        return await self._connection.call(LIST_CLASSIFIERS, timeout=timeout)

    async def retrieve(self, name: str, *, timeout: float | httpx.Timeout | None = None) -> Classifier:
        """One classifier, with its card. Raises ModelNotFoundError."""
        return await self._connection.call(RETRIEVE_CLASSIFIER, timeout=timeout, name=name)

    async def delete(self, name: str, *, timeout: float | httpx.Timeout | None = None) -> ClassifierDeleted:
        """Remove a classifier. Raises ModelNotFoundError."""
        return await self._connection.call(DELETE_CLASSIFIER, timeout=timeout, name=name)


def _training(given: dict[str, Any]) -> bytes:
    """The body of a training; a file is read here, so that a server elsewhere never sees a path."""
    columns = {column: given.pop(column) for column in ("text", "image", "label", "group")}
    examples, left_out = given["examples"], given["left_out"]
    if isinstance(examples, str | os.PathLike):
        file = read_examples(cast("str | os.PathLike[str]", examples), seed=given["seed"] or 0, **columns)
        examples, left_out = file.examples, left_out or file.left_out or None
    else:
        examples = [_with_reference(example) for example in examples]
    parameters = {name: value for name, value in given.items() if name not in ("self", "timeout")}
    return json_body({**parameters, "examples": examples, "left_out": left_out})


def _with_reference(example: ClassifierExample | Mapping[str, Any]) -> ClassifierExample | Mapping[str, Any]:
    if isinstance(example, Mapping) and example.get("image") is not None:
        return {**example, "image": as_reference(example["image"])}
    return example


def _question(given: dict[str, Any]) -> bytes:
    parameters = {name: value for name, value in given.items() if name not in ("self", "timeout")}
    image = parameters["image"]
    if isinstance(image, list | tuple):
        parameters["image"] = [as_reference(one) for one in cast("list[ImageInput]", image)]
    elif image is not None:
        parameters["image"] = as_reference(image)
    return json_body(parameters)
