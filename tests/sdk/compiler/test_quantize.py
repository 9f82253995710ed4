"""Block quantisation: what ONNX Runtime computes with it, and how far it is from the matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from prudent.compiler.quantize import choose_block, dequantize_rows, distinct_limits, quantize_rows
from prudent.errors import UnsupportedModelError

FLOATS = st.floats(-(2.0**60), 2.0**60, width=32)


@settings(deadline=None)
@given(arrays.arrays(np.float32, (3, 128), elements=FLOATS), st.sampled_from([32, 64, 128]))
def test_error_is_at_most_half_a_step(matrix, block):
    values, scales = quantize_rows(matrix, block)
    steps = np.repeat(scales, block, axis=1)
    tiny = np.finfo(np.float32).tiny * 127
    assert (np.abs(dequantize_rows(values, scales) - matrix) <= steps * 0.5001 + tiny).all()
    assert values.min() >= 1  # symmetric: -127 to 127 around 128


def test_largest_block_that_divides_is_chosen():
    assert [choose_block(k, 128) for k in (896, 576, 96)] == [128, 64, 32]
    assert choose_block(896, 64) == 64
    with pytest.raises(UnsupportedModelError, match="100"):
        choose_block(100, 128)


def test_limits_without_a_different_effect_are_not_tried():
    assert distinct_limits([896, 4864]) == (128, 64, 32)
    assert distinct_limits([576, 1536]) == (128, 64, 32)
    assert distinct_limits([576]) == (128, 32)
    assert distinct_limits([96]) == (128,)
