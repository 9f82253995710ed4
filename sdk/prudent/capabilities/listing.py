"""A model of the catalog as the API lists it."""

from __future__ import annotations

from prudent.capabilities.chat import ChatModel
from prudent.capabilities.loading import LoadedModel
from prudent.catalog import ModelEntry
from prudent.runtime.artifact import Card
from prudent.store import compiled_models, model_state
from prudent.types.models import Model


def describe_model(entry: ModelEntry, loaded: LoadedModel | None) -> Model:
    """Say what a model is and how near: loaded, compiled, fetched or only known. Reads the disk."""
    card = _card_on_disk(entry) if loaded is None else loaded.card
    return Model(
        id=entry.id,
        created=0 if card is None else int(card.compiled_at.timestamp()),
        owned_by=entry.upstream.removeprefix("huggingface ").partition("/")[0],
        task=entry.task,
        license=entry.license,
        state="loaded" if loaded is not None else model_state(entry),
        context_length=loaded.context if isinstance(loaded, ChatModel) else None,
        card=None if card is None else card.model_dump(mode="json"),
    )


def _card_on_disk(entry: ModelEntry) -> Card | None:
    return next((model.card for model in compiled_models(entry) if model.current), None)
