"""Finds the minimum of a smooth convex function: L-BFGS with a backtracking line search.

Nocedal and Wright, Numerical Optimization, 2nd edition, algorithms 7.4 and 7.5. Knows no model.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Objective = Callable[[Vector], tuple[float, Vector]]
"""A point to the value there and the gradient there."""

_MEMORY = 10
_SUFFICIENT = 1e-4
"""A step must give this share of the decrease that its slope promises (Armijo's rule)."""

_HALVINGS = 30
_LEAST_GAIN = 1e-9
"""A relative decrease below this, twice running, is the end."""


def minimise(objective: Objective, start: Vector, *, tolerance: float = 1e-5, steps: int = 500) -> Vector:
    """The point of least value: no number of its gradient is above `tolerance`, unless the steps ran out."""
    point = start
    value, slope = objective(point)
    pairs: deque[tuple[Vector, Vector]] = deque(maxlen=_MEMORY)
    idle = 0
    for _ in range(steps):
        if float(np.abs(slope).max(initial=0.0)) < tolerance or idle >= 2:
            break
        direction = -_newton_like(slope, pairs)
        found = _line_search(objective, point, value, direction, float(slope @ direction), first=not pairs)
        if found is None:
            if not pairs:
                break
            pairs.clear()  # the curvature that was remembered misleads: go straight downhill once
            continue
        next_point, next_value, next_slope = found
        moved, turned = next_point - point, next_slope - slope
        if float(moved @ turned) > np.finfo(np.float64).eps * float(turned @ turned):
            pairs.append((moved, turned))
        idle = idle + 1 if value - next_value <= _LEAST_GAIN * max(1.0, abs(value)) else 0
        point, value, slope = next_point, next_value, next_slope
    return point


def _newton_like(slope: Vector, pairs: deque[tuple[Vector, Vector]]) -> Vector:
    """The gradient through the inverse Hessian as far as the last steps tell of it (two-loop recursion)."""
    result = slope.copy()
    shares: list[float] = []
    for moved, turned in reversed(pairs):
        share = float(moved @ result) / float(moved @ turned)
        result -= share * turned
        shares.append(share)
    if pairs:
        moved, turned = pairs[-1]
        result *= float(moved @ turned) / float(turned @ turned)
    for (moved, turned), share in zip(pairs, reversed(shares), strict=True):
        result += (share - float(turned @ result) / float(moved @ turned)) * moved
    return result


def _line_search(
    objective: Objective, point: Vector, value: float, direction: Vector, descent: float, *, first: bool
) -> tuple[Vector, float, Vector] | None:
    """The first of ever shorter steps that goes down far enough; None where none does."""
    if descent >= 0:
        return None
    length = min(1.0, 1.0 / float(np.linalg.norm(direction))) if first else 1.0
    for _ in range(_HALVINGS):
        there = point + length * direction
        there_value, there_slope = objective(there)
        if there_value <= value + _SUFFICIENT * length * descent:
            return there, there_value, there_slope
        length /= 2
    return None
