"""A request that is done in one go (a text embedded, an image read), as the guard and the checks see it.

Each kind is a subclass. Knows no check, no HTTP, and no kind of request.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Generic, Self, TypeVar

from prudent.capabilities.interface import Models
from prudent.types.safety import PromptFilterResult, SafetyInfo
from prudent_responsible_ai.parts import Part

ResultT = TypeVar("ResultT")


class Attended(Generic[ResultT]):
    """What goes in and what comes out, as texts with their sources. Without texts there is nothing to check.

    A result is a whole answer, or one event of a stream.
    """

    route: str
    """Where it came in, for the audit."""
    model: str
    """What is asked for, for the audit."""
    refuses: bool = True
    """Whether a text that the policy blocks ends the request; False where verdicts are all that is wanted."""
    user: str | None = None
    metadata: Mapping[str, str] | None = None
    """For the audit, which reads it when the request is over."""

    def inputs(self) -> Sequence[Part]:
        """Every text that a model would read or speak."""
        return ()

    def with_inputs(self, texts: Sequence[str]) -> Self:
        """The request with these texts, in the order of `inputs`, in place of its own."""
        del texts
        return self

    def param_of(self, result: PromptFilterResult) -> str | None:
        """The field that a verdict on an input is about."""
        del result
        return None

    def outputs(self, result: ResultT) -> Sequence[Part]:
        """Every text that was found in an image, a sound or a document: its source is one of those."""
        del result
        return ()

    def with_outputs(
        self, result: ResultT, texts: Sequence[str], verdicts: Sequence[PromptFilterResult]
    ) -> ResultT:
        """The result with these texts, in the order of `outputs`, in place of its own, and their verdicts.

        Where the texts differ from the result's, something was taken out of them that nobody may see: not in
        a word, not in a line.
        """
        del texts, verdicts
        return result

    def passing(self, result: ResultT) -> bool:
        """Whether a later result stands in place of this one: it is checked, and leaves nothing on record."""
        del result
        return False


class Performed(Attended[ResultT]):
    """A request with one answer."""

    async def perform(self, models: Models) -> ResultT:
        """Do it. Blocking work belongs into a thread (`offload`); being cancelled must do no harm."""
        raise NotImplementedError

    def with_safety(
        self, result: ResultT, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]
    ) -> ResultT:
        """The result with what stood guard, and the verdicts on the inputs."""
        del safety, prompt
        return result


class Streamed(Attended[ResultT]):
    """A request that is answered event by event."""

    def stream(self, models: Models) -> AsyncGenerator[ResultT, Any]:
        """Do it. Each event goes out as soon as its own texts are checked."""
        raise NotImplementedError

    def closing(self, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]) -> ResultT | None:
        """The event after all others, with what stood guard; None where there is nothing to say."""
        del safety, prompt
        return None
