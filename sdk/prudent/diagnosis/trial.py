"""A model's engine with a stopwatch: prompts and streams of known size, in tokens a second.

The whole engine is timed, with scheduling, sampling, text and events; neither the prefix cache nor prompt
lookup may help, because a trial repeats its prompts.
"""

from __future__ import annotations

import queue
import random
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from prudent.errors import InternalError
from prudent.generation.engine import Engine
from prudent.generation.options import EngineOptions
from prudent.generation.request import GenerationEvent, GenerationRequest, SamplingParams
from prudent.runtime.artifact import DecoderArtifact
from prudent.tokenizer import Tokenizer, TokenizerSpec

MOST_STREAMS = 16
_CONTEXT = 1024
_LONGER = (1, 2, 4)
"""Times as many tokens, where streams have not overlapped."""
_GREEDY = SamplingParams(temperature=0.0)


class Trial:
    """An engine to be timed; close it when done."""

    def __init__(
        self, artifact: DecoderArtifact, *, streams: int = MOST_STREAMS, threads: int | None = None
    ) -> None:
        """Load the model. At most `streams` sequences will run at once."""
        started = time.perf_counter()
        self._vocab_size = artifact.config.vocab_size
        self._engine = Engine(
            artifact,
            Tokenizer(TokenizerSpec.load(artifact.tokenizer)),
            EngineOptions(
                slots=streams,
                context=min(_CONTEXT, artifact.config.context_length),
                threads=threads,
                prefix_cache_bytes=0,
                prompt_lookup=False,
            ),
        )
        self.load_seconds = time.perf_counter() - started

    def prompt_and_stream(self, prompt: int, new: int) -> tuple[float, float]:
        """Tokens a second of one prompt, and of `new` tokens after it."""
        (times,) = self._run([prompt], new)
        return prompt / times[0], (len(times) - 1) / (times[-1] - times[0])

    def streams(self, prompts: Sequence[int], new: int) -> float:
        """Tokens a second of all streams together, while all of them have a token and none has ended.

        `prompts` are the lengths of their prompts. The first ones get tokens while the last still wait for
        their first, so `new` has to allow for that; where it did not, they run again with twice as many.

        Raises InternalError: they did not run at the same time at all.
        """
        for more in _LONGER:
            seen = self._run(prompts, more * new)
            start, stop = max(times[0] for times in seen), min(times[-1] for times in seen)
            if stop > start:
                return sum(start < moment <= stop for times in seen for moment in times) / (stop - start)
        raise InternalError("Streams of a trial did not run at the same time.")

    def first_token(self, prompt: int) -> float:
        """Seconds to the first token."""
        ((first, *_),) = self._run([prompt], 1)
        return first

    def close(self) -> None:
        """Free the model."""
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, prompts: Sequence[int], new: int) -> list[list[float]]:
        """Each prompt's tokens, as seconds from the start.

        Raises:
            PrudentError: the engine failed.
        """
        ended: queue.SimpleQueue[GenerationEvent] = queue.SimpleQueue()
        seen: list[list[float]] = [[] for _ in prompts]
        started = time.perf_counter()

        def listener(row: int) -> Callable[[GenerationEvent], None]:
            def hear(event: GenerationEvent) -> None:
                seen[row] += [time.perf_counter() - started] * len(event.tokens)
                if event.finish is not None:
                    ended.put(event)

            return hear

        for row, length in enumerate(prompts):
            request = GenerationRequest(self._tokens(length, row), _GREEDY, max_tokens=new)
            self._engine.submit(request, listener(row))
        for event in [ended.get() for _ in prompts]:
            if event.error is not None:
                raise event.error
        return seen

    def _tokens(self, count: int, seed: int) -> tuple[int, ...]:
        """Token ids from the middle of the vocabulary: words, and no control tokens."""
        draw = random.Random(seed)  # noqa: S311  a prompt, not a secret
        low, high = self._vocab_size // 10, self._vocab_size // 2
        return tuple(draw.randrange(low, high) for _ in range(count))
