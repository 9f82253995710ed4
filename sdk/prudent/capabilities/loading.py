"""A model's entry to a loaded model, if it may be fetched: one way for each capability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol, TypeAlias, cast

from prudent.capabilities.chat import ChatModel
from prudent.capabilities.embeddings import EmbeddingModel
from prudent.capabilities.shared_encoders import SharedEncoders
from prudent.capabilities.tools.similarity import ToolEncoder
from prudent.catalog import ModelEntry
from prudent.catalog.entry import Task
from prudent.errors import ModelNotFoundError
from prudent.generation.engine import Engine
from prudent.generation.options import EngineOptions
from prudent.runtime.artifact import Card
from prudent.store import model_state, open_decoder, open_encoder
from prudent.tokenizer import ChatTemplate, Tokenizer, TokenizerSpec
from prudent.types.progress import Progress, ProgressListener


class LoadedModel(Protocol):
    """What the pool knows of a model."""

    @property
    def id(self) -> str:
        """Its name in the catalog."""
        ...

    @property
    def card(self) -> Card:
        """What it is, and how exact."""
        ...

    def close(self) -> None:
        """Free its memory; called once, when nobody uses it."""
        ...


Loader: TypeAlias = Callable[[ModelEntry], LoadedModel]


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How models are loaded.

    `pull` lets any model be fetched; those in `always_pull` (by id) may be fetched whatever it says.
    """

    pull: bool = False
    always_pull: frozenset[str] = frozenset()
    engine: EngineOptions = field(default_factory=EngineOptions)


def local_loaders(
    options: LoadOptions,
    progress: ProgressListener | None = None,
    encoder: ToolEncoder | None = None,
    encoders: SharedEncoders | None = None,
) -> dict[Task, Loader]:
    """How a model of each task is loaded on this machine. `encoder` is lent to the chat models.

    Embedding models come out of `encoders`, where others may hold them too.
    """
    encoders = encoders or SharedEncoders()
    return {
        "chat": lambda entry: load_chat_model(entry, options, progress, encoder),
        "embeddings": lambda entry: encoders.open(
            entry.id, lambda: load_embedding_model(entry, options, progress)
        ),
        **{task: _sense(*place, options, progress) for task, place in _SENSES.items()},
    }


def load_chat_model(
    entry: ModelEntry,
    options: LoadOptions,
    progress: ProgressListener | None = None,
    encoder: ToolEncoder | None = None,
) -> ChatModel:
    """Fetch and compile where needed, and load. `encoder` is lent to the model: see `ChatModel`.

    Raises:
        ModelNotFoundError: the model is not on this machine and may not be fetched.
        FetchError, StorageError, ModelFileError, AccuracyGateError: it could not be made ready.
    """
    may_pull = _may_pull(entry, options)
    artifact = open_decoder(entry.id, pull=may_pull, progress=progress)
    if progress is not None:
        progress(Progress("load", entry.id, 0, 1))
    tokenizer = Tokenizer(TokenizerSpec.load(artifact.tokenizer))
    template = ChatTemplate.from_spec(tokenizer.spec)
    engine = Engine(artifact, tokenizer, options.engine)
    if progress is not None:
        progress(Progress("load", entry.id, 1, 1))
    return ChatModel(artifact, tokenizer, template, engine, encoder, entry.sampling)


def load_embedding_model(
    entry: ModelEntry, options: LoadOptions, progress: ProgressListener | None = None
) -> EmbeddingModel:
    """Fetch and compile where needed, and load. Of the options only pulling and threads apply.

    Raises:
        ModelNotFoundError: the model is not on this machine and may not be fetched.
        InvalidRequestError: the model is not for embeddings.
        FetchError, StorageError, ModelFileError, AccuracyGateError: it could not be made ready.
    """
    artifact = open_encoder(entry.id, pull=_may_pull(entry, options), progress=progress)
    if progress is not None:
        progress(Progress("load", entry.id, 0, 1))
    model = EmbeddingModel(artifact, threads=options.engine.threads)
    if progress is not None:
        progress(Progress("load", entry.id, 1, 1))
    return model


class _Sense(Protocol):
    """A class of models that need no engine."""

    def load(
        self, name: str, *, pull: bool, threads: int | None, progress: ProgressListener | None
    ) -> LoadedModel:
        """A model by its id; fetched and compiled where needed."""
        ...


_SENSES: dict[Task, tuple[str, str]] = {
    "transcription": ("transcription", "TranscriptionModel"),
    "speech": ("speech", "SpeakerModel"),
    "vision.read": ("reading", "ReadingModel"),
    "vision.classify": ("vision.classification", "ImageClassifier"),
    "vision.safety": ("vision.image_safety", "ImageSafetyModel"),
}
"""Module and class of each: imported when one is loaded, since chat needs no library of sound or images."""


def _sense(module: str, name: str, options: LoadOptions, progress: ProgressListener | None) -> Loader:
    """How a model of a sense is loaded; of the options only pulling and threads apply."""

    def load(entry: ModelEntry) -> LoadedModel:
        kind = cast("_Sense", getattr(import_module(f"prudent.capabilities.{module}"), name))
        may_pull = _may_pull(entry, options)
        return kind.load(entry.id, pull=may_pull, threads=options.engine.threads, progress=progress)

    return load


def _may_pull(entry: ModelEntry, options: LoadOptions) -> bool:
    """Whether the model may be fetched; it must be here if not."""
    may_pull = options.pull or entry.id in options.always_pull
    if not may_pull and model_state(entry) == "available":
        raise ModelNotFoundError(
            f"{entry.id} is not on this machine.",
            hint=f"Run `prudent models pull {entry.id}`.",
            param="model",
        )
    return may_pull
