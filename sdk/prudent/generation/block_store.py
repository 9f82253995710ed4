"""Keys and values of the blocks that the prefix cache keeps, and the way from and to a slot.

A copy on either side: the attention reads a slot as one contiguous row, so a kept block cannot be used in
place. It knows no tokens and does not choose: `prudent.generation.prefix_cache` says which block is whose.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prudent.errors import ConfigurationError
from prudent.generation.kv_cache import KVCache, lazy_zeros
from prudent.generation.prefix_cache import BLOCK_TOKENS, NewBlock


class BlockStore:
    """Room for `capacity` blocks of one cache; memory is committed as blocks are first filled.

    One array, float32 (heads of all layers' keys and values, capacity, 16 * head_dim): one head's blocks are
    rows of a table, so that a copy is one numpy call a head, however many blocks it has.
    """

    def __init__(self, cache: KVCache, capacity: int, block_tokens: int = BLOCK_TOKENS) -> None:
        """Reserve the room.

        Raises:
            ConfigurationError: the operating system does not give that much address space.
        """
        buffers = [buffer for layer in cache.layers for buffer in (layer.keys, layer.values)]
        # Views, one a head: (slots, length, head_dim)
        self._heads = [buffer[:, head] for buffer in buffers for head in range(buffer.shape[1])]
        self._block_tokens = block_tokens
        self._row = block_tokens * buffers[0].shape[3]
        try:
            self._blocks = lazy_zeros((len(self._heads), capacity, self._row))
        except (OSError, MemoryError) as error:
            gib = capacity * block_tokens * cache.token_bytes / 2**30
            raise ConfigurationError(
                f"No memory to keep {gib:.1f} GiB of prompts.", hint="Give the prefix cache fewer bytes."
            ) from error

    def store(self, slot: int, new_blocks: Sequence[NewBlock]) -> None:
        """Fill blocks from a slot: `new_blocks` as one `PrefixCache.insert` gave them, without a gap."""
        if not new_blocks:
            return
        ids = np.array([new.block_id for new in new_blocks], np.intp)
        for head, blocks in zip(self._heads, self._blocks, strict=True):
            blocks[ids] = self._rows(head[slot], new_blocks[0].start, len(ids))

    def load(self, slot: int, blocks: Sequence[int]) -> None:
        """Copy blocks, in order, to the beginning of a slot."""
        if not blocks:
            return
        ids = np.array(blocks, np.intp)
        for head, kept in zip(self._heads, self._blocks, strict=True):
            # With mode "raise" numpy would copy by way of a buffer.
            np.take(kept, ids, axis=0, out=self._rows(head[slot], 0, len(ids)), mode="clip")

    def _rows(self, positions: NDArray[np.float32], start: int, count: int) -> NDArray[np.float32]:
        """`count` blocks of one head's slot from position `start` on, as a view (count, 16 * head_dim)."""
        return positions[start : start + count * self._block_tokens].reshape(count, self._row)
