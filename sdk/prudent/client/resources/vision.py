"""`client.vision`: the text in an image, what it shows, how explicit it is, several of these in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import httpx

from prudent.client.body import json_body
from prudent.client.connection import AsyncConnection, Connection
from prudent.client.image_input import ImageInput, as_reference
from prudent.types.reading import READ_TEXT, ReadText
from prudent.types.vision import (
    ANALYZE_IMAGE,
    CHECK_IMAGE,
    CLASSIFY_IMAGE,
    ImageAnalysis,
    ImageClassification,
    ImageSafety,
    VisionFeature,
)


class Vision:
    """Images in, answers out. An image is a path, bytes, a PIL image, a data URL or base64."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(
        self,
        image: ImageInput,
        *,
        model: str | None = None,
        pages: Sequence[int] | None = None,
        words: bool | None = None,
        text_layer: Literal["auto", "never"] | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ReadText:
        """The text in an image or a PDF (extra `pdf`), in reading order, with the place of every line.

        `pages` of a PDF count from 1. With `words` each line has its words. `text_layer` "never" reads the
        picture of a PDF's page even where the page brings text with it.

        Raises:
            InvalidRequestError: there is no such file or page, it is damaged, or of a format not read.
            RequestTooLargeError: it has too many bytes, pixels or pages.
            ContentFilterError: a check refused the text.
        """
        body = _body(
            image,
            model=model,
            pages=pages,
            words=words,
            text_layer=text_layer,
            user=user,
            metadata=metadata,
        )
        return self._connection.call(READ_TEXT, body, timeout=timeout)

    def classify(
        self,
        image: ImageInput,
        *,
        model: str | None = None,
        top_k: int | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ImageClassification:
        """The `top_k` (5) most probable of the model's 1,000 classes, best first.

        Raises:
            InvalidRequestError: there is no such image, it is damaged, or of a format that is not read.
            RequestTooLargeError: it has too many bytes or pixels.
        """
        body = _body(image, model=model, top_k=top_k, user=user, metadata=metadata)
        return self._connection.call(CLASSIFY_IMAGE, body, timeout=timeout)

    def safety(
        self,
        image: ImageInput,
        *,
        model: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ImageSafety:
        """How explicit an image is, as a score (0-1) and on the scale 0 (safe) to 7 (high).

        Raises:
            InvalidRequestError: there is no such image, it is damaged, or of a format that is not read.
            RequestTooLargeError: it has too many bytes or pixels.
        """
        body = _body(image, model=model, user=user, metadata=metadata)
        return self._connection.call(CHECK_IMAGE, body, timeout=timeout)

    def analyze(
        self,
        image: ImageInput,
        *,
        features: Sequence[VisionFeature] | None = None,
        top_k: int | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ImageAnalysis:
        """Several features of one image, which travels and is decoded once; all but `text` by default.

        Raises:
            InvalidRequestError: there is no such image, it is damaged, or of a format that is not read.
            RequestTooLargeError: it has too many bytes or pixels.
            ContentFilterError: a check refused the text that was read in it.
        """
        body = _body(image, features=features, top_k=top_k, user=user, metadata=metadata)
        return self._connection.call(ANALYZE_IMAGE, body, timeout=timeout)


class AsyncVision:
    """Images in, answers out. An image is a path, bytes, a PIL image, a data URL or base64."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def read(
        self,
        image: ImageInput,
        *,
        model: str | None = None,
        pages: Sequence[int] | None = None,
        words: bool | None = None,
        text_layer: Literal["auto", "never"] | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ReadText:
        """The text in an image or a PDF (extra `pdf`), in reading order, with the place of every line.

        `pages` of a PDF count from 1. With `words` each line has its words. `text_layer` "never" reads the
        picture of a PDF's page even where the page brings text with it.

        Raises:
            InvalidRequestError: there is no such file or page, it is damaged, or of a format not read.
            RequestTooLargeError: it has too many bytes, pixels or pages.
            ContentFilterError: a check refused the text.
        """
        body = _body(
            image,
            model=model,
            pages=pages,
            words=words,
            text_layer=text_layer,
            user=user,
            metadata=metadata,
        )
        return await self._connection.call(READ_TEXT, body, timeout=timeout)

    async def classify(
        self,
        image: ImageInput,
        *,
        model: str | None = None,
        top_k: int | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ImageClassification:
        """The `top_k` (5) most probable of the model's 1,000 classes, best first.

        Raises:
            InvalidRequestError: there is no such image, it is damaged, or of a format that is not read.
            RequestTooLargeError: it has too many bytes or pixels.
        """
        body = _body(image, model=model, top_k=top_k, user=user, metadata=metadata)
        return await self._connection.call(CLASSIFY_IMAGE, body, timeout=timeout)

    async def safety(
        self,
        image: ImageInput,
        *,
        model: str | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ImageSafety:
        """How explicit an image is, as a score (0-1) and on the scale 0 (safe) to 7 (high).

        Raises:
            InvalidRequestError: there is no such image, it is damaged, or of a format that is not read.
            RequestTooLargeError: it has too many bytes or pixels.
        """
        body = _body(image, model=model, user=user, metadata=metadata)
        return await self._connection.call(CHECK_IMAGE, body, timeout=timeout)

    async def analyze(
        self,
        image: ImageInput,
        *,
        features: Sequence[VisionFeature] | None = None,
        top_k: int | None = None,
        user: str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> ImageAnalysis:
        """Several features of one image, which travels and is decoded once; all but `text` by default.

        Raises:
            InvalidRequestError: there is no such image, it is damaged, or of a format that is not read.
            RequestTooLargeError: it has too many bytes or pixels.
            ContentFilterError: a check refused the text that was read in it.
        """
        body = _body(image, features=features, top_k=top_k, user=user, metadata=metadata)
        return await self._connection.call(ANALYZE_IMAGE, body, timeout=timeout)


def _body(image: ImageInput, **parameters: object) -> bytes:
    """The call's parameters; the client's own `model` is for text and does not apply here."""
    return json_body({"image": as_reference(image), **parameters})
