"""What stands beside a compiled graph: tokenizer, dimensions and, last of all, the card. Knows no graph."""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from prudent.compiler.identity import ModelIdentity
from prudent.compiler.readers.weights import Weights
from prudent.compiler.version import COMPILER_VERSION
from prudent.runtime.artifact import (
    CARD_FILE,
    CONFIG_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    AnyAccuracy,
    Card,
    Target,
)


class SavedTokenizer(Protocol):
    """A tokenizer's spec."""

    def save(self, path: Path) -> None:
        """Write it to a file."""
        ...


class Config(Protocol):
    """What a model's config.json holds; it is a pydantic model."""

    @property
    def family(self) -> str:
        """The name of its architecture."""
        ...

    def model_dump_json(self, *, indent: int) -> str:
        """As JSON."""
        ...


def write_records(
    staging: Path,
    identity: ModelIdentity,
    weights: Weights,
    *,
    config: Config,
    tokenizer: SavedTokenizer,
    target: Target,
    precision: Mapping[str, str],
    accuracy: AnyAccuracy | None,
    started: float,
) -> None:
    """Write them into the folder that has the graph; `started` is when the compile began (monotonic, s)."""
    tokenizer.save(staging / TOKENIZER_FILE)
    write_config_and_card(
        staging,
        identity,
        config=config,
        parameters=sum(info.size for info in weights.tensors.values()),
        weight_bytes=(staging / WEIGHTS_FILE).stat().st_size,
        target=target,
        precision=precision,
        accuracy=accuracy,
        started=started,
    )


def write_config_and_card(
    staging: Path,
    identity: ModelIdentity,
    *,
    config: Config,
    parameters: int,
    weight_bytes: int,
    target: Target,
    precision: Mapping[str, str],
    accuracy: AnyAccuracy | None,
    started: float,
) -> None:
    """Write the last two files of a model; `started` is when the compile began (monotonic, s)."""
    (staging / CONFIG_FILE).write_text(config.model_dump_json(indent=1), encoding="utf-8")
    card = Card(
        id=identity.id,
        family=config.family,
        target=target,
        license=identity.license,
        upstream=identity.upstream,
        sources=list(identity.sources),
        parameters=parameters,
        weight_bytes=weight_bytes,
        precision=dict(precision),
        accuracy=accuracy,
        compiler_version=COMPILER_VERSION,
        compiled_at=datetime.datetime.now(datetime.UTC),
        compile_seconds=round(time.monotonic() - started, 3),
    )
    (staging / CARD_FILE).write_text(card.model_dump_json(indent=1), encoding="utf-8")
