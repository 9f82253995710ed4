"""Who is in which fold: every class in every fold as evenly as can be, duplicates never apart.

Knows no text: what counts as a duplicate is the caller's, by a number for each group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from prudent.capabilities.classifiers.head import Indices

FOLDS = 5


def assign_folds(classes: Indices, groups: Sequence[int], *, folds: int = FOLDS, seed: int = 0) -> Indices:
    """The fold (n) of each row. All rows of a group are of one class and land in one fold.

    Each class is dealt out on its own, its largest groups first, each to the fold that has the fewest rows
    of the class and, among those, the fewest rows at all. Which rows these are is drawn by the seed; the
    order of the class numbers does not matter, that of the rows does.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        members[group].append(row)
    by_class: dict[int, list[list[int]]] = defaultdict(list)
    for rows in members.values():
        by_class[int(classes[rows[0]])].append(rows)
    result = np.zeros(len(classes), np.int64)
    totals = np.zeros(folds, np.int64)
    # Classes in the order of their first row, not of their number: renaming labels changes nothing.
    for of_class in sorted(by_class.values(), key=lambda rows: rows[0][0]):
        draw = np.random.default_rng([seed, of_class[0][0]])
        order: list[int] = draw.permutation(len(of_class)).tolist()
        shuffled = [of_class[place] for place in order]
        own = np.zeros(folds, np.int64)
        for rows in sorted(shuffled, key=len, reverse=True):
            fold = min(range(folds), key=lambda fold: (own[fold], totals[fold], fold))
            result[rows] = fold
            own[fold] += len(rows)
            totals[fold] += len(rows)
    return result
