"""How near a request is to what a tool does, and to what needs none: the encoder's cosines, vectors kept.

The encoder is loaded when first needed, and only if it is on this machine. Knows no decision.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.embeddings import DEFAULT_EMBEDDING_MODEL, EmbeddingModel
from prudent.capabilities.shared_encoders import SharedEncoders
from prudent.capabilities.tools.cards import PreparedTool
from prudent.capabilities.tools.grounding import is_han
from prudent.errors import ConflictError, ContextLengthError, PrudentError

_MOST_CHARACTERS = 1200
_FEWEST_CHARACTERS = 64
_MOST_VECTORS = 2048


PLAIN = (
    "write a poem: Write a poem, a story, a joke or another text.",
    "explain: Explain what something is and how it works.",
    "answer a question: Answer a question of general knowledge about history, people, science or art.",
    "small talk: Greet, thank, chat and talk about oneself.",
    "write code: Write a program or explain code.",
    "translate: Translate or rewrite a text.",
    "recommend: Give advice, ideas and instructions.",
)
"""What is answered without a tool, in the form of a tool's gist."""
PLAIN_HAN = (
    "写诗：写一首诗、一个故事、一个笑话或其他文字。",
    "解释：解释某个事物是什么以及它的原理。",
    "回答问题：回答关于历史、人物、科学或艺术的常识问题。",
    "闲聊：问候、感谢、聊天和谈论自己。",
    "写代码：编写程序或解释代码。",
    "翻译：翻译或改写一段文字。",
    "建议：给出建议、想法和步骤。",
)
"""The same for tools that are described in Chinese: texts of one language are nearer to each other."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """Cosines of a request with a tool, and with the nearest of what is answered without one."""

    tool: float
    plain: float

    @property
    def margin(self) -> float:
        """How much nearer the tool is: alike in every language, where bare cosines are not."""
        return self.tool - self.plain


class ToolEncoder:
    """Compares requests with tools. Thread-safe; one serves every chat model of a process."""

    def __init__(self, load: Callable[[], EmbeddingModel]) -> None:
        """`load` is called at the first use; where it raises, there are no similarities from then on."""
        self._load = load
        self._lock = threading.Lock()
        self._encoder: EmbeddingModel | None = None
        self._unavailable = False
        self._vectors: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()

    @classmethod
    def local(cls, encoders: SharedEncoders | None = None, *, threads: int | None = None) -> ToolEncoder:
        """The encoder of this machine, out of `encoders` where others use it too; never fetched for this."""
        shared = encoders or SharedEncoders()

        def load() -> EmbeddingModel:
            return EmbeddingModel.load(pull=False, threads=threads)

        return cls(lambda: shared.open(DEFAULT_EMBEDDING_MODEL, load))

    def similarities(self, request: str, tools: Sequence[PreparedTool]) -> dict[str, Nearness] | None:
        """How near the request is to each tool; None where there is no encoder."""
        with self._lock:
            encoder = self._opened()
            if encoder is None or not request.strip():
                return None
            asked = _embed(encoder, [request])[0]
            cosines = [float(vector @ asked) for vector in self._kept(encoder, [tool.gist for tool in tools])]
            plain = {
                han: max(float(vector @ asked) for vector in self._kept(encoder, texts))
                for han, texts in ((False, PLAIN), (True, PLAIN_HAN))
            }
        return {
            tool.name: Nearness(cosine, plain[is_han(tool.description)])
            for tool, cosine in zip(tools, cosines, strict=True)
        }

    def close(self) -> None:
        """Free the encoder."""
        with self._lock:
            if self._encoder is not None:
                self._encoder.close()
            self._encoder, self._unavailable = None, True

    def _opened(self) -> EmbeddingModel | None:
        if self._encoder is None and not self._unavailable:
            try:
                self._encoder = self._load()
            except (ConflictError, PrudentError):
                self._unavailable = True
        return self._encoder

    def _kept(self, encoder: EmbeddingModel, gists: Sequence[str]) -> list[NDArray[np.float32]]:
        keys = [hashlib.sha256(gist.encode("utf-8", "surrogatepass")).digest() for gist in gists]
        missing = [index for index, key in enumerate(keys) if key not in self._vectors]
        if missing:
            found = _embed(encoder, [gists[index] for index in missing])
            for index, vector in zip(missing, found, strict=True):
                self._vectors[keys[index]] = vector
        vectors = [self._vectors[key] for key in keys]
        for key in keys:
            self._vectors.move_to_end(key)
        while len(self._vectors) > _MOST_VECTORS:
            self._vectors.popitem(last=False)
        return vectors


def _embed(encoder: EmbeddingModel, texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of the texts' beginnings, as much of them as the encoder takes."""
    most = _MOST_CHARACTERS
    while True:
        try:
            return encoder.embed([text[:most] for text in texts], kind="query")
        except ContextLengthError:
            if most <= _FEWEST_CHARACTERS:
                raise
            most //= 2
