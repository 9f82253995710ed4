"""The composition root: settings in, app out. The one place where models, checks and audit are joined.

It knows every part and does the work of none.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from prudent.capabilities.interface import Models
from prudent.errors import PrudentError
from prudent.server.agent_host import AgentHost, NoAgents
from prudent.server.auth import Entrance
from prudent.server.boundary import BodyBounds, BodyLimit, RequestContext
from prudent.server.classifying import Trainings
from prudent.server.dependencies import body_schemas
from prudent.server.errors import handle_http_exception, handle_prudent_error
from prudent.server.guard import Guard
from prudent.server.image_source import ImageSource
from prudent.server.lent_models import LentModels
from prudent.server.routes import agents as agent_routes
from prudent.server.routes import (
    audio_stream,
    chat,
    classifiers,
    completions,
    embeddings,
    health,
    models,
    moderations,
    reading,
    safety_check,
    speech,
    tokenize,
    transcription,
    vision,
)
from prudent.server.settings import Settings
from prudent.server.sse import ClientGoneError
from prudent.types.agents import ResumeAgentRequest, RunAgentRequest
from prudent.types.chat import ChatCompletionRequest
from prudent.types.classifiers import ClassifyRequest, TrainClassifierRequest
from prudent.types.completions import CompletionRequest
from prudent.types.embeddings import EmbeddingRequest
from prudent.types.moderations import ModerationRequest
from prudent.types.progress import ProgressListener
from prudent.types.reading import ReadTextRequest
from prudent.types.safety_check import SafetyCheckRequest
from prudent.types.speech import SpeechRequest
from prudent.types.tokenize import DetokenizeRequest, TokenizeRequest
from prudent.types.transcription import TranscriptionRequest, TranslationRequest
from prudent.types.vision import AnalyzeImageRequest, ClassifyImageRequest, ImageSafetyRequest
from prudent.version import __version__
from prudent_responsible_ai.approvals import Approvals
from prudent_responsible_ai.audit import AuditLog, open_audit
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy import Policy
from prudent_responsible_ai.safety_models import shared_models
from prudent_responsible_ai.setup import SafetyModels

CLIENT_CLOSED = 499
"""nginx's status for "the client went away"; it is seen in the log alone."""

BODIES = (
    ChatCompletionRequest,
    CompletionRequest,
    EmbeddingRequest,
    TokenizeRequest,
    DetokenizeRequest,
    TranscriptionRequest,
    SpeechRequest,
    TranslationRequest,
    TrainClassifierRequest,
    ClassifyRequest,
    SafetyCheckRequest,
    ModerationRequest,
    ClassifyImageRequest,
    ImageSafetyRequest,
    AnalyzeImageRequest,
    ReadTextRequest,
    RunAgentRequest,
    ResumeAgentRequest,
)
"""What routes read themselves, and the framework does not know of."""

ROUTES = (
    chat,
    completions,
    tokenize,
    transcription,
    speech,
    audio_stream,
    embeddings,
    classifiers,
    safety_check,
    moderations,
    vision,
    reading,
    agent_routes,
    models,
    health,
)


def create_app(
    settings: Settings | None = None,
    *,
    pool: Models | None = None,
    pipeline: Pipeline | None = None,
    audit: AuditLog | None = None,
    safety: SafetyModels | None = None,
    approvals: Approvals | None = None,
    agents: AgentHost | None = None,
    progress: ProgressListener | None = None,
) -> FastAPI:
    """Build the server's app. What is not given is made from the settings.

    Raises:
        ConfigurationError: a setting or the policy is wrong.
    """
    settings = settings or Settings.from_env()
    pool = pool or _local_models(settings, progress)
    safety = LentModels(safety or shared_models(), pool)
    pipeline = pipeline or _policy_pipeline(settings, safety)
    guard = Guard(
        pool,
        pipeline,
        audit or _policy_audit(pipeline.policy, settings),
        default_model=settings.model,
        pinned=settings.pin,
        images=ImageSource.of(settings),
        safety=safety,
        approvals=approvals,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        del app
        safety.begin()
        if settings.preload:
            guard.preload()
        try:
            yield
        finally:
            await guard.close()

    app = FastAPI(title="prudent", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    _document(app)
    app.state.guard = guard
    app.state.settings = settings
    app.state.agents = agents or NoAgents()
    app.state.live = set()
    app.state.trainings = Trainings(progress)
    for routes in ROUTES:
        app.include_router(routes.router)
    _handle_errors(app)
    _bound(app, settings)
    return app


def _bound(app: FastAPI, settings: Settings) -> None:
    """Say what gets in, and how large it may be."""
    # The last one added is the outermost.
    app.add_middleware(
        BodyLimit,
        bounds=BodyBounds(settings.max_body_bytes, settings.body_timeout),
        uploads=BodyBounds(
            settings.max_upload_bytes, settings.upload_timeout, "max_upload_bytes", "upload_timeout"
        ),
    )
    app.add_middleware(
        Entrance,
        api_keys=[key.get_secret_value() for key in settings.api_keys],
        allowed_hosts=(settings.host, *settings.allowed_hosts),
    )
    app.add_middleware(RequestContext)


def _local_models(settings: Settings, progress: ProgressListener | None) -> Models:
    """The models of this machine. Imported here, so that a server of doubles loads no runtime."""
    from prudent.capabilities.loading import LoadOptions
    from prudent.capabilities.pool import ModelPool
    from prudent.generation.options import EngineOptions

    options = LoadOptions(
        pull=settings.pull,
        always_pull=frozenset({settings.model}),
        engine=EngineOptions(**settings.engine),
    )
    return ModelPool.local(options, budget=settings.memory_budget, pinned=settings.pin, progress=progress)


def _policy_pipeline(settings: Settings, safety: SafetyModels) -> Pipeline:
    """The checks of the settings' policy. Imported here, so that a server of doubles loads none."""
    from prudent_responsible_ai.assemble import open_pipeline

    return open_pipeline(settings.policy, safety, floor=settings.policy_floor)


def _policy_audit(policy: Policy, settings: Settings) -> AuditLog | None:
    """The audit log that the policy asks for, at the settings' path where they have one."""
    if settings.audit_path is not None:
        audit = policy.audit.model_copy(update={"path": str(settings.audit_path)})
        policy = policy.model_copy(update={"audit": audit})
    return open_audit(policy)


def _handle_errors(app: FastAPI) -> None:
    """Say what each error is answered with."""
    app.add_exception_handler(PrudentError, handle_prudent_error)
    app.add_exception_handler(HTTPException, handle_http_exception)
    app.add_exception_handler(ClientGoneError, _client_gone)
    app.add_exception_handler(ClientDisconnect, _client_gone)


def _document(app: FastAPI) -> None:
    """Add to /openapi.json the schemas of the bodies that routes read themselves."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        schema = generate()
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(body_schemas(BODIES))
        return schema

    app.openapi = openapi


def _client_gone(request: Request, error: Exception) -> Response:
    del request, error
    return Response(status_code=CLIENT_CLOSED)
