"""What the frozen layers make of examples, kept on disk as float16 when first asked for. Knows no label."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from model import Encoder
from numpy.typing import NDArray
from torch import Tensor


class Lowered:
    """States of examples by their index; each example is run once, however often it is learnt from."""

    def __init__(self, model: Encoder, ids: Sequence[NDArray[np.int32]], path: Path) -> None:
        """`path` is a file to write: 768 bytes a token for a width of 384."""
        self._model = model
        self._ids = ids
        self._starts = np.concatenate([[0], np.cumsum([len(one) for one in ids])])
        self._known = np.zeros(len(ids), bool)
        shape = (int(self._starts[-1]), model.words.shape[1])
        self._kept = np.lib.format.open_memmap(path, "w+", np.float16, shape)

    def states(self, chosen: Sequence[int]) -> tuple[Tensor, Tensor]:
        """States (examples, tokens, hidden), 0 where there is no token, and which of them are tokens."""
        longest = max(len(self._ids[index]) for index in chosen)
        inside = np.arange(longest) < np.array([[len(self._ids[index])] for index in chosen])
        if not self._known[list(chosen)].all():
            self._run(chosen, inside)
        states = np.zeros((*inside.shape, self._kept.shape[1]), np.float32)
        for row, index in enumerate(chosen):
            start, end = self._starts[index : index + 2]
            states[row, : end - start] = self._kept[start:end]
        return torch.from_numpy(states), torch.from_numpy(inside)

    def _run(self, chosen: Sequence[int], inside: NDArray[np.bool_]) -> None:
        ids = np.zeros(inside.shape, np.int64)
        for row, index in enumerate(chosen):
            ids[row, : len(self._ids[index])] = self._ids[index]
        states = self._model.lower(torch.from_numpy(ids), torch.from_numpy(inside)).numpy()
        for row, index in enumerate(chosen):
            start, end = self._starts[index : index + 2]
            self._kept[start:end] = states[row, : end - start]
        self._known[list(chosen)] = True
