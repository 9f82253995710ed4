"""/v1/classify and /v1/classifiers: the user's own classifiers, asked, trained, listed and removed."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from prudent.server import wire
from prudent.server.classifying import (
    Classify,
    DeleteClassifier,
    TrainClassifier,
    Trainings,
    list_classifiers,
    retrieve_classifier,
)
from prudent.server.dependencies import documented_body, get_asked, get_guard, get_settings, read_json
from prudent.server.image_source import ImageSource
from prudent.server.sse import until_disconnect
from prudent.types.classifiers import (
    CLASSIFY,
    DELETE_CLASSIFIER,
    LIST_CLASSIFIERS,
    RETRIEVE_CLASSIFIER,
    TRAIN_CLASSIFIER,
    ClassifyRequest,
    TrainClassifierRequest,
)

router = APIRouter()


@router.post(
    TRAIN_CLASSIFIER.path,
    response_model=TRAIN_CLASSIFIER.response,
    openapi_extra=documented_body(TrainClassifierRequest),
)
async def train_classifier(request: Request) -> Response:
    """Train a classifier on the examples of the body, and measure it."""
    body = await read_json(request, TrainClassifierRequest)
    trainings = cast("Trainings", request.app.state.trainings)
    call = TrainClassifier(body, trainings, ImageSource.of(get_settings(request)))
    training = get_guard(request).attend(call, get_asked(request))
    return JSONResponse(wire.plain(await until_disconnect(request.receive, training)))


@router.get(LIST_CLASSIFIERS.path, response_model=LIST_CLASSIFIERS.response)
async def list_all(request: Request) -> Response:
    """List the classifiers of this machine, with their cards."""
    del request
    return JSONResponse(wire.plain(await list_classifiers()))


@router.get(RETRIEVE_CLASSIFIER.path, response_model=RETRIEVE_CLASSIFIER.response)
async def retrieve(request: Request, name: str) -> Response:
    """Look one classifier up."""
    del request
    return JSONResponse(wire.plain(await retrieve_classifier(name)))


@router.delete(DELETE_CLASSIFIER.path, response_model=DELETE_CLASSIFIER.response)
async def delete(request: Request, name: str) -> Response:
    """Remove a classifier."""
    deleted = await get_guard(request).attend(DeleteClassifier(name), get_asked(request))
    return JSONResponse(wire.plain(deleted))


@router.post(CLASSIFY.path, response_model=CLASSIFY.response, openapi_extra=documented_body(ClassifyRequest))
async def classify(request: Request) -> Response:
    """Say what class texts or images are of."""
    body = await read_json(request, ClassifyRequest)
    call = Classify(body, ImageSource.of(get_settings(request)))
    answers = get_guard(request).attend(call, get_asked(request))
    return JSONResponse(wire.plain(await until_disconnect(request.receive, answers)))
