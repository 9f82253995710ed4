"""Keys and values of every running sequence, in slots. Knows no scheduling: it moves what it is told to.

One buffer per layer and kind, float32 (slots, kv_heads, length, head_dim), allocated once. A slot is a
whole row rather than a list of pages, because GroupQueryAttention on CPU reads a batch as a contiguous run
of rows and updates it in place. The memory is committed page by page as tokens are written, so an unused
slot or an unused tail costs address space only.
"""

from __future__ import annotations

import math
import mmap
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prudent.errors import ConfigurationError
from prudent.generation.scheduler import Move
from prudent.runtime.artifact import DecoderConfig


@dataclass(frozen=True, slots=True)
class LayerCache:
    """One layer's buffers, each (slots, kv_heads, length, head_dim)."""

    keys: NDArray[np.float32]
    values: NDArray[np.float32]


class KVCache:
    """The buffers of all layers."""

    def __init__(self, config: DecoderConfig, *, slots: int, length: int) -> None:
        """Reserve room for `slots` sequences of `length` tokens.

        Raises:
            ConfigurationError: the operating system does not give that much address space.
        """
        shape = (slots, config.kv_heads, length, config.head_dim)
        try:
            self.layers = tuple(
                LayerCache(lazy_zeros(shape), lazy_zeros(shape)) for _ in range(config.layers)
            )
        except (OSError, MemoryError) as error:
            gib = 2 * config.layers * math.prod(shape) * 4 / 2**30
            raise ConfigurationError(
                f"No memory for a cache of {slots} slots of {length} tokens ({gib:.1f} GiB).",
                hint="Use fewer slots or a shorter context.",
            ) from error
        self.slots = slots
        self.length = length

    @property
    def token_bytes(self) -> int:
        """What one token's keys and values of all layers take."""
        return sum(
            buffer.nbytes // (self.slots * self.length)
            for layer in self.layers
            for buffer in (layer.keys, layer.values)
        )

    def move(self, move: Move) -> None:
        """Carry one slot's used positions to another slot, or exchange the two."""
        for layer in self.layers:
            for buffer in (layer.keys, layer.values):
                source, target = buffer[move.source], buffer[move.target]
                displaced = target[:, : move.displaced].copy()
                target[:, : move.tokens] = source[:, : move.tokens]
                source[:, : move.displaced] = displaced


def lazy_zeros(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Zeros that take no memory until written.

    numpy asks for huge pages for large arrays, and a slot's head is about one huge page long: the first
    token would commit the whole context. An anonymous map without them commits 4 KiB at a time.
    """
    if not math.prod(shape):
        return np.zeros(shape, np.float32)
    memory = mmap.mmap(-1, math.prod(shape) * 4, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(memory, np.float32).reshape(shape)
