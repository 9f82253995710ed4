"""What the guard needs of models, as protocols: so that a double (prudent.testing) can stand in.

One module for each capability; none of them knows a runtime or a file.
"""

from prudent.capabilities.interface.capability import Capability, ModelT
from prudent.capabilities.interface.models import Models
from prudent.capabilities.interface.text import (
    TEXT,
    AnswerStream,
    ChatStream,
    ChunkT,
    CompletionStream,
    TextService,
)

__all__ = [
    "TEXT",
    "AnswerStream",
    "Capability",
    "ChatStream",
    "ChunkT",
    "CompletionStream",
    "ModelT",
    "Models",
    "TextService",
]
