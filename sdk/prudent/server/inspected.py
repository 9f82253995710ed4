"""What an inspection must know of a kind of request, as a protocol. Each kind is one adapter of it.

Knows no kind of request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar

from prudent.capabilities.interface import AnswerStream, Models, TextService
from prudent.server.answer import News
from prudent.types.safety import PromptFilterResult
from prudent.types.sampling import SamplingRequest
from prudent.types.usage import Usage
from prudent_responsible_ai.parts import Part


class Chunk(Protocol):
    """An event of a stream, in the wire's type; it is a pydantic model."""

    @property
    def usage(self) -> Usage | None:
        """Token counts: the last event has them."""
        ...

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self:
        """The event with some fields replaced."""
        ...


RequestT = TypeVar("RequestT", bound=SamplingRequest)
ChunkT = TypeVar("ChunkT", bound=Chunk)
EntryT = TypeVar("EntryT")


class Inspected(Protocol[RequestT, ChunkT, EntryT]):
    """One request, as the checks see it: texts with their sources, and choices with their news."""

    @property
    def request(self) -> RequestT:
        """The request as it came."""
        ...

    @property
    def route(self) -> str:
        """Where it came in, for the audit."""
        ...

    @property
    def choices(self) -> int:
        """How many answers it asks for."""
        ...

    @property
    def needs_model(self) -> bool:
        """Whether its texts can only be read with the model's own vocabulary."""
        ...

    @property
    def opening(self) -> Mapping[str, Any]:
        """Fields of the first event that say what was done with the request."""
        ...

    async def prepare(self, models: Models) -> None:
        """Put into words what is no text yet, before anything is checked; raises what that raises."""
        ...

    def parts(self, model: TextService | None) -> Sequence[Part]:
        """Every text that the model would read. `model` is given where it is needed."""
        ...

    def with_texts(self, texts: Sequence[str]) -> RequestT:
        """The request with these texts, in the order of `parts`, in place of its own."""
        ...

    def again(self, request: RequestT) -> Inspected[RequestT, ChunkT, EntryT]:
        """An adapter of another request of this kind, which is answered without an echo of its prompt."""
        ...

    def param_of(self, result: PromptFilterResult) -> str:
        """The field that a verdict is about."""
        ...

    def open(self, model: TextService, request: RequestT) -> AnswerStream[ChunkT]:
        """Have the model answer."""
        ...

    def read(self, chunk: ChunkT) -> Sequence[News[EntryT]]:
        """The news in an event."""
        ...

    def write(self, chunk: ChunkT, news: News[EntryT]) -> ChunkT:
        """The event with this news in place of its own."""
        ...
