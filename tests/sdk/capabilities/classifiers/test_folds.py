"""Folds: duplicates together, classes spread evenly, and the names of classes without influence."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.capabilities.classifiers.folds import FOLDS, assign_folds


@st.composite
def rows(draw):
    """Classes and groups of rows; a group has one class."""
    of_groups = draw(st.lists(st.integers(0, 3), min_size=5, max_size=60))
    groups = draw(st.lists(st.integers(0, len(of_groups) - 1), min_size=5, max_size=120))
    return np.array([of_groups[group] for group in groups]), groups


@settings(deadline=None)
@given(rows(), st.integers(0, 9))
def test_duplicates_are_never_apart(made, seed):
    classes, groups = made
    folds = assign_folds(classes, groups, seed=seed)
    assert ((folds >= 0) & (folds < FOLDS)).all()
    assert all(
        len({int(fold) for fold, own in zip(folds, groups, strict=True) if own == group}) == 1
        for group in groups
    )


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=5, max_size=120), st.integers(0, 9))
def test_every_class_is_spread_evenly(labels, seed):
    classes = np.array(labels)
    folds = assign_folds(classes, range(len(labels)), seed=seed)
    for label in set(labels):
        sizes = np.bincount(folds[classes == label], minlength=FOLDS)
        assert sizes.max() - sizes.min() <= 1
    assert np.ptp(np.bincount(folds, minlength=FOLDS)) <= len(set(labels))


@settings(deadline=None)
@given(rows(), st.permutations(range(4)))
def test_renaming_classes_changes_no_fold(made, names):
    classes, groups = made
    renamed = np.array(names)[classes]
    assert assign_folds(classes, groups).tolist() == assign_folds(renamed, groups).tolist()
