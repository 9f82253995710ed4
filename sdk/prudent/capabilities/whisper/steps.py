"""The decoder's graph step by step over fixed memory, for several windows at once. Knows no rules of text.

All windows begin with the same prompt and step together; windows that have ended are taken out, so that the
others do not wait for them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prudent.capabilities.whisper.sound import CrossArrays
from prudent.runtime.binding import Binding
from prudent.runtime.session import Session
from prudent.runtime.transcriber_artifact import TranscriberConfig


class DecoderRun:
    """One pass over a batch: `begin` with the prompt, then `step` with a token for each window."""

    def __init__(
        self, session: Session, config: TranscriberConfig, sounds: CrossArrays, *, room: int
    ) -> None:
        """`room` is how many tokens each window may have, its prompt included."""
        self._session = session
        self._config = config
        self._cross = dict(sounds.arrays)
        self._bias = sounds.bias
        self._rows = len(sounds.bias)
        self._length = 0
        shape = (self._rows, config.heads, room, config.head_dim)
        self._past = {
            f"{part}_{layer}": np.zeros(shape, np.float32)
            for layer in range(config.decoder_layers)
            for part in ("key", "value")
        }
        self._step: _Step | None = None

    def begin(self, prompt: Sequence[int], wanted: Sequence[int]) -> NDArray[np.float32]:
        """Read the prompt; logits (windows, wanted, vocab_size) after its tokens at the places `wanted`."""
        tokens = np.tile(np.array(prompt, np.int64), (self._rows, 1))
        rows = np.arange(self._rows)[:, None] * len(prompt) + np.array(wanted)
        step = self._bind(tokens, rows.reshape(-1))
        self._length = len(prompt)
        step.run(0, self._length)
        return step.logits.reshape(self._rows, len(wanted), -1)

    def step(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """Read one more token of each window; logits (windows, vocab_size), valid until the next step."""
        if self._step is None:
            self._step = self._bind(np.zeros((self._rows, 1), np.int64), np.arange(self._rows))
        self._step.tokens[:, 0] = tokens
        self._length += 1
        self._step.run(self._length - 1, self._length)
        return self._step.logits

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these windows only, in this order (ascending)."""
        for arrays in (self._past, self._cross):
            for name, array in arrays.items():
                for place, row in enumerate(rows):
                    if place != row:
                        array[place] = array[row]
                arrays[name] = array[: len(rows)]
        self._bias = np.ascontiguousarray(self._bias[list(rows)])
        self._rows = len(rows)
        self._step = None

    def alignment_queries(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """Read tokens in one go, for a single window: what its alignment heads look for at each of them.

        Float32 (tokens, alignment heads, head_dim).
        """
        heads = len(self._config.alignment_heads)
        queries = np.empty((1, len(tokens), heads, self._config.head_dim), np.float32)
        step = self._bind(np.array([tokens], np.int64), np.zeros(1, np.int64))
        step.binding.bind_output("alignment_queries", queries)
        step.run(0, len(tokens))
        return queries[0]

    def _bind(self, tokens: NDArray[np.int64], logit_rows: NDArray[np.int64]) -> _Step:
        logits = np.empty((len(logit_rows), self._config.vocab_size), np.float32)
        step = _Step(self._session, tokens, logits)
        bind = step.binding
        bind.bind_input("logit_rows", logit_rows.astype(np.int64))
        bind.bind_input("cross_bias", self._bias)
        for name, array in self._cross.items():
            bind.bind_input(name, array)
        for name, array in self._past.items():
            bind.bind_input(f"past_{name}", array)
            bind.bind_output(f"present_{name}", array)
        return step


class _Step:
    """A run of fixed shape: tokens (windows, new tokens) in, logits out."""

    def __init__(self, session: Session, tokens: NDArray[np.int64], logits: NDArray[np.float32]) -> None:
        self.tokens = tokens
        self.logits = logits
        self.binding = Binding(session)
        self._positions = np.empty_like(tokens)
        self._seqlens = np.empty(len(tokens), np.int32)
        self._total = np.empty(1, np.int32)
        self.binding.bind_input("token_ids", tokens)
        self.binding.bind_input("positions", self._positions)
        self.binding.bind_input("seqlens_k", self._seqlens)
        self.binding.bind_input("total_length", self._total)
        self.binding.bind_output("logits", logits)

    def run(self, start: int, end: int) -> None:
        self._positions[:] = np.arange(start, end)
        self._seqlens[:] = end - 1
        self._total[0] = end
        self.binding.run()
