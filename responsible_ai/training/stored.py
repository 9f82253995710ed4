"""The names and types under which the package ships a trained state, and the way back. Knows no label."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_EXACT = "whole"
"""Begins the tensors that divide by the spread of a state, which is small for some."""
_LAYER = re.compile(r"l(\d+)\.(\w+)\.(\w+)")


def shipped(state: Mapping[str, NDArray[Any]], frozen: int) -> dict[str, NDArray[Any]]:
    """Tensors under the names of the base's file, as float16; float32 where sums cancel."""
    found: dict[str, NDArray[Any]] = {}
    for name, array in state.items():
        parts = name.split(".")
        if parts[0] == "layers":
            tensor, part = parts[2].rsplit("_", 1)
            name = f"l{int(parts[1]) + frozen}.{tensor}.{part}"
        kind = np.float32 if name.startswith(_EXACT) else np.float16
        found[name] = np.ascontiguousarray(array.astype(kind))
    return found


def trained(tensors: Mapping[str, NDArray[Any]], frozen: int) -> dict[str, NDArray[np.float32]]:
    """The state of model.Encoder that `shipped` was given, as float32. A state stays as it is."""
    found: dict[str, NDArray[np.float32]] = {}
    for name, array in tensors.items():
        if layer := _LAYER.fullmatch(name):
            name = f"layers.{int(layer[1]) - frozen}.{layer[2]}_{layer[3]}"
        found[name] = array.astype(np.float32)
    return found
