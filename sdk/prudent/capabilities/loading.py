"""A model's name to a loaded chat model: the store's artifact, its tokenizer and template, an engine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from prudent.capabilities.chat import ChatModel
from prudent.catalog import ModelEntry
from prudent.errors import ModelNotFoundError
from prudent.generation.engine import Engine
from prudent.generation.options import EngineOptions
from prudent.store import decoder_state, open_decoder
from prudent.tokenizer import ChatTemplate, Tokenizer, TokenizerSpec
from prudent.types.progress import Progress, ProgressListener


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How models are loaded. None leaves a figure to the engine.

    `pull` lets any model be fetched; those in `always_pull` (by id) may be fetched whatever it says.
    """

    pull: bool = False
    always_pull: frozenset[str] = frozenset()
    slots: int | None = None
    context: int | None = None
    threads: int | None = None


def load_chat_model(
    entry: ModelEntry, options: LoadOptions, progress: ProgressListener | None = None
) -> ChatModel:
    """Fetch and compile where needed, and load.

    Raises:
        ModelNotFoundError: the model is not on this machine and may not be fetched.
        FetchError, StorageError, ModelFileError, AccuracyGateError: it could not be made ready.
    """
    may_pull = options.pull or entry.id in options.always_pull
    if not may_pull and decoder_state(entry) == "available":
        raise ModelNotFoundError(
            f"{entry.id} is not on this machine.",
            hint=f"Run `prudent models pull {entry.id}`.",
            param="model",
        )
    artifact = open_decoder(entry.id, pull=may_pull, progress=progress)
    if progress is not None:
        progress(Progress("load", entry.id, 0, 1))
    tokenizer = Tokenizer(TokenizerSpec.load(artifact.tokenizer))
    template = ChatTemplate.from_spec(tokenizer.spec)
    engine_options = EngineOptions(context=options.context, threads=options.threads)
    if options.slots is not None:
        engine_options = replace(engine_options, slots=options.slots)
    engine = Engine(artifact, tokenizer, engine_options)
    if progress is not None:
        progress(Progress("load", entry.id, 1, 1))
    return ChatModel(artifact, tokenizer, template, engine)
