"""The deltas of one tool call to the whole call. Knows no answer around it."""

from __future__ import annotations

from dataclasses import dataclass, field

from prudent.errors import InternalError
from prudent.types.tools import FunctionCall, ToolCall, ToolCallDelta


@dataclass
class FoldingCall:
    """A call that is being put together."""

    id: str | None = None
    name: str | None = None
    arguments: list[str] = field(default_factory=list[str])
    confidence: float | None = None

    def add(self, delta: ToolCallDelta) -> None:
        """Take the next delta."""
        self.id = self.id or delta.id
        if delta.confidence is not None:
            self.confidence = delta.confidence
        if delta.function is not None:
            self.name = self.name or delta.function.name
            self.arguments.append(delta.function.arguments or "")

    def whole(self) -> ToolCall:
        """Return the call. Raises InternalError where no delta gave its id and name."""
        if self.id is None or self.name is None:
            raise InternalError("A tool call has no id or no name.")
        function = FunctionCall(name=self.name, arguments="".join(self.arguments))
        return ToolCall(id=self.id, function=function, confidence=self.confidence)
