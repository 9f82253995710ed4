"""What a check is made from: the models it may ask for, and its options in the policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent_responsible_ai.explain.scoring import SWIFT, Effort
from prudent_responsible_ai.severity import MEDIUM, NEVER
from prudent_responsible_ai.yaml_lines import sentence

if TYPE_CHECKING:
    from prudent.capabilities.embeddings import EmbeddingModel
    from prudent_responsible_ai.grounding.reader import Reader
    from prudent_responsible_ai.text_encoder import TextEncoder


class SafetyModels(Protocol):
    """The models that checks share. Each is opened when it is first asked for; safe in several threads."""

    def encoder(self) -> TextEncoder:
        """The checks' own encoder. Raises PrudentError where it cannot be had."""
        ...

    def embedder(self) -> EmbeddingModel:
        """The multilingual embedding model. Raises PrudentError where it cannot be had."""
        ...

    def reader(self, name: str) -> Reader:
        """A chat model by its id that reads for a check; it is loaded when it first reads."""
        ...


class Options(BaseModel):
    """Base of a check's options: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


ExplainedFrom: TypeAlias = Callable[[Source, str], int]
"""The severity from which a finding in a text of a source, in a category, is to be explained."""


def from_medium(source: Source, category: str) -> int:
    """Explain whatever is flagged where a rule says nothing else."""
    del source, category
    return MEDIUM


OptionsT = TypeVar("OptionsT", bound=Options)


@dataclass(frozen=True)
class CheckSetup:
    """What a check's factory gets. `options` are those that the policy gives to this check, as written.

    `effort` is what a check may spend to explain a finding. `least` has, by source and category, the severity
    from which some rule acts: what is milder need not be explained. A category that it lacks is never acted
    on; None means that all are to be explained.
    """

    models: SafetyModels
    check_id: str = ""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    effort: Effort = SWIFT
    least: Mapping[tuple[Source, str], int] | None = None

    def explained_from(self, source: Source, category: str) -> int:
        """The severity from which a finding is to be explained."""
        if self.least is None:
            return from_medium(source, category)
        return max(MEDIUM, self.least.get((source, category), self.least.get((source, ""), NEVER)))

    def parsed(self, kind: type[OptionsT]) -> OptionsT:
        """The options as the check's own model.

        Raises:
            ConfigurationError: they do not fit; the message says which key.
        """
        try:
            return kind.model_validate(dict(self.options))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            location = ("options", self.check_id, *first["loc"])
            problem = sentence(first["msg"])
            raise ConfigurationError(
                f"{'.'.join(map(str, location))}: {problem}",
                hint=f"Options of '{self.check_id}' are {', '.join(kind.model_fields) or 'none'}.",
                details={"location": location, "problem": problem},
            ) from None
