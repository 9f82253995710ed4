"""A model of the catalog as the API lists it."""

from __future__ import annotations

from prudent.capabilities.chat import ChatModel
from prudent.catalog import ModelEntry
from prudent.store import model_state
from prudent.types.models import Model


def describe_model(entry: ModelEntry, loaded: ChatModel | None) -> Model:
    """Say what a model is and how near: loaded, compiled, fetched or only known. Reads the disk."""
    about = Model(
        id=entry.id,
        created=0,
        owned_by=entry.upstream.removeprefix("huggingface ").partition("/")[0],
        task=entry.task,
        license=entry.license,
        state="loaded" if loaded is not None else model_state(entry),
    )
    if loaded is None:
        return about
    card = loaded.card.model_dump(mode="json")
    created = int(loaded.card.compiled_at.timestamp())
    return about.model_copy(update={"context_length": loaded.context, "card": card, "created": created})
