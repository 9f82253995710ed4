"""Whether a weight file holds the tensors that a plan names, and no others. Knows no family."""

from __future__ import annotations

from collections.abc import Mapping

from prudent.compiler.readers.weights import Weights
from prudent.errors import ModelFileError, UnsupportedModelError


def require_shapes(
    expected: Mapping[str, tuple[int, ...]], weights: Weights, unused: frozenset[str] = frozenset()
) -> None:
    """Return where every tensor is there in its shape; those in `unused` may be there too.

    Raises:
        ModelFileError: one is missing or has another shape.
        UnsupportedModelError: there are others, which the plan would not use.
    """
    for name, shape in expected.items():
        info = weights.tensors.get(name)
        if info is None or info.shape != shape:
            found = "is missing" if info is None else f"has the shape {info.shape}"
            raise ModelFileError(
                f"The tensor {name} {found}; the metadata asks for {shape}.", hint="Fetch the file again."
            )
    unknown = sorted(set(weights.tensors) - set(expected) - unused)
    if unknown:
        raise UnsupportedModelError(
            f"The file has {len(unknown)} tensors that prudent would not use, such as {unknown[0][:80]!r};"
            " the compiled model would be wrong."
        )
